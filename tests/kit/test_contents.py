"""Is a manifest refused wherever it contradicts itself, and is the place named?"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kitfiles import HASHES, LIMIT, a_kit, members, with_manifest
from zoobench.errors import DataError
from zoobench.kit.contents import PIXELS_HEADER_BYTES, pixels_bytes, pixels_header, pixels_problem
from zoobench.kit.reader import open_kit

Change = Callable[[dict[str, Any]], object]


def put(*keys: Any, to: Any) -> Change:
    """Returns the change that puts a value at a place."""

    def change(manifest: dict[str, Any]) -> None:
        place: Any = manifest
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = to

    return change


def drop(*keys: Any) -> Change:
    def change(manifest: dict[str, Any]) -> None:
        place: Any = manifest
        for key in keys[:-1]:
            place = place[key]
        del place[keys[-1]]

    return change


def renamed_file(name: str) -> Change:
    def change(manifest: dict[str, Any]) -> None:
        manifest["files"][name] = manifest["files"].pop(manifest["models"][0]["file"])
        manifest["models"][0]["file"] = name

    return change


def added(**changes: Any) -> Change:
    """Returns the change that has a package add the variant `w4`, which no cell has, or what else is said of it."""
    usual = {"what": "variant", "name": "w4", "package": "zoobench-w4", "version": "1.0"}
    return put("added", to=[usual | changes])


SPOILED: dict[str, tuple[Change, str]] = {
    "a label beyond the classes": (put("samples", 1, "label", to=2), "samples[1].label: received 2"),
    "a negative label": (put("samples", 1, "label", to=-1), "samples[1].label: received -1"),
    "another order": (put("samples", 0, "sha256", to="f" * 64), "samples: received them in another order"),
    "a training whose curves are of other lengths": (
        put("models", 1, "training", "loss", to=[2.5]),
        "models[1].training.loss: received 1",
    ),
    "weights of an epoch that was not": (
        put("models", 0, "training", "kept_epoch", to=9),
        "models[0].training.kept_epoch: received 9",
    ),
    "outputs in no order of the classes": (
        put("models", 0, "interface", to={"taken_as": "classifier", "order": [0, 2]}),
        "models[0].interface.order: received (0, 2); expected each of 0 to 1 once",
    ),
    "an unknown range of pixels": (
        put("models", 0, "interface", to={"taken_as": "classifier", "pixels": "0..7"}),
        "models[0].interface.pixels: received '0..7'; expected a value that this version knows",
    ),
    "logits of a backbone": (
        put("models", 0, "interface", to={"taken_as": "backbone", "scores": "logits"}),
        "models[0].interface.scores: received logits in the order () of a backbone",
    ),
    "three channels of a grey model": (
        put("models", 0, "interface", to={"taken_as": "classifier", "pixels": "imagenet-torch", "channels": 1}),
        "models[0].interface.pixels: received imagenet-torch of a grey model",
    ),
    "a remark that steers the terminal": (
        put("models", 1, "interface", to={"taken_as": "classifier", "remarks": ["fine", "\x1b[2J"]}),
        "models[1].interface.remarks[1]: received '\\x1b[2J'",
    ),
    "a remark of great length": (
        put("models", 1, "interface", to={"taken_as": "classifier", "remarks": ["x" * 1001]}),
        "expected at most 1000 characters",
    ),
    "remarks without end": (
        put("models", 1, "interface", to={"taken_as": "classifier", "remarks": ["x"] * 21}),
        "models[1].interface.remarks: received 21; expected at most 20",
    ),
    "no samples": (put("samples", to=[]), "samples: received []"),
    "a class that steers the terminal": (
        put("dataset", "classes", 0, to="cat\x1b[2J"),
        "dataset.classes[0]: received 'cat\\x1b[2J'",
    ),
    "a class over two lines": (put("dataset", "classes", 0, to="a\n::error::b"), "that can be printed"),
    "a class of half a character": (put("dataset", "classes", 0, to="\ud800"), "that can be printed"),
    "a class without a name": (put("dataset", "classes", 0, to=""), "classes[0]: received ''"),
    "a class of great length": (put("dataset", "classes", 0, to="x" * 201), "expected a text of length <= 200"),
    "a class that is there twice": (
        put("dataset", "classes", to=["cat", "cat"]),
        "dataset.classes: received 'cat' twice",
    ),
    "a name of the data set that steers the terminal": (put("dataset", "name", to="\x9b2J"), "that can be printed"),
    "a version that steers the terminal": (put("zoobench", to="1\x07"), "that can be printed"),
    "a cell's id of other parts": (
        put("cells", 1, "id", to="mobilenet-float32-litert-t1"),
        "cells[1].id: received 'mobilenet-float32-litert-t1'",
    ),
    "a cell that is there twice": (
        lambda manifest: manifest["cells"].append(manifest["cells"][0]),
        "cells: received 'mobilenet-float32-litert-t1' twice",
    ),
    "an unknown variant": (put("cells", 1, "variant", to="int2"), "cells[1].variant: received 'int2'; expected one of"),
    "a Keras cell": (put("cells", 1, "variant", to="keras"), "cells[1].variant: received 'keras'; expected one of"),
    "an unknown runtime": (put("cells", 1, "runtime", to="os.system"), "cells[1].runtime: received 'os.system'"),
    "Keras as the runtime": (put("cells", 1, "runtime", to="keras"), "cells[1].runtime: received 'keras'"),
    "no threads": (put("cells", 1, "threads", to=0), "cells[1].threads: received 0; expected a whole number >= 1"),
    "a million threads": (put("cells", 1, "threads", to=10**6), "expected a whole number <= 1024"),
    "weights of no kind": (put("cells", 1, "weights", to="file:../x"), "cells[1].weights: received 'file:../x'"),
    "a backbone that is a path": (
        put("cells", 1, "backbone", to="../mobilenet"),
        "cells[1].backbone: received '../mobilenet'",
    ),
    "a cell without images": (put("cells", 1, "image_size", to=64), "cells[1]: received no images of 64 pixels"),
    "images that no cell needs": (
        lambda manifest: manifest["images"].append({"image_size": 64, "file": "images-64.npy"}),
        "images: received images of 64 pixels",
    ),
    "images that are called square in two ways": (
        put("images", 0, "image_size", to="32x32"),
        "images[0].image_size: received '32x32'; expected a text that matches",
    ),
    "images of great width": (
        put("images", 0, "image_size", to="32x1025"),
        "images[0].image_size: received 32x1025; expected sides of at most 1024 pixels",
    ),
    "images of no size": (put("images", 0, "image_size", to=0), "images[0].image_size: received 0"),
    "images twice": (
        lambda manifest: manifest["images"].append(manifest["images"][0]),
        "images: received 32 pixels twice",
    ),
    "images of another size": (drop("samples", 2), "images[0]: received a file of 9,344 bytes"),
    "a cell without a file": (
        lambda manifest: manifest["files"].pop(manifest["models"].pop(1)["file"]),
        "cells[1]: received no file of integer_only of mobilenet and no refusal",
    ),
    "a cell without its float twin": (
        lambda manifest: (manifest["files"].pop(manifest["models"].pop(0)["file"]), manifest["cells"].pop(0)),
        "cells[0]: received no float32 file of mobilenet",
    ),
    "a file for two models": (
        put("models", 1, "file", to="mobilenet-32-float32.tflite"),
        "files: received one name for two files",
    ),
    "a model twice": (put("models", 1, "variant", to="float32"), "models: received ('mobilenet', 'float32', 32) twice"),
    "a file without a hash": (
        drop("files", "images-32.npy"),
        "files: received no 'images-32.npy', which is named above",
    ),
    "a file for nothing": (
        put("files", "evil.so", to={"sha256": HASHES[0], "size_bytes": 1}),
        "files: received 'evil.so', which nothing above names",
    ),
    "a model that is no TFLite file by its name": (
        renamed_file("model.keras"),
        "models[0].file: received 'model.keras'",
    ),
    "a model's file that leaves the folder": (
        renamed_file("../../evil.tflite"),
        "models[0].file: received '../../evil.tflite'",
    ),
    "an absolute path": (renamed_file("/tmp/evil.tflite"), "models[0].file: received"),
    "a hidden file": (renamed_file(".evil.tflite"), "models[0].file: received"),
    "a name of great length": (renamed_file(f"{'x' * 200}.tflite"), "expected a text of length <= 200"),
    "the kit's manifest as images": (put("images", 0, "file", to="kit.json"), "images[0].file: received 'kit.json'"),
    "the store's manifest as images": (
        put("images", 0, "file", to="manifest.json"),
        "expected a name that ends in .npy",
    ),
    "a refusal that steers the terminal": (
        put("cells", 1, "refusal", to={"by": "litert", "reason": "\x1b]0;evil\x07"}),
        "cells[1].refusal.reason: received '\\x1b]0;evil\\x07'",
    ),
    "an addition that no cell needs": (added(), "added: received the variant w4"),
    "an addition twice": (
        put("added", to=[{"what": "runtime", "name": "litert", "package": "p", "version": "1"}] * 2),
        "added: received ('runtime', 'litert') twice",
    ),
    "an addition to no table": (added(what="quantizer"), "added[0].what: received 'quantizer'"),
    "an addition that steers the terminal": (added(name="\x1b[2J"), "added[0].name: received '\\x1b[2J'; expected a "),
    "an addition with a name of great length": (added(name="a" * 61), "added[0].name: received"),
    "an addition of no package": (added(package="a b; rm"), "added[0].package: received 'a b; rm'"),
    "an addition of no version": (added(version=""), "added[0].version: received ''; expected a text of length >= 1"),
    "a hash that is none": (
        put("files", "images-32.npy", "sha256", to="AB" * 32),
        "files.'images-32.npy'.sha256: received",
    ),
    "an empty file": (put("files", "images-32.npy", "size_bytes", to=0), "images[0]: received a file of 0 bytes"),
    "a text for a number": (put("cells", 0, "threads", to="1"), "cells[0].threads: received '1'"),
    "a truth value for a number": (put("cells", 0, "threads", to=True), "expected a whole number"),
    "a number for a list": (put("cells", to=3), "cells: received 3; expected a list"),
    "a list for an object": (put("dataset", to=[]), "dataset: received []; expected an object"),
    "a missing key": (drop("dataset", "sha256"), "dataset.sha256 is missing"),
    "nothing for cells": (put("cells", to=None), "cells: received None; expected a list"),
    "an older schema": (put("schema", to=0), "schema: received 0"),
    "a newer schema": (put("schema", to=3), "schema: received 3"),
    "no schema": (drop("schema"), "schema: received None; expected 1 or 2"),
    "a schema that is true": (put("schema", to=True), "schema: received True; expected 1 or 2"),
    "a schema in words": (put("schema", to="one"), "schema: received 'one'; expected 1 or 2"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_contradicts_itself_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    change, told = SPOILED[name]
    path = with_manifest(a_kit(tmp_path), change)
    with pytest.raises(DataError) as caught, open_kit(path, limit_bytes=LIMIT):
        pass
    assert str(caught.value).startswith(f"the kit {path}: kit.json.")
    assert told in str(caught.value)
    assert "; expected " in str(caught.value) or told.endswith("is missing")
    assert str(caught.value).isprintable()


def test_a_refused_cell_needs_no_file(tmp_path: Path) -> None:
    def refuse(manifest: dict[str, Any]) -> None:
        manifest["cells"].append(
            manifest["cells"][1]
            | {
                "id": "mobilenet-int16x8-litert-t1",
                "variant": "int16x8",
                "refusal": {"by": "ai_edge", "reason": "no kernel"},
            }
        )

    with open_kit(with_manifest(a_kit(tmp_path), refuse), limit_bytes=LIMIT) as kit:
        assert kit.manifest.cells[2].refusal is not None


def test_the_order_of_a_kit_from_elsewhere_is_that_of_hash_and_label(tmp_path: Path) -> None:
    def twins(manifest: dict[str, Any]) -> None:
        for sample, label in zip(manifest["samples"], (0, 1, 1), strict=True):
            sample.update(sha256=HASHES[0], label=label)

    with open_kit(with_manifest(a_kit(tmp_path), twins), limit_bytes=LIMIT) as kit:
        assert [one.label for one in kit.manifest.samples] == [0, 1, 1]


def test_what_a_package_adds_is_taken_where_the_kit_names_the_package(tmp_path: Path) -> None:
    def with_runtime(manifest: dict[str, Any]) -> None:
        runtime = {"runtime": "fast", "id": "mobilenet-float32-fast-t1"}
        manifest["cells"].append(manifest["cells"][0] | runtime)
        manifest["added"] = [{"what": "runtime", "name": "fast", "package": "zoobench-fast", "version": "1.0"}]

    with open_kit(with_manifest(a_kit(tmp_path), with_runtime), limit_bytes=LIMIT) as kit:
        assert kit.manifest.addition("runtime", "fast") is not None
        assert kit.manifest.addition("runtime", "litert") is None


def test_a_kit_of_nothing_added_does_not_speak_of_it(tmp_path: Path) -> None:
    assert "added" not in json.loads(members(a_kit(tmp_path))["kit.json"])


def saved(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def test_numpy_reads_what_follows_the_header_as_images() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    content = pixels_header(2, image_size=4) + images.tobytes()
    assert len(content) == pixels_bytes(2, image_size=4) == PIXELS_HEADER_BYTES + 96
    np.testing.assert_array_equal(np.load(io.BytesIO(content), allow_pickle=False), images)
    assert pixels_problem(content, count=2, image_size=4) == ""
    assert pixels_bytes(2, image_size="4x6") == PIXELS_HEADER_BYTES + 144
    assert "'shape': (2, 4, 6, 3)" in pixels_problem(content, count=2, image_size="4x6")
    content = pixels_header(2, image_size="2x8") + images.tobytes()
    assert np.load(io.BytesIO(content), allow_pickle=False).shape == (2, 2, 8, 3)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.array([[[[{"evil": 1}] * 3] * 4] * 4] * 2, dtype=object), "'descr': '|O'"),
        (np.zeros((2, 4, 4, 3), np.float32), "'descr': '<f4'"),
        (np.zeros((3, 4, 4, 3), np.uint8), "'shape': (3, 4, 4, 3)"),
        (np.zeros((2, 4, 4), np.uint8), "'shape': (2, 4, 4)"),
        (np.asfortranarray(np.zeros((2, 4, 4, 3), np.uint8)), "'fortran_order': True"),
    ],
    ids=["objects, which are pickled", "float32", "more images", "no colours", "another order"],
)
def test_another_array_is_refused_and_not_read(array: Any, told: str) -> None:
    problem = pixels_problem(saved(array), count=2, image_size=4)
    assert problem.startswith("it begins with")
    assert told in problem
    assert "expected \"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 4, 3)" in problem


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x03\x00" + b"\xff" * 200, b"\x1b[2J" * 50])
def test_what_is_no_array_is_refused_in_words_that_can_be_printed(content: bytes) -> None:
    problem = pixels_problem(content, count=2, image_size=4)
    assert problem.startswith("it begins with")
    assert problem.isprintable()
