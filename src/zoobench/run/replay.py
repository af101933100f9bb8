"""Which cells of two runs can be replayed, with which files (made again if gone), until their verdicts are clear?"""

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from zoobench.errors import DataError, MeasurementError, ModelError, UsageError
from zoobench.judge.gate.schedule import Budget, Nothing, Rates, replay_until_clear
from zoobench.measure.replay import BASELINE, CANDIDATE, SIDES, ProcessObservation, ReplayConfig, ReplayTarget, observe
from zoobench.measure.target import Samples
from zoobench.results.run import RecordedProduct, Run
from zoobench.results.schema import Record
from zoobench.run.locate import WantedModel, find_models, find_pixels, given_pixels, wanted_models
from zoobench.run.options import defaults
from zoobench.stats.sequential import FIRST_LOOK
from zoobench.system.terminal import progress

# Only what is gone must be made again, and only that needs the libraries that build.
if TYPE_CHECKING:
    from zoobench.matrix.cell import Cell
    from zoobench.run.plan import Plan
    from zoobench.run.workshop import Workshop

_GIVEN_IMAGES = 64
"""Of a user's own, at the most."""
Observe = Callable[[ReplayTarget, int], ProcessObservation]
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
    sides: Mapping[str, Run], sizes: Iterable[int], *, artifacts: Path, images: Path | None, workplace: Path
) -> dict[int, Samples]:
    """Returns the images to replay on, by image size, as far as they can be had.

    Args:
        sides: Both runs by side.
        sizes: Of the images, in pixels.
        artifacts: Folder of the store.
        images: Folder or file of images to take instead of the store's.
        workplace: Folder for what is made meanwhile.

    Raises:
        UsageError: If images that were named are of no use.
        ResultsError: If the store and a results file contradict each other.
    """
    found: dict[int, Samples | None] = {}
    for size in dict.fromkeys(sizes):
        if images is not None:
            found[size] = given_pixels(images, image_size=size, count=_GIVEN_IMAGES, folder=workplace)
        else:
            runs = (sides[side].provenance for side in (CANDIDATE, BASELINE))
            of_runs = (find_pixels(run, image_size=size, artifacts=artifacts) for run in runs)
            found[size] = next((samples for samples in of_runs if samples), None)
    return {size: samples for size, samples in found.items() if samples}


def find_subjects(
    sides: Mapping[str, Run],
    pairs: Sequence[Mapping[str, Record]],
    samples: Mapping[int, Samples],
    *,
    artifacts: Path,
    baseline_models: Path | None,
) -> tuple[list[ReplayTarget], list[str], list[str]]:
    """Returns the cells that can be replayed, why others cannot, and what else was done for it.

    Args:
        sides: Both runs by side.
        pairs: The records of each cell, by side.
        samples: From `find_samples`.
        artifacts: Folder of the store.
        baseline_models: Where else to look for the baseline's files.

    Raises:
        UsageError: If a folder that was named is of no use.
    """
    wanted = {side: wanted_models([pair[side] for pair in pairs], sides[side].provenance) for side in SIDES}
    files = find_models(wanted[CANDIDATE], artifacts=artifacts)  # by hash, so one side's may serve the other
    kept = find_models(wanted[BASELINE], artifacts=artifacts, folder=baseline_models)
    missing = [one for one in wanted[BASELINE] if one.sha256 not in kept]
    again, reason = _made_again(sides[BASELINE], missing, artifacts)
    files |= kept | again
    found = [_subject(pair, files, samples.get(pair[CANDIDATE].cell.image_size)) for pair in pairs]
    reasons = [one for one in found if isinstance(one, str)]
    notes = [f"{len(again)} of the baseline's files were made again from its manifest"] if again else []
    return [one for one in found if isinstance(one, ReplayTarget)], [*reasons, *([reason] if reason else [])], notes


def replay_cells(
    subjects: Sequence[ReplayTarget],
    tolerances: Mapping[str, float],
    *,
    config: ReplayConfig,
    rates: Rates,
    budget: Budget,
    clock: Callable[[], float] = time.monotonic,
    observe_once: Observe | None = None,
) -> dict[str, Replayed]:
    """Returns what was seen of each cell, by id; shows progress meanwhile.

    A worker that dies, hangs or does not start in time is started once more; a cell whose second one fails too is given
    up, with the reason.

    Args:
        subjects: The cells.
        tolerances: Of latency, by cell id.
        config: How each process measures.
        rates: When a verdict is clear.
        budget: When to stop though it is not.
        clock: Seconds.
        observe_once: Stands in for starting a process, in tests.
    """
    look = observe_once or (lambda subject, index: observe(subject, index=index, config=config))
    by_id = {subject.cell_id: subject for subject in subjects}
    seen = {subject.cell_id: Replayed() for subject in subjects}
    with progress("Replaying", total=FIRST_LOOK * len(subjects)) as advance:

        def replay(cell_id: str, index: int) -> float | Nothing:
            outcome = _persistently(look, by_id[cell_id], index, seen[cell_id])
            counts = isinstance(outcome, float)
            advance(1 if counts and index < FIRST_LOOK else 0, f"{cell_id}, process {index + 1}")
            return outcome

        replay_until_clear(
            {cell_id: tolerances[cell_id] for cell_id in by_id}, replay=replay, rates=rates, budget=budget, clock=clock
        )
    return seen


