"""How far is each layer of a quantized network from the same layer in float? Pure functions, no runtime."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
FLOAT_NOISE_DB = 100.0
"""SQNR above which the noise is that of float32 arithmetic (24 bits, 6 dB each, some lost in sums), not of 8 bits."""


@dataclass(slots=True)
class Sums:
    """What is added up over a layer's values x in float and y quantized, so that images can be forgotten."""

    count: int = 0
    signal: float = 0.0
    """Sum of x^2."""
    quantized: float = 0.0
    """Sum of y^2."""
    noise: float = 0.0
    """Sum of (x - y)^2."""
    product: float = 0.0
    """Sum of x y."""
    max_error: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, x: Values, y: Values) -> None:
        """Adds more values, both of one shape."""
        x, y = x.ravel(), y.ravel()
        noise = x - y
        self.count += x.size
        self.signal += float(np.dot(x, x))
        self.quantized += float(np.dot(y, y))
        self.noise += float(np.dot(noise, noise))
        self.product += float(np.dot(x, y))
        self.max_error = max(self.max_error, float(np.abs(noise).max()))
        self.low = min(self.low, float(x.min()))
        self.high = max(self.high, float(x.max()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerError:
    """The error of one layer's output over all images.

    It holds what all layers before it have done too: each model runs on its own values from the pixels on.

    Attributes:
        position: Place of the layer in the float network, from 0.
        kind: Operation, such as `CONV_2D`.
        name: The output tensor's name in the float file.
        inputs: Positions of the layers whose outputs it takes.
        sqnr_db: See `sqnr`.
        cosine: See `cosine`.
        max_error: Largest absolute difference; `error_rms` is its root mean square.
        signal_rms: Root mean square of the float values, between `signal_low` and `signal_high`.
    """

    position: int
    kind: str
    name: str
    inputs: tuple[int, ...]
    sqnr_db: float | None
    cosine: float | None
    max_error: float
    error_rms: float
    signal_rms: float
    signal_low: float
    signal_high: float

    @property
    def exact(self) -> bool:
        """Whether the quantized values are the float ones."""
        return self.max_error == 0

    @property
    def max_error_of_range(self) -> float | None:
        """The largest error as a share of the range of the float values; None where they are all the same."""
        spread = self.signal_high - self.signal_low
        return self.max_error / spread if spread else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerReport:
    """The errors of all layers that both files have.

    Attributes:
        model: Path of the quantized file; `float_model` of the float one.
        images: How many they ran on; `images_from` says where these came from.
        matched_by: How layers were found in the quantized file: `name` or `structure`.
        unmatched: Names of the float file's layers that the quantized file does not have.
        layers: In network order.
    """

    model: str
    float_model: str
    images: int
    images_from: str
    matched_by: str
    unmatched: tuple[str, ...]
    layers: tuple[LayerError, ...]


def layer_error(sums: Sums, *, position: int, kind: str, name: str, inputs: tuple[int, ...]) -> LayerError:
    """Returns what the sums of a layer come to."""
    return LayerError(
        position=position,
        kind=kind,
        name=name,
        inputs=inputs,
        sqnr_db=sqnr(sums),
        cosine=cosine(sums),
        max_error=sums.max_error,
        error_rms=math.sqrt(sums.noise / sums.count),
        signal_rms=math.sqrt(sums.signal / sums.count),
        signal_low=sums.low,
        signal_high=sums.high,
    )


def sqnr(sums: Sums) -> float | None:
    """Returns the signal-to-quantization-noise ratio 10 log10(sum x^2 / sum (x - y)^2) in dB.

    D. D. Lin, S. S. Talathi and V. S. Annapureddy, "Fixed Point Quantization of Deep Convolutional Networks", ICML
    2016. None without noise, where it would be infinite, and without a signal.
    """
    if not sums.noise or not sums.signal:
        return None
    return 10 * (math.log10(sums.signal) - math.log10(sums.noise))  # their quotient may overflow


def cosine(sums: Sums) -> float | None:
    """Returns sum x y / sqrt(sum x^2 sum y^2), or None where either side is zero throughout."""
    if not sums.signal or not sums.quantized:
        return None
    found = sums.product / (math.sqrt(sums.signal) * math.sqrt(sums.quantized))
    return max(-1.0, min(1.0, found))


def worst(layers: Sequence[LayerError], count: int) -> list[LayerError]:
    """Returns at most `count` layers with errors, those with the lowest SQNR first."""

    def place(layer: LayerError) -> tuple[float, int]:  # errors where there is no signal at all come before any SQNR
        return (-math.inf if layer.sqnr_db is None else layer.sqnr_db, layer.position)

    return sorted((layer for layer in layers if not layer.exact), key=place)[:count]


def losses(layers: Sequence[LayerError]) -> Mapping[int, float]:
    """Returns by position how many dB a layer loses: the lowest SQNR among its inputs less its own.

    A layer is absent if its own SQNR is undefined, or if no input of it has noise beyond that of float32 arithmetic
    (`FLOAT_NOISE_DB`). A negative loss is a gain, as where a mean or a ReLU6 takes noise away.
    """
    known = {layer.position: layer.sqnr_db for layer in layers if layer.sqnr_db is not None}
    found = {}
    for layer in layers:
        before = [known[one] for one in layer.inputs if one in known and known[one] < FLOAT_NOISE_DB]
        if before and layer.position in known:
            found[layer.position] = min(before) - known[layer.position]
    return found


def short_names(names: Sequence[str]) -> list[str]:
    """Returns each name's last parts, as many as tell it from the others but at least two.

    A converter joins the names of what it fused by semicolons; the first one is the layer's own.
    """
    own = [name.partition(";")[0].split("/") for name in names]

    def shortest(parts: list[str]) -> str:
        for length in range(2, len(parts)):
            if sum(other[-length:] == parts[-length:] for other in own) == 1:
                return "/".join(parts[-length:])
        return "/".join(parts)

    return [shortest(parts) for parts in own]
