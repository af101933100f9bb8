"""How much do this machine's own measurements scatter? Learned from gates of identical files, kept by machine.

`noiselearning` learns it; the gate's stored method reads it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError

SCHEMA = 1
KIND = "zoobench-noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNoise:
    """One cell's noise on one machine; all are standard deviations of natural logarithms, so 0.05 is about 5 %.

    Attributes:
        run_scatter: Of a run's median from one run to another.
        runs: How many runs that is known from.
        process_scatter: Of the ratio that one replaying process sees of two identical files.
        processes: How many processes that is known from.
        error_rate: The wanted rate of false alarms of the whole matrix, which the tolerances are for.
        replay_tolerance: The smallest tolerance at which gates of identical files end `unchanged`, but for that
            share of them.
        stored_tolerance: What medians of two runs of one file differ by at most, but for that share of runs of the
            whole matrix; None where fewer than two runs are known.
    """

    run_scatter: float
    runs: int
    process_scatter: float
    processes: int
    error_rate: float
    replay_tolerance: float
    stored_tolerance: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What is known of a machine.

    Attributes:
        machine: Its key.
        cells: By id.
    """

    machine: str
    cells: Mapping[str, CellNoise]


def to_json(noise: Noise) -> dict[str, object]:
    """Returns it as plain JSON."""
    return {"schema": SCHEMA, "kind": KIND} | asdict(noise)


def read_noise(path: Path) -> Noise | None:
    """Returns a machine's noise, or None where nothing is known of it.

    Raises:
        ResultsError: If there is a file that cannot be understood.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["schema"] != SCHEMA or content["kind"] != KIND:
            raise ResultsError(
                f"{path}: this version of zoobench reads schema {SCHEMA}, {KIND}; run `zoobench aa` again"
            )
        return Noise(
            machine=str(content["machine"]),
            cells={
                cell: CellNoise(
                    run_scatter=float(block["run_scatter"]),
                    runs=int(block["runs"]),
                    process_scatter=float(block["process_scatter"]),
                    processes=int(block["processes"]),
                    error_rate=float(block["error_rate"]),
                    replay_tolerance=float(block["replay_tolerance"]),
                    stored_tolerance=_number_or_none(block["stored_tolerance"]),
                )
                for cell, block in content["cells"].items()
            },
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ResultsError(
            f"cannot read {path} ({type(error).__name__}: {error}); remove it and run `zoobench aa` again"
        ) from error


def _number_or_none(value: Any) -> float | None:
    return None if value is None else float(value)
