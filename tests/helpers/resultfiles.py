"""Results files and sides with numbers that are told: what `compare` reads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

from fakes import a_cell, a_record
from zoobench.results.answers import encode, encode_shares
from zoobench.results.run import Run, Side, Timing
from zoobench.results.schema import Predictions, Record, RecordedAccuracy, Speedup, to_json
from zoobench.stats.intervals import percentile, percentile_interval

EPYC: Mapping[str, Any] = MappingProxyType({"cpu": "AMD EPYC", "cores": 2, "libraries": {"numpy": "2.4.6"}})


def rounds_around(seconds: float, *, count: int = 64) -> tuple[float, ...]:
    """Returns rounds whose median is `seconds`, spread evenly over 2 % of it."""
    return tuple(seconds * (1 + 0.02 * (index / (count - 1) - 0.5)) for index in range(count))


def a_timed_record(
    rounds: Sequence[float], *, variant: str = "integer_only", speedup: float = 2.5, **changes: Any
) -> Record:
    """Returns a record of a MobileNet cell whose latency is that of the rounds; the speed-up is sure to 1 %."""
    record = a_record(cell=a_cell(variant=variant, id=cell_id(variant)), environment=dict(EPYC))
    assert record.latency is not None
    interval = percentile_interval(rounds, 0.50)
    latency = replace(
        record.latency,
        p50_seconds=median(rounds),
        p50_interval=(interval.low, interval.high) if interval else None,
        p90_seconds=percentile(rounds, 0.90),
        samples=len(rounds),
        speedup_over_float=Speedup(twin=cell_id("float32"), point=speedup, interval=(speedup * 0.99, speedup * 1.01)),
    )
    return replace(record, **{"latency": latency, **changes})


def cell_id(variant: str) -> str:
    return f"mobilenet-{variant}-litert-t1"


def answered(right: str) -> RecordedAccuracy:
    """Returns the accuracy of a model whose answers were right (`+`) and wrong (`-`) in this order."""
    count = right.count("+")
    return RecordedAccuracy(
        top1=count / len(right),
        loss=0.5,
        correct=count,
        total=len(right),
        interval=(0.0, 1.0),
        agreement_with_float=1.0,
        invocation_p50_seconds=None,
        predictions=Predictions(
            classes=encode([0 if one == "+" else 1 for one in right]),
            probabilities=encode_shares([0.5] * len(right)),
            truth=encode([0] * len(right)),
        ),
    )


def a_run(*records: Record, rounds: Mapping[str, Sequence[float]] = MappingProxyType({})) -> Run:
    """Returns a run of these records; rounds are by cell id."""
    return Run(
        path=Path("results.json"),
        records={record.cell.id: record for record in records},
        rounds={cell: Timing(median_seconds=median(ones), rounds=tuple(ones)) for cell, ones in rounds.items()},
        machine={},
    )


def a_timed_run(seconds: float, *, speedup: float = 2.5, **changes: Any) -> Run:
    """Returns a run of one cell that takes about this long."""
    record = a_timed_record(rounds_around(seconds), speedup=speedup, **changes)
    return a_run(record, rounds={record.cell.id: rounds_around(seconds)})


def a_side(*runs: Run, name: str = "side") -> Side:
    return Side(name=name, runs=runs)


def a_plain_run(machine: Mapping[str, Any] = MappingProxyType({}), **rounds: Sequence[float]) -> Run:
    """Returns a run of benchmarks that are not ours, by name."""
    return replace(a_run(rounds=rounds), machine=dict(machine))


def ours(record: Record, rounds: Sequence[float]) -> dict[str, Any]:
    """Returns a benchmark of a results file that holds a record and its rounds."""
    return {
        "name": f"test_latency[{record.cell.id}]",
        "fullname": f"bench/test_latency.py::test_latency[{record.cell.id}]",
        "extra_info": {"zoobench": to_json(record)},
        "stats": {"median": median(rounds), "data": list(rounds)},
    }


def plain(name: str, rounds: Sequence[float], **stats: Any) -> dict[str, Any]:
    """Returns a benchmark as pytest-benchmark alone writes it."""
    return {"name": name, "fullname": name, "extra_info": {}, "stats": {"median": median(rounds), **stats}}


def content(*benchmarks: Any, **keys: Any) -> dict[str, Any]:
    """Returns the content of a results file."""
    info = {"cpu": {"brand_raw": "AMD EPYC", "count": 2}, "python_version": "3.11.7", "system": "Linux"}
    return {"machine_info": info, "benchmarks": list(benchmarks), "version": "5.3.1", **keys}


def written(path: Path, value: Any) -> Path:
    """Writes a results file and returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def a_file(path: Path, *seconds: float, **changes: Any) -> Path:
    """Writes a results file of one cell for each time: integer_only, float32, dynamic_range in this order."""
    names = ("integer_only", "float32", "dynamic_range")
    benchmarks = []
    for variant, one in zip(names, seconds, strict=False):
        rounds = rounds_around(one)
        benchmarks.append(ours(a_timed_record(rounds, variant=variant, **changes), rounds))
    return written(path, content(*benchmarks))
