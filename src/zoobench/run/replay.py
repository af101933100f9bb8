"""Which cells of two runs can be replayed, with which files (made again if gone), until their verdicts are clear?"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from zoobench.errors import DataError, MeasurementError, ModelError, UsageError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import ImageSize
from zoobench.measure.alternation import BASELINE, CANDIDATE, SIDES, Pair, ProcessObservation, observe
from zoobench.measure.target import ModelFile, Samples, Target
from zoobench.results.run import Run
from zoobench.results.schema import Record
from zoobench.run.locate import find_models, find_pixels, given_pixels
from zoobench.run.options import DECIDING
from zoobench.stats.sequential import FIRST_LOOK, Nothing, Rates, replay_until_clear
from zoobench.system.terminal import progress

if TYPE_CHECKING:
    from zoobench.run.workshop import Workshop  # needs the libraries that build

PRECISION = 1 / 3
"""How uncertain a process may leave its ratio to count, as a share of the tolerance that it is to help judge."""
_GIVEN_IMAGES = 64
"""Of a user's own, at the most."""
Observe = Callable[..., ProcessObservation]
"""As `observe`."""
_SHOWN = 60
"""Characters of a manifest's value in a message."""


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What the processes of one cell saw.

    Attributes:
        observations: In the order in which they came.
        disturbed: How many processes more there were that did not count: their rounds disagreed too much.
        retries: Why a process was started a second time, each.
        failure: Why the cell was given up; '' where it was not.
    """

    observations: list[ProcessObservation] = field(default_factory=list)
    disturbed: int = 0
    retries: list[str] = field(default_factory=list)
    failure: str = ""

    @property
    def log_ratios(self) -> tuple[float, ...]:
        """The logarithm of candidate / baseline of each process."""
        return tuple(math.log(one.ratio) for one in self.observations)

    @property
    def medians(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Each process's median seconds of the baseline, and of the candidate."""
        return (
            tuple(median(one.baseline_seconds) for one in self.observations),
            tuple(median(one.candidate_seconds) for one in self.observations),
        )

    @property
    def versions(self) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """Python and libraries that ran the baseline, and the candidate; None where no process counted."""
        first = next(iter(self.observations), None)
        return (first.versions[BASELINE], first.versions[CANDIDATE]) if first else None

    @property
    def injected(self) -> tuple[float, ...]:
        """Each process's median of what the candidate was made to wait, in seconds."""
        return tuple(median(one.injected_seconds) for one in self.observations)

    @property
    def peaks(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Peaks of memory of the processes that told the baseline's, and of those that told the candidate's."""
        told = [one.peak_rss_bytes for one in self.observations]
        return (
            tuple(one[BASELINE] for one in told if BASELINE in one),
            tuple(one[CANDIDATE] for one in told if CANDIDATE in one),
        )


def find_samples(
    sides: Mapping[str, Run], sizes: Iterable[ImageSize], *, artifacts: Path, images: Path | None, workplace: Path
) -> dict[ImageSize, Samples]:
    """Returns the images to replay on, by image size, as far as they can be had: a user's own, or the store's.

    Raises:
        UsageError: If images that were named are of no use.
        ResultsError: If the store and a results file contradict each other.
    """
    found: dict[ImageSize, Samples | None] = {}
    for size in dict.fromkeys(sizes):
        if images is not None:
            found[size] = given_pixels(images, image_size=size, count=_GIVEN_IMAGES, folder=workplace)
        else:
            runs = (sides[side].provenance for side in (CANDIDATE, BASELINE))
            of_runs = (find_pixels(run, image_size=size, artifacts=artifacts) for run in runs)
            found[size] = next(filter(None, of_runs), None)
    return {size: samples for size, samples in found.items() if samples}


def find_subjects(
    sides: Mapping[str, Run],
    pairs: Sequence[Mapping[str, Record]],
    samples: Mapping[ImageSize, Samples],
    *,
    artifacts: Path,
    baseline_models: Path | None,
) -> tuple[list[Pair], list[str], list[str]]:
    """Returns the cells that can be replayed, why others cannot, and what else was done for it.

    `pairs` are the records of each cell, by side. The baseline's files may be in another folder than the store; what is
    in neither is made again.

    Raises:
        UsageError: If `baseline_models` is of no use.
    """
    records = {side: [pair[side] for pair in pairs] for side in SIDES}
    files = find_models(records[CANDIDATE], artifacts=artifacts)  # by hash, so one side's may serve the other
    kept = find_models(records[BASELINE], artifacts=artifacts, folder=baseline_models)
    gone = {one.model.sha256 for one in records[BASELINE] if one.model} - kept.keys()
    # as they were measured: a pair may have them by another name
    missing = [one for one in sides[BASELINE].records.values() if one.model and one.model.sha256 in gone]
    again, reason = _made_again(missing, sides[BASELINE], artifacts)
    files |= kept | again
    found = [_subject(pair, files, samples.get(pair[CANDIDATE].cell.image_size)) for pair in pairs]
    reasons = [one for one in found if isinstance(one, str)]
    notes = [f"{len(again)} of the baseline's files were made again from its manifest"] if again else []
    return [one for one in found if not isinstance(one, str)], [*reasons, *([reason] if reason else [])], notes


def replay_cells(
    subjects: Sequence[Pair],
    tolerances: Mapping[str, float],
    *,
    rates: Rates,
    seconds: float,
    slowdown: float = 0.0,
    baseline_python: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
    observe_once: Observe = observe,
) -> dict[str, Replayed]:
    """Returns what was seen of each cell, by id; shows progress meanwhile.

    A worker that dies, hangs or does not start in time is started once more if there is time left; a cell whose second
    one fails too is given up, with the reason.

    `tolerances` are those of latency, by cell id; `rates` say when a verdict is clear, and after so many `seconds` it
    ends though one is not. The rest is that of `observe`.
    """
    by_id = {pair[CANDIDATE].cell.id: pair for pair in subjects}
    seen = {cell_id: Replayed() for cell_id in by_id}
    deadline = clock() + seconds
    with progress("Replaying", total=FIRST_LOOK * len(subjects)) as advance:

        def replay(cell_id: str, index: int) -> float | Nothing:
            precision = PRECISION * tolerances[cell_id]
            asked = partial(observe_once, by_id[cell_id], index=index, precision=precision)
            look = partial(asked, slowdown=slowdown, baseline_python=baseline_python)
            outcome = _persistently(look, seen[cell_id], precision=precision, left=lambda: deadline - clock())
            counts = isinstance(outcome, float) and index < FIRST_LOOK
            advance(int(counts), f"{cell_id}, process {index + 1}")
            return outcome

        tolerances = {cell_id: tolerances[cell_id] for cell_id in by_id}
        replay_until_clear(tolerances, replay=replay, rates=rates, seconds=seconds, clock=clock)
    return seen


def rebuild(missing: Sequence[Record], run: Run, *, artifacts: Path) -> dict[str, Path]:
    """Makes files again from what their manifests say, and returns where they are by SHA-256.

    What each would be made from is compared with its manifest first. TensorFlow is not imported in this process.

    Raises:
        ModelError: If one would be made from anything else than it was, which is named, or comes out otherwise.
        DataError: If the images are not there any more.
        ModuleNotFoundError: Where the libraries that build are not installed.
    """
    wanted: dict[str, Record] = {}
    for record in missing:
        if record.model:
            wanted.setdefault(record.model.sha256, record)
    if not wanted:
        return {}
    options = run.provenance.options
    _check_known(wanted, run)  # before anything is prepared, which may take minutes
    from zoobench.run.plan import make_plan  # only what is gone needs the libraries that build
    from zoobench.run.workshop import open_workshop

    asked: list[tuple[str, Cell, Workshop]] = []
    for quantizer, group in _by_quantizer(wanted, run).items():
        plan = make_plan({**options, "quantizer": quantizer, "artifacts": str(artifacts)})
        cells = {sha256: _cell(plan.cells, record, options) for sha256, record in group.items()}
        workshop = open_workshop(plan, list(cells.values()))
        for sha256, cell in cells.items():
            _check_inputs(cell.id, run.provenance.manifests[sha256].inputs, workshop.inputs(cell))
            asked.append((sha256, cell, workshop))
    return {sha256: _same_file(workshop, cell, sha256=sha256) for sha256, cell, workshop in asked}


def _by_quantizer(wanted: Mapping[str, Record], run: Run) -> dict[str, dict[str, Record]]:
    """Returns the records by what made their files: `auto` may have chosen it, and may choose otherwise by now."""
    inputs = {sha256: run.provenance.manifests[sha256].inputs for sha256 in wanted}
    named = {sha256: str(one["quantizer"]) for sha256, one in inputs.items() if one.get("quantizer")}
    usual = next(iter(named.values()), "auto")
    groups: dict[str, dict[str, Record]] = {}
    for sha256, record in wanted.items():
        groups.setdefault(named.get(sha256, usual), {})[sha256] = record
    return groups


def _same_file(workshop: "Workshop", cell: Cell, *, sha256: str) -> Path:
    file = workshop.file(cell)
    if file.sha256 != sha256:
        raise ModelError(
            f"{cell.id} was made from the same as what was measured and came out otherwise: SHA-256 {file.sha256} "
            f"instead of {sha256}, as another CPU may do; name a folder that holds the file that was measured"
        )
    return file.path


def _check_known(wanted: Mapping[str, Record], run: Run) -> None:
    for sha256, record in wanted.items():
        if sha256 not in run.provenance.manifests:
            raise ModelError(
                f"it was not kept what {record.cell.id} was made from, so its file cannot be made again; name a folder "
                f"that holds it (SHA-256 {sha256})"
            )
    if strange := [name for name in run.provenance.options if name not in DECIDING]:
        raise ModelError(
            f"the run had the option {strange[0]}, which is none that this version of zoobench builds by; make its "
            "models again with the version that made them, or name a folder that holds them"
        )


def _persistently(
    look: Callable[..., ProcessObservation], seen: Replayed, *, precision: float, left: Callable[[], float]
) -> float | Nothing:
    """Returns the log ratio that a process saw, of two that may try, if its rounds agree well enough to count.

    `left` says how many seconds there are for it; a second process is not tried where there are none.
    """
    try:
        observed = look(seconds=left())
    except MeasurementError as first:
        if left() <= 0:
            seen.failure = str(first)
            return Nothing.GIVEN_UP
        seen.retries.append(str(first))
        try:
            observed = look(seconds=left())
        except MeasurementError as second:
            seen.failure = str(second)
            return Nothing.GIVEN_UP
    if observed.uncertainty > precision:
        seen.disturbed += 1
        return Nothing.NOT_COUNTED
    seen.observations.append(observed)
    return math.log(observed.ratio)


def _made_again(missing: Sequence[Record], run: Run, artifacts: Path) -> tuple[dict[str, Path], str]:
    try:
        return rebuild(missing, run, artifacts=artifacts), ""
    except (ModelError, DataError, UsageError) as error:
        return {}, f"the baseline's files cannot be made again: {error}"
    except ModuleNotFoundError as error:
        return {}, f"the baseline's files cannot be made again: {error.name} is not installed"


def _subject(pair: Mapping[str, Record], files: Mapping[str, Path], samples: Samples | None) -> Pair | str:
    cell = pair[CANDIDATE].cell
    found = {
        side: ModelFile(
            path=files[model.sha256],
            sha256=model.sha256,
            size_bytes=model.size_bytes,
            interface=model.interface,
        )
        for side, record in pair.items()
        if (model := record.model) and model.sha256 in files
    }
    if len(found) < len(pair) or samples is None:
        missing = [f"the {side}'s file" for side in pair if side not in found]
        return f"{cell.id}: {' and '.join(missing + ['the images'] * (samples is None))} cannot be had"
    parts = {name: getattr(cell, name) for name in ("backbone", "variant", "runtime", "threads", "image_size")}
    return {side: Target(cell=Cell(**parts), file=file, samples=samples) for side, file in found.items()}


def _cell(cells: Iterable[Cell], record: Record, options: Mapping[str, str]) -> Cell:
    found = next((cell for cell in cells if cell.id == record.cell.id), None)
    if found is None:
        given = ", ".join(f"{name}={text}" for name, text in options.items()) or "none"
        raise ModelError(
            f"the options that were kept of the run ({given}) do not make {record.cell.id}; name a folder that holds "
            f"its file (SHA-256 {record.model and record.model.sha256})"
        )
    return found


def _check_inputs(cell_id: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    one, other = dict(_flat(then)), dict(_flat(now))
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    if names:
        found = [f"{name} was {_brief(one.get(name))}, is {_brief(other.get(name))}" for name in names]
        raise ModelError(
            f"{cell_id} would be made from other things than what was measured: {'; '.join(found)}. Set these as they "
            "were, or name a folder that holds its file (--baseline-models DIR)"
        )


def _flat(inputs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in inputs.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _brief(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
