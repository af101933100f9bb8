"""Does each label keep its spec, and is a wrong one refused?"""

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from packages import put
from zoobench.build.conversion import _MAKERS
from zoobench.matrix.registry import Package
from zoobench.matrix.variants import PREQUANTIZED, SPECS, VARIANTS, Variant, VariantSpec, spec_of


def test_every_label_agrees_with_its_spec_its_makers_and_its_runtimes() -> None:
    for variant in VARIANTS.values():
        assert variant.calibrated == variant.activations.startswith("int")
        assert variant.is_quantized == (variant.weights != "float32" and variant.name != PREQUANTIZED)
        assert {quantizer for quantizer, name in _MAKERS if name == variant.name} == set(variant.quantizers)
        assert variant.runs_on("litert" if variant.suffix == ".tflite" else "keras")
        if spec := SPECS.get(variant.name):
            assert variant.io in spec.io
            assert (variant.weights, variant.activations) == (spec.weights, spec.activations)
    assert len({variant.short for variant in VARIANTS.values()}) == len(VARIANTS)
    assert {name for name, variant in VARIANTS.items() if variant.suffix == ".tflite"} == {*SPECS, PREQUANTIZED}
    assert all(one != other for one, other in combinations(SPECS.values(), 2))


SPEC = VariantSpec(weights="int4", least_share=0.9, computing=("dequantized",), granularities=("channel",))
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
        ({"spec": None}, "it has no spec; give a zoobench.VariantSpec"),
        ({"io": "int2"}, "'int2' is no number type; allowed is one of float32, float16, int16, int8, uint8, int4"),
        ({"weights": "int8"}, "weights, activations and io are int8, float32, float32; its spec says otherwise"),
        ({"io": "uint8"}, "weights, activations and io are int4, float32, uint8; its spec says otherwise"),
    ],
)
def test_a_package_adds_only_what_can_be_made_and_held_to_a_spec(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        replace(ADDED, **changes).added(PACKAGE)


def test_a_spec_is_ours_or_that_of_the_package(beside_us: Path) -> None:
    text = "from tests.matrix.test_variants import ADDED"
    put(beside_us, "zoobench-w4", entry_points={"zoobench.variants": "w4 = w4:ADDED"}, modules={"w4.py": text})
    assert spec_of("w4") == SPEC
    assert spec_of("float32") == SPECS["float32"]
    assert spec_of("keras") is None
