"""Does a file of test images begin with what NumPy reads, and is all else refused?"""

import io
from typing import Any

import numpy as np
import pytest

from zoobench.kit.imagefile import HEADER_BYTES, check_header, header, size_bytes


def saved(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def test_numpy_reads_what_follows_the_header_as_images() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    content = header(2, image_size=4) + images.tobytes()
    assert len(content) == size_bytes(2, image_size=4) == HEADER_BYTES + 96
    np.testing.assert_array_equal(np.load(io.BytesIO(content), allow_pickle=False), images)
    check_header(content, count=2, image_size=4)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.array([[[[{"evil": 1}] * 3] * 4] * 4] * 2, dtype=object), "'descr': '|O'"),
        (np.zeros((2, 4, 4, 3), np.float32), "'descr': '<f4'"),
        (np.zeros((3, 4, 4, 3), np.uint8), "'shape': (3, 4, 4, 3)"),
        (np.zeros((2, 4, 4), np.uint8), "'shape': (2, 4, 4)"),
        (np.asfortranarray(np.zeros((2, 4, 4, 3), np.uint8)), "'fortran_order': True"),
    ],
    ids=["objects, which are pickled", "float32", "more images", "no colours", "another order"],
)
def test_another_array_is_refused_and_not_read(array: Any, told: str) -> None:
    with pytest.raises(ValueError, match="it begins with") as caught:
        check_header(saved(array), count=2, image_size=4)
    assert told in str(caught.value)
    assert "expected \"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 4, 3)" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x03\x00" + b"\xff" * 200, b"\x1b[2J" * 50])
def test_what_is_no_array_is_refused_in_words_that_can_be_printed(content: bytes) -> None:
    with pytest.raises(ValueError, match="it begins with") as caught:
        check_header(content, count=2, image_size=4)
    assert str(caught.value).isprintable()
