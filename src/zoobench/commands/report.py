"""`zoobench report`: what is in results, for people who decide, with small pictures of samples that flipped?"""

import base64
import io
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from zoobench.commands.baseline import find_side
from zoobench.commands.options import PATH, artifacts_option, deliver, format_option, limit_options
from zoobench.commands.recommend import learned_noise
from zoobench.data.photos import has_pillow
from zoobench.errors import OutputError
from zoobench.judge.compare.comparison import compare
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.recommendation import recommend
from zoobench.measure.target import Samples
from zoobench.results.conditions import read_shards
from zoobench.results.run import Run, Side, read_side
from zoobench.run.locate import find_images
from zoobench.run.options import defaults
from zoobench.show.charts.sheet import write_pictures
from zoobench.show.report.assembly import assemble
from zoobench.show.report.contents import Pictures, Report
from zoobench.show.report.writers import to_html, to_markdown
from zoobench.system.keeper import temporary_folder
from zoobench.system.terminal import say

SIDE = 96
"""Of a thumbnail, in pixels; smaller images stay as they are."""
MOST_BYTES = 1_500_000
"""Of all thumbnails of a report together, as data URIs."""
NO_PILLOW = "Pillow, which makes thumbnails, is not installed: pip install pillow"
_JPEG_QUALITY = 70
_TYPE = "data:image/jpeg;base64,"
_DEFAULT_OUTPUT = Path("report.html")
_EXAMPLES = """\b
For example:
  zoobench report --max-latency-p90 "30 ms" --max-size "5 MB" --max-drop "1 pp"
  zoobench report results.json --baseline main -o change.html
  zoobench report results.json --format markdown -o report.md
  zoobench report results.json --pictures pictures
"""


@click.command(epilog=_EXAMPLES)
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option(
    "--baseline", metavar="NAME", help="Show what changed from a baseline, by its name or file, or other results."
)
@limit_options
@artifacts_option
@click.option("--kit", metavar="FILE", type=PATH, help="The kit that was measured, for images of samples.")
@format_option("html", "markdown")
@click.option(
    "-o",
    "--output",
    type=PATH,
    show_default="report.html; markdown: the terminal",
    help="Write to this file.",
)
@click.option("--pictures", metavar="FOLDER", type=PATH, help="Write the charts as PNG too, light and dark.")
def report(
    *, runs: tuple[str, ...], artifacts: Path, output: Path | None, form: str, pictures: Path | None, **asked: Any
) -> None:
    """Write a run as one HTML file to read and to send: the newest of this machine, or RUN.

    RUN is a results file, a number or name that `zoobench runs` lists, a baseline, or @latest. A folder, or several
    files, of a matrix that was split over jobs are one run.

    It begins with the decision: the cell that `zoobench recommend` would choose under the same limits. Then come all
    cells, the charts, what each variant gets wrong, the training, the environment, how it was measured, and what it
    cannot tell. The file needs no network and no other file.

    Thumbnails of samples that flipped are made of the images in the store, or in the kit that is named.

    The status is 0 whatever is reported (`zoobench gate` judges), and 2 for files or limits that cannot be used.
    """
    named = [find_side(one, artifacts=artifacts) for one in runs or (None,)]
    made = make_report(*named, artifacts=artifacts, **asked)
    if form == "html":
        deliver(to_html(made), output or _DEFAULT_OUTPUT, form=form)
    else:
        deliver(to_markdown(made), output, form=form)
    for path in write_charts(made, pictures) if pictures else ():
        say(f"wrote {path}", error=True)


def make_report(
    *results: Path,
    artifacts: Path,
    baseline: str | None = None,
    kit: Path | None = None,
    limits: Sequence[Limit] = (),
    preference: Sequence[str],
    confidence: float,
) -> Report:
    """Returns the contents of a report on a results file, or on several that are the parts of one run.

    It may be compared with another one, or with a baseline by its name or file. Images are looked for in the store and
    in the kit; limits, preference and confidence are those of `recommend`.
    """
    run = read_shards(results)
    side = Side(name=", ".join(map(str, results)), runs=(run,))
    base = find_side(baseline, artifacts=artifacts) if baseline else None
    return assemble(
        run,
        recommendation=recommend(
            [side],
            limits=limits,
            preference=preference,
            confidence=confidence,
            noise=learned_noise([side], artifacts),
        ),
        pictured=partial(find_pictures, run, artifacts=artifacts, kit=kit),
        comparison=compare(read_side(base), side, defaults=defaults()) if base else None,
        version=version("zoobench"),
    )


def write_charts(report: Report, folder: Path) -> tuple[Path, ...]:
    """Writes the charts of the cells, the training and the recommended one's confusion as PNG, light and dark."""
    figures = (*report.figures, *report.training, *((report.confusion,) if report.confusion else ()))
    try:
        return write_pictures({one.name: one.wide for one in figures}, folder)
    except OSError as error:
        raise OutputError(f"cannot write pictures to {folder}: {error.strerror}; name another folder") from error


def find_pictures(run: Run, samples: Sequence[int], *, artifacts: Path, kit: Path | None = None) -> Pictures:
    """Returns small images of test samples of a run, the most important first.

    What stands in the way becomes the reason, never an error: a report is worth reading without pictures.
    """
    if not samples:
        return Pictures()
    if not has_pillow():
        return Pictures(reason=NO_PILLOW)
    with temporary_folder() as folder:
        images = find_images(run, artifacts=artifacts, kit=kit, least_side=SIDE, workplace=folder)
        return Pictures(reason=images) if isinstance(images, str) else make_pictures(images, samples)


def make_pictures(images: Samples, samples: Sequence[int], *, most_bytes: int = MOST_BYTES) -> Pictures:
    """Returns small images of samples in their order, as many as there is room for.

    Args:
        images: The test split, in which an image may be more than once.
        samples: Places in it; any may be there more than once.
        most_bytes: Of all pictures together, as data URIs.
    """
    names: dict[str, str] = {}
    photos: dict[str, str] = {}
    shown: dict[int, str] = {}
    room = most_bytes
    for sample in dict.fromkeys(samples):
        content = images.contents[sample]
        if content not in names and room > 0:
            picture = _data_uri(images.images(sample, sample + 1)[0])
            room -= len(picture)
            if room >= 0:
                names[content] = f"photo-{len(names) + 1}"
                photos[names[content]] = picture
        if content in names:
            shown[sample] = names[content]
    return Pictures(photos=photos, shown=shown)


def _data_uri(pixels: npt.NDArray[np.uint8]) -> str:
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return _TYPE + base64.b64encode(buffer.getvalue()).decode()