def rebuild(missing: Sequence[WantedModel], *, options: Mapping[str, str], artifacts: Path) -> dict[str, Path]:
    """Makes files again from what their manifests say, and returns where they are by SHA-256.

    What each would be made from is compared with its manifest first. TensorFlow is not imported in this process.

    Args:
        missing: From `wanted_models`.
        options: `Provenance.options` of the run that had them.
        artifacts: The folder of the store.

    Raises:
        ModelError: If one would be made from anything else than it was, which is named, or comes out otherwise.
        DataError: If the images are not there any more.
        ModuleNotFoundError: Where the libraries that build are not installed.
    """
    if not missing:
        return {}
    kept = [_kept(one) for one in missing]  # before anything is prepared, which may take minutes
    from zoobench.run.plan import make_plan
    from zoobench.run.workshop import open_workshop

    plan = make_plan({**_known(options), "artifacts": str(artifacts)})
    cells = [_cell(plan, one) for one in missing]
    workshop = open_workshop(plan, cells)
    for made_from, cell in zip(kept, cells, strict=True):
        _check_inputs(made_from, workshop, cell)
    return {one.sha256: _made(one, workshop, cell) for one, cell in zip(missing, cells, strict=True)}


def _persistently(look: Observe, subject: ReplayTarget, index: int, seen: Replayed) -> float | Nothing:
    """Returns the log ratio that a process saw, of two that may try, if its rounds agree well enough to count."""
    observed, reason = _tried(look, subject, index)
    if observed is None:
        seen.retries.append(reason)
        observed, reason = _tried(look, subject, index)
    if observed is None:
        seen.failure = reason
        return Nothing.GIVEN_UP
    if observed.uncertainty > subject.precision:
        seen.disturbed += 1
        return Nothing.NOT_COUNTED
    seen.observations.append(observed)
    return math.log(observed.ratio)


def _tried(look: Observe, subject: ReplayTarget, index: int) -> tuple[ProcessObservation | None, str]:
    try:
        return look(subject, index), ""
    except MeasurementError as error:
        return None, str(error)


def _made_again(run: Run, missing: Sequence[WantedModel], artifacts: Path) -> tuple[dict[str, Path], str]:
    """Returns the files that were missing, made anew, or none and the reason."""
    try:
        return rebuild(missing, options=run.provenance.options, artifacts=artifacts), ""
    except (ModelError, DataError, UsageError) as error:
        return {}, f"the baseline's files cannot be made again: {error}"
    except ModuleNotFoundError as error:
        return {}, f"the baseline's files cannot be made again: {error.name} is not installed"


def _subject(pair: Mapping[str, Record], files: Mapping[str, Path], samples: Samples | None) -> ReplayTarget | str:
    """Returns a cell's files and images, or what of them cannot be had."""
    cell = pair[CANDIDATE].cell
    paths = {side: files.get(record.model.sha256 if record.model else "") for side, record in pair.items()}
    found = {side: path for side, path in paths.items() if path is not None}
    if len(found) < len(paths) or samples is None:
        missing = [f"the {side}'s file" for side in paths if side not in found]
        return f"{cell.id}: {' and '.join(missing + ['the images'] * (samples is None))} cannot be had"
    return ReplayTarget(
        cell_id=cell.id,
        runtime=cell.runtime,
        threads=cell.threads,
        files=found,
        pixels=samples.path,
        rows=samples.rows.tolist(),
    )


def _kept(wanted: WantedModel) -> RecordedProduct:
    if wanted.made_from is None:
        raise ModelError(
            f"it was not kept what {wanted.cell.id} was made from, so its file cannot be made again; name a folder "
            f"that holds it (SHA-256 {wanted.sha256})"
        )
    return wanted.made_from


def _known(options: Mapping[str, str]) -> Mapping[str, str]:
    if strange := [name for name in options if name not in defaults()]:
        raise ModelError(
            f"the run had the option {strange[0]}, which this version of zoobench does not know; make its models "
            "again with the version that made them, or name a folder that holds them"
        )
    return options


def _cell(plan: "Plan", wanted: WantedModel) -> "Cell":
    found = next((cell for cell in plan.cells if cell.id == wanted.cell.id), None)
    if found is None:
        given = ", ".join(f"{name}={text}" for name, text in plan.options.items()) or "none"
        raise ModelError(
            f"the options that were kept of the run ({given}) do not make {wanted.cell.id}; name a folder that holds "
            f"its file (SHA-256 {wanted.sha256})"
        )
    return found


def _check_inputs(made_from: RecordedProduct, workshop: "Workshop", cell: "Cell") -> None:
    """Refuses to make anything else than what was measured."""
    from zoobench.build.recipe import variant_model
    from zoobench.matrix.variants import find_variant

    now = variant_model(workshop.request(cell), find_variant(cell.variant)).inputs
    if found := _differences(made_from.inputs, json.loads(json.dumps(now))):
        raise ModelError(
            f"{cell.id} would be made from other things than what was measured: {'; '.join(found)}. Set these as they "
            "were, or name a folder that holds its file (--baseline-models DIR)"
        )


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    one, other = dict(_flat(then)), dict(_flat(now))
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return [f"{name} was {_brief(one.get(name))}, is {_brief(other.get(name))}" for name in names]


def _flat(inputs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in inputs.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _brief(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _made(wanted: WantedModel, workshop: "Workshop", cell: "Cell") -> Path:
    stored = workshop.file(cell)
    if stored.sha256 != wanted.sha256:
        raise ModelError(
            f"{cell.id} was made from the same as what was measured and came out otherwise: SHA-256 {stored.sha256} "
            f"instead of {wanted.sha256}, as another CPU may do; name a folder that holds the file that was measured"
        )
    return stored.path
