"""Is the decision a sentence that says what is so, and no more?"""

import pytest

from choices import a_known_cell, a_probability, limit
from machines import FAST, PI, SMALL, record, side, usual
from zoobench.judge.recommend.limits import DROP, MEMORY, P50, P90, SIZE, TOP1, Limit
from zoobench.judge.recommend.probability import LimitProbability
from zoobench.judge.recommend.recommendation import Candidate, State, recommend
from zoobench.results.run import Side
from zoobench.show.recommendation import decision, describe, describe_miss, describe_regret

FIVE_MB = limit(SIZE, "5 MB")
VALUES = f"Ship {FAST}: p50 4.00 ms, top-1 95.0 %, 3.50 MB, holds "
RANDOM = side(record("integer_only", 0.004, weights="random"))
UNMEASURED = record("integer_only", 0.004, memory=None)
SLOW = side(record("integer_only", 0.012, environment=PI), record("dynamic_range", 0.009, environment=PI), name="p")
ON_EACH = "holds p50 ≤ 50 ms on each with probability above 99.9 %"


@pytest.mark.parametrize(
    ("sides", "limits", "sentence"),
    [
        (
            [usual()],
            [limit(P50, "8 ms"), FIVE_MB, limit(DROP, "5 pp")],
            f"{VALUES}all 3 limits with probability above 99.9 %.",
        ),
        ([usual()], [limit(P50, "4.4 ms"), FIVE_MB], f"{VALUES}both limits with probability at least 97.1 %."),
        ([usual()], [FIVE_MB], f"{VALUES}size ≤ 5 MB certainly."),
        ([usual()], [limit(DROP, "1 pp")], f"{VALUES}drop ≤ 1 pp with probability at least 99.6 %."),
        ([usual()], [], '--max-size "5 MB" or --max-drop "1 pp".'),
        (
            [side(UNMEASURED, record("float_fallback", 0.004, memory=None), record("float32", 0.01))],
            [limit(MEMORY)],
            "; 2 preferred cells might also meet the limits, but the evidence is insufficient.",
        ),
        (
            [RANDOM],
            [FIVE_MB],
            f"No cell is recommended: {FAST} holds size ≤ 5 MB and comes first, but its weights are random, so that "
            "its answers mean nothing; measure it with trained weights.",
        ),
        (
            [usual()],
            [limit(P50, "4.1 ms"), FIVE_MB],
            f"It is open whether a cell holds both limits: most probable is {FAST}, at least 68.9 %, "
            "and 95.0 % is asked for.",
        ),
        (
            [side(UNMEASURED)],
            [limit(MEMORY)],
            "it cannot be told – peak memory: it was not measured; run bench/ with --zoo-processes 2 or more.",
        ),
        (
            [usual()],
            [limit(SIZE, "3 MB")],
            f"No cell holds size ≤ 3 MB; nearest is {SMALL}: size 3.40 MB, 13.3 % over.",
        ),
        ([RANDOM], [limit(TOP1)], "No cell can hold top-1 ≥ 88 %: none is a candidate."),
        (
            [usual(), usual(PI, factor=2.0, name="pi.json")],
            [limit(P50, "50 ms")],
            f"Ship {FAST} to all 2 machines: {ON_EACH}, and is the best on each.",
        ),
        ([usual(), SLOW], [limit(P50, "50 ms")], f"{ON_EACH}, at most 25.0 % slower than the best on each."),
        (
            [usual(), usual(PI, factor=3.0, name="pi.json")],
            [limit(P50, "6 ms")],
            "No cell holds p50 ≤ 6 ms on all 2 machines.",
        ),
        (
            [usual(), usual(PI, factor=1.5, name="pi.json")],
            [limit(P50, "6 ms")],
            "It is open whether a cell holds p50 ≤ 6 ms on all 2 machines.",
        ),
    ],
)
def test_the_decision_is_told_with_its_values_and_how_probable_it_is(
    sides: list[Side], limits: list[Limit], sentence: str
) -> None:
    assert decision(recommend(sides, limits=limits)).endswith(sentence)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (a_probability(P90, value=0.0314), "p90 31.4 ms, 4.7 % over"),
        (a_probability(P90, value=0.0299), "p90 29.9 ms"),
        (a_probability(P90, value=0.030001), "p90 30.0 ms, <0.1 % over"),
        (a_probability(SIZE, value=12.8e6), "size 12.8 MB, 156.0 % over"),
        (a_probability(DROP, value=0.015), "drop 1.50 pp, 0.5 pp over"),
        (a_probability(DROP, value=-0.004), "drop -0.400 pp"),
        (a_probability(TOP1, value=0.87), "top-1 87.0 %, 1.0 pp under"),
        (a_probability(MEMORY), "peak memory is not known: told"),
    ],
)
def test_a_miss_is_told_in_the_unit_of_its_limit(found: LimitProbability, text: str) -> None:
    assert describe(found) == text


@pytest.mark.parametrize(
    ("state", "probabilities", "text"),
    [
        (  # every limit that is not probable enough
            "open",
            (
                a_probability(P90, value=0.029, probability=0.81),
                a_probability(SIZE, value=1e6, probability=1.0),
                a_probability(MEMORY, probability=None),
            ),
            "p90 29.0 ms (holds with 81.0 %); peak memory: told",
        ),
        (  # only what is beyond or lacking, the worst first
            "misses",
            (
                a_probability(P90, value=0.033, probability=0.01, is_disturbed=True),
                a_probability(SIZE, value=10e6, probability=0.0),
                a_probability(DROP, value=0.0, probability=0.8),
            ),
            "size 10.0 MB, 100.0 % over; p90 33.0 ms, 10.0 % over, disturbed (holds with 1.0 %)",
        ),
    ],
)
def test_of_a_cell_it_is_told_what_it_misses_by(
    state: State, probabilities: tuple[LimitProbability, ...], text: str
) -> None:
    candidate = Candidate(cell=a_known_cell(), state=state, probabilities=probabilities)
    assert describe_miss(candidate, confidence=0.95) == text


@pytest.mark.parametrize(
    ("cost", "metric", "text"),
    [
        (None, P50, "its cost is not known"),
        (0.0, P50, "is the best"),
        (0.124, P50, "12.4 % slower"),
        (0.01, TOP1, "1.0 pp less often right"),
        (0.0001, SIZE, "<0.1 % larger"),
    ],
)
def test_a_regret_is_told_in_words(cost: float | None, metric: str, text: str) -> None:
    assert describe_regret(cost, metric) == text
