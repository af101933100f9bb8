"""What are the pixels of one image file, as Keras would read them, and if there are none, why not?"""

import io
import stat
import struct
import threading
import zlib
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from zoobench.errors import DataError

DECODER_VERSION = 1
"""Part of the identity of decoded images: it goes up whenever the same file would give other pixels."""
EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
MIN_SIDE = 16
MAX_PIXELS = 100_000_000
MAX_FILE_BYTES = 500_000_000
Pixels = npt.NDArray[np.uint8]

# One image above this many pixels is decoded at a time, so that several at once do not fill the memory.
_LARGE_PIXELS = 24_000_000
_large_image = threading.Lock()
_TRUNCATED = "truncated: the file ends before the image does"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"


class _JpegWithoutExif(JpegImageFile):
    """A JPEG whose EXIF data is not read: we do not use it, and Pillow warns where it is damaged."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


# Beginning of the file, its reader, and what must stand in it for the file to be whole.
# The readers are called directly because `Image.open` would read more formats than Keras and warn about large images.
_READERS: tuple[tuple[bytes, type[ImageFile], bytes], ...] = (
    (b"\xff\xd8\xff", _JpegWithoutExif, b""),
    (b"\x89PNG\r\n\x1a\n", PngImageFile, _PNG_END),
    (b"GIF87a", GifImageFile, b""),
    (b"GIF89a", GifImageFile, b""),
    (b"BM", BmpImageFile, b""),
)

_OTHER_KINDS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (8, b"WEBP", "a WebP image"),
    (4, b"ftyp", "a HEIC, AVIF or MP4 file"),
    (0, b"<", "a text file such as HTML or SVG"),
)

# What Pillow raises for damaged content; `Warning` because a caller may have turned warnings into errors.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)


def load(path: Path) -> Pixels:
    """Returns the pixels of one image file, whatever its extension, [height, width, 3] RGB, read-only.

    Raises:
        DataError: The image cannot be used; the message is the reason alone, without the file's name.
    """
    try:
        check_file(path)
        return decode(path.read_bytes())
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})") from error


def check_file(path: Path) -> None:
    """Raises if `path` is nothing that can be read as an image file, before anything of it is read.

    Raises:
        OSError: There is no such file.
        DataError: It is a folder, a pipe or the like, or too large.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DataError("cannot be read (not a regular file)")
    if status.st_size > MAX_FILE_BYTES:
        raise DataError(f"{status.st_size:,} bytes; at most {MAX_FILE_BYTES:,} are read")


def decode(content: bytes) -> Pixels:
    """Decodes a JPEG, PNG, BMP or GIF (its first frame) to 8-bit RGB, [height, width, 3], read-only.

    As in TensorFlow, alpha is dropped, 16-bit samples keep their high byte, transparent pixels of a GIF are black and
    the EXIF orientation is not applied. JPEGs go through the accurate inverse DCT; `tf.image.decode_image` uses the
    fast one unless told otherwise and differs by about one level of 255.

    Raises:
        DataError: The image cannot be used; the message is the reason.
    """
    reader = _reader(content)
    try:
        image = reader(io.BytesIO(content))
        pixels = image.width * image.height
        if min(image.size) < MIN_SIDE:
            raise DataError(f"{image.width} x {image.height} pixels; at least {MIN_SIDE} x {MIN_SIDE} are needed")
        if pixels > MAX_PIXELS:
            raise DataError(f"{image.width} x {image.height} pixels; at most {MAX_PIXELS:,} in all are read")
        with _large_image if pixels > _LARGE_PIXELS else nullcontext():
            return _rgb(image)
    except _DAMAGE as error:
        raise DataError(_TRUNCATED if "truncated" in str(error).lower() else f"damaged ({error})") from error


def resize(pixels: Pixels, *, size: int) -> Pixels:
    """Stretches an image to a square as `tf.image.resize(method="bilinear")` does, then rounds to whole levels.

    Half-pixel centres, no antialiasing: each output pixel is mixed from its four nearest input pixels.
    Returns a new array, [size, size, 3].
    """
    above, below, down = _neighbours(pixels.shape[0], size)
    left, right, across = _neighbours(pixels.shape[1], size)
    upper = _mixed(pixels[above[:, None], left], pixels[above[:, None], right], across[:, None])
    lower = _mixed(pixels[below[:, None], left], pixels[below[:, None], right], across[:, None])
    return np.rint(_mixed(upper, lower, down[:, None, None])).astype(np.uint8)


def _reader(content: bytes) -> type[ImageFile]:
    if not content:
        raise DataError("the file is empty")
    for beginning, reader, end in _READERS:
        if content.startswith(beginning):
            if end not in content:
                raise DataError(_TRUNCATED)
            return reader
    for offset, mark, kind in _OTHER_KINDS:
        if content.startswith(mark, offset):
            raise DataError(f"not a JPEG, PNG, BMP or GIF image, but {kind}")
    raise DataError("not a JPEG, PNG, BMP or GIF image")


def _rgb(image: ImageFile) -> Pixels:
    if image.mode.startswith("I"):  # 16-bit grey; colours of 16 bits are cut to 8 by Pillow
        return np.stack([(np.asarray(image) >> 8).astype(np.uint8)] * 3, axis=-1)
    if isinstance(image, GifImageFile) and "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA"))
        return rgba[..., :3] * (rgba[..., 3:] > 0)
    image.info.pop("transparency", None)  # else Pillow warns that it will be lost
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _neighbours(length: int, size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Returns for each output position the input positions before and after it, and the weight of the latter."""
    scale = np.float32(length) / np.float32(size)
    position = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    before = np.floor(position)
    first = np.clip(before, 0, length - 1).astype(np.intp)
    second = np.clip(np.ceil(position), 0, length - 1).astype(np.intp)
    return first, second, position - before


def _mixed(
    one: npt.NDArray[np.generic], other: npt.NDArray[np.generic], weight: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    first = one.astype(np.float32)
    return first + (other.astype(np.float32) - first) * weight
