"""Does a baseline hold all of a run but its single rounds, and is it known what a run lacks?"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import a_cell, a_record, write_results_file
from zoobench.errors import ResultsError
from zoobench.results.baseline import baseline_content, unmeasured
from zoobench.results.provenance import Origin, RecordedProduct
from zoobench.results.run import Run, read_recorded
from zoobench.results.schema import Refusal, to_json

ORIGIN = Origin(name="main", saved="2026-11-25T03:00:00+00:00", source="results/pi/0001_x.json")
PIXELS = {"224": {"product": "pets-224-0123456789ab", "rows": [5, 2]}}
MANIFEST = RecordedProduct(product="a-224-b-0123456789ab", file="model.tflite", inputs={"seed": 0})


def timed(folder: Path) -> Path:
    """Returns a results file as pytest-benchmark writes it: the record stands beside 1,000 rounds."""
    benchmark = {"stats": {"data": [0.004] * 1000}, "extra_info": {"zoobench": to_json(a_record())}}
    return write_results_file(folder / "0001_x.json", benchmarks=[benchmark], options={"epochs": "3"}, pixels=PIXELS)


def baseline_of(path: Path) -> Path:
    content = baseline_content(read_recorded(path), origin=ORIGIN, machine="pi", manifests={"ab" * 32: MANIFEST})
    path.with_name("main.json").write_text(json.dumps(content))
    return path.with_name("main.json")


def test_a_baseline_is_read_as_the_results_that_it_was_made_of(tmp_path: Path) -> None:
    path = baseline_of(timed(tmp_path))
    assert tuple(read_recorded(path).records.values()) == (
        a_record(training=None),
    )  # whose curves nothing is judged by
    found = read_recorded(path)
    assert (found.name, found.origin, found.provenance.machine) == ("main", ORIGIN, "pi")
    assert found.provenance.options == {"epochs": "3"}
    assert found.provenance.pixels[224].rows == (5, 2)
    assert found.provenance.manifests == {"ab" * 32: MANIFEST}


def test_it_keeps_what_is_known_of_the_run_but_no_single_round(tmp_path: Path) -> None:
    content = json.loads(baseline_of(timed(tmp_path)).read_text())
    assert content["benchmarks"] == []
    assert content["machine_info"] == {"node": "here"}
    assert content["version"] == "5.3.1"
    assert "0.004, 0.004" not in json.dumps(content)


def test_a_results_file_is_no_baseline_but_can_stand_in_its_place(tmp_path: Path) -> None:
    found = read_recorded(timed(tmp_path))
    assert found.origin is None
    assert found.name == f"{tmp_path.name}/0001_x.json"


def test_a_damaged_one_is_named(tmp_path: Path) -> None:
    path = write_results_file(tmp_path / "main.json", a_record(), options=[])
    with pytest.raises(ResultsError, match=r"main\.json: zoobench\.options: received \[\]"):
        read_recorded(path)


def run(folder: Path, *records: object, cells: list[str]) -> Run:
    return read_recorded(write_results_file(folder / "0001_x.json", *records, cells=cells))  # type: ignore[arg-type]


def test_what_was_not_measured_is_named_with_what_is_missing(tmp_path: Path) -> None:
    quick = replace(a_record(), cell=a_cell(backbone="quick"), accuracy=None)
    found = run(tmp_path, a_record(), quick, cells=[a_cell().id, quick.cell.id, "c"])
    assert unmeasured(found) == ("c (no record)", f"{quick.cell.id} (no accuracy)")


def test_what_is_refused_needs_no_measuring(tmp_path: Path) -> None:
    refusal = Refusal(by="ai_edge", reason="no kernel")
    refused = replace(a_record(), model=None, accuracy=None, latency=None, refusal=refusal)
    assert unmeasured(run(tmp_path, refused, cells=[refused.cell.id])) == ()
