"""Does the picture show which class is taken for which?"""

import pytest

from chartrows import a_confusion
from drawings import SVG, hovers, of_class, outside, overlapping, parsed, words
from zoobench.show.charts.confusion import mistakes, shade

MANY = tuple(f"class {index}" for index in range(100))
DIAGONAL = tuple(tuple(26 * (row == column) for column in range(100)) for row in range(100))


def test_each_row_is_shaded_by_its_own_shares() -> None:
    """Of two classes, one of which has a hundred times the samples of the other, both diagonals are as dark."""
    chart = a_confusion(((900, 100), (1, 9)), classes=("cat", "dog"))
    assert [one.text for one in of_class(chart, "on-7")] == ["900", "9"]
    assert [one.text for one in of_class(chart, "on-3")] == ["100", "1"]


@pytest.mark.parametrize(
    ("share", "level"),
    [(0, 0), (0.019, 0), (0.02, 1), (0.05, 2), (0.1, 3), (0.2, 4), (0.4, 5), (0.6, 6), (0.8, 7), (1, 7)],
)
def test_a_larger_share_is_darker(share: float, level: int) -> None:
    assert shade(share) == level


def test_cells_without_samples_have_no_number() -> None:
    chart = a_confusion()
    assert [word for word in words(chart) if word.isdigit() and word not in {"2", "5", "10", "20", "40", "60"}] == [
        *("23", "3", "26", "1"),
    ]
    assert len([one for one in of_class(chart, "middle") if (one.text or "").isdigit()]) == 6


def test_cells_and_the_picture_are_described() -> None:
    chart = a_confusion()
    assert {"dog taken for cat: 5 of 26 (19.2 %)", "cow: 26 of 26 (100.0 %) right"} < set(hovers(chart))
    assert chart.alternative.startswith(
        "Of 78 samples in 3 classes, mobilenet-integer_only-litert-t1 has 69 right (88.5 %)."
    )
    assert "Least often right: dog: 20 of 26 (76.9 %) right; cat: 23 of 26" in chart.alternative
    assert chart.alternative.endswith(
        "Most frequent mistakes: dog taken for cat: 5 of 26 (19.2 %); cat taken for dog: 3 of 26 (11.5 %); "
        "dog taken for cow: 1 of 26 (3.8 %)."
    )


def test_a_class_without_samples_is_called_one() -> None:
    chart = a_confusion(((0, 0, 0), (0, 26, 0), (5, 1, 20)))
    assert "cat: no samples" in hovers(chart)
    assert "cat: 0" not in chart.alternative


def test_a_hundred_classes_have_neither_names_nor_numbers_but_say_both() -> None:
    chart = a_confusion(DIAGONAL, classes=MANY)
    assert not [word for word in words(chart) if word.startswith("class ")]
    assert of_class(chart, "on-7") == []
    assert "class 99: 26 of 26 (100.0 %) right" in hovers(chart)
    assert outside(chart) == []


def test_numbers_too_wide_for_their_cells_are_told_alone() -> None:
    counts = tuple(tuple(123_456 * (row == column) for column in range(12)) for row in range(12))
    chart = a_confusion(counts, classes=MANY[:12], width=360)
    assert of_class(chart, "on-7") == []
    assert "class 0" in words(chart)
    assert overlapping(chart) == []


def test_squares_lie_beside_one_another() -> None:
    chart = a_confusion()
    squares = [one for one in parsed(chart).iter(f"{SVG}rect") if one.get("width") == one.get("height") != "14"]
    corners = {(one.get("x"), one.get("y")) for one in squares}
    assert len(corners) == len(squares) == 6
    assert len({x for x, _ in corners}) == len({y for _, y in corners}) == 3


def test_the_most_frequent_mistakes_come_first_and_of_equal_ones_the_larger_share() -> None:
    assert mistakes(((5, 3, 0), (3, 1, 0), (1, 0, 1))) == [(1, 0), (0, 1), (2, 0)], "3 of 4, 3 of 8, 1 of 2"
    assert mistakes(((5, 0), (0, 2))) == []
