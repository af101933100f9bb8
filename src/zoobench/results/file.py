"""What stands in a results file, where is it, and where do new ones go?

The file is pytest-benchmark's, with our block in each benchmark's `extra_info` and one more at the top.
"""

import codecs
import itertools
import json
import os
import re
import select
import stat
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from zoobench.errors import ResultsError
from zoobench.results.checked import brief, members, once, parsed, read, values
from zoobench.system.files import disguise, open_file, write_bytes

_TRIAL_BYTES = 1 << 20
"""More than results of a few hundred cells."""
BLOCK = "zoobench"
"""The key of our block, in each benchmark's `extra_info` and at the top of a results file."""
LARGEST_FILE_BYTES = 500_000_000
"""A file is held in memory once while it is read: twice this is all that a small device has."""
LARGEST_BLOCK_BYTES = 16_000_000
"""Of one record; the predictions of a million test samples take half of it."""
LARGEST_VALUES = 5_000_000
"""Of all records of a file together; one has fewer than 200. Python takes up to 240 bytes for each."""
LARGEST_ROUNDS = 20_000_000
"""Of all benchmarks of a file together, which are kept in 8 bytes each; a file of 200 MB has 10 million."""
LARGEST_OBJECTS = 20_000_000
"""Of a whole file, as each could be a benchmark, which takes 100 bytes."""
_CHUNK_BYTES = 2**20
_PATIENCE_SECONDS = 10
_ADVICE = "see to space or name another artifacts folder"
_NUMBERED = re.compile(r"(\d{4,})_.*\.json")
_SAVED = re.compile(r"(\d{4,})_\d{8}-\d{6}\.json")
_WANTED = re.compile(
    rb'"(?:benchmarks|machine_info|commit_info|datetime|version|extra_info|stats|fullname|name|options|zoobench)"\s*:'
)
"""A key that is read, anywhere."""
_ESCAPED = re.compile(rb'\\u[0-9a-fA-F]{4}[^"\\]*"\s*:')
"""What may be one, from its last escape on: so a text of many escapes takes no longer than it is long."""

Part = msgspec.Raw | msgspec.UnsetType
"""Of a file; left as it stands there until it is wanted."""


class _ExtraInfo(msgspec.Struct, gc=False):
    zoobench: Part = msgspec.UNSET


class _Benchmark(msgspec.Struct, gc=False):
    name: Part = msgspec.UNSET
    fullname: Part = msgspec.UNSET
    stats: Part = msgspec.UNSET
    options: Part = msgspec.UNSET
    extra_info: _ExtraInfo | msgspec.UnsetType = msgspec.UNSET


class _Outline(msgspec.Struct, gc=False):
    benchmarks: list[_Benchmark]
    machine_info: Part = msgspec.UNSET
    commit_info: Part = msgspec.UNSET
    datetime: Part = msgspec.UNSET
    version: Part = msgspec.UNSET
    zoobench: Part = msgspec.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsFile:
    """A file that was found to be in pytest-benchmark's format, and not looked into any further.

    Attributes:
        about: What pytest-benchmark says of machine, commit, time and version, by its keys.
        block: Ours at the top, without the records; empty where there is none.
    """

    path: Path
    about: Mapping[str, Any]
    block: Mapping[str, Any]
    _benchmarks: list[_Benchmark]
    _untimed: Part

    def blocks(self) -> Iterator[tuple[str, Any]]:
        """Yields our records with their places: timed cells first, then those without rounds.

        Raises:
            ResultsError: If one is too large or cannot be read.
        """
        left = LARGEST_VALUES
        for place, raw in self._raw_blocks():
            content, where = bytes(raw), f"{self.path}: {place}"
            left -= values(content)
            if left < 0:
                raise ResultsError(
                    f"{where}: received more than {LARGEST_VALUES:,} values up to here; expected fewer than that in "
                    "all records, as they would not fit into a small device's memory"
                )
            if len(content) > LARGEST_BLOCK_BYTES:
                raise ResultsError(
                    f"{where}: received {len(content):,} bytes; expected at most {LARGEST_BLOCK_BYTES:,}"
                )
            yield place, parsed(content, where)

    def benchmarks(self) -> Iterator[tuple[str, dict[str, bytes]]]:
        """Yields JSON of names, statistics and options of each benchmark, as far as it has them, with its place.

        Raises:
            ResultsError: If the file has too many rounds.
        """
        left = LARGEST_ROUNDS
        for index, benchmark in enumerate(self._benchmarks):
            raws = {key: getattr(benchmark, key) for key in ("name", "fullname", "stats", "options")}
            found = {key: bytes(raw) for key, raw in raws.items() if raw is not msgspec.UNSET}
            sizes = [*map(values, found.values())]
            left -= sum(sizes)
            if left < 0 or max(sizes, default=0) > LARGEST_VALUES:
                raise ResultsError(
                    f"{self.path}: benchmarks[{index}]: received more than {LARGEST_ROUNDS:,} values up to here, or "
                    f"more than {LARGEST_VALUES:,} in it, which would not fit into a small device's memory; measure "
                    "fewer cells or rounds in one run"
                )
            yield f"benchmarks[{index}]", found

    def _raw_blocks(self) -> Iterator[tuple[str, msgspec.Raw]]:
        for index, benchmark in enumerate(self._benchmarks):
            extra = benchmark.extra_info
            if extra is not msgspec.UNSET and extra.zoobench is not msgspec.UNSET:
                yield place_of_block(f"benchmarks[{index}]"), extra.zoobench
        if self._untimed is not msgspec.UNSET:
            place = f"{BLOCK}.records"
            for index, raw in enumerate(read(list[msgspec.Raw], bytes(self._untimed), f"{self.path}: {place}")):
                yield f"{place}[{index}]", raw


