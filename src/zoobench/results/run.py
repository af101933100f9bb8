"""What is known of one run? One value and one reader, for a results file, a baseline or pytest-benchmark's own file.

Also what a baseline keeps of it, and what was not measured in it.
"""

import heapq
import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from zoobench.errors import ResultsError
from zoobench.results.answers import check_agreement
from zoobench.results.checked import brief, members, parsed, read, typed, unexpected
from zoobench.results.file import BLOCK, ResultsFile, is_numbered, machine_folders, place_of_block, read_file, series
from zoobench.results.schema import SCHEMA, Record, to_json

_LEAST_SECONDS = 1e-12
_A_TIME = f"seconds: 0, or from {_LEAST_SECONDS:g} to 1e9"
_Seconds = Annotated[float, Meta(ge=0, le=1e9)]
_Count = Annotated[int, Meta(ge=1, le=10**12)]
_AGREE = 1e-6
"""Relative difference up to which a record's median and that of its rounds are the same."""
_SETTINGS = {"timer": "timer", "disable_gc": "garbage collection off"}
"""What two runs may differ in, of pytest-benchmark's own options of a benchmark."""
_LONGEST_SETTING = 80


class RecordedPixels(msgspec.Struct, frozen=True, kw_only=True):
    """The images that were timed.

    Attributes:
        product: Folder name of the decoded data set in `artifacts/datasets`.
        rows: Those of its rows that belong to the test split, in the order of measuring.
    """

    product: str
    rows: tuple[int, ...]


class RecordedProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A model as the store kept it: its folder in `artifacts/models`, the measured file, and all that determined it."""

    product: str
    file: str
    inputs: Mapping[str, Any]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a baseline comes from.

    Attributes:
        saved: When, ISO 8601 in UTC.
        source: The results file that it was made of.
        manifests: By the SHA-256 of the model file.
    """

    name: str
    saved: str
    source: str = msgspec.field(name="from")
    manifests: Mapping[str, RecordedProduct] = {}


