"""Do the right pixels reach memory, and no more of them than asked for?"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import row_of, write_samples
from zoobench.measure.target import Samples


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Five samples in rows 4, 0, 3, 300 and 2 of a file."""
    return write_samples(tmp_path_factory.mktemp("samples"), [0, 1, 0, 1, 2], rows=[4, 0, 3, 300, 2])


def test_there_are_as_many_samples_as_rows_were_chosen(shuffled: Samples) -> None:
    assert len(shuffled) == 5


def test_images_come_in_the_order_of_samples_and_not_of_the_file(shuffled: Samples) -> None:
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
