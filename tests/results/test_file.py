"""Are our blocks found in any file, in little memory, and is what is no results file refused?"""

import codecs
import errno
import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from damage import BARE, FULL, VALID, changed, results
from elsewhere import IS_LINUX
from zoobench.errors import ResultsError
from zoobench.results import file
from zoobench.results.file import check_writable, read_file, reserve_results_path, series, write_results
from zoobench.results.schema import to_json

EXPECTED = "Expected a JSON file written by `pytest bench/`"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "0001_results.json"


def blocks(path: Path) -> list[tuple[str, Any]]:
    return list(read_file(path).blocks())


def refusal(path: Path, content: bytes | Any) -> str:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ResultsError) as caught:
        blocks(path)
    return str(caught.value)


def test_timed_blocks_come_before_those_without_rounds_and_others_are_passed_over(path: Path) -> None:
    others = [{"name": "test_other", "extra_info": {}}, {"name": "test_another"}]
    path.write_text(json.dumps({**VALID, "benchmarks": [*VALID["benchmarks"], *others]}))
    assert blocks(path) == [
        ("benchmarks[0].extra_info.zoobench", to_json(FULL)),
        ("zoobench.records[0]", to_json(BARE)),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Input data was truncated"),
        (b"nonsense", "JSON is malformed: invalid character (byte 4): 'ense'"),
        (b'{"benchmarks": [', "Input data was truncated"),
        (b'{"benchmarks": [], "loss": NaN}', "JSON is malformed: invalid character (byte 27): 'NaN}'"),
        (b'{"benchmarks": [], "loss": -Infinity}', "JSON is malformed: invalid character (byte 28): 'Infinity}'"),
        (b'{"benchmarks": []} {}', "JSON is malformed: trailing characters (byte 20): '}'"),
        (b'{"benchmarks": [], "name": "\\udcff"}', "JSON is malformed: invalid utf-16 surrogate pair (byte 34): '\"}'"),
    ],
)
def test_a_file_that_is_not_json_is_refused(path: Path, content: bytes, why: str) -> None:
    assert refusal(path, content) == f"cannot read {path}: {why}. {EXPECTED}"


HARD = (
    *(
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf{}",
        b'"\xc3"',
        b"\x00",
        b"\\",
        b'"',
        b"-",
        b"1e",
        b"[[",
        b'{"benchmarks"',
        b"{,}",
    ),
    *(b"1" * 5000, b'{"benchmarks": ' + b"[" * 100_000, b'{"x": ' + b'{"x": ' * 100_000, b"[" * 100_000),
)


@pytest.mark.parametrize("content", HARD, ids=range(len(HARD)))
def test_bytes_that_are_hard_to_read_are_refused(path: Path, content: bytes) -> None:
    found = refusal(path, content)
    assert str(path) in found
    assert len(found) < len(str(path)) + 200


@pytest.mark.parametrize(
    "name", ["missing.json", "", "nul\0.json", "x" * 300], ids=["missing", "folder", "nul", "long"]
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ResultsError, match=rf"^cannot read (?s:.*)\. {EXPECTED}$"):
        blocks(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([], "Expected `object`, got `array`"),
        (5, "Expected `object`, got `int`"),
        ({}, "Object missing required field `benchmarks`"),
        ({"benchmarks": None}, "Expected `array`, got `null` - at `$.benchmarks`"),
        ({"benchmarks": [5]}, "Expected `object`, got `int` - at `$.benchmarks[0]`"),
        ({"benchmarks": [{"extra_info": []}]}, "Expected `object`, got `array` - at `$.benchmarks[0].extra_info`"),
        ({"benchmarks": [], "zoobench": []}, "zoobench: received []; expected an object"),
        (changed(("zoobench", "records"), 5), "zoobench.records: received 5; expected a list"),
    ],
)
def test_json_of_another_kind_is_refused_with_its_place(path: Path, content: Any, why: str) -> None:
    found = refusal(path, content)
    assert str(path) in found
    assert why in found


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b'{"benchmarks": [], "b\\u0065nchmarks": []}', "benchmarks"),
        (b'{"benchmarks": [{"extra_info": {"\\u007aoobench": {}, "zoobench": {}}}]}', "zoobench"),
        (b'{"benchmarks": [], "benchmarks": []}', "benchmarks"),
        (b'{"benchmarks": [], "zoobench": {"cells": [], "cells": []}}', "cells"),
        (b'{"benchmarks": [], "zoobench": {"records": [], "records": []}}', "records"),
        (b'{"benchmarks": [], "zoobench": {"baseline": {"name": 1, "name": 2}}}', "name"),
        (b'{"benchmarks": [{"stats": {}, "stats" : {}}]}', "stats"),
        (b'{"benchmarks": [{"extra_info": {"zoobench": {}, "zoobench": {}}}]}', "zoobench"),
        (b'{"benchmarks": [], "machine_info": {"cpu": 1, "cpu": 2}}', "cpu"),
    ],
)
def test_a_key_that_stands_twice_is_refused_wherever_it_is_read(path: Path, content: bytes, key: str) -> None:
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=f"received the key '{key}' twice"):
        list(read_file(path).benchmarks())


