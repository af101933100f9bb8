"""Which networks can be a backbone, and what does each need around it?"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urljoin

from zoobench.errors import UsageError
from zoobench.matrix.interface import ImageSize
from zoobench.matrix.registry import Package, Table, is_reference

Preprocessing = Literal["minus_one_to_one", "caffe", "imagenet_standard", "included"]
"""How raw 0..255 pixels become the backbone's input; `included` where its graph does it itself."""

_STORAGE = "https://storage.googleapis.com/tensorflow/keras-applications/"
_OUTSIDE_OF_IDS = re.compile(r"[^A-Za-z0-9_.]+")
_LONGEST_NAME = 100
_SIZED = re.compile(r"(.+)_\d+px")
_TFLITE, _ONNX = ".tflite", ".onnx"
_SAVED_MODEL = "saved_model.pb"
MODEL_FILES: Mapping[str, str] = {
    ".keras": "NAME.keras",
    ".h5": "NAME.h5",
    ".hdf5": "NAME.hdf5",
    _TFLITE: "NAME.tflite",
    _ONNX: "NAME.onnx",
}
"""What a model of one's own may be, by the ending of its name in small letters, and how people write that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """A `keras.applications` network without its top, what a package adds, or a user's own model.

    Attributes:
        builder: Name of the function in `keras.applications`, or `module:function` that is called likewise and
            belongs to what a package adds; '' for a model of one's own.
        preprocessing: What stands between the pixels and the network.
        default_size: Side of the image in pixels that the published weights were trained at.
        alpha: Width multiplier, None where the builder takes none.
        weights_file: Name of the file that `keras.applications` fetches; `{size}` is the image size; '' where no
            weights are published.
        weights_folder: Where it fetches that file from.
        weights_remote: What the file is called there, where that differs.
        weights_sizes: Image sizes for which there is such a file; for others the one for 224 is used.
        path: Of a model of one's own.
        origin: What a model of one's own came as, where `path` is the TFLite file that it was converted to.
        libraries: Packages of a registry with whose versions the network may change, besides Keras, TensorFlow and the
            package that adds it.
        package: What adds it to the table; None for our own.
    """

    name: str
    builder: str = ""
    preprocessing: Preprocessing = "included"
    default_size: int = 224
    alpha: float | None = None
    weights_file: str = ""
    weights_folder: str = ""
    weights_remote: str = ""
    weights_sizes: tuple[int, ...] = (224,)
    path: Path | None = None
    origin: Path | None = None
    libraries: tuple[str, ...] = ()
    package: Package | None = None

    @property
    def is_keras(self) -> bool:
        """Whether there is a Keras model of it, and not a file of another format alone."""
        return self.path is None or not (is_tflite(self.path) or is_onnx(self.path) or self.path.is_dir())

    def weights_name(self, image_size: ImageSize) -> str:
        """Returns the name of the ImageNet weights file that Keras uses at an image size."""
        return self.weights_file.format(size=image_size if image_size in self.weights_sizes else 224)

    def weights_url(self, image_size: ImageSize) -> str:
        """Returns where Keras fetches the ImageNet weights file from."""
        return self.weights_folder + (self.weights_remote or self.weights_name(image_size))

    def added(self, package: Package) -> "Backbone":
        """Returns it as what a package adds."""
        if not is_reference(self.builder) or self.path is not None:
            raise ValueError(f"builder is {self.builder!r}; expected 'module:function' that builds it, and no path")
        if self.preprocessing not in get_args(Preprocessing):
            known = ", ".join(get_args(Preprocessing))
            raise ValueError(f"preprocessing is {self.preprocessing!r}; allowed is one of {known}")
        if bool(self.weights_file) != self.weights_folder.startswith("https://"):
            raise ValueError(
                f"weights_file is {self.weights_file!r} and weights_folder {self.weights_folder!r}; expected a file "
                "name and the https:// address of its folder that ends in '/', or neither"
            )
        return replace(self, package=package)


def _published(
    name: str, builder: str, preprocessing: Preprocessing, weights: str, *, default_size: int = 224
) -> Backbone:
    """Returns a network whose weights stand at an address, from `_STORAGE` on."""
    folder, _, file = urljoin(_STORAGE, weights).rpartition("/")
    return Backbone(
        name=name,
        builder=builder,
        preprocessing=preprocessing,
        default_size=default_size,
        weights_file=file,
        weights_folder=f"{folder}/",
    )


def _mobilenet(name: str, builder: str, alpha: float, weights: str, sizes: tuple[int, ...]) -> Backbone:
    return replace(_published(name, builder, "minus_one_to_one", weights), alpha=alpha, weights_sizes=sizes)


_SIZES = (128, 160, 192, 224)
_KERNELS = "weights_tf_dim_ordering_tf_kernels"
_V3 = "224_1.0_float_no_top_v2.h5"

BACKBONES = {
    backbone.name: backbone
    for backbone in (
        _mobilenet("mobilenet", "MobileNet", 1.0, "mobilenet/mobilenet_1_0_{size}_tf_no_top.h5", _SIZES),
        _mobilenet("mobilenet_075", "MobileNet", 0.75, "mobilenet/mobilenet_7_5_{size}_tf_no_top.h5", _SIZES),
        _mobilenet("mobilenet_050", "MobileNet", 0.50, "mobilenet/mobilenet_5_0_{size}_tf_no_top.h5", _SIZES),
        _mobilenet("mobilenet_025", "MobileNet", 0.25, "mobilenet/mobilenet_2_5_{size}_tf_no_top.h5", _SIZES),
        _mobilenet(
            "mobilenet_v2",
            "MobileNetV2",
            1.0,
            f"mobilenet_v2/mobilenet_v2_{_KERNELS}_1.0_{{size}}_no_top.h5",
            (96, *_SIZES),
        ),
        _published(
            "mobilenet_v3_small", "MobileNetV3Small", "included", f"mobilenet_v3/weights_mobilenet_v3_small_{_V3}"
        ),
        _published(
            "mobilenet_v3_large", "MobileNetV3Large", "included", f"mobilenet_v3/weights_mobilenet_v3_large_{_V3}"
        ),
        _published(
            "inception_v3",
            "InceptionV3",
            "minus_one_to_one",
            f"inception_v3/inception_v3_{_KERNELS}_notop.h5",
            default_size=299,
        ),
        _published(
            "inception_resnet_v2",
            "InceptionResNetV2",
            "minus_one_to_one",
            f"inception_resnet_v2/inception_resnet_v2_{_KERNELS}_notop.h5",
            default_size=299,
        ),
        _published(
            "xception", "Xception", "minus_one_to_one", f"xception/xception_{_KERNELS}_notop.h5", default_size=299
        ),
        _published("resnet50", "ResNet50", "caffe", f"resnet/resnet50_{_KERNELS}_notop.h5"),
        _published("resnet50_v2", "ResNet50V2", "minus_one_to_one", f"resnet/resnet50v2_{_KERNELS}_notop.h5"),
        _published("densenet121", "DenseNet121", "imagenet_standard", f"densenet/densenet121_{_KERNELS}_notop.h5"),
        replace(
            _published("nasnet_mobile", "NASNetMobile", "minus_one_to_one", "nasnet/nasnet_mobile_no_top.h5"),
            weights_remote="NASNet-mobile-no-top.h5",
        ),
        _published("efficientnet_b0", "EfficientNetB0", "included", "/keras-applications/efficientnetb0_notop.h5"),
        _published("efficientnet_v2_b0", "EfficientNetV2B0", "included", "efficientnet_v2/efficientnetv2-b0_notop.h5"),
        _published("convnext_tiny", "ConvNeXtTiny", "included", "convnext/convnext_tiny_notop.h5"),
    )
}
ALIASES = {one.builder: one.name for one in BACKBONES.values() if one.alpha in (None, 1.0)} | {
    "mobilenet_v1": "mobilenet"
}
"""What `keras.applications` calls them, and others."""
TABLE = Table(what="backbone", kind=Backbone, own=BACKBONES, aliases=ALIASES)
"""With what packages add."""


def split_names(text: str) -> list[str]:
    """Returns the names in a comma-separated text, each once; one that exists as a file may have commas itself."""
    parts, names = text.split(","), []
    while parts:
        joined = (",".join(parts[:count]).strip() for count in range(1, len(parts) + 1))
        count = next((count for count, name in enumerate(joined, start=1) if _is_model_file(name)), 1)
        names.append(",".join(parts[:count]).strip())
        del parts[:count]
    return list(dict.fromkeys(filter(None, names)))


def sized_name(name: str, image_size: ImageSize) -> str:
    """Returns what cells call a backbone that is measured at several image sizes."""
    return f"{name}_{image_size}px"


def unsized_name(name: str) -> str:
    """Returns the name of the backbone that cells call so, whether its image size is part of that or not."""
    sized = _SIZED.fullmatch(name)
    return sized[1] if sized and name not in TABLE.names() else name


def resolve_backbone(name: str) -> str:
    """Returns what a backbone is called here; the path of a model of one's own as it is."""
    return name if _is_model_file(name) or len(Path(name).parts) > 1 else TABLE.resolve(name)


