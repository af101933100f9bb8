"""Does a record survive the way to disk and back, and does no damage get past its reader?"""

import json
import random
from dataclasses import replace
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
    places,
    records,
    results,
    value_at,
    without,
)
from fakes import a_cell, a_record, disturbed
from views import text
from zoobench.errors import ResultsError
from zoobench.results.run import read_recorded
from zoobench.results.schema import Record, to_json
from zoobench.show.records import view

LONGEST_MESSAGE = 1000
"""In characters, beside the path."""
fuzzed = settings(max_examples=FUZZ_INPUTS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NUMERICS = {
    "images": 32,
    "top1_agreement": 1.0,
    "mean_probability_difference": 0.001,
    "max_probability_difference": 0.02,
    "kl_divergence_nats": -1e-17,
}
WHOLE: Any = to_json(disturbed(FULL))
"""A record of which all was measured, with what disturbed it."""
WHOLE["model"]["numerics"] = NUMERICS


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where results are written; each test writes its own."""
    return tmp_path_factory.mktemp("results") / "0001_results.json"


def put(path: Path, content: Any) -> None:
    """Writes a file without emptying it first: where many follow one another, some file systems wait for the disk."""
    path.touch()
    with path.open("r+b") as handle:
        handle.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        handle.truncate()


def read(path: Path, content: Any) -> tuple[Record, ...]:
    put(path, content)
    return tuple(read_recorded(path).records.values())


def refusal(path: Path, content: Any) -> str:
    put(path, content)
    with pytest.raises(ResultsError) as caught:
        read_recorded(path)
    return str(caught.value)


@given(found=st.lists(records(), min_size=1, max_size=4, unique_by=lambda record: record.cell.id), data=st.data())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_records_come_back_as_they_were_timed_ones_first(path: Path, found: list[Record], data: st.DataObject) -> None:
    timed = data.draw(st.integers(0, len(found)))
    content = results(*map(to_json, found[:timed]), untimed=tuple(map(to_json, found[timed:])))
    assert read(path, content) == tuple(found)


def test_a_record_is_plain_json() -> None:
    plain = to_json(FULL)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert (plain["schema"], plain["dataset"]["classes"]) == (1, ["cat", "dog"])
    assert plain["latency"]["speedup_over_float"]["interval"] == [2.4, 2.6]
    assert FULL.latency is not None
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(replace(FULL, latency=replace(FULL.latency, p50_seconds=float("nan"))))


def test_any_key_may_be_missing_that_may_be_null_and_no_other_can(path: Path) -> None:
    for place in places(WHOLE):
        if isinstance(place[-1], int) or (place[0] == "environment" and len(place) > 1):
            continue
        put(path, without(block(*place), results(WHOLE)))
        found, why = read_or_refused(path)
        where = ".".join(map(str, place)).replace(".0", "[0]")
        if found:
            nothing = () if place[-1] == "names" else None
            assert read(path, changed(block(*place), nothing, results(WHOLE))) == found, where
        else:
            assert where in why, "it is refused by its name, or by that of what has to agree with it"


@pytest.mark.parametrize("place", [block("colour"), block("model", "colour"), ("zoobench", "colour"), ("pixels",)])
@pytest.mark.parametrize("value", ["red", {"zoobench": 1}, [{"records": []}], None])
def test_keys_that_are_not_known_are_passed_over(path: Path, place: Place, value: Any) -> None:
    assert read(path, changed(place, value)) == (FULL, BARE)


def test_a_record_from_before_memory_was_measured_is_read_without_it(path: Path) -> None:
    content = to_json(FULL)
    del content["startup"], content["memory"]
    content["latency"] |= {"initialization_seconds": 0.05, "first_inference_seconds": 0.02}
    assert read(path, results(content)) == (replace(FULL, startup=None, memory=None),)


BOUNDS: list[tuple[Any, str, str]] = [
    (0, "a whole number >= 1", "cell.threads cell.image_size dataset.samples accuracy.total latency.samples"),
    ("96x", "a text that matches", "cell.image_size"),
    ("96x96", "a text that matches", "cell.image_size"),
    (0, "a whole number >= 1", "training.epochs training.kept_epoch memory.peak_rss_bytes memory.base_rss_bytes"),
    (0, "a whole number >= 1", "latency.disturbance.cpus model.numerics.images"),
    (-1, "a whole number >= 0", "model.size_bytes model.float_twin_size_bytes dataset.left_out accuracy.correct"),
    (-1, "a whole number >= 0", "memory.anonymous_bytes latency.disturbance.disturbed_rounds"),
    (-1, "a whole number >= 0", "latency.disturbance.intervals.0.rounds"),
    (-0.5, "a number >= 0", "accuracy.top1 accuracy.loss accuracy.invocation_p50_seconds accuracy.interval.1"),
    (-0.5, "a number >= 0", "latency.p50_seconds latency.p90_seconds latency.mean_seconds latency.p50_interval.1"),
    (-0.5, "a number >= 0", "latency.speedup_over_float.point startup.initialization.p50_seconds training.seconds"),
    (-0.5, "a number >= 0", "latency.disturbance.look_seconds latency.disturbance.before.seconds"),
    (-0.5, "a number >= 0", "latency.disturbance.intervals.0.steal_seconds latency.disturbance.causes.0.worst"),
    (-0.1, "a number >= 0", "model.numerics.top1_agreement model.numerics.mean_probability_difference"),
    (-0.1, "a number >= 0", "model.numerics.max_probability_difference"),
    (1.01, "a number <= 1", "accuracy.top1 accuracy.agreement_with_float model.numerics.top1_agreement"),
    ("AB" * 32, "a text that matches [0-9a-f]{64}", "model.sha256 dataset.sha256"),
    ("file:abc", "a text that matches (imagenet|random|file:[0-9a-f]{64})", "cell.weights"),
    ("ghosts", "a text that matches (steal|waiting|others", "latency.disturbance.causes.0.kind"),
    ([], "a list of length >= 1", "dataset.classes startup.first_inference.observed_seconds"),
    ([], "a list of length >= 1", "memory.observed_peak_rss_bytes"),
    ([2, 1], "the lower end first", "memory.interval"),
    ([0.9, 0.2], "the lower end first", "latency.p50_interval latency.speedup_over_float.interval accuracy.interval"),
    ([0.9, 0.2], "the lower end first", "startup.first_inference.interval"),
    ([1, 3, 2], "each epoch once, ascending", "training.shown"),
    ([2, 2], "each epoch once, ascending", "training.validated"),
    ([*range(1, 42)], "a list of length <= 40", "training.shown training.validated"),
]


@pytest.mark.parametrize(
    ("place", "value", "expected"), [(one, value, expected) for value, expected, all_ in BOUNDS for one in all_.split()]
)
def test_a_value_out_of_its_bounds_is_named(path: Path, place: str, value: Any, expected: str) -> None:
    keys = [int(key) if key.isdigit() else key for key in place.split(".")]
    why = refusal(path, changed(block(*keys), value, results(WHOLE)))
    where = place.replace(".0", "[0]").replace(".1", "[1]")
    assert why.startswith(f"{path}: {BLOCK_PLACE}.{where}: received {str([value])[1:12]}"[:-1])
    assert f"expected {expected}" in why


def test_the_same_cell_twice_is_refused_with_both_places(path: Path) -> None:
    twice = results(to_json(FULL), to_json(BARE), untimed=(to_json(a_record()),))
    why = refusal(path, twice)
    for part in (f"{path}: zoobench.records[0]", f"{FULL.cell.id!r} stands in this file twice", BLOCK_PLACE):
        assert part in why
    two = a_record(cell=a_cell(threads=2))
    assert read(path, results(to_json(FULL), to_json(two))) == (FULL, two)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"benchmarks": []}, "holds neither a zoobench record nor a benchmark"),
        (results(), "holds neither a zoobench record nor a benchmark"),
        ({"benchmarks": [{"name": "test_sort", "stats": {"median": 1}}]}, "holds no zoobench record"),
        *((results(odd), f": {BLOCK_PLACE}.schema: received None; expected 1") for odd in (None, 5, [], "x")),
        *(
            (changed(block("schema"), odd), f": {BLOCK_PLACE}.schema: received {told}; expected 1, which is what this")
            for odd, told in ((None, "None"), (2, "2"), ("1", "'1'"), (0, "0"), ("x" * 1_000_000, f"'{'x' * 79}..."))
        ),
        (
            changed(("zoobench", "records", 0, "accuracy", "correct"), 4),
            ": zoobench.records[0].accuracy.correct: received 4; expected at most the 3 of accuracy.total",
        ),
    ],
)
def test_what_is_no_record_of_this_version_is_refused(path: Path, content: Any, why: str) -> None:
    found = refusal(path, content)
    assert str(path) in found
    assert why in found


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
    return any(
        key in why
        for key in ("`benchmarks`", "`$.", "benchmarks[", "zoobench.records", ": zoobench: received", ": machine_info")
    )


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
    chance, files = random.Random("damage"), 20 * FUZZ_INPUTS
    read_in_spite = sum(bool(check(path, damaged(chance))) for _ in range(files))
    assert 0 < read_in_spite < files
