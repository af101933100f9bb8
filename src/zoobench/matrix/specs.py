"""What does each label promise of its TFLite file? Literal, so that a file can be held to it without its maker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Computing = Literal["float", "dequantized", "hybrid", "integer"]
"""What a layer does with its weights.

    float        multiplies float activations by weights that are stored as float32
    dequantized  the same, the weights stored smaller and made float32 by a DEQUANTIZE before it
    hybrid       takes float activations and integer weights, and quantizes the activations as it runs
    integer      multiplies integer activations by integer weights
"""
Granularity = Literal["none", "tensor", "channel", "block"]
"""How many scales the weights of a layer have: none, one, one for each output channel, one for each block of a row."""
_WHOLE_OR_CHANNEL: tuple[Granularity, ...] = ("channel", "tensor")


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSpec:
    """What must hold of a file that bears a label. Layers are convolutions and dense layers with constant weights.

    Attributes:
        io: Allowed number types of all inputs and outputs.
        weights: Number type that the weights are promised to have.
        least_share: Smallest allowed share of the weights' bytes that have it. Some layers may stay as they were:
            XNNPACK has no fast dynamic-range kernel for depthwise convolutions, and TensorFlow leaves weights of fewer
            than 1,024 values in float32.
        computing: What layers may do with their weights; at least one must do the first.
        activations: Number type of the layers' inputs.
        granularities: Allowed for layers whose weights have the promised type.
        only_integers: Whether no operator may take or give float tensors, nor be a custom one.
    """

    io: tuple[str, ...]
    weights: str
    least_share: float
    computing: tuple[Computing, ...]
    activations: str
    granularities: tuple[Granularity, ...]
    only_integers: bool = False


SPECS: Mapping[str, VariantSpec] = {
    "float32": VariantSpec(
        io=("float32",),
        weights="float32",
        least_share=1.0,
        computing=("float",),
        activations="float32",
        granularities=("none",),
    ),
    "float16": VariantSpec(
        io=("float32",),
        weights="float16",
        least_share=0.9,
        computing=("dequantized", "float"),
        activations="float32",
        granularities=("none",),
    ),
    "dynamic_range": VariantSpec(
        io=("float32",),
        weights="int8",
        least_share=0.7,
        computing=("hybrid", "dequantized", "float"),
        activations="float32",
        granularities=_WHOLE_OR_CHANNEL,
    ),
    "weight_only_int8": VariantSpec(
        io=("float32",),
        weights="int8",
        least_share=0.9,
        computing=("dequantized", "float"),
        activations="float32",
        granularities=_WHOLE_OR_CHANNEL,
    ),
    "dynamic_range_int4": VariantSpec(
        io=("float32",),
        weights="int4",
        least_share=0.5,
        computing=("hybrid", "dequantized", "float"),
        activations="float32",
        granularities=("channel",),
    ),
    "dynamic_range_int4_block": VariantSpec(
        io=("float32",),
        weights="int4",
        least_share=0.0,  # blocks are for dense layers alone, which are next to nothing of a convolutional network
        computing=("hybrid", "dequantized", "float"),
        activations="float32",
        granularities=("block",),
    ),
    "float_fallback": VariantSpec(
        io=("float32",),
        weights="int8",
        least_share=0.9,
        computing=("integer",),
        activations="int8",
        granularities=_WHOLE_OR_CHANNEL,
    ),
    "integer_only": VariantSpec(
        io=("uint8",),
        weights="int8",
        least_share=0.9,
        computing=("integer",),
        activations="int8",
        granularities=_WHOLE_OR_CHANNEL,
        only_integers=True,
    ),
    "integer_only_int8": VariantSpec(
        io=("int8",),
        weights="int8",
        least_share=0.9,
        computing=("integer",),
        activations="int8",
        granularities=_WHOLE_OR_CHANNEL,
        only_integers=True,
    ),
    "int16x8": VariantSpec(
        io=("float32", "int16"),
        weights="int8",
        least_share=0.9,
        computing=("integer",),
        activations="int16",
        granularities=_WHOLE_OR_CHANNEL,
    ),
}
"""By label. A label that is not here promises nothing that a TFLite file could be held to."""
