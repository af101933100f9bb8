"""Are rounds and foreign benchmarks read as they stand, and is every damage named?"""

import json
import os
import threading
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from damage import Place, changed, places
from fakes import a_cell, a_record, write_results_file
from resultfiles import a_timed_record, content, ours, plain, rounds_around, written
from zoobench.commands.options import FORMATS
from zoobench.errors import ResultsError
from zoobench.judge.compare.comparison import compare
from zoobench.judge.compare.machines import across
from zoobench.results import file as file_module
from zoobench.results.run import (
    Origin,
    Provenance,
    RecordedPixels,
    RecordedProduct,
    Run,
    Timing,
    baseline_content,
    read_recorded,
    read_run,
    read_side,
    unmeasured,
)
from zoobench.results.schema import Refusal, to_json
from zoobench.show.comparison import across_view, view

ROUNDS = rounds_around(0.004)
RECORD = a_timed_record(ROUNDS)

VALID = content(
    ours(RECORD, ROUNDS),
    plain("test_sort", (1.0, 2.0, 4.0), data=[1.0, 2.0, 4.0]),
    zoobench={"schema": 1, "records": [to_json(a_record(cell=a_cell(backbone="untimed"), latency=None))]},
)


def read(path: Path, value: Any) -> Run:
    return read_run(written(path / "results.json", value))


def test_a_cell_of_ours_is_read_with_its_record_and_rounds(tmp_path: Path) -> None:
    run = read(tmp_path, VALID)
    assert run.records[RECORD.cell.id] == RECORD
    assert tuple(run.rounds[RECORD.cell.id].rounds) == ROUNDS
    assert run.ids == (RECORD.cell.id, "test_sort", a_cell(backbone="untimed").id)


def test_a_plain_benchmark_is_read_for_its_times(tmp_path: Path) -> None:
    run = read(tmp_path, content(plain("tests/a.py::test_sort", (1.0, 2.0, 4.0), data=[1, 2.0, 4.0])))
    assert run.records == {}
    assert run.rounds["tests/a.py::test_sort"] == Timing(median_seconds=2.0, rounds=array("d", (1.0, 2.0, 4.0)))
    assert run.machine == {"cpu": "AMD EPYC", "cores": 2, "python": "3.11.7", "system": "Linux"}


def test_a_plain_benchmark_without_rounds_keeps_its_median_and_an_odd_machine_is_unknown(tmp_path: Path) -> None:
    value = content(plain("test_sort", (3.0,)))
    for info in (None, [], {"cpu": 5}):
        run = read(tmp_path, {**value, "machine_info": info})
        assert (run.rounds["test_sort"], run.machine) == (Timing(median_seconds=3.0, rounds=array("d")), {})


def test_a_folder_is_several_runs_of_one_side(tmp_path: Path) -> None:
    for name in ("0002.json", "0001.json"):
        written(tmp_path / name, VALID)
    (tmp_path / ".0003.json.part").write_text("{")
    (tmp_path / ".hidden.json").write_text("{")
    side = read_side(tmp_path)
    assert [run.path.name for run in side.runs] == ["0001.json", "0002.json"]
    assert side.ids == (RECORD.cell.id, "test_sort", a_cell(backbone="untimed").id)


def test_a_folder_without_results_says_which_one_to_name(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="artifacts/results/MACHINE"):
        read_side(tmp_path)


def with_stats(**stats: Any) -> dict[str, Any]:
    return content({"fullname": "test_sort", "stats": stats})


