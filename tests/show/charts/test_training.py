"""Does the picture show how training went, and which epoch was kept?"""

import pytest

from chartrows import NO_CURVES, a_training
from drawings import box_of, hovers, of_class, outside, overlapping, size, words
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.training import training


def picture(*, width: float = 560, **changes: object) -> Chart:
    return training(a_training(**changes), backbone="mobilenet", title="Training", width=width)


def test_loss_and_top1_stand_beside_each_other_and_on_a_phone_below() -> None:
    assert {"loss, nats", "top-1, %", "epoch"} < set(words(picture()))
    assert size(picture(width=360))[1] > 1.5 * size(picture(width=560))[1]


def test_falling_loss_falls_and_rising_accuracy_rises() -> None:
    chart = picture(width=360)
    paths = [one.attrib["d"][1:].split("L") for one in of_class(chart, "training")]
    loss, accuracy = ([float(corner.split()[1]) for corner in path] for path in paths if len(path) == 4)
    assert loss == sorted(loss), "y grows downwards"
    assert accuracy == sorted(accuracy, reverse=True)


@pytest.mark.parametrize("width", [320, 560])
def test_huge_and_tiny_losses_are_drawn(width: float) -> None:
    for loss in ((1e9, 5e8), (1e-9, 2e-9), (123_456.0, 123_457.0)):
        chart = picture(width=width, shown=(1, 2), loss=loss, validation_loss=())
        assert outside(chart) == overlapping(chart) == []


def test_the_epoch_that_was_kept_is_marked_in_both_if_it_is_known() -> None:
    chart, unknown = picture(), picture(kept_epoch=None)
    assert "kept: epoch 4" in words(chart)
    lines = [box for one in of_class(chart, "chosen") if (box := box_of(one))]
    assert len(lines) == 3, "in both and in the key"
    last = [box for one in of_class(chart, "training-dot") if (box := box_of(one))][3]
    assert lines[1].left == pytest.approx((last.left + last.right) / 2, abs=0.01)
    assert of_class(unknown, "chosen") == []
    assert "kept" not in unknown.alternative


def test_each_epoch_says_its_figures_and_of_many_the_ends() -> None:
    assert {"epoch 1, training: 2.000 nats", "epoch 4, validation: 90.0 %"} < set(hovers(picture()))
    assert len(hovers(picture())) == 12
    epochs = tuple(range(1, 500))
    losses = tuple(1 / epoch for epoch in epochs)
    chart = picture(**{**NO_CURVES, "epochs": 499, "shown": epochs, "loss": losses, "kept_epoch": 499})
    assert hovers(chart) == ["training: 1.000 nats in epoch 1, 0.002 nats in epoch 499"]
    assert "top-1, %" not in words(chart)
    assert overlapping(chart) == []


def test_one_epoch_is_drawn() -> None:
    chart = picture(**{**NO_CURVES, "epochs": 1, "shown": (1,), "loss": (2.0,), "accuracy": (0.5,), "kept_epoch": 1})
    assert outside(chart) == overlapping(chart) == []
    assert words(chart).count("1") == 2, "the epoch alone stands at both axes"


def test_the_picture_is_described() -> None:
    described = picture().alternative
    assert described.startswith(
        "Training of mobilenet over 4 epochs. The weights of epoch 4 were kept. Loss on training"
    )
    assert "Loss on validation images: 1.200 nats in epoch 2, 0.700 nats in epoch 4." in described
    assert described.endswith("Top-1 on validation images: 65.0 % in epoch 2, 90.0 % in epoch 4.")
