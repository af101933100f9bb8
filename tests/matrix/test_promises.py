"""Does every variant that is a TFLite file promise something, and do the promises differ?"""

from itertools import combinations

from zoobench.matrix.promises import PROMISES
from zoobench.matrix.variants import VARIANTS


def test_every_variant_that_is_a_tflite_file_promises_something() -> None:
    files = {name for name, variant in VARIANTS.items() if variant.suffix == ".tflite"}
    assert files <= PROMISES.keys()
    assert "keras" not in PROMISES


def test_a_promise_agrees_with_its_variant() -> None:
    for name in VARIANTS.keys() & PROMISES.keys():
        variant, promise = VARIANTS[name], PROMISES[name]
        assert variant.io in promise.io
        assert (variant.weights, variant.activations) == (promise.weights, promise.activations)


def test_no_two_labels_promise_the_same() -> None:
    for one, other in combinations(PROMISES.values(), 2):
        assert one != other
