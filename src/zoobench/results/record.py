"""How is what is known of a cell written, and read back from a results file?"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError
from zoobench.results.agreement import check_agreement
from zoobench.results.resultsblocks import BLOCK, blocks, blocks_of
from zoobench.results.schema import (
    SCHEMA,
    Agreement,
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
)
from zoobench.results.shape import brief, shaped, unexpected

__all__ = [
    "BLOCK",
    "SCHEMA",
    "Agreement",
    "Cause",
    "Predictions",
    "Record",
    "RecordedAccuracy",
    "RecordedCell",
    "RecordedDataset",
    "RecordedDisturbance",
    "RecordedInterval",
    "RecordedLatency",
    "RecordedMemory",
    "RecordedModel",
    "RecordedNumerics",
    "RecordedPhase",
    "RecordedStartup",
    "RecordedTraining",
    "Refusal",
    "Speedup",
    "read_results",
    "records_of",
    "to_json",
]


def to_json(record: Record) -> dict[str, Any]:
    """Returns a record as plain JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(record), allow_nan=False))
    return plain


def read_results(path: Path) -> tuple[Record, ...]:
    """Returns the records of a results file, in its order.

    Args:
        path: A file in pytest-benchmark's format with our blocks.

    Raises:
        ResultsError: If it cannot be read, is not such a file, is too large, holds no record or two of one cell, or if
            a record breaks the schema or contradicts itself; the message names the file and the key.
    """
    try:
        return _records(blocks(path), path)
    except MemoryError as error:
        raise ResultsError(f"{path} does not fit into this machine's memory; read it on a larger one") from error


def records_of(content: Mapping[str, Any], path: Path) -> tuple[Record, ...]:
    """Returns the same of the content that `load_content` returned.

    Raises:
        ResultsError: As `read_results`.
    """
    return _records(blocks_of(content, path), path)


def _records(found: Iterable[tuple[str, Any]], path: Path) -> tuple[Record, ...]:
    records = tuple(_each(found, path))
    if not records:
        raise ResultsError(f"{path} holds no zoobench record; expected a file written by `pytest bench/` with zoobench")
    return records


def _each(found: Iterable[tuple[str, Any]], path: Path) -> Iterator[Record]:
    places: dict[str, str] = {}
    for place, block in found:
        where = f"{path}: {place}"
        record = _record(block, where)
        first = places.setdefault(record.cell.id, place)
        if first != place:
            cell = brief(record.cell.id)
            raise ResultsError(f"{where}: {cell} stands in this file twice, first in {first}; remove one of the two")
        yield record


def _record(block: Any, where: str) -> Record:
    schema = block.get("schema") if isinstance(block, dict) else None
    if schema != SCHEMA:
        raise unexpected(f"{where}.schema", schema, f"{SCHEMA}, which is what this version of zoobench reads")
    record = shaped(Record, block, where)
    check_agreement(record, where)
    return record
