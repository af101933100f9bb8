"""How much worse may a candidate be? `[tool.zoobench.gate]` of pyproject.toml, then the command line, for each cell."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from zoobench.errors import UsageError
from zoobench.judge.metrics import GATED, LATENCY_P50, unknown_key
from zoobench.system.units import parse_quantity

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECTION = "tool.zoobench.gate"
_SECONDS = "seconds"
_CELLS = "cells"
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
    """

    general: Shares = field(default_factory=lambda: DEFAULTS)
    cells: tuple[tuple[str, Shares], ...] = ()
    seconds: float | None = None

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
    places = {pattern: f'{where}.{_CELLS}."{pattern}"' for pattern in cells}
    return Rules(
        general={**DEFAULTS, **_shares(section, where, also=(_SECONDS, _CELLS))},
        cells=tuple((one, _shares(_table(cells[one], place), place)) for one, place in places.items()),
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