def find_backbones(names: Sequence[str]) -> tuple[Backbone, ...]:
    """Returns the backbones of these names; a name with an ending of `MODEL_FILES` is a model of one's own.

    Raises:
        UsageError: If a name is neither known nor a file, is given to two, two of them come out the same, or the
            package that adds one is broken.
    """
    TABLE.check(names)
    found = tuple(map(_find_backbone, names))
    if twice := sorted(name for name, count in Counter(one.name for one in found).items() if count > 1):
        raise UsageError(f"two backbones are called {', '.join(twice)}; name each once, rename the file of your own")
    return found


def is_tflite(path: Path) -> bool:
    """Tells whether a model of one's own comes as a TFLite file."""
    return path.suffix.lower() == _TFLITE


def is_onnx(path: Path) -> bool:
    """Tells whether a model of one's own comes as an ONNX file."""
    return path.suffix.lower() == _ONNX


def _is_model_file(name: str) -> bool:
    path = Path(name).expanduser()
    return (path.suffix.lower() in MODEL_FILES and path.exists()) or (path / _SAVED_MODEL).is_file()


def _find_backbone(name: str) -> Backbone:
    if name in TABLE.names():
        return TABLE.find(name)
    path = Path(name).expanduser()
    kinds = ", ".join((*MODEL_FILES.values(), f"a folder that holds {_SAVED_MODEL}"))
    if (path / _SAVED_MODEL).is_file():
        return Backbone(name=_name_of(path), path=path)
    is_kind = path.suffix.lower() in MODEL_FILES
    if is_kind and path.is_file():
        return Backbone(name=_name_of(path), path=path)
    if path.exists():
        raise UsageError(f"{path} is no model that zoobench reads; allowed are files by their endings: {kinds}")
    if is_kind or len(path.parts) > 1:
        raise UsageError(f"no model file at {path}; expected a file of your own: {kinds}")
    known = ", ".join(TABLE.names())
    raise UsageError(
        f"unknown backbone: {name}{TABLE.hint(name)}; known are {known}, or give the path of a model of your own: "
        f"{kinds}"
    )


def _name_of(path: Path) -> str:
    """Returns what a file is called in ids: ASCII, as pytest escapes all else.

    What is left of another script does not tell two files apart, so such a name has a hash of the whole behind it.
    """
    stem = unicodedata.normalize("NFC", path.stem)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    name = _OUTSIDE_OF_IDS.sub("_", plain)
    if stem.isascii() and len(name) <= _LONGEST_NAME and any(map(str.isalnum, name)):
        return name
    kept = name.strip("_")[:_LONGEST_NAME] or "model"
    return f"{kept}_{hashlib.sha256(stem.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"
