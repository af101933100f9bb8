"""How much do this machine's own measurements scatter? Learned from gates of identical files, kept by machine.

The stored method compares medians of different runs. What they scatter by is taken from A/A gates: each process's
median of the baseline's side is one run of its own, apart in time, nothing of it compared with its neighbour.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import stdev

from zoobench.errors import ResultsError
from zoobench.judge.aarecord import AAGate

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
        replay_tolerance: The smallest tolerance at which gates of identical files would end clear at the first look.
        stored_tolerance: The smallest one at which two runs' medians say anything.
    """

    run_scatter: float
    runs: int
    process_scatter: float
    processes: int
    replay_tolerance: float
    stored_tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What is known of a machine.

    Attributes:
        machine: Its key.
        error_rate: The wanted rate of false alarms of a whole gate, which the tolerances are for.
        cells: By id.
    """

    machine: str
    error_rate: float
    cells: Mapping[str, CellNoise]


def run_medians(gates: Sequence[AAGate], cell: str) -> list[float]:
    """Returns one log median for each gate: of the baseline's side, its first process."""
    return [
        math.log(gate.cells[cell].baseline_seconds[0])
        for gate in gates
        if cell in gate.cells and gate.cells[cell].baseline_seconds
    ]


def scatter(values: Sequence[float]) -> float:
    """Returns the standard deviation, 0 of fewer than two values."""
    return stdev(values) if len(values) > 1 else 0.0


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
            error_rate=float(content["error_rate"]),
            cells={
                cell: CellNoise(
                    run_scatter=float(block["run_scatter"]),
                    runs=int(block["runs"]),
                    process_scatter=float(block["process_scatter"]),
                    processes=int(block["processes"]),
                    replay_tolerance=float(block["replay_tolerance"]),
                    stored_tolerance=float(block["stored_tolerance"]),
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
