"""Which file does `zoobench crosscheck` time, on which images, and are there photos to begin with?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoobench.data.photos import MOST_PHOTOS, Photos, decoded, drawn_photos, given_photos, last_parts, photos_of
from zoobench.errors import ModelError, UsageError
from zoobench.measure.target import Samples
from zoobench.results.file import newest_first
from zoobench.results.run import Run, read_recorded
from zoobench.results.schema import Record
from zoobench.run.locate import find_models, find_pixels, given_pixels, wanted_models
from zoobench.system.files import sha256_of_file
from zoobench.tflite.contract import read_contract

_SUFFIX = ".tflite"
_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CrosscheckRequest:
    """What a user asks to be timed.

    Attributes:
        cell: A cell's id or a TLFite file's path.
        artifacts: The folder of the store and the results.
        images: A folder of photos or a `.npy` file to run on instead of the images of the results.
        threads: Of one invocation; None for the cell's, or one.
        turns: How many turns every method takes.
        seconds: About how long each turn times each method.
    """

    cell: str
    artifacts: Path
    images: Path | None
    threads: int | None
    turns: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CrosscheckTarget:
    """What is timed.

    Attributes:
        name: The cell's id, or the end of the file's path.
        model: A TFLite file.
        sha256: Of it.
        input_type: Of its input, such as `float32`.
        side: Of the images that it takes, in pixels.
        threads: Of one invocation.
        samples: Images as the model takes them.
        images: What they are, for people.
        photos: The same before they were decoded, or why there are none.
    """

    name: str
    model: Path
    sha256: str
    input_type: str
    side: int
    threads: int
    samples: Samples
    images: str
    photos: Photos | str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A file, and the run that measured it if one did."""

    name: str
    model: Path
    record: Record | None
    run: Run | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Images:
    samples: Samples
    told: str
    photos: Photos | str


def find_target(request: CrosscheckRequest, *, workplace: Path) -> CrosscheckTarget:
    """Returns what is to be timed.

    Args:
        request: What the user asks for.
        workplace: Folder for what is made meanwhile.

    Raises:
        UsageError: If there is no such cell or file, its file is not in the store, or images do not fit.
        ModelError: If it is no TFLite file, or none that takes images.
        DataError: If an image cannot be read.
        ResultsError: If results that are newer than the cell's cannot be read.
    """
    found = _of_path(request) if Path(request.cell).suffix == _SUFFIX else _of_cell(request)
    input_type, side = _input(found.model)
    images = _images(found, request, side=side, workplace=workplace)
    return CrosscheckTarget(
        name=found.name,
        model=found.model,
        sha256=sha256_of_file(found.model),
        input_type=input_type,
        side=side,
        threads=request.threads or (found.record.cell.threads if found.record else 1),
        samples=images.samples,
        images=images.told,
        photos=images.photos,
    )


def _of_path(request: CrosscheckRequest) -> _Found:
    path = Path(request.cell)
    if not path.is_file():
        raise UsageError(f"there is no file {path}; give the path of a TFLite file, or a cell's id")
    sha256 = sha256_of_file(path)
    for run in _runs(request.artifacts):
        for record in run.records.values():
            if record.model and record.model.sha256 == sha256:
                return _Found(name=last_parts(path), model=path, record=None, run=run)
    return _Found(name=last_parts(path), model=path, record=None, run=None)


def _of_cell(request: CrosscheckRequest) -> _Found:
    known: dict[str, None] = {}
    for run in _runs(request.artifacts):
        for record in run.records.values():
            if record.cell.id == request.cell:
                return _Found(name=request.cell, model=_stored(record, run, request.artifacts), record=record, run=run)
            known[record.cell.id] = None
    raise UsageError(_unknown(request, tuple(known)))


def _runs(artifacts: Path) -> Iterator[Run]:
    """Yields runs by time, the newest first."""
    yield from (read_recorded(path) for path in newest_first(artifacts / "results"))


def _unknown(request: CrosscheckRequest, known: Sequence[str]) -> str:
    if not known:
        return (
            f"{request.cell} is no file, and there are no results in {request.artifacts / 'results'}; run pytest "
            "bench/ first, or give the path of a TFLite file"
        )
    more = ", …" if len(known) > _NAMED else ""
    return (
        f"{request.cell} is neither a TFLite file nor a cell of the results in {request.artifacts / 'results'}; cells "
        f"there: {', '.join(known[:_NAMED])}{more} (another number of threads: --threads)"
    )


def _stored(record: Record, run: Run, artifacts: Path) -> Path:
    wanted = wanted_models([record], run.provenance)
    paths = find_models(wanted, artifacts=artifacts)
    path = next(iter(paths.values()), None)
    if path is None:
        raise UsageError(
            f"the file of {record.cell.id} in {last_parts(run.path)} is not in the store below {artifacts}; run "
            "pytest bench/ again, or give the path of a TFLite file"
        )
    if path.suffix != _SUFFIX:
        raise UsageError(f"{record.cell.id} is run from {path.name}; what is timed here is one TFLite file")
    return path


def _input(model: Path) -> tuple[str, int]:
    """Returns the number type of a model's input and the side of the images that it takes."""
    ports = read_contract(model.read_bytes()).inputs
    shape = ports[0].shape if len(ports) == 1 else ()
    if len(shape) != 4 or shape[0] != 1 or shape[1] != shape[2] or shape[3] != 3:
        told = ", ".join(f"{port.type} {list(port.shape)}" for port in ports)
        raise ModelError(f"{model} takes {told or 'nothing'}; only one input [1, side, side, 3] is known here")
    return ports[0].type, shape[1]


def _images(found: _Found, request: CrosscheckRequest, *, side: int, workplace: Path) -> _Images:
    if request.images:
        samples = given_pixels(request.images, image_size=side, count=MOST_PHOTOS, folder=workplace)
        told = f"{len(samples)} images of {last_parts(request.images)}"
        return _Images(samples=samples, told=told, photos=given_photos(request.images))
    of_run = found.run and _images_of_run(found.run, side=side, artifacts=request.artifacts)
    return of_run or _drawn(side=side, workplace=workplace)


def _images_of_run(run: Run, *, side: int, artifacts: Path) -> _Images | None:
    """Returns the test images that a run was timed on, if the store still has them."""
    samples = find_pixels(run.provenance, image_size=side, artifacts=artifacts)
    if samples is None:
        return None
    options = run.provenance.options
    folder = Path(options["data"]) if "data" in options else None
    seed = options.get("seed", "0")
    photos = photos_of(samples, folder=folder, seed=int(seed) if seed.isdecimal() else 0)
    return _Images(
        samples=samples,
        told=f"{len(samples)} test images of {next(iter(run.records.values())).dataset.name}",
        photos=photos,
    )


def _drawn(*, side: int, workplace: Path) -> _Images:
    photos = drawn_photos()
    samples = decoded(photos, side=side, folder=workplace)
    return _Images(samples=samples, told=f"{len(samples)} {photos.source}", photos=photos)