def test_keys_of_ours_in_other_places_are_no_doubles(path: Path) -> None:
    other = '"params": {"stats": 1, "name": {"zoobench": 2}, "b\\u0065nchmarks": 3, "\\u00e9": 4}'
    path.write_text(f'{{"benchmarks": [{{{other}, "name": "a", "stats": {{}}}}]}}')
    assert list(read_file(path).benchmarks()) == [("benchmarks[0]", {"name": b'"a"', "stats": b"{}"})]


def test_more_rounds_than_memory_holds_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LARGEST_ROUNDS", 100)
    for count in (40, 60):
        path.write_text(json.dumps({"benchmarks": [{"name": "a", "stats": {"data": [1] * count}}] * 2}))
        if count < 50:
            assert len(list(read_file(path).benchmarks())) == 2
            continue
        with pytest.raises(ResultsError, match=r"benchmarks\[1\]: received more than 100 values up to here"):
            list(read_file(path).benchmarks())


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "received the key 'c' twice"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit (4300"),
    ],
)
def test_a_block_that_python_cannot_read_is_refused_with_its_place(path: Path, block: bytes, why: str) -> None:
    content = b'{"benchmarks": [{"extra_info": {"zoobench": ' + block + b"}}]}"
    assert refusal(path, content).startswith(f"{path}: benchmarks[0].extra_info.zoobench: {why}")


@pytest.mark.parametrize("start", [0, 2**20 - 27, 2**20 - 26, 2**20 - 25, 2**21])
def test_bytes_that_are_no_text_are_refused_wherever_they_stand(path: Path, start: int) -> None:
    padding, whole = b" " * start, "é".encode()
    path.write_bytes(padding + b'{"benchmarks": [], "a": "' + whole + b'"}')
    assert blocks(path) == []
    for broken in (whole[:1], whole[1:], b"\xff", b"\xed\xa0\x80"):
        found = refusal(path, padding + b'{"benchmarks": [], "a": "' + broken + b'"}')
        assert found.startswith(f"cannot read {path}: it is not UTF-8 near byte ")
        assert abs(int(found.split("near byte ")[1].split(".")[0]) - (start + 25)) < 4


def test_a_file_that_is_too_large_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(json.dumps(VALID))
    monkeypatch.setattr(file, "LARGEST_FILE_BYTES", path.stat().st_size)
    assert len(blocks(path)) == 2
    monkeypatch.setattr(file, "LARGEST_FILE_BYTES", 1_000)
    assert f"{path} holds more than 1,000 bytes, which would not fit" in refusal(path, VALID)


def test_a_pipe_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LARGEST_FILE_BYTES", 1_000)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"0" * 2_000,))
    writer.start()
    with pytest.raises(ResultsError, match=f"{pipe} holds more than 1,000 bytes"):
        blocks(pipe)
    writer.join()


def test_a_block_that_is_too_large_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(json.dumps(to_json(FULL)))
    monkeypatch.setattr(file, "LARGEST_BLOCK_BYTES", size)
    path.write_text(json.dumps(VALID))
    assert len(blocks(path)) == 2
    monkeypatch.setattr(file, "LARGEST_BLOCK_BYTES", size - 1)
    why = f"benchmarks[0].extra_info.zoobench: received {size:,} bytes; expected at most {size - 1:,}"
    assert refusal(path, VALID) == f"{path}: {why}"


def test_more_values_than_memory_holds_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LARGEST_VALUES", 150)
    assert "received more than 150 values up to here" in refusal(path, results(to_json(FULL), *[[0] * 20] * 10))
    assert "zoobench: received more than 150 values" in refusal(path, results(untimed=([0] * 200,)))


def test_more_benchmarks_than_memory_holds_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LARGEST_OBJECTS", 100)
    assert refusal(path, {"benchmarks": [{}] * 100}).startswith(f"{path} holds more than 100 objects, which might not")


