"""What is a baseline? The records of a run under a name, with what it takes to have its models and pixels again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from zoobench.results.provenance import Origin, Provenance, RecordedProduct, provenance_of
from zoobench.results.reading import load_content
from zoobench.results.record import BLOCK, SCHEMA, Record, records_of, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One side of a comparison: a baseline or any results file.

    Attributes:
        path: The file.
        records: In the file's order.
        provenance: What it says of its run; `provenance.origin` is None for a results file.
    """

    path: Path
    records: tuple[Record, ...]
    provenance: Provenance

    @property
    def name(self) -> str:
        """The baseline's name, or the end of a results file's path."""
        origin = self.provenance.origin
        return origin.name if origin else "/".join(self.path.parts[-2:])


def read_baseline(path: Path) -> Baseline:
    """Returns a baseline or a results file with all that is known of its run.

    Raises:
        ResultsError: If it cannot be read or breaks the schema; the message names the file and the key.
    """
    content = load_content(path)
    return Baseline(path=path, records=records_of(content, path), provenance=provenance_of(content, path))


def unmeasured(run: Baseline) -> tuple[str, ...]:
    """Returns the cells of a run that were not measured, each with what is missing; refused ones are no such cells."""
    known = {record.cell.id for record in run.records}
    absent = [f"{cell_id} (no record)" for cell_id in run.provenance.cells if cell_id not in known]
    return (*absent, *(f"{record.cell.id} ({gap})" for record in run.records if (gap := _gap(record))))


def _gap(record: Record) -> str:
    if record.refusal:
        return ""
    parts = {"accuracy": record.accuracy, "latency": record.latency, "model": record.model}
    return ", ".join(f"no {name}" for name, part in parts.items() if part is None)


def baseline_content(
    content: Mapping[str, Any], run: Baseline, *, origin: Origin, machine: str, manifests: Mapping[str, RecordedProduct]
) -> dict[str, Any]:
    """Returns what a baseline's file holds, as plain JSON in the format of a results file.

    It is committed, so what nothing is judged by stays out: the single rounds and the curves of training.

    Args:
        content: Of the results file.
        run: The same, read.
        origin: Name, time and source.
        machine: Name under which the run's results are kept.
        manifests: By the SHA-256 of the model file.
    """
    block = content.get(BLOCK, {})
    kept = {key: block[key] for key in ("cells", "options", "pixels", "products") if key in block}
    about = {"name": origin.name, "saved": origin.saved, "from": origin.source}
    return {
        **{key: value for key, value in content.items() if key not in ("benchmarks", BLOCK)},
        "benchmarks": [],
        BLOCK: {
            "schema": SCHEMA,
            "records": [to_json(replace(record, training=None)) for record in run.records],
            "machine": machine,
            **kept,
            "baseline": {**about, "manifests": {sha256: asdict(one) for sha256, one in manifests.items()}},
        },
    }
