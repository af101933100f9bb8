"""Does the table say what `keras.applications` does, and is a model of one's own found by its file?"""

import importlib
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from messages import message_of
from packages import put
from zoobench.build import network
from zoobench.build.weights import own_image_size
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.backbones import BACKBONES, Backbone, find_backbones, split_names
from zoobench.matrix.registry import Package

OF_EACH_FAMILY = ("mobilenet_025", "mobilenet_v2", "resnet50")
"""Built in every run of all tests; the others at night."""
STORAGE = "https://storage.googleapis.com/tensorflow/keras-applications/"


class NotFetchedError(Exception):
    """Ends a builder at the moment when it would fetch its weights."""


def builder(backbone: Backbone) -> Callable[..., keras.Model]:
    found: Callable[..., keras.Model] = getattr(keras.applications, backbone.builder)
    return found


def module(backbone: Backbone) -> ModuleType:
    return importlib.import_module(builder(backbone).__module__)


def width(backbone: Backbone) -> dict[str, float]:
    return {} if backbone.alpha is None else {"alpha": backbone.alpha}


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        for name, content in files.items():
            opened.writestr(name.replace("_json", ".json"), content)
    return path


# The table against Keras


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined or non-square:UserWarning")  # and so 224 is taken
@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, marks=() if name in OF_EACH_FAMILY else pytest.mark.nightly)
        for name, size in sorted(
            {(name, size) for name, one in BACKBONES.items() for size in (one.default_size, 224)}
            | {(name, size) for name in ("mobilenet_025", "mobilenet_v2") for size in (96, 100, 128, 160, 192)}
        )
    ],
)
def test_the_weights_are_those_that_keras_would_fetch(monkeypatch: pytest.MonkeyPatch, name: str, size: int) -> None:
    fetched: list[tuple[str, str]] = []

    def get_file(fname: str, origin: str, **_: object) -> None:
        fetched.append((fname, origin))
        raise NotFetchedError

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    backbone = BACKBONES[name]
    with pytest.raises(NotFetchedError):
        builder(backbone)(include_top=False, weights="imagenet", input_shape=(size, size, 3), **width(backbone))
    assert fetched == [(backbone.weights_name(size), backbone.weights_url(size))]


@pytest.mark.parametrize("name", BACKBONES)
def test_the_preprocessing_is_that_of_keras(name: str) -> None:
    backbone = BACKBONES[name]
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype(np.float32)
    inputs = keras.Input((8, 8, 3))
    ours = keras.Model(inputs, network._preprocessed(inputs, backbone))
    expected = module(backbone).preprocess_input(pixels.copy())  # it changes what it is given
    np.testing.assert_allclose(ours(pixels), expected, rtol=0, atol=2e-5)


def test_the_preprocessing_sends_mid_grey_to_nearly_zero() -> None:
    inputs = keras.Input((1, 1, 3))
    model = keras.Model(inputs, network._preprocessed(inputs, BACKBONES["mobilenet"]))
    values = model(np.array([0, 127.5, 255], np.float32).reshape(1, 1, 1, 3))
    np.testing.assert_allclose(np.ravel(values), [-1, 0, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "size", "file", "address"),
    [
        ("mobilenet_050", 160, "mobilenet_5_0_160_tf_no_top.h5", "mobilenet/mobilenet_5_0_160_tf_no_top.h5"),
        ("mobilenet_050", 100, "mobilenet_5_0_224_tf_no_top.h5", "mobilenet/mobilenet_5_0_224_tf_no_top.h5"),
        ("nasnet_mobile", 224, "nasnet_mobile_no_top.h5", "nasnet/NASNet-mobile-no-top.h5"),
    ],
)
def test_a_size_without_weights_takes_those_of_224_and_a_file_may_be_called_otherwise_at_its_source(
    name: str, size: int, file: str, address: str
) -> None:
    assert BACKBONES[name].weights_name(size) == file
    assert BACKBONES[name].weights_url(size) == f"{STORAGE}{address}"


# Finding backbones by name


def test_backbones_come_in_the_order_of_their_names() -> None:
    assert [one.name for one in find_backbones(["xception", "mobilenet"])] == ["xception", "mobilenet"]


def test_what_is_no_backbone_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    known = f"known are {', '.join(BACKBONES)}, or give the path of a model of your own: NAME.keras, NAME.h5"
    other = tmp_path / "other.pt"
    other.touch()
    assert f"unknown backbone: vgg16; {known}" in message_of(UsageError, lambda: find_backbones(["mobilenet", "vgg16"]))
    assert message_of(UsageError, lambda: find_backbones([str(other)])).startswith(
        f"{other} is no model that zoobench reads; allowed are files by their endings: NAME.keras, NAME.h5"
    )
    for absent in (tmp_path / "mine.keras", tmp_path / "saved_model"):
        message = message_of(UsageError, partial(find_backbones, [str(absent)]))
        assert message.startswith(f"no model file at {absent}; expected")


def test_a_model_file_is_a_backbone_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "my best (v1.2).keras"
    path.touch()
    (backbone,) = find_backbones([str(path)])
    assert (backbone.name, backbone.path) == ("my_best_v1.2_", path)
    assert (backbone.preprocessing, backbone.builder) == ("included", "")


