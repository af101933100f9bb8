"""Does each label keep its promise, and is a wrong one refused?"""

import pytest

from zoobench.build.quantizing import _MAKERS
from zoobench.errors import UsageError
from zoobench.runtimes import RUNTIMES
from zoobench.variants import VARIANTS, Variant, find_variants

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
