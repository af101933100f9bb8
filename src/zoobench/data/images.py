"""What are the pixels of one image file, as Keras would read them, and if there are none, why not?"""

import io
import stat
import struct
import threading
import zlib
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Literal, get_args

import numpy as np
import numpy.typing as npt
import PIL
from PIL import Image, features
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from zoobench.errors import DataError
from zoobench.matrix.interface import ImageSize, height_and_width

DECODER_VERSION = 1
"""Part of the identity of decoded images: it goes up whenever the same file would give other pixels."""
EXTENSIONS = (".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
MIN_SIDE = 16
MAX_PIXELS = 100_000_000
MAX_FILE_BYTES = 500_000_000
Pixels = npt.NDArray[np.uint8]
Resizing = Literal["stretch", "crop", "pad"]
"""How an image gets another shape: stretched, or its middle cut out, or black at its sides."""
RESIZINGS: tuple[Resizing, ...] = get_args(Resizing)

# One image above this many pixels is decoded at a time, so that several at once do not fill the memory.
_LARGE_PIXELS = 24_000_000
_large_image = threading.Lock()
_TRUNCATED = "truncated: the file ends before the image does"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"


class _JpegWithoutExif(JpegImageFile):
    """A JPEG whose EXIF data is not read: we do not use it, and Pillow warns where it is damaged."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


try:
    from PIL.AvifImagePlugin import AvifImageFile as _AvifReader
except ImportError:  # Pillow before 11.3
    _AvifReader = None  # type: ignore[assignment,misc]

# Where a mark stands that tells what a file is, its reader, and what must stand in it for the file to be whole.
# The readers are called directly because `Image.open` would read more formats than these and warn about large images.
_READERS: tuple[tuple[int, bytes, type[ImageFile] | None, bytes], ...] = (
    (0, b"\xff\xd8\xff", _JpegWithoutExif, b""),
    (0, b"\x89PNG\r\n\x1a\n", PngImageFile, _PNG_END),
    (0, b"GIF87a", GifImageFile, b""),
    (0, b"GIF89a", GifImageFile, b""),
    (0, b"BM", BmpImageFile, b""),
    (0, b"II*\x00", TiffImageFile, b""),
    (0, b"MM\x00*", TiffImageFile, b""),
    (0, b"II+\x00", TiffImageFile, b""),
    (0, b"MM\x00+", TiffImageFile, b""),
    (8, b"WEBP", WebPImageFile, b""),
    *((4, b"ftyp" + brand, _AvifReader, b"") for brand in (b"avif", b"avis")),
)
_DARK = 4096
_READ = "JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF"
_BEGINNING = 4096
"""Bytes that tell what a file is, and in which the EXIF data of a JPEG begins."""
_EXIF, _EXIF_BYTES = b"Exif\x00\x00", 65_536
_NONE = (b"", b"", b"")

_OTHER_KINDS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%PDF", "a PDF document"),
    (4, b"ftyp", "a HEIC or MP4 file"),
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
    RuntimeError,  # libavif
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


_KERAS_READS = ("JPEG", "PNG", "GIF", "BMP")
_WITHOUT_EXIF = ("GIF", "BMP", "TIFF")


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
    """Decodes an image, of an animation its first frame, to 8-bit RGB, [height, width, 3], read-only.

    As in TensorFlow, alpha is dropped, 16-bit samples keep their high byte, transparent pixels of a GIF are black and
    the EXIF orientation is not applied; that of a TIFF, which TensorFlow does not read, Pillow applies itself. JPEGs go
    through the accurate inverse DCT; `tf.image.decode_image` uses the
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


def glance(path: Path) -> tuple[str, int]:
    """Returns what kind of image a file is, '' for one that Keras reads too, and its EXIF orientation, 1 for upright.

    What is damaged is found when it is decoded. That of a TIFF is 1, as Pillow turns it.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as handle:
        return _glance(handle)


def upright(content: bytes, pixels: Pixels) -> Pixels:
    """Returns the pixels of a file of this content as its EXIF orientation says."""
    return turned(pixels, _glance(io.BytesIO(content))[1])


def _glance(handle: IO[bytes]) -> tuple[str, int]:
    beginning = handle.read(_BEGINNING)
    try:
        reader = _reader(beginning, whole=False)
        kind = "" if reader.format in _KERAS_READS else str(reader.format)
        if reader.format in _WITHOUT_EXIF:
            return kind, 1
        if reader is _JpegWithoutExif:  # without Pillow, as most data sets are many of these
            _, mark, exif = (beginning + handle.read(_EXIF_BYTES)).partition(_EXIF) if _EXIF in beginning else _NONE
            return kind, _orientation(mark + exif)
        handle.seek(0)
        return kind, _orientation(reader(handle).info.get("exif", b""))
    except (DataError, *_DAMAGE):
        return "", 1


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Returns an image upright that was taken with this EXIF orientation, 1 to 8."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    down = -1 if orientation in (3, 4, 7, 8) else 1
    across = -1 if orientation in (2, 3, 6, 7) else 1
    return pixels[::down, ::across]


def resize(pixels: Pixels, *, size: ImageSize, how: Resizing = "stretch") -> Pixels:
    """Gives an image a size as `keras.utils.image_dataset_from_directory` does, then rounds to whole levels.

    By `tf.image.resize(method="bilinear")`: half-pixel centres, no antialiasing; each output pixel is mixed from its
    four nearest input pixels. `crop` is `crop_to_aspect_ratio` and `pad` is `pad_to_aspect_ratio` of Keras.
    Returns a new array, [height, width, 3].
    """
    height, width = height_and_width(size)
    if how == "pad":
        return _padded(pixels, height, width)
    if how == "crop":
        tall, wide = pixels.shape[:2]
        kept = min(tall, max(1, wide * height // width)), min(wide, max(1, tall * width // height))
        top, left = ((length - side) // 2 for length, side in zip((tall, wide), kept, strict=True))
        pixels = pixels[top : top + kept[0], left : left + kept[1]]
    return _stretched(pixels, height, width)


def _padded(pixels: Pixels, height: int, width: int) -> Pixels:
    """Resizes to fit and puts black beside it, as `tf.image.resize_with_pad` does, in single precision like it."""
    lengths = [np.float32(length) for length in pixels.shape[:2]]
    sides = [np.float32(side) for side in (height, width)]
    ratio = max(length / side for length, side in zip(lengths, sides, strict=True))
    tall, wide = (max(1, int(length / ratio)) for length in lengths)
    top, left = (int((side - length / ratio) / 2) for length, side in zip(lengths, sides, strict=True))
    padded = np.zeros((height, width, 3), np.uint8)
    padded[top : top + tall, left : left + wide] = _stretched(pixels, tall, wide)
    return padded


def _stretched(pixels: Pixels, height: int, width: int) -> Pixels:
    above, below, down = _neighbours(pixels.shape[0], height)
    left, right, across = _neighbours(pixels.shape[1], width)
    upper = _mixed(pixels[above[:, None], left], pixels[above[:, None], right], across[:, None])
    lower = _mixed(pixels[below[:, None], left], pixels[below[:, None], right], across[:, None])
    return np.rint(_mixed(upper, lower, down[:, None, None])).astype(np.uint8)


def _reader(content: bytes, *, whole: bool = True) -> type[ImageFile]:
    if not content:
        raise DataError("the file is empty")
    for offset, mark, reader, end in _READERS:
        if content.startswith(mark, offset):
            if whole and (end not in content or len(content) < _promised_bytes(content)):
                raise DataError(_TRUNCATED)
            return _supported(reader)
    for offset, mark, kind in _OTHER_KINDS:
        if content.startswith(mark, offset):
            raise DataError(f"not a {_READ} image, but {kind}")
    raise DataError(f"not a {_READ} image")


def _promised_bytes(content: bytes) -> int:
    """Returns how long a file says that it is, 0 where its format does not say."""
    return 8 + int.from_bytes(content[4:8], "little") if content.startswith(b"RIFF") else 0


def _supported(reader: type[ImageFile] | None) -> type[ImageFile]:
    kind = reader.format or "" if reader else "AVIF"
    if reader and (kind not in ("WEBP", "AVIF") or features.check(kind.lower())):
        return reader
    raise DataError(
        f"Pillow {PIL.__version__} as it is installed here reads no {kind}: pip install -U pillow, or convert it, such "
        f"as by: magick mogrify -format png *.{kind.lower()}"
    )


def _orientation(exif: bytes) -> int:
    """Returns the tag 274 of EXIF data, 1 where there is none or it is damaged; Pillow would warn then."""
    data = exif.removeprefix(_EXIF)
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        for place in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", data, start + 2 + 12 * place)
            if (tag, kind) == (274, 3):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _rgb(image: ImageFile) -> Pixels:
    _refuse_other_depths(image)
    if image.mode.startswith("I"):  # 16-bit grey; colours of 16 bits are cut to 8 by Pillow
        _refuse_darkness(image)
        return np.stack([(np.asarray(image) >> 8).astype(np.uint8)] * 3, axis=-1)
    if isinstance(image, GifImageFile) and "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA"))
        return rgba[..., :3] * (rgba[..., 3:] > 0)
    image.info.pop("transparency", None)  # else Pillow warns that it will be lost
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _refuse_darkness(image: ImageFile) -> None:
    """Stops at a TIFF of 10 or 12 bits a sample that are stored in 16: their high bytes are nearly black."""
    most = int(np.asarray(image).max())
    if isinstance(image, TiffImageFile) and 0 < most < _DARK:
        raise DataError(f"a TIFF of 16 bits a sample, none above {most:,} of 65,535; save it with 8 bits a sample")


def _refuse_other_depths(image: ImageFile) -> None:
    if not isinstance(image, TiffImageFile):
        return
    if image.n_frames > 1:
        raise DataError(f"a TIFF of {image.n_frames} pages; save each as an image of its own")
    if image.mode in ("I", "F", "LAB"):
        kind = {"I": "of 32 bits a sample", "F": "of fractions"}.get(image.mode, "in the colours LAB")
        raise DataError(f"a TIFF {kind}; save it as RGB with 8 bits a sample, in the range that the model expects")


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