@pytest.mark.parametrize(
    ("value", "place", "expected"),
    [
        *((with_stats(median=odd), "benchmarks[0].stats.median", "a number") for odd in (None, "2", True, -1, 1e300)),
        (with_stats(), "benchmarks[0].stats.median", "a number"),
        (with_stats(median=1e-300), "benchmarks[0].stats.median", "seconds: 0, or from 1e-12 to 1e9"),
        (with_stats(median=1, data=[1, 1e-300]), "benchmarks[0].stats.data[1]", "seconds: 0, or from 1e-12 to 1e9"),
        (with_stats(median=1, data=[1, -2]), "benchmarks[0].stats.data[1]", "a number >= 0"),
        (with_stats(median=1, data=[10**400]), "benchmarks[0].stats.data[0]", "a number of at most 64 bits"),
        (with_stats(median=1, data={}), "benchmarks[0].stats.data", "a list"),
        (content({"fullname": "test_sort"}), "benchmarks[0].stats", "an object"),
        (content({"stats": {"median": 1}}), "benchmarks[0].fullname", "a text"),
    ],
)
def test_what_is_no_time_is_refused_with_its_place(tmp_path: Path, value: Any, place: str, expected: str) -> None:
    with pytest.raises(ResultsError) as caught:
        read(tmp_path, value)
    assert f"results.json: {place}: received" in str(caught.value)
    assert f"expected {expected}" in str(caught.value)


def test_a_name_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    twice = plain("test_sort", (1.0,))
    with pytest.raises(ResultsError, match="'test_sort' stands in this file twice"):
        read(tmp_path, content(twice, twice))
    with pytest.raises(ResultsError, match="stands in this file twice"):
        read(tmp_path, content(ours(RECORD, ROUNDS), zoobench={"records": [to_json(RECORD)]}))


def test_a_record_that_contradicts_its_rounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"latency\.p50_seconds is 0.004, but the median of stats\.data is 0\.005"):
        read(tmp_path, content(ours(RECORD, rounds_around(0.005))))


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(json.dumps(VALID),))
    writer.start()
    assert read_run(pipe).rounds
    writer.join()


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "_PATIENCE_SECONDS", 0.05)
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ResultsError, match=r"pipe\.json is a pipe into which nobody wrote for 0\.05 s; name a file"):
        read_run(tmp_path / "pipe.json")
    with pytest.raises(ResultsError, match="a pipe or a device; expected a file"):
        read_run(Path("/dev/zero"))
    written(tmp_path / "whole.json", VALID)
    assert [one.path.name for one in read_side(tmp_path).runs] == ["whole.json"]


