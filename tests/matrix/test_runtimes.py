"""Does the table of runtimes name them, find what is missing, and say how to install it?"""

import re
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from zoobench.matrix.registry import EVERY, Package
from zoobench.matrix.runtimes import RUNTIMES, Runtime, find_runtimes, runtimes_of

NOWHERE = replace(RUNTIMES["openvino"], packages=("numpy", "a_package_that_nobody_has"))


@pytest.mark.parametrize("name", RUNTIMES)
def test_every_runtime_has_a_module_that_opens_files(name: str) -> None:
    if RUNTIMES[name].missing:
        pytest.skip(RUNTIMES[name].unavailable_reason)
    if RUNTIMES[name].fixes_threads:
        assert find_spec(RUNTIMES[name].module)
    else:
        assert callable(getattr(import_module(RUNTIMES[name].module), RUNTIMES[name].opens))


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=lambda one: one.name)
def test_what_a_runtime_is_compared_with_takes_the_same_files(runtime: Runtime) -> None:
    reference = RUNTIMES[runtime.reference]
    assert (reference.suffix, reference.reference) == (runtime.suffix, reference.name)
    assert runtime.name in runtimes_of(runtime.suffix)
    assert runtime.processes >= 6 or runtime.suffix == ".keras"  # for an interval; each import of Keras takes seconds


def test_runtimes_are_found_in_the_order_of_the_table() -> None:
    assert find_runtimes(["openvino", "litert"]) == ("litert", "openvino")
    assert find_runtimes([EVERY]) == find_runtimes(["litert", EVERY]) == tuple(RUNTIMES)


def test_what_is_not_installed_is_told_with_how_to_install_it() -> None:
    assert RUNTIMES["litert"].missing == ()
    assert NOWHERE.missing == ("a_package_that_nobody_has",)
    assert NOWHERE.unavailable_reason == (
        "the runtime openvino needs a_package_that_nobody_has, not installed here: pip install openvino"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"suffix": ".onnx"}, "suffix is '.onnx'; allowed is one of .tflite, .keras"),
        ({"suffix": ".keras"}, "reference is 'litert'; expected 'keras', which runs .keras files"),
        ({"packages": ("onnx.runtime",)}, "packages has 'onnx.runtime'; expected names that Python imports, without"),
        ({"reference": "fast"}, "reference is 'fast'; expected 'litert', which runs .tflite files"),
    ],
)
def test_a_package_adds_runtimes_of_our_files_compared_with_our_references(changes: dict[str, Any], told: str) -> None:
    runtime = Runtime(**{"name": "fast", "module": "m", "packages": (), "libraries": (), "install": "fast", **changes})
    with pytest.raises(ValueError, match=re.escape(told)):
        runtime.added(Package(name="zoobench-fast", version="1.0"))
