"""What can be chosen about training and conversion? No TensorFlow here."""

import math
from dataclasses import dataclass

from zoobench.errors import UsageError
from zoobench.matrix.variants import Quantizer, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How the dense head is trained on the frozen backbone's features.

    The loss is the categorical cross-entropy, the metric the categorical accuracy, the optimizer Adam.

    Attributes:
        epochs: The most passes over the training split.
        validation_every: Epochs from one validation to the next.
        early_stopping_from: Epoch from which early stopping counts (`EarlyStopping.start_from_epoch`).
        patience: Validations without a better loss before training stops and the best weights are restored.
        learning_rate: Of the first epoch.
        decay: The learning rate is multiplied by exp(-decay) each epoch after the first.
        batch_size: Samples a step.
        dropout: Share of inputs dropped before each dense layer.
        head_layers: Units of each hidden dense layer (ReLU) before the softmax.
        seed: Of the initial weights, the order of samples and dropout.
    """

    epochs: int = 40
    validation_every: int = 3
    early_stopping_from: int = 3
    patience: int = 2
    learning_rate: float = 1e-3
    decay: float = 0.15
    batch_size: int = 32
    dropout: float = 0.0
    head_layers: tuple[int, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses what cannot be trained with."""
        for name in ("epochs", "validation_every", "patience", "batch_size"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "a whole number of at least 1")
        _require(self.early_stopping_from >= 0, "early_stopping_from", self.early_stopping_from, "0 or more")
        _require(0 < self.learning_rate < math.inf, "learning_rate", self.learning_rate, "a number above 0")
        _require(0 <= self.decay < math.inf, "decay", self.decay, "0 or more")
        _require(0 <= self.dropout < 1, "dropout", self.dropout, "at least 0 and below 1")
        _require(all(units >= 1 for units in self.head_layers), "head_layers", self.head_layers, "units of 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionConfig:
    """How variants are quantized.

    Attributes:
        quantizer: `tensorflow` or `ai_edge` for all variants; None takes each variant's own default.
        calibration_images: Training images that activations are calibrated on.
    """

    quantizer: Quantizer | None = None
    calibration_images: int = 100

    def __post_init__(self) -> None:
        """Refuses what cannot be calibrated with."""
        _require(self.calibration_images >= 1, "calibration", self.calibration_images, "a whole number of at least 1")

    def quantizer_of(self, variant: Variant) -> Quantizer | None:
        """Returns which quantizer makes a variant; None where nothing is quantized, or a package's maker does it."""
        return (self.quantizer or variant.quantizers[0]) if variant.quantizers else None


def _require(holds: bool, name: str, received: object, allowed: str) -> None:
    if not holds:
        raise UsageError(f"--zoo-{name.replace('_', '-')}: received {received}; allowed is {allowed}")