@pytest.mark.parametrize("name", ["GOOD.KERAS", "old.h5", "old.Hdf5"])
def test_a_model_file_is_known_by_its_ending_in_any_letters(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    (backbone,) = find_backbones([str(tmp_path / name)])
    assert (backbone.name, backbone.path) == (Path(name).stem, tmp_path / name)


def test_names_in_other_scripts_tell_two_files_apart_in_plain_letters_and_are_the_same_on_every_system(
    tmp_path: Path,
) -> None:
    texts = ["модель", "другая", "模型", "café", "cafe", "!!", "??", "x" * 150]
    paths = [tmp_path / f"{text}.keras" for text in texts]
    for path in paths:
        path.touch()
    names = [one.name for one in find_backbones([str(path) for path in paths])]
    assert len(set(names)) == len(texts)
    assert all(re.fullmatch("[A-Za-z0-9_.]{1,110}", name) for name in names)
    assert names[4] == "cafe"
    assert re.fullmatch("cafe_[0-9a-f]{6}", names[3])
    assert re.fullmatch("model_[0-9a-f]{6}", names[0])
    decomposed = tmp_path / "mac" / (unicodedata.normalize("NFD", "café") + ".keras")
    decomposed.parent.mkdir()
    decomposed.touch()
    assert find_backbones([str(decomposed)])[0].name == names[3]


def test_a_file_may_have_a_comma_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my model, v2,b.keras").touch()
    text = "mobilenet, my model, v2,b.keras ,xception,mobilenet,,absent, v2.keras"
    assert split_names(text) == ["mobilenet", "my model, v2,b.keras", "xception", "absent", "v2.keras"]


@pytest.mark.parametrize("names", [["mobilenet", "mobilenet"], ["mobilenet", "mobilenet.keras"]])
def test_two_backbones_of_one_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mobilenet.keras").touch()
    assert message_of(UsageError, lambda: find_backbones(names)) == (
        "two backbones are called mobilenet; name each once, rename the file of your own"
    )


# The image size of a model of one's own


def functional() -> keras.Model:
    inputs = keras.Input((48, 48, 3))
    return keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs))


def built_by_its_first_call() -> keras.Model:
    model = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
    model(np.zeros((1, 36, 36, 3), np.float32))
    return model


def around_another(inner: int | None, outer: int | None) -> keras.Model:
    within = keras.Sequential([keras.Input((inner, inner, 3)), keras.layers.Conv2D(2, 3)])
    inputs = keras.Input((outer, outer, 3))
    return keras.Model(inputs, within(keras.layers.Resizing(inner, inner)(inputs) if inner else inputs))


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (functional, 48),
        (lambda: keras.Sequential([keras.Input((40, 40, 3)), keras.layers.Flatten()]), 40),
        (built_by_its_first_call, 36),
        (lambda: around_another(None, 44), 44),
        (lambda: around_another(96, None), None),  # that of a network inside is not that of the whole
        (lambda: keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3)]), None),
    ],
)
def test_the_image_size_of_a_model_of_ones_own_is_read(
    tmp_path: Path, make: Callable[[], keras.Model], size: int | None
) -> None:
    for name in ("mine.keras", "mine.h5"):
        make().save(tmp_path / name)
        assert own_image_size(tmp_path / name) == size


def test_garbage_is_no_model_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.keras"
    path.write_bytes(b"what is this?")
    assert message_of(ModelError, lambda: own_image_size(path)) == (
        f"{path} is not a Keras model file (it is no .keras archive (File is not a zip file)); "
        "expected what model.save('NAME.keras') of Keras writes"
    )


def test_an_archive_that_is_not_safe_is_no_model_file(tmp_path: Path) -> None:
    path = archive(tmp_path / "mine.keras", config_json="{}", **{"../evil": "here I am"})
    assert "the archive's member '../evil' leads out of the folder" in message_of(
        ModelError, lambda: own_image_size(path)
    )


@pytest.mark.parametrize("files", [{}, {"config_json": "{"}, {"metadata_json": json.dumps({})}])
def test_an_archive_without_a_configuration_is_no_model_file(tmp_path: Path, files: dict[str, str]) -> None:
    path = archive(tmp_path / "mine.keras", **files)
    assert message_of(ModelError, lambda: own_image_size(path)).startswith(f"{path} is not a Keras model file (")


def test_a_model_file_that_vanished_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.keras"
    assert str(path) in message_of(ModelError, lambda: own_image_size(path))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"builder": "VGG16"}, "builder is 'VGG16'; expected 'module:function' that builds it, and no path"),
        ({"path": Path("mine.keras")}, "expected 'module:function' that builds it, and no path"),
        ({"preprocessing": "none"}, "preprocessing is 'none'; allowed is one of minus_one_to_one, caffe, "),
        ({"weights_file": "vgg.h5"}, "weights_file is 'vgg.h5' and weights_folder ''; expected a file name and the "),
        ({"weights_folder": "https://a/"}, "weights_file is '' and weights_folder 'https://a/'; expected a file name"),
        ({"weights_file": "vgg.h5", "weights_folder": "file:///a/"}, "weights_folder 'file:///a/'; expected a file "),
    ],
)
def test_a_package_adds_only_what_can_be_built(changes: dict[str, Any], told: str) -> None:
    backbone = replace(Backbone(name="vgg16", builder="keras.applications:VGG16", preprocessing="caffe"), **changes)
    with pytest.raises(ValueError, match=re.escape(told)):
        backbone.added(Package(name="zoobench-vgg", version="1.0"))


def test_a_backbone_that_a_package_adds_is_found_and_listed(beside_us: Path) -> None:
    text = """from zoobench.matrix.backbones import Backbone
VGG16 = Backbone(name="vgg16", builder="keras.applications:VGG16", preprocessing="caffe")"""
    put(beside_us, "zoobench-vgg", entry_points={"zoobench.backbones": "vgg16 = vgg:VGG16"}, modules={"vgg.py": text})
    assert [(one.name, str(one.package)) for one in find_backbones(["vgg16"])] == [("vgg16", "zoobench-vgg 1.0")]
    assert "convnext_tiny, vgg16, or give the path" in message_of(UsageError, lambda: find_backbones(["vgg19"]))
