"""Which choices about training and conversion are refused, and in which words?"""

import math
from typing import Any

import pytest

from zoobench.build.config import ConversionConfig, TrainingConfig
from zoobench.errors import UsageError
from zoobench.matrix.variants import VARIANTS
from zoobench.run.options import OPTIONS

WHOLE = "a whole number of at least 1"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 0, f"--zoo-epochs: received 0; allowed is {WHOLE}"),
        ("validation_every", 0, f"--zoo-validation-every: received 0; allowed is {WHOLE}"),
        ("patience", -1, f"--zoo-patience: received -1; allowed is {WHOLE}"),
        ("batch_size", 0, f"--zoo-batch-size: received 0; allowed is {WHOLE}"),
        ("early_stopping_from", -1, "--zoo-early-stopping-from: received -1; allowed is 0 or more"),
        ("learning_rate", 0.0, "--zoo-learning-rate: received 0.0; allowed is a number above 0"),
        ("learning_rate", math.nan, "--zoo-learning-rate: received nan; allowed is a number above 0"),
        ("learning_rate", math.inf, "--zoo-learning-rate: received inf; allowed is a number above 0"),
        ("decay", -0.1, "--zoo-decay: received -0.1; allowed is 0 or more"),
        ("decay", math.inf, "--zoo-decay: received inf; allowed is 0 or more"),
        ("dropout", 1.0, "--zoo-dropout: received 1.0; allowed is at least 0 and below 1"),
        ("dropout", -0.5, "--zoo-dropout: received -0.5; allowed is at least 0 and below 1"),
        ("head_layers", (64, 0), "--zoo-head-layers: received (64, 0); allowed is units of 1 or more"),
    ],
)
def test_training_that_makes_no_sense_is_refused(name: str, value: Any, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        TrainingConfig(**{name: value})
    assert str(caught.value) == expected
    assert expected.partition(":")[0] in {option.flag for option in OPTIONS}


@pytest.mark.parametrize("count", [0, -3])
def test_calibration_without_images_is_refused(count: int) -> None:
    with pytest.raises(UsageError) as caught:
        ConversionConfig(calibration_images=count)
    assert str(caught.value) == f"--zoo-calibration: received {count}; allowed is {WHOLE}"


def test_what_stands_on_the_edge_is_allowed() -> None:
    config = TrainingConfig(
        epochs=1, validation_every=1, patience=1, batch_size=1, early_stopping_from=0, decay=0, dropout=0.99
    )
    assert config.head_layers == ()


def test_the_defaults_are_those_of_the_options() -> None:
    texts = {option.name.replace("-", "_"): option.default for option in OPTIONS}
    config = TrainingConfig()
    for name in ("epochs", "validation_every", "early_stopping_from", "patience", "batch_size"):
        assert getattr(config, name) == int(texts[name]), name
    for name in ("learning_rate", "decay", "dropout"):
        assert getattr(config, name) == float(texts[name]), name
    assert ConversionConfig().calibration_images == int(texts["calibration"])


@pytest.mark.parametrize(
    ("name", "by_default"),
    [
        ("keras", None),
        ("float32", None),
        ("dynamic_range", "ai_edge"),
        ("float_fallback", "ai_edge"),
        ("integer_only", "ai_edge"),
    ],
)
def test_each_quantized_variant_has_its_own_quantizer_unless_one_is_asked_for(
    name: str, by_default: str | None
) -> None:
    variant = VARIANTS[name]
    assert ConversionConfig().quantizer_of(variant) == by_default
    for quantizer in ("tensorflow", "ai_edge"):
        asked = ConversionConfig(quantizer=quantizer).quantizer_of(variant)
        assert asked == (quantizer if by_default else None)
