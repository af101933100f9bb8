"""Does each label keep its spec, and is a wrong one refused?"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from packages import put
from zoobench.build.quantizing import _MAKERS
from zoobench.errors import UsageError
from zoobench.matrix.registry import Package
from zoobench.matrix.runtimes import RUNTIMES
from zoobench.matrix.specs import SPECS, VariantSpec
from zoobench.matrix.variants import VARIANTS, Variant, find_variants, spec_of

every_variant = pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))


@pytest.mark.parametrize(
    ("name", "short", "numbers"),
    [  # number types of weights, activations, input and output
        ("keras", "NQ", ("float32", "float32", "float32")),
        ("float32", "TL", ("float32", "float32", "float32")),
        ("dynamic_range", "DR", ("int8", "float32", "float32")),
        ("float_fallback", "FF", ("int8", "int8", "float32")),
        ("integer_only", "IO", ("int8", "int8", "uint8")),
        ("integer_only_int8", "IO8", ("int8", "int8", "int8")),
        ("float16", "F16", ("float16", "float32", "float32")),
        ("weight_only_int8", "W8", ("int8", "float32", "float32")),
        ("dynamic_range_int4", "D4", ("int4", "float32", "float32")),
        ("dynamic_range_int4_block", "D4B", ("int4", "float32", "float32")),
        ("int16x8", "16x8", ("int8", "int16", "float32")),
    ],
)
def test_a_label_says_what_is_stored_computed_and_taken(name: str, short: str, numbers: tuple[str, str, str]) -> None:
    variant = VARIANTS[name]
    assert variant.short == short
    assert (variant.weights, variant.activations, variant.io) == numbers


@every_variant
def test_calibration_images_are_needed_for_integer_activations_alone(variant: Variant) -> None:
    assert variant.calibrated == variant.activations.startswith("int")


@every_variant
def test_a_quantizer_makes_what_is_not_stored_as_float32(variant: Variant) -> None:
    assert variant.is_quantized == (variant.weights != "float32")


@every_variant
def test_each_quantizer_that_is_named_makes_it_and_no_other(variant: Variant) -> None:
    assert {quantizer for quantizer, name in _MAKERS if name == variant.name} == set(variant.quantizers)


def test_all_is_the_whole_table() -> None:
    assert find_variants(["all"]) == tuple(VARIANTS.values())


@every_variant
def test_the_ending_of_a_file_fits_its_runtimes(variant: Variant) -> None:
    assert set(variant.runtimes) <= set(RUNTIMES)
    assert variant.suffix == (".tflite" if "litert" in variant.runtimes else ".keras")


def test_variants_are_found_in_the_order_asked_for() -> None:
    assert [variant.short for variant in find_variants(["integer_only", "keras", "float32"])] == ["IO", "NQ", "TL"]


def test_unknown_variants_are_named_beside_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        find_variants(["int4", "float32", "int2"])
    assert str(caught.value) == (
        "unknown variant: int4, int2; known are keras, float32, float16, dynamic_range, weight_only_int8, "
        "dynamic_range_int4, dynamic_range_int4_block, float_fallback, integer_only, integer_only_int8, int16x8, or all"
    )


SPEC = VariantSpec(
    io=("float32",),
    weights="int4",
    least_share=0.9,
    computing=("dequantized",),
    activations="float32",
    granularities=("channel",),
)
ADDED = Variant(name="w4", short="W4", weights="int4", maker="making:make", spec=SPEC)
PACKAGE = Package(name="zoobench-w4", version="1.0")


def test_a_variant_that_a_package_adds_is_quantized_and_knows_its_package() -> None:
    variant = ADDED.added(PACKAGE)
    assert variant == replace(ADDED, package=PACKAGE)
    assert variant.is_quantized


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"maker": ""}, "maker is ''; expected 'module:function' that makes it, and no quantizers"),
        ({"maker": "making"}, "maker is 'making'; expected 'module:function'"),
        ({"quantizers": ("ai_edge",)}, "expected 'module:function' that makes it, and no quantizers"),
        ({"suffix": ".keras"}, "suffix is '.keras'; allowed is .tflite"),
        ({"spec": None}, "it has no spec; give a zoobench.matrix.specs.VariantSpec"),
        ({"io": "int2"}, "'int2' is no number type; allowed is one of float32, float16, int16, int8, uint8, int4"),
        ({"weights": "int8"}, "weights, activations and io are int8, float32, float32; its spec says otherwise"),
        ({"io": "uint8"}, "weights, activations and io are int4, float32, uint8; its spec says otherwise"),
    ],
)
def test_a_package_adds_only_what_can_be_made_and_held_to_a_promise(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        replace(ADDED, **changes).added(PACKAGE)


def test_a_variant_runs_on_what_takes_its_files() -> None:
    assert [name for name in RUNTIMES if VARIANTS["keras"].runs_on(name)] == ["keras", "keras_graph"]
    assert VARIANTS["float32"].runs_on("openvino")


def test_a_promise_is_ours_or_that_of_the_package(beside_us: Path) -> None:
    text = "from tests.matrix.test_variants import ADDED"
    put(beside_us, "zoobench-w4", entry_points={"zoobench.variants": "w4 = w4:ADDED"}, modules={"w4.py": text})
    assert spec_of("w4") == SPEC
    assert spec_of("float32") == SPECS["float32"]
    assert spec_of("keras") is None
