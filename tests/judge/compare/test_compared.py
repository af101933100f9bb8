"""Is a metric held against what two runs of one file differ by in it?"""

import pytest

from fakes import a_cell, a_record
from zoobench.judge.compare.compared import (
    INITIALIZATION,
    MEMORY,
    METRICS,
    OF_THE_MACHINE,
    P50,
    SPEEDUP,
    Metric,
    noise_of,
)
from zoobench.judge.compare.seen import Seen


def seen(runtime: str) -> Seen:
    return Seen(record=a_record(cell=a_cell(runtime=runtime)), timing=None)


@pytest.mark.parametrize(
    ("metric", "runtime", "noise"),
    [
        (P50, "litert", 0.20),
        (SPEEDUP, "litert", 0.10),
        (INITIALIZATION, "litert", 0.80),
        (P50, "keras", 1.0),
        (INITIALIZATION, "keras", 1.0),
        (MEMORY, "litert", 0.01),
        (MEMORY, "keras", 0.01),
    ],
)
def test_each_metric_has_the_noise_that_was_measured(metric: Metric, runtime: str, noise: float) -> None:
    assert noise_of(metric, seen(runtime)) == noise


def test_what_only_pytest_benchmark_knows_of_has_that_of_a_time() -> None:
    assert noise_of(P50, Seen(record=None, timing=None)) == 0.20


def test_metrics_are_told_apart_by_their_names() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS) == 9
    assert [metric.name for metric in METRICS if metric not in OF_THE_MACHINE] == ["top1", "loss", "size_bytes"]
