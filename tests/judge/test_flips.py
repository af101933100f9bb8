"""Are the samples found whose answer turned, and the class that suffered most?"""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zoobench.judge.evidence import Flip, find_flips, worse_classes
from zoobench.stats.paired import PairedAnswers

ANIMALS = ("cat", "dog", "eel")
answers = st.lists(st.tuples(*[st.integers(0, 2)] * 3), max_size=40)
"""Truth, the baseline's answer and the candidate's."""


def test_what_was_lost_and_won_is_named_by_sample_and_class() -> None:
    """The last sample has another wrong answer, which is no flip."""
    found = find_flips([0, 1, 2, 0, 1], [0, 0, 2, 1, 2], truth=[0, 1, 2, 1, 0], classes=ANIMALS, names=("a", "b"))
    assert found.newly_wrong == (Flip(sample=1, name="b", truth="dog", before="dog", after="cat"),)
    assert found.newly_right == (Flip(sample=3, name="", truth="dog", before="cat", after="dog"),)
    assert found.answers == PairedAnswers(both=2, newly_wrong=1, newly_right=1, neither=1)


def counts(*, both: int = 0, wrong: int = 0, right: int = 0) -> PairedAnswers:
    return PairedAnswers(both=both, newly_wrong=wrong, newly_right=right, neither=0)


def test_the_class_that_lost_the_largest_share_is_named_and_of_equals_the_first() -> None:
    """Of four cats one is lost, of two dogs one: the dogs lost half."""
    found = find_flips([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0], truth=[0, 0, 0, 0, 1, 1], classes=ANIMALS)
    assert found.worst_class == ("dog", counts(both=1, wrong=1))
    found = find_flips([0, 1], [2, 2], truth=[0, 1], classes=ANIMALS)
    assert found.worst_class == ("cat", counts(wrong=1))


def test_what_a_class_won_is_set_against_what_it_lost() -> None:
    assert find_flips([0, 1], [1, 0], truth=[0, 0], classes=ANIMALS).worst_class is None
    assert find_flips([], [], truth=[], classes=ANIMALS).worst_class is None


@given(answers)
def test_every_sample_is_counted_once(rows: list[tuple[int, int, int]]) -> None:
    truth, before, after = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    found = find_flips(before, after, truth=truth, classes=ANIMALS)
    assert found.answers.total == len(rows)
    assert found.answers.newly_wrong == len(found.newly_wrong)
    assert found.answers.newly_right == len(found.newly_right)
    assert found.answers.both + found.answers.newly_wrong == sum(map(int.__eq__, truth, before))
    assert found.answers.both + found.answers.newly_right == sum(map(int.__eq__, truth, after))


@given(answers)
def test_sides_that_change_places_turn_lost_into_won(rows: list[tuple[int, int, int]]) -> None:
    truth, before, after = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    found = find_flips(before, after, truth=truth, classes=ANIMALS)
    turned = find_flips(after, before, truth=truth, classes=ANIMALS)
    assert [flip.sample for flip in found.newly_wrong] == [flip.sample for flip in turned.newly_right]
    assert [flip.sample for flip in found.newly_right] == [flip.sample for flip in turned.newly_wrong]


def test_all_classes_that_lost_come_by_the_share_of_their_samples() -> None:
    """Of four cats two are lost and one is won, of two dogs one is lost, the eel is won."""
    truth = [0, 0, 0, 0, 1, 1, 2]
    found = worse_classes([0, 0, 1, 0, 1, 1, 0], [1, 1, 0, 0, 1, 0, 2], truth=truth, classes=ANIMALS)
    assert found == [("dog", counts(both=1, wrong=1)), ("cat", counts(both=1, wrong=2, right=1))]


@given(answers)
def test_the_worst_class_is_the_first_that_lost(rows: list[tuple[int, int, int]]) -> None:
    truth, before, after = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    worse = worse_classes(before, after, truth=truth, classes=ANIMALS)
    assert find_flips(before, after, truth=truth, classes=ANIMALS).worst_class == (worse[0] if worse else None)
    falls = [answers.base_share - answers.new_share for _, answers in worse]
    assert all(fall > 0 for fall in falls)
    assert all(one >= other - 1e-12 for one, other in pairwise(falls))