def place_of_block(benchmark: str) -> str:
    """Returns where our record stands in a benchmark, by the benchmark's place."""
    return f"{benchmark}.extra_info.{BLOCK}"


def read_file(path: Path) -> ResultsFile:
    """Returns where all stands in a file in pytest-benchmark's format.

    What is not read (rounds of others, their `extra_info`) has to be JSON and takes no memory beside the file.

    Raises:
        ResultsError: If the file cannot be read, is too large, is not in that format, or has a key twice.
    """
    content = b""
    try:
        content = _bytes(path).removeprefix(codecs.BOM_UTF8)  # which editors on Windows write
        _check_text(content)
        outline = msgspec.json.decode(content, type=_Outline)
        found = list(_set_fields(outline))
        _check_once(content, [one for one in found if isinstance(one, msgspec.Raw)], expected=len(found))
    except msgspec.ValidationError as error:
        raise ResultsError(f"{path} is not in pytest-benchmark's format with zoobench's blocks: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        byte = re.search(r"\(byte (\d+)\)", str(error))
        text = f": {brief(content[int(byte[1]) : int(byte[1]) + 20].decode(errors='replace'))}" if byte else ""
        why = disguise(content) or f"{error}{text}. Expected a JSON file written by `pytest bench/`"
        raise ResultsError(f"cannot read {path}: {why}") from error
    about = {key: getattr(outline, key) for key in ("machine_info", "commit_info", "datetime", "version")}
    block = members(_few(outline.zoobench, f"{path}: {BLOCK}"), f"{path}: {BLOCK}")
    untimed = block.pop("records", msgspec.UNSET)
    return ResultsFile(
        path=path,
        about=_free(about, f"{path}: "),
        block=_free(block, f"{path}: {BLOCK}."),
        _benchmarks=outline.benchmarks,
        _untimed=untimed,
    )


def _piped(path: Path) -> IO[bytes]:
    """Opens a pipe, as of a shell's `<(...)`, if somebody writes into it."""
    handle = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    if not waiting.poll(1000 * _PATIENCE_SECONDS):
        handle.close()
        raise ResultsError(f"{path} is a pipe into which nobody wrote for {_PATIENCE_SECONDS} s; name a file")
    os.set_blocking(handle.fileno(), True)
    return handle


def _bytes(path: Path) -> bytes:
    with _piped(path) if stat.S_ISFIFO(path.stat().st_mode) else open_file(path) as handle:
        status = os.fstat(handle.fileno())
        is_file = stat.S_ISREG(status.st_mode)  # a pipe has no size
        size = status.st_size if is_file else LARGEST_FILE_BYTES
        content = handle.read(size + 1) if size <= LARGEST_FILE_BYTES else b""
    if max(size if is_file else 0, len(content)) > LARGEST_FILE_BYTES:
        raise ResultsError(
            f"{path} holds more than {LARGEST_FILE_BYTES:,} bytes, which would not fit into a small device's memory; "
            "measure fewer cells or rounds in one run"
        )
    if content.count(b"{") > LARGEST_OBJECTS:
        raise ResultsError(
            f"{path} holds more than {LARGEST_OBJECTS:,} objects, which might not fit into a small device's memory; "
            "keep what is not zoobench's in a file of its own"
        )
    return content


def _check_text(content: bytes) -> None:
    """Refuses what is no UTF-8, in the parts that are passed over too: it is the mark of a damaged file."""
    if content.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content) + 1, _CHUNK_BYTES):
        chunk = content[start : start + _CHUNK_BYTES]
        try:
            decoder.decode(chunk, final=start + len(chunk) == len(content))
        except UnicodeDecodeError as error:
            raise ValueError(f"it is not UTF-8 near byte {start + error.start}") from error


