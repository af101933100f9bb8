"""Are files and images found or the reason told, and workers that fail started once more and never left behind?"""

import math
import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from fakes import a_record, write_results_file
from measuring import a_target
from zoobench.errors import DataError, MeasurementError, ModelError, UsageError
from zoobench.measure.alternation import BASELINE, CANDIDATE, SIDES, Pair, ProcessObservation
from zoobench.measure.target import Samples
from zoobench.results.run import Run, read_recorded
from zoobench.run import replay
from zoobench.run.replay import Replayed, find_samples, find_subjects, replay_cells
from zoobench.stats.sequential import Rates
from zoobench.system import keeper
from zoobench.system.processes import Worker

Outcome = ProcessObservation | BaseException


A, B = "a-float32-litert-t2", "b-float32-litert-t2"


def a_subject(backbone: str = "a", *, path: Path = Path("model.tflite")) -> Pair:
    return dict.fromkeys(SIDES, a_target(path, rows=[0], backbone=backbone))


def observed(ratio: float, peaks: dict[str, int] | None = None, *, spread: float = 0.0) -> ProcessObservation:
    """Returns what a process saw whose rounds had this ratio, give or take a spread."""
    return ProcessObservation(
        baseline_seconds=(0.010,) * 4,
        candidate_seconds=tuple(0.010 * ratio * math.exp(spread * one) for one in (-1, -1, 1, 1)),
        peak_rss_bytes=peaks or {},
        injected_seconds=(0.0,) * 4,
        versions={},
    )


