"""Do the samples that tell most come first, with both cells' classes and probabilities?"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fakes import a_cell, a_record
from zoobench.judge.compare.flipped_samples import find_flips
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import Predictions, Record, RecordedDataset
from zoobench.show.report.flippedsamples import Answer, FlippedSample, flipped_samples

ANIMALS = ("cat", "dog", "eel")
Given = list[tuple[int, float]]
"""Class and probability of each answer."""


def record(truth: list[int], given: Given, *, variant: str = "integer_only") -> Record:
    usual = a_record(cell=a_cell(variant=variant))
    predictions = Predictions(
        classes=encode([one for one, _ in given]),
        probabilities=encode_shares([share for _, share in given]),
        truth=encode(truth),
    )
    dataset = RecordedDataset(name="pets", sha256="cd" * 32, classes=ANIMALS, samples=max(len(truth), 1), left_out=0)
    assert usual.accuracy is not None
    return replace(usual, dataset=dataset, accuracy=replace(usual.accuracy, predictions=predictions))


def test_samples_are_told_with_both_answers() -> None:
    base = record([0, 1], [(0, 1.0), (1, 0.6)], variant="float32")
    found = flipped_samples(base, record([0, 1], [(2, 0.4), (1, 0.6)]))
    assert found is not None
    assert (found.base, found.new, found.total) == (
        "mobilenet-float32-litert-t1",
        "mobilenet-integer_only-litert-t1",
        2,
    )
    assert found.samples == (
        FlippedSample(
            sample=0,
            kind="lost",
            truth="cat",
            before=Answer(name="cat", probability=1.0),
            after=Answer(name="eel", probability=26214 / 65535),
        ),
    )


def test_lost_samples_come_first_the_surer_the_base_was_the_sooner_then_won_ones_by_the_new_then_the_rest() -> None:
    truth = [0, 0, 0, 0, 0, 0]
    base = record(truth, [(0, 0.6), (0, 0.9), (1, 0.9), (1, 0.5), (1, 0.7), (0, 0.8)])
    new = record(truth, [(1, 0.5), (1, 0.4), (0, 0.5), (0, 0.8), (2, 0.7), (0, 0.9)])
    found = flipped_samples(base, new)
    assert found is not None
    assert [(one.kind, one.sample) for one in found.samples] == [
        ("lost", 1),
        ("lost", 0),
        ("won", 3),
        ("won", 2),
        ("changed", 4),
    ]
    assert (found.lost, found.won, found.changed) == (2, 2, 1)


def test_the_same_answers_flip_nothing_however_sure_they_are() -> None:
    found = flipped_samples(record([0, 1], [(0, 1.0), (2, 1.0)]), record([0, 1], [(0, 0.4), (2, 0.5)]))
    assert found is not None
    assert (found.samples, found.lost, found.won, found.changed) == ((), 0, 0, 0)


def test_other_samples_are_not_held_against_each_other() -> None:
    assert flipped_samples(record([0], [(0, 1.0)]), record([1], [(0, 1.0)])) is None
    assert flipped_samples(record([0], [(0, 1.0)]), a_record(accuracy=None)) is None


rows = st.lists(
    st.tuples(*[st.integers(0, 2)] * 3, st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40
)  # truth, both classes, both probabilities


@given(rows)
def test_counts_are_those_of_the_gate_and_every_sample_is_named_once(
    given_rows: list[tuple[int, int, int, float, float]],
) -> None:
    truth = [row[0] for row in given_rows]
    first, second = [(row[1], row[3]) for row in given_rows], [(row[2], row[4]) for row in given_rows]
    found = flipped_samples(record(truth, first), record(truth, second))
    flips = find_flips([one for one, _ in first], [one for one, _ in second], truth=truth, classes=ANIMALS)
    assert found is not None
    assert (found.lost, found.won, found.total) == (flips.answers.lost, flips.answers.won, len(truth))
    assert len(found.samples) == found.lost + found.won + found.changed
    assert len({one.sample for one in found.samples}) == len(found.samples)
    assert all(one.before.name != one.after.name for one in found.samples)
    lost = [one.before.probability for one in found.samples if one.kind == "lost"]
    assert lost == sorted(lost, reverse=True)


@given(rows)
def test_sides_that_change_places_turn_lost_into_won(given_rows: list[tuple[int, int, int, float, float]]) -> None:
    truth = [row[0] for row in given_rows]
    base, new = (record(truth, [(row[1 + side], row[3 + side]) for row in given_rows]) for side in (0, 1))
    there, back = flipped_samples(base, new), flipped_samples(new, base)
    assert there is not None
    assert back is not None
    assert (there.lost, there.won, there.changed) == (back.won, back.lost, back.changed)
    assert {one.sample for one in there.samples} == {one.sample for one in back.samples}
