"""Cells that were never measured, to be drawn."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zoobench.results.schema import RecordedTraining
from zoobench.show.charts.confusion import ConfusionMatrix, confusion
from zoobench.show.charts.rows import LatencyRow, SpeedupRow, latencies, speedups
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.trade_off import ParetoLimit, ParetoPoint, pareto
from zoobench.show.charts.training import training

STANDINGS = ("front", "open", "dominated")


def a_point(**changes: Any) -> ParetoPoint:
    usual: dict[str, Any] = {
        "cell": "mobilenet-integer_only-litert-t1",
        "label": "integer_only litert",
        "p50_seconds": 0.004,
        "p50_interval": (0.0039, 0.0042),
        "top1": 0.9,
        "top1_interval": (0.858, 0.931),
        "size_bytes": 3_519_280,
        "standing": "front",
    }
    return ParetoPoint(**{**usual, **changes})


def a_latency(**changes: Any) -> LatencyRow:
    usual: dict[str, Any] = {
        "cell": "mobilenet-integer_only-litert-t1",
        "label": "integer_only litert",
        "p50_seconds": 0.004,
        "p90_seconds": 0.005,
        "rounds": (0.0035, 0.0039, 0.004, 0.004, 0.0041, 0.005, 0.006),
        "group": "mobilenet",
    }
    return LatencyRow(**{**usual, **changes})


def a_speedup(**changes: Any) -> SpeedupRow:
    usual: dict[str, Any] = {
        "cell": "mobilenet-integer_only-litert-t1",
        "label": "integer_only litert",
        "twin": "mobilenet-float32-litert-t1",
        "point": 2.5,
        "interval": (2.4, 2.6),
        "group": "mobilenet",
    }
    return SpeedupRow(**{**usual, **changes})


def a_matrix(**changes: Any) -> ConfusionMatrix:
    usual: dict[str, Any] = {
        "cell": "mobilenet-integer_only-litert-t1",
        "classes": ("cat", "cow", "dog"),
        "counts": ((23, 0, 3), (0, 26, 0), (5, 1, 20)),
    }
    return ConfusionMatrix(**{**usual, **changes})


def a_training(**changes: Any) -> RecordedTraining:
    """Returns a training of four epochs that was validated after each other one."""
    usual: dict[str, Any] = {
        "epochs": 4,
        "kept_epoch": 4,
        "shown": (1, 2, 3, 4),
        "loss": (2.0, 1.0, 0.6, 0.4),
        "accuracy": (0.3, 0.7, 0.85, 0.95),
        "learning_rate": (),
        "validated": (2, 4),
        "validation_loss": (1.2, 0.7),
        "validation_accuracy": (0.65, 0.9),
        "seconds": None,
    }
    return RecordedTraining(**{**usual, **changes})


NO_CURVES: Mapping[str, Any] = dict.fromkeys(("loss", "accuracy", "validation_loss", "validation_accuracy"), ())


def every_chart(names: Sequence[str], *, width: float) -> Mapping[str, Chart]:
    """Returns each kind of chart of cells, classes and backbones of these names."""
    points = [
        a_point(
            cell=name,
            label=name,
            p50_seconds=0.002 * 1.05**index,
            p50_interval=(0.0019 * 1.05**index, 0.0022 * 1.05**index),
            top1=0.9 - 0.007 * (index * 37 % 100),
            top1_interval=(0.85 - 0.007 * (index * 37 % 100), 0.93 - 0.007 * (index * 37 % 100)),
            size_bytes=1_000_000 * (1 + index * 13 % 20),
            standing=STANDINGS[min(index % 7, 2)],
            recommended=index == len(names) // 2,
        )
        for index, name in enumerate(names)
    ]
    rounds = [
        tuple(0.002 * (1 + index / 50) * (1 + n * n % 17 / 100) for n in range(200)) for index in range(len(names))
    ]
    rows = [
        a_latency(cell=name, label=name, rounds=found, p50_seconds=found[9], p90_seconds=max(found), group=name[:1])
        for name, found in zip(names, rounds, strict=True)
    ]
    speeds = [
        a_speedup(
            cell=name, label=name, twin=name, point=0.9 * 1.02**index, interval=(0.88 * 1.02**index, 0.92 * 1.02**index)
        )
        for index, name in enumerate(names)
    ]
    counts = tuple(tuple(50 if i == j else (i * j) % 9 // 8 for j in range(len(names))) for i in range(len(names)))
    limits = [
        ParetoLimit(axis="p50", value=0.004, label=names[0]),
        ParetoLimit(axis="top1", value=0.5, label=names[-1]),
    ]
    return {
        "pareto": pareto(points, limits=limits, width=width),
        "latencies": latencies(rows, width=width),
        "speedups": speedups(speeds, width=width),
        "confusion": confusion(a_matrix(cell=names[0], classes=tuple(names), counts=counts), width=width),
        "training": training(a_training(), backbone=names[0], width=width),
    }


EMPTY: Mapping[str, Callable[[float], Chart]] = {
    "pareto": lambda width: pareto([], width=width),
    "latencies": lambda width: latencies([], width=width),
    "speedups": lambda width: speedups([], width=width),
    "confusion": lambda width: confusion(a_matrix(classes=("cat",), counts=((0,),)), width=width),
    "training": lambda width: training(a_training(**NO_CURVES), backbone="mobilenet", width=width),
}
"""Each kind of chart of nothing."""
