"""Is each phase from a photo to its class timed on its own, and does the real path give what the data set gives?"""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from crosschecks import TARGET
from fakes import MILLISECOND, FakeClock
from zoobench.commands.crosscheck.methods import PHASES, observe, summary, time_end_to_end
from zoobench.data.photos import Photos
from zoobench.errors import MeasurementError
from zoobench.measure.programs import Repetitions
from zoobench.tflite.ports import photo_interface


class Watching:
    """A session whose every step takes its own time, and which notes what it is given."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.loaded: list[npt.NDArray[np.uint8]] = []

    def load(self, images: npt.NDArray[np.uint8]) -> None:
        self.loaded.append(images)
        self.clock.advance(2 * MILLISECOND)

    def invoke(self) -> None:
        self.clock.advance(5 * MILLISECOND)

    def read(self) -> npt.NDArray[np.float32]:
        self.clock.advance(1 * MILLISECOND)
        return np.zeros((1, 2), np.float32)


def photo(colour: int, side: int = 32) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (colour, colour, colour)).save(buffer, "JPEG")
    return buffer.getvalue()


def photos(*contents: bytes, **preparation: str) -> Photos:
    return Photos(source="grey", contents=contents, preparation=preparation)


def test_photos_are_turned_and_cut_as_those_of_the_data_set_were() -> None:
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:, :16] = 255  # the left quarter is white: below it is nothing left of that in the square in the middle
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # to be turned clockwise: left becomes top
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)

    def loaded(**preparation: str) -> npt.NDArray[np.uint8]:
        session = Watching(FakeClock())
        one = photos(buffer.getvalue(), **preparation)
        observe(session, one, size=16, repetitions=Repetitions(warmups=0, runs=1), clock=session.clock)
        return session.loaded[0][0, :, :, 0]

    assert (loaded()[:, 1].min(), loaded(exif="apply")[1].min()) == (255, 255)
    assert loaded(resize="crop").max() == loaded(resize="crop", exif="apply").max() == 0


def test_every_phase_has_its_own_time() -> None:
    clock = FakeClock()
    timed = observe(Watching(clock), photos(photo(0)), size=16, repetitions=Repetitions(warmups=1, runs=3), clock=clock)
    assert timed == [[0, 0, 2 * MILLISECOND, 5 * MILLISECOND, 1 * MILLISECOND]] * 3


def test_photos_take_turns_and_reach_the_model_at_its_size() -> None:
    session = Watching(FakeClock())
    both = photos(photo(10), photo(200))
    observe(session, both, size=16, repetitions=Repetitions(warmups=1, runs=2), clock=session.clock)
    assert [image.shape for image in session.loaded] == [(1, 16, 16, 3)] * 3
    assert [int(image[0, 0, 0, 0]) > 100 for image in session.loaded] == [False, True, False]


def test_medians_are_of_all_phases_together_and_of_each() -> None:
    found = summary([[1, 0, 0, 10, 0], [3, 0, 0, 20, 0], [2, 0, 0, 60, 0]])
    assert tuple(found.phases) == PHASES
    assert (found.phases["decode"], found.phases["invoke"]) == (2e-9, 20e-9)
    assert found.seconds == pytest.approx(23e-9)


@pytest.mark.slow
def test_a_real_file_goes_from_photo_to_class_in_a_fresh_process(real_runs: Path) -> None:
    (model,) = (real_runs / "models").glob("*-float32-*/model.tflite")
    photos = Photos(source="grey", contents=(photo(90, 80),))
    port = replace(TARGET.port, shape=(1, 64, 64, 3))
    target = replace(TARGET, model=model, port=port, interface=photo_interface(port))
    found = time_end_to_end(target, photos, repetitions=Repetitions(warmups=1, runs=5), patience=60.0)
    assert all(seconds > 0 for seconds in found.phases.values())
    assert found.seconds >= found.phases["invoke"]
    unreadable = Photos(source="none", contents=(b"GIF",))
    with pytest.raises(MeasurementError, match=r"a photo cannot be used: .*name other photos with --images"):
        time_end_to_end(target, unreadable, repetitions=Repetitions(warmups=0, runs=1), patience=60.0)
