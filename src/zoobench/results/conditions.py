"""On which machine and under which conditions were runs measured, and may they stand in one table?"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError
from zoobench.matrix.backbones import TABLE, unsized_name
from zoobench.results.run import Provenance, Run, Side, files_of, read_recorded
from zoobench.results.schema import Record
from zoobench.system.units import few, short_hash

DATA_SET = "data set"
_FIRST = ("device", "cpu", "cores", "governor", "threads", "runtime", "weights", "image size", DATA_SET)
"""What stands first in a list of differences; libraries and the rest follow in the order of the record."""
_START_OF_HASH = 12
"""Characters that name a file or data set among others."""
_LONGEST = 80
_SPLIT = frozenset({"backbones", "variants", "runtimes", "threads", "image-size"})
"""Options in which the parts of one run may differ: what a matrix is split by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A condition in which two sides differ, with every value that either has; no value where it is not known."""

    name: str
    base: tuple[str, ...]
    new: tuple[str, ...]


def differences(base: Side, new: Side) -> tuple[Difference, ...]:
    """Returns the conditions in which two sides differ, those that matter most first."""
    ours, theirs = conditions(base), conditions(new)
    names = dict.fromkeys((*(name for name in _FIRST if name in ours or name in theirs), *ours, *theirs))
    return tuple(
        Difference(name=name, base=ours.get(name, ()), new=theirs.get(name, ()))
        for name in names
        if sorted(ours.get(name, ())) != sorted(theirs.get(name, ()))
    )


def conditions(side: Side) -> dict[str, tuple[str, ...]]:
    """Returns every condition with each value that a run of this side had; unknown ones are left out."""
    found: dict[str, dict[str, None]] = {}
    for run in side.runs:
        for name, value in _of_run(run):
            found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def machines_of(side: Side) -> frozenset[tuple[str, str]]:
    """Returns every machine that a side was measured on."""
    return frozenset(machine_of(run) for run in side.runs)


def machine_of(run: Run) -> tuple[str, str]:
    """Returns what tells machines apart, device or CPU and number of cores; '' for what is not known."""
    known: dict[str, str] = {}
    for name, value in _of_run(run):
        known.setdefault(name, value)
    return (known.get("device") or known.get("cpu", ""), known.get("cores", ""))


def machine_name(run: Run) -> str:
    """Returns what a machine is called wherever it is shown: device or CPU, and number of cores."""
    name, cores = machine_of(run)
    return f"{name or 'unknown machine'}, {cores or 'unknown number of'} cores"


def read_shards(paths: Sequence[Path]) -> Run:
    """Returns the results of a matrix that was split over several jobs as one run.

    Args:
        paths: Files, or folders of files, that share no cell; a single file is a run of its own.

    Raises:
        ResultsError: As `read_recorded`; if two hold the same cell, or were not measured alike: on another machine,
            with other libraries, options or data, from another kit.
    """
    files = [file for path in paths for file in files_of(path)]
    runs = [read_recorded(file) for file in files]
    if len(runs) == 1:
        return runs[0]
    _check_disjoint(runs)
    for other in runs[1:]:
        _check_alike(runs[0], other)
    parts = [run.provenance for run in runs]
    provenance = Provenance(
        machine=parts[0].machine,
        cells=tuple(dict.fromkeys(cell for one in parts for cell in one.cells)),
        options={name: text for name, text in parts[0].options.items() if name not in _SPLIT},
        pixels={size: pixels for one in parts for size, pixels in one.pixels.items()},
        products={sha256: product for one in parts for sha256, product in one.products.items()},
    )
    return Run(
        path=paths[0] if len(paths) == 1 else Path(os.path.commonpath([file.absolute().parent for file in files])),
        records={cell: record for run in runs for cell, record in run.records.items()},
        rounds={cell: timing for run in runs for cell, timing in run.rounds.items()},
        provenance=provenance,
        machine=runs[0].machine,
        measured=max(run.measured for run in runs),
        shards=tuple(files),
    )


def _check_disjoint(runs: Sequence[Run]) -> None:
    places: dict[str, Path] = {}
    for run in runs:
        if twice := [cell for cell in run.ids if cell in places]:
            raise ResultsError(
                f"{places[twice[0]]} and {run.path} both hold {few(twice)}; expected files that share no cell, as of a "
                "matrix that was split over jobs. Name one of the two, or compare several runs with `zoobench compare`"
            )
        places |= dict.fromkeys(run.ids, run.path)


def _check_alike(one: Run, other: Run) -> None:
    ours, theirs = _of_a_whole(one), _of_a_whole(other)
    unlike = [
        f"{name} {ours.get(name, 'none')} / {theirs.get(name, 'none')}"
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    ]
    if unlike:
        raise ResultsError(
            f"{one.path} and {other.path} are no parts of one run, as they were not measured alike: "
            f"{'; '.join(unlike)}. Measure all parts alike, or name one of them"
        )


def _of_a_whole(run: Run) -> dict[str, str]:
    """Returns what all parts of one run have in common."""
    record = next(iter(run.records.values()))
    libraries = record.environment.get("libraries")
    options = {f"option {name}": text for name, text in run.provenance.options.items() if name not in _SPLIT}
    return {
        "machine": machine_name(run),
        DATA_SET: _data(record),
        "kit": short_hash(record.kit) if record.kit else "none",
        **({str(name): str(version) for name, version in libraries.items()} if isinstance(libraries, dict) else {}),
        **options,
        **{f"pixels of {size}": f"{one.product}, {len(one.rows)} rows" for size, one in run.provenance.pixels.items()},
    }


def leaves(values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields the values of nested objects with the keys that lead there; what is None is as good as absent."""
    pending: list[tuple[tuple[str, ...], Any]] = [((), dict(values))]
    while pending:
        keys, value = pending.pop()
        if isinstance(value, dict):
            pending.extend(((*keys, name), inner) for name, inner in reversed(value.items()))
        elif value is not None:
            yield keys, value