class Script:
    """What processes come to, in the order in which they are started; then all see no change."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.started: list[tuple[str, int]] = []
        self._outcomes = iter(outcomes)

    def __call__(self, subject: Pair, *, index: int, **_: object) -> ProcessObservation:
        self.started.append((subject[CANDIDATE].cell.id, index))
        outcome = next(self._outcomes, None) or observed([1.001, 0.999][index % 2])
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def run(self, *subjects: Pair, seconds: float = 60) -> dict[str, Replayed]:
        return replay_cells(
            subjects,
            {subject[CANDIDATE].cell.id: 0.05 for subject in subjects},
            rates=Rates(),
            seconds=seconds,
            clock=lambda: 0.0,
            observe_once=self,
        )


def test_what_processes_saw_is_kept_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    peaks = ({BASELINE: 1}, {CANDIDATE: 2}, {BASELINE: 3})
    seen = Script(*map(observed, (1.2, 1.1, 1.0), peaks)).run(a_subject())[A]
    assert seen.log_ratios[:2] == pytest.approx((math.log(1.2), math.log(1.1)))
    assert seen.medians[0][:2] == (0.010, 0.010)
    assert seen.medians[1][:2] == pytest.approx((0.012, 0.011))
    assert seen.peaks == ((1, 3), (2,))
    assert (seen.retries, seen.failure, seen.disturbed) == ([], "", 0)
    assert capsys.readouterr().err.startswith("Replaying: ")


DIED = MeasurementError("it died"), MeasurementError("it died again")


@pytest.mark.parametrize(
    ("outcomes", "indices", "retries", "failure", "disturbed", "kept"),
    [
        ((observed(1.001), DIED[0]), [0, 1, 1, 2, 3, 4, 5], ["it died"], "", 0, 6),
        (DIED, [0, 0], ["it died"], "it died again", 0, 0),
        ((observed(1.5, spread=0.1),), [0, 0, 1, 2, 3, 4, 5], [], "", 1, 6),
    ],
    ids=["fails once", "fails twice", "disturbed"],
)
def test_a_process_that_fails_or_was_disturbed_is_repeated_once_and_that_is_told(
    outcomes: tuple[Outcome, ...], indices: list[int], retries: list[str], failure: str, disturbed: int, kept: int
) -> None:
    script = Script(*outcomes)
    seen = script.run(a_subject())[A]
    assert [index for _, index in script.started] == indices
    assert (seen.retries, seen.failure, seen.disturbed, len(seen.observations)) == (retries, failure, disturbed, kept)
    assert max(seen.log_ratios, default=0) < 0.01


def test_a_process_that_fails_is_not_repeated_where_no_seconds_are_left_for_it() -> None:
    script = Script(*DIED)
    seen = script.run(a_subject(), seconds=0)[A]
    assert (len(script.started), seen.retries, seen.failure) == (1, [], "it died")


def test_the_other_cells_go_on_when_one_is_given_up() -> None:
    seen = Script(*DIED).run(a_subject("a"), a_subject("b"))
    assert seen[A].failure == "it died again"
    assert (seen[B].failure, len(seen[B].observations)) == ("", 6)


def test_an_error_that_is_not_ours_is_not_a_failed_measurement() -> None:
    with pytest.raises(LookupError):
        Script(LookupError("a mistake of ours")).run(a_subject())


def test_ctrl_c_ends_the_replay() -> None:
    script = Script(observed(1.0), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        script.run(a_subject("a"), a_subject("b"))
    assert script.started == [(A, 0), (B, 0)]


def children() -> set[psutil.Process]:
    keeper._keeper(os.getpid())  # which is one of them from its first use on
    return set(psutil.Process().children(recursive=True))


def replayed(subject: Pair) -> Replayed:
    return replay_cells([subject], {A: 0.05}, rates=Rates(), seconds=60)[A]


def test_a_file_that_does_not_run_is_given_up_and_leaves_no_process_behind(tmp_path: Path) -> None:
    before, path = children(), tmp_path / "model.tflite"
    path.write_bytes(b"no model")
    np.save(tmp_path / "pixels.npy", np.zeros((1, 2, 2, 3), np.uint8))
    assert "cannot open" in replayed(a_subject(path=path)).failure
    assert children() <= before


def test_ctrl_c_while_a_worker_is_at_work_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker waits at a pipe that nobody writes into, as in a long inference; then Ctrl-C comes."""
    os.mkfifo(tmp_path / "never.tflite")
    ask, before = Worker.ask, children()

    def interrupted(running: Worker, request: Mapping[str, Any], *, patience: float) -> dict[str, Any]:
        assert len(children() - before) == 1
        if request["do"] == "open":
            threading.Timer(0.05, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()
        return ask(running, request, patience=patience)

    monkeypatch.setattr(Worker, "ask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replayed(a_subject(path=tmp_path / "never.tflite"))
    assert children() <= before


CELL = a_record().cell
SAMPLES = Samples(path=Path("pixels.npy"), rows=np.array([4, 2]), labels=np.array([0, 0]))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return read_recorded(write_results_file(tmp_path / "run.json", a_record()))


def found(run: Run, *, samples: Mapping[int, Samples]) -> tuple[list[Pair], list[str], list[str]]:
    (record,) = run.records.values()
    sides = dict.fromkeys(SIDES, run)
    pairs = [dict.fromkeys(SIDES, record)]
    return find_subjects(sides, pairs, samples, artifacts=run.path.parent, baseline_models=None)


def test_a_cell_whose_files_and_images_are_there_is_replayed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "find_models", lambda *_, **__: {"ab" * 32: Path("m.tflite")})
    (subject,), reasons, notes = found(run, samples={CELL.image_size: SAMPLES})
    assert [subject[side].file.path for side in SIDES] == [Path("m.tflite")] * 2
    assert all(one.samples is SAMPLES and one.cell.id == CELL.id for one in subject.values())
    assert (reasons, notes) == ([], [])
    assert found(run, samples={})[:2] == ([], [f"{CELL.id}: the images cannot be had"])


def test_what_is_gone_is_made_again_by_the_name_that_it_was_measured_under(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(replay, "rebuild", lambda missing, *_, **__: asked.extend(one.cell.id for one in missing) or {})
    (record,) = run.records.values()
    renamed = replace(record, cell=replace(record.cell, id=f"new-{record.cell.id}", backbone="new"))
    find_subjects(
        dict.fromkeys(SIDES, run), [dict.fromkeys(SIDES, renamed)], {}, artifacts=run.path.parent, baseline_models=None
    )
    assert asked == [CELL.id]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ModelError("TensorFlow is another"), "TensorFlow is another"),
        (DataError("no photos"), "no photos"),
        (UsageError("no such weights"), "no such weights"),
        (ModuleNotFoundError("No module", name="tensorflow"), "tensorflow is not installed"),
    ],
)
def test_files_that_cannot_be_made_again_are_told_with_the_reason(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def refuse(*_: object, **__: object) -> dict[str, Path]:
        raise error

    monkeypatch.setattr(replay, "rebuild", refuse)
    assert found(run, samples={CELL.image_size: SAMPLES})[1] == [
        f"{CELL.id}: the baseline's file and the candidate's file cannot be had",
        f"the baseline's files cannot be made again: {told}",
    ]


def test_images_that_no_side_has_are_no_samples(run: Run, tmp_path: Path) -> None:
    sides = dict.fromkeys(SIDES, run)
    assert find_samples(sides, [CELL.image_size], artifacts=tmp_path, images=None, workplace=tmp_path) == {}
