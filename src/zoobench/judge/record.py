"""What is known of one cell in one run, and how is it written and read back? Schema 1.

History of the schema:
    1 (2026-11): the first.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from zoobench.errors import ResultsError

SCHEMA = 1
BLOCK = "zoobench"
"""The key of our block, in each benchmark's `extra_info` and at the top of a results file."""
Value = TypeVar("Value")
_LARGEST_WHOLE = 2**63 - 1
_PLAIN = {float: ((int, float), "a number"), int: ((int,), "a whole number"), str: ((str,), "a text")}
"""What JSON may hold for each plain type, and what it is called."""


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
    try:
        content = json.loads(path.read_bytes(), parse_float=_finite, parse_constant=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"cannot read {path}: {error}. Expected a JSON file written by `pytest bench/`") from error
    records = tuple(_record(block, f"{path}: {where}") for where, block in _blocks(content, path))
    if not records:
        raise ResultsError(f"{path} holds no zoobench record; expected a file written by `pytest bench/` with zoobench")
    return records


def _finite(text: str) -> float:
    """Returns a JSON number, and refuses what Python's reader takes for one: NaN, Infinity and 1e999."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _blocks(content: Any, path: Path) -> Iterator[tuple[str, Any]]:
    """Yields our blocks in a results file with their places in it: timed cells first, then those without rounds."""
    if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
        raise ResultsError(f"{path} is not in pytest-benchmark's format: it has no list under the key 'benchmarks'")
    for index, benchmark in enumerate(content["benchmarks"]):
        where = f"{path}: benchmarks[{index}]"
        extra = _expect(dict, _expect(dict, benchmark, where).get("extra_info", {}), f"{where}.extra_info")
        if BLOCK in extra:
            yield f"benchmarks[{index}].extra_info.{BLOCK}", extra[BLOCK]
    untimed = _expect(dict, content.get(BLOCK, {}), f"{path}: {BLOCK}")
    for index, block in enumerate(_expect(list, untimed.get("records", []), f"{path}: {BLOCK}.records")):
        yield f"{BLOCK}.records[{index}]", block


def _expect(kind: type[Value], received: Any, where: str) -> Value:
    if not isinstance(received, kind):
        raise _unexpected(where, received, "an object" if kind is dict else "a list")
    return received


def _record(block: Any, where: str) -> Record:
    schema = block.get("schema") if isinstance(block, dict) else None
    if schema != SCHEMA:
        raise ResultsError(f"{where}.schema: received {schema!r}; this version of zoobench reads {SCHEMA}")
    record: Record = _value(Record, block, where)
    return record


def _value(expected: Any, received: Any, where: str) -> Any:
    """Returns `received` as the annotated type `expected`, or raises naming the place in the file."""
    if is_dataclass(expected):
        return _dataclass(expected, received, where)
    origin, arguments = get_origin(expected), get_args(expected)
    if origin is UnionType:
        return None if received is None else _value(next(a for a in arguments if a is not NoneType), received, where)
    if origin is tuple:
        return _tuple(arguments, received, where)
    allowed, name = _PLAIN.get(expected, ((dict,), "an object"))
    if not isinstance(received, allowed) or isinstance(received, bool):
        raise _unexpected(where, received, name)
    if isinstance(received, int) and abs(received) > _LARGEST_WHOLE:
        raise _unexpected(where, received, f"{name} of at most 64 bits")
    return float(received) if isinstance(received, int) and expected is float else received


def _dataclass(expected: Any, received: Any, where: str) -> Any:
    if not isinstance(received, dict):
        raise _unexpected(where, received, "an object")
    hints = get_type_hints(expected)
    names = [field.name for field in fields(expected)]
    return expected(**{name: _value(hints[name], received.get(name), f"{where}.{name}") for name in names})


def _tuple(arguments: tuple[Any, ...], received: Any, where: str) -> tuple[Any, ...]:
    length = None if Ellipsis in arguments else len(arguments)
    if not isinstance(received, list) or length not in (None, len(received)):
        raise _unexpected(where, received, f"a list of {length or 'any number of'} values")
    return tuple(_value(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(received))


def _unexpected(where: str, received: Any, expected: str) -> ResultsError:
    shown = repr(received)
    return ResultsError(f"{where}: received {shown[:60]}{'...' if len(shown) > 60 else ''}; expected {expected}")