def of_cell(base: Record, new: Record) -> dict[str, str]:
    """Returns in what the same cell of two sides differs, so that its numbers answer different questions.

    Other weights of a model of one's own are no such difference: they are what it is compared for.
    """
    pairs = {
        "backbone": (base.cell.backbone, new.cell.backbone),
        "variant": (base.cell.variant, new.cell.variant),
        "runtime": (base.cell.runtime, new.cell.runtime),
        "threads": (base.cell.threads, new.cell.threads),
        "image size": (base.cell.image_size, new.cell.image_size),
        **({} if have_own_model(base, new) else {"weights": (_short(base.cell.weights), _short(new.cell.weights))}),
        DATA_SET: (_data(base), _data(new)),
    }
    return {name: f"{ours} / {theirs}" for name, (ours, theirs) in pairs.items() if ours != theirs}


def have_own_model(*records: Record) -> bool:
    """Tells whether the network of all these is a model of one's own, whose weights are what is judged.

    Records of before `model.interface` was written down tell it by the weights, which are a file's, and by the name,
    which is none of the networks that are known here.
    """
    return all(map(_has_own_model, records))


def changes_of_own_models(pairs: Iterable[tuple[Record, Record]]) -> tuple[str, ...]:
    """Returns in what models of one's own are not the same on both sides, a text for each model and kind."""
    found: dict[str, None] = {}
    for before, after in pairs:
        if have_own_model(before, after):
            ours, theirs = before.cell.weights, after.cell.weights
            if ours != theirs:
                found[f"other weights in {after.cell.backbone} ({_short(ours)} / {_short(theirs)})"] = None
            found |= dict.fromkeys(
                f"{after.cell.backbone} has another {one}" for one in _interface_changes(before, after)
            )
    return tuple(found)


def changes_of_quantizers(pairs: Iterable[tuple[Record, Record]]) -> tuple[str, ...]:
    """Returns which variants another quantizer made than before, a text for each; `auto` may choose otherwise."""
    found: dict[str, None] = {}
    for before, after in pairs:
        ours, theirs = (side.model and side.model.quantizer for side in (before, after))
        if ours and theirs and ours != theirs:
            found[f"{after.cell.variant} of {after.cell.backbone} by another quantizer ({ours} / {theirs})"] = None
    return tuple(found)


