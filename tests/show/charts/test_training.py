"""Does the picture show how training went, and which epoch was kept?"""

import math

import pytest

from chartrows import a_training
from drawings import box_of, hovers, of_class, outside, overlapping, size, words
from zoobench.errors import ResultsError
from zoobench.show.charts.training import training


def test_loss_and_top1_have_an_axis_each() -> None:
    assert {"loss, nats", "top-1, %", "epoch"} < set(words(training(a_training())))


def test_the_two_stand_beside_each_other_and_on_a_phone_below() -> None:
    assert size(training(a_training(), width=360))[1] > 1.5 * size(training(a_training(), width=560))[1]


def test_falling_loss_falls_and_rising_accuracy_rises() -> None:
    chart = training(a_training(), width=360)
    paths = [one.attrib["d"][1:].split("L") for one in of_class(chart, "training")]
    loss, accuracy = ([float(corner.split()[1]) for corner in path] for path in paths if len(path) == 4)
    assert loss == sorted(loss), "y grows downwards"
    assert accuracy == sorted(accuracy, reverse=True)


@pytest.mark.parametrize("width", [320, 560])
def test_huge_and_tiny_losses_are_drawn(width: float) -> None:
    for loss in (((1, 1e9), (2, 5e8)), ((1, 1e-9), (2, 2e-9)), ((1, 123_456.0), (2, 123_457.0))):
        chart = training(a_training(training_loss=loss, validation_loss=()), width=width)
        assert outside(chart) == overlapping(chart) == []


def test_the_epoch_that_was_kept_is_marked_in_both() -> None:
    chart = training(a_training())
    assert "kept: epoch 4" in words(chart)
    lines = [box for one in of_class(chart, "chosen") if (box := box_of(one))]
    assert len(lines) == 3, "in both and in the key"
    last = [box for one in of_class(chart, "training-dot") if (box := box_of(one))][3]
    assert lines[1].left == pytest.approx((last.left + last.right) / 2, abs=0.01)


def test_where_nobody_knows_which_was_kept_nothing_is_marked() -> None:
    chart = training(a_training(chosen_epoch=None))
    assert of_class(chart, "chosen") == []
    assert "kept" not in chart.alternative


def test_each_epoch_tells_its_figures() -> None:
    told = hovers(training(a_training()))
    assert "epoch 1, training: 2.000 nats" in told
    assert "epoch 4, validation: 90.0 %" in told
    assert len(told) == 12


def test_of_many_epochs_the_ends_are_told() -> None:
    curve = tuple((epoch, 1 / epoch) for epoch in range(1, 500))
    empty: dict[str, object] = {"validation_loss": (), "training_accuracy": (), "validation_accuracy": ()}
    chart = training(a_training(training_loss=curve, chosen_epoch=499, **empty))
    assert hovers(chart) == ["training: 1.000 nats in epoch 1, 0.002 nats in epoch 499"]
    assert "top-1, %" not in words(chart)
    assert overlapping(chart) == []


def test_one_epoch_is_drawn() -> None:
    one = {
        "training_loss": ((1, 2.0),),
        "validation_loss": (),
        "training_accuracy": ((1, 0.5),),
        "validation_accuracy": (),
    }
    chart = training(a_training(**one, chosen_epoch=1))
    assert outside(chart) == overlapping(chart) == []
    assert words(chart).count("1") == 2, "the epoch alone stands at both axes"


def test_the_picture_is_told_in_words() -> None:
    assert training(a_training()).alternative == (
        "Training of mobilenet over 4 epochs. The weights of epoch 4 were kept. "
        "Loss on training images: 2.000 nats in epoch 1, 0.400 nats in epoch 4. "
        "Loss on validation images: 1.200 nats in epoch 2, 0.700 nats in epoch 4. "
        "Top-1 on training images: 30.0 % in epoch 1, 95.0 % in epoch 4. "
        "Top-1 on validation images: 65.0 % in epoch 2, 90.0 % in epoch 4."
    )


@pytest.mark.parametrize(
    "change",
    [
        {"training_loss": ((1, math.nan),)},
        {"validation_loss": ((1, -0.1),)},
        {"training_accuracy": ((1, 1.5),)},
        {"validation_accuracy": ((0, 0.5),)},
        {"training_loss": ((2, 1.0), (1, 2.0))},
        {"training_loss": ((1, 1.0), (1, 2.0))},
    ],
)
def test_what_is_no_curve_is_refused_by_name(change: dict[str, object]) -> None:
    with pytest.raises(ResultsError, match=f"{next(iter(change))} of mobilenet"):
        a_training(**change)