def _check_once(content: bytes, parts: Collection[msgspec.Raw], *, expected: int) -> None:
    """Refuses JSON in which a key that is read stands twice in one object: readers differ in which they take.

    A wanted key in what is passed over is rare, as is an escape in a key, and only then all is looked through.
    `expected` of them were found outside of the parts, each of which sees to itself.
    """
    for pattern, outside in ((_WANTED, expected), (_ESCAPED, 0)):
        if pattern is _ESCAPED and b"\\u" not in content:
            continue
        inside = sum(sum(1 for _ in pattern.finditer(memoryview(part))) for part in parts)
        if sum(1 for _ in pattern.finditer(content)) != inside + outside:
            if values(content) > LARGEST_ROUNDS:
                raise ValueError(
                    f"received more than {LARGEST_ROUNDS:,} values, and keys of ours in places that are not"
                )
            json.loads(content, object_pairs_hook=once)


def _set_fields(outline: msgspec.Struct) -> Iterator[Any]:
    for name in outline.__struct_fields__:
        value = getattr(outline, name)
        if value is not msgspec.UNSET:
            yield value
            for inner in value if isinstance(value, list) else (value,):
                if isinstance(inner, msgspec.Struct):
                    yield from _set_fields(inner)


def _few(part: Part, where: str) -> bytes:
    """Returns a part as it stands, `{}` for none, unless it is too large to be read whole."""
    content = b"{}" if part is msgspec.UNSET else bytes(part)
    if values(content) > LARGEST_VALUES:
        raise ResultsError(f"{where}: received more than {LARGEST_VALUES:,} values; expected fewer")
    return content


def _free(parts: Mapping[str, Part], where: str) -> dict[str, Any]:
    return {
        key: parsed(_few(part, f"{where}{key}"), f"{where}{key}")
        for key, part in parts.items()
        if part is not msgspec.UNSET
    }


def check_writable(folder: Path) -> None:
    """Refuses a folder that results could not be written into, before anything is measured.

    Raises:
        ResultsError: If it cannot be made, or a file as large as results are cannot be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".results-", suffix=".json.part", dir=folder) as trial:
            trial.write(bytes(_TRIAL_BYTES))
            trial.flush()
    except OSError as error:
        raise ResultsError(
            f"results could not be written into {folder}: {error.strerror}; nothing was measured. Give another folder "
            "with --zoo-artifacts, another name with --zoo-machine, or free some space"
        ) from error


def reserve_results_path(folder: Path, *, now: datetime) -> Path:
    """Returns a new, empty file in a folder, numbered as pytest-benchmark numbers its own: `0007_20261123-203300.json`.

    Two runs that ask at once get two files.

    Raises:
        ResultsError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(match.group(1)) for path in folder.iterdir() if (match := _NUMBERED.fullmatch(path.name))]
        for number in itertools.count(max(numbers, default=0) + 1):
            path = folder / f"{number:04}_{now:%Y%m%d-%H%M%S}.json"
            with suppress(FileExistsError):
                path.touch(exist_ok=False)
                break
    except OSError as error:
        raise ResultsError(f"cannot make a results file in {folder}: {error}; {_ADVICE}") from error
    return path


def series(folder: Path) -> Iterator[list[Path]]:
    """Yields the results files of one machine's folder in series, each newest first, without those not yet written.

    Files that are called as they were saved are one series by their numbers. A file that somebody renamed, or put
    there, is one of its own: its number may be of another run.
    """
    files = [path for path in sorted(folder.glob("[!.]*.json")) if path.is_file() and path.stat().st_size]
    saved = {path: int(match.group(1)) for path in files if (match := _SAVED.fullmatch(path.name))}
    yield sorted(saved, key=saved.__getitem__, reverse=True)
    yield from ([path] for path in files if path not in saved)


def machine_folders(folder: Path) -> list[Path]:
    """Returns the folders in `artifacts/results`, one for each name that a machine had."""
    return [one for one in sorted(folder.glob("*")) if one.is_dir()]


def number_of(path: Path) -> int | None:
    """Returns the number that a file's name begins with, as those of runs do."""
    number, _, _ = path.name.partition("_")
    return int(number) if number.isdecimal() else None


def is_numbered(path: Path) -> bool:
    """Tells whether a file's name begins with the number of a run."""
    return _NUMBERED.fullmatch(path.name) is not None


def write_results(path: Path, content: Mapping[str, Any]) -> None:
    """Writes results in pytest-benchmark's format atomically.

    Raises:
        ResultsError: If they cannot be written.
    """
    try:
        write_bytes(path, json.dumps(content, default=str, allow_nan=False, indent=1).encode())
    except (OSError, ValueError) as error:
        with suppress(OSError):
            if path.stat().st_size == 0:  # reserved and never filled: it would be taken for a run's results
                path.unlink()
        raise ResultsError(f"cannot write results to {path}: {error}; {_ADVICE}") from error
