"""What do certain test samples of a run look like? Small pictures for a report, or why there are none."""

import base64
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zoobench.data.photos import has_pillow
from zoobench.results.run import Run
from zoobench.run.locate import MeasuredImages, Places, find_images

SIDE = 96
"""Of a thumbnail, in pixels; smaller images stay as they are."""
MOST_BYTES = 1_500_000
"""Of all thumbnails of a report together, as data URIs."""
NO_PILLOW = "Pillow, which makes thumbnails, is not installed: pip install 'zoobench[report]'"
_JPEG_QUALITY = 70
_TYPE = "data:image/jpeg;base64,"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnails:
    """Pictures of test samples.

    Attributes:
        pictures: Each different picture once: a JPEG as data URI, by the SHA-256 of the image that it is of.
        shown: Which picture each sample has, by its place in the test split.
        left_out: How many of the samples asked for have none, as there was no room.
        reason: Why there is no picture at all; '' where there are, or none was asked for.
    """

    pictures: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[int, str] = field(default_factory=dict)
    left_out: int = 0
    reason: str = ""

    def of(self, sample: int) -> str | None:
        """Returns the data URI of a sample's picture, or None if it has none."""
        return self.pictures.get(self.shown.get(sample, ""))


def find_thumbnails(run: Run, samples: Sequence[int], *, places: Places, most_bytes: int = MOST_BYTES) -> Thumbnails:
    """Returns pictures of test samples of a run.

    What stands in the way becomes the reason, never an error: a report is worth reading without pictures.

    Args:
        run: Results or a baseline.
        samples: Places in the test split, the most important first.
        places: Where to look for the images.
        most_bytes: Of all pictures together, as data URIs.
    """
    if not samples:
        return Thumbnails()
    if not has_pillow():
        return Thumbnails(reason=NO_PILLOW)
    with tempfile.TemporaryDirectory(prefix="zoobench-images-") as folder:
        images = find_images(run, places, least_side=SIDE, workplace=Path(folder))
        if isinstance(images, str):
            return Thumbnails(reason=images)
        return make_thumbnails(images, samples, most_bytes=most_bytes)


def make_thumbnails(images: MeasuredImages, samples: Sequence[int], *, most_bytes: int) -> Thumbnails:
    """Returns pictures of samples in their order, as many as there is room for.

    Args:
        images: The test split.
        samples: Places in it; any may be there more than once.
        most_bytes: Of all pictures together, as data URIs.
    """
    asked = dict.fromkeys(samples)
    pictures: dict[str, str] = {}
    shown: dict[int, str] = {}
    room = most_bytes
    for sample in asked:
        content = images.contents[sample]
        if content not in pictures and room > 0:
            picture = _data_uri(images.samples.images(sample, sample + 1)[0])
            room -= len(picture)
            if room >= 0:
                pictures[content] = picture
        if content in pictures:
            shown[sample] = content
    return Thumbnails(pictures=pictures, shown=shown, left_out=len(asked) - len(shown))


def _data_uri(pixels: npt.NDArray[np.uint8]) -> str:
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return _TYPE + base64.b64encode(buffer.getvalue()).decode()
