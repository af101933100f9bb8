"""Do both sides have the same chances in a process, and is what they show kept apart?"""

import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packages import put
from zoobench.errors import MeasurementError
from zoobench.measure import alternation as replay
from zoobench.measure.alternation import (
    BASELINE,
    CANDIDATE,
    SIDES,
    ProcessObservation,
    ReplayConfig,
    ReplayTarget,
    observe,
    turns,
    uncertainty,
)
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.worker import MODULE

MILLISECOND = 1_000_000
VERSIONS = {"python": "3.12.3", "libraries": {"numpy": "2.1.0"}}
OTHER_VERSIONS = {"python": "3.11.2", "libraries": {"numpy": "1.26.4"}}


class ScriptedWorker:
    """A worker that answers by a table and writes down what it is asked."""

    def __init__(
        self,
        takes: Mapping[str, int],
        peak: int | None,
        answered: int | None = None,
        libraries: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.patience: list[float] = []
        self._takes = takes
        self._peak = peak
        self._answered = answered
        self._libraries = libraries

    def ask(self, request: Mapping[str, Any], *, patience: float) -> dict[str, Any]:
        self.asked.append(request)
        self.patience.append(patience)
        taken = [self._takes[side] for side, _ in request.get("turns", ())][: self._answered]
        answers = {
            "open": {"initialization_seconds": 0.1},
            "turns": {"nanoseconds": taken, "injected_nanoseconds": [7] * len(taken)},
            "peak": {"peak_rss_bytes": self._peak},
            "close": {},
            "import": {"libraries": self._libraries},
        }
        return answers[request["do"]]

    def opened(self) -> list[str]:
        return [request["name"] for request in self.asked if request["do"] == "open"]

    def timed(self) -> list[tuple[str, int]]:
        """Returns the turns that were asked for beside the warm-up."""
        runs = [request["turns"] for request in self.asked if request["do"] == "turns"]
        return [turn for run in runs if run != [run[0]] * replay._WARMUP_TURNS for turn in run]


class Workers:
    """Stands in for starting processes; `started` are the interpreters that were named."""

    def __init__(self, *workers: ScriptedWorker) -> None:
        self.started: list[Path | None] = []
        self.ended = 0
        self._waiting = iter(workers)

    @contextmanager
    def __call__(
        self, module: str, *, python: Path | None = None
    ) -> Iterator[tuple[ScriptedWorker, Mapping[str, Any]]]:
        assert module == MODULE
        self.started.append(python)
        try:
            yield next(self._waiting), OTHER_VERSIONS if python else VERSIONS
        finally:
            self.ended += 1


def a_worker(
    *, baseline: int = 2 * MILLISECOND, candidate: int = 3 * MILLISECOND, peak: int | None = 100, **changes: Any
) -> ScriptedWorker:
    return ScriptedWorker({BASELINE: baseline, CANDIDATE: candidate}, peak, **changes)


def a_subject(**changes: Any) -> ReplayTarget:
    usual: dict[str, Any] = {
        "cell_id": "mobilenet-float32-litert-t1",
        "runtime": "litert",
        "threads": 2,
        "files": {BASELINE: Path("old.tflite"), CANDIDATE: Path("new.tflite")},
        "pixels": Path("pixels.npy"),
        "rows": [5, 7, 9],
    }
    return ReplayTarget(**{**usual, **changes})


def a_config(**changes: Any) -> ReplayConfig:
    rounds = RoundsConfig(seconds=0.1, least=6, most=12)
    return ReplayConfig(**{"rounds": rounds, "sittings": 2, **changes})


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> ScriptedWorker:
    """The one worker that is started."""
    scripted = a_worker()
    monkeypatch.setattr(replay, "worker", Workers(scripted))
    return scripted


rows = st.lists(st.integers(0, 99), max_size=30)
orders = st.sampled_from([SIDES, SIDES[::-1]])


@given(sides=orders, rows=rows)
def test_in_every_round_both_sides_run_on_one_image(sides: Sequence[str], rows: list[int]) -> None:
    taken = list(turns(sides, rows))
    rounds = list(zip(taken[::2], taken[1::2], strict=True))
    assert [row for (_, row), _ in rounds] == rows
    assert all({one[0], other[0]} == set(SIDES) and one[1] == other[1] for one, other in rounds)


@given(sides=orders, rows=rows.filter(lambda rows: len(rows) % 2 == 0))
def test_each_side_is_first_equally_often(sides: Sequence[str], rows: list[int]) -> None:
    first = Counter(side for side, _ in list(turns(sides, rows))[::2])
    assert first[BASELINE] == first[CANDIDATE] == len(rows) / 2


@given(sides=orders, rows=rows)
def test_each_side_follows_itself_and_the_other_alternately(sides: Sequence[str], rows: list[int]) -> None:
    """The order A B B A: what a side left behind in the caches falls on both alike."""
    order = [side for side, _ in turns(sides, rows)]
    assert order == [sides[0], sides[1], sides[1], sides[0]] * (len(rows) // 2) + list(sides) * (len(rows) % 2)


@pytest.mark.parametrize(("index", "first"), [(0, BASELINE), (1, CANDIDATE), (2, BASELINE), (3, CANDIDATE)])
def test_who_is_opened_first_alternates_by_process_and_by_sitting(
    monkeypatch: pytest.MonkeyPatch, index: int, first: str
) -> None:
    scripted = a_worker()
    monkeypatch.setattr(replay, "worker", Workers(scripted))
    observe(a_subject(), index=index, config=a_config(sittings=4))
    one, other = SIDES if first == BASELINE else SIDES[::-1]
    assert scripted.opened() == [one, other, other, one] * 2


def test_a_file_is_opened_by_its_runtime_on_its_threads(alone: ScriptedWorker) -> None:
    observe(a_subject(), index=0, config=a_config())
    expected = {"do": "open", "name": BASELINE, "path": "old.tflite", "runtime": "litert", "threads": 2}
    assert alone.asked[0] == expected


def test_what_is_opened_is_closed_before_it_is_opened_anew(alone: ScriptedWorker) -> None:
    observe(a_subject(), index=0, config=a_config())
    steps = [request["do"] for request in alone.asked if request["do"] in ("open", "close")]
    assert steps == ["open", "open", "close", "close"] * 2


@given(milliseconds=st.integers(1, 50), sittings=st.integers(1, 5), least=st.integers(1, 40), more=st.integers(0, 40))
def test_the_rounds_of_every_sitting_are_even_and_enough(
    milliseconds: int, sittings: int, least: int, more: int
) -> None:
    rounds = RoundsConfig(seconds=0.5, least=least, most=least + more)
    config = a_config(rounds=rounds, sittings=sittings)
    scripted = a_worker(baseline=milliseconds * MILLISECOND, candidate=milliseconds * MILLISECOND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "worker", Workers(scripted))
        found = observe(a_subject(), index=0, config=config)
    seen = len(found.baseline_seconds)
    assert seen == len(found.candidate_seconds)
    assert seen % (2 * sittings) == 0
    assert least <= seen < least + more + 2 * sittings


def test_samples_go_on_from_sitting_to_sitting_and_begin_anew_after_the_last(alone: ScriptedWorker) -> None:
    observe(a_subject(), index=0, config=a_config())
    timed = alone.timed()
    assert [row for side, row in timed if side == BASELINE] == [5, 7, 9] * 4
    assert [row for side, row in timed if side == CANDIDATE] == [5, 7, 9] * 4


def test_the_warm_up_is_not_among_what_was_observed(alone: ScriptedWorker) -> None:
    found = observe(a_subject(), index=0, config=a_config())
    assert len(found.baseline_seconds) == len(alone.timed()) / 2 == 12


def test_what_was_observed_is_told_by_side(alone: ScriptedWorker) -> None:  # noqa: ARG001
    found = observe(a_subject(), index=1, config=a_config())
    assert set(found.baseline_seconds) == {0.002}
    assert set(found.candidate_seconds) == {0.003}
    assert found.ratio == pytest.approx(1.5)
    assert found.versions == {BASELINE: VERSIONS, CANDIDATE: VERSIONS}


@pytest.mark.parametrize("index", [0, 1])
def test_the_peak_of_memory_is_that_of_the_side_which_is_opened_first(alone: ScriptedWorker, index: int) -> None:
    assert observe(a_subject(), index=index, config=a_config()).peak_rss_bytes == {SIDES[index]: 100}
    kinds = [request["do"] for request in alone.asked]
    assert kinds.count("peak") == 1
    assert kinds.index("peak") < alone.asked.index(
        next(one for one in alone.asked if one.get("name") == SIDES[1 - index])
    )


def test_a_peak_that_the_system_does_not_tell_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "worker", Workers(a_worker(peak=None)))
    assert observe(a_subject(), index=0, config=a_config()).peak_rss_bytes == {}


def test_two_workers_take_turns_where_the_interpreters_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    candidate, baseline = a_worker(peak=300), a_worker(peak=200)
    workers = Workers(candidate, baseline)
    monkeypatch.setattr(replay, "worker", workers)
    found = observe(a_subject(), index=0, config=a_config(baseline_python=Path("old/python")))
    assert workers.started == [None, Path("old/python")]
    assert workers.ended == 2
    assert {side for side, _ in candidate.timed()} == {CANDIDATE}
    assert {side for side, _ in baseline.timed()} == {BASELINE}
    assert found.peak_rss_bytes == {BASELINE: 200, CANDIDATE: 300}
    assert found.versions == {BASELINE: OTHER_VERSIONS, CANDIDATE: VERSIONS}
    assert len(found.baseline_seconds) == len(found.candidate_seconds) == 12


class UnsteadyWorker(ScriptedWorker):
    """A worker whose candidate takes 1 and 9 ms in turn, until a number of files have been opened."""

    def __init__(self, *, until: int) -> None:
        super().__init__({BASELINE: MILLISECOND, CANDIDATE: MILLISECOND}, None)
        self._until = until

    def ask(self, request: Mapping[str, Any], *, patience: float) -> dict[str, Any]:
        answer = super().ask(request, patience=patience)
        if request["do"] == "turns" and len(self.opened()) <= self._until:
            for place, (side, row) in enumerate(request["turns"]):
                answer["nanoseconds"][place] *= 9 if side == CANDIDATE and row == 7 else 1
        return answer


@pytest.mark.parametrize(("until", "sittings"), [(0, 2), (2, 3), (99, 6)])
def test_a_process_goes_on_sitting_while_its_rounds_disagree(
    monkeypatch: pytest.MonkeyPatch, until: int, sittings: int
) -> None:
    scripted = UnsteadyWorker(until=until)
    monkeypatch.setattr(replay, "worker", Workers(scripted))
    found = observe(a_subject(rows=[5, 7], precision=0.01), index=0, config=a_config())
    assert len(scripted.opened()) == 2 * sittings
    assert (found.uncertainty <= 0.01) is (sittings < 6)


def test_rounds_that_disagree_are_taken_as_they_come_where_no_precision_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripted = UnsteadyWorker(until=99)
    monkeypatch.setattr(replay, "worker", Workers(scripted))
    observe(a_subject(rows=[5, 7]), index=0, config=a_config())
    assert len(scripted.opened()) == 4


def test_the_uncertainty_is_half_the_notch_of_a_box_plot() -> None:
    """Log ratios 0, 1, 2, 3, 4: quartiles 1 and 3, so 1.57 * 2 / sqrt(5)."""
    assert uncertainty([1.0] * 5, [math.exp(one) for one in range(5)]) == pytest.approx(1.57 * 2 / math.sqrt(5))


def test_of_three_rounds_nothing_is_sure() -> None:
    assert uncertainty([1.0] * 3, [1.0] * 3) == math.inf


@given(st.lists(st.floats(0.1, 10), min_size=4, max_size=20), st.floats(0.5, 2))
def test_a_slow_down_as_such_makes_nothing_less_certain(ratios: list[float], factor: float) -> None:
    """So that processes which do not count are not chosen by what they would have said."""
    before = uncertainty([1.0] * len(ratios), ratios)
    assert uncertainty([1.0] * len(ratios), [factor * one for one in ratios]) == pytest.approx(before, abs=1e-12)
    assert uncertainty(ratios, [1.0] * len(ratios)) == pytest.approx(before, abs=1e-12)


def test_only_the_candidate_is_slowed_down(alone: ScriptedWorker) -> None:
    found = observe(a_subject(), index=0, config=a_config(slowdown=0.1))
    assert all(one["slowdown"] == {CANDIDATE: 0.1} for one in alone.asked if one["do"] == "turns")
    assert found.injected_seconds == (7e-9,) * len(found.candidate_seconds)


def test_a_worker_is_given_twenty_times_what_its_turns_should_take(alone: ScriptedWorker) -> None:
    observe(a_subject(), index=0, config=a_config())
    place = next(i for i, one in enumerate(alone.asked) if len(one.get("turns", ())) == 12)
    turn_seconds = 2 * median([0.002, 0.003])
    assert alone.patience[place] == pytest.approx(20 + 20 * 12 * turn_seconds)


def test_a_worker_that_answers_less_than_it_was_asked_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers(a_worker(answered=2))
    monkeypatch.setattr(replay, "worker", workers)
    with pytest.raises(MeasurementError, match="answered 2 of 3 turns"):
        observe(a_subject(), index=0, config=a_config())
    assert workers.ended == 1


def test_a_runtime_that_cannot_be_replayed_is_named_before_anything_is_started(alone: ScriptedWorker) -> None:
    with pytest.raises(MeasurementError, match=r"cannot be replayed here: unknown runtime: abacus; known are litert"):
        observe(a_subject(runtime="abacus"), index=0, config=a_config())
    assert alone.asked == []


@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)), min_size=1, max_size=20), st.floats(0.5, 2))
def test_a_candidate_that_is_slower_throughout_has_that_ratio(pairs: list[tuple[float, float]], factor: float) -> None:
    def ratio(scale: float) -> float:
        return ProcessObservation(
            baseline_seconds=tuple(before for before, _ in pairs),
            candidate_seconds=tuple(scale * after for _, after in pairs),
            peak_rss_bytes={},
            injected_seconds=(),
            versions={},
        ).ratio

    assert ratio(factor) == pytest.approx(factor * ratio(1.0))


