"""Where in a results file are our blocks? Found without keeping anything else of the file in memory."""

import codecs
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from zoobench.errors import ResultsError
from zoobench.results.shape import brief, expect, unexpected

BLOCK = "zoobench"
"""The key of our block, in each benchmark's `extra_info` and at the top of a results file."""
LARGEST_FILE_BYTES = 500_000_000
"""A file is held in memory once while it is read: twice this is all that a small device has."""
LARGEST_BLOCK_BYTES = 16_000_000
"""Of one record; the predictions of a million test samples take half of it."""
LARGEST_VALUES = 5_000_000
"""Of all records of a file together; one has fewer than 200. Python takes up to 240 bytes for each."""

LARGEST_OBJECTS = 20_000_000
"""Of a whole file, as each could be a benchmark, which takes 40 bytes."""
_CHUNK_BYTES = 2**20


class _ExtraInfo(msgspec.Struct, gc=False):
    zoobench: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Benchmark(msgspec.Struct, gc=False):
    extra_info: _ExtraInfo | msgspec.UnsetType = msgspec.UNSET


class _Untimed(msgspec.Struct, gc=False):
    records: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _File(msgspec.Struct, gc=False):
    benchmarks: list[_Benchmark]
    zoobench: _Untimed | msgspec.UnsetType = msgspec.UNSET


def blocks(path: Path) -> Iterator[tuple[str, Any]]:
    """Yields our blocks in a results file with their places in it: timed cells first, then those without rounds.

    What is not ours (rounds, machine, other `extra_info`) has to be JSON, is passed over and takes no memory.

    Raises:
        ResultsError: If the file cannot be read, is too large, or is not in pytest-benchmark's format.
    """
    left = LARGEST_VALUES
    for where, raw in _raw_blocks(path):
        left -= values(bytes(raw))
        if left < 0:
            raise ResultsError(
                f"{path}: {where}: received more than {LARGEST_VALUES:,} values up to here; expected fewer than that "
                "in all records, as they would not fit into a small device's memory"
            )
        yield where, _parsed(raw, f"{path}: {where}")


def blocks_of(content: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    """Yields the same of a whole file's content, read before.

    Raises:
        ResultsError: If it is not in pytest-benchmark's format.
    """
    for index, benchmark in enumerate(expect(list, content.get("benchmarks"), f"{path}: benchmarks")):
        where = f"benchmarks[{index}]"
        extra = expect(dict, benchmark, f"{path}: {where}").get("extra_info", {})
        if BLOCK in expect(dict, extra, f"{path}: {where}.extra_info"):
            yield f"{where}.extra_info.{BLOCK}", extra[BLOCK]
    untimed = expect(dict, content.get(BLOCK, {}), f"{path}: {BLOCK}")
    for index, block in enumerate(expect(list, untimed.get("records", []), f"{path}: {BLOCK}.records")):
        yield f"{BLOCK}.records[{index}]", block


def values(content: bytes) -> int:
    """Returns an upper bound of the number of values in JSON: each stands behind one of these three."""
    return sum(map(content.count, (b",", b"[", b"{")))


def _raw_blocks(path: Path) -> Iterator[tuple[str, msgspec.Raw]]:
    content = _outline(path)
    for index, benchmark in enumerate(content.benchmarks):
        extra = benchmark.extra_info
        if extra is not msgspec.UNSET and extra.zoobench is not msgspec.UNSET:
            yield f"benchmarks[{index}].extra_info.{BLOCK}", extra.zoobench
    if content.zoobench is not msgspec.UNSET and content.zoobench.records is not msgspec.UNSET:
        yield from _untimed(content.zoobench.records, path)


def _untimed(records: msgspec.Raw, path: Path) -> Iterator[tuple[str, msgspec.Raw]]:
    where = f"{BLOCK}.records"
    if values(bytes(records)) > LARGEST_VALUES:
        raise ResultsError(f"{path}: {where}: received more than {LARGEST_VALUES:,} values; expected fewer")
    try:
        items = msgspec.json.decode(records, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        raise unexpected(f"{path}: {where}", _parsed(records, f"{path}: {where}"), "a list") from None
    for index, raw in enumerate(items):
        yield f"{where}[{index}]", raw


def _outline(path: Path) -> _File:
    content = b""
    try:
        content = file_content(path)
        _check_text(content)
        return msgspec.json.decode(content, type=_File)
    except msgspec.ValidationError as error:
        raise ResultsError(f"{path} is not in pytest-benchmark's format with zoobench's blocks: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        why = f"{error}{_excerpt(content, str(error))}"
        raise ResultsError(f"cannot read {path}: {why}. Expected a JSON file written by `pytest bench/`") from error


def file_content(path: Path) -> bytes:
    """Returns a file's bytes.

    Raises:
        OSError: If it cannot be read.
        ResultsError: If it is too large.
    """
    with path.open("rb") as handle:
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


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns a JSON object, and refuses one that has a key twice: readers differ in which they take.

    Raises:
        ValueError: As a JSON reader would; the message names the key.
    """
    content = {}
    for key, value in pairs:
        if key in content:
            raise ValueError(f"received the key {brief(key)} twice")
        content[key] = value
    return content


def _check_text(content: bytes) -> None:
    """Refuses what is no UTF-8, in the parts that are passed over too: it is the mark of a damaged file."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content) + 1, _CHUNK_BYTES):
        chunk = content[start : start + _CHUNK_BYTES]
        try:
            decoder.decode(chunk, final=start + len(chunk) == len(content))
        except UnicodeDecodeError as error:
            raise ValueError(f"it is not UTF-8 near byte {start + error.start}") from error


def _excerpt(content: bytes, message: str) -> str:
    """Returns what stands where a parser's message says that it stopped."""
    byte = re.search(r"\(byte (\d+)\)", message)
    return f": {brief(content[int(byte[1]) : int(byte[1]) + 20].decode(errors='replace'))}" if byte else ""


def _parsed(raw: msgspec.Raw, where: str) -> Any:
    content = bytes(raw)
    if len(content) > LARGEST_BLOCK_BYTES:
        raise ResultsError(f"{where}: received {len(content):,} bytes; expected at most {LARGEST_BLOCK_BYTES:,}")
    try:
        return json.loads(content.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{where}: {error}; expected a record as `pytest bench/` writes it") from error
