"""On which machine and under which conditions were runs measured, and may they stand in one table?"""

import os
import re
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
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_FIRST = ("machine", "device", "cpu", "cores", "governor", "threads", "runtime", "weights", "image size", DATA_SET)
"""What stands first in a list of differences; libraries and the rest follow in the order of the record."""
_START_OF_HASH = 12
"""Characters that name a file or data set among others."""
_LONGEST = 80
_SPLIT = frozenset({"backbones", "variants", "runtimes", "threads", "image-size"})
"""Options in which the parts of one run may differ: what a matrix is split by."""
_SHOWN_FILES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A condition in which two sides differ, with every value that either has; no value where it is not known."""

    name: str
    base: tuple[str, ...]
    new: tuple[str, ...]


def differences(base: Side, new: Side, *, defaults: Mapping[str, str] | None = None) -> tuple[Difference, ...]:
    """Returns the conditions in which two sides differ, those that matter most first, then options and model files.

    Args:
        base: One side.
        new: The other.
        defaults: Of options, by name: a file names those alone that are not at theirs.
    """
    ours, theirs = conditions(base), conditions(new)
    names = dict.fromkeys((*(name for name in _FIRST if name in ours or name in theirs), *ours, *theirs))
    found = [
        Difference(name=name, base=ours.get(name, ()), new=theirs.get(name, ()))
        for name in names
        if sorted(ours.get(name, ())) != sorted(theirs.get(name, ()))
    ]
    return (*found, *_settings(base, new), *_options(base, new, defaults or {}), *_files(base, new))


def _settings(base: Side, new: Side) -> Iterator[Difference]:
    """Yields what the rounds of both sides were timed by, where it is not the same; baselines do not tell."""
    ours, theirs = map(_timed_by, (base, new))
    for name in (one for one in ours if one in theirs and sorted(ours[one]) != sorted(theirs[one])):
        yield Difference(name=name, base=tuple(ours[name]), new=tuple(theirs[name]))


def _timed_by(side: Side) -> dict[str, dict[str, None]]:
    found: dict[str, dict[str, None]] = {}
    for run in side.runs:
        for name, values in run.settings.items():
            found.setdefault(name, {}).update(dict.fromkeys(values))
    return found


def _options(base: Side, new: Side, defaults: Mapping[str, str]) -> Iterator[Difference]:
    given = [
        [{**run.provenance.options, **run.provenance.measuring} for run in side.runs if run.records]
        for side in (base, new)
    ]
    if not all(given):
        return  # a file that zoobench did not write
    for name in dict.fromkeys(name for runs in given for run in runs for name in run):
        ours, theirs = (
            tuple(dict.fromkeys(run.get(name, defaults.get(name, "")) or "not given" for run in runs)) for runs in given
        )
        if sorted(ours) != sorted(theirs):
            yield Difference(name=f"option {name}", base=ours, new=theirs)


def _files(base: Side, new: Side) -> Iterator[Difference]:
    """Yields the model files that are not the same in cells of both sides, all in one."""
    ours, theirs = base.records, new.records
    pairs = [(one.model, theirs[cell].model) for cell, one in ours.items() if cell in theirs]
    other = [(one.sha256, two.sha256) for one, two in pairs if one and two and one.sha256 != two.sha256]
    if other:
        before, after = ([short_hash(one) for one in dict.fromkeys(side)] for side in zip(*other, strict=True))
        name = f"model file of {len(other)} of {len(pairs)} cells"
        yield Difference(name=name, base=tuple(_few(before)), new=tuple(_few(after)))


def _few(values: Sequence[str]) -> Sequence[str]:
    return values if len(values) <= _SHOWN_FILES else (*values[:_SHOWN_FILES], f"{len(values) - _SHOWN_FILES} more")


def conditions(side: Side) -> dict[str, tuple[str, ...]]:
    """Returns every condition with each value that a run of this side had; unknown ones are left out."""
    found: dict[str, dict[str, None]] = {}
    for run in side.runs:
        for name, value in _of_run(run):
            found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def machines_of(side: Side) -> frozenset[tuple[str, str, str]]:
    """Returns every machine that a side was measured on."""
    return frozenset(machine_of(run) for run in side.runs)


def machine_of(run: Run) -> tuple[str, str, str]:
    """Returns what tells machines apart: the name that it was given, device or CPU, number of cores.

    Each is '' where it is not known. Machines that were given different names are different ones, however alike.
    """
    known: dict[str, str] = {}
    for name, value in _of_run(run):
        known.setdefault(name, value)
    return (_given_name(run), known.get("device") or known.get("cpu", ""), known.get("cores", ""))


def are_one_machine(base: Side, new: Side) -> bool:
    """Tells whether two sides are of the same machines, as far as is known: not every run names its machine."""
    ours, theirs = machines_of(base), machines_of(new)
    (our_names, alike), (their_names, also_alike) = (
        ({name for name, *_ in those if name}, {tuple(what) for _, *what in those}) for those in (ours, theirs)
    )
    return alike == also_alike and (our_names == their_names or not our_names or not their_names)


def machine_name(run: Run) -> str:
    """Returns what a machine is called wherever it is shown: as it was named; device or CPU, and number of cores."""
    given, name, cores = machine_of(run)
    kind = f"{name or 'unknown machine'}, {cores or 'unknown number of'} cores"
    return f"{given} ({kind})" if given else kind


def _given_name(run: Run) -> str:
    name, record = run.provenance.machine or "", next(iter(run.records.values()), None)
    environment = record.environment if record else {}
    return "" if name == machine_key({key: environment.get(key) for key in ("device", "cpu", "cores")}) else name


def machine_key(environment: dict[str, Any]) -> str:
    """Returns the name under which this machine's results are kept: device or CPU model, and number of cores."""
    words = str(environment["device"] or environment["cpu"]).lower()
    for noise in ("(r)", "(tm)", "processor", "cpu"):
        words = words.replace(noise, " ")
    return f"{_NOT_IN_NAMES.sub('-', words).strip('-')}-{environment['cores']}c"


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
        measuring=parts[0].measuring,
        pixels={size: pixels for one in parts for size, pixels in one.pixels.items()},
        products={sha256: product for one in parts for sha256, product in one.products.items()},
    )
    return Run(
        path=paths[0] if len(paths) == 1 else Path(os.path.commonpath([file.absolute().parent for file in files])),
        records={cell: record for run in runs for cell, record in run.records.items()},
        rounds={cell: timing for run in runs for cell, timing in run.rounds.items()},
        provenance=provenance,
        machine=runs[0].machine,
        settings=runs[0].settings,
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
    asked = {**run.provenance.options, **(run.provenance.measuring or {})}
    options = {f"option {name}": text for name, text in asked.items() if name not in _SPLIT}
    return {
        "machine": machine_name(run),
        DATA_SET: _data(record),
        "kit": short_hash(record.kit) if record.kit else "none",
        **{name: joined(values) for name, values in run.settings.items()},
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
    if name := _given_name(run):
        yield "machine", name
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
