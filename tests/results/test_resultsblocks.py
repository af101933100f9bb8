"""Are our blocks found in any file, in little memory, and is what is no results file refused?"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from damage import BARE, FULL, VALID, changed, results
from zoobench.errors import ResultsError
from zoobench.results import resultsblocks
from zoobench.results.record import to_json
from zoobench.results.resultsblocks import blocks, blocks_of

EXPECTED = "Expected a JSON file written by `pytest bench/`"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "0001_results.json"


def refusal(path: Path, content: bytes | Any) -> str:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ResultsError) as caught:
        list(blocks(path))
    return str(caught.value)


def test_timed_blocks_come_before_those_without_rounds(path: Path) -> None:
    path.write_text(json.dumps(VALID))
    assert list(blocks(path)) == [
        ("benchmarks[0].extra_info.zoobench", to_json(FULL)),
        ("zoobench.records[0]", to_json(BARE)),
    ]


def test_benchmarks_that_are_not_ours_are_passed_over(path: Path) -> None:
    content = results(to_json(FULL))
    content["benchmarks"] += [{"name": "test_other", "extra_info": {}}, {"name": "test_another"}]
    path.write_text(json.dumps(content))
    assert [where for where, _ in blocks(path)] == ["benchmarks[0].extra_info.zoobench"]


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(json.dumps(VALID),))
    writer.start()
    assert len(list(blocks(pipe))) == 2
    writer.join()


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


@pytest.mark.parametrize(
    "content",
    [
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
    ],
)
def test_bytes_that_are_hard_to_read_are_refused(path: Path, content: bytes) -> None:
    found = refusal(path, content)
    assert str(path) in found
    assert len(found) < len(str(path)) + 200


@pytest.mark.parametrize(
    "name", ["missing.json", "", "nul\0.json", "x" * 300], ids=["missing", "folder", "nul", "long"]
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ResultsError, match=rf"^cannot read (?s:.*)\. {EXPECTED}$"):
        list(blocks(tmp_path / name))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([], "Expected `object`, got `array`"),
        (5, "Expected `object`, got `int`"),
        ({}, "Object missing required field `benchmarks`"),
        ({"benchmarks": None}, "Expected `array`, got `null` - at `$.benchmarks`"),
        ({"benchmarks": [5]}, "Expected `object`, got `int` - at `$.benchmarks[0]`"),
        ({"benchmarks": [{"extra_info": []}]}, "Expected `object`, got `array` - at `$.benchmarks[0].extra_info`"),
        ({"benchmarks": [], "zoobench": []}, "Expected `object`, got `array` - at `$.zoobench`"),
    ],
)
def test_json_of_another_kind_is_refused_with_its_place(path: Path, content: Any, why: str) -> None:
    assert refusal(path, content) == f"{path} is not in pytest-benchmark's format with zoobench's blocks: {why}"


def test_records_that_are_no_list_are_refused(path: Path) -> None:
    assert (
        refusal(path, changed(("zoobench", "records"), 5)) == f"{path}: zoobench.records: received 5; expected a list"
    )


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "received the key 'c' twice"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit (4300 digits) for integer string conversion: "),
    ],
)
def test_a_block_that_python_cannot_read_is_refused_with_its_place(path: Path, block: bytes, why: str) -> None:
    content = b'{"benchmarks": [{"extra_info": {"zoobench": ' + block + b"}}]}"
    assert refusal(path, content).startswith(f"{path}: benchmarks[0].extra_info.zoobench: {why}")


@pytest.mark.parametrize("start", [0, 2**20 - 27, 2**20 - 26, 2**20 - 25, 2**21])
def test_bytes_that_are_no_text_are_refused_wherever_they_stand(path: Path, start: int) -> None:
    padding, whole = b" " * start, "é".encode()
    path.write_bytes(padding + b'{"benchmarks": [], "a": "' + whole + b'"}')
    assert list(blocks(path)) == []
    for broken in (whole[:1], whole[1:], b"\xff", b"\xed\xa0\x80"):
        found = refusal(path, padding + b'{"benchmarks": [], "a": "' + broken + b'"}')
        assert found.startswith(f"cannot read {path}: it is not UTF-8 near byte ")
        assert abs(int(found.split("near byte ")[1].split(".")[0]) - (start + 25)) < 4


def test_a_file_that_is_too_large_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(json.dumps(VALID))
    monkeypatch.setattr(resultsblocks, "LARGEST_FILE_BYTES", path.stat().st_size)
    assert len(list(blocks(path))) == 2
    monkeypatch.setattr(resultsblocks, "LARGEST_FILE_BYTES", 1_000)
    assert refusal(path, VALID) == (
        f"{path} holds more than 1,000 bytes, which would not fit into a small device's memory; "
        "measure fewer cells or rounds in one run"
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless file here")
def test_a_file_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resultsblocks, "LARGEST_FILE_BYTES", 1_000)
    with pytest.raises(ResultsError, match="/dev/zero holds more than 1,000 bytes"):
        list(blocks(Path("/dev/zero")))


def test_a_block_that_is_too_large_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(json.dumps(to_json(FULL)))
    monkeypatch.setattr(resultsblocks, "LARGEST_BLOCK_BYTES", size)
    path.write_text(json.dumps(VALID))
    assert len(list(blocks(path))) == 2
    monkeypatch.setattr(resultsblocks, "LARGEST_BLOCK_BYTES", size - 1)
    why = f"benchmarks[0].extra_info.zoobench: received {size:,} bytes; expected at most {size - 1:,}"
    assert refusal(path, VALID) == f"{path}: {why}"


def test_more_values_than_memory_holds_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resultsblocks, "LARGEST_VALUES", 150)
    assert "received more than 150 values up to here" in refusal(path, results(to_json(FULL), *[[0] * 20] * 10))
    assert "zoobench.records: received more than 150 values" in refusal(path, results(untimed=([0] * 200,)))


def test_more_benchmarks_than_memory_holds_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resultsblocks, "LARGEST_OBJECTS", 100)
    assert refusal(path, {"benchmarks": [{}] * 100}).startswith(f"{path} holds more than 100 objects, which might not")


MEASURED = """
import resource, sys
from pathlib import Path
from zoobench.results.record import read_results
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read = len(read_results(Path(sys.argv[1])))
print(read, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_a_content_that_was_read_before_holds_the_same_blocks(path: Path) -> None:
    path.write_text(json.dumps(VALID))
    assert list(blocks_of(VALID, path)) == list(blocks(path))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({}, "benchmarks: received None; expected a list"),
        ({"benchmarks": [5]}, r"benchmarks\[0\]: received 5; expected an object"),
        ({"benchmarks": [{"extra_info": []}]}, r"benchmarks\[0\]\.extra_info: received \[\]; expected an object"),
        ({"benchmarks": [], "zoobench": []}, r"zoobench: received \[\]; expected an object"),
        ({"benchmarks": [], "zoobench": {"records": 5}}, r"zoobench\.records: received 5; expected a list"),
    ],
)
def test_a_content_of_another_kind_is_refused_with_its_place(path: Path, content: Any, why: str) -> None:
    with pytest.raises(ResultsError, match=f"json: {why}$"):
        list(blocks_of(content, path))


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kB on Linux alone")
@pytest.mark.parametrize("monster", ["rounds", "lists", "numbers", "texts"])
def test_a_file_of_twenty_megabytes_takes_hardly_more_memory_than_its_size(path: Path, monster: str) -> None:
    blocks_written = [
        {**to_json(FULL), "cell": {**to_json(FULL)["cell"], "backbone": str(i), "id": f"{i}-integer_only-litert-t1"}}
        for i in range(200)
    ]
    content = results(*blocks_written)
    if monster == "rounds":
        for benchmark in content["benchmarks"]:
            benchmark["stats"] = {"data": [0.004 + i * 1e-9 for i in range(7_000)]}
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
