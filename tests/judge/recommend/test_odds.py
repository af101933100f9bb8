"""Is every limit asked of the right value, and is what is lacking said?"""

import pytest

from choices import a_known_cell, limit, some_odds
from zoobench.judge.recommend.cells import KnownCell
from zoobench.judge.recommend.limits import DROP, MEMORY, P50, P90, QUANTITIES, QUANTIZATION_DROP, SIZE, TOP1
from zoobench.judge.recommend.odds import NOT_CERTAIN, Odds, odds_of
from zoobench.judge.recommend.scatter import scatter_of

NOTHING = {"seconds": None, "right": None, "size_bytes": None, "peaks": ()}


def asked(cell: KnownCell, metric: str, text: str | None = None, *others: KnownCell) -> Odds:
    cells = {one.cell.id: one for one in (cell, *others)}
    return odds_of(cell, limit(metric, text), cells=cells, scatter=scatter_of(cell.cell, None))


@pytest.mark.parametrize(
    ("metric", "text", "value"),
    [
        (P50, "5 ms", 0.004),
        (P90, "5 ms", 0.004 * 1.008),
        (SIZE, "5 MB", 3_500_000),
        (MEMORY, "100 MB", 60_000_000),
        (TOP1, "10 %", 0.75),
        (DROP, "99 pp", 0.0),
    ],
)
def test_every_limit_is_held_against_its_own_value(metric: str, text: str, value: float) -> None:
    found = asked(a_known_cell("float32"), metric, text)
    assert found.value == pytest.approx(value, rel=2e-3)
    assert found.probability is not None
    assert found.probability > 0.95
    assert found.why


@pytest.mark.parametrize("metric", QUANTITIES)
def test_of_what_was_not_measured_there_is_no_probability_but_what_is_lacking(metric: str) -> None:
    found = asked(a_known_cell(**NOTHING), metric)  # type: ignore[arg-type]
    assert (found.value, found.probability, found.excess, found.is_beyond) == (None, None, None, False)
    assert found.why


def test_nothing_but_what_is_exact_is_certain() -> None:
    for metric, text in ((P50, "9 s"), (P90, "9 s"), (MEMORY, "9 GB"), (TOP1, "0.001 %")):
        assert asked(a_known_cell(), metric, text).probability == 1 - NOT_CERTAIN
    assert asked(a_known_cell(), P50, "1 us").probability == NOT_CERTAIN


def test_size_is_exact() -> None:
    at, above = (asked(a_known_cell(size_bytes=size), SIZE, "5 MB") for size in (5_000_000, 5_000_001))
    assert (at.probability, above.probability) == (1.0, 0.0)


def test_a_drop_is_against_the_float_file_and_says_how_many_were_lost_and_won() -> None:
    float32 = a_known_cell("float32", right="++++++++-")
    found = asked(a_known_cell(right="++++++--+"), DROP, "20 pp", float32)
    assert found.value == pytest.approx(1 / 9)
    assert found.why == "2 lost and 1 won of 9 against mobilenet-float32-litert-t1"


def test_a_drop_of_quantization_is_against_the_own_backbone() -> None:
    own, better = a_known_cell("float32", right="+++-"), a_known_cell("float32", backbone="xception", right="++++")
    cell = a_known_cell(right="++--")
    assert asked(cell, DROP, "1 pp", own, better).why.endswith(
        "2 lost and 0 won of 4 against xception-float32-litert-t1"
    )
    assert asked(cell, QUANTIZATION_DROP, "1 pp", own, better).value == pytest.approx(1 / 4)
    assert asked(own, QUANTIZATION_DROP, "1 pp", own, better).probability == 1


def test_without_the_float_file_a_drop_is_not_known() -> None:
    assert asked(a_known_cell(), DROP).why == "no float32 file answered the samples; add the results that hold it"
    assert "no float32 file of mobilenet answered" in asked(a_known_cell(), QUANTIZATION_DROP).why


def test_the_float_file_loses_nothing() -> None:
    found = asked(a_known_cell("float32"), DROP, "0 pp")
    assert (found.value, found.probability) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("metric", "value", "is_beyond", "excess", "distance"),
    [
        (P90, 0.0314, True, 0.0314 / 0.030 - 1, 0.0314 / 0.030 - 1),
        (P90, 0.027, False, -0.1, 0.0),
        (P90, 0.030, False, 0.0, 0.0),
        (DROP, 0.015, True, 0.005, 0.005),
        (TOP1, 0.87, True, 0.01, 0.01),
        (TOP1, 0.89, False, -0.01, 0.0),
    ],
)
def test_by_how_much_a_value_is_beyond_is_a_share_of_the_limit_or_points(
    metric: str, value: float, is_beyond: bool, excess: float, distance: float
) -> None:
    found = some_odds(metric, value=value)
    assert found.is_beyond is is_beyond
    assert (found.excess, found.distance) == (pytest.approx(excess), pytest.approx(distance))


def test_only_a_delay_that_a_disturbance_may_explain_is_put_down_to_it() -> None:
    disturbed = a_known_cell(seconds=0.004, disturbance="waited")
    assert asked(disturbed, P90, "3 ms").is_disturbed
    assert not asked(disturbed, P90, "1 ms").is_disturbed
    assert not asked(disturbed, SIZE, "1 kB").is_disturbed
    assert not asked(a_known_cell(seconds=0.004), P90, "3 ms").is_disturbed