MEASURED = """
import resource, sys
from pathlib import Path
from zoobench.results.run import read_recorded
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read = len(read_recorded(Path(sys.argv[1])).records)
print(read, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.skipif(not IS_LINUX, reason="ru_maxrss is in kB on Linux alone")
@pytest.mark.parametrize("monster", ["rounds", "lists", "numbers", "texts"])
def test_a_file_of_twenty_megabytes_takes_hardly_more_memory_than_its_size(path: Path, monster: str) -> None:
    blocks_written = [
        {**to_json(FULL), "cell": {**to_json(FULL)["cell"], "backbone": str(i), "id": f"{i}-integer_only-litert-t1"}}
        for i in range(200)
    ]
    content = results(*blocks_written)
    if monster == "rounds":
        for benchmark in content["benchmarks"]:
            benchmark["stats"] = {"data": [0.004 + i * 1e-9 for i in range(-3_500, 3_501)]}
    else:
        value: Any = {"lists": [], "numbers": 1.5, "texts": "ab"}[monster]
        content["benchmarks"][0]["extra_info"]["other"] = [value] * 4_000_000
    path.write_text(json.dumps(content))
    size = path.stat().st_size
    assert size > 15_000_000
    done = subprocess.run([sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True)
    read, grown = map(int, done.stdout.split())
    assert read == 200
    assert grown < 1.5 * size


NOW = datetime(2026, 11, 23, 20, 33, 0)


@pytest.mark.parametrize(
    ("there", "number"),
    [
        ((), "0001"),
        (("0001_a.json", "0007_20260101-000000.json"), "0008"),
        (("0009.json", "notes_0009.json", "009_short.json", "0009_x.txt", "baseline.json", "0002_a.json"), "0003"),
        (("9999_a.json", "10000_b.json"), "10001"),
    ],
)
def test_a_new_file_follows_the_highest_number_there(tmp_path: Path, there: Sequence[str], number: str) -> None:
    for name in there:
        (tmp_path / name).write_text("{}")
    for following in (number, f"{int(number) + 1:04}"):  # as where two runs ask at once
        path = reserve_results_path(tmp_path, now=NOW)
        assert (path.name, path.read_bytes()) == (f"{following}_20261123-203300.json", b"")


def test_results_are_written_as_json_with_dates_as_text(tmp_path: Path) -> None:
    path = tmp_path / "results" / "machine" / "0001_x.json"
    write_results(path, {"benchmarks": [], "datetime": NOW})
    assert json.loads(path.read_text()) == {"benchmarks": [], "datetime": "2026-11-23 20:33:00"}


def test_what_cannot_be_written_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "0001_x.json"
    with pytest.raises(ResultsError, match=rf"^cannot write results to {path}: Out of range float.*; see to space or"):
        write_results(path, {"median": float("nan")})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"cannot write results to .*0001_x\.json: .*; see to space or"):
        write_results(tmp_path / "file" / "0001_x.json", {})
    with pytest.raises(ResultsError, match=r"^cannot make a results file in .*; see to space or name another"):
        reserve_results_path(tmp_path / "file" / "machine", now=NOW)


def test_files_as_saved_go_by_their_numbers_and_each_other_file_alone(tmp_path: Path) -> None:
    saved = ("0002_20261124-203300.json", "0010_20261123-203300.json", "0009_20261125-010000.json")
    for name in (*saved, "0011_before.json", "mine.json", ".0012_20261125-000000.json.x.part", "notes.txt"):
        (tmp_path / name).write_text("{}")
    reserve_results_path(tmp_path, now=NOW)  # of a run that has not measured anything yet
    found = [[path.name for path in one] for one in series(tmp_path)]
    assert found == [[saved[1], saved[2], saved[0]], ["0011_before.json"], ["mine.json"]]


def test_a_long_text_of_escapes_takes_no_longer_than_it_is_long(tmp_path: Path) -> None:
    """A megabyte of them took minutes where each was looked on from to the end of the text."""
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"benchmarks": [], "machine_info": {}, "note": "é" * 200_000}))
    assert read_file(path).benchmarks() is not None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            "Git LFS.*git lfs pull",
        ),
        (gzip.compress(b"{}", mtime=0), "compressed by gzip"),
        ('{"benchmarks": []}'.encode("utf-16"), "UTF-16"),
        (b'{\n<<<<<<< HEAD\n"benchmarks": []}', "unfinished merge"),
        (b"<!doctype html><title>Sign in</title>", "a web page"),
        (b"PK\x03\x04 and so on", "a ZIP archive"),
    ],
)
def test_what_git_packers_and_windows_leave_is_named_with_what_to_do(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=rf"cannot read .*results\.json: it .*{message}"):
        read_file(path)


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(codecs.BOM_UTF8 + b'{"benchmarks": [], "version": "5.3.1"}')
    assert read_file(path).about["version"] == "5.3.1"


def test_a_folder_that_results_cannot_be_written_into_is_refused_before_and_nothing_is_left_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_writable(tmp_path / "machine")
    assert list((tmp_path / "machine").iterdir()) == []
    (tmp_path / "file").touch()
    told = "could not be written into .*; nothing was measured. Give another folder with --zoo-artifacts"
    for folder in (tmp_path / "file" / "machine", tmp_path / ("x" * 300)):
        with pytest.raises(ResultsError, match=told):
            check_writable(folder)

    def full(*_: Any, **_options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    with pytest.raises(ResultsError, match="No space left on device; nothing was measured"):
        check_writable(tmp_path / "machine")