def _has_own_model(record: Record) -> bool:
    if record.model and record.model.interface:
        return True
    return record.cell.weights.startswith("file:") and unsized_name(record.cell.backbone) not in TABLE.names()


def _interface_changes(before: Record, after: Record) -> Iterator[str]:
    ours, theirs = (side.model.interface if side.model else None for side in (before, after))
    if ours and theirs:
        for name in ("taken_as", "pixels", "scores", "order", "layout", "channels"):
            one, other = getattr(ours, name), getattr(theirs, name)
            if one != other:
                yield f"{name} ({one} / {other})"


def _of_run(run: Run) -> Iterator[tuple[str, str]]:
    if not run.records:
        yield from _flat(run.machine)
    for record in run.records.values():
        yield from _flat(record.environment)
        yield "threads", str(record.cell.threads)
        yield "runtime", record.cell.runtime
        yield "weights", _short(record.cell.weights)
        yield "image size", str(record.cell.image_size)
        yield DATA_SET, _data(record)
        if record.kit:
            yield "kit", short_hash(record.kit)


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for keys, value in leaves(values):
        shown = joined(map(str, value)) if isinstance(value, list) else str(value)
        yield keys[-1], shown[:_LONGEST]


def _data(record: Record) -> str:
    data = record.dataset
    return f"{data.name}, {data.samples} test samples of {len(data.classes)} classes, {short_hash(data.sha256)}"


def _short(weights: str) -> str:
    kind, colon, digest = weights.partition(":")
    return f"{kind}{colon}{short_hash(digest)}"


def joined(values: Iterable[str]) -> str:
    """Returns the values of one condition as one text."""
    return ", ".join(values) or "not known"


Measured = tuple[Path, Record]


def check_same_subject(sides: Sequence[Side]) -> None:
    """Refuses results, of one machine each, that are about different things.

    Results of two kits are never compared. Those of a kit and those that a workstation measured by itself are, if the
    files and the samples are the very same. Where no kit is involved each machine may have made its own files, which
    is told elsewhere, but not taken other samples.

    Raises:
        ResultsError: If they may not be compared; it names both files, what each was measured with, and what to do.
    """
    measured = [(run.path, record) for side in sides for run in side.runs for record in run.records.values()]
    _check_kits(measured)
    by_cell: dict[str, list[Measured]] = {}
    for one in measured:
        by_cell.setdefault(one[1].cell.id, []).append(one)
    for ones in by_cell.values():
        for other in ones[1:]:
            _check_samples(ones[0], other)
        _check_files(ones)


def _check_kits(measured: Sequence[Measured]) -> None:
    of_kits = {record.kit: path for path, record in reversed(measured) if record.kit}
    if len(of_kits) > 1:
        (one, path), (other, other_path) = list(of_kits.items())[-1:-3:-1]
        raise ResultsError(
            f"these are results of different kits: {path} of {_start(one)}, {other_path} of {_start(other)} (SHA-256); "
            "run one kit on every machine, and compare those results"
        )


def _check_samples(one: Measured, other: Measured) -> None:
    ours, theirs = one[1].dataset, other[1].dataset
    if ours.sha256 != theirs.sha256:
        raise ResultsError(
            f"{one[1].cell.id} was measured on different samples: in {one[0]} on {ours.samples} of {ours.name!r} "
            f"({_start(ours.sha256)}), in {other[0]} on {theirs.samples} of {theirs.name!r} ({_start(theirs.sha256)}); "
            "measure both on the same images, such as by one kit (zoobench kit export)"
        )


def _check_files(measured: Sequence[Measured]) -> None:
    """Refuses a kit's file beside another one of the same cell: where there is no kit, that is only noted."""
    files = {record.model.sha256: (path, record) for path, record in reversed(measured) if record.model}
    if len(files) > 1 and any(record.kit for _, record in measured):
        (one, (path, record)), (other, (other_path, _)) = list(files.items())[-1:-3:-1]
        raise ResultsError(
            f"{record.cell.id} was measured with different files: {_start(one)} in {path}, {_start(other)} in "
            f"{other_path} (SHA-256), of which one came in a kit; run the kit on both machines, or export it from the "
            "store that the other run used"
        )


def _start(sha256: str | None) -> str:
    return (sha256 or "")[:_START_OF_HASH]
