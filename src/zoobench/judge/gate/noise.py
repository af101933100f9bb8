"""How much do this machine's own measurements scatter? Learned from gates of identical files, kept by machine.

`noiselearning` learns it; the gate's stored method reads it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from zoobench.errors import ResultsError
from zoobench.results.checked import parsed, typed, unexpected
from zoobench.results.schema import Amount, Positive

SCHEMA = 1
KIND = "zoobench-noise"
LEAST_RUNS = 5
"""Fewest runs whose spread says anything: Student's t of fewer takes any change for noise."""
_AGAIN = "remove it and run `zoobench noise` again"
Scatter = Annotated[float, Meta(ge=0, le=10)]
"""A factor of 22,000 from one run to another is no measurement."""
Rate = Annotated[float, Meta(gt=0, lt=1)]


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
    runs: Positive
    process_scatter: Scatter
    processes: Positive
    error_rate: Rate
    replay_tolerance: Amount
    stored_tolerance: Amount | None


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
        content = typed(dict, parsed(path.read_bytes(), f"{path}: noise"), f"{path}: noise")
        for key, known in (("schema", SCHEMA), ("kind", KIND)):
            if content.get(key) != known:
                expected = f"{known!r}, which this version of zoobench reads"
                raise unexpected(f"{path}: noise.{key}", content.get(key), expected)
        return typed(Noise, content, f"{path}: noise")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResultsError(f"cannot read {path}: {error}; {_AGAIN}") from error
    except ResultsError as error:
        raise ResultsError(f"{error}; {_AGAIN}") from error
