"""Are methods that took turns held against each other turn by turn, and is what is open not called agreement?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.judge.crosscheck import Answer, CrosscheckReport, Effort, TimedPath, answer, gap

times = st.lists(st.floats(0.001, 0.1), min_size=3, max_size=9)


def path(*turns: float, name: str = "ours", resolution: float = 0.0) -> TimedPath:
    return TimedPath(name=name, what="", turns=turns, resolution_seconds=resolution)


def report(*paths: TimedPath) -> CrosscheckReport:
    return CrosscheckReport(
        subject="a",
        sha256="ab",
        threads=1,
        images="drawn",
        effort=Effort(turns=len(paths[0].turns), warmups=1, runs=2),
        paths=paths,
        pairs=(("ours", "theirs"), ("other", "theirs")),
    )


def test_the_gap_is_the_geometric_mean_of_the_ratios_of_the_same_turns() -> None:
    # Turns three times as long as each other say nothing of the gap: it is 2 in each.
    found = gap(path(2.0, 6.0, 18.0), path(1.0, 3.0, 9.0))
    assert found.point == pytest.approx(1.0)
    assert (found.interval.low, found.interval.high) == (pytest.approx(1.0), pytest.approx(1.0))


def test_the_interval_is_students_t_of_the_log_ratios() -> None:
    # Log ratios 0, 0.02, 0.04: mean 0.02, standard error 0.02 / sqrt(3), t of 2 degrees of freedom 4.3027 (tables).
    found = gap(path(*(math.exp(log) for log in (0.0, 0.02, 0.04))), path(1.0, 1.0, 1.0))
    reach = 4.30265 * 0.02 / math.sqrt(3)
    assert found.point == pytest.approx(math.expm1(0.02))
    assert found.interval.low == pytest.approx(math.expm1(0.02 - reach), rel=1e-4)
    assert found.interval.high == pytest.approx(math.expm1(0.02 + reach), rel=1e-4)


def test_what_a_program_rounds_makes_the_interval_wider() -> None:
    # 0.01 ms of 1 ms: the true median is within 0.5 % of the one that was told.
    found = gap(path(1e-3, 1e-3, 1e-3), path(1e-3, 1e-3, 1e-3, resolution=1e-5))
    assert found.point == 0
    assert found.interval.high == pytest.approx(0.005)
    assert found.interval.low == pytest.approx(-0.005, abs=3e-5)


@given(times, st.floats(0.1, 10))
def test_a_machine_of_another_speed_sees_the_same_gap(turns: list[float], factor: float) -> None:
    reference = [0.01 + 0.001 * number for number in range(len(turns))]
    found = gap(path(*turns), path(*reference))
    faster = gap(path(*(factor * one for one in turns)), path(*(factor * one for one in reference)))
    assert faster.point == pytest.approx(found.point, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("ours", "theirs"), [((1.0,), (1.0,)), ((1.0, 1.0), (1.0, 1.0, 1.0))])
def test_ways_that_did_not_take_turns_together_have_no_gap(ours: tuple[float, ...], theirs: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="both methods must take as many, at least 2"):
        gap(path(*ours), path(*theirs))


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        *(((1.01, 1.011, 1.012), Answer.YES), ((1.05, 1.051, 1.052), Answer.NO), ((0.95, 0.951, 0.952), Answer.NO)),
        *(((0.9, 1.0, 1.1), Answer.OPEN), ((1.02, 1.03, 1.04), Answer.OPEN)),
    ],
)
def test_two_agree_only_if_the_whole_interval_says_so(ours: tuple[float, ...], expected: Answer) -> None:
    assert answer(gap(path(*ours), path(1.0, 1.0, 1.0, name="theirs"))) is expected


STILL, SLOWER, LOOSE = (1.0, 1.0, 1.0), (1.1, 1.1, 1.1), (0.9, 1.0, 1.1)


@pytest.mark.parametrize(
    ("ours", "other", "status"), [(STILL, STILL, 0), (STILL, SLOWER, 1), (LOOSE, STILL, 3), (LOOSE, SLOWER, 1)]
)
def test_the_status_is_that_of_the_pair_that_agrees_least(
    ours: tuple[float, ...], other: tuple[float, ...], status: int
) -> None:
    assert report(path(*ours), path(*other, name="other"), path(*STILL, name="theirs")).status == status


def test_a_pair_that_was_not_timed_is_not_judged_and_no_pair_is_no_agreement() -> None:
    found = report(path(1.0, 1.0), path(1.0, 1.0, name="theirs"))
    assert [names for *names, _ in found.gaps_of_pairs] == [["ours", "theirs"]]
    assert (found.status, report(path(1.0, 1.0)).status) == (0, 3)
