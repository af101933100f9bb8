"""Which forms of a trained classifier are there, and what does each label require of its TFLite file?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from zoobench.matrix.registry import Package, Table, is_reference
from zoobench.matrix.runtimes import find_runtime

PREQUANTIZED = "prequantized"
"""A TFLite file of one's own that came quantized, measured as it is: it has no float32 file to be compared with."""
NumberType = Literal["float32", "float16", "int16", "int8", "uint8", "int4"]
Quantizer = Literal["tensorflow", "ai_edge"]
_ANY: tuple[Quantizer, ...] = ("ai_edge", "tensorflow")
_AI_EDGE: tuple[Quantizer, ...] = ("ai_edge",)
Computing = Literal["float", "dequantized", "hybrid", "integer"]
"""What a layer does with its weights.

    float        multiplies float activations by weights that are stored as float32
    dequantized  the same, the weights stored smaller and made float32 by a DEQUANTIZE before it
    hybrid       takes float activations and integer weights, and quantizes the activations as it runs
    integer      multiplies integer activations by integer weights
"""
Granularity = Literal["none", "tensor", "channel", "block"]
"""How many scales the weights of a layer have: none, one, one for each output channel, one for each block of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSpec:
    """What must hold of a file that bears a label. Layers are convolutions and dense layers with constant weights.

    Attributes:
        io: Allowed number types of all inputs and outputs.
        weights: Number type that the weights must have.
        least_share: Smallest allowed share of the weights' bytes that have it. Some layers may stay as they were:
            XNNPACK has no fast dynamic-range kernel for depthwise convolutions, and TensorFlow leaves weights of fewer
            than 1,024 values in float32.
        computing: What layers may do with their weights; at least one must do the first.
        activations: Number type of the layers' inputs.
        granularities: Allowed for layers whose weights have the type that they must have.
        only_integers: Whether no operator may take or give float tensors, nor be a custom one.
    """

    io: tuple[str, ...] = ("float32",)
    weights: str
    least_share: float
    computing: tuple[Computing, ...]
    activations: str = "float32"
    granularities: tuple[Granularity, ...] = ("channel", "tensor")
    only_integers: bool = False


_FLOAT32 = VariantSpec(weights="float32", least_share=1.0, computing=("float",), granularities=("none",))
_FLOAT16 = VariantSpec(weights="float16", least_share=0.9, computing=("dequantized", "float"), granularities=("none",))
_DYNAMIC = VariantSpec(weights="int8", least_share=0.7, computing=("hybrid", "dequantized", "float"))
_INTEGER = VariantSpec(weights="int8", least_share=0.9, computing=("integer",), activations="int8")
SPECS: Mapping[str, VariantSpec] = {
    "float32": _FLOAT32,
    "float16": _FLOAT16,
    "dynamic_range": _DYNAMIC,
    "weight_only_int8": VariantSpec(weights="int8", least_share=0.9, computing=("dequantized", "float")),
    "dynamic_range_int4": replace(_DYNAMIC, weights="int4", least_share=0.5, granularities=("channel",)),
    # Blocks are for dense layers alone, which are next to nothing of a convolutional network.
    "dynamic_range_int4_block": replace(_DYNAMIC, weights="int4", least_share=0.0, granularities=("block",)),
    "float_fallback": _INTEGER,
    "integer_only": replace(_INTEGER, io=("uint8",), only_integers=True),
    "integer_only_int8": replace(_INTEGER, io=("int8",), only_integers=True),
    "int16x8": replace(_INTEGER, io=("float32", "int16"), activations="int16"),
}
"""By label. A label that is not here, as that of what came quantized, requires nothing of a TFLite file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One runnable form of a classifier.

    Attributes:
        short: The field's few letters for it.
        summary: What they mean.
        weights: Number type of the stored weights.
        activations: Number type that the layers compute in.
        io: Number type of the input and output tensors.
        calibrated: Whether making it needs calibration images.
        quantizers: What can make it, the default first; none where nothing is quantized.
        suffix: Ending of its file.
        maker: `module:function` that makes it of the float32 file, for what a package adds; see docs/extending.md.
        spec: What its file is held to, for what a package adds; that of our own stands in `SPECS`.
        libraries: Packages of a registry with whose versions the file may change, besides the one that adds it.
        package: What adds it to the table; None for our own.
    """

    name: str
    short: str
    summary: str = ""
    weights: NumberType
    activations: NumberType = "float32"
    io: NumberType = "float32"
    calibrated: bool = False
    quantizers: tuple[Quantizer, ...] = ()
    suffix: str = ".tflite"
    maker: str = ""
    spec: VariantSpec | None = None
    libraries: tuple[str, ...] = ()
    package: Package | None = None

    @property
    def is_quantized(self) -> bool:
        """Whether a quantizer, or a package's maker, makes it."""
        return bool(self.quantizers or self.maker)

    def runs_on(self, runtime: str) -> bool:
        """Tells whether a runtime, ours or one that a package adds, takes its file."""
        return find_runtime(runtime).suffix == self.suffix

    def added(self, package: Package) -> "Variant":
        """Returns it as what a package adds."""
        if not is_reference(self.maker) or self.quantizers:
            raise ValueError(f"maker is {self.maker!r}; expected 'module:function' that makes it, and no quantizers")
        if self.suffix != ".tflite":
            raise ValueError(f"suffix is {self.suffix!r}; allowed is .tflite, made of the float32 file")
        if self.spec is None:
            raise ValueError("it has no spec; give a zoobench.VariantSpec that every file of it keeps")
        own = (self.weights, self.activations, self.io)
        if strange := [one for one in own if one not in get_args(NumberType)]:
            raise ValueError(f"{strange[0]!r} is no number type; allowed is one of {', '.join(get_args(NumberType))}")
        if own[:2] != (self.spec.weights, self.spec.activations) or self.io not in self.spec.io:
            raise ValueError(f"weights, activations and io are {', '.join(own)}; its spec says otherwise")
        return replace(self, package=package)


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(name="keras", short="NQ", summary="Keras", weights="float32", suffix=".keras"),
        Variant(name="float32", short="TL", summary="float32", weights="float32"),
        Variant(name="float16", short="F16", summary="float16 weights", weights="float16", quantizers=_ANY),
        Variant(name="dynamic_range", short="DR", summary="int8 weights", weights="int8", quantizers=_ANY),
        Variant(
            name="weight_only_int8",
            short="W8",
            summary="int8 weights, computed in float",
            weights="int8",
            quantizers=_AI_EDGE,
        ),
        Variant(name="dynamic_range_int4", short="D4", summary="int4 weights", weights="int4", quantizers=_AI_EDGE),
        Variant(
            name="dynamic_range_int4_block",
            short="D4B",
            summary="int4 weights in blocks",
            weights="int4",
            quantizers=_AI_EDGE,
        ),
        Variant(
            name="float_fallback",
            short="FF",
            summary="int8 with float in and out",
            weights="int8",
            activations="int8",
            calibrated=True,
            quantizers=_ANY,
        ),
        Variant(
            name="integer_only",
            short="IO",
            summary="int8 with uint8 in and out",
            weights="int8",
            activations="int8",
            io="uint8",
            calibrated=True,
            quantizers=_ANY,
        ),
        Variant(
            name="integer_only_int8",
            short="IO8",
            summary="int8 with int8 in and out",
            weights="int8",
            activations="int8",
            io="int8",
            calibrated=True,
            quantizers=_ANY,
        ),
        Variant(
            name="int16x8",
            short="16x8",
            summary="int8 weights, computed in int16",
            weights="int8",
            activations="int16",
            calibrated=True,
            quantizers=_ANY,
        ),
        Variant(name=PREQUANTIZED, short="PQ", summary="as it came", weights="int8"),
    )
}
ALIASES = {
    **{variant.short: variant.name for variant in VARIANTS.values()},
    "tflite": "float32",
    "fp32": "float32",
    "fp16": "float16",
    "int8": "integer_only_int8",
    "uint8": "integer_only",
}
"""What else variants are called; `int8` in all: weights, activations, input and output."""
TABLE = Table(what="variant", kind=Variant, own=VARIANTS, aliases=ALIASES)
"""With what packages add."""


def find_variant(name: str) -> Variant:
    """Returns the variant of a name, ours or one that a package adds.

    Raises:
        UsageError: If there is none, or the package that adds it is broken.
    """
    return TABLE.find(name)


def spec_of(name: str) -> VariantSpec | None:
    """Returns what a variant, ours or one that a package adds, requires of its file; None where it is no TFLite file.

    Raises:
        UsageError: If there is no such variant, or the package that adds it is broken.
    """
    return SPECS[name] if name in SPECS else TABLE.find(name).spec
