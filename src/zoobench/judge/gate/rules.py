"""What is judged by which tolerance, and which cells go by another name now? pyproject.toml, then the command line."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from zoobench.errors import UsageError, did_you_mean
from zoobench.judge.metrics import GATED, LATENCY_P50, unknown_key
from zoobench.results.run import Side
from zoobench.results.schema import Record
from zoobench.system.units import few, parse_quantity

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECTION = "tool.zoobench.gate"
_SECONDS = "seconds"
_CELLS = "cells"
_RENAME = "rename"
Shares = Mapping[str, float]
"""How much worse a metric may be, by its key: a share of the baseline's value; of a share the difference."""

DEFAULTS: Shares = {key: metric.tolerance for key, metric in GATED.items() if metric.tolerance is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The tolerances of all cells.

    Attributes:
        general: Those of a cell that no pattern fits, by the key of each metric.
        cells: Exceptions by pattern (`*`, `?` and `[...]` as in file names); the later one wins, metric by metric.
        seconds: Most seconds that latencies are replayed, or None where nobody said.
        renames: `OLD=NEW`, such as `renamed_side` takes; those that a baseline has nothing of are of an earlier one.
    """

    general: Shares = field(default_factory=lambda: DEFAULTS)
    cells: tuple[tuple[str, Shares], ...] = ()
    seconds: float | None = None
    renames: tuple[str, ...] = ()

    def of(self, cell_id: str) -> dict[str, float]:
        """Returns the tolerances of a cell, by the key of each metric."""
        found = {**DEFAULTS, **self.general}
        for pattern, shares in self.cells:
            if fnmatchcase(cell_id, pattern):
                found.update(shares)
        return found

    def unused(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Returns the patterns that fit none of these cells: misspelt, or about cells that were not measured."""
        known = tuple(ids)
        patterns = dict.fromkeys(pattern for pattern, _ in self.cells)
        return tuple(one for one in patterns if not any(fnmatchcase(cell, one) for cell in known))

    def renames_of(self, baseline: Mapping[str, Record]) -> tuple[str, ...]:
        """Returns the renames whose old name a baseline has; one that was saved since then has the new one."""
        known = {*baseline, *_backbones(baseline)}
        return tuple(one for one in self.renames if one.partition("=")[0].strip() in known)


def read_rules(pyproject: Path | None, overrides: Sequence[str] = ()) -> Rules:
    """Returns the tolerances that a file and a command line ask for.

    Args:
        pyproject: A file that may be there and may have a section `[tool.zoobench.gate]`.
        overrides: Such as `latency_p50=3%`, which stands in for the general value, or `*-keras-*:latency_p50=10%`,
            which comes after the file's patterns. `seconds=20` is about all cells.

    Raises:
        UsageError: If one makes no sense; the message names its place, what was received and what is allowed.
    """
    rules = _of_file(pyproject) if pyproject and pyproject.is_file() else Rules()
    for text in overrides:
        rules = _overridden(rules, text)
    return rules


def _of_file(path: Path) -> Rules:
    section = _section(path)
    where = f"{path}: {SECTION}"
    cells = _table(section.pop(_CELLS, {}), f"{where}.{_CELLS}")
    seconds = section.pop(_SECONDS, None)
    renames = _renames(section.pop(_RENAME, []), f"{where}.{_RENAME}")
    places = {pattern: f'{where}.{_CELLS}."{pattern}"' for pattern in cells}
    return Rules(
        general={**DEFAULTS, **_shares(section, where, also=(_SECONDS, _CELLS, _RENAME))},
        cells=tuple((one, _shares(_table(cells[one], place), place)) for one, place in places.items()),
        seconds=None if seconds is None else _seconds(seconds, f"{where}.{_SECONDS}"),
        renames=renames,
    )


def _section(path: Path) -> dict[str, Any]:
    try:
        place: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}; the tolerances stand in its section [{SECTION}]") from error
    read: list[str] = []
    for key in SECTION.split("."):
        read.append(key)
        place = _table(place.get(key, {}), f"{path}: {'.'.join(read)}")
    return place


def _table(received: Any, where: str) -> dict[str, Any]:
    if not isinstance(received, dict):
        raise UsageError(f"{where}: received {received!r}; allowed is a table: [{where.partition(': ')[2]}]")
    return dict(received)


