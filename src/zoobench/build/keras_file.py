"""What does a Keras model file say of itself before Keras reads it, and how does it become one that Keras reads?"""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from zoobench.errors import ModelError
from zoobench.matrix.interface import ImageSize, image_size_of
from zoobench.system.files import BEGINNING, check_archive, disguise, open_file
from zoobench.system.keeper import temporary_folder

_HDF5_SIGNATURE = b"\x89HDF"
_CONFIG, _METADATA, _MODEL_CONFIG = "config.json", "metadata.json", "model_config"
_LOWER_PRECISION = frozenset({"mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64"})
_WHOLE_NUMBERS = frozenset({"uint8", "uint16", "int16", "int32", "int64", "uint32", "uint64"})
"""Types of inputs that hold the pixels 0..255, so that a float32 input holds the same."""
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "RNN", "StackedRNNCells")
_OF_ONE_KERNEL = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_RANDOM = ("Flip", "Rotation", "Zoom", "Translation", "Crop", "Contrast", "Brightness")
_UNGROUPED = ("DepthwiseConv1D", "DepthwiseConv2D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_LEFT_OUT: Mapping[str, Mapping[str, object]] = {
    **{name: {"groups": 1} for name in _UNGROUPED},
    **{f"SeparableConv{rank}D": {"groups": 1} | dict.fromkeys(_OF_ONE_KERNEL, ...) for rank in (1, 2)},
    **{f"SpatialDropout{rank}D": {"trainable": ..., "noise_shape": None} for rank in (1, 2, 3)},
    **{f"Random{what}": {"rng_type": ...} for what in _RANDOM},
    **{name: {"time_major": False} for name in _RECURRENT},
}
"""Arguments that Keras 2 wrote down and Keras 3 does not know, by layer, with the value that changes nothing, or ..."""
_OTHER_FUNCTION = "hard_sigmoid"
"""With a slope of 1/5 in Keras 2, and of 1/6 in Keras 3."""
_PORTS = ("input_layers", "output_layers")
_ALONE = {
    "BatchNormalization": ("axis",),
    "SyncBatchNormalization": ("axis",),
    "Functional": _PORTS,
    "Model": _PORTS,
}
"""What Keras 2 wrote as a list where there is one; Keras 3 takes that for a list."""
_FUNCTIONAL = "keras.src.models.functional"
"""Where Keras 3 has the class of models that Keras 2 had elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasFile:
    """A file of a whole Keras model, in the archive of Keras 3 or in HDF5.

    Attributes:
        config: The model's configuration as Keras wrote it.
        version: Of the Keras that wrote it; '' where the file does not say.
    """

    path: Path
    is_archive: bool
    config: Any
    version: str

    @property
    def is_of_keras_2(self) -> bool:
        """Whether a Keras before 3 wrote it."""
        return self.version.startswith(("1.", "2."))

    @property
    def computes_otherwise(self) -> str:
        """A function that Keras 3 has by the same name and computes otherwise, '' where there is none."""
        return _OTHER_FUNCTION if self.is_of_keras_2 and f'"{_OTHER_FUNCTION}"' in json.dumps(self.config) else ""

    @property
    def is_quantized(self) -> bool:
        """Whether Keras quantized it."""
        return any(str(part.get("class_name")).startswith("Quantized") for part in _parts(self.config))

    @property
    def image_size(self) -> ImageSize | None:
        """The size of the images that the model was built for, or None where it leaves that open.

        ModelError if their channels stand first.
        """
        shape = _first_shape(self.config) or [None, None, None, None]
        sides = [side for side in shape[1:3] if isinstance(side, int)]
        if _are_channels_first(shape):
            raise ModelError(not_an_image(self.path, shape))
        return image_size_of(sides[0], sides[-1]) if sides else None

    @property
    def channels(self) -> Literal[1, 3]:
        """3 for RGB, 1 for grey; 3 where the file does not say it."""
        shape = _first_shape(self.config)
        return 1 if shape and shape[3] == 1 else 3

    @property
    def precisions(self) -> tuple[str, ...]:
        """Number types other than float32 that layers compute in; what is converted computes in float32."""
        found = dict.fromkeys(_precisions(self.config))
        return tuple(one for one in found if one.startswith("mixed")) or tuple(found)

    @property
    def whole_input(self) -> str:
        """The number type of an input that takes whole numbers, '' where there is none."""
        inputs = (part for part in _parts(self.config) if part.get("class_name") == "InputLayer")
        types = (part["config"].get("dtype") for part in inputs if isinstance(part.get("config"), dict))
        return next((one for one in types if one in _WHOLE_NUMBERS), "")

    @property
    def code(self) -> str:
        """The name of a layer whose Python code is in the file, '' where there is none."""
        return next(_with_code(self.config, "a layer"), "")


def read_keras_file(path: Path) -> KerasFile:
    """Reads a model file's own description; nothing of it is run.

    Raises:
        ModelError: If it is no Keras model file, is not safe, or holds weights alone.
    """
    try:
        with open_file(path) as handle:
            start = handle.read(BEGINNING)
        is_archive = not start.startswith(_HDF5_SIGNATURE)
        if is_archive and not start.startswith(b"PK") and (found := disguise(start)):
            raise ValueError(found)
        config, version = _of_archive(path) if is_archive else _of_hdf5(path)
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path} is not a Keras model file ({error}); expected what model.save('NAME.keras') of Keras writes"
        ) from error
    if config is None:
        raise ModelError(
            f"{path} holds weights without a model; expected a whole model: save it by model.save('NAME.keras')"
        )
    return KerasFile(path=path, is_archive=is_archive, config=config, version=version)


def in_float32(file: KerasFile) -> Any:
    """Returns a file's configuration in float32 and, as far as can be, in the words of Keras 3."""
    config = _plain_names(file.config) if file.is_of_keras_2 else file.config
    return json.loads(json.dumps(config), object_hook=partial(_translated, is_old=file.is_of_keras_2))


