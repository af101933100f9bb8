"""A machine's usual cells, for what is chosen among them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from resultfiles import EPYC, a_run, a_side, a_timed_record, answered, cell_id, rounds_around
from zoobench.results.run import Side
from zoobench.results.schema import Record, RecordedModel

PI = {"device": "Raspberry Pi 5", "cpu": "Cortex-A76", "cores": 4}
RIGHT = "+" * 380 + "-" * 20
FLOAT, FAST, SMALL = (cell_id(variant) for variant in ("float32", "integer_only", "dynamic_range"))


def record(
    variant: str, seconds: float, *, size: int = 3_500_000, right: str = RIGHT, environment: Any = EPYC, **changes: Any
) -> Record:
    rounds = rounds_around(seconds)
    made = a_timed_record(
        rounds,
        variant=variant,
        speedup=0.010 / seconds,
        accuracy=answered(right),
        model=RecordedModel(sha256=f"{size:064x}", size_bytes=size, float_twin_size_bytes=12_800_000),
        environment=dict(environment),
    )
    data = replace(made.dataset, samples=len(right))
    weights = changes.pop("weights", "imagenet")
    return replace(made, dataset=data, cell=replace(made.cell, weights=weights), **changes)


def side(*records: Record, name: str = "results.json") -> Side:
    rounds = {one.cell.id: rounds_around(one.latency.p50_seconds) for one in records if one.latency}
    return a_side(replace(a_run(*records, rounds=rounds), path=Path(name)), name=name)


def usual(environment: Any = EPYC, *, factor: float = 1.0, name: str = "results.json", **changes: Any) -> Side:
    """Returns a machine on which float takes 10 ms, dynamic range 5 and integer-only 4, times a factor."""
    return side(
        record("float32", 0.010 * factor, size=12_800_000, environment=environment),
        record("integer_only", 0.004 * factor, size=3_500_000, environment=environment, **changes),
        record("dynamic_range", 0.005 * factor, size=3_400_000, environment=environment),
        name=name,
    )
