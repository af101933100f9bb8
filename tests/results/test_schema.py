"""Is each value of a record held to what every reader may rely on?"""

import re
from typing import Any

import pytest

from damage import BLOCK_PLACE, FULL, Place, block, changed
from fakes import disturbed
from zoobench.errors import ResultsError
from zoobench.results.schema import Record, to_json
from zoobench.results.shape import shaped


def refusal(keys: Place, value: Any) -> str:
    content: Any = changed(block(*keys), value)
    with pytest.raises(ResultsError) as caught:
        shaped(Record, content["benchmarks"][0]["extra_info"]["zoobench"], BLOCK_PLACE)
    return str(caught.value)


def test_a_record_of_which_all_was_measured_is_read() -> None:
    assert shaped(Record, to_json(FULL), BLOCK_PLACE) == FULL


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        (("cell", "threads"), 0, "1 or more"),
        (("cell", "image_size"), -224, "1 or more"),
        (("cell", "weights"), "Imagenet", "'imagenet', 'random' or 'file:' and a SHA-256"),
        (("cell", "weights"), "file:abc", "'imagenet', 'random' or 'file:' and a SHA-256"),
        (("model", "sha256"), "ab", "64 hexadecimal digits, small letters"),
        (("model", "sha256"), "AB" * 32, "64 hexadecimal digits, small letters"),
        (("model", "size_bytes"), -1, "0 or more"),
        (("model", "float_twin_size_bytes"), -1, "0 or more"),
        (("dataset", "sha256"), "", "64 hexadecimal digits, small letters"),
        (("dataset", "classes"), [], "at least one value"),
        (("dataset", "samples"), 0, "1 or more"),
        (("dataset", "left_out"), -1, "0 or more"),
        (("accuracy", "top1"), 1.01, "0 to 1"),
        (("accuracy", "top1"), -0.1, "0 to 1"),
        (("accuracy", "loss"), -0.5, "0 or more"),
        (("accuracy", "correct"), -1, "0 or more"),
        (("accuracy", "total"), 0, "1 or more"),
        (("accuracy", "interval"), [0.9, 0.2], "the lower end first"),
        (("accuracy", "agreement_with_float"), 100, "0 to 1"),
        (("accuracy", "invocation_p50_seconds"), -1, "0 or more"),
        (("latency", "p50_seconds"), -0.004, "0 or more"),
        (("latency", "p50_interval"), [0.005, 0.004], "the lower end first"),
        (("latency", "p90_seconds"), -0.004, "0 or more"),
        (("latency", "mean_seconds"), -0.004, "0 or more"),
        (("latency", "samples"), 0, "1 or more"),
        (("latency", "speedup_over_float", "point"), -1, "0 or more"),
        (("latency", "speedup_over_float", "interval"), [2.6, 2.4], "the lower end first"),
        (("startup", "initialization", "p50_seconds"), -1, "0 or more"),
        (("startup", "first_inference", "interval"), [0.2, 0.1], "the lower end first"),
        (("startup", "first_inference", "observed_seconds"), [], "at least one value"),
        (("training", "epochs"), 0, "1 or more"),
        (("training", "kept_epoch"), 0, "1 or more"),
        (("training", "shown"), [1, 3, 2], "each epoch once, ascending"),
        (("training", "validated"), [2, 2], "each epoch once, ascending"),
        (("training", "seconds"), -1, "0 or more"),
        (("memory", "peak_rss_bytes"), 0, "1 or more"),
        (("memory", "base_rss_bytes"), 0, "1 or more"),
        (("memory", "anonymous_bytes"), -1, "0 or more"),
        (("memory", "interval"), [2, 1], "the lower end first"),
        (("memory", "observed_peak_rss_bytes"), [], "at least one value"),
    ],
)
def test_a_value_out_of_its_bounds_is_named(keys: Place, value: Any, expected: str) -> None:
    place = ".".join(map(str, (BLOCK_PLACE, *keys)))
    assert refusal(keys, value) == f"{place}: received {value!r}; expected {expected}"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [(("accuracy", "interval", 1), "0 to 1"), (("latency", "p50_interval", 1), "0 or more")],
)
def test_a_value_in_a_list_is_named_by_its_position(keys: Place, expected: str) -> None:
    *outer, position = keys
    place = ".".join(map(str, (BLOCK_PLACE, *outer)))
    assert refusal(keys, -1) == f"{place}[{position}]: received -1; expected {expected}"


@pytest.mark.parametrize("key", ["top1_agreement", "mean_probability_difference", "max_probability_difference"])
def test_how_near_to_keras_is_bounded_too(key: str) -> None:
    numerics = {"images": 32, "top1_agreement": 1.0, "mean_probability_difference": 0.001}
    numerics |= {"max_probability_difference": 0.02, "kl_divergence_nats": -1e-17}
    content = to_json(FULL)
    content["model"]["numerics"] = numerics
    assert shaped(Record, content, BLOCK_PLACE).model is not None
    content["model"]["numerics"] = {**numerics, key: -0.1}
    with pytest.raises(ResultsError, match=rf"numerics\.{key}: received -0\.1; expected 0"):
        shaped(Record, content, BLOCK_PLACE)


def test_a_record_from_before_memory_was_measured_is_read_without_it() -> None:
    content = to_json(FULL)
    del content["startup"], content["memory"]
    content["latency"] |= {"initialization_seconds": 0.05, "first_inference_seconds": 0.02}
    old = shaped(Record, content, BLOCK_PLACE)
    assert old.startup is old.memory is None
    assert old.latency == FULL.latency


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        (("cpus",), 0, "1 or more"),
        (("look_seconds",), -1, "0 or more"),
        (("disturbed_rounds",), -1, "0 or more"),
        (("before", "seconds"), -1, "0 or more"),
        (("intervals", 0, "rounds"), -1, "0 or more"),
        (("intervals", 0, "steal_seconds"), -0.5, "0 or more"),
        (("causes", 0, "kind"), "ghosts", "one of steal, waiting, others, throttled, frequency"),
        (("causes", 0, "worst"), -0.1, "0 or more"),
    ],
)
def test_what_disturbed_a_cell_is_bounded_too(keys: Place, value: Any, expected: str) -> None:
    content: Any = to_json(disturbed(FULL))
    assert shaped(Record, content, BLOCK_PLACE) == disturbed(FULL)
    *outer, last = ("latency", "disturbance", *keys)
    inner = content
    for key in outer:
        inner = inner[key]
    inner[last] = value
    with pytest.raises(ResultsError, match=re.escape(f"received {value!r}; expected {expected}")):
        shaped(Record, content, BLOCK_PLACE)


def test_a_record_holds_curves_of_forty_epochs_at_most() -> None:
    epochs = list(range(1, 42))
    for key in ("shown", "validated"):
        assert refusal(("training", key), epochs).startswith(f"{BLOCK_PLACE}.training.{key}: received [1, 2, 3,")
        assert refusal(("training", key), epochs).endswith("...]; expected at most 40 epochs")
