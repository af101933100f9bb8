"""Does a record survive the way to disk and back, and does no damage get past its reader?"""

import json
import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from damage import (
    BARE,
    BLOCK_PLACE,
    FULL,
    FUZZ_INPUTS,
    PLACES,
    VALID,
    Place,
    block,
    changed,
    damaged,
    odd_json,
    records,
    results,
    value_at,
    without,
)
from fakes import a_cell, a_record
from views import text
from zoobench.errors import ResultsError
from zoobench.results.run import read_recorded
from zoobench.results.schema import Record, to_json
from zoobench.show.records import view

LONGEST_MESSAGE = 1000
"""In characters, beside the path."""
fuzzed = settings(max_examples=FUZZ_INPUTS, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where results are written; each test writes its own."""
    return tmp_path_factory.mktemp("results") / "0001_results.json"


def read(path: Path, content: Any) -> tuple[Record, ...]:
    put(path, json.dumps(content).encode())
    return tuple(read_recorded(path).records.values())


def put(path: Path, content: bytes) -> None:
    """Writes a file without emptying it first: where many follow one another, some file systems wait for the disk."""
    path.touch()
    with path.open("r+b") as handle:
        handle.write(content)
        handle.truncate()


def refusal(path: Path, content: Any) -> str:
    path.write_text(json.dumps(content))
    with pytest.raises(ResultsError) as caught:
        read_recorded(path)
    return str(caught.value)


@given(found=st.lists(records(), min_size=1, max_size=4, unique_by=lambda record: record.cell.id), data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_records_come_back_as_they_were_timed_ones_first(path: Path, found: list[Record], data: st.DataObject) -> None:
    timed = data.draw(st.integers(0, len(found)))
    content = results(*map(to_json, found[:timed]), untimed=tuple(map(to_json, found[timed:])))
    assert read(path, content) == tuple(found)


def test_a_record_is_plain_json() -> None:
    plain = to_json(a_record())
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["schema"] == 1
    assert plain["dataset"]["classes"] == ["cat", "dog"]
    assert plain["latency"]["speedup_over_float"] == {
        "twin": "mobilenet-float32-litert-t1",
        "point": 2.5,
        "interval": [2.4, 2.6],
    }


def test_a_record_that_holds_no_number_is_not_written() -> None:
    latency = a_record().latency
    assert latency is not None
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(a_record(latency=replace(latency, p50_seconds=float("nan"))))


@pytest.mark.parametrize(
    "keys",
    [
        ("model", "contract"),
        ("model", "numerics"),
        ("refusal",),
        ("kit",),
        ("accuracy",),
        ("latency",),
        ("model",),
        ("training",),
    ],
)
def test_what_older_files_do_not_hold_is_none(path: Path, keys: tuple[str, ...]) -> None:
    found: Any = asdict(read(path, without(block(*keys)))[0])
    for key in keys:
        found = found[key]
    assert found is None


@pytest.mark.parametrize(
    "place",
    [block("colour"), block("model", "colour"), ("zoobench", "colour"), ("pixels",)],
)
@pytest.mark.parametrize("value", ["red", {"zoobench": 1}, [{"records": []}], None])
def test_keys_that_are_not_known_are_passed_over(path: Path, place: Place, value: Any) -> None:
    assert read(path, changed(place, value)) == (FULL, BARE)


def test_the_same_cell_twice_is_refused_with_both_places(path: Path) -> None:
    twice = results(to_json(FULL), to_json(BARE), untimed=(to_json(a_record()),))
    assert refusal(path, twice) == (
        f"{path}: zoobench.records[0]: 'mobilenet-integer_only-litert-t1' stands in this file twice, "
        f"first in {BLOCK_PLACE}; remove one of the two"
    )


def test_one_network_on_other_threads_is_another_cell(path: Path) -> None:
    two = a_record(cell=a_cell(threads=2))
    assert read(path, results(to_json(FULL), to_json(two))) == (FULL, two)


@pytest.mark.parametrize("content", [{"benchmarks": []}, results()])
def test_a_file_without_records_is_refused(path: Path, content: Any) -> None:
    assert f"{path} holds neither a zoobench record nor a benchmark" in refusal(path, content)


def test_a_file_of_pytest_benchmark_alone_is_no_recorded_run(path: Path) -> None:
    content = {"benchmarks": [{"name": "test_sort", "stats": {"median": 1}}]}
    assert f"{path} holds no zoobench record" in refusal(path, content)


@pytest.mark.parametrize(
    ("received", "shown"),
    [(None, "None"), (2, "2"), ("1", "'1'"), (0, "0"), ("x" * 1_000_000, f"'{'x' * 79}...")],
)
def test_another_schema_is_refused_in_few_words(path: Path, received: Any, shown: str) -> None:
    expected = f"received {shown}; expected 1, which is what this version of zoobench reads"
    assert refusal(path, changed(block("schema"), received)) == f"{path}: {BLOCK_PLACE}.schema: {expected}"


def test_a_block_that_is_no_record_is_refused(path: Path) -> None:
    for block_read in (None, 5, [], "x"):
        assert refusal(path, results(block_read)).startswith(f"{path}: {BLOCK_PLACE}.schema: received None; expected 1")


def test_a_record_that_contradicts_itself_is_refused_with_its_place(path: Path) -> None:
    why = "zoobench.records[0].accuracy.correct: received 4; expected at most the 3 of accuracy.total"
    assert refusal(path, changed(("zoobench", "records", 0, "accuracy", "correct"), 4)) == f"{path}: {why}"


def test_a_file_that_outgrows_the_memory_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def overflow(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("zoobench.results.run.read_file", overflow)
    assert refusal(path, VALID) == f"{path} does not fit into this machine's memory; read it on a larger one"


def check(path: Path, content: bytes) -> tuple[Record, ...]:
    """Returns what is read of a damaged file; checks that it is refused in few words, or shown and written again."""
    put(path, content)
    found, why = read_or_refused(path)
    assert bool(found) != bool(why)
    if found and found != (FULL, BARE):
        assert text(view(found)).encode()
        assert read(path, results(*map(to_json, found))) == found
    if why:
        assert str(path) in why
        assert len(why.replace(str(path), "")) < LONGEST_MESSAGE
    return found


def read_or_refused(path: Path) -> tuple[tuple[Record, ...], str]:
    """Returns what is read, or why it is refused; any error but a results error goes on."""
    try:
        return tuple(read_recorded(path).records.values()), ""
    except ResultsError as error:
        return (), str(error)


def names_a_key(path: Path, content: bytes) -> bool:
    """Returns whether a file is read, or refused by the name of a key."""
    if check(path, content):
        return True
    put(path, content)
    _, why = read_or_refused(path)
    return any(key in why for key in ("`benchmarks`", "`$.", "benchmarks[", "zoobench.records", ": zoobench: received"))


@fuzzed
@given(content=st.binary(max_size=200))
def test_random_bytes_are_refused(path: Path, content: bytes) -> None:
    assert not check(path, content)


@fuzzed
@given(content=st.recursive(odd_json, lambda inner: st.fixed_dictionaries({"benchmarks": st.lists(inner, max_size=3)})))
def test_random_json_is_refused(path: Path, content: Any) -> None:
    assert not check(path, json.dumps(content).encode())


@fuzzed
@given(value=st.dictionaries(st.sampled_from([*VALID["zoobench"]["records"][0], "x"]), odd_json))
def test_random_records_are_refused(path: Path, value: Any) -> None:
    assert not check(path, json.dumps(results({"schema": 1, **value})).encode())


@fuzzed
@given(place=st.sampled_from(PLACES), value=odd_json)
def test_a_wrong_value_is_refused_by_its_key_or_can_be_shown(path: Path, place: Place, value: Any) -> None:
    assert names_a_key(path, json.dumps(changed(place, value)).encode())


@fuzzed
@given(place=st.sampled_from(PLACES), other=st.sampled_from(PLACES))
def test_a_value_from_elsewhere_is_refused_by_its_key_or_can_be_shown(path: Path, place: Place, other: Place) -> None:
    assert names_a_key(path, json.dumps(changed(place, value_at(other))).encode())


def test_any_missing_value_is_refused_by_its_key_or_can_be_shown(path: Path) -> None:
    unnamed = [place for place in PLACES if not names_a_key(path, json.dumps(without(place)).encode())]
    assert unnamed == []


@fuzzed
@given(start=st.integers(0, len(json.dumps(VALID))), length=st.integers(0, 40), put=st.binary(max_size=8))
def test_overwritten_bytes_are_refused_or_can_be_shown(path: Path, start: int, length: int, put: bytes) -> None:
    content = json.dumps(VALID).encode()
    check(path, content[:start] + put + content[start + length :])


def test_a_file_cut_short_anywhere_is_refused(path: Path) -> None:
    content = json.dumps(VALID).encode()
    assert not any(check(path, content[:length]) for length in range(0, len(content), 3))


@pytest.mark.parametrize("seed", range(20))
def test_damaged_files_are_refused_or_can_be_shown(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    read_in_spite = sum(bool(check(path, damaged(chance))) for _ in range(50))
    assert 0 < read_in_spite < 50


@pytest.mark.slow
def test_thousands_of_damaged_files_are_refused_or_can_be_shown(path: Path) -> None:
    chance, files = random.Random("damage"), 40 * FUZZ_INPUTS
    read_in_spite = sum(bool(check(path, damaged(chance))) for _ in range(files))
    assert 0 < read_in_spite < files