@given(text=st.binary(max_size=200) | st.sampled_from([b"NaN", b"[" * 100_000, b'{"benchmarks": [', b"\xed\xa0\x80"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_crash_the_reader(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(text)
    with pytest.raises(ResultsError):
        read_run(path)


PLACES = [one for one in places(VALID) if isinstance(one[-1], str) or one[-1] < 2]  # but for most of the rounds
odd_values = st.one_of(
    st.none() | st.booleans() | st.text(max_size=3) | st.floats() | st.integers(),
    st.sampled_from(
        [1e308, 1e-308, -1e308, 10**400, 0, 0.0, -1, 2**63 - 1, [], {}, [1.0, 2.0], "\ud800", "\x1b[31m", "|"]
    ),
)


@given(place=st.sampled_from(PLACES), value=odd_values)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_any_value_in_any_place_is_shown_or_refused(tmp_path: Path, place: Place, value: Any) -> None:
    base = read_side(written(tmp_path / "base.json", VALID))
    try:
        other = read_side(written(tmp_path / "new.json", changed(place, value, VALID)))
        comparisons = (compare(base, other), compare(other, base))
    except ResultsError:
        return
    for one in (view(comparisons), across_view(across([base, other]))):
        texts = {form: write(one) for form, write in FORMATS.items()}
        json.loads(texts["json"], parse_constant=pytest.fail)
        for text in texts.values():
            assert "nan" not in text.replace("name", "").lower()
            text.encode()


PIXELS = {"224": {"product": "pets-224-0123456789ab", "rows": [5, 2]}}
PRODUCTS = {"ab" * 32: "a-224-b-0123456789ab"}
MANIFEST = RecordedProduct(product="a-224-b-0123456789ab", file="model.tflite", inputs={"seed": 0})
ORIGIN = Origin(
    name="main",
    saved="2026-11-25T03:00:00+00:00",
    source="results/pi/0001_x.json",
    manifests={"ab" * 32: MANIFEST},
)


def timed(folder: Path) -> Path:
    """Returns a results file as pytest-benchmark writes it: the record stands beside 1,000 rounds."""
    benchmark = {"stats": {"data": [0.004] * 1000}, "extra_info": {"zoobench": to_json(a_record())}}
    known = {"options": {"epochs": "3"}, "pixels": PIXELS, "products": PRODUCTS, "cells": ["a"]}
    return write_results_file(folder / "0001_x.json", benchmarks=[benchmark], **known)


def baseline_of(path: Path) -> dict[str, Any]:
    return baseline_content(read_recorded(path), origin=ORIGIN, machine="pi")


def test_a_baseline_keeps_all_of_the_results_but_single_rounds_and_curves(tmp_path: Path) -> None:
    path = timed(tmp_path)
    assert (read_recorded(path).name, read_recorded(path).origin) == (f"{tmp_path.name}/0001_x.json", None)
    content = baseline_of(path)
    assert (content["benchmarks"], content["machine_info"], content["version"]) == ([], {"node": "here"}, "5.3.1")
    found = read(tmp_path, content)
    assert tuple(found.records.values()) == (a_record(training=None),)
    assert (found.name, found.origin, found.rounds) == ("main", ORIGIN, {})
    assert found.provenance == Provenance(
        machine="pi",
        cells=("a",),
        options={"epochs": "3"},
        pixels={"224": RecordedPixels(product="pets-224-0123456789ab", rows=(5, 2))},
        products=PRODUCTS,
        baseline=ORIGIN,
    )
    assert found.provenance.manifests == {"ab" * 32: MANIFEST}
    assert read(tmp_path, {**content, "zoobench": {"records": [to_json(a_record())]}}).provenance == Provenance()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("options", {"epochs": 3}, "options.epochs: received 3; expected a text"),
        ("cells", "a", "cells: received 'a'; expected a list"),
        *(
            ("pixels", {key: PIXELS["224"]}, f"pixels: received '{key[:60]}.*expected a text that matches")
            for key in ("big", "²", "9" * 5_000, "064", "0", "64x", "96x160x3")
        ),
        ("pixels", {"64": {"product": "p", "rows": [0.5]}}, r"pixels.64.rows\[0\]: received 0.5; expected a whole"),
        ("pixels", {"64": {"rows": [1]}}, "pixels.64.product is missing"),
        ("machine", 7, "machine: received 7; expected a text"),
        ("products", ["ab"], "products: received"),
        ("baseline", {"name": "main", "saved": "now"}, "baseline.from is missing"),
        ("baseline", {"name": "", "saved": "", "from": "", "manifests": {"ab": {}}}, "manifests.ab.product is missing"),
        ("baseline", [], r"baseline: received \[\]; expected an object"),
    ],
)
def test_damage_beside_the_records_is_named_by_file_and_key(tmp_path: Path, key: str, value: Any, message: str) -> None:
    content = changed(("zoobench", key), value, baseline_of(timed(tmp_path)))
    with pytest.raises(ResultsError, match=rf"results\.json: zoobench\..*{message}"):
        read(tmp_path, content)


def run(folder: Path, *records: object, cells: list[str]) -> Run:
    return read_recorded(write_results_file(folder / "0001_x.json", *records, cells=cells))  # type: ignore[arg-type]


def test_what_was_not_measured_is_named_with_what_is_missing_unless_it_was_refused(tmp_path: Path) -> None:
    quick = replace(a_record(), cell=a_cell(backbone="quick"), accuracy=None)
    refused = replace(a_record(), model=None, accuracy=None, latency=None, refusal=Refusal(by="ai_edge", reason="no"))
    refused = replace(refused, cell=a_cell(backbone="other"))
    found = run(tmp_path, a_record(), quick, refused, cells=[a_cell().id, quick.cell.id, refused.cell.id, "c"])
    assert unmeasured(found) == ("c (no record)", f"{quick.cell.id} (no accuracy)")
