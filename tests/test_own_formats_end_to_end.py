"""Do files that converters write go the whole way, and is their accuracy that of ten lines around the runtime?"""

from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from architectures import converted_whole
from colours import COLOURS, SIDE, pictures
from networks import one_by_one
from runs import bench, load, plain, records, results, zoobench
from zoobench.build import ai_edge
from zoobench.tflite.edit import for_quantizers

pytestmark = pytest.mark.slow


WIDE = (24, 40)


def classifier(*, channels_first: bool, sides: tuple[int, int] = (SIDE, SIDE)) -> keras.Model:
    """Returns what sees three colours in images 0..1; a converter of PyTorch moves the channels as it does here."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((3, *sides) if channels_first else (*sides, 3))
    maps = keras.layers.Permute((2, 3, 1))(pixels) if channels_first else pixels
    same, scores = keras.layers.Conv2D(3, 1), keras.layers.Dense(3)
    means = keras.layers.GlobalAveragePooling2D()(same(maps))
    model = keras.Model(pixels, scores(means))
    same.set_weights([np.eye(3, dtype=np.float32)[np.newaxis, np.newaxis], np.zeros(3, np.float32)])
    scores.set_weights([np.array([[0, 0, 20], [0, 0, 0], [20, 0, 0]], np.float32), np.array([0, 9, 0], np.float32)])
    return model


def put_files(folder: Path, images: np.ndarray) -> None:
    """Writes one by Keras's export, one with the channels first, one that came quantized, and two not square."""
    last = classifier(channels_first=False)
    last.export(folder / "last.tflite", format="litert", verbose=False)
    (folder / "first.tflite").write_bytes(converted_whole(classifier(channels_first=True)))
    content = for_quantizers(converted_whole(last))
    statistics = ai_edge.calibrated(content, (one.astype(np.float32) / 255 for one in one_by_one(images)))
    (folder / "small.tflite").write_bytes(ai_edge.integer(content, statistics, io="int8"))
    classifier(channels_first=False, sides=WIDE).save(folder / "wide.keras")
    (folder / "tall.tflite").write_bytes(converted_whole(classifier(channels_first=True, sides=WIDE[::-1])))


def put_pictures(folder: Path, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Writes images into a folder for each class; returns them and their labels."""
    images, labels = pictures(tuple(COLOURS), each=12, seed=seed)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / tuple(COLOURS)[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return images, labels


def keras_top1(path: Path, images: np.ndarray, labels: np.ndarray) -> float:
    """Returns a Keras model's accuracy on images of 0..255."""
    shown = keras.ops.image.resize(images.astype(np.float32), WIDE)
    answers = keras.saving.load_model(path).predict(np.rint(shown) / 255, verbose=0)
    return float(np.mean(answers.argmax(axis=1) == labels))


def top1(path: Path, images: np.ndarray, labels: np.ndarray) -> float:
    """Returns a file's accuracy on images of 0..255."""
    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    right = 0
    sides = entry["shape"][2:] if entry["shape"][1] == 3 else entry["shape"][1:3]
    shown = np.rint(keras.ops.image.resize(images.astype(np.float32), tuple(sides.tolist())))
    for image, label in zip(shown / 255, labels, strict=True):
        fed = (image.transpose(2, 0, 1) if entry["shape"][1] == 3 else image)[np.newaxis]
        scale, zero_point = entry["quantization"]
        if scale:
            fed = np.rint(fed / scale) + zero_point
        interpreter.set_tensor(entry["index"], fed.astype(entry["dtype"]))
        interpreter.invoke()
        right += interpreter.get_tensor(exit_["index"])[0].argmax() == label
    return float(right / len(labels))


def test_tflite_files_are_measured_and_travel_in_a_kit_with_the_accuracy_that_litert_has(tmp_path: Path) -> None:
    images, labels = put_pictures(tmp_path / "photos", seed=0)
    put_pictures(tmp_path / "others", seed=1)
    put_files(tmp_path, images)
    paths = [tmp_path / name for name in ("last.tflite", "first.tflite", "small.tflite", "tall.tflite", "wide.keras")]
    about = ("data", str(tmp_path / "photos"), "calibration-data", str(tmp_path / "others"), "split", "0/0/100")
    about += ("backbones", ",".join(map(str, paths)), "variants", "float32,integer_only", "runtimes", "litert")
    about += ("pixels", "0..1")
    options = [word if place % 2 else f"--zoo-{word}" for place, word in enumerate(about)]
    done = bench(*options, "-k", "accuracy or size", artifacts=tmp_path / "artifacts")
    assert done.returncode == 0, done.stdout + done.stderr
    found = records(load(results(tmp_path / "artifacts")[-1]))
    expected = {path.stem: top1(path, images, labels) for path in paths[:-1]}
    assert {cell: record["accuracy"]["top1"] for cell, record in found.items() if "integer_only" not in cell} == {
        "last-float32-litert-t1": expected["last"],
        "first-float32-litert-t1": expected["first"],
        "small-prequantized-litert-t1": expected["small"],
        "tall-float32-litert-t1": expected["tall"],
        "wide-float32-litert-t1": keras_top1(tmp_path / "wide.keras", images, labels),
    }
    sizes = {record["cell"]["backbone"]: record["cell"]["image_size"] for record in found.values()}
    assert sizes == {"last": SIDE, "first": SIDE, "small": SIDE, "tall": "40x24", "wide": "24x40"}
    assert 0.8 < expected["last"] < 1
    assert found["first-integer_only-litert-t1"]["accuracy"]["agreement_with_float"] > 0.9
    assert found["first-float32-litert-t1"]["model"]["interface"]["layout"] == "NCHW"
    kit = zoobench("kit", "export", "own.kit.zip", *plain(*options), folder=tmp_path)
    assert kit.returncode == 0, kit.stdout + kit.stderr
    there = ("-k", "accuracy", "--zoo-artifacts", str(tmp_path / "there"))
    ran = zoobench("kit", "run", "own.kit.zip", *there, folder=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    elsewhere = records(load(results(tmp_path / "there")[-1]))
    assert {cell: one["accuracy"]["top1"] for cell, one in elsewhere.items()} == {
        cell: one["accuracy"]["top1"] for cell, one in found.items()
    }
