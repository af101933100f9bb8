"""How does a .npy file of test images begin? Always with the same bytes, so that nothing else need be understood."""

from zoobench.results.shape import brief

HEADER_BYTES = 128
_MAGIC = b"\x93NUMPY\x01\x00"
_PREFIX_BYTES = len(_MAGIC) + 2


def header(count: int, *, image_size: int) -> bytes:
    """Returns the beginning of a .npy file, uint8 [count, image_size, image_size, 3].

    By the .npy format, version 1.0: magic, length of the rest, a dictionary, spaces up to a multiple of 64 bytes.
    """
    shape = (count, image_size, image_size, 3)
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    length = HEADER_BYTES - _PREFIX_BYTES
    return _MAGIC + length.to_bytes(2, "little") + text.ljust(length - 1).encode() + b"\n"


def size_bytes(count: int, *, image_size: int) -> int:
    """Returns how large such a file is."""
    return HEADER_BYTES + count * image_size * image_size * 3


def check_header(received: bytes, *, count: int, image_size: int) -> None:
    """Compares the beginning of a file with what it must be: other number types may hold pickles.

    Raises:
        ValueError: If it is not the same; the message is the reason.
    """
    expected = header(count, image_size=image_size)
    if received[:HEADER_BYTES] != expected:
        raise ValueError(
            f"it begins with {_described(received)}; expected {_described(expected)}, uint8 images as "
            "`zoobench kit export` writes them"
        )


def _described(content: bytes) -> str:
    return brief(content[_PREFIX_BYTES:HEADER_BYTES].decode("ascii", errors="replace").strip())
