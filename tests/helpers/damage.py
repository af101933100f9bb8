"""Valid records of every kind, a valid results file, and what can happen to it on the way."""

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import median, median_low
from typing import Any

from hypothesis import strategies as st

from fakes import a_cell, a_record
from zoobench.judge.gate.noise import CellNoise, Noise
from zoobench.judge.gate.noise import to_json as noise_json
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import (
    CAUSE_KINDS,
    MOST_EPOCHS,
    Cause,
    Predictions,
    Record,
    RecordedAccuracy,
    RecordedCell,
    RecordedDataset,
    RecordedDisturbance,
    RecordedInterval,
    RecordedLatency,
    RecordedMemory,
    RecordedModel,
    RecordedNumerics,
    RecordedPhase,
    RecordedStartup,
    RecordedTraining,
    Refusal,
    Speedup,
    to_json,
)

Place = tuple[str | int, ...]
FUZZ_INPUTS = int(os.environ.get("ZOOBENCH_FUZZ_INPUTS", "200"))
"""Of each property of damaged files; more find more."""
BLOCK_PLACE = "benchmarks[0].extra_info.zoobench"
numbers = st.floats(allow_nan=False, allow_infinity=False)
amounts = st.floats(0, allow_nan=False, allow_infinity=False)
shares = st.floats(0, 1)
wholes = st.integers(-(2**63) + 1, 2**63 - 1)
counts = st.integers(0, 2**63 - 1)
positives = st.integers(1, 2**63 - 1)
hashes = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
intervals = st.tuples(amounts, amounts).map(sorted).map(tuple)
plain_json = st.recursive(
    st.none() | st.booleans() | wholes | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
free_json = st.dictionaries(st.text(), plain_json, max_size=4)
models = st.builds(
    RecordedModel,
    sha256=hashes,
    size_bytes=counts,
    float_twin_size_bytes=counts,
    contract=st.none() | free_json,
    numerics=st.none()
    | st.builds(
        RecordedNumerics,
        images=positives,
        top1_agreement=shares,
        mean_probability_difference=amounts,
        max_probability_difference=amounts,
        kl_divergence_nats=numbers,
    ),
)
recorded_intervals = st.builds(
    RecordedInterval,
    rounds=counts,
    seconds=amounts,
    busy_seconds=st.none() | amounts,
    own_seconds=amounts,
    steal_seconds=st.none() | amounts,
    waiting_seconds=st.none() | amounts,
    involuntary_switches=st.none() | counts,
    major_faults=st.none() | counts,
    frequency_share=st.none() | amounts,
    temperature_celsius=st.none() | numbers,
    throttled=st.lists(st.text(), max_size=2).map(tuple),
)
disturbances = st.builds(
    RecordedDisturbance,
    cpus=positives,
    look_seconds=amounts,
    load_before=st.none() | amounts,
    available_memory_bytes=st.none() | counts,
    before=recorded_intervals,
    intervals=st.lists(recorded_intervals, max_size=2).map(tuple),
    disturbed_rounds=counts,
    causes=st.lists(
        st.builds(
            Cause,
            kind=st.sampled_from(CAUSE_KINDS),
            worst=amounts,
            names=st.lists(st.text(), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)
latencies = st.builds(
    RecordedLatency,
    p50_seconds=amounts,
    p50_interval=st.none() | intervals,
    p90_seconds=st.none() | amounts,
    mean_seconds=amounts,
    samples=positives,
    speedup_over_float=st.none() | st.builds(Speedup, twin=st.text(), point=amounts, interval=intervals),
    disturbance=st.none() | disturbances,
)
phases = st.lists(st.floats(0, 1e300), min_size=1, max_size=7).map(
    lambda seconds: RecordedPhase(
        p50_seconds=median(seconds),
        interval=(min(seconds), max(seconds)) if len(seconds) > 5 else None,
        observed_seconds=tuple(seconds),
    )
)
startups = st.builds(RecordedStartup, initialization=phases, first_inference=phases, threads_started=st.none() | wholes)


@st.composite
def memories(draw: st.DrawFn) -> RecordedMemory:
    peaks = draw(st.lists(positives, min_size=1, max_size=7))
    bases = draw(st.lists(st.integers(1, min(peaks)), max_size=len(peaks)))
    anonymous = draw(st.lists(counts, max_size=len(peaks)))
    return RecordedMemory(
        peak_rss_bytes=median_low(peaks),
        interval=(min(peaks), max(peaks)) if len(peaks) > 5 else None,
        base_rss_bytes=median_low(bases) if bases else None,
        anonymous_bytes=median_low(anonymous) if anonymous else None,
        observed_peak_rss_bytes=tuple(peaks),
        observed_base_rss_bytes=tuple(bases),
        observed_anonymous_bytes=tuple(anonymous),
    )


@st.composite
def trainings(draw: st.DrawFn) -> RecordedTraining:
    shown, validated = (draw(st.sets(positives, max_size=MOST_EPOCHS)) for _ in range(2))
    epochs = draw(st.integers(max(shown | validated, default=1), 2**63 - 1))

    def curve(values: st.SearchStrategy[float], length: int) -> tuple[float, ...]:
        return tuple(draw(st.lists(values, min_size=length, max_size=length)))

    return RecordedTraining(
        epochs=epochs,
        kept_epoch=draw(st.none() | st.integers(1, epochs)),
        shown=tuple(sorted(shown)),
        loss=curve(amounts, len(shown)),
        accuracy=curve(shares, len(shown)),
        learning_rate=curve(amounts, draw(st.sampled_from([0, len(shown)]))),
        validated=tuple(sorted(validated)),
        validation_loss=curve(amounts, len(validated)),
        validation_accuracy=curve(shares, len(validated)),
        seconds=draw(st.none() | amounts),
    )


@st.composite
def cells(draw: st.DrawFn) -> RecordedCell:
    backbone, variant, runtime = draw(st.text()), draw(st.text()), draw(st.text())
    threads = draw(positives)
    return RecordedCell(
        id=f"{backbone}-{variant}-{runtime}-t{threads}",
        backbone=backbone,
        variant=variant,
        runtime=runtime,
        threads=threads,
        image_size=draw(positives),
        weights=draw(st.sampled_from(["imagenet", "random"]) | hashes.map(lambda digest: f"file:{digest}")),
    )


@st.composite
def accuracies(draw: st.DrawFn, classes: int) -> RecordedAccuracy:
    indices = st.integers(0, classes - 1)
    answers = draw(st.lists(st.tuples(indices, shares, indices), min_size=1, max_size=5))
    predicted, probability, truth = (list(column) for column in zip(*answers, strict=True))
    correct = sum(one == other for one, other in zip(predicted, truth, strict=True))
    low, high = sorted((draw(shares), draw(shares)))
    return RecordedAccuracy(
        top1=correct / len(answers),
        loss=draw(amounts),
        correct=correct,
        total=len(answers),
        interval=(low, high),
        agreement_with_float=draw(shares),
        invocation_p50_seconds=draw(st.none() | amounts),
        predictions=Predictions(
            classes=encode(predicted), probabilities=encode_shares(probability), truth=encode(truth)
        ),
    )


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Records whose values are anything that the program could have measured."""
    classes = draw(st.lists(st.text(), min_size=1, max_size=4))
    accuracy = draw(st.none() | accuracies(len(classes)))
    return Record(
        schema=1,
        cell=draw(cells()),
        model=draw(st.none() | models),
        dataset=RecordedDataset(
            name=draw(st.text()),
            sha256=draw(hashes),
            classes=tuple(classes),
            samples=accuracy.total if accuracy else draw(positives),
            left_out=draw(counts),
        ),
        accuracy=accuracy,
        latency=draw(st.none() | latencies),
        environment=draw(free_json),
        refusal=draw(st.none() | st.builds(Refusal, by=st.text(), reason=st.text())),
        kit=draw(st.none() | hashes),
        startup=draw(st.none() | startups),
        memory=draw(st.none() | memories()),
        training=draw(st.none() | trainings()),
    )


def results(*timed: Any, untimed: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Returns the content of a results file with these blocks."""
    return {
        "machine_info": {},
        "benchmarks": [{"name": "test_latency", "extra_info": {"zoobench": block}} for block in timed],
        "zoobench": {"schema": 1, "records": list(untimed)},
    }


FULL = a_record()
BARE = replace(a_record(latency=None), cell=a_cell(backbone="xception"))
VALID = results(to_json(FULL), untimed=(to_json(BARE),))


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Yields the way to every value inside a value."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


PLACES = tuple(places(VALID))
BASELINE = VALID | {
    "zoobench": {
        **VALID["zoobench"],
        "machine": "amd-epyc-2c",
        "cells": [FULL.cell.id, BARE.cell.id],
        "options": {"epochs": "3"},
        "pixels": {"224": {"product": "pets-224-0123456789ab", "rows": [2, 0, 1]}},
        "products": {"ab" * 32: "mobilenet-224-float32-0123456789ab"},
        "baseline": {
            "name": "main",
            "saved": "2026-11-25T03:00:00+00:00",
            "from": "results/amd-epyc-2c/0001_x.json",
            "manifests": {"ab" * 32: {"product": "a-224-0123456789ab", "file": "model.tflite", "inputs": {"seed": 0}}},
        },
    }
}
"""The same records as a baseline keeps them."""
NOISE = noise_json(
    Noise(
        machine="amd-epyc-2c",
        cells={
            cell.id: CellNoise(
                run_scatter=0.02,
                runs=4,
                process_scatter=0.01,
                processes=24,
                error_rate=0.01,
                replay_tolerance=0.02,
                stored_tolerance=0.2,
            )
            for cell in (FULL.cell, BARE.cell)
        },
    )
)
"""What is known of the machine that measured them."""


def block(*keys: str | int) -> Place:
    """Returns the way to a key in the first record."""
    return ("benchmarks", 0, "extra_info", "zoobench", *keys)


def value_at(place: Place) -> Any:
    value: Any = VALID
    for key in place:
        value = value[key]
    return value


def changed(place: Place, value: Any, valid: Any = VALID) -> dict[str, Any]:
    """Returns a valid content with another value in one place."""
    content = copy.deepcopy(valid)
    _holder(content, place)[place[-1]] = value
    return content


def without(place: Place, valid: Any = VALID) -> dict[str, Any]:
    """Returns a valid content without one key."""
    content = copy.deepcopy(valid)
    del _holder(content, place)[place[-1]]
    return content


def _holder(content: Any, place: Place) -> Any:
    for key in place[:-1]:
        content = content[key]
    return content


ODD = (
    *(None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1.5, -1e-300, 1e308, 10**400, -(2**63), 2**63, 2**31),
    *(
        float("nan"),
        float("inf"),
        "",
        "x",
        "\x00",
        "\x1b[2J",
        "\ud800",
        "\udcff",
        "é" * 999,
        "AAAA",
        "AAA",
        "=",
        "file:",
        "::error::x",
        "##[error]x",
    ),
    *([], {}, [[]], [[[[[]]]]], {"": {}}, {"records": 5}, [None] * 99, {"schema": 1}, ["x"] * 2, [1, 0], [0.9, 0.1]),
    *("x" * 2_000, {"k" * 2_000: 1}, ["0" * 64], "0" * 64),
)
"""What stands in a place where it should not."""


def is_json(value: Any) -> bool:
    """Returns whether a value is strict JSON: no number that is none, no half of a character."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return False
    return True


odd_json = plain_json | st.sampled_from([value for value in ODD if is_json(value)])


def damaged(chance: random.Random, valid: Any = VALID) -> bytes:
    """Returns a valid file after up to three misfortunes."""
    content = copy.deepcopy(valid)
    for _ in range(chance.choice((0, 1, 1, 2))):
        _misplace(content, chance)
    text = json.dumps(content, indent=chance.choice((None, 1)), ensure_ascii=chance.random() < 0.9)
    damaged_bytes = bytearray(text.encode(errors="surrogatepass"))
    for _ in range(chance.choice((0, 0, 1, 2))):
        chance.choice(_MISHAPS)(damaged_bytes, chance)
    return bytes(damaged_bytes)


def disguised(chance: random.Random, valid: Any) -> bytes:
    """Returns a valid file with odd values of the kind that was there, which a reader of kinds alone lets pass."""
    content = copy.deepcopy(valid)
    for _ in range(chance.choice((1, 2, 4))):
        place = chance.choice([one for one in places(content) if "sha256" not in one and "predictions" not in one])
        holder = _holder(content, place)
        alike = [value for value in ODD if type(value) is type(holder[place[-1]])]
        if alike and not isinstance(holder[place[-1]], list | dict):
            holder[place[-1]] = chance.choice(alike)
    for record in _blocks(content):
        cell = record["cell"]
        cell["id"] = f"{cell['backbone']}-{cell['variant']}-{cell['runtime']}-t{cell['threads']}"
    return json.dumps(content).encode()


def _blocks(content: Any) -> list[Any]:
    return [one["extra_info"]["zoobench"] for one in content["benchmarks"]] + content["zoobench"]["records"]


def _misplace(content: Any, chance: random.Random) -> None:
    """Puts an odd value, or one from elsewhere, or a nest of lists, into any place; or takes out what is there."""
    place = chance.choice(tuple(places(content)))
    holder, kind = _holder(content, place), chance.random()
    if kind < 0.6:
        holder[place[-1]] = copy.deepcopy(chance.choice(ODD))
    elif kind < 0.8:
        holder[place[-1]] = copy.deepcopy(value_at(chance.choice(PLACES)))
    elif kind < 0.9:
        del holder[place[-1]]
    else:
        for _ in range(chance.choice((1, 31, 33, 200))):
            holder[place[-1]] = [holder[place[-1]]]


def _flip(content: bytearray, chance: random.Random) -> None:
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content) + 1) :]


def _drop(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content) + 1)
    del content[start : start + chance.randrange(40)]


def _repeat(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content) + 1)
    content[start:start] = content[start : start + chance.randrange(400)]


def _insert(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content) + 1)
    content[start:start] = chance.choice((b"NaN", b"1e999", b"\\ud800", b"\xff\xfe", b"\x00", b"[" * 5000, b"9" * 5000))


def _double_a_key(content: bytearray, chance: random.Random) -> None:
    opened = [position for position, byte in enumerate(content) if byte == ord("{")]
    key = json.dumps(str(chance.choice(chance.choice(PLACES)))).encode()
    if opened:
        position = chance.choice(opened) + 1
        content[position:position] = key + b": 0, " + key + b": 1, "


_MISHAPS: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _cut, _drop, _repeat, _insert, _double_a_key)