@pytest.mark.slow
@pytest.mark.parametrize("baseline_python", [None, Path(sys.executable)], ids=["one process", "two processes"])
def test_real_files_are_replayed_and_a_slow_down_of_a_half_is_seen(
    tmp_path: Path, baseline_python: Path | None
) -> None:
    import modelfiles  # TensorFlow

    path = tmp_path / "model.tflite"
    path.write_bytes(modelfiles.labelled("float32"))
    np.save(tmp_path / "pixels.npy", np.random.default_rng(0).integers(0, 256, (4, 24, 24, 3), dtype=np.uint8))
    subject = a_subject(files={BASELINE: path, CANDIDATE: path}, pixels=tmp_path / "pixels.npy", rows=[0, 1, 2, 3])
    found = observe(subject, index=0, config=ReplayConfig(slowdown=0.5, baseline_python=baseline_python))
    assert len(found.baseline_seconds) == len(found.candidate_seconds) == 40
    assert min(found.baseline_seconds) > 0
    assert found.ratio > 1.2
    assert min(found.injected_seconds) > 0
    assert set(found.peak_rss_bytes) == ({BASELINE} if baseline_python is None else set(SIDES))
    assert min(found.peak_rss_bytes.values()) > 1 << 20


FAST = """from zoobench.matrix.runtimes import Runtime
FAST = Runtime(
    name="fast", module="fast_sessions", packages=(), libraries=(), install="fast", replay_seconds=0.5, sittings=3,
    settles=False,
)"""


