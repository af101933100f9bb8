"""Cells that were never measured, to be drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from fakes import a_cell, a_record, disturbed
from fakes import a_training as a_usual_training
from zoobench.judge.recommend.limits import P50, TOP1, parse_limit
from zoobench.results.schema import Record, RecordedTraining, Speedup
from zoobench.show.charts.confusion import confusion
from zoobench.show.charts.rows import latencies, speedups
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.trade_off import pareto
from zoobench.show.charts.training import training

STANDINGS = ("front", "open", "dominated")
ROUNDS = (0.0035, 0.0039, 0.004, 0.004, 0.0041, 0.005, 0.006)
CELL, TWIN = "mobilenet-integer_only-litert-t1", "mobilenet-float32-litert-t1"
Span = tuple[float, float]


def a_row(
    name: str = "",
    *,
    p50: float = 0.004,
    p50_interval: Span | None = (0.0039, 0.0042),
    p90: float | None = 0.005,
    top1: float = 0.9,
    top1_interval: Span = (0.858, 0.931),
    size_bytes: int = 3_519_280,
    speedup: float = 2.5,
    speedup_interval: Span = (2.4, 2.6),
    twin: str = TWIN,
    is_disturbed: bool = False,
    **cell: Any,
) -> Record:
    """Returns a record of a cell; its name, if there is one, is its id and its variant."""
    record = a_record(cell=a_cell(**{**({"id": name, "variant": name} if name else {}), **cell}))
    assert record.latency
    assert record.accuracy
    assert record.model
    over_float = Speedup(twin=twin, point=speedup, interval=speedup_interval)
    latency = replace(
        record.latency, p50_seconds=p50, p50_interval=p50_interval, p90_seconds=p90, speedup_over_float=over_float
    )
    accuracy = replace(record.accuracy, top1=top1, interval=top1_interval)
    found = replace(record, latency=latency, accuracy=accuracy, model=replace(record.model, size_bytes=size_bytes))
    return disturbed(found) if is_disturbed else found


COUNTS = ((23, 0, 3), (0, 26, 0), (5, 1, 20))


def a_confusion(
    counts: Sequence[Sequence[int]] = COUNTS, *, classes: Sequence[str] = ("cat", "cow", "dog"), width: float = 560
) -> Chart:
    return confusion(counts, classes=classes, cell=CELL, width=width)


def a_training(**changes: Any) -> RecordedTraining:
    """Returns a training of four epochs that was validated after each other one."""
    usual: dict[str, Any] = {
        "kept_epoch": 4,
        "loss": (2.0, 1.0, 0.6, 0.4),
        "accuracy": (0.3, 0.7, 0.85, 0.95),
        "validation_loss": (1.2, 0.7),
        "validation_accuracy": (0.65, 0.9),
    }
    return a_usual_training(**{**usual, **changes})


NO_CURVES: Mapping[str, Any] = dict.fromkeys(("loss", "accuracy", "validation_loss", "validation_accuracy"), ())


@cache
def every_chart(names: tuple[str, ...], *, width: float) -> Mapping[str, Chart]:
    """Returns each kind of chart of cells, classes and backbones of these names."""
    rounds = {
        name: tuple(0.002 * (1 + index / 50) * (1 + n * n % 17 / 100) for n in range(200))
        for index, name in enumerate(names)
    }
    points = []
    for index, name in enumerate(names):
        seconds, share, faster = 0.002 * 1.05**index, 0.9 - 0.007 * (index * 37 % 100), 0.9 * 1.02**index
        points.append(
            a_row(
                name,
                id=name,
                backbone=name[:1],
                p50=seconds,
                p50_interval=(0.95 * seconds, 1.1 * seconds),
                p90=max(rounds[name]),
                top1=share,
                top1_interval=(max(share - 0.05, 0), share + 0.03),
                size_bytes=1_000_000 * (1 + index * 13 % 20),
                speedup=faster,
                speedup_interval=(0.98 * faster, 1.02 * faster),
                twin=name,
            )
        )
    standings = {name: STANDINGS[min(index % 7, 2)] for index, name in enumerate(names)}
    counts = tuple(tuple(50 if i == j else (i * j) % 9 // 8 for j in range(len(names))) for i in range(len(names)))
    limits = [replace(parse_limit(P50, "4 ms"), text=names[0]), replace(parse_limit(TOP1, "50 %"), text=names[-1])]
    chosen = names[len(names) // 2]
    return {
        "pareto": pareto(points, standings, recommended=chosen, limits=limits, width=width),
        "latencies": latencies(points, rounds, width=width),
        "speedups": speedups(points, width=width),
        "confusion": confusion(counts, classes=names, cell=names[0], width=width),
        "training": training(a_training(), backbone=names[0], title=names[0], width=width),
    }


EMPTY: Mapping[str, Callable[[float], Chart]] = {
    "pareto": lambda width: pareto([], {}, width=width),
    "latencies": lambda width: latencies([], {}, width=width),
    "speedups": lambda width: speedups([], width=width),
    "confusion": lambda width: a_confusion(((0,),), classes=("cat",), width=width),
    "training": lambda width: training(a_training(**NO_CURVES), backbone="mobilenet", title="Training", width=width),
}
"""Each kind of chart of nothing."""
