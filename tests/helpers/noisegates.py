"""Gates of identical files as they would be kept: their processes' ratios and times are given, their verdicts too."""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoobench.judge.gate.noise import CellNoise, RepeatedCell, RepeatedGate

TOLERANCE = 0.03
_minutes = itertools.count()


def a_cell_noise(**changes: Any) -> CellNoise:
    usual: dict[str, Any] = {
        "run_scatter": 0.05,
        "runs": 40,
        "process_scatter": 0.01,
        "processes": 240,
        "error_rate": 0.01,
        "replay_tolerance": 0.021,
        "stored_tolerance": 0.23,
    }
    return CellNoise(**{**usual, **changes})


def a_cell_of(
    log_ratios: Sequence[float],
    *,
    latency: str = "unchanged",
    memory: str = "unchanged",
    seconds: Sequence[float] | None = None,
    failure: str = "",
    disturbed: int = 0,
) -> RepeatedCell:
    """Returns a cell whose baseline takes `seconds` in each process, 10 ms unless told, and the candidate the ratio."""
    before = tuple(seconds or [0.010] * len(log_ratios))
    return RepeatedCell(
        verdicts={"latency": latency, "memory": memory},
        log_ratios=tuple(log_ratios),
        baseline_seconds=before,
        candidate_seconds=tuple(second * math.exp(ratio) for second, ratio in zip(before, log_ratios, strict=True)),
        failure=failure,
        disturbed=disturbed,
    )


def a_gate_of(
    cells: Mapping[str, RepeatedCell],
    *,
    slowdown: float = 0.0,
    tolerance: float = TOLERANCE,
    tests: int = 0,
    made: str = "",
    environment: Mapping[str, object] | None = None,
) -> RepeatedGate:
    """Returns a gate of cells, a second for each process; later calls give later gates."""
    minutes = next(_minutes)
    return RepeatedGate(
        machine="here",
        made=made or f"2026-11-25T{minutes // 60 % 24:02}:{minutes % 60:02}:00+00:00",
        slowdown=slowdown,
        tolerances=dict.fromkeys(cells, tolerance),
        tests=tests or 2 * len(cells),
        seconds=float(sum(len(cell.log_ratios) for cell in cells.values())),
        cells=cells,
        environment=environment or {"cpu": "one"},
    )


def simulated(
    count: int,
    *,
    scatter: float,
    seed: int = 1,
    slowdown: float = 0.0,
    cells: Sequence[str] = ("a", "b"),
    size: int = 6,
) -> Iterator[RepeatedGate]:
    """Yields gates whose ratios scatter normally around the slow-down and whose runs scatter by 5 % of 10 ms."""
    generator = random.Random(seed)
    for _ in range(count):
        yield a_gate_of(
            {
                cell: a_cell_of(
                    [math.log1p(slowdown) + generator.gauss(0, scatter) for _ in range(size)],
                    seconds=[0.010 * math.exp(generator.gauss(0, 0.05)) for _ in range(size)],
                    latency="regressed" if slowdown > TOLERANCE else "unchanged",
                )
                for cell in cells
            },
            slowdown=slowdown,
        )
