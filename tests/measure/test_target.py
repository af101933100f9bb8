"""Do the right pixels reach memory, and does a file that is not what its variant says fail with both sides shown?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import row_of, write_samples
from measuring import a_target
from modelfiles import labelled
from zoobench.errors import ModelError
from zoobench.measure.target import Samples, Target, measure_size, violations_of
from zoobench.tflite.contract import Contract, plain, read_contract


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Five samples in rows 4, 0, 3, 300 and 2 of a file."""
    return write_samples(tmp_path_factory.mktemp("samples"), [0, 1, 0, 1, 2], rows=[4, 0, 3, 300, 2])


def test_images_come_in_the_order_of_samples_and_not_of_the_file(shuffled: Samples) -> None:
    assert len(shuffled) == 5
    images = shuffled.images(1, 4)
    assert images.shape == (3, 2, 2, 3)
    assert images.dtype == np.uint8
    assert [row_of(image) for image in images] == [0, 3, 300]


@given(start=st.integers(0, 6), length=st.integers(0, 6))
def test_a_range_that_reaches_past_the_end_is_cut_there(shuffled: Samples, start: int, length: int) -> None:
    images = shuffled.images(start, start + length)
    assert [row_of(image) for image in images] == [4, 0, 3, 300, 2][start : start + length]


def test_images_are_a_copy_that_no_longer_needs_the_file(tmp_path: Path) -> None:
    samples = write_samples(tmp_path, [0, 0])
    images = samples.images(0, 2)
    images[:] = 7
    assert type(images) is np.ndarray
    assert row_of(samples.images(1, 2)[0]) == 1


def test_a_file_of_pickled_objects_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "pixels.npy", np.array([{}], object), allow_pickle=True)
    samples = Samples(path=tmp_path / "pixels.npy", rows=np.array([0]), labels=np.array([0]))
    with pytest.raises(ValueError, match="Python objects"):
        samples.images(0, 1)


def of_variant(variant: str, contract: Contract | None) -> Target:
    target = a_target(variant=variant)
    return replace(target, file=replace(target.file, contract=contract))


def test_a_file_that_is_what_its_variant_says_violates_nothing() -> None:
    assert violations_of(of_variant("integer_only", read_contract(labelled("integer_only")))) == ""
    assert violations_of(of_variant("keras", None)) == "", "it is no TFLite file"


def test_another_file_is_told_with_what_is_required_and_what_was_found() -> None:
    told = violations_of(of_variant("float_fallback", read_contract(labelled("dynamic_range"))))
    assert "model.tflite does not meet the spec of float_fallback" in told
    assert "all integer" in told
    assert "3 hybrid, 1 float" in told


def test_it_is_said_what_other_quantizers_made_or_how_they_are_asked() -> None:
    target = of_variant("float_fallback", read_contract(labelled("dynamic_range")))
    tried = replace(target, file=replace(target.file, quantizer="ai_edge", others=("tensorflow refuses it: odd",)))
    assert "made by ai_edge. The others do no better here:\n  tensorflow refuses it: odd\n" in violations_of(tried)
    forced = replace(target, file=replace(target.file, quantizer="tensorflow"))
    assert violations_of(forced).endswith(
        "made by tensorflow, as asked for. Try --zoo-quantizer auto, which takes the better one."
    )
    assert "quantizer" not in violations_of(target)


def test_a_tflite_file_of_a_variant_that_is_none_is_refused() -> None:
    with pytest.raises(ModelError, match="keras has no spec of a TFLite file"):
        violations_of(of_variant("keras", read_contract(labelled("float32"))))


def test_a_size_comes_with_that_of_the_twin_and_what_stands_in_the_file() -> None:
    contract = read_contract(labelled("integer_only"))
    target = of_variant("integer_only", contract)
    target = replace(target, file=replace(target.file, quantizer="tensorflow"))
    model = measure_size(target, twin=of_variant("float32", None))
    assert (model.size_bytes, model.float_twin_size_bytes) == (8, 8)
    assert (model.contract, model.quantizer) == (plain(contract), "tensorflow")
