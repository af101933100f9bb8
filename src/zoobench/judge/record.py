"""What is known of one cell in one run, and how is it written and read back? Schema 1.

History of the schema:
    1 (2026-11): the first.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError
from zoobench.judge.reading import expect, load_content, typed_value

SCHEMA = 1
BLOCK = "zoobench"
"""The key of our block, in each benchmark's `extra_info` and at the top of a results file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCell:
    """Which cell: `id` joins results; `weights` is `imagenet`, `random` or `file:<sha256>`."""

    id: str
    backbone: str
    variant: str
    runtime: str
    threads: int
    image_size: int
    weights: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedNumerics:
    """A variant's answers to calibration images against the Keras classifier's.

    Attributes:
        images: How many were compared.
        top1_agreement: Share of images on which both have the same most probable class.
        mean_probability_difference: Mean absolute difference over images and classes.
        max_probability_difference: The largest one.
        kl_divergence_nats: Mean Kullback-Leibler divergence of the variant's probabilities from Keras's.
    """

    images: int
    top1_agreement: float
    mean_probability_difference: float
    max_probability_difference: float
    kl_divergence_nats: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedModel:
    """The file that was measured and the size of its float twin's.

    Attributes:
        contract: What stands in a TFLite file; None for others.
        numerics: How near its answers are to Keras's; None for Keras itself and where the runtime refuses the file.
    """

    sha256: str
    size_bytes: int
    float_twin_size_bytes: int
    contract: Mapping[str, Any] | None = None
    numerics: RecordedNumerics | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A quantizer that does not make a variant of this backbone, or a runtime that does not take it, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDataset:
    """What it was measured on.

    Attributes:
        name: The folder's name, or `drawn`.
        sha256: Of classes, contents, labels and splits: the same only if the samples are.
        classes: Their names, in the order of the model's outputs.
        samples: Number of test samples.
        left_out: Number of images that could not be used, in all splits.
    """

    name: str
    sha256: str
    classes: tuple[str, ...]
    samples: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Every test sample's predicted class, its probability, and the truth, in the order of the test split.

    Each is base64 of little-endian unsigned 16-bit numbers; probabilities are in units of 1/65535.
    """

    classes: str
    probabilities: str
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAccuracy:
    """How often it was right.

    Attributes:
        top1: correct / total.
        loss: Mean categorical cross-entropy in nats.
        interval: Wilson interval of top1, 95 %.
        agreement_with_float: Share of samples on which it predicts what the float twin predicts.
        invocation_p50_seconds: Median invocation, where samples were run one by one.
    """

    top1: float
    loss: float
    correct: int
    total: int
    interval: tuple[float, float]
    agreement_with_float: float
    invocation_p50_seconds: float | None
    predictions: Predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Speedup:
    """How many times faster than the float twin, paired by round.

    Attributes:
        twin: Id of the float twin's cell.
        point: Median over the rounds of twin's seconds / own seconds.
        interval: Of that median over the rounds of this process, 95 %. It does not hold what changes between processes.
    """

    twin: str
    point: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLatency:
    """How long one invocation took.

    Attributes:
        p50_seconds: Median of the rounds; its 95 % interval is of this process's rounds.
        p90_seconds: None below 64 rounds.
        samples: Number of rounds.
    """

    p50_seconds: float
    p50_interval: tuple[float, float] | None
    p90_seconds: float | None
    mean_seconds: float
    samples: int
    speedup_over_float: Speedup | None
    initialization_seconds: float
    first_inference_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is known of one cell in one run; a part that was not measured is None."""

    schema: int
    cell: RecordedCell
    model: RecordedModel | None
    dataset: RecordedDataset
    accuracy: RecordedAccuracy | None
    latency: RecordedLatency | None
    environment: Mapping[str, Any]
    refusal: Refusal | None = None


def to_json(record: Record) -> dict[str, Any]:
    """Returns a record as plain JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(record), allow_nan=False))
    return plain


def read_results(path: Path) -> tuple[Record, ...]:
    """Returns the records of a results file, in its order.

    Args:
        path: A file in pytest-benchmark's format with our blocks.

    Raises:
        ResultsError: If it cannot be read, is not such a file, holds no record, or a record breaks the schema; the
            message names the file and the key.
    """
    return records_of(load_content(path), path)


def records_of(content: Mapping[str, Any], path: Path) -> tuple[Record, ...]:
    """Returns the same of the content that `load_content` returned.

    Raises:
        ResultsError: As `read_results`.
    """
    records = tuple(_record(block, f"{path}: {where}") for where, block in _blocks(content, path))
    if not records:
        raise ResultsError(f"{path} holds no zoobench record; expected a file written by `pytest bench/` with zoobench")
    return records


def _blocks(content: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    """Yields our blocks in a results file with their places in it: timed cells first, then those without rounds."""
    for index, benchmark in enumerate(content["benchmarks"]):
        where = f"{path}: benchmarks[{index}]"
        extra = expect(dict, expect(dict, benchmark, where).get("extra_info", {}), f"{where}.extra_info")
        if BLOCK in extra:
            yield f"benchmarks[{index}].extra_info.{BLOCK}", extra[BLOCK]
    untimed = expect(dict, content.get(BLOCK, {}), f"{path}: {BLOCK}")
    for index, block in enumerate(expect(list, untimed.get("records", []), f"{path}: {BLOCK}.records")):
        yield f"{BLOCK}.records[{index}]", block


def _record(block: Any, where: str) -> Record:
    schema = block.get("schema") if isinstance(block, dict) else None
    if schema != SCHEMA:
        raise ResultsError(f"{where}.schema: received {schema!r}; this version of zoobench reads {SCHEMA}")
    record: Record = typed_value(Record, block, where)
    return record
