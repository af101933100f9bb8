"""What do results files hold beside our records: the single rounds, and benchmarks that are not ours?"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from zoobench.errors import ResultsError
from zoobench.results.reading import load_content
from zoobench.results.record import BLOCK, Record, records_of
from zoobench.results.shape import unexpected

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
    rounds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that one results file holds: one process that measured.

    Attributes:
        path: The file.
        records: By cell id; empty for a file that zoobench did not write.
        timings: By cell id; by the benchmark's full name for benchmarks that are not ours.
        machine: What pytest-benchmark knows of the machine, in our words.
    """

    path: Path
    records: Mapping[str, Record]
    timings: Mapping[str, Timing]
    machine: Mapping[str, Any]

    @property
    def ids(self) -> tuple[str, ...]:
        """Every cell, in the file's order, timed ones first."""
        return tuple(dict.fromkeys((*self.timings, *self.records)))


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


def read_run(path: Path) -> Run:
    """Returns what a results file holds, whether zoobench or pytest-benchmark alone wrote it.

    Raises:
        ResultsError: If it cannot be read or is not in pytest-benchmark's format, or as `run_of`.
    """
    return run_of(load_content(path), path)


def run_of(content: Mapping[str, Any], path: Path) -> Run:
    """Returns the same of the content that `load_content` returned.

    Raises:
        ResultsError: If a time is no time, a cell stands in it twice, or a record contradicts its rounds; the message
            names the file and the key.
    """
    benchmarks = list(_benchmarks(content, path))
    untimed = content.get(BLOCK)
    ours = any(_is_ours(one) for one in benchmarks) or bool(isinstance(untimed, dict) and untimed.get("records"))
    records = {record.cell.id: record for record in records_of(content, path)} if ours else {}
    timings: dict[str, Timing] = {}
    for index, benchmark in enumerate(benchmarks):
        where = f"{path}: benchmarks[{index}]"
        name, timing = _name(benchmark, where), _timing(benchmark, where)
        if name in timings:
            raise ResultsError(f"{where}: {name!r} stands in this file twice; remove one of the two benchmarks")
        if timing is not None:
            timings[name] = timing
            _check_agreement(records.get(name), timing, where)
    if not records and not timings:
        raise ResultsError(f"{path} holds neither a zoobench record nor a benchmark; expected at least one")
    return Run(path=path, records=records, timings=timings, machine=_machine(content))


def _benchmarks(content: Mapping[str, Any], path: Path) -> Iterator[Mapping[str, Any]]:
    for index, benchmark in enumerate(content["benchmarks"]):
        if not isinstance(benchmark, dict):
            raise unexpected(f"{path}: benchmarks[{index}]", benchmark, "an object")
        yield benchmark


def _is_ours(benchmark: Mapping[str, Any]) -> bool:
    extra = benchmark.get("extra_info")
    return isinstance(extra, dict) and BLOCK in extra


def _name(benchmark: Mapping[str, Any], where: str) -> str:
    """Returns the id of our cell (its record was read before, so it is there), or another benchmark's full name."""
    if _is_ours(benchmark):
        return str(benchmark["extra_info"][BLOCK]["cell"]["id"])
    name = benchmark.get("fullname") or benchmark.get("name")
    if not isinstance(name, str):
        raise unexpected(f"{where}.fullname", name, "a text")
    return name


def _timing(benchmark: Mapping[str, Any], where: str) -> Timing | None:
    """Returns the times, or None for a cell of ours that has no statistics."""
    stats = benchmark.get("stats")
    if stats is None and _is_ours(benchmark):
        return None
    if not isinstance(stats, dict):
        raise unexpected(f"{where}.stats", stats, "an object")
    data = stats.get("data", [])
    if not isinstance(data, list):
        raise unexpected(f"{where}.stats.data", data, "a list of seconds")
    rounds = tuple(_seconds(value, f"{where}.stats.data[{index}]") for index, value in enumerate(data))
    if "median" not in stats and rounds:
        return Timing(median_seconds=median(rounds), rounds=rounds)
    return Timing(median_seconds=_seconds(stats.get("median"), f"{where}.stats.median"), rounds=rounds)


def _seconds(value: Any, where: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (value == 0 or _LEAST_SECONDS <= value <= _MOST_SECONDS):
        raise unexpected(where, value, f"seconds: 0, or from {_LEAST_SECONDS:g} to {_MOST_SECONDS:g}")
    return float(value)


def _check_agreement(record: Record | None, timing: Timing, where: str) -> None:
    """Refuses a record whose median is not that of the rounds beside it: one of the two was changed."""
    if record is None or record.latency is None or not timing.rounds:
        return
    recorded, found = record.latency.p50_seconds, median(timing.rounds)
    if not math.isclose(recorded, found, rel_tol=_AGREE):
        raise ResultsError(
            f"{where}: latency.p50_seconds is {recorded:g}, but the median of stats.data is {found:g}; one of the two "
            "was changed after measuring. Measure again"
        )


def _machine(content: Mapping[str, Any]) -> dict[str, Any]:
    info = content.get("machine_info")
    info = info if isinstance(info, dict) else {}
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