def with_float_input(config: Any) -> Any:
    """Returns a configuration whose inputs of whole numbers are float32 ones."""
    return json.loads(json.dumps(config), object_hook=_with_float_input)


def not_an_image(path: Path, shape: Sequence[object], *, sides: Sequence[object] = ("height", "width")) -> str:
    """Returns why a model's input is none that images of the data can be given to, and what to do.

    Args:
        path: Of the model.
        shape: Of its input, with the batch.
        sides: Height and width of the images that are to be given to it.
    """
    shown, wanted = (None, *shape[1:]), ", ".join(map(str, sides))
    told = f"{path} takes inputs of shape {shown}; allowed is one image, RGB or grey: (None, {wanted}, 3 or 1)"
    if len(shape) != len("NHWC"):
        return f"{told}; give a model of RGB or grey images"
    if _are_channels_first(shape):
        channels, *sides = shape[1:]
        return _wrapped(told, f"keras.Input({(*sides, channels)}), keras.layers.Permute((3, 1, 2))")
    return f"{told}; save a model that takes one"


def _wrapped(told: str, before: str) -> str:
    return f"{told}; save it with a layer before it: keras.Sequential([{before}, model]).save('NAME.keras')"


def _are_channels_first(shape: Sequence[object]) -> bool:
    return shape[1] in (1, 3) and shape[-1] not in (1, 3)


@contextmanager
def readable(file: KerasFile, config: Any) -> Iterator[Path]:
    """Yields the path of a file with the weights of this one and a configuration.

    Its name ends as Keras expects, which goes by that and not by the content.
    """
    with temporary_folder() as folder:
        copy = folder / ("model.keras" if file.is_archive else "model.h5")
        if config == file.config:
            copy.symlink_to(file.path.resolve())
        elif file.is_archive:
            _rewrite_archive(file.path, copy, config)
        else:
            _rewrite_hdf5(file.path, copy, config)
        yield copy


def _of_archive(path: Path) -> tuple[Any, str]:
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read(_CONFIG))
        metadata = json.loads(archive.read(_METADATA)) if _METADATA in archive.namelist() else {}
    return config, str(metadata.get("keras_version", ""))


def _of_hdf5(path: Path) -> tuple[Any, str]:
    import h5py  # comes with Keras, which a device lacks

    with h5py.File(path, "r") as file:
        config, version = file.attrs.get(_MODEL_CONFIG), file.attrs.get("keras_version", "")
    return None if config is None else json.loads(config), version if isinstance(version, str) else version.decode()


