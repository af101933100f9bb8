"""How much do this machine's own measurements scatter? Learned from gates of identical files, kept by machine.

`noiselearning` learns it; the gate's stored method reads it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from zoobench.errors import ResultsError
from zoobench.results.shape import Rule, at_least, between, expect, once, typed_value, unexpected

SCHEMA = 1
KIND = "zoobench-noise"
LEAST_RUNS = 5
"""Fewest runs whose spread says anything: Student's t of fewer takes any change for noise."""
_AGAIN = "remove it and run `zoobench noise` again"
_MOST = 10
"""Of a scatter: a factor of 22,000 from one run to another is no measurement."""

Scatter = Annotated[float, between(0, _MOST)]
Number = Annotated[int, at_least(1)]
Rate = Annotated[float, Rule(expected="more than 0 and less than 1", holds=lambda rate: bool(0 < rate < 1))]
Tolerance = Annotated[float, at_least(0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNoise:
    """One cell's noise on one machine; all are standard deviations of natural logarithms, so 0.05 is about 5 %.

    Attributes:
        run_scatter: Of a run's median from one run to another; 0 where it is not known, of one run or times all alike.
        runs: How many runs that is known from.
        process_scatter: Of the ratio that one replaying process sees of two identical files.
        processes: How many processes that is known from.
        error_rate: The wanted rate of false alarms of the whole matrix, which the tolerances are for.
        replay_tolerance: The smallest tolerance at which gates of identical files end `unchanged`, but for that
            share of them.
        stored_tolerance: What medians of two runs of one file differ by at most, but for that share of runs of the
            whole matrix; None where fewer than two runs are known.
    """

    run_scatter: Scatter
    runs: Number
    process_scatter: Scatter
    processes: Number
    error_rate: Rate
    replay_tolerance: Tolerance
    stored_tolerance: Tolerance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What is known of a machine.

    Attributes:
        machine: Its key.
        cells: By id.
    """

    machine: str
    cells: Mapping[str, CellNoise]


def noise_path(artifacts: Path, machine: str) -> Path:
    """Returns where a machine's noise is kept."""
    return artifacts / "noise" / f"{machine}.json"


def to_json(noise: Noise) -> dict[str, object]:
    """Returns it as plain JSON."""
    return {"schema": SCHEMA, "kind": KIND} | asdict(noise)


def read_noise(path: Path) -> Noise | None:
    """Returns a machine's noise, or None where nothing is known of it.

    Raises:
        ResultsError: If there is a file that cannot be understood; the message names the file and the key.
    """
    try:
        content = json.loads(path.read_bytes().decode(), object_pairs_hook=once)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"cannot read {path}: {error}; {_AGAIN}") from error
    try:
        return _noise(content, str(path))
    except ResultsError as error:
        raise ResultsError(f"{error}; {_AGAIN}") from error


def _noise(received: Any, where: str) -> Noise:
    content = expect(dict, received, where)
    for key, known in (("schema", SCHEMA), ("kind", KIND)):
        if content.get(key) != known:
            raise unexpected(f"{where}: {key}", content.get(key), f"{known!r}, which this version of zoobench reads")
    cells = typed_value(Mapping[str, CellNoise], content.get("cells"), f"{where}: cells")
    return Noise(machine=typed_value(str, content.get("machine"), f"{where}: machine"), cells=cells)
