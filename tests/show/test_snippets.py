"""Does the code that is exported feed a model and read it as the run did, and does the card say what it takes?"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from fakes import a_record
from resultfiles import a_run
from zoobench.data.images import RESIZINGS, Resizing, resize
from zoobench.matrix.interface import ImageSize, Interface
from zoobench.measure.runtimes import presented, probabilities
from zoobench.results.schema import RecordedDataset
from zoobench.show.model_card import to_card
from zoobench.show.snippets import Exported, to_kotlin, to_labels, to_python
from zoobench.tflite.ports import Port

CLASSES = ("cat", "dog", "owl")
SIDE = 8
CLASSIFIER = Interface(taken_as="classifier")
FLOAT = Port(index=3, dtype=np.dtype("float32"), scale=1.0, zero_point=0, shape=(1, SIDE, SIDE, 3))
BYTES = replace(FLOAT, dtype=np.dtype("uint8"))
SCORES = Port(index=5, dtype=np.dtype("float32"), scale=1.0, zero_point=0, shape=(1, 3))


def exported(
    interface: Interface = CLASSIFIER,
    *,
    taken: Port = FLOAT,
    given: Port = SCORES,
    classes: Sequence[str] = CLASSES,
    size: ImageSize = SIDE,
    **changes: Any,
) -> Exported:
    data = RecordedDataset(name="pets", sha256="cd" * 32, classes=tuple(classes), samples=3, left_out=0)
    record = a_record(dataset=data)
    record = replace(record, cell=replace(record.cell, image_size=size))
    shown: dict[str, Any] = {"resize": "stretch", "upright": False} | changes
    return Exported(run=a_run(record), record=record, taken=taken, given=given, interface=interface, **shown)


class Answering:
    """Stands in for LiteRT's interpreter: writes down what it is fed, and gives what it was made with."""

    answers: npt.NDArray[Any]
    fed: npt.NDArray[Any]

    def __init__(self, path: str, *, num_threads: int) -> None:
        assert path.endswith("model.tflite")
        assert num_threads == 1

    def allocate_tensors(self) -> None: ...

    def invoke(self) -> None: ...

    def get_input_details(self) -> list[dict[str, int]]:
        return [{"index": FLOAT.index}]

    def get_output_details(self) -> list[dict[str, int]]:
        return [{"index": SCORES.index}]

    def set_tensor(self, index: int, values: npt.NDArray[Any]) -> None:
        assert index == FLOAT.index
        type(self).fed = values

    def get_tensor(self, index: int) -> npt.NDArray[Any]:
        assert index == SCORES.index
        return self.answers


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (23, 37, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def answered(one: Exported, photo: Path, answers: npt.NDArray[Any], monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Runs the exported program in this process on a photo; returns the words that it prints."""
    module = ModuleType("ai_edge_litert.interpreter")
    Answering.answers = answers
    module.Interpreter = Answering  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", module)
    monkeypatch.setattr(sys, "argv", ["classify.py", str(photo)])
    printed: list[tuple[str, ...]] = []
    (photo.parent / "labels.txt").write_text(to_labels(one))
    program = compile(to_python(one), str(photo.parent / "classify.py"), "exec")
    exec(program, {"__file__": program.co_filename, "print": lambda *words, **_sep: printed.append(words)})
    (words,) = printed
    return words


INPUTS = [
    (CLASSIFIER, FLOAT),
    (CLASSIFIER, BYTES),
    (replace(CLASSIFIER, pixels="0..1"), FLOAT),
    (replace(CLASSIFIER, pixels="-1..1"), replace(BYTES, scale=2 / 255, zero_point=128)),
    (replace(CLASSIFIER, pixels="imagenet-caffe"), FLOAT),
    (
        replace(CLASSIFIER, pixels="imagenet-torch"),
        replace(FLOAT, dtype=np.dtype("int8"), scale=0.0187, zero_point=-14),
    ),
    (replace(CLASSIFIER, channels=1), replace(FLOAT, shape=(1, SIDE, SIDE, 1))),
    (replace(CLASSIFIER, channels=1, pixels="0..1", layout="NCHW"), replace(FLOAT, shape=(1, 1, SIDE, SIDE))),
    (replace(CLASSIFIER, layout="NCHW"), replace(FLOAT, shape=(1, 3, SIDE, SIDE))),
]


@pytest.mark.parametrize(("interface", "port"), INPUTS)
@pytest.mark.parametrize("size", [SIDE, "8x20", "11x6"])
@pytest.mark.parametrize("how", RESIZINGS)
def test_the_program_feeds_what_a_session_feeds(
    interface: Interface, port: Port, how: Resizing, size: ImageSize, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = exported(interface, size=size, taken=port, resize=how)
    answered(one, photo, np.eye(3, dtype=np.float32)[:1], monkeypatch)
    shaped = resize(np.asarray(Image.open(photo)), size=size, how=how)[None]
    expected = port.stored(presented(shaped, interface))
    assert Answering.fed.dtype == expected.dtype
    np.testing.assert_array_equal(Answering.fed, expected)


EIGHTHS = replace(SCORES, dtype=np.dtype("uint8"), scale=1 / 256)
OUTPUTS = [
    (CLASSIFIER, SCORES, [0.2, 0.7, 0.1], CLASSES),
    (CLASSIFIER, EIGHTHS, [51, 179, 26], CLASSES),
    (replace(CLASSIFIER, scores="logits"), SCORES, [3.0, -1.0, 5.0], CLASSES),
    (replace(CLASSIFIER, scores="sigmoid"), SCORES, [0.9, 0.3, 0.8], CLASSES),
    (replace(CLASSIFIER, order=(2, 0, 1)), SCORES, [0.2, 0.7, 0.1], CLASSES),
    (replace(CLASSIFIER, order=(4, 1)), replace(SCORES, shape=(1, 6)), [0.0, 0.2, 0.3, 0.1, 0.4, 0.0], ("cat", "dog")),
    (replace(CLASSIFIER, scores="sigmoid"), replace(SCORES, shape=(1, 1)), [0.3], ("cat", "dog")),
    (replace(CLASSIFIER, scores="logits"), replace(SCORES, shape=(1,)), [0.3], ("cat", "dog")),
]


@pytest.mark.parametrize(("interface", "port", "stored", "classes"), OUTPUTS)
def test_the_program_answers_as_a_session_does(
    interface: Interface,
    port: Port,
    stored: list[float],
    classes: tuple[str, ...],
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = np.array(stored, port.dtype).reshape(port.shape)
    _, label, share = answered(exported(interface, given=port, classes=classes), photo, answers, monkeypatch)
    (expected,) = probabilities(port.real(answers), interface, count=1)
    assert label == classes[expected.argmax()]
    assert float(share) == pytest.approx(expected.max(), abs=1e-6)


def test_photos_are_turned_where_the_run_turned_them(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lying = Image.open(photo)
    lying.getexif()[274] = 6
    lying.save(photo.with_suffix(".tiff.png"), exif=lying.getexif())
    one = exported(taken=BYTES, upright=True)
    answered(one, photo.with_suffix(".tiff.png"), np.eye(3, dtype=np.float32)[:1], monkeypatch)
    upright = np.rot90(np.asarray(Image.open(photo)), -1)
    np.testing.assert_array_equal(Answering.fed[0], resize(np.ascontiguousarray(upright), size=SIDE))


def test_the_card_says_what_the_file_takes_and_gives() -> None:
    interface = replace(CLASSIFIER, pixels="-1..1", scores="logits", order=(2, 0, 1), layout="NCHW")
    card = to_card(exported(interface, taken=replace(BYTES, scale=2 / 255, zero_point=128), resize="crop"))
    for fact in ("channels first", "less 1", "logit", "middle", "SHA-256", "top-1"):
        assert fact in card
    assert "round(value / 0.00784314) + 128" in card
    assert to_labels(exported(interface)).split() == ["dog", "owl", "cat"]


def test_random_weights_are_said_first() -> None:
    one = exported()
    random = replace(one, record=replace(one.record, cell=replace(one.record.cell, weights="random")))
    assert "RANDOM WEIGHTS" in to_card(random).split("\n\n")[1]


def test_names_cannot_leave_their_line() -> None:
    one = exported(classes=("cat\nrm", "`dog`", "<b>owl"))
    assert len(to_labels(one).splitlines()) == 3


@pytest.mark.parametrize(("interface", "port"), INPUTS)
@pytest.mark.parametrize("how", RESIZINGS)
def test_the_kotlin_has_as_many_braces_open_as_closed(interface: Interface, port: Port, how: Resizing) -> None:
    text = to_kotlin(exported(interface, taken=port, resize=how))
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")
