"""Which cells of a gate can be replayed, and with which files? What stands in the way is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoobench.commands.gating.rebuilding import WantedModel, rebuild
from zoobench.commands.gating.replayfiles import FoundModels, find_models, find_pixels, given_pixels, wanted_models
from zoobench.errors import DataError, ModelError, UsageError
from zoobench.measure.replay import BASELINE, CANDIDATE, ReplayTarget
from zoobench.measure.samples import Samples
from zoobench.results.baseline import Baseline
from zoobench.results.record import Record

_GIVEN_IMAGES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A cell's two records."""

    cell: str
    baseline: Record
    candidate: Record

    @property
    def records(self) -> Mapping[str, Record]:
        """Both by side."""
        return {BASELINE: self.baseline, CANDIDATE: self.candidate}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where files may be taken from.

    Attributes:
        artifacts: Folder of the store.
        baseline_models: Where else to look for the baseline's files.
        images: Folder or file of images to replay on instead of the store's.
        workplace: Folder for what is made meanwhile.
    """

    artifacts: Path
    baseline_models: Path | None
    images: Path | None
    workplace: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayable:
    """The cells that can be replayed, why others cannot, and what else was done for it."""

    subjects: Sequence[ReplayTarget]
    obstacles: Sequence[str]
    notes: Sequence[str]


def find_samples(sides: Mapping[str, Baseline], pairs: Sequence[Pair], sources: Sources) -> Mapping[int, Samples]:
    """Returns the images of these cells by image size, as far as they can be had.

    Args:
        sides: Both runs by side.
        pairs: The cells.
        sources: Where files may be taken from.

    Raises:
        UsageError: If images that were named are of no use.
        ResultsError: If the store and a results file contradict each other.
    """
    sizes = dict.fromkeys(pair.candidate.cell.image_size for pair in pairs)
    found = {size: _samples(sides, size, sources) for size in sizes}
    return {size: samples for size, samples in found.items() if samples is not None}


def find_subjects(
    sides: Mapping[str, Baseline], pairs: Sequence[Pair], sources: Sources, samples: Mapping[int, Samples]
) -> Replayable:
    """Returns which cells can be replayed.

    Args:
        sides: Both runs by side.
        pairs: The cells to replay.
        sources: Where files may be taken from.
        samples: From `find_samples`.

    Raises:
        UsageError: If a folder that was named is of no use.
    """
    candidate = find_models(_wanted(sides, CANDIDATE, pairs), artifacts=sources.artifacts)
    baseline = find_models(_wanted(sides, BASELINE, pairs), artifacts=sources.artifacts, folder=sources.baseline_models)
    again, why_not = _made_again(sides[BASELINE], baseline, sources) if baseline.missing else ({}, "")
    files = {**candidate.paths, **baseline.paths, **again}  # by hash, so one side's may serve the other
    found = [_subject(pair, files, samples.get(pair.candidate.cell.image_size)) for pair in pairs]
    obstacles = [one for one in found if isinstance(one, str)]
    return Replayable(
        subjects=[one for one in found if isinstance(one, ReplayTarget)],
        obstacles=[*obstacles, *([why_not] if why_not else [])],
        notes=[f"{len(again)} of the baseline's files were made again from its manifest"] if again else [],
    )


def _wanted(sides: Mapping[str, Baseline], side: str, pairs: Sequence[Pair]) -> Sequence[WantedModel]:
    return wanted_models([pair.records[side] for pair in pairs], sides[side].provenance)


def _made_again(run: Baseline, found: FoundModels, sources: Sources) -> tuple[Mapping[str, Path], str]:
    """Returns the files that were missing, made anew, or none and the reason."""
    try:
        return rebuild(found.missing, options=run.provenance.options, artifacts=sources.artifacts), ""
    except (ModelError, DataError, UsageError) as error:
        return {}, f"the baseline's files cannot be made again: {error}"
    except ModuleNotFoundError as error:
        return {}, f"the baseline's files cannot be made again: {error.name} is not installed"


def _subject(pair: Pair, files: Mapping[str, Path], samples: Samples | None) -> ReplayTarget | str:
    """Returns a cell's files and images, or what of them cannot be had."""
    paths = {side: files.get(record.model.sha256 if record.model else "") for side, record in pair.records.items()}
    found = {side: path for side, path in paths.items() if path is not None}
    if len(found) < len(paths) or samples is None:
        lacking = [f"the {side}'s file" for side in paths if side not in found]
        return f"{pair.cell}: {' and '.join(lacking + ['the images'] * (samples is None))} cannot be had"
    cell = pair.candidate.cell
    return ReplayTarget(
        cell_id=pair.cell,
        runtime=cell.runtime,
        threads=cell.threads,
        files=found,
        pixels=samples.path,
        rows=samples.rows.tolist(),
    )


def _samples(sides: Mapping[str, Baseline], size: int, sources: Sources) -> Samples | None:
    if sources.images is not None:
        return given_pixels(sources.images, image_size=size, count=_GIVEN_IMAGES, folder=sources.workplace)
    for side in (CANDIDATE, BASELINE):
        found = find_pixels(sides[side].provenance, image_size=size, artifacts=sources.artifacts)
        if found is not None:
            return found
    return None
