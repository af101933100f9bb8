"""Does a record survive the way to disk and back, and does no damage get past its reader?"""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes import a_record
from zoobench.errors import ResultsError
from zoobench.judge.record import (
    Predictions,
    Record,
    RecordedAccuracy,
    RecordedCell,
    RecordedDataset,
    RecordedLatency,
    RecordedModel,
    RecordedNumerics,
    Refusal,
    Speedup,
    read_results,
    to_json,
)
from zoobench.judge.table import render

BLOCK_PLACE = "benchmarks[0].extra_info.zoobench"
Place = tuple[str | int, ...]

NUMERICS = ("top1_agreement", "mean_probability_difference", "max_probability_difference", "kl_divergence_nats")

numbers = st.floats(allow_nan=False, allow_infinity=False)
wholes = st.integers(-(2**63) + 1, 2**63 - 1)
pairs = st.tuples(numbers, numbers)
plain_json = st.recursive(
    st.none() | st.booleans() | wholes | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
cells = st.builds(
    RecordedCell,
    id=st.text(),
    backbone=st.text(),
    variant=st.text(),
    runtime=st.text(),
    threads=wholes,
    image_size=wholes,
    weights=st.text(),
)
datasets = st.builds(
    RecordedDataset,
    name=st.text(),
    sha256=st.text(),
    classes=st.lists(st.text(), max_size=4).map(tuple),
    samples=wholes,
    left_out=wholes,
)
accuracies = st.builds(
    RecordedAccuracy,
    top1=numbers,
    loss=numbers,
    correct=wholes,
    total=wholes,
    interval=pairs,
    agreement_with_float=numbers,
    invocation_p50_seconds=st.none() | numbers,
    predictions=st.builds(Predictions, classes=st.text(), probabilities=st.text(), truth=st.text()),
)
latencies = st.builds(
    RecordedLatency,
    p50_seconds=numbers,
    p50_interval=st.none() | pairs,
    p90_seconds=st.none() | numbers,
    mean_seconds=numbers,
    samples=wholes,
    speedup_over_float=st.none() | st.builds(Speedup, twin=st.text(), point=numbers, interval=pairs),
    initialization_seconds=numbers,
    first_inference_seconds=numbers,
)
records = st.builds(
    Record,
    schema=st.just(1),
    cell=cells,
    model=st.none()
    | st.builds(
        RecordedModel,
        sha256=st.text(),
        size_bytes=wholes,
        float_twin_size_bytes=wholes,
        contract=st.none() | st.dictionaries(st.text(), plain_json, max_size=4),
        numerics=st.none() | st.builds(RecordedNumerics, **dict.fromkeys(NUMERICS, numbers), images=wholes),
    ),
    dataset=datasets,
    accuracy=st.none() | accuracies,
    latency=st.none() | latencies,
    environment=st.dictionaries(st.text(), plain_json, max_size=4),
    refusal=st.none() | st.builds(Refusal, by=st.text(), reason=st.text()),
)
not_quite_json = st.one_of(
    plain_json,
    st.sampled_from([float("nan"), float("inf"), 10**400, 2**63, -(2**63), [[[[]]]], {"records": 5}, "\ud800"]),
)


def results(*timed: Any, untimed: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Returns the content of a results file with these blocks."""
    return {
        "machine_info": {},
        "benchmarks": [{"name": "test_latency", "extra_info": {"zoobench": block}} for block in timed],
        "zoobench": {"schema": 1, "records": list(untimed)},
    }


VALID = results(to_json(a_record()), untimed=(to_json(a_record(latency=None)),))


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Yields the way to every value inside a value."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


PLACES = tuple(places(VALID))


def changed(place: Place, value: Any) -> dict[str, Any]:
    """Returns the valid content with another value in one place."""
    content = copy.deepcopy(VALID)
    holder: Any = content
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return content


def without(place: Place) -> dict[str, Any]:
    """Returns the valid content without one key."""
    content = copy.deepcopy(VALID)
    holder: Any = content
    for key in place[:-1]:
        holder = holder[key]
    del holder[place[-1]]
    return content


def block(*keys: str | int) -> Place:
    """Returns the way to a key in the first record."""
    return ("benchmarks", 0, "extra_info", "zoobench", *keys)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where results are written; each test writes its own."""
    return tmp_path_factory.mktemp("results") / "0001_results.json"


def read(path: Path, content: Any) -> tuple[Record, ...]:
    path.write_text(json.dumps(content))
    return read_results(path)


def refusal(path: Path, content: bytes | Any) -> str:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ResultsError) as caught:
        read_results(path)
    return str(caught.value)


def test_a_record_from_before_contracts_were_kept_has_none(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(without(block("model", "contract"))))
    assert read_results(path)[0].model.contract is None


@given(timed=st.lists(records, max_size=2), untimed=st.lists(records, min_size=1, max_size=2))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_records_come_back_as_they_were_timed_ones_first(
    path: Path, timed: list[Record], untimed: list[Record]
) -> None:
    content = results(*map(to_json, timed), untimed=tuple(map(to_json, untimed)))
    assert read(path, content) == (*timed, *untimed)


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


def test_benchmarks_that_are_not_ours_are_passed_over(path: Path) -> None:
    content = results(to_json(a_record()))
    content["benchmarks"] += [{"name": "test_other", "extra_info": {}}, {"name": "test_another"}]
    assert read(path, content) == (a_record(),)


def test_keys_of_later_versions_are_passed_over(path: Path) -> None:
    assert read(path, changed(block("model", "colour"), "red"))[0] == a_record()


def test_a_whole_number_stands_for_a_real_one(path: Path) -> None:
    latency = read(path, changed(block("latency", "mean_seconds"), 2))[0].latency
    assert latency is not None
    assert isinstance(latency.mean_seconds, float)
    assert latency.mean_seconds == 2.0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b"nonsense", "Expecting value: line 1 column 1 (char 0)"),
        (b'{"benchmarks": [', "Expecting value: line 1 column 17 (char 16)"),
        (b'{"benchmarks": [], "loss": NaN}', "NaN is not a finite number"),
        (b'{"benchmarks": [], "loss": Infinity}', "Infinity is not a finite number"),
        (b'{"benchmarks": [], "loss": -Infinity}', "-Infinity is not a finite number"),
        (b'{"benchmarks": [], "loss": 1e999}', "1e999 is not a finite number"),
    ],
)
def test_a_file_that_is_not_json_is_refused(path: Path, content: bytes, why: str) -> None:
    assert refusal(path, content) == f"cannot read {path}: {why}. Expected a JSON file written by `pytest bench/`"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 100_000, b'"\xc3"', b"1" * 5000])
