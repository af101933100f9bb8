"""How long does a file take by benchmark programs that are not ours? They are run, and read strictly."""

import json
import math
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoobench.errors import MeasurementError
from zoobench.system.processes import run_program

_TAIL = 400
"""Characters of what a failed program printed that are shown."""
_CHATTER = ("[ INFO ]", "[Step ")
"""Beginnings of lines of `benchmark_app` that tell nothing of what went wrong."""
_SHOWN = 200
"""Characters of what was received that are shown."""
_HUNDREDTH_MILLISECOND = 1e-5
_LITERT_REPORT = "result.json"
_OPENVINO_REPORT = "benchmark_report.json"
_OPENVINO_TYPES = {"float32": "f32", "uint8": "u8", "int8": "i8", "int16": "i16"}
_OPENVINO_THREADS = re.compile(r"INFERENCE_NUM_THREADS:\s*(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetitions:
    """How often a file is run: `warmups` times, then `runs` times on the clock."""

    warmups: int
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a program is asked to time.

    Attributes:
        model: A TFLite file.
        input_type: Of its input, such as `float32`.
        threads: Of one invocation.
        repetitions: How often it is run.
        patience: Seconds after which the program is taken to hang.
    """

    model: Path
    input_type: str
    threads: int
    repetitions: Repetitions
    patience: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A benchmark program.

    Attributes:
        name: Of its executable.
        what: What it times, and how.
        install: How to get it.
        resolution_seconds: What it rounds its median to.
        arguments: Of a command and the folder that it may write to.
        median_seconds: Read from what it wrote to its report, and printed.
        report: File name of its report in that folder.
    """

    name: str
    what: str
    install: str
    resolution_seconds: float
    arguments: Callable[[Command, Path], Sequence[str]]
    median_seconds: Callable[[Any, str, Command], float]
    report: str


def find_program(name: str) -> Path | None:
    """Returns the executable: beside this Python, as an environment that was not activated has it, or on the path."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return Path(found) if found else None


def time_by(program: Program, executable: Path, command: Command) -> float:
    """Has a program time a file and returns the median that it tells, in seconds.

    It is ended with all that it started when it takes too long or this is interrupted.

    Raises:
        MeasurementError: If it fails, hangs, or tells something else than it was asked for.
    """
    with tempfile.TemporaryDirectory(prefix="zoobench-") as folder:
        words = [str(executable), *program.arguments(command, Path(folder))]
        printed = _printed(words, program.name, patience=command.patience)
        report = _read(Path(folder) / program.report, program.name, printed)
        return program.median_seconds(report, printed, command)


def _printed(words: Sequence[str], name: str, *, patience: float) -> str:
    status, printed = run_program(words, name=name, patience=patience)
    if status:
        ended = f"was killed by signal {-status}" if status < 0 else f"failed with status {status}"
        raise MeasurementError(f"{name} {ended}{_last_words(printed)}")
    return printed


def _read(path: Path, name: str, printed: str) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError:
        raise MeasurementError(f"{name} ended well but wrote no report{_last_words(printed)}") from None
    except (ValueError, RecursionError) as error:
        raise MeasurementError(f"{name} wrote a report that is no JSON ({error}); is it the version we know?") from None


def _last_words(printed: str) -> str:
    lines = (line for line in printed.splitlines() if not line.startswith(_CHATTER))
    said = " ".join(" ".join(lines).split())
    return f"; it printed: {said[-_TAIL:]}" if said else ""


def _litert_arguments(command: Command, folder: Path) -> Sequence[str]:
    return (
        *("--model", str(command.model)),
        *("--num_threads", str(command.threads)),
        *("--warmup_runs", str(command.repetitions.warmups)),
        *("--num_runs", str(command.repetitions.runs)),
        *("--result_json", str(folder / _LITERT_REPORT)),
    )


def _litert_median(report: Any, _printed: str, command: Command) -> float:
    latency = _part(report, "latency", "litert-benchmark")
    _expect(report, {"num_threads": command.threads}, "litert-benchmark")
    _expect(
        latency,
        {"num_runs": command.repetitions.runs, "num_warmup_runs": command.repetitions.warmups},
        "litert-benchmark",
    )
    return _milliseconds(latency, "median_ms", "litert-benchmark")


def _openvino_arguments(command: Command, folder: Path) -> Sequence[str]:
    """Returns arguments that leave nothing to its own choice.

    Of itself it takes several streams, bfloat16 where the processor has it, and uint8 images for a float32 input.
    """
    return (
        *("-m", str(command.model), "-d", "CPU", "-api", "sync", "-hint", "none", "-nstreams", "1"),
        *("-infer_precision", "f32", "-ip", _OPENVINO_TYPES.get(command.input_type, command.input_type)),
        *("-nthreads", str(command.threads), "-niter", str(command.repetitions.runs)),
        *("-report_type", "no_counters", "-json_stats", "-report_folder", str(folder)),
    )


def _openvino_median(report: Any, printed: str, command: Command) -> float:
    results = _part(report, "execution_results", "benchmark_app")
    _expect(results, {"total number of iterations": str(command.repetitions.runs)}, "benchmark_app")
    told = _OPENVINO_THREADS.search(printed)
    if told and int(told[1]) != command.threads:
        raise MeasurementError(f"benchmark_app used {told[1]} threads; {command.threads} were asked for")
    return _milliseconds(results, "latency (ms)", "benchmark_app")


def _part(report: Any, key: str, name: str) -> Mapping[str, Any]:
    part = report.get(key) if isinstance(report, dict) else None
    if not isinstance(part, dict):
        raise MeasurementError(f"{name}: received a report without {key!r}: {_brief(report)}")
    return part


def _expect(part: Mapping[str, Any], expected: Mapping[str, Any], name: str) -> None:
    for key, value in expected.items():
        if part.get(key) != value:
            raise MeasurementError(f"{name}: received {key} {_brief(part.get(key))}; {value} was asked for")


def _milliseconds(part: Mapping[str, Any], key: str, name: str) -> float:
    """Returns a time as seconds; both programs write milliseconds, one of them as text."""
    try:
        told = float(part[key])
    except (KeyError, TypeError, ValueError):
        told = math.nan
    if not 0 < told < math.inf:
        raise MeasurementError(f"{name}: received {key} {_brief(part.get(key))}; a time above 0 was expected")
    return told / 1e3


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


LITERT_BENCHMARK = Program(
    name="litert-benchmark",
    what="ai-edge-litert's program: CompiledModel, one random input",
    install="pip install 'ai-edge-litert>=2.3'",
    resolution_seconds=_HUNDREDTH_MILLISECOND,
    arguments=_litert_arguments,
    median_seconds=_litert_median,
    report=_LITERT_REPORT,
)
BENCHMARK_APP = Program(
    name="benchmark_app",
    what="OpenVINO's program: float32, one stream, one random input",
    install="pip install openvino",
    resolution_seconds=_HUNDREDTH_MILLISECOND,
    arguments=_openvino_arguments,
    median_seconds=_openvino_median,
    report=_OPENVINO_REPORT,
)
PROGRAMS = (LITERT_BENCHMARK, BENCHMARK_APP)
"""The programs that are asked, in the order in which they are shown."""
