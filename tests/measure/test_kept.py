"""Does an evaluation come back as it was, and is anything else refused?"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoobench.errors import MeasurementError
from zoobench.measure.accuracy import Evaluation, scored
from zoobench.measure.kept import load_evaluation, save_evaluation

TRUTH = np.array([0, 1, 1])


def an_evaluation(**changes: Any) -> Evaluation:
    answers = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], np.float32)
    return scored(answers, TRUTH, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_evaluation(tmp_path / "evaluation.npz", an_evaluation())
    return tmp_path / "evaluation.npz"


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path) as archive:
        return dict(archive)


def refusal(path: Path) -> str:
    with pytest.raises(MeasurementError) as caught:
        load_evaluation(path, truth=TRUTH)
    assert str(caught.value).startswith(f"{path} ")
    assert str(caught.value).endswith("; remove its folder and run again")
    return str(caught.value)


def assert_equal(one: Evaluation, other: Evaluation) -> None:
    for name in ("predicted", "probability", "truth"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).dtype == getattr(other, name).dtype
    assert one.loss == other.loss


def test_an_evaluation_comes_back_as_it_was(path: Path) -> None:
    back = load_evaluation(path, truth=TRUTH)
    assert_equal(back, an_evaluation())
    assert back.invocation_seconds is None
    assert (back.correct, back.total) == (2, 3)


def test_times_come_back_where_there_are_any(tmp_path: Path) -> None:
    seconds = np.array([0.1, 0.2, 0.3])
    save_evaluation(tmp_path / "timed.npz", an_evaluation(invocation_seconds=seconds))
    back = load_evaluation(tmp_path / "timed.npz", truth=TRUTH)
    assert back.invocation_seconds is not None
    np.testing.assert_array_equal(back.invocation_seconds, seconds)


def test_equal_evaluations_give_equal_bytes(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    save_evaluation(tmp_path / "again.npz", an_evaluation())
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_an_evaluation_of_other_samples_is_refused(path: Path) -> None:
    np.savez(path, **arrays(path) | {"truth": np.array([1, 1, 1])})
    assert "their labels are others" in refusal(path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"predicted": np.array([0, 1])}, "predicted is int64 (2,), not int64 (3,)"),
        ({"predicted": np.array([0.0, 1.0, 1.0])}, "predicted is float64 (3,), not int64 (3,)"),
        ({"probability": np.zeros((3, 1), np.float32)}, "probability is float32 (3, 1), not float32 (3,)"),
        ({"loss": np.zeros(1)}, "the loss is float64 (1,), not one number"),
        ({"loss": np.int64(1)}, "the loss is int64 (), not one number"),
        ({"more": np.zeros(1)}, "it holds loss, more, predicted, probability, truth"),
    ],
)
def test_arrays_of_another_shape_or_kind_are_refused(path: Path, changes: dict[str, Any], reason: str) -> None:
    np.savez(path, **arrays(path) | changes)
    assert reason in refusal(path)


@pytest.mark.parametrize("name", ["predicted", "probability", "truth", "loss"])
def test_a_missing_array_is_refused(path: Path, name: str) -> None:
    kept = arrays(path)
    del kept[name]
    np.savez(path, **kept)
    assert "it holds " in refusal(path)


def test_pickled_objects_are_refused(path: Path) -> None:
    np.savez(path, **arrays(path) | {"truth": np.array([{}, {}, {}], object)})
    assert "cannot be read (Object arrays cannot be loaded" in refusal(path)


def test_a_single_array_is_refused(path: Path) -> None:
    with path.open("wb") as handle:
        np.save(handle, TRUTH)
    assert "cannot be read (it is no .npz archive)" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"what is this?", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "cannot be read (" in refusal(path)


def test_a_missing_file_is_refused(path: Path) -> None:
    path.unlink()
    assert "cannot be read ([Errno 2]" in refusal(path)


def test_an_empty_archive_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass
    assert "it holds nothing" in refusal(path)