def test_bytes_that_python_chokes_on_are_refused(path: Path, content: bytes) -> None:
    assert refusal(path, content).startswith(f"cannot read {path}: ")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(ResultsError, match=r"^cannot read .*Expected a JSON file written by `pytest bench/`$"):
            read_results(path)


@pytest.mark.parametrize("content", [[], 5, None, {}, {"benchmarks": None}, {"benchmarks": {}}])
def test_json_of_another_kind_is_refused(path: Path, content: Any) -> None:
    expected = f"{path} is not in pytest-benchmark's format: it has no list under the key 'benchmarks'"
    assert refusal(path, content) == expected


@pytest.mark.parametrize("content", [{"benchmarks": []}, results(), {"benchmarks": [{"extra_info": {}}]}])
def test_a_file_without_records_is_refused(path: Path, content: Any) -> None:
    expected = f"{path} holds no zoobench record; expected a file written by `pytest bench/` with zoobench"
    assert refusal(path, content) == expected


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (("benchmarks", 0), None, "benchmarks[0]: received None; expected an object"),
        (("benchmarks", 0, "extra_info"), [], "benchmarks[0].extra_info: received []; expected an object"),
        (("zoobench",), [], "zoobench: received []; expected an object"),
        (("zoobench", "records"), 5, "zoobench.records: received 5; expected a list"),
        (
            ("zoobench", "records", 0, "schema"),
            None,
            "zoobench.records[0].schema: received None; this version of zoobench reads 1",
        ),
        (block(), 5, f"{BLOCK_PLACE}.schema: received None; this version of zoobench reads 1"),
        (block("schema"), 2, f"{BLOCK_PLACE}.schema: received 2; this version of zoobench reads 1"),
        (block("schema"), "1", f"{BLOCK_PLACE}.schema: received '1'; this version of zoobench reads 1"),
        (block("schema"), True, f"{BLOCK_PLACE}.schema: received True; expected a whole number"),
        (block("cell"), "mobilenet", f"{BLOCK_PLACE}.cell: received 'mobilenet'; expected an object"),
        (block("cell", "id"), 5, f"{BLOCK_PLACE}.cell.id: received 5; expected a text"),
        (block("cell", "threads"), True, f"{BLOCK_PLACE}.cell.threads: received True; expected a whole number"),
        (block("cell", "threads"), 1.0, f"{BLOCK_PLACE}.cell.threads: received 1.0; expected a whole number"),
        (block("model", "size_bytes"), "1", f"{BLOCK_PLACE}.model.size_bytes: received '1'; expected a whole number"),
        (
            block("model", "size_bytes"),
            2**63,
            f"{BLOCK_PLACE}.model.size_bytes: received 9223372036854775808; expected a whole number of at most 64 bits",
        ),
        (
            block("dataset", "classes"),
            {"cat": 1},
            f"{BLOCK_PLACE}.dataset.classes: received {{'cat': 1}}; expected a list of any number of values",
        ),
        (block("dataset", "classes", 1), 5, f"{BLOCK_PLACE}.dataset.classes[1]: received 5; expected a text"),
        (
            block("accuracy", "interval"),
            [0.1],
            f"{BLOCK_PLACE}.accuracy.interval: received [0.1]; expected a list of 2 values",
        ),
        (
            block("accuracy", "interval", 1),
            None,
            f"{BLOCK_PLACE}.accuracy.interval[1]: received None; expected a number",
        ),
        (
            block("latency", "p50_seconds"),
            False,
            f"{BLOCK_PLACE}.latency.p50_seconds: received False; expected a number",
        ),
        (
            block("latency", "speedup_over_float", "point"),
            "x" * 100,
            f"{BLOCK_PLACE}.latency.speedup_over_float.point: received '{'x' * 59}...; expected a number",
        ),
        (block("environment"), [], f"{BLOCK_PLACE}.environment: received []; expected an object"),
    ],
)
def test_damage_is_named_with_file_and_key(path: Path, place: Place, value: Any, why: str) -> None:
    assert refusal(path, changed(place, value)) == f"{path}: {why}"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("cell", "backbone"), "a text"),
        (("model", "float_twin_size_bytes"), "a whole number"),
        (("dataset", "left_out"), "a whole number"),
        (("accuracy", "loss"), "a number"),
        (("accuracy", "predictions"), "an object"),
        (("latency", "initialization_seconds"), "a number"),
        (("environment",), "an object"),
    ],
)
def test_a_missing_key_is_named(path: Path, keys: tuple[str, ...], expected: str) -> None:
    place = ".".join((BLOCK_PLACE, *keys))
    assert refusal(path, without(block(*keys))) == f"{path}: {place}: received None; expected {expected}"


