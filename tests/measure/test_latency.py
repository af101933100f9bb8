"""Does each round time the cell beside its float twin, on one sample, in the promised order?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import MILLISECOND, FakeClock, ScriptedSession, opening, write_samples
from measuring import a_target
from zoobench.measure import latency
from zoobench.measure.disturbance import Sampler
from zoobench.measure.latency import WARMUP_ROUNDS, Interleaving, RoundsConfig, opened, recorded_latency
from zoobench.results.schema import Speedup

ANSWERS = np.zeros((3, 2))


class Scene:
    """The rounds of two sessions whose invocations take these milliseconds in turn, and none after them.

    Attributes:
        log: What was asked of both sessions, in order.
    """

    def __init__(self, folder: Path, *, cell: tuple[int, ...] = (), twin: tuple[int, ...] = ()) -> None:
        self.clock, self.log = FakeClock(), list[str]()
        sessions = {
            name: self.session(name, *(one * MILLISECOND for one in durations))
            for name, durations in (("cell", cell), ("twin", twin))
        }
        self.rounds = Interleaving(**sessions, samples=write_samples(folder, [0, 1, 0]), clock=self.clock)

    def session(self, name: str, *durations: int) -> ScriptedSession:
        return ScriptedSession(ANSWERS, name=name, log=self.log, clock=self.clock, durations=durations)

    def timed(self, count: int) -> list[int]:
        """Runs rounds as `benchmark.pedantic` does and returns what its clock shows, in milliseconds."""
        shown = []
        for _ in range(count):
            self.rounds.before()
            began = self.clock()
            self.rounds.invoke()
            shown.append((self.clock() - began) // MILLISECOND)
            self.rounds.after()
        return shown


def test_rounds_alternate_and_settle_where_the_model_changes(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.timed(4)
    assert scene.log == [
        *("cell.load(0)", "twin.load(0)"),
        *("twin.invoke", "twin.invoke"),  # settles, is timed
        *("cell.invoke", "cell.invoke"),  # settles, is timed
        *("cell.load(1)", "twin.load(1)"),
        "cell.invoke",  # is timed: the cell ran last
        *("twin.invoke", "twin.invoke"),  # settles, is timed
        *("cell.load(2)", "twin.load(2)"),
        "twin.invoke",  # is timed: the twin ran last
        *("cell.invoke", "cell.invoke"),  # settles, is timed
        *("cell.load(0)", "twin.load(0)"),  # from the first sample again
        "cell.invoke",
        *("twin.invoke", "twin.invoke"),
    ]


def test_settling_is_on_nobodys_clock(tmp_path: Path) -> None:
    scene = Scene(tmp_path, cell=(90, 10, 11, 90, 12, 13), twin=(90, 1, 90, 2, 3, 90, 4))
    assert scene.timed(4) == [10, 11, 12, 13]
    assert scene.rounds.twin_seconds == [0.001, 0.002, 0.003, 0.004]


@given(count=st.integers(1, 30), number=st.integers(1, 5))
def test_each_round_has_one_time_of_the_twin(tmp_path_factory: pytest.TempPathFactory, count: int, number: int) -> None:
    samples = write_samples(tmp_path_factory.mktemp("samples"), [0] * number)
    session = ScriptedSession(np.zeros((number, 2)))
    rounds = Interleaving(cell=session, twin=ScriptedSession(np.zeros((number, 2))), samples=samples, clock=FakeClock())
    for _ in range(count):
        rounds.before()
        rounds.invoke()
        rounds.after()
    assert len(rounds.twin_seconds) == count
    assert session.invocations == count + (count + 1) // 2  # one more where the twin came first


def test_warming_up_returns_the_median_round_and_begins_anew_with_the_twin_on_the_first_sample(tmp_path: Path) -> None:
    scene = Scene(tmp_path, cell=(1,) * 50, twin=(2,) * 50)
    # Rounds take, settling included: 2 twins + 2 cells = 6, 1 cell + 2 twins = 5, 1 twin + 2 cells = 4, 5, 4.
    assert scene.rounds.warm_up(WARMUP_ROUNDS) == 0.005
    assert scene.rounds.twin_seconds == []
    scene.log.clear()
    scene.timed(1)
    assert scene.log == ["cell.load(0)", "twin.load(0)", "twin.invoke", "twin.invoke", "cell.invoke", "cell.invoke"]


@pytest.mark.parametrize(
    ("round_seconds", "number"),
    [
        (0.1, 100),  # what fits in 10 s
        (0.07, 142),  # 142.9 of them fit
        (0.05, 200),
        (0.001, 200),  # at most
        (0.15625, 64),
        (1.0, 64),  # at least
        (0.0, 200),
    ],
)
def test_as_many_rounds_as_fit_in_ten_seconds(round_seconds: float, number: int) -> None:
    assert RoundsConfig().number(round_seconds) == number


@given(
    seconds=st.floats(0, 1e6),
    least=st.integers(1, 1000),
    more=st.integers(0, 1000),
    round_seconds=st.floats(0, 1e6),
)
def test_the_number_of_rounds_keeps_its_bounds(seconds: float, least: int, more: int, round_seconds: float) -> None:
    number = RoundsConfig(seconds=seconds, least=least, most=least + more).number(round_seconds)
    assert least <= number <= least + more
    if more == 0:
        assert number == least


def test_an_opened_session_has_run_its_first_invocation_and_is_closed_when_the_rounds_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, target = ScriptedSession(ANSWERS), replace(a_target(), samples=write_samples(tmp_path, [0]))
    monkeypatch.setattr(latency, "open_session", lambda *_, **__: opening(session)())
    with pytest.raises(RuntimeError), opened(target):
        raise RuntimeError
    assert session.log == ["model.open", "model.load(0)", "model.invoke", "model.close"]


def test_the_same_file_on_another_runtime_runs_in_every_round_too(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.rounds.reference = scene.session("reference", *[0, 7 * MILLISECOND] * 3)
    scene.timed(2)
    loads = [f"{name}.load({sample})" for sample in range(2) for name in ("cell", "twin", "reference")]
    assert [one for one in scene.log if "load" in one] == loads
    # each is run once untimed where another was before it; the cell comes last in even rounds, first in odd ones
    assert [one.removesuffix(".invoke") for one in scene.log if "invoke" in one] == [
        *("twin", "twin", "reference", "reference", "cell", "cell"),
        *("cell", "twin", "twin", "reference", "reference"),
    ]
    assert scene.rounds.reference_seconds == [0.007, 0.007]
    scene.rounds.warm_up(1)
    assert scene.rounds.reference_seconds == []


def test_a_look_at_the_machine_comes_before_a_round_and_an_untimed_invocation_after_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.timed(2)
    scene.log.clear()
    scene.rounds.sampler = Sampler(clock=scene.clock)
    scene.clock.advance(10_000 * MILLISECOND)
    scene.timed(1)
    assert scene.log == ["cell.load(2)", "twin.load(2)", "twin.invoke", "twin.invoke", "cell.invoke", "cell.invoke"]
    assert [one.rounds for one in scene.rounds.sampler.end().intervals] == [1]


TWIN = "mobilenet-float32-litert-t1"


def test_the_time_over_the_same_file_elsewhere_is_paired_too() -> None:
    seconds = (1.0, 2.0, 4.0) * 3
    reference = ("the-other", tuple(1.5 * one for one in seconds))
    recorded = recorded_latency(seconds, twin=(TWIN, seconds), reference=reference, threads_reported=2)
    assert recorded.speedup_over_reference == Speedup(twin="the-other", point=1.5, interval=(1.5, 1.5))
    assert recorded.threads_reported == 2
    assert recorded_latency(seconds, twin=(TWIN, seconds)).speedup_over_reference is None


def test_rounds_come_to_percentiles_and_mean() -> None:
    seconds = [milliseconds / 1024 for milliseconds in range(64, 0, -1)]  # exact in binary
    recorded = recorded_latency(seconds, twin=(TWIN, seconds))
    assert recorded.samples == 64
    assert recorded.p50_seconds == recorded.mean_seconds == 32.5 / 1024
    assert recorded.p90_seconds == 58 / 1024  # rank 57.6, rounded up
    assert recorded.p50_interval == (24 / 1024, 41 / 1024)  # ranks whose binomial tails hold 1.6 % each


def test_the_speedup_is_the_median_of_paired_ratios() -> None:
    own = [1.0, 2.0, 4.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0]
    ratios = [3, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    twin = [ratio * seconds for ratio, seconds in zip(ratios, own, strict=True)]
    # Of ten values the middle is 5.5 and the interval goes from rank 2 to rank 9: P(B <= 1) = 11 / 1024 < 0.025.
    expected = Speedup(twin=TWIN, point=5.5, interval=(2.0, 9.0))
    assert recorded_latency(own, twin=(TWIN, twin)).speedup_over_float == expected
    itself = Speedup(twin=TWIN, point=1.0, interval=(1.0, 1.0))
    assert recorded_latency(own, twin=(TWIN, own)).speedup_over_float == itself


@pytest.mark.parametrize(("rounds", "told"), [(1, False), (5, False), (6, True)])
def test_few_rounds_have_neither_intervals_nor_a_speedup(rounds: int, told: bool) -> None:
    recorded = recorded_latency([0.5] * rounds, twin=(TWIN, [1.0] * rounds))
    assert (recorded.p50_interval is not None) == told
    assert (recorded.speedup_over_float is not None) == told
    assert recorded.p90_seconds is None
    assert recorded.p50_seconds == 0.5


def test_rounds_without_their_twin_are_an_error_and_not_cut_off() -> None:
    with pytest.raises(ValueError, match="shorter"):
        recorded_latency([1.0] * 10, twin=(TWIN, [1.0] * 9))
