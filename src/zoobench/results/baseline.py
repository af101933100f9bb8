"""What does a baseline keep of a run, and what was not measured in it?"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from zoobench.results.file import BLOCK, read_file
from zoobench.results.provenance import Origin, RecordedProduct
from zoobench.results.run import Run
from zoobench.results.schema import SCHEMA, Record, to_json


def unmeasured(run: Run) -> tuple[str, ...]:
    """Returns the cells of a run that were not measured, each with what is missing; refused ones are no such cells."""
    absent = [f"{cell_id} (no record)" for cell_id in run.provenance.cells if cell_id not in run.records]
    return (*absent, *(f"{cell_id} ({gap})" for cell_id, record in run.records.items() if (gap := _gap(record))))


def _gap(record: Record) -> str:
    if record.refusal:
        return ""
    parts = {"accuracy": record.accuracy, "latency": record.latency, "model": record.model}
    return ", ".join(f"no {name}" for name, part in parts.items() if part is None)


def baseline_content(
    run: Run, *, origin: Origin, machine: str, manifests: Mapping[str, RecordedProduct]
) -> dict[str, Any]:
    """Returns what a baseline's file holds, as plain JSON in the format of a results file.

    It is committed, so what nothing is judged by stays out: the single rounds and the curves of training.

    Args:
        run: Whose file is still there, as what pytest-benchmark says in it is kept.
        origin: Name, time and source.
        machine: Name under which the run's results are kept.
        manifests: By the SHA-256 of the model file.

    Raises:
        ResultsError: If the run's file cannot be read any more.
    """
    content = read_file(run.path)
    kept = {key: content.block[key] for key in ("cells", "options", "pixels", "products") if key in content.block}
    about = {"name": origin.name, "saved": origin.saved, "from": origin.source}
    return {
        **content.about,
        "benchmarks": [],
        BLOCK: {
            "schema": SCHEMA,
            "records": [to_json(replace(record, training=None)) for record in run.records.values()],
            "machine": machine,
            **kept,
            "baseline": {**about, "manifests": {sha256: asdict(one) for sha256, one in manifests.items()}},
        },
    }
