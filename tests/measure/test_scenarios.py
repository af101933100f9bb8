"""Does a file that is not what its variant says fail with both sides shown?"""

from pathlib import Path

import numpy as np
import pytest

from modelfiles import labelled
from zoobench.errors import ModelError
from zoobench.matrix.cell import Cell
from zoobench.measure.scenarios import measure_size, violations_of
from zoobench.measure.target import ModelFile, Samples, Target
from zoobench.tflite.contract import Contract, plain, read_contract

SAMPLES = Samples(path=Path("pixels.npy"), rows=np.arange(1), labels=np.arange(1))


def a_target(variant: str, contract: Contract | None) -> Target:
    cell = Cell(backbone="mobilenet", variant=variant, runtime="litert", threads=1, image_size=32)
    file = ModelFile(path=Path("model.tflite"), sha256="ab" * 32, size_bytes=8, contract=contract)
    return Target(cell=cell, file=file, samples=SAMPLES)


def test_a_file_that_is_what_its_variant_says_violates_nothing() -> None:
    assert violations_of(a_target("integer_only", read_contract(labelled("integer_only")))) == ""


def test_another_file_is_told_with_what_is_required_and_what_was_found() -> None:
    told = violations_of(a_target("float_fallback", read_contract(labelled("dynamic_range"))))
    assert "model.tflite is not what float_fallback promises" in told
    assert "all integer" in told
    assert "3 hybrid, 1 float" in told


def test_what_is_no_tflite_file_has_no_spec_to_violate() -> None:
    assert violations_of(a_target("keras", None)) == ""


def test_a_tflite_file_of_a_variant_that_is_none_is_refused() -> None:
    with pytest.raises(ModelError, match="keras promises nothing of a TFLite file"):
        violations_of(a_target("keras", read_contract(labelled("float32"))))


def test_a_size_comes_with_that_of_the_twin_and_what_stands_in_the_file() -> None:
    contract = read_contract(labelled("integer_only"))
    model = measure_size(a_target("integer_only", contract), twin=a_target("float32", None))
    assert (model.size_bytes, model.float_twin_size_bytes) == (8, 8)
    assert model.contract == plain(contract)
