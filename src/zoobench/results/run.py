"""What is known of one run? One value and one reader, for a results file, a baseline or pytest-benchmark's own file.

Also what a baseline keeps of it, and what was not measured in it.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from zoobench.errors import ResultsError
from zoobench.results.answers import check_agreement
from zoobench.results.file import BLOCK, ResultsFile, place_of_block, read_file
from zoobench.results.provenance import Origin, Provenance, RecordedProduct, origin_of, provenance_of
from zoobench.results.schema import SCHEMA, Record, to_json
from zoobench.results.shape import brief, expect, shaped, unexpected

_LEAST_SECONDS, _MOST_SECONDS = 1e-12, 1e9
_AGREE = 1e-6
"""Relative difference up to which a record's median and that of its rounds are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The rounds of one benchmark in one process, in seconds.

    Attributes:
        median_seconds: As the file has it.
        rounds: Each one in order; empty where the file does not hold them.
    """

    median_seconds: float
    rounds: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that one file holds: one process that measured.

    Attributes:
        path: The file.
        records: By cell id, timed cells first; empty for a file that zoobench did not write.
        rounds: By cell id; by the benchmark's full name for benchmarks that are not ours. A baseline has none.
        provenance: What a rebuild or a replay needs to know of it.
        machine: What pytest-benchmark knows of the machine, in our words.
        origin: Where a baseline comes from; None for any other file.
        measured: When it ended, ISO 8601; '' where the file does not tell.
    """

    path: Path
    records: Mapping[str, Record]
    rounds: Mapping[str, Timing] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    machine: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None
    measured: str = ""

    @property
    def name(self) -> str:
        """The baseline's name, or the end of a results file's path."""
        return self.origin.name if self.origin else "/".join(self.path.parts[-2:])

    @property
    def ids(self) -> tuple[str, ...]:
        """Every cell, in the file's order, timed ones first."""
        return tuple(dict.fromkeys((*self.rounds, *self.records)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is compared with another: one run or several of the same thing."""

    name: str
    runs: tuple[Run, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Every cell of any run."""
        return tuple(dict.fromkeys(cell for run in self.runs for cell in run.ids))


def read_side(path: Path) -> Side:
    """Returns a results file as one run, or a folder's results files as several.

    Raises:
        ResultsError: If a file cannot be read or understood, or the folder has none.
    """
    if not path.is_dir():
        return Side(name=str(path), runs=(read_run(path),))
    files = sorted(path.glob("[!.]*.json"))
    if not files:
        raise ResultsError(
            f"{path} holds no .json file; name a results file, or the folder of one machine's results such as "
            "artifacts/results/MACHINE"
        )
    return Side(name=str(path), runs=tuple(read_run(file) for file in files))


def read_recorded(path: Path) -> Run:
    """Returns the same as `read_run` of a file that zoobench wrote.

    Raises:
        ResultsError: As `read_run`, or if it holds no record of ours.
    """
    run = read_run(path)
    if not run.records:
        raise ResultsError(f"{path} holds no zoobench record; expected a file written by `pytest bench/` with zoobench")
    return run


def read_run(path: Path) -> Run:
    """Returns what a file holds, whether zoobench or pytest-benchmark alone wrote it.

    What is passed over, as `extra_info` of others, takes no memory beside the file itself.

    Raises:
        ResultsError: If it cannot be read, is too large or not in pytest-benchmark's format, if a record breaks the
            schema or contradicts itself or its rounds, if a time is no time, or a cell stands in it twice; the message
            names the file and the key.
    """
    try:
        return _run(read_file(path))
    except MemoryError as error:
        raise ResultsError(f"{path} does not fit into this machine's memory; read it on a larger one") from error


def unmeasured(run: Run) -> tuple[str, ...]:
    """Returns the cells of a run that were not measured, each with what is missing; refused ones are no such cells."""
    absent = [f"{cell_id} (no record)" for cell_id in run.provenance.cells if cell_id not in run.records]
    return (*absent, *(f"{cell_id} ({gap})" for cell_id, record in run.records.items() if (gap := _gap(record))))


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


def _run(content: ResultsFile) -> Run:
    by_place = _records(content)
    records = {record.cell.id: record for record in by_place.values()}
    rounds = _rounds(content, by_place)
    if not records and not rounds:
        raise ResultsError(
            f"{content.path} holds neither a zoobench record nor a benchmark; expected a file written by "
            "`pytest bench/`, with zoobench or without"
        )
    return Run(
        path=content.path,
        records=records,
        rounds=rounds,
        provenance=provenance_of(content.block, content.path),
        machine=_machine(content.about.get("machine_info")),
        origin=origin_of(content.block, content.path),
        measured=when if isinstance(when := content.about.get("datetime"), str) else "",
    )


def _records(content: ResultsFile) -> dict[str, Record]:
    """Returns the records by their places in the file."""
    records: dict[str, Record] = {}
    places: dict[str, str] = {}
    for place, block in content.blocks():
        where = f"{content.path}: {place}"
        record = records[place] = _record(block, where)
        first = places.setdefault(record.cell.id, place)
        if first != place:
            cell = brief(record.cell.id)
            raise ResultsError(f"{where}: {cell} stands in this file twice, first in {first}; remove one of the two")
    return records


def _record(block: Any, where: str) -> Record:
    schema = block.get("schema") if isinstance(block, dict) else None
    if schema != SCHEMA:
        raise unexpected(f"{where}.schema", schema, f"{SCHEMA}, which is what this version of zoobench reads")
    record = shaped(Record, block, where)
    check_agreement(record, where)
    return record


def _rounds(content: ResultsFile, records: Mapping[str, Record]) -> dict[str, Timing]:
    rounds: dict[str, Timing] = {}
    for place, benchmark in content.benchmarks():
        where = f"{content.path}: {place}"
        record = records.get(place_of_block(place))
        name = record.cell.id if record else benchmark.get("fullname") or benchmark.get("name")
        if not isinstance(name, str):
            raise unexpected(f"{where}.fullname", name, "a text")
        if name in rounds:
            raise ResultsError(f"{where}: {brief(name)} stands in this file twice; remove one of the two benchmarks")
        if record and benchmark.get("stats") is None:
            continue
        rounds[name] = _timing(benchmark.get("stats"), f"{where}.stats")
        _check_rounds(record, rounds[name], where)
    return rounds


def _timing(stats: Any, where: str) -> Timing:
    data = expect(list, expect(dict, stats, where).get("data", []), f"{where}.data")
    rounds = _times(data, f"{where}.data")
    if "median" not in stats and rounds:
        return Timing(median_seconds=median(rounds), rounds=rounds)
    return Timing(median_seconds=_seconds(stats.get("median"), f"{where}.median"), rounds=rounds)


def _times(data: list[Any], where: str) -> Sequence[float]:
    """Returns rounds, of which a file may hold millions: each is looked at alone only where one of them is no time."""
    if {*map(type, data)} <= {int, float}:
        with suppress(OverflowError):
            rounds = array("d", data)
            if min(filter(None, rounds), default=1.0) >= _LEAST_SECONDS and max(rounds, default=0.0) <= _MOST_SECONDS:
                return rounds
    return array("d", [_seconds(value, f"{where}[{index}]") for index, value in enumerate(data)])


def _seconds(value: Any, where: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (value == 0 or _LEAST_SECONDS <= value <= _MOST_SECONDS):
        raise unexpected(where, value, f"seconds: 0, or from {_LEAST_SECONDS:g} to {_MOST_SECONDS:g}")
    return float(value)


def _check_rounds(record: Record | None, timing: Timing, where: str) -> None:
    """Refuses a record whose median is not that of the rounds beside it: one of the two was changed."""
    if record is None or record.latency is None or not timing.rounds:
        return
    recorded, found = record.latency.p50_seconds, median(timing.rounds)
    if not math.isclose(recorded, found, rel_tol=_AGREE):
        raise ResultsError(
            f"{where}: latency.p50_seconds is {recorded:g}, but the median of stats.data is {found:g}; one of the two "
            "was changed after measuring. Measure again"
        )


def _machine(received: Any) -> dict[str, Any]:
    info = received if isinstance(received, dict) else {}
    cpu = info.get("cpu")
    cpu = cpu if isinstance(cpu, dict) else {}
    known = {
        "cpu": cpu.get("brand_raw"),
        "cores": cpu.get("count"),
        "system": info.get("system"),
        "kernel": info.get("release"),
        "architecture": info.get("machine"),
        "python": info.get("python_version"),
    }
    return {name: value for name, value in known.items() if isinstance(value, str | int)}


def _gap(record: Record) -> str:
    if record.refusal:
        return ""
    parts = {"accuracy": record.accuracy, "latency": record.latency, "model": record.model}
    return ", ".join(f"no {name}" for name, part in parts.items() if part is None)