_Size = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,4}(x[1-9][0-9]{0,4})?\Z")]


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What a later rebuild or replay needs to know of a run; files of before this was written down have nothing of it.

    Attributes:
        machine: Name under which the run's results are kept, '' if unknown.
        cells: Ids of the cells that were to be measured.
        options: Texts of the options that were not at their defaults, but for those of measuring alone.
        measuring: The same of those that decide how often it is measured.
        pixels: By image size.
        products: Folder names in `artifacts/models`, by the SHA-256 of the model file.
        baseline: None for any other file.
    """

    machine: str = ""
    cells: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    measuring: Mapping[str, str] = {}
    pixels: Mapping[_Size, RecordedPixels] = {}
    products: Mapping[str, str] = {}
    baseline: Origin | None = None

    @property
    def manifests(self) -> Mapping[str, RecordedProduct]:
        """By the SHA-256 of the model file; baselines alone have them."""
        return self.baseline.manifests if self.baseline else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The rounds of one benchmark in one process, in seconds and in order, if the file holds them, and their median.

    Attributes:
        spread: Interquartile range in seconds, and number of rounds, where that is all that the file says of them.
    """

    median_seconds: float
    rounds: Sequence[float]
    spread: tuple[float, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that one file holds: one process that measured.

    Attributes:
        path: The file.
        records: By cell id, timed cells first; empty for a file that zoobench did not write.
        rounds: By cell id; by the benchmark's full name for benchmarks that are not ours. A baseline has none.
        machine: What pytest-benchmark knows of the machine, in our words.
        settings: What pytest-benchmark timed by, each value once: its timer, and whether garbage was collected.
        measured: When it ended, ISO 8601; '' where the file does not tell.
        shards: The files that it was joined of; none for one file.
    """

    path: Path
    records: Mapping[str, Record]
    rounds: Mapping[str, Timing] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    machine: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    measured: str = ""
    shards: tuple[Path, ...] = ()

    @property
    def origin(self) -> Origin | None:
        """Where a baseline comes from; None for any other file."""
        return self.provenance.baseline

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

    @property
    def records(self) -> dict[str, Record]:
        """The first record of each cell, by its id."""
        return {cell: record for run in reversed(self.runs) for cell, record in run.records.items()}


def read_side(path: Path) -> Side:
    """Returns a results file as one run, or a folder's results files as several.

    Raises:
        ResultsError: If a file cannot be read or understood, or the folder has none.
    """
    return Side(name=str(path), runs=tuple(read_run(file) for file in files_of(path)))


def files_of(path: Path) -> tuple[Path, ...]:
    """Returns a file, or the results files of a folder.

    Raises:
        ResultsError: If the folder has none.
    """
    if not path.is_dir():
        return (path,)
    files = tuple(one for one in sorted(path.glob("[!.]*.json")) if one.is_file())
    if not files:
        raise ResultsError(
            f"{path} holds no .json file; name a results file, or the folder of one machine's results such as "
            "artifacts/results/MACHINE"
        )
    return files


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


def newest_runs(folder: Path) -> Iterator[Run]:
    """Yields the runs of all machines below `artifacts/results`, newest first, each read when its turn comes.

    A machine's files go by their numbers, which no clock and no time zone changes. Machines among each other, and files
    that were renamed, go by the UTC time that stands in the file. What holds no record of zoobench is passed over.

    Raises:
        ResultsError: If a file that may be the newest cannot be read.
    """
    each = [chain.from_iterable(map(_read, paths)) for one in machine_folders(folder) for paths in series(one)]
    return (run for run in heapq.merge(*each, key=_ended, reverse=True) if run.records)


def _read(path: Path) -> Iterator[Run]:
    try:
        yield read_run(path)
    except ResultsError:
        if is_numbered(path):  # it may be the run that was measured last
            raise


def _ended(run: Run) -> datetime:
    try:
        ended = datetime.fromisoformat(run.measured)
    except ValueError:
        return datetime.min.replace(tzinfo=timezone.utc)
    return ended if ended.tzinfo else ended.replace(tzinfo=timezone.utc)


def unmeasured(run: Run) -> tuple[str, ...]:
    """Returns the cells of a run that were not measured, each with what is missing; refused ones are no such cells."""
    absent = [f"{cell_id} (no record)" for cell_id in run.provenance.cells if cell_id not in run.records]
    return (*absent, *(f"{cell_id} ({gap})" for cell_id, record in run.records.items() if (gap := _gap(record))))


def baseline_content(run: Run, *, origin: Origin, machine: str) -> dict[str, Any]:
    """Returns what a baseline's file holds, as plain JSON in the format of a results file.

    It is committed, so what nothing is judged by stays out: the single rounds and the curves of training.

    Raises:
        ResultsError: If the run's file, from which what pytest-benchmark says is kept, cannot be read any more.
    """
    content = read_file(run.shards[0] if run.shards else run.path)
    known = msgspec.to_builtins(run.provenance, str_keys=True)
    return {
        **content.about,
        "benchmarks": [],
        BLOCK: {
            "schema": SCHEMA,
            "records": [to_json(replace(record, training=None)) for record in run.records.values()],
            "machine": machine,
            **{key: known[key] for key in ("cells", "options", "measuring", "pixels", "products") if known.get(key)},
            "baseline": msgspec.to_builtins(origin),
        },
    }


def _run(content: ResultsFile) -> Run:
    by_place = _records(content)
    records = {record.cell.id: record for record in by_place.values()}
    rounds = _rounds(content, by_place)
    settings = _settings(content)
    if not records and not rounds:
        raise ResultsError(
            f"{content.path} holds neither a zoobench record nor a benchmark; expected a file written by "
            "`pytest bench/`, with zoobench or without"
        )
    return Run(
        path=content.path,
        records=records,
        rounds=rounds,
        provenance=typed(Provenance, content.block, f"{content.path}: {BLOCK}"),
        machine=_machine(content.about.get("machine_info")),
        settings=settings,
        measured=when if isinstance(when := content.about.get("datetime"), str) else "",
    )


def _records(content: ResultsFile) -> dict[str, Record]:
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
    record = typed(Record, block, where)
    check_agreement(record, where)
    return record


def _rounds(content: ResultsFile, records: Mapping[str, Record]) -> dict[str, Timing]:
    rounds: dict[str, Timing] = {}
    for place, benchmark in content.benchmarks():
        where = f"{content.path}: {place}"
        record = records.get(place_of_block(place))
        name = record.cell.id if record else _name(benchmark, where)
        if name in rounds:
            raise ResultsError(f"{where}: {brief(name)} stands in this file twice; remove one of the two benchmarks")
        if record and benchmark.get("stats", b"null") == b"null":
            continue
        rounds[name], middle = _timing(benchmark.get("stats", b"null"), f"{where}.stats")
        if record and record.latency and middle is not None:
            recorded = record.latency.p50_seconds
            if not math.isclose(recorded, middle, rel_tol=_AGREE):
                raise ResultsError(
                    f"{where}: latency.p50_seconds is {recorded:g}, but the median of stats.data is {middle:g}; one of "
                    "the two was changed after measuring. Measure again"
                )
    return rounds


def _settings(content: ResultsFile) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for place, benchmark in content.benchmarks():
        options = members(benchmark.get("options", b"{}"), f"{content.path}: {place}.options")
        for key, name in _SETTINGS.items():
            if key in options:
                value = parsed(bytes(options[key]), f"{content.path}: {place}.options.{key}")
                found.setdefault(name, {})[str(value)[:_LONGEST_SETTING]] = None
    return {name: tuple(values) for name, values in found.items()}


def _name(benchmark: Mapping[str, bytes], where: str) -> str:
    names = (parsed(benchmark[key], f"{where}.{key}") for key in ("fullname", "name") if key in benchmark)
    return typed(str, next(filter(None, names), None), f"{where}.fullname")


def _timing(stats: bytes, where: str) -> tuple[Timing, float | None]:
    found = members(stats, where)
    rounds = read(list[_Seconds], bytes(found.get("data", b"[]")), f"{where}.data")
    ordered, count = sorted(rounds), len(rounds)
    least = ordered[bisect_right(ordered, 0)] if ordered and ordered[-1] else 1.0
    if least < _LEAST_SECONDS:
        raise unexpected(f"{where}.data[{rounds.index(least)}]", least, _A_TIME)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2 if ordered else None
    known = middle
    if known is None or "median" in found:
        known = read(_Seconds, bytes(found.get("median", b"null")), f"{where}.median")
    if 0 < known < _LEAST_SECONDS:
        raise unexpected(f"{where}.median", known, _A_TIME)
    spread = None if rounds else _spread(found, where)
    return Timing(median_seconds=known, rounds=array("d", rounds), spread=spread), middle


def _spread(stats: Mapping[str, msgspec.Raw], where: str) -> tuple[float, int] | None:
    if "iqr" not in stats or "rounds" not in stats:
        return None
    iqr = read(_Seconds, bytes(stats["iqr"]), f"{where}.iqr")
    return iqr, read(_Count, bytes(stats["rounds"]), f"{where}.rounds")


def _machine(received: Any) -> dict[str, Any]:
    info = received if isinstance(received, dict) else {}
    cpu = info["cpu"] if isinstance(info.get("cpu"), dict) else {}
    ours = {"system": "system", "kernel": "release", "architecture": "machine", "python": "python_version"}
    known = {
        "cpu": cpu.get("brand_raw"),
        "cores": cpu.get("count"),
        **{name: info.get(key) for name, key in ours.items()},
    }
    return {name: value for name, value in known.items() if isinstance(value, str | int)}


def _gap(record: Record) -> str:
    parts = {} if record.refusal else {"accuracy": record.accuracy, "latency": record.latency, "model": record.model}
    return ", ".join(f"no {name}" for name, part in parts.items() if part is None)
