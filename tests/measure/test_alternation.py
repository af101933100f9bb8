"""Do both sides have the same chances in a process, and is what they show kept apart?"""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measuring import OTHER_VERSIONS, VERSIONS, ScriptedWorker, Workers, a_target
from packages import put
from zoobench.errors import MeasurementError
from zoobench.matrix.runtimes import RUNTIMES
from zoobench.measure import alternation as replay
from zoobench.measure import worker
from zoobench.measure.alternation import (
    BASELINE,
    CANDIDATE,
    SIDES,
    Pair,
    ProcessObservation,
    observe,
    turns,
    uncertainty,
)

MILLISECOND = 1_000_000


def a_worker(
    *, baseline: int = 2 * MILLISECOND, candidate: int = 3 * MILLISECOND, peak: int | None = 100, **changes: Any
) -> ScriptedWorker:
    return ScriptedWorker({BASELINE: baseline, CANDIDATE: candidate}, {"peak_rss_bytes": peak}, **changes)


def a_pair(files: Sequence[str] = ("baseline.tflite", "candidate.tflite"), **changes: Any) -> Pair:
    return {side: a_target(Path(file), **changes) for side, file in zip(SIDES, files, strict=True)}


def opened(scripted: ScriptedWorker) -> list[str]:
    return [request["name"] for request in scripted.those("open")]


def timed(scripted: ScriptedWorker) -> list[tuple[str, int]]:
    """Returns the turns that were asked for beside the warm-up."""
    runs = [request["turns"] for request in scripted.those("turns")]
    return [turn for run in runs if run != [run[0]] * replay._WARMUP_TURNS for turn in run]


Starting = Callable[..., Workers]


@pytest.fixture
def starting(monkeypatch: pytest.MonkeyPatch) -> Starting:
    """Has processes be scripted ones, that sit twice and then have taken 12 rounds of 2 + 3 ms, each settled."""
    monkeypatch.setitem(RUNTIMES, "litert", replace(RUNTIMES["litert"], sittings=2, replay_seconds=0.1201))
    return partial(Workers.replacing, monkeypatch)


@pytest.fixture
def alone(starting: Starting) -> ScriptedWorker:
    """The one worker that is started."""
    scripted = a_worker()
    starting(scripted)
    return scripted


rows = st.lists(st.integers(0, 99), max_size=30)
orders = st.sampled_from([SIDES, SIDES[::-1]])


