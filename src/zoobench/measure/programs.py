"""How long does a file take by benchmark programs that are not ours? They are run, and read strictly."""

import json
import math
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoobench.errors import MeasurementError
from zoobench.system.keeper import temporary_folder
from zoobench.system.processes import run_program
from zoobench.tflite.ports import Port

RESOLUTION_SECONDS = 1e-5
"""What both programs round their median to: a hundredth of a millisecond."""
_TAIL = 400
"""Characters of what a failed program printed that are shown."""
_CHATTER = ("[ INFO ]", "[Step ")
"""Beginnings of lines of `benchmark_app` that tell nothing of what went wrong."""
_SHOWN = 200
"""Characters of what was received that are shown."""
_OPENVINO_TYPES = {
    **{f"float{bits}": f"f{bits}" for bits in (16, 32, 64)},
    **{f"{sign}int{bits}": f"{sign or 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": "boolean",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetitions:
    """How often a file is run: `warmups` times, then `runs` times on the clock."""

    warmups: int
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A benchmark program.

    Texts hold `{model}`, `{openvino_type}` and `{shape}` (of its input), `{threads}`, `{warmups}`, `{runs}`, and
    `{folder}`, in which the program may write.

    Attributes:
        what: What it times, and how.
        install: How to get it.
        arguments: Words.
        report: File name of its report in the folder.
        part: Of the report, in which is what it measured.
        median: Name of its median in that part, in milliseconds.
        echo: What else the report says that it was asked for, by name.
        printed_threads: Pattern of the number of threads in what it prints, if it prints one.
    """

    name: str
    what: str
    install: str
    arguments: str
    report: str
    part: str
    median: str
    echo: Mapping[str, str]
    printed_threads: str = r"(?!)(\d+)"


LITERT_BENCHMARK = Program(
    name="litert-benchmark",
    what="ai-edge-litert's program: CompiledModel, one random input",
    install="pip install 'ai-edge-litert>=2.3'",
    arguments="--model {model} --num_threads {threads} --warmup_runs {warmups} --num_runs {runs} "
    "--result_json {folder}/result.json",
    report="result.json",
    part="latency",
    median="median_ms",
    echo={"num_threads": "{threads}", "num_runs": "{runs}", "num_warmup_runs": "{warmups}"},
)
BENCHMARK_APP = Program(
    name="benchmark_app",
    what="OpenVINO's program: float32, one stream, one random input",
    install="pip install openvino",
    # of itself it takes several streams, bfloat16 where the processor has it, uint8 images for a float32 input, and no
    # batch that is left open
    arguments="-m {model} -shape {shape} -d CPU -api sync -hint none -nstreams 1 -infer_precision f32 "
    "-ip {openvino_type} -nthreads {threads} -niter {runs} -report_type no_counters -json_stats "
    "-report_folder {folder}",
    report="benchmark_report.json",
    part="execution_results",
    median="latency (ms)",
    echo={"total number of iterations": "{runs}"},
    printed_threads=r"INFERENCE_NUM_THREADS:\s*(\d+)",
)
PROGRAMS = (LITERT_BENCHMARK, BENCHMARK_APP)
"""The programs that are asked, in the order in which they are shown."""


def find_program(name: str) -> Path | None:
    """Returns the executable: beside this Python, as an environment that was not activated has it, or on the path."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return Path(found) if found else None


def time_by(
    program: Program,
    executable: Path,
    model: Path,
    *,
    taken: Port,
    threads: int,
    repetitions: Repetitions,
    patience: float,
) -> float:
    """Has a program time a TFLite file and returns the median that it tells, in seconds.

    `taken` is the file's input. A program that takes longer than `patience` seconds is taken to
    hang; it is ended with all that it started then, or when this is interrupted.

    Raises:
        MeasurementError: If it fails, hangs, or tells something else than it was asked for.
    """
    asked: dict[str, object] = {
        "model": model,
        "openvino_type": _OPENVINO_TYPES.get(taken.dtype.name, taken.dtype.name),
        "shape": f"[{','.join(map(str, taken.shape))}]",
        "threads": threads,
        "warmups": repetitions.warmups,
        "runs": repetitions.runs,
    }
    with temporary_folder() as folder:
        words = [word.format(folder=folder, **asked) for word in program.arguments.split()]
        status, printed = run_program([str(executable), *words], name=program.name, patience=patience)
        if status:
            ended = f"was killed by signal {-status}" if status < 0 else f"failed with status {status}"
            raise MeasurementError(f"{program.name} {ended}{_last_words(printed)}")
        try:
            report = json.loads((folder / program.report).read_bytes())
        except OSError:
            raise MeasurementError(f"{program.name} ended well but wrote no report{_last_words(printed)}") from None
        except (ValueError, RecursionError) as error:
            raise MeasurementError(
                f"{program.name} wrote a report that is no JSON ({error}); is it the version we know?"
            ) from None
    return _median(program, report, printed, asked)


def _median(program: Program, report: Any, printed: str, asked: Mapping[str, object]) -> float:
    """Returns the median of a report, in seconds, if it is of what was asked for."""
    part = report.get(program.part) if isinstance(report, dict) else None
    if not isinstance(part, dict):
        raise MeasurementError(f"{program.name}: received a report without {program.part!r}: {_brief(report)}")
    for key, value in program.echo.items():
        received, expected = {**report, **part}.get(key), value.format(**asked)
        if str(received) != expected:
            raise MeasurementError(f"{program.name}: received {key} {_brief(received)}; {expected} was asked for")
    used = re.search(program.printed_threads, printed)
    if used and used[1] != str(asked["threads"]):
        raise MeasurementError(f"{program.name} used {used[1]} threads; {asked['threads']} were asked for")
    try:
        milliseconds = float(part[program.median])  # one of the programs writes it as text
    except (KeyError, TypeError, ValueError):
        milliseconds = math.nan
    if not 0 < milliseconds < math.inf:
        received = _brief(part.get(program.median))
        raise MeasurementError(f"{program.name}: received {program.median} {received}; a time above 0 was expected")
    return milliseconds / 1e3


def _last_words(printed: str) -> str:
    lines = (line for line in printed.splitlines() if not line.startswith(_CHATTER))
    said = " ".join(" ".join(lines).split())
    return f"; it printed: {said[-_TAIL:]}" if said else ""


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
