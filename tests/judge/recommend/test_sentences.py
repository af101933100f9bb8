"""Is the decision a sentence that says what is surely so, and no more?"""

import pytest

from choices import a_probability, limit
from machines import PI, record, side, usual
from zoobench.judge.recommend.limits import DROP, MEMORY, P50, P90, SIZE, TOP1
from zoobench.judge.recommend.probability import LimitProbability
from zoobench.judge.recommend.recommendation import Candidate, State, recommend
from zoobench.judge.recommend.sentences import decision, describe, describe_miss, describe_regret


def test_a_recommendation_is_told_with_its_values_and_how_surely_it_holds() -> None:
    sentence = decision(recommend([usual()], limits=[limit(P50, "8 ms"), limit(SIZE, "5 MB"), limit(DROP, "5 pp")]))
    values = "Ship mobilenet-integer_only-litert-t1: p50 4.00 ms, top-1 95.0 %, 3.50 MB, holds"
    assert sentence == f"{values} all 3 limits with probability above 99.9 %."
    less = decision(recommend([usual()], limits=[limit(P50, "4.4 ms"), limit(SIZE, "5 MB")]))
    assert less == f"{values} both limits with probability at least 97.1 %."


def test_what_is_exact_is_certain() -> None:
    sentence = decision(recommend([usual()], limits=[limit(SIZE, "5 MB")]))
    assert sentence.endswith("holds size ≤ 5 MB certainly.")


def test_an_assumed_limit_is_called_so() -> None:
    assert "holds the assumed limit (drop ≤ 1 pp) " in decision(recommend([usual()]))


def test_what_would_come_first_if_it_surely_held_is_counted() -> None:
    cells = [record(variant, 0.004, memory=None) for variant in ("integer_only", "float_fallback")]
    sentence = decision(recommend([side(*cells, record("float32", 0.01))], limits=[limit(MEMORY)]))
    assert sentence.endswith(
        "above 99.9 %; 2 preferred cells might also meet the limits, but the evidence is insufficient."
    )


def test_without_a_limit_the_preference_alone_is_named() -> None:
    sentence = decision(recommend([side(record("integer_only", 0.004, weights="random"))]))
    assert sentence == (
        "Ship mobilenet-integer_only-litert-t1: p50 4.00 ms, 3.50 MB, the first by preference, as there is no limit to "
        "hold."
    )


def test_where_all_is_open_the_most_probable_is_named_with_what_is_asked_for() -> None:
    sentence = decision(recommend([usual()], limits=[limit(P50, "4.1 ms"), limit(SIZE, "5 MB")]))
    assert sentence.startswith("No cell surely holds both limits: most probable is mobilenet-integer_only-litert-t1, ")
    assert sentence.endswith("and 95.0 % is asked for.")


def test_where_something_is_lacking_it_is_said_what() -> None:
    alone = side(record("integer_only", 0.004, memory=None))
    sentence = decision(recommend([alone], limits=[limit(MEMORY)]))
    assert (
        "of mobilenet-integer_only-litert-t1 it cannot be told – peak memory: it was not measured; run bench/"
        in sentence
    )


def test_where_none_holds_the_nearest_is_named_with_what_it_misses_by() -> None:
    sentence = decision(recommend([usual()], limits=[limit(SIZE, "3 MB")]))
    assert sentence == (
        "No cell holds size ≤ 3 MB; nearest is mobilenet-dynamic_range-litert-t1: size 3.40 MB, 13.3 % over."
    )


def test_where_there_is_no_candidate_that_is_said() -> None:
    sentence = decision(recommend([side(record("integer_only", 0.004, weights="random"))], limits=[limit(TOP1)]))
    assert sentence == "No cell can hold top-1 ≥ 88 %: none is a candidate."


def test_several_machines_are_told_what_the_common_cell_costs_at_most() -> None:
    sentence = decision(recommend([usual(), usual(PI, factor=2.0, name="pi.json")], limits=[limit(P50, "50 ms")]))
    held = "holds p50 ≤ 50 ms on each with probability above 99.9 %"
    assert sentence == f"Ship mobilenet-integer_only-litert-t1 to all 2 machines: {held}, and is the best on each."
    slow = side(record("integer_only", 0.012, environment=PI), record("dynamic_range", 0.009, environment=PI), name="p")
    other = recommend([usual(), slow], limits=[limit(P50, "50 ms")])
    assert decision(other).endswith(f"{held}, at most 25.0 % slower than the best on each.")


def test_where_none_serves_all_that_is_said() -> None:
    far = recommend([usual(), usual(PI, factor=3.0, name="pi.json")], limits=[limit(P50, "6 ms")])
    assert decision(far) == "No cell holds p50 ≤ 6 ms on all 2 machines."
    near = recommend([usual(), usual(PI, factor=1.5, name="pi.json")], limits=[limit(P50, "6 ms")])
    assert decision(near) == "No cell surely holds p50 ≤ 6 ms on all 2 machines."


@pytest.mark.parametrize(
    ("probabilities", "text"),
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
def test_a_miss_is_told_in_the_unit_of_its_limit(probabilities: LimitProbability, text: str) -> None:
    assert describe(probabilities) == text


def candidate(state: State, *probabilities: LimitProbability) -> Candidate:
    return Candidate(cell="x", state=state, probabilities=probabilities, at_least=None)


def test_of_an_open_cell_every_limit_is_told_that_is_not_sure() -> None:
    probabilities = (
        a_probability(P90, value=0.029, probability=0.81),
        a_probability(SIZE, value=1e6, probability=1.0),
        a_probability(MEMORY, probability=None),
    )
    assert (
        describe_miss(candidate("open", *probabilities), confidence=0.95)
        == "p90 29.0 ms (holds with 81.0 %); peak memory: told"
    )


def test_of_a_miss_only_what_is_beyond_or_lacking_is_told_the_worst_first() -> None:
    probabilities = (
        a_probability(P90, value=0.033, probability=0.01, is_disturbed=True),
        a_probability(SIZE, value=10e6, probability=0.0),
        a_probability(DROP, value=0.0, probability=0.8),
    )
    text = describe_miss(candidate("misses", *probabilities), confidence=0.95)
    assert text == "size 10.0 MB, 100.0 % over; p90 33.0 ms, 10.0 % over, disturbed (holds with 1.0 %)"


@pytest.mark.parametrize(
    ("cost", "metric", "text"),
    [
        (None, "latency_p50", "its cost is not known"),
        (0.0, "latency_p50", "is the best"),
        (0.124, "latency_p50", "12.4 % slower"),
        (0.01, "top1", "1.0 pp less often right"),
        (0.0001, "size", "<0.1 % larger"),
    ],
)
def test_a_regret_is_told_in_words(cost: float | None, metric: str, text: str) -> None:
    assert describe_regret(cost, metric) == text
