"""A results file of a hundred cells and 2,600 samples, drawn by chance, and one whose every name is an attack."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import log
from pathlib import Path
from statistics import median
from typing import Any

from fakes import a_cell, a_record
from resultfiles import EPYC, content, ours, written
from zoobench.matrix.variants import VARIANTS
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import Predictions, Record, RecordedAccuracy, Speedup
from zoobench.stats.intervals import percentile, percentile_interval, wilson

CELLS, SAMPLES, ROUNDS = 100, 2600, 64
BACKBONES = ("mobilenet", "mobilenet_v2", "efficientnet_b0", "nasnet_mobile", "resnet50")
CLASSES = ("butterfly", "cat", "chicken", "cow", "dog", "elephant", "horse", "sheep", "spider", "squirrel")
SCRIPT, IMAGE = "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>'
STEERING = "</style><h1>\x1b[2J\u202eevil"
TEMPLATES = "{{ 7 * 7 }}{% raw %}&lt;b&gt;"


def a_large_run(path: Path, *, seed: int = 6) -> Path:
    """Writes results of five backbones in ten variants on one thread and on two."""
    chance = random.Random(seed)
    truth = [index % len(CLASSES) for index in range(SAMPLES)]
    variants = [name for name in VARIANTS if name != "keras"][:10]
    parts = product(enumerate(BACKBONES), enumerate(variants), (1, 2))
    found = [
        _timed(chance, truth, a_cell(backbone=backbone, variant=variant, threads=threads), speed=1 + place + number / 5)
        for (place, backbone), (number, variant), threads in parts
    ]
    assert len(found) == CELLS
    cells = [record.cell.id for record, _ in found]
    return written(path, content(*(ours(*one) for one in found), zoobench={"schema": 1, "records": [], "cells": cells}))


def a_hostile_run(path: Path) -> Path:
    """Writes results in which the classes, the data, the machine and the libraries have names that attack a page."""
    chance = random.Random(1)
    names = (SCRIPT, IMAGE, STEERING, TEMPLATES)
    truth = [index % len(names) for index in range(40)]
    found = []
    for variant in ("float32", "integer_only"):
        record, rounds = _timed(chance, truth, a_cell(variant=variant), speed=1, classes=names)
        dataset = replace(record.dataset, name=IMAGE, classes=names, samples=len(truth))
        surroundings = {**EPYC, "cpu": SCRIPT, "libraries": {SCRIPT: IMAGE, "numpy": STEERING}}
        found.append((replace(record, dataset=dataset, environment=surroundings), rounds))
    whole = content(*(ours(*one) for one in found), zoobench={"schema": 1, "records": []})
    whole["machine_info"] |= {"node": SCRIPT, "cpu": {"brand_raw": IMAGE, "count": 2}, "system": TEMPLATES}
    return written(path, whole)


def _timed(
    chance: random.Random, truth: Sequence[int], cell: Any, *, speed: float, classes: Sequence[str] = CLASSES
) -> tuple[Record, Sequence[float]]:
    rounds = tuple(0.002 * speed / cell.threads * chance.lognormvariate(0, 0.02) for _ in range(ROUNDS))
    record = a_record(cell=cell, environment=dict(EPYC), accuracy=_answers(chance, truth, classes))
    assert record.latency is not None
    assert record.model is not None
    interval = percentile_interval(rounds, 0.50)
    assert interval is not None
    point = 1.0 if cell.variant == "float32" else chance.uniform(0.8, 4)
    twin = f"{cell.backbone}-float32-litert-t{cell.threads}"
    latency = replace(
        record.latency,
        p50_seconds=median(rounds),
        p50_interval=(interval.low, interval.high),
        p90_seconds=percentile(rounds, 0.90),
        samples=ROUNDS,
        speedup_over_float=Speedup(twin=twin, point=point, interval=(point * 0.98, point * 1.02)),
    )
    size = int(13e6 * chance.uniform(0.2, 1))
    dataset = replace(record.dataset, classes=tuple(classes), samples=len(truth))
    return replace(record, latency=latency, model=replace(record.model, size_bytes=size), dataset=dataset), rounds


def _answers(chance: random.Random, truth: Sequence[int], classes: Sequence[str]) -> RecordedAccuracy:
    share = chance.uniform(0.7, 0.95)
    told = list(_guesses(chance, truth, share, len(classes)))
    correct = sum(one == other for one, other in zip(told, truth, strict=True))
    interval = wilson(correct, len(truth))
    return RecordedAccuracy(
        top1=correct / len(truth),
        loss=-log(share),
        correct=correct,
        total=len(truth),
        interval=(interval.low, interval.high),
        agreement_with_float=share,
        invocation_p50_seconds=None,
        predictions=Predictions(
            classes=encode(told),
            probabilities=encode_shares([chance.uniform(0.5, 1) for _ in told]),
            truth=encode(list(truth)),
        ),
    )


def _guesses(chance: random.Random, truth: Sequence[int], share: float, classes: int) -> Iterator[int]:
    for one in truth:
        yield one if chance.random() < share else chance.randrange(classes)