@given(sides=orders, rows=rows)
def test_in_every_round_both_sides_run_on_one_image_and_each_follows_itself_and_the_other_alternately(
    sides: Sequence[str], rows: list[int]
) -> None:
    """The order A B B A: what a side left behind in the caches falls on both alike, and each is first equally often."""
    taken = list(turns(sides, rows))
    order = [sides[0], sides[1], sides[1], sides[0]] * (len(rows) // 2) + list(sides) * (len(rows) % 2)
    assert taken == list(zip(order, [row for row in rows for _ in SIDES], strict=True))


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_who_is_opened_first_alternates_by_process_and_by_sitting(alone: ScriptedWorker, index: int) -> None:
    observe(a_pair(), index=index)
    one, other = SIDES if index % 2 == 0 else SIDES[::-1]
    assert opened(alone) == [one, other, other, one]
    steps = [request["do"] for request in alone.asked if request["do"] in ("open", "close")]
    assert steps == ["open", "open", "close", "close"] * 2
    expected = {"do": "open", "name": one, "path": f"{one}.tflite", "runtime": "litert", "threads": 2}
    assert alone.those("open")[0] == expected


@given(milliseconds=st.integers(1, 50), sittings=st.integers(1, 5))
def test_the_rounds_of_every_sitting_are_even_and_enough(milliseconds: int, sittings: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RUNTIMES, "litert", replace(RUNTIMES["litert"], sittings=sittings, replay_seconds=0.8))
        patch.setattr(
            worker,
            "worker",
            Workers(a_worker(baseline=milliseconds * MILLISECOND, candidate=milliseconds * MILLISECOND)),
        )
        found = observe(a_pair(), index=0)
    seen = len(found.baseline_seconds)
    assert seen == len(found.candidate_seconds)
    assert seen % (2 * sittings) == 0
    usual = min(40, max(8, 0.8 / (4 * milliseconds / 1000)))  # each side settles and is timed
    assert int(usual) <= seen < usual + 2 * sittings


def test_samples_go_on_from_sitting_to_sitting_and_begin_anew_after_the_last(alone: ScriptedWorker) -> None:
    found = observe(a_pair(rows=[5, 7, 9, 11]), index=0)
    for side in SIDES:
        assert [row for one, row in timed(alone) if one == side] == [5, 7, 9, 11] * 3
    assert len(found.baseline_seconds) == len(timed(alone)) / 2 == 12, "the warm-up is not among them"


def test_what_was_observed_is_told_by_side(alone: ScriptedWorker) -> None:
    found = observe(a_pair(), index=1, slowdown=0.1)
    assert set(found.baseline_seconds) == {0.002}
    assert set(found.candidate_seconds) == {0.003}
    assert found.ratio == pytest.approx(1.5)
    assert found.versions == {BASELINE: VERSIONS, CANDIDATE: VERSIONS}
    assert all(one["slowdown"] == {CANDIDATE: 0.1} for one in alone.those("turns"))
    assert found.injected_seconds == (7e-9,) * 12


@pytest.mark.parametrize("index", [0, 1])
def test_the_peak_of_memory_is_that_of_the_side_which_is_opened_first(alone: ScriptedWorker, index: int) -> None:
    assert observe(a_pair(), index=index).peak_rss_bytes == {SIDES[index]: 100}
    kinds = [request["do"] for request in alone.asked]
    assert kinds.count("footprint") == 1
    assert kinds.index("footprint") < alone.asked.index(alone.those("open")[1])


def test_a_peak_that_the_system_does_not_tell_is_left_out(starting: Starting) -> None:
    starting(a_worker(peak=None))
    assert observe(a_pair(), index=0).peak_rss_bytes == {}


def test_two_workers_take_turns_where_the_interpreters_differ(starting: Starting) -> None:
    candidate, baseline = a_worker(peak=300), a_worker(peak=200)
    workers = starting(candidate, baseline)
    found = observe(a_pair(), index=0, baseline_python=Path("old/python"))
    assert workers.steps == [None, Path("old/python"), "end", "end"]
    assert {side for side, _ in timed(candidate)} == {CANDIDATE}
    assert {side for side, _ in timed(baseline)} == {BASELINE}
    assert found.peak_rss_bytes == {BASELINE: 200, CANDIDATE: 300}
    assert found.versions == {BASELINE: OTHER_VERSIONS, CANDIDATE: VERSIONS}
    assert len(found.baseline_seconds) == len(found.candidate_seconds) == 12


class UnsteadyWorker(ScriptedWorker):
    """A worker whose candidate takes 1 and 9 ms in turn, until a number of files have been opened."""

    def __init__(self, *, until: int) -> None:
        super().__init__({BASELINE: MILLISECOND, CANDIDATE: MILLISECOND})
        self._until = until

    def ask(self, request: Mapping[str, Any], *, patience: float) -> dict[str, Any]:
        answer = super().ask(request, patience=patience)
        if request["do"] == "turns" and len(self.those("open")) <= self._until:
            for place, (side, row) in enumerate(request["turns"]):
                answer["nanoseconds"][place] *= 9 if side == CANDIDATE and row == 7 else 1
        return answer


@pytest.mark.parametrize(
    ("until", "precision", "sittings"), [(0, 0.01, 2), (2, 0.01, 3), (99, 0.01, 6), (99, math.inf, 2)]
)
def test_a_process_goes_on_sitting_while_its_rounds_disagree_by_more_than_is_asked_for(
    starting: Starting, until: int, precision: float, sittings: int
) -> None:
    scripted = UnsteadyWorker(until=until)
    starting(scripted)
    found = observe(a_pair(rows=[5, 7]), index=0, precision=precision)
    assert len(opened(scripted)) == 2 * sittings
    assert (found.uncertainty <= precision) is (sittings < 6)


def test_the_uncertainty_is_half_the_notch_of_a_box_plot() -> None:
    """Log ratios 0, 1, 2, 3, 4: quartiles 1 and 3, so 1.57 * 2 / sqrt(5)."""
    assert uncertainty([1.0] * 5, [math.exp(one) for one in range(5)]) == pytest.approx(1.57 * 2 / math.sqrt(5))
    assert uncertainty([1.0] * 3, [1.0] * 3) == math.inf, "three rounds have no quartiles"


@given(st.lists(st.floats(0.1, 10), min_size=4, max_size=20), st.floats(0.5, 2))
def test_a_slow_down_as_such_makes_nothing_less_certain(ratios: list[float], factor: float) -> None:
    """So that processes which do not count are not chosen by what they would have said."""
    before = uncertainty([1.0] * len(ratios), ratios)
    assert uncertainty([1.0] * len(ratios), [factor * one for one in ratios]) == pytest.approx(before, abs=1e-12)
    assert uncertainty(ratios, [1.0] * len(ratios)) == pytest.approx(before, abs=1e-12)


def test_a_worker_is_given_twenty_times_what_its_turns_should_take(alone: ScriptedWorker) -> None:
    observe(a_pair(), index=0)
    place = next(i for i, one in enumerate(alone.asked) if len(one.get("turns", ())) == 12)
    assert alone.patience[place] == pytest.approx(20 + 20 * 12 * 2 * median([0.002, 0.003]))


def test_a_worker_that_answers_less_than_it_was_asked_is_told(starting: Starting) -> None:
    workers = starting(a_worker(answered=2))
    with pytest.raises(MeasurementError, match="answered 2 of 3 turns"):
        observe(a_pair(), index=0)
    assert workers.steps == [None, "end"]


def test_a_runtime_that_cannot_be_replayed_is_named_before_anything_is_started(starting: Starting) -> None:
    workers = starting()
    with pytest.raises(MeasurementError, match=r"cannot be replayed here: unknown runtime: abacus; known are litert"):
        observe(a_pair(runtime="abacus"), index=0)
    assert workers.steps == []


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
    pair = a_pair((str(path), str(path)), rows=[0, 1, 2, 3])
    found = observe(pair, index=0, slowdown=0.5, baseline_python=baseline_python)
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
    found = observe(a_pair(runtime="fast"), index=0)
    assert len(opened(alone)) == 2 * 3
    assert len(found.baseline_seconds) == 3 * 14  # 40 rounds, as half a second allows, shared by three sittings, even
    assert not any(one["settle"] for one in alone.those("turns"))


@pytest.mark.usefixtures("fast")
def test_the_versions_of_a_package_that_adds_the_runtime_are_those_of_each_side(starting: Starting) -> None:
    starting(*(a_worker(libraries={"zoobench-fast": version}) for version in ("1.1", "1.0")))
    found = observe(a_pair(runtime="fast"), index=0, baseline_python=Path("python"))
    assert {side: found.versions[side]["libraries"] for side in SIDES} == {
        BASELINE: {"numpy": "1.26.4", "zoobench-fast": "1.0"},
        CANDIDATE: {"numpy": "2.1.0", "zoobench-fast": "1.1"},
    }
