"""What is crosschecked, and on which inputs: photos where the file takes images, else arrays of its shape?"""

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import numpy as np

from zoobench.data.photos import MOST_PHOTOS, Photos, decoded, drawn_photos, given_photos, last_parts, photos_of
from zoobench.errors import UsageError
from zoobench.matrix.interface import ImageSize, Interface
from zoobench.measure.target import Samples
from zoobench.results.run import Run, newest_runs
from zoobench.results.schema import Record
from zoobench.run.locate import find_interface, find_models, find_pixels, given_pixels
from zoobench.system.files import read_file, sha256_of_file
from zoobench.system.units import three_digits
from zoobench.tflite.edit import given_numbers, with_one_signature
from zoobench.tflite.ports import (
    Port,
    closest_range,
    display_shape,
    photo_interface,
    pixel_range_held,
    pixel_range_taken,
    read_all_ports,
    size_of,
    sole_input,
)
from zoobench.tflite.read import read_graphs

_SUFFIX = ".tflite"
_NAMED = 12
_ARRAYS = 16
_MOST_VALUES = 50_000_000
"""Of all arrays that are drawn together, unless one alone has more."""
Fed = tuple[Samples, str, Photos | str]
"""What a file is run on, what that is, and the photos that it was decoded from or why there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrosscheckTarget:
    """What is timed.

    Attributes:
        model: Holds the one signature that is timed.
        sha256: Of the file that was named.
        port: Its input.
        interface: How it takes the RGB images of `samples`; None where these are arrays of its input's own shape.
        images: What the samples are.
        photos: Of the samples, or why there are none.
    """

    name: str
    model: Path
    sha256: str
    port: Port
    interface: Interface | None
    threads: int
    samples: Samples
    images: str
    photos: Photos | str

    @property
    def image_size(self) -> ImageSize:
        """Of the images that it takes; ValueError where it takes none."""
        if self.interface is None:
            raise ValueError(f"{self.name} takes no images")
        return size_of(self.port, self.interface)

    @property
    def batch(self) -> int:
        """How many rows of the samples it takes at once."""
        return self.port.shape[0] if self.port.shape else 1


def find_target(
    cell: str,
    *,
    artifacts: Path,
    images: Path | None,
    threads: int | None,
    workplace: Path,
    signature: str | None = None,
) -> CrosscheckTarget:
    """Returns what is to be timed.

    Args:
        cell: A cell's id or a TFLite file's path.
        artifacts: The folder of the store and the results.
        images: A folder of photos or a `.npy` file to run on instead of the images of the results.
        threads: None for the cell's, or one.
        workplace: Folder for what is made meanwhile.
        signature: Of the file, where it has several.
    """
    if Path(cell).suffix == _SUFFIX:
        path, name, usual_threads = Path(cell), last_parts(Path(cell)), 1
        run = _run_of_file(path, artifacts)
    else:
        run, record = _recorded(cell, artifacts)
        path, name, usual_threads = _stored(record, run, artifacts), cell, record.cell.threads
    sha256 = sha256_of_file(path)
    model = with_one_signature(path, signature, workplace=workplace)
    port = sole_input(read_all_ports(model)[0])
    known = (_recorded_interface(run, sha256) if run else None) or find_interface(path)
    interface = known or _interface(model, port)
    fed = _given_arrays(images, port, interface) if images else None
    interface = None if fed else interface
    if interface:
        fed = _of_photos(run, images, size_of(port, interface), artifacts, workplace)
    samples, described, photos = fed or _drawn_arrays(port, workplace)
    return CrosscheckTarget(
        name=f"{name}, signature {signature}" if signature else name,
        model=model,
        sha256=sha256,
        port=port,
        interface=interface,
        threads=threads or usual_threads,
        samples=samples,
        images=described,
        photos=photos,
    )


def _interface(model: Path, port: Port) -> Interface | None:
    """Returns how a file that no run knows takes photos: in the range that it was quantized for, as far as it was."""
    interface, held = photo_interface(port), pixel_range_taken(read_graphs(read_file(model))[0])
    pixels = closest_range(held) if held else None
    return replace(interface, pixels=pixels) if interface and pixels else interface


def _recorded_interface(run: Run, sha256: str) -> Interface | None:
    models = (record.model for record in run.records.values())
    return next((one.interface for one in models if one and one.sha256 == sha256), None)


def _given_arrays(path: Path, port: Port, interface: Interface | None) -> Fed | None:
    """Returns a user's arrays of the input's own shape; None where they are images, which the input takes."""
    mapped = given_numbers(path, port, takes_photos=interface is not None)
    if mapped is None:
        return None
    batch = port.shape[0] if port.shape else 1
    samples = _arrays(path, count=len(mapped) // batch, batch=batch)
    return samples, f"{len(samples)} arrays of {last_parts(path)}", f"{path.name} holds no photos"


def _drawn_arrays(port: Port, folder: Path) -> Fed:
    """Returns numbers for an input that takes no photos: random ones, or zeros where they may be indices."""
    batch = port.shape[0] if port.shape else 1
    count = max(1, min(_ARRAYS, _MOST_VALUES // max(prod(port.shape), 1)))
    shape, generator = (count * batch, *port.shape[1:]), np.random.default_rng(0)
    held = (0.0, 1.0) if port.dtype.kind == "f" else pixel_range_held(port)
    values = generator.uniform(*held, shape).astype(np.float32) if held else np.zeros(shape, port.dtype)
    path = folder / "arrays.npy"
    np.save(path, values)
    what = f"random numbers from {three_digits(held[0])} to {three_digits(held[1])}" if held else "zeros"
    samples, taken = _arrays(path, count=count, batch=batch), display_shape(port.shape)
    return samples, f"{count} arrays {taken} of {what}", f"photos do not fit its input {taken}"


def _arrays(path: Path, *, count: int, batch: int) -> Samples:
    return Samples(path=path, rows=np.arange(count) * batch, labels=np.zeros(count, np.int64))


def _of_photos(run: Run | None, images: Path | None, size: ImageSize, artifacts: Path, workplace: Path) -> Fed:
    """Returns the images that a user names, else those of the run that measured the file, else drawings."""
    if images:
        samples = given_pixels(images, image_size=size, count=MOST_PHOTOS, folder=workplace)
        return samples, f"{len(samples)} images of {last_parts(images)}", _as_prepared(given_photos(images), run)
    of_run = find_pixels(run.provenance, image_size=size, artifacts=artifacts) if run else None
    if run and of_run:
        name = next(iter(run.records.values())).dataset.name
        return of_run, f"{len(of_run)} test images of {name}", _photos_of(run, of_run)
    photos = drawn_photos()
    samples = decoded(photos, size=size, folder=workplace)
    return samples, f"{len(samples)} {photos.source}", photos


def _run_of_file(path: Path, artifacts: Path) -> Run | None:
    if not path.is_file():
        raise UsageError(f"there is no file {path}; give the path of a TFLite file, or a cell's id")
    sha256 = sha256_of_file(path)
    measured = (
        run
        for run in newest_runs(artifacts / "results")
        if any(one.model and one.model.sha256 == sha256 for one in run.records.values())
    )
    return next(measured, None)


def _recorded(cell: str, artifacts: Path) -> tuple[Run, Record]:
    known: dict[str, None] = {}
    for run in newest_runs(artifacts / "results"):
        if cell in run.records:
            return run, run.records[cell]
        known |= dict.fromkeys(run.records)
    results = artifacts / "results"
    if not known:
        raise UsageError(
            f"{cell} is no file, and there are no results in {results}; run pytest bench/ first, or give the path of a "
            "TFLite file"
        )
    listed = ", ".join(list(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
    raise UsageError(
        f"{cell} is neither a TFLite file nor a cell of the results in {results}; cells there: {listed} (another "
        "number of threads: --threads)"
    )


def _stored(record: Record, run: Run, artifacts: Path) -> Path:
    path = next(iter(find_models([record], artifacts=artifacts).values()), None)
    if path is None:
        raise UsageError(
            f"the file of {record.cell.id} in {last_parts(run.path)} is not in the store below {artifacts}; run "
            "pytest bench/ again, or give the path of a TFLite file"
        )
    if path.suffix != _SUFFIX:
        raise UsageError(f"{record.cell.id} is run from {path.name}; what is timed here is one TFLite file")
    return path


def _photos_of(run: Run, samples: Samples) -> Photos | str:
    options = run.provenance.options
    seed = options.get("seed", "0")
    folder = Path(options["data"]) if "data" in options else None
    return _as_prepared(photos_of(samples, folder=folder, seed=int(seed) if seed.isdecimal() else 0), run)


def _as_prepared(photos: Photos | str, run: Run | None) -> Photos | str:
    """Returns photos that are decoded and resized as the run's data set was."""
    if run is None or isinstance(photos, str):
        return photos
    options = run.provenance.options
    return replace(photos, preparation={name: options[name] for name in ("resize", "exif") if name in options})