def _renames(received: Any, where: str) -> tuple[str, ...]:
    if isinstance(received, list) and all(isinstance(one, str) and _RENAMING.fullmatch(one) for one in received):
        return tuple(received)
    raise UsageError(f'{where}: received {received!r}; allowed is a list such as ["OLD=NEW"]')


def _shares(table: Mapping[str, Any], where: str, *, also: tuple[str, ...] = ()) -> Shares:
    for name in table:
        if name not in GATED:
            raise UsageError(f"{where}: {unknown_key(name, (*GATED, *also))}")
    return {name: _share(name, value, f"{where}.{name}") for name, value in table.items()}


def _share(key: str, received: Any, where: str) -> float:
    metric = GATED[key]
    unit, most = ("%", 10.0) if metric.relative else ("points", 1.0)
    example = f"{100 * DEFAULTS[key]:g} {unit}"
    may_be_zero = metric.test in ("samples", "exact")
    return parse_quantity(received, {unit: 0.01}, where=where, example=example, most=most, may_be_zero=may_be_zero)


def _seconds(received: Any, where: str) -> float:
    is_number = isinstance(received, int | float) and not isinstance(received, bool)
    if not is_number or not 0 < received < float("inf"):
        raise UsageError(f"{where}: received {received!r}; allowed is a number of seconds above 0, such as 20")
    return float(received)


def _overridden(rules: Rules, text: str) -> Rules:
    left, equals, value = (part.strip() for part in text.rpartition("="))
    pattern, _, name = left.rpartition(":")
    where = f"the tolerance {text!r}"
    if equals and name == _SECONDS and not pattern:
        return replace(rules, seconds=_seconds(_as_number(value), where))
    if not equals or name not in GATED:
        raise UsageError(
            f"{where}: {unknown_key(name, tuple(GATED))}, as METRIC=VALUE or PATTERN:METRIC=VALUE, such as "
            f"{LATENCY_P50.key}=3% or *-keras-*:{LATENCY_P50.key}=10%; and {_SECONDS}=N"
        )
    shares = {name: _share(name, value, where)}
    if pattern:
        return replace(rules, cells=(*rules.cells, (pattern, shares)))
    return replace(rules, general={**rules.general, **shares})


def _as_number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


_RENAMING = re.compile(r"\s*([^=]*[^=\s])\s*=\s*(\S.*?)\s*")
_OPTION = "--rename {0} (in pytest --zoo-gate-rename {0})"
_NAMED = 12
_Records = Mapping[str, Record]
"""Of one side, by cell id."""

_Parts = tuple[str, int, str]
"""What a cell's id says besides its backbone: runtime, threads and variant."""


def renamed(baseline: _Records, candidate: _Records, renames: Sequence[str]) -> dict[str, Record]:
    """Returns the baseline's records by the ids that the candidate has for them; errors are those of `renamed_side`."""
    backbones = _new_backbones(baseline, candidate, renames)
    called = {cell_id: _called(record, backbones.get(cell_id, "")) for cell_id, record in baseline.items()}
    return {record.cell.id: record for record in called.values()}


def renamed_side(baseline: Side, candidate: Side, renames: Sequence[str]) -> Side:
    """Returns a side with its cells called as those of the other.

    Args:
        baseline: One run or several.
        candidate: As `baseline`.
        renames: `OLD=NEW`, each the name of a backbone, or the id of a cell of the same variant, runtime and threads.

    Raises:
        UsageError: If one is not of that form, a side does not have what it names, or two cells would have one id.
    """
    backbones = _new_backbones(baseline.records, candidate.records, renames)
    ids = {cell: _called(baseline.records[cell], backbone).cell.id for cell, backbone in backbones.items()}
    runs = (
        replace(
            run,
            records={ids.get(one, one): _called(record, backbones.get(one, "")) for one, record in run.records.items()},
            rounds={ids.get(one, one): rounds for one, rounds in run.rounds.items()},
        )
        for run in baseline.runs
    )
    return replace(baseline, runs=tuple(runs))


def _new_backbones(baseline: _Records, candidate: _Records, renames: Sequence[str]) -> dict[str, str]:
    """Returns what the backbone of each of the baseline's cells that has another name now is called, by its id."""
    names: dict[str, str] = {}
    for text, (old, new) in zip(renames, parsed(baseline, renames), strict=True):
        names |= _backbones_of(text, old, new, baseline, candidate) or _cell_of(text, old, new, baseline, candidate)
    ids = [_called(record, names.get(cell_id, "")).cell.id for cell_id, record in baseline.items()]
    if twice := [one for one, count in Counter(ids).items() if count > 1]:
        raise UsageError(
            f"--rename: received {', '.join(renames)}, by which two cells of the baseline would be {twice[0]}; "
            "name backbones that the candidate has and the baseline does not"
        )
    return names


