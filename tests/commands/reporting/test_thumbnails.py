"""Does each sample get the picture that is its own, small, once, and as many as there is room for?"""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakes import a_record, write_results_file
from zoobench.commands.reporting import thumbnails
from zoobench.commands.reporting.thumbnails import SIDE, Thumbnails, find_thumbnails, make_thumbnails
from zoobench.measure.target import Samples
from zoobench.results.run import Run, read_recorded
from zoobench.run.locate import MeasuredImages, Places

COLOURS = (20, 120, 220)


def images(folder: Path, *contents: str, side: int = 128) -> MeasuredImages:
    """Returns grey images of three shades, in the order of `COLOURS`."""
    pixels = np.zeros((len(contents), side, side, 3), np.uint8)
    pixels[:] = np.array(COLOURS[: len(contents)], np.uint8)[:, None, None, None]
    np.save(folder / "pixels.npy", pixels)
    rows = np.arange(len(contents))
    return MeasuredImages(samples=Samples(path=folder / "pixels.npy", rows=rows, labels=rows), contents=contents)


def seen(uri: str | None) -> Image.Image:
    assert uri is not None
    head, _, body = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(body, validate=True)))


def shade(uri: str | None) -> int:
    return int(np.asarray(seen(uri)).mean().round())


def test_a_picture_is_a_small_jpeg_of_its_sample(tmp_path: Path) -> None:
    found = make_thumbnails(images(tmp_path, "a", "b", "c"), [2, 0], most_bytes=100_000)
    assert [shade(found.of(sample)) for sample in (2, 0)] == pytest.approx([220, 20], abs=2)
    assert seen(found.of(2)).size == (SIDE, SIDE)
    assert (found.of(1), found.left_out, found.reason) == (None, 0, "")


def test_small_images_are_not_made_larger(tmp_path: Path) -> None:
    found = make_thumbnails(images(tmp_path, "a", side=40), [0], most_bytes=100_000)
    assert seen(found.of(0)).size == (40, 40)


def test_copies_of_an_image_and_samples_asked_for_twice_share_one_picture(tmp_path: Path) -> None:
    found = make_thumbnails(images(tmp_path, "same", "same", "c"), [0, 1, 2, 0], most_bytes=100_000)
    assert list(found.pictures) == ["same", "c"]
    assert found.of(0) == found.of(1)
    assert found.left_out == 0


def test_the_first_ones_are_shown_where_there_is_no_room_for_all_and_the_rest_is_counted(tmp_path: Path) -> None:
    whole = make_thumbnails(images(tmp_path, "a", "b", "c"), [1, 0, 2], most_bytes=100_000)
    room = len(whole.of(1) or "") + len(whole.of(0) or "")
    for most_bytes, shown in ((room, [1, 0]), (room - 1, [1]), (1, [])):
        found = make_thumbnails(images(tmp_path, "a", "b", "c"), [1, 0, 2], most_bytes=most_bytes)
        assert (list(found.shown), found.left_out) == (shown, 3 - len(shown))
        assert sum(map(len, found.pictures.values())) <= most_bytes


def test_a_copy_of_what_is_shown_takes_no_room(tmp_path: Path) -> None:
    of = images(tmp_path, "a", "b", "a")
    room = len(make_thumbnails(of, [0], most_bytes=100_000).of(0) or "")
    found = make_thumbnails(of, [0, 1, 2], most_bytes=room)
    assert (list(found.shown), found.left_out) == ([0, 2], 1)


def a_run(folder: Path) -> Run:
    return read_recorded(write_results_file(folder / "0001_x.json", a_record()))


def test_images_that_are_not_found_are_a_reason_and_no_error(tmp_path: Path) -> None:
    found = find_thumbnails(a_run(tmp_path), [0], places=Places(artifacts=tmp_path / "nowhere"))
    assert (found.pictures, found.of(0)) == ({}, None)
    assert "(data set cdcdcdcdcdcd) are not in" in found.reason


def test_without_pillow_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "has_pillow", lambda: False)
    found = find_thumbnails(a_run(tmp_path), [0], places=Places(artifacts=tmp_path))
    assert found.reason == "Pillow, which makes thumbnails, is not installed: pip install 'zoobench[report]'"


def test_where_no_sample_is_asked_for_nothing_is_looked_for(tmp_path: Path) -> None:
    assert find_thumbnails(a_run(tmp_path), [], places=Places(artifacts=tmp_path)) == Thumbnails()