def _rewrite_archive(source: Path, copy: Path, config: Any) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            if name == _CONFIG:
                new.writestr(name, json.dumps(config))
                continue
            with old.open(name) as reader, new.open(name, "w", force_zip64=True) as writer:
                shutil.copyfileobj(reader, writer, 1 << 20)


def _rewrite_hdf5(source: Path, copy: Path, config: Any) -> None:
    import h5py

    shutil.copyfile(source, copy)
    with h5py.File(copy, "r+") as file:
        file.attrs[_MODEL_CONFIG] = json.dumps(config)


def _translated(value: dict[str, Any], *, is_old: bool) -> Any:
    """Returns a part of a configuration, its parts translated before it."""
    if str(value.get("class_name")).endswith("Policy") and isinstance(value.get("config"), dict):
        if value["config"].get("name") in _LOWER_PRECISION:
            value["config"]["name"] = "float32"
    elif isinstance(value.get("dtype"), str) and value["dtype"] in _LOWER_PRECISION:
        value["dtype"] = "float32"
    if is_old and value.get("class_name") == "Policy":
        return value["config"]["name"]  # Keras 3 knows no such class
    if is_old and isinstance(value.get("config"), dict):
        _modernize(str(value.get("class_name")), value["config"])
        if value["class_name"] == "Functional" and "module" in value:
            value["module"] = _FUNCTIONAL
    return value


def _with_float_input(value: dict[str, Any]) -> dict[str, Any]:
    inner = value.get("config")
    if value.get("class_name") == "InputLayer" and isinstance(inner, dict) and inner.get("dtype") in _WHOLE_NUMBERS:
        inner["dtype"] = "float32"
    return value


def _plain_names(config: Any) -> Any:
    """Returns a configuration with other names for the layers that have a '/' in theirs, which Keras 3 refuses."""
    inner = (part.get("config") for part in _parts(config))
    names = {one["name"] for one in inner if isinstance(one, dict) and "/" in str(one.get("name"))}

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: renamed(part) for key, part in value.items()}
        if isinstance(value, list):
            return list(map(renamed, value))
        return value.replace("/", "_") if isinstance(value, str) and value in names else value

    return renamed(config) if names else config


def _modernize(layer: str, config: dict[str, Any]) -> None:
    for name, harmless in _LEFT_OUT.get(layer, {}).items():
        if name in config and harmless in (..., config[name]):
            del config[name]
    for name in _ALONE.get(layer, ()):
        values = config.get(name)
        if isinstance(values, list) and len(values) == 1:
            config[name] = values[0]


def _parts(config: object) -> Iterator[dict[str, Any]]:
    """Yields every object in a configuration, the whole first."""
    if isinstance(config, dict):
        yield config
    for part in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from _parts(part)


def _precisions(config: object) -> Iterator[str]:
    for part in _parts(config):
        inner = part.get("config")
        is_policy = str(part.get("class_name")).endswith("Policy") and isinstance(inner, dict)
        name = inner.get("name") if is_policy and isinstance(inner, dict) else part.get("dtype")
        if isinstance(name, str) and name in _LOWER_PRECISION:
            yield name


def _with_code(config: object, name: str) -> Iterator[str]:
    """Yields the names of layers that hold Python code: a marshalled function, as every Keras writes a lambda."""
    if isinstance(config, dict):
        inner = config.get("config")
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            name = inner["name"]
        if config.get("class_name") == "__lambda__" or "lambda" in (
            config.get("function_type"),
            config.get("output_shape_type"),
        ):
            yield name
    for part in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from _with_code(part, name)


def _first_shape(config: object) -> list[object] | None:
    """Returns the first input shape [batch, height, width, channels] in a configuration: the whole model's."""
    for part in _parts(config):
        for key in ("batch_shape", "batch_input_shape"):  # the second is that of Keras 2
            shape = part.get(key)
            if isinstance(shape, list) and len(shape) == 4:
                return shape
    build = config.get("build_config") if isinstance(config, dict) else None  # of a subclassed model
    shape = build.get("input_shape") if isinstance(build, dict) else None
    return shape if isinstance(shape, list) and len(shape) == 4 else None
