"""Which forms of a trained classifier are there, and what does each label promise?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zoobench.errors import UsageError

NumberType = Literal["float32", "int8", "uint8"]
Quantizer = Literal["tensorflow", "ai_edge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One runnable form of a classifier.

    Attributes:
        name: The word for it in options, ids and files.
        short: The field's two letters for it.
        weights: Number type of the stored weights.
        activations: Number type that the layers compute in.
        io: Number type of the input and output tensors.
        calibrated: Whether making it needs calibration images.
        suffix: Ending of its file.
        runtimes: What can run it.
        quantizer: Which quantizer makes it by default; None where nothing is quantized.
    """

    name: str
    short: str
    weights: NumberType
    activations: NumberType
    io: NumberType
    calibrated: bool
    suffix: str
    runtimes: tuple[str, ...]
    quantizer: Quantizer | None


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(
            name="keras",
            short="NQ",
            weights="float32",
            activations="float32",
            io="float32",
            calibrated=False,
            suffix=".keras",
            runtimes=("keras",),
            quantizer=None,
        ),
        Variant(
            name="float32",
            short="TL",
            weights="float32",
            activations="float32",
            io="float32",
            calibrated=False,
            suffix=".tflite",
            runtimes=("litert",),
            quantizer=None,
        ),
        Variant(
            name="dynamic_range",
            short="DR",
            weights="int8",
            activations="float32",
            io="float32",
            calibrated=False,
            suffix=".tflite",
            runtimes=("litert",),
            quantizer="ai_edge",
        ),
        Variant(
            name="float_fallback",
            short="FF",
            weights="int8",
            activations="int8",
            io="float32",
            calibrated=True,
            suffix=".tflite",
            runtimes=("litert",),
            quantizer="ai_edge",
        ),
        Variant(
            name="integer_only",
            short="IO",
            weights="int8",
            activations="int8",
            io="uint8",
            calibrated=True,
            suffix=".tflite",
            runtimes=("litert",),
            quantizer="ai_edge",
        ),
    )
}


def find_variants(names: Sequence[str]) -> tuple[Variant, ...]:
    """Returns the variants of these names, in the order given.

    Raises:
        UsageError: If a name is not in the table; the message lists the known ones.
    """
    unknown = [name for name in names if name not in VARIANTS]
    if unknown:
        raise UsageError(f"unknown variant: {', '.join(unknown)}; known are {', '.join(VARIANTS)}")
    return tuple(VARIANTS[name] for name in names)
