"""How much worse may a candidate be? `[tool.zoobench.gate]` of pyproject.toml, then the command line, for each cell."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from zoobench.errors import UsageError
from zoobench.judge.metrics import GATED, LATENCY_P50, Metric, unknown_key
from zoobench.system.units import parse_quantity

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECTION = "tool.zoobench.gate"
_SECONDS = "seconds"
_CELLS = "cells"
_MOST = {"%": 1000.0, "points": 100.0}
Shares = Mapping[str, float]
"""How much worse a metric may be, by its key: a share of the baseline's value; of a share the difference."""
DEFAULTS: Shares = {key: metric.tolerance for key, metric in GATED.items() if metric.tolerance is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRule:
    """Other tolerances for the cells whose ids match a pattern.

    Attributes:
        pattern: With `*`, `?` and `[...]`, as in file names.
        shares: By metric, those that it sets.
    """

    pattern: str
    shares: Shares

    def fits(self, cell_id: str) -> bool:
        """Tells whether a cell is meant."""
        return fnmatchcase(cell_id, self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The tolerances of all cells.

    Attributes:
        general: Those of a cell that no pattern fits, by the key of each metric.
        cells: Exceptions; where several fit, the later one wins, metric by metric.
        seconds: Most seconds that latencies are replayed, or None where nobody said.
    """

    general: Shares = field(default_factory=lambda: DEFAULTS)
    cells: tuple[CellRule, ...] = ()
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuses what nothing could be judged by."""
        for shares in (self.general, *(rule.shares for rule in self.cells)):
            for name, share in shares.items():
                if not _is_tolerance(GATED[name], share):
                    least = "0" if _is_known_exactly(GATED[name]) else "more than 0"
                    most = _MOST[_unit(GATED[name])] / 100
                    raise UsageError(f"the tolerance of {name}: received {share:g}; allowed is {least} up to {most:g}")

    def of(self, cell_id: str) -> dict[str, float]:
        """Returns the tolerances of a cell, by the key of each metric."""
        exceptions = {name: share for rule in self.cells if rule.fits(cell_id) for name, share in rule.shares.items()}
        return {**DEFAULTS, **self.general, **exceptions}

    def unused(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Returns the patterns that fit none of these cells: misspelt, or about cells that were not measured."""
        known = tuple(ids)
        return tuple(dict.fromkeys(rule.pattern for rule in self.cells if not any(map(rule.fits, known))))


def find_pyproject(folder: Path) -> Path | None:
    """Returns a folder's pyproject.toml if it has one."""
    path = folder / "pyproject.toml"
    return path if path.is_file() else None


def read_rules(pyproject: Path | None, overrides: Sequence[str] = ()) -> Rules:
    """Returns the tolerances that a file and a command line ask for.

    Args:
        pyproject: A file that may have a section `[tool.zoobench.gate]`; None for the defaults.
        overrides: Such as `latency_p50=3%`, which stands in for the general value, or `*-keras-*:latency_p50=10%`,
            which comes after the file's patterns. `seconds=20` is about all cells.

    Raises:
        UsageError: If one makes no sense; the message names its place, what was received and what is allowed.
    """
    rules = _of_file(pyproject) if pyproject else Rules()
    for text in overrides:
        rules = _overridden(rules, text)
    return rules


def _of_file(path: Path) -> Rules:
    section = _section(path)
    where = f"{path}: {SECTION}"
    cells = _table(section.pop(_CELLS, {}), f"{where}.{_CELLS}")
    seconds = section.pop(_SECONDS, None)
    return Rules(
        general={**DEFAULTS, **_shares(section, where, also=(_SECONDS, _CELLS))},
        cells=tuple(_cell_rules(cells, f"{where}.{_CELLS}")),
        seconds=None if seconds is None else _seconds(seconds, f"{where}.{_SECONDS}"),
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


def _cell_rules(cells: Mapping[str, Any], where: str) -> Iterator[CellRule]:
    for pattern, table in cells.items():
        place = f'{where}."{pattern}"'
        yield CellRule(pattern=pattern, shares=_shares(_table(table, place), place))


def _shares(table: Mapping[str, Any], where: str, *, also: tuple[str, ...] = ()) -> dict[str, float]:
    for name in table:
        if name not in GATED:
            raise UsageError(f"{where}: {unknown_key(name, (*GATED, *also))}")
    return {name: _share(GATED[name], value, f"{where}.{name}") for name, value in table.items()}


def _share(metric: Metric, received: Any, where: str) -> float:
    """Returns a text with its unit as a share of one: a bare number could be either, so it is refused."""
    unit = _unit(metric)
    return parse_quantity(
        received,
        {unit: 0.01},
        where=where,
        example=f"{100 * DEFAULTS[metric.key]:g} {unit}",
        most=_MOST[unit] / 100,
        may_be_zero=_is_known_exactly(metric),
    )


def _unit(metric: Metric) -> str:
    return "%" if metric.relative else "points"


def _is_known_exactly(metric: Metric) -> bool:
    """Tells whether a tolerance of 0 makes sense: of time and memory it never does."""
    return metric.test in ("samples", "exact")


def _is_tolerance(metric: Metric, share: float) -> bool:
    return 0 < share <= _MOST[_unit(metric)] / 100 or (share == 0 and _is_known_exactly(metric))


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
    shares = {name: _share(GATED[name], value, where)}
    if pattern:
        return replace(rules, cells=(*rules.cells, CellRule(pattern=pattern, shares=shares)))
    return replace(rules, general={**rules.general, **shares})


def _as_number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
