"""Is every image file read as TensorFlow reads it, or refused with a reason?"""

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, features

from pet_photos import NO_IMAGE
from zoobench.data import images
from zoobench.data.images import MAX_FILE_BYTES, Resizing, decode, glance, load, resize, turned
from zoobench.errors import DataError
from zoobench.matrix.interface import image_size_of

Array = npt.NDArray[np.uint8]
TRUNCATED = "truncated: the file ends before the image does"


def ramp(height: int = 24, width: int = 20) -> Array:
    """Returns a picture whose every pixel is known: red grows downwards, green to the right, blue is 200."""
    pixels = np.full((height, width, 3), 200, np.uint8)
    pixels[..., 0] = np.arange(height)[:, None] * 255 // height
    pixels[..., 1] = np.arange(width) * 255 // width
    return pixels


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture() -> Image.Image:
    return Image.fromarray(ramp())


def palette_picture() -> Image.Image:
    """Returns 20 x 24 pixels: the upper half red, the lower half green."""
    image = Image.new("P", (20, 24), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(1, (0, 12, 20, 24))
    return image


def reason(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        decode(content)
    return str(caught.value)


def png_header(width: int, height: int) -> bytes:
    """Returns a PNG that promises `width` x `height` pixels in its header and holds 16 x 16."""
    content = bytearray(encoded(Image.new("L", (16, 16)), "PNG"))
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = images.zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


LOSSLESS: list[tuple[str, dict[str, Any]]] = [
    ("PNG", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("WEBP", {"lossless": True}),
]


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_lossless_formats_give_the_pixels_that_were_saved(kind: str, options: dict[str, Any]) -> None:
    np.testing.assert_array_equal(decode(encoded(picture(), kind, **options)), ramp())


@pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
def test_an_avif_gives_nearly_the_pixels_that_were_saved() -> None:
    content = encoded(picture(), "AVIF", quality=100, subsampling="4:4:4")
    assert np.abs(decode(content).astype(int) - ramp()).max() <= 6


def test_what_pillow_here_does_not_read_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(picture(), "WEBP")
    monkeypatch.setattr(features, "check", lambda _feature: False)
    told = reason(content)
    assert told.startswith(f"Pillow {PIL.__version__} as it is installed here reads no WEBP: pip install -U pillow, or")
    assert told.endswith("magick mogrify -format png *.webp")


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (Image.new("F", (20, 24)), "a TIFF of fractions; save it as RGB with 8 bits a sample"),
        (Image.new("I", (20, 24)), "a TIFF of 32 bits a sample; save it as RGB"),
        (Image.fromarray(np.full((20, 24), 4095, np.uint16)), "a TIFF of 16 bits a sample, none above 4,095 of 65,535"),
        (Image.new("LAB", (20, 24)), "a TIFF in the colours LAB; save it as RGB"),
    ],
)
def test_a_tiff_whose_range_is_not_known_is_refused(image: Image.Image, told: str) -> None:
    assert reason(encoded(image, "TIFF")).startswith(told)


def test_a_tiff_of_several_pages_is_refused_and_an_animation_gives_its_first_frame() -> None:
    more = [Image.new("RGB", (20, 24))] * 2
    told = "a TIFF of 3 pages; save each as an image of its own"
    assert reason(encoded(picture(), "TIFF", save_all=True, append_images=more)) == told
    content = encoded(picture(), "WEBP", save_all=True, append_images=more, lossless=True)
    np.testing.assert_array_equal(decode(content), ramp())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_pillow_turns_it(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(picture(), kind, exif=exif)
    (tmp_path / "x").write_bytes(content)
    found = glance(tmp_path / "x")
    assert found == ("" if kind in ("JPEG", "PNG") else kind, 1 if kind == "TIFF" else orientation)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"))
    np.testing.assert_array_equal(turned(decode(content), found[1]), upright)


def test_a_glance_at_what_is_damaged_finds_nothing_odd(tmp_path: Path) -> None:
    for content in (
        b"",
        b"x",
        b"\xff\xd8\xff",
        encoded(picture(), "JPEG", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x05"),
    ):
        (tmp_path / "x").write_bytes(content)
        assert glance(tmp_path / "x") == ("", 1)


def test_a_jpeg_gives_nearly_the_pixels_that_were_saved_whatever_comes_after_its_first_picture() -> None:
    content = encoded(picture(), "JPEG", quality=95, subsampling=0)
    assert np.abs(decode(content).astype(int) - ramp()).max() <= 6
    np.testing.assert_array_equal(decode(content + b"more"), decode(content))
    two = encoded(picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (20, 24))], quality=95)
    assert np.abs(decode(two).astype(int) - ramp()).max() <= 12


@pytest.mark.parametrize(
    ("image", "level"),
    [
        (Image.new("L", (16, 16), 77), 77),
        (Image.new("RGBA", (16, 16), (90, 90, 90, 0)), 90),  # alpha is dropped and the colour beneath it kept
        (Image.new("LA", (16, 16), (90, 0)), 90),
        (Image.new("1", (16, 16), 1), 255),
        (Image.fromarray(np.full((16, 16), 0x12FF, np.uint16)), 0x12),  # sixteen bits keep their high byte
    ],
    ids=["grey", "RGBA", "LA", "black and white", "16 bits"],
)
def test_grey_of_any_kind_becomes_three_equal_channels(image: Image.Image, level: int) -> None:
    pixels = decode(encoded(image, "PNG"))
    assert pixels.shape == (16, 16, 3)
    assert (pixels == level).all()


@pytest.mark.parametrize(
    ("kind", "options", "red"),
    [
        *[(kind, {}, 255) for kind in ("PNG", "GIF", "BMP")],
        *[("PNG", {"transparency": entries}, 255) for entries in (0, bytes([0, 128]))],
        ("GIF", {"transparency": 0}, 0),
    ],
)
def test_palettes_become_their_colours_and_transparent_ones_of_a_gif_black(
    kind: str, options: dict[str, object], red: int
) -> None:
    pixels = decode(encoded(palette_picture(), kind, **options))
    assert (pixels[0, 0].tolist(), pixels[23, 19].tolist()) == ([red, 0, 0], [0, 255, 0])


def test_an_animated_gif_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    pixels = decode(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert (pixels == (255, 0, 0)).all()


def test_cmyk_becomes_rgb() -> None:
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    pixels = decode(encoded(image, "JPEG", quality=95))
    np.testing.assert_allclose(pixels[8, 8], (0, 255, 255), atol=3)


def test_exif_data_is_not_looked_at_be_it_damaged_or_say_another_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    for data in (exif, b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x05\x00cut"):
        assert decode(encoded(picture(), "JPEG", exif=data)).shape == (24, 20, 3)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04 and so on", ", but a ZIP archive"),
        (b"<!DOCTYPE html><title>404</title>", ", but a text file such as HTML or SVG"),
        (b"%PDF-1.7", ", but a PDF document"),
        (b"\x1f\x8b\x08", ", but a gzip archive"),
        (b"\x00\x00\x00\x18ftypheic", ", but a HEIC or MP4 file"),
        (b"\x00\x05\x16\x07", ""),
    ],
)
def test_what_is_no_image_is_refused_and_named(content: bytes, kind: str) -> None:
    assert reason(content) == f"{NO_IMAGE}{kind}"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_half_a_file_is_refused_as_truncated_and_no_beginning_passes_for_the_whole(kind: str) -> None:
    noise = encoded(Image.effect_noise((64, 64), 80), kind)
    assert reason(noise[: len(noise) // 2]) == TRUNCATED
    content = encoded(picture(), kind)
    whole = decode(content)
    for length in range(len(content)):
        try:
            pixels = decode(content[:length])
        except DataError:
            continue
        np.testing.assert_array_equal(pixels, whole)


def test_what_is_cut_or_garbage_is_refused_with_the_reason() -> None:
    content = encoded(picture(), "PNG")
    assert reason(b"") == "the file is empty"
    assert reason(content[:-1]) == reason(content[:-12]) == TRUNCATED
    assert reason(b"BM" + bytes(50)).startswith("damaged (")


@pytest.mark.parametrize(
    ("size", "told"),
    [
        *[(size, "at least 16 x 16 are needed") for size in ((1, 1), (15, 400), (400, 15))],
        ((20_000, 20_000), "at most 100,000,000 in all are read"),
    ],
)
def test_an_image_without_room_for_a_picture_or_too_large_is_refused_by_its_header(
    size: tuple[int, int], told: str
) -> None:
    assert reason(png_header(*size)) == f"{size[0]} x {size[1]} pixels; {told}"


@pytest.mark.parametrize("size", [(16, 16), (20_000, 30)])
def test_a_small_image_and_a_wide_but_low_one_are_read_whatever_pillows_own_limit_is(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert decode(encoded(Image.new("RGB", size, "red"), "PNG")).shape == (size[1], size[0], 3)


def test_a_large_image_is_decoded_while_no_other_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_LARGE_PIXELS", 100)
    held: list[bool] = []
    monkeypatch.setattr(images, "_rgb", lambda _image: held.append(images._large_image.locked()))
    decode(encoded(picture(), "PNG"))
    assert held == [True]


def test_damaged_files_are_refused_or_read_but_never_raise_anything_else() -> None:
    originals = [
        encoded(picture(), "JPEG"),
        encoded(picture(), "JPEG", progressive=True),
        encoded(picture().convert("CMYK"), "JPEG"),
        encoded(picture(), "PNG"),
        encoded(palette_picture(), "PNG", transparency=bytes([0, 9])),
        encoded(Image.fromarray(ramp()[..., 0].astype(np.uint16) << 8), "PNG"),
        encoded(picture(), "GIF", save_all=True, append_images=[Image.new("RGB", (20, 24))], transparency=1),
        encoded(picture(), "BMP"),
        encoded(palette_picture(), "BMP"),
        encoded(picture(), "TIFF"),
        encoded(picture(), "WEBP"),
        *([encoded(picture(), "AVIF")] if features.check("avif") else []),
    ]
    chance = random.Random(20)
    outcomes = [_outcome(_damaged(chance.choice(originals), chance)) for _ in range(6000)]
    assert outcomes.count("read") > 500
    assert outcomes.count("refused") > 500


def _damaged(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        damaged[chance.randrange(chance.choice((40, len(damaged))))] = chance.randrange(256)
    return bytes(damaged[: chance.choice((len(damaged), len(damaged), chance.randrange(len(damaged))))])


def _outcome(content: bytes) -> str:
    try:
        pixels = decode(content)
    except DataError:
        return "refused"
    assert (pixels.dtype, pixels.ndim, pixels.shape[2]) == (np.uint8, 3, 3)
    return "read"


def test_a_file_is_read_whatever_its_extension(tmp_path: Path) -> None:
    path = tmp_path / "été à la mer.jpg"
    path.write_bytes(encoded(picture(), "PNG"))
    np.testing.assert_array_equal(load(path), ramp())


@pytest.mark.parametrize(("name", "told"), [("x.jpg", "No such file or directory"), (".", "not a regular file")])
def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(DataError, match=rf"^cannot be read \({told}\)$"):
        load(tmp_path / name)


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    with path.open("wb") as handle:
        handle.truncate(MAX_FILE_BYTES + 1)  # a hole: it takes no room on the disk
    with pytest.raises(DataError, match=r"^500,000,001 bytes; at most 500,000,000 are read$"):
        load(path)


def test_enlarging_mixes_neighbours_at_half_pixel_centres() -> None:
    row = np.repeat(np.array([[0], [100]], np.uint8)[..., None], 3, axis=2)  # 2 high, 1 wide
    # Output centres stand at -0.25, 0.25, 0.75 and 1.25 of the input's; outside of it the edge goes on.
    assert resize(row, size=4)[:, 0, 0].tolist() == [0, 25, 75, 100]


def test_cropping_takes_the_middle_and_padding_adds_black() -> None:
    wide = np.array([10, 20, 30, 40], np.uint8)[None, :, None].repeat(2, axis=0).repeat(3, axis=2)  # 2 high, 4 wide
    assert resize(wide, size=2, how="crop")[..., 0].tolist() == [[20, 30], [20, 30]]
    padded = resize(wide, size=4, how="pad")[..., 0].tolist()
    assert padded == [[0] * 4, [10, 20, 30, 40], [10, 20, 30, 40], [0] * 4]


def test_reducing_takes_two_neighbours_without_antialiasing() -> None:
    row = np.array([0, 10, 200, 30, 40, 50, 60, 250], np.uint8)[None, :, None].repeat(3, axis=2)  # 1 high, 8 wide
    # Centres 1.5 and 5.5: the means of 10 and 200 and of 50 and 60; the other four pixels play no part.
    assert resize(row, size=2)[0, :, 0].tolist() == [105, 55]


@settings(max_examples=50, deadline=None)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    sides=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    how=st.sampled_from(["stretch", "crop", "pad"]),
    seed=st.integers(0, 99),
)
@example(height=20, width=20, sides=(7, 7), how="stretch", seed=0)
def test_resizing_stays_within_the_levels_of_its_input_and_leaves_it_as_it_is(
    height: int, width: int, sides: tuple[int, int], how: Resizing, seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    before = pixels.copy()
    resized = resize(pixels, size=image_size_of(*sides), how=how)
    assert resized.shape == (*sides, 3)
    assert how == "pad" or pixels.min() <= resized.min()
    assert resized.max() <= pixels.max()
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_array_equal(resize(pixels, size=image_size_of(height, width), how=how), pixels)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(97, 131), (300, 200), (224, 224), (20, 500), (33, 17)])
def test_resizing_agrees_with_tensorflow(shape: tuple[int, int]) -> None:
    import tensorflow as tf

    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    theirs = np.rint(tf.image.resize(pixels, (224, 160), method="bilinear").numpy())
    assert np.abs(resize(pixels, size="224x160") - theirs).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(97, 131), (300, 200), (64, 64), (20, 501), (502, 33)])
@pytest.mark.parametrize("how", ["crop", "pad"])
@pytest.mark.parametrize("sides", [(96, 96), (64, 144)])
def test_cropping_and_padding_agree_with_keras(
    tmp_path: Path, shape: tuple[int, int], how: Resizing, sides: tuple[int, int]
) -> None:
    import keras

    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    theirs = keras.utils.image_dataset_from_directory(
        tmp_path,
        labels=None,
        image_size=sides,
        batch_size=None,
        verbose=False,
        crop_to_aspect_ratio=how == "crop",
        pad_to_aspect_ratio=how == "pad",
    )
    (expected,) = theirs.as_numpy_iterator()
    assert np.abs(resize(pixels, size=image_size_of(*sides), how=how) - np.rint(expected)).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        encoded(picture(), "PNG"),
        encoded(picture().convert("RGBA"), "PNG"),
        encoded(picture().convert("L"), "PNG", transparency=90),
        encoded(palette_picture(), "PNG", transparency=0),
        encoded(Image.fromarray(ramp()[..., 0].astype(np.uint16) * 257), "PNG"),
        encoded(picture(), "BMP"),
        encoded(picture(), "GIF"),
        encoded(palette_picture(), "GIF", transparency=0),
    ],
)
def test_lossless_decoding_agrees_with_tensorflow(content: bytes) -> None:
    import tensorflow as tf

    theirs = tf.image.decode_image(content, channels=3, expand_animations=False).numpy()
    np.testing.assert_array_equal(decode(content), theirs)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_jpeg_decoding_agrees_with_tensorflow(mode: str, subsampling: int) -> None:
    import tensorflow as tf

    content = encoded(Image.fromarray(ramp(90, 120)).convert(mode), "JPEG", subsampling=subsampling)
    accurate = tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE").numpy().astype(int)
    fast = tf.image.decode_image(content, channels=3).numpy().astype(int)
    assert np.abs(decode(content) - accurate).max() <= 1
    assert np.abs(decode(content) - fast).max() <= 10
    assert np.abs(decode(content) - fast).mean() <= 1.5