@pytest.fixture
def fast(beside_us: Path) -> None:
    """A package that adds the runtime `fast`."""
    entry_points = {"zoobench.runtimes": "fast = fast_runtime:FAST"}
    put(beside_us, "zoobench-fast", entry_points=entry_points, modules={"fast_runtime.py": FAST})


@pytest.mark.usefixtures("fast")
def test_a_runtime_that_a_package_adds_is_replayed_as_it_says(alone: ScriptedWorker) -> None:
    found = observe(a_subject(runtime="fast"), index=0, config=ReplayConfig())
    assert len(alone.opened()) == 2 * 3
    assert len(found.baseline_seconds) == 3 * 14  # 40 rounds, as half a second allows, shared by three sittings, even
    assert not any(one["settle"] for one in alone.asked if one["do"] == "turns")


@pytest.mark.usefixtures("fast")
def test_the_versions_of_a_package_that_adds_the_runtime_are_those_of_each_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripted = [a_worker(libraries={"zoobench-fast": version}) for version in ("1.1", "1.0")]
    monkeypatch.setattr(replay, "worker", Workers(*scripted))
    config = ReplayConfig(baseline_python=Path("python"))
    found = observe(a_subject(runtime="fast"), index=0, config=config)
    assert {side: found.versions[side]["libraries"] for side in SIDES} == {
        BASELINE: {"numpy": "1.26.4", "zoobench-fast": "1.0"},
        CANDIDATE: {"numpy": "2.1.0", "zoobench-fast": "1.1"},
    }
