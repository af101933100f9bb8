"""Is the decision a sentence that says what is surely so, and no more?"""

import pytest

from choices import limit, some_odds
from machines import PI, record, side, usual
from zoobench.judge.recommend.candidates import Candidate, State
from zoobench.judge.recommend.choosing import choose
from zoobench.judge.recommend.limits import DROP, MEMORY, P50, P90, SIZE, TOP1
from zoobench.judge.recommend.odds import Odds
from zoobench.judge.recommend.sentences import missed, regret_told, told


def test_a_choice_is_told_with_its_values_and_how_surely_it_holds() -> None:
    sentence = choose([usual()], limits=[limit(P50, "8 ms"), limit(SIZE, "5 MB"), limit(DROP, "5 pp")]).sentence
    values = "Ship mobilenet-integer_only-litert-t1: p50 4.00 ms, top-1 95.0 %, 3.50 MB, holds"
    assert sentence == f"{values} all 3 limits with probability above 99.9 %."
    less = choose([usual()], limits=[limit(P50, "4.4 ms"), limit(SIZE, "5 MB")]).sentence
    assert less == f"{values} both limits with probability at least 97.1 %."


def test_what_is_exact_is_certain() -> None:
    sentence = choose([usual()], limits=[limit(SIZE, "5 MB")]).sentence
    assert sentence.endswith("holds size ≤ 5 MB certainly.")


def test_an_assumed_limit_is_called_so() -> None:
    assert "holds the assumed limit (drop ≤ 1 pp) " in choose([usual()]).sentence


def test_what_would_come_first_if_it_surely_held_is_counted() -> None:
    cells = [record(variant, 0.004, memory=None) for variant in ("integer_only", "float_fallback")]
    sentence = choose([side(*cells, record("float32", 0.01))], limits=[limit(MEMORY)]).sentence
    assert sentence.endswith("above 99.9 %; 2 cells that come before it may hold too, but not surely.")


def test_without_a_limit_the_preference_alone_is_named() -> None:
    sentence = choose([side(record("integer_only", 0.004, weights="random"))]).sentence
    assert sentence == (
        "Ship mobilenet-integer_only-litert-t1: p50 4.00 ms, 3.50 MB, the first by preference, as there is no limit to "
        "hold."
    )


def test_where_all_is_open_the_most_probable_is_named_with_what_is_asked_for() -> None:
    sentence = choose([usual()], limits=[limit(P50, "4.1 ms"), limit(SIZE, "5 MB")]).sentence
    assert sentence.startswith("No cell surely holds both limits: most probable is mobilenet-integer_only-litert-t1, ")
    assert sentence.endswith("and 95.0 % is asked for.")


def test_where_something_is_lacking_it_is_said_what() -> None:
    alone = side(record("integer_only", 0.004, memory=None))
    sentence = choose([alone], limits=[limit(MEMORY)]).sentence
    assert "of mobilenet-integer_only-litert-t1 it cannot be told – memory: it was not measured; run bench/" in sentence


def test_where_none_holds_the_nearest_is_named_with_what_it_misses_by() -> None:
    sentence = choose([usual()], limits=[limit(SIZE, "3 MB")]).sentence
    assert sentence == (
        "No cell holds size ≤ 3 MB; nearest is mobilenet-dynamic_range-litert-t1: size 3.40 MB, 13.3 % over."
    )


def test_where_there_is_no_candidate_that_is_said() -> None:
    sentence = choose([side(record("integer_only", 0.004, weights="random"))], limits=[limit(TOP1)]).sentence
    assert sentence == "No cell can hold top-1 ≥ 88 %: none is a candidate."


def test_several_machines_are_told_what_the_common_choice_costs_at_most() -> None:
    sentence = choose([usual(), usual(PI, factor=2.0, name="pi.json")], limits=[limit(P50, "50 ms")]).sentence
    held = "holds p50 ≤ 50 ms on each with probability above 99.9 %"
    assert sentence == f"Ship mobilenet-integer_only-litert-t1 to all 2 machines: {held}, and is the best on each."
    slow = side(record("integer_only", 0.012, environment=PI), record("dynamic_range", 0.009, environment=PI), name="p")
    other = choose([usual(), slow], limits=[limit(P50, "50 ms")])
    assert other.sentence.endswith(f"{held}, at most 25.0 % slower than the best on each.")


def test_where_none_serves_all_that_is_said() -> None:
    far = choose([usual(), usual(PI, factor=3.0, name="pi.json")], limits=[limit(P50, "6 ms")])
    assert far.sentence == "No cell holds p50 ≤ 6 ms on all 2 machines."
    near = choose([usual(), usual(PI, factor=1.5, name="pi.json")], limits=[limit(P50, "6 ms")])
    assert near.sentence == "No cell surely holds p50 ≤ 6 ms on all 2 machines."


@pytest.mark.parametrize(
    ("odds", "text"),
    [
        (some_odds(P90, value=0.0314), "p90 31.4 ms, 4.7 % over"),
        (some_odds(P90, value=0.0299), "p90 29.9 ms"),
        (some_odds(P90, value=0.030001), "p90 30.0 ms, <0.1 % over"),
        (some_odds(SIZE, value=12.8e6), "size 12.8 MB, 156.0 % over"),
        (some_odds(DROP, value=0.015), "drop 1.50 pp, 0.5 pp over"),
        (some_odds(DROP, value=-0.004), "drop -0.400 pp"),
        (some_odds(TOP1, value=0.87), "top-1 87.0 %, 1.0 pp under"),
        (some_odds(MEMORY), "memory is not known: told"),
    ],
)
def test_a_miss_is_told_in_the_unit_of_its_limit(odds: Odds, text: str) -> None:
    assert told(odds) == text


def candidate(state: State, *odds: Odds) -> Candidate:
    return Candidate(cell="x", state=state, odds=odds, at_least=None)


def test_of_an_open_cell_every_limit_is_told_that_is_not_sure() -> None:
    odds = (
        some_odds(P90, value=0.029, probability=0.81),
        some_odds(SIZE, value=1e6, probability=1.0),
        some_odds(MEMORY, probability=None),
    )
    assert missed(candidate("open", *odds), confidence=0.95) == "p90 29.0 ms (holds with 81.0 %); memory: told"


def test_of_a_miss_only_what_is_beyond_or_lacking_is_told_the_worst_first() -> None:
    odds = (
        some_odds(P90, value=0.033, probability=0.01, is_disturbed=True),
        some_odds(SIZE, value=10e6, probability=0.0),
        some_odds(DROP, value=0.0, probability=0.8),
    )
    text = missed(candidate("misses", *odds), confidence=0.95)
    assert text == "size 10.0 MB, 100.0 % over; p90 33.0 ms, 10.0 % over, disturbed (holds with 1.0 %)"


@pytest.mark.parametrize(
    ("cost", "metric", "text"),
    [
        (None, "latency", "its cost is not known"),
        (0.0, "latency", "is the best"),
        (0.124, "latency", "12.4 % slower"),
        (0.01, "top1", "1.0 pp less often right"),
        (0.0001, "size", "<0.1 % larger"),
    ],
)
def test_a_regret_is_told_in_words(cost: float | None, metric: str, text: str) -> None:
    assert regret_told(cost, metric) == text
