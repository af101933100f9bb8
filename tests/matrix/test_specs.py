"""Does every variant that is a TFLite file promise something, and do the promises differ?"""

from itertools import combinations

from zoobench.matrix.specs import SPECS
from zoobench.matrix.variants import VARIANTS


def test_every_variant_that_is_a_tflite_file_promises_something() -> None:
    files = {name for name, variant in VARIANTS.items() if variant.suffix == ".tflite"}
    assert files <= SPECS.keys()
    assert "keras" not in SPECS


def test_a_promise_agrees_with_its_variant() -> None:
    for name in VARIANTS.keys() & SPECS.keys():
        variant, spec = VARIANTS[name], SPECS[name]
        assert variant.io in spec.io
        assert (variant.weights, variant.activations) == (spec.weights, spec.activations)


def test_no_two_labels_promise_the_same() -> None:
    for one, other in combinations(SPECS.values(), 2):
        assert one != other
