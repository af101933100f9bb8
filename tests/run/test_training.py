"""Does a record hold the curves of a training, short and with the epoch that was kept?"""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import a_record
from zoobench.results.answers import check_agreement
from zoobench.results.checked import typed
from zoobench.results.schema import MOST_EPOCHS, Record, RecordedTraining, to_json
from zoobench.run.workshop import recorded_training


def history(epochs: int, *, every: int = 3, **changes: Any) -> dict[str, Any]:
    """Returns a history as the store keeps it, validated after every third epoch."""
    validated = [(epoch + 1) % every == 0 for epoch in range(epochs)]
    usual: dict[str, Any] = {
        "loss": [1 / (epoch + 1) for epoch in range(epochs)],
        "accuracy": [epoch / epochs for epoch in range(epochs)],
        "validation_loss": [2.0 if done else None for done in validated],
        "validation_accuracy": [0.5 if done else None for done in validated],
        "learning_rate": [0.001] * epochs,
        "kept_epoch": epochs,
        "seconds": 7.1239876,
    }
    return {"history": {**usual, **changes}}


def test_the_curves_of_a_training_are_recorded_with_five_digits() -> None:
    assert recorded_training(history(4)) == RecordedTraining(
        epochs=4,
        kept_epoch=4,
        shown=(1, 2, 3, 4),
        loss=(1.0, 0.5, 0.33333, 0.25),
        accuracy=(0.0, 0.25, 0.5, 0.75),
        learning_rate=(0.001,) * 4,
        validated=(3,),
        validation_loss=(2.0,),
        validation_accuracy=(0.5,),
        seconds=7.124,
    )


def test_a_classifier_that_came_trained_has_none() -> None:
    assert recorded_training({"history": None}) is None
    assert recorded_training({}) is None


def test_what_the_store_did_not_write_down_yet_is_not_known() -> None:
    facts = history(3)
    del facts["history"]["kept_epoch"], facts["history"]["seconds"]
    found = recorded_training(facts)
    assert found is not None
    assert (found.kept_epoch, found.seconds) == (None, None)


def test_of_a_long_training_the_ends_and_the_kept_epoch_are_shown() -> None:
    found = recorded_training(history(1000, every=1, kept_epoch=510))
    assert found is not None
    assert (found.epochs, len(found.shown), len(found.validated)) == (1000, 40, 40)
    assert (found.shown[0], found.shown[-1]) == (1, 1000)
    assert 510 in found.shown
    assert found.loss[found.shown.index(510)] == pytest.approx(1 / 510, rel=1e-4)
    assert max(later - sooner for sooner, later in pairwise(found.shown)) <= 28


@given(epochs=st.integers(1, 300), every=st.integers(1, 9), kept=st.none() | st.integers(1, 300))
def test_whatever_is_recorded_can_be_read_back(epochs: int, every: int, kept: int | None) -> None:
    found = recorded_training(history(epochs, every=every, kept_epoch=kept and min(kept, epochs)))
    assert found is not None
    record = a_record(training=found)
    assert typed(Record, to_json(record), "place") == record
    check_agreement(record, "place")
    assert max(len(found.shown), len(found.validated)) <= MOST_EPOCHS
