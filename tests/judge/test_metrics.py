"""Does the table of metrics hold together, and is each read from the right place?"""

from dataclasses import replace

import pytest

from fakes import a_record
from zoobench.judge.metrics import (
    FORMER_KEYS,
    GATED,
    INITIALIZATION,
    LATENCY_P50,
    MEMORY,
    METRICS,
    SIZE,
    SPEEDUP,
    TOP1,
    Metric,
    unknown_key,
)

RECORD = a_record()


@pytest.mark.parametrize(
    ("metric", "runtime", "noise"),
    [
        (LATENCY_P50, "litert", 0.20),
        (SPEEDUP, "litert", 0.10),
        (INITIALIZATION, "litert", 0.80),
        (LATENCY_P50, "keras", 1.0),
        (INITIALIZATION, "keras_graph", 1.0),
        (MEMORY, "litert", 0.01),
        (MEMORY, "keras", 0.01),
        (SIZE, "keras", 0.0),
    ],
)
def test_each_metric_has_the_noise_that_was_measured(metric: Metric, runtime: str, noise: float) -> None:
    assert metric.noise_on(runtime) == noise


def test_a_records_values_are_read_from_their_places() -> None:
    read = {key: metric.read(RECORD) for key, metric in METRICS.items()}
    assert read["latency_p50"] == (0.004,)
    assert read["latency_p90"] == (0.0051,)
    assert read["speedup"] == (2.5,)
    assert read["initialization"] == (0.05, 0.049, 0.052, 0.048, 0.05, 0.051)
    assert read["first_inference"] == (0.02, 0.019, 0.022, 0.018, 0.02, 0.021)
    assert read["memory"][:2] == (56_000_000, 56_100_000)
    assert SPEEDUP.interval(RECORD) == (2.4, 2.6)


def test_what_was_not_measured_has_neither_values_nor_an_interval() -> None:
    bare = replace(RECORD, latency=None, startup=None, memory=None, accuracy=None, model=None)
    for metric in METRICS.values():
        assert metric.read(bare) == ()
        assert metric.interval(bare) is None


def test_keys_are_names_that_people_can_type_and_former_ones_lead_to_them() -> None:
    assert all(key.replace("_", "").isalnum() and key == key.lower() for key in METRICS)
    assert set(FORMER_KEYS.values()) <= set(METRICS)
    assert not set(FORMER_KEYS) & set(METRICS)


def test_what_is_gated_can_be_weighed() -> None:
    assert set(GATED) >= {"latency_p50", "memory", "top1", "size"}
    assert all(metric.test != "none" for metric in GATED.values())


def test_an_old_key_is_answered_with_the_new_one() -> None:
    said = unknown_key("latency", list(GATED))
    assert "'latency'" in said
    assert ", ".join(GATED) in said
    assert "latency is latency_p50 since 0.2" in said
    assert "since" not in unknown_key("speed", list(GATED))
    assert TOP1.head == "top-1, %"
    assert SPEEDUP.head == "× float"
