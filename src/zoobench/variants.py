"""Which forms of a trained classifier are there, and what does each label promise?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zoobench.errors import UsageError
from zoobench.runtimes import runtimes_of

NumberType = Literal["float32", "float16", "int16", "int8", "uint8", "int4"]
Quantizer = Literal["tensorflow", "ai_edge"]
EVERY = "all"
"""The word for every variant in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One runnable form of a classifier.

    Attributes:
        name: The word for it in options, ids and files.
        short: The field's few letters for it.
        weights: Number type of the stored weights.
        activations: Number type that the layers compute in.
        io: Number type of the input and output tensors.
        calibrated: Whether making it needs calibration images.
        quantizers: What can make it, the default first; none where nothing is quantized.
        suffix: Ending of its file.
    """

    name: str
    short: str
    weights: NumberType
    activations: NumberType = "float32"
    io: NumberType = "float32"
    calibrated: bool = False
    quantizers: tuple[Quantizer, ...] = ()
    suffix: str = ".tflite"

    @property
    def is_quantized(self) -> bool:
        """Whether a quantizer makes it."""
        return bool(self.quantizers)

    @property
    def runtimes(self) -> tuple[str, ...]:
        """Names of the runtimes that take its file."""
        return runtimes_of(self.suffix)


_ANY: tuple[Quantizer, ...] = ("ai_edge", "tensorflow")
_AI_EDGE: tuple[Quantizer, ...] = ("ai_edge",)

VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(name="keras", short="NQ", weights="float32", suffix=".keras"),
        Variant(name="float32", short="TL", weights="float32"),
        Variant(name="float16", short="F16", weights="float16", quantizers=_ANY),
        Variant(name="dynamic_range", short="DR", weights="int8", quantizers=_ANY),
        Variant(name="weight_only_int8", short="W8", weights="int8", quantizers=_AI_EDGE),
        Variant(name="dynamic_range_int4", short="D4", weights="int4", quantizers=_AI_EDGE),
        Variant(name="dynamic_range_int4_block", short="D4B", weights="int4", quantizers=_AI_EDGE),
        Variant(
            name="float_fallback", short="FF", weights="int8", activations="int8", calibrated=True, quantizers=_ANY
        ),
        Variant(
            name="integer_only",
            short="IO",
            weights="int8",
            activations="int8",
            io="uint8",
            calibrated=True,
            quantizers=_ANY,
        ),
        Variant(
            name="integer_only_int8",
            short="IO8",
            weights="int8",
            activations="int8",
            io="int8",
            calibrated=True,
            quantizers=_ANY,
        ),
        Variant(name="int16x8", short="16x8", weights="int8", activations="int16", calibrated=True, quantizers=_ANY),
    )
}


def find_variants(names: Sequence[str]) -> tuple[Variant, ...]:
    """Returns the variants of these names, in the order given; `all` stands for the whole table.

    Raises:
        UsageError: If a name is not in the table; the message lists the known ones.
    """
    if tuple(names) == (EVERY,):
        return tuple(VARIANTS.values())
    unknown = [name for name in names if name not in VARIANTS]
    if unknown:
        raise UsageError(f"unknown variant: {', '.join(unknown)}; known are {', '.join(VARIANTS)}, or {EVERY}")
    return tuple(VARIANTS[name] for name in names)