def parsed(baseline: _Records, renames: Sequence[str]) -> list[tuple[str, str]]:
    """Returns old and new names, before anything of the candidate is known.

    Raises:
        UsageError: If one is not of the form `OLD=NEW`, or the baseline has no backbone and no cell of that name.
    """
    pairs = []
    for text in renames:
        if not (found := _RENAMING.fullmatch(text)):
            raise UsageError(f"--rename: received {text!r}; allowed is OLD=NEW, two backbones or two ids of cells")
        old, new = found.groups()
        if old not in baseline and old not in _backbones(baseline):
            raise _unknown(text, old, "baseline", baseline)
        pairs.append((old, new))
    return pairs


def same_files(baseline: _Records, candidate: _Records) -> list[tuple[str, str]]:
    """Returns the cells that one side lacks and whose file the other side has by another name: old id, new id."""
    known = {
        (record.model.sha256, *_parts(record)): cell_id
        for cell_id, record in candidate.items()
        if record.model and cell_id not in baseline
    }
    return [
        (cell_id, new)
        for cell_id, record in baseline.items()
        if record.model and cell_id not in candidate and (new := known.get((record.model.sha256, *_parts(record))))
    ]


def by_two_names(pairs: Sequence[tuple[str, str]]) -> str:
    """Returns cells of `same_files` as a part of a sentence."""
    return f"the same file by two names: {few([f'{old} and {new}' for old, new in pairs], most=_NAMED)}"


def advice(baseline: _Records, candidate: _Records) -> Iterator[str]:
    """Yields which cells that one side lacks have the same file on the other, and the option that joins them."""
    ours, theirs = set(_backbones(baseline)), set(_backbones(candidate))
    if pairs := same_files(baseline, candidate):
        texts = (f"{baseline[one].cell.backbone}={candidate[other].cell.backbone}" for one, other in pairs)
        joined = ",".join(dict.fromkeys(texts))
        yield f"{by_two_names(pairs)}; join them by {_OPTION.format(joined)}"
    elif ours - theirs and theirs - ours:
        yield f"if a model goes by another name now, join its cells by {_OPTION.format('OLD=NEW')}"


def _backbones_of(text: str, old: str, new: str, baseline: _Records, candidate: _Records) -> dict[str, str]:
    """Returns the new backbone of each cell, by its id, where `old` and `new` are backbones."""
    ours = {cell_id: new for cell_id, record in baseline.items() if record.cell.backbone == old}
    if ours and new not in (known := _backbones(candidate)):
        hint = did_you_mean(new, known)
        raise UsageError(f"--rename: received {text!r}{hint}; the candidate's backbones are {few(known, most=_NAMED)}")
    return ours


def _cell_of(text: str, old: str, new: str, baseline: _Records, candidate: _Records) -> dict[str, str]:
    if new not in candidate:
        raise _unknown(text, new, "candidate", candidate)
    if _parts(baseline[old]) != _parts(candidate[new]):
        raise UsageError(
            f"--rename: received {text!r}; the two cells differ in more than the name of the backbone: variant, "
            "runtime and threads must be the same"
        )
    return {old: candidate[new].cell.backbone}


def _unknown(text: str, name: str, side: str, records: _Records) -> UsageError:
    known = (*_backbones(records), *records)
    return UsageError(
        f"--rename: received {text!r}; the {side} has no {name}{did_you_mean(name, known)}. Its backbones are "
        f"{few(_backbones(records), most=_NAMED)}, its cells {few(list(records), most=_NAMED)}"
    )


def _called(record: Record, backbone: str) -> Record:
    if not backbone:
        return record
    cell = record.cell
    cell_id = f"{backbone}{cell.id.removeprefix(cell.backbone)}"
    return replace(record, cell=replace(cell, id=cell_id, backbone=backbone))


def _parts(record: Record) -> _Parts:
    return record.cell.runtime, record.cell.threads, record.cell.variant


def _backbones(records: _Records) -> list[str]:
    return list(dict.fromkeys(record.cell.backbone for record in records.values()))