def test_a_file_cut_short_anywhere_is_refused(path: Path) -> None:
    content = json.dumps(VALID).encode()
    for length in range(0, len(content), 7):
        assert refusal(path, content[:length]).startswith(f"cannot read {path}: ")


@settings(max_examples=500, deadline=None)
@given(content=st.binary(max_size=200))
def test_random_bytes_are_never_anything_but_a_results_error(path: Path, content: bytes) -> None:
    assert refusal(path, content)


def accepted(path: Path, content: bytes) -> tuple[Record, ...]:
    """Returns the records that are read in spite of the damage; any error but a results error goes on."""
    path.write_bytes(content)
    try:
        return read_results(path)
    except ResultsError as error:
        refused = str(error)
    assert str(path) in refused
    return ()


@settings(max_examples=1000, deadline=None)
@given(place=st.sampled_from(PLACES), value=not_quite_json)
def test_a_wrong_value_is_a_results_error_or_can_be_shown(path: Path, place: Place, value: Any) -> None:
    found = accepted(path, json.dumps(changed(place, value)).encode())
    if found:
        assert render(found, width=120, colours=False)


@settings(max_examples=500, deadline=None)
@given(places=st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True), data=st.data())
def test_missing_and_exchanged_values_are_never_anything_but_a_results_error(
    path: Path, places: list[Place], data: st.DataObject
) -> None:
    content = json.dumps(without(places[0]))
    for place in places[1:]:
        old, new = (json.dumps(value_at(one)) for one in (place, data.draw(st.sampled_from(PLACES))))
        content = content.replace(old, new, 1)
    accepted(path, content.encode())


def value_at(place: Place) -> Any:
    value: Any = VALID
    for key in place:
        value = value[key]
    return value


@settings(max_examples=1000, deadline=None)
@given(start=st.integers(0, len(json.dumps(VALID))), length=st.integers(0, 40), put=st.binary(max_size=8))
def test_overwritten_bytes_are_never_anything_but_a_results_error(
    path: Path, start: int, length: int, put: bytes
) -> None:
    content = json.dumps(VALID).encode()
    accepted(path, content[:start] + put + content[start + length :])
