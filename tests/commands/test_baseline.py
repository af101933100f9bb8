"""Are baselines saved whole, never over another unasked, and found again?"""

import re
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fakes import a_cell, a_record, write_results_file
from messages import message_of
from zoobench.cli import main
from zoobench.commands.baseline import (
    baseline_path,
    find_run,
    find_side,
    load,
    measured_on,
    newest_results,
    save_baseline,
    saved_baselines,
)
from zoobench.errors import ResultsError, UsageError
from zoobench.measure.environment import describe_environment
from zoobench.results.conditions import machine_key
from zoobench.results.run import read_recorded
from zoobench.results.schema import Record, RecordedModel
from zoobench.store.product import Product, Stored, obtain
from zoobench.system.files import PLAIN_NAME

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=timezone.utc)
HERE = describe_environment()
MINE = replace(a_record(), environment=HERE)
PRODUCT = Product(name="mobilenet-224-integer_only", file_name="model.tflite", inputs={"seed": 0})


def results(artifacts: Path, name: str = "pi/0001_20261125-020000.json", *records: Record, **block: object) -> Path:
    return write_results_file(artifacts / "results" / name, *(records or (a_record(),)), **block)


def kept(artifacts: Path, product: Product = PRODUCT) -> Stored:
    def make(folder: Path) -> dict[str, object]:
        (folder / product.file_name).write_bytes(b"a model")
        return {}

    return obtain(artifacts / "models", product, make)


def of(stored: Stored) -> Record:
    model = RecordedModel(sha256=stored.sha256, size_bytes=stored.size_bytes, float_twin_size_bytes=9)
    return replace(a_record(), model=model)


def test_a_run_is_saved_under_a_name_with_time_source_and_machine(tmp_path: Path) -> None:
    saved, _ = save_baseline("main", results(tmp_path, machine="pi"), artifacts=tmp_path, now=NOW)
    assert saved.path == tmp_path / "baselines" / "main.json"
    assert saved == read_recorded(saved.path)
    origin = saved.origin
    assert origin is not None
    assert (origin.name, origin.saved) == ("main", "2026-11-25T03:00:00+00:00")
    assert origin.source == "results/pi/0001_20261125-020000.json"
    assert saved.provenance.machine == "pi"


def test_the_machine_of_results_that_do_not_name_it_is_that_of_their_environment(tmp_path: Path) -> None:
    saved, _ = save_baseline("main", results(tmp_path), artifacts=tmp_path)
    assert saved.provenance.machine == "amd-epyc-2c"


def test_a_source_elsewhere_is_named_without_its_folders(tmp_path: Path) -> None:
    source = write_results_file(tmp_path / "elsewhere" / "mine.json", a_record())
    saved, _ = save_baseline("main", source, artifacts=tmp_path / "artifacts")
    assert saved.origin is not None
    assert saved.origin.source == "mine.json"


def test_what_made_its_models_comes_from_the_store(tmp_path: Path) -> None:
    stored = kept(tmp_path)
    saved, unmade = save_baseline("main", results(tmp_path, "pi/0001_x.json", of(stored)), artifacts=tmp_path)
    manifest = saved.provenance.manifests[stored.sha256]
    assert (manifest.product, manifest.file) == (PRODUCT.folder_name, "model.tflite")
    assert manifest.inputs == {"seed": 0}
    assert unmade == ()


def test_of_products_with_the_same_file_the_one_that_the_run_used_is_taken(tmp_path: Path) -> None:
    used = kept(tmp_path)
    other = kept(tmp_path, replace(PRODUCT, inputs={"seed": 1}))
    assert used.sha256 == other.sha256
    for stored, seed in ((used, 0), (other, 1)):
        products = {stored.sha256: stored.path.parent.name}
        source = results(tmp_path, "pi/0001_x.json", of(stored), products=products)
        saved, _ = save_baseline(f"seed-{seed}", source, artifacts=tmp_path)
        assert saved.provenance.manifests[stored.sha256].inputs == {"seed": seed}


def test_models_that_the_store_does_not_know_are_told(tmp_path: Path) -> None:
    saved, unmade = save_baseline("main", results(tmp_path), artifacts=tmp_path)
    assert unmade == (a_record().cell.id,)
    assert saved.provenance.manifests == {}


def test_a_baseline_under_another_name_keeps_what_made_its_models(tmp_path: Path) -> None:
    first, _ = save_baseline("main", results(tmp_path, "pi/0001_x.json", of(kept(tmp_path))), artifacts=tmp_path)
    copy, copy_unmade = save_baseline("copy", first.path, artifacts=tmp_path / "other")
    assert copy.provenance.manifests == first.provenance.manifests
    assert copy.records == first.records
    assert copy_unmade == ()


def test_a_baseline_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    source = results(tmp_path)
    before = save_baseline("main", source, artifacts=tmp_path)[0].path.read_bytes()
    with pytest.raises(UsageError, match=r"main\.json is there already; take another name, or replace it with --force"):
        save_baseline("main", source, artifacts=tmp_path, now=NOW)
    assert baseline_path("main", artifacts=tmp_path).read_bytes() == before
    assert save_baseline("main", source, artifacts=tmp_path, force=True, now=NOW)[0].path.read_bytes() != before


def test_a_run_with_cells_that_were_not_measured_is_saved_only_if_told_so(tmp_path: Path) -> None:
    source = results(tmp_path, cells=[a_record().cell.id, *(f"cell-{n}" for n in range(7))])
    with pytest.raises(UsageError, match=r"cell-0 \(no record\), .*cell-4 \(no record\) and 2 more\. Finish the run"):
        save_baseline("main", source, artifacts=tmp_path)
    assert not baseline_path("main", artifacts=tmp_path).exists()
    assert len(save_baseline("main", source, artifacts=tmp_path, partial=True)[0].records) == 1


@pytest.mark.parametrize("name", ["", "../main", "a/b", ".hidden", "-x", "two words", "ü"])
def test_names_are_letters_digits_and_signs_that_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="the baseline's name: received"):
        save_baseline(name, results(tmp_path), artifacts=tmp_path)


def test_a_source_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"none\.json"):
        save_baseline("main", tmp_path / "none.json", artifacts=tmp_path)


def test_a_run_is_found_by_name_or_as_a_file(tmp_path: Path) -> None:
    source = results(tmp_path)
    path = save_baseline("main", source, artifacts=tmp_path)[0].path
    assert find_run("main", artifacts=tmp_path) == path
    assert find_run(str(source), artifacts=tmp_path) == source
    with pytest.raises(
        UsageError,
        match=r"maim is no file, .* and no baseline \(did you mean main\?\) in .*; there: main\. Save one with",
    ):
        find_run("maim", artifacts=tmp_path)


def test_a_run_is_found_by_its_number_and_by_what_its_file_is_called(tmp_path: Path) -> None:
    first = measured_here(tmp_path, "0001_20261125-110000.json", "2026-11-25T02:00:00+00:00")
    second = measured_here(tmp_path, "0002_20261125-110000.json", "2026-11-25T03:00:00+00:00")
    for name in ("1", "0001", first.name, first.stem, f"here/{first.name}", f"here/{first.stem}"):
        assert find_run(name, artifacts=tmp_path) == first
    for latest in (None, "@latest"):
        assert find_run(latest, artifacts=tmp_path) == second
    assert find_side(str(first.parent), artifacts=tmp_path) == first.parent
    assert find_side("2", artifacts=tmp_path) == second
    assert "no run that `zoobench runs` lists" in message_of(UsageError, lambda: find_run("3", artifacts=tmp_path))
    measured_here(tmp_path, "0001_20261125-110000.json", "2026-11-25T02:00:00+00:00", machine="named")
    said = message_of(UsageError, lambda: find_run("1", artifacts=tmp_path))
    assert "here/0001_20261125-110000.json, named/0001_20261125-110000.json" in said


def test_a_baseline_goes_before_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_baseline("main", results(tmp_path), artifacts=tmp_path)[0].path
    monkeypatch.chdir(tmp_path)
    Path("main").write_text("")
    assert find_run("main", artifacts=tmp_path) == path


def measured_here(artifacts: Path, name: str, measured: str, *, machine: str = "here") -> Path:
    return write_results_file(artifacts / "results" / machine / name, MINE, measured=measured)


def test_the_newest_results_of_this_machine_are_found_whatever_it_was_called(tmp_path: Path) -> None:
    measured_here(tmp_path, "0003_20261125-110000.json", "2026-11-25T02:00:00.5+00:00")
    newest = measured_here(tmp_path, "0001_20261125-010000.json", "2026-11-25T03:00:00+00:00", machine="named")
    results(tmp_path, "other/0001_20261125-030000.json", replace(MINE, environment={**HERE, "cpu": "another"}))
    (tmp_path / "results" / "here" / "0004_20261125-040000.json").touch()  # reserved by a run that just began
    assert newest_results(tmp_path) == newest


def test_neither_time_zone_nor_clock_makes_an_older_run_of_a_machine_the_newest(tmp_path: Path) -> None:
    measured_here(tmp_path, "0009_20261125-230000.json", "2026-11-25T14:00:00+00:00")  # in Tokyo
    newest = measured_here(tmp_path, "0010_20261125-150000.json", "2026-11-25T15:00:00+00:00")  # in London
    assert newest_results(tmp_path) == newest
    newest = measured_here(tmp_path, "0011_19700101-000100.json", "1970-01-01T00:01:00+00:00")  # no clock yet
    assert newest_results(tmp_path) == newest


def test_a_file_that_was_renamed_is_as_old_as_it_says_itself(tmp_path: Path) -> None:
    newest = measured_here(tmp_path, "0002_20261125-150000.json", "2026-11-25T15:00:00+00:00")
    measured_here(tmp_path, "0003_before-change.json", "2026-11-25T14:00:00")
    measured_here(tmp_path, "0099_no-time.json", "yesterday")
    assert newest_results(tmp_path) == newest
    last = measured_here(tmp_path, "after.json", "2026-11-25T16:00:00Z".replace("Z", "+00:00"))
    assert newest_results(tmp_path) == last


def test_a_file_without_our_record_is_never_the_newest(tmp_path: Path) -> None:
    newest = measured_here(tmp_path, "0002_20261125-150000.json", "2026-11-25T15:00:00+00:00")
    timed = {"fullname": "test_a", "stats": {"median": 0.001}}
    for name in ("0003_20261125-160000.json", "0003_plain.json"):
        write_results_file(newest.with_name(name), benchmarks=[timed], measured="2026-11-25T16:00:00+00:00")
    newest.with_name("notes.json").write_text("{}")
    assert newest_results(tmp_path) == newest


def test_no_results_of_this_machine_are_an_error_that_names_it(tmp_path: Path) -> None:
    results(tmp_path, "other/0001_x.json", replace(MINE, environment={}))
    with pytest.raises(UsageError, match=rf"no results of this machine \({machine_key(HERE)}\)"):
        newest_results(tmp_path)


def test_a_newer_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    results(tmp_path, "here/0001_20261125-010000.json", MINE)
    (tmp_path / "results" / "here" / "0002_20261125-020000.json").write_text("{")
    with pytest.raises(ResultsError, match="0002_20261125-020000"):
        newest_results(tmp_path)


def test_the_machine_is_told_from_the_environment_and_an_empty_one_is_no_machine() -> None:
    assert measured_on([MINE]) == machine_key(HERE)
    assert measured_on([replace(MINE, environment={})]) != machine_key(HERE)


@pytest.mark.parametrize(
    "environment",
    [{"cores": "../../x"}, {"cores": ["../x"]}, {"cpu": "../x"}, {"device": "x" * 2_000}, {"cpu": {"../x": 1}}],
)
def test_no_record_takes_the_machines_key_out_of_its_folder(environment: dict[str, Any]) -> None:
    key = measured_on([replace(MINE, environment=environment)])
    assert PLAIN_NAME.fullmatch(key)
    assert len(key) < 250


def test_what_cannot_be_read_is_told_beside_the_baselines(tmp_path: Path) -> None:
    save_baseline("main", results(tmp_path), artifacts=tmp_path)
    (tmp_path / "baselines" / "bad.json").write_text("{")
    readable, reasons = saved_baselines(tmp_path)
    assert [one.name for one in readable] == ["main"]
    assert len(reasons) == 1
    assert "bad.json" in reasons[0]


def test_all_records_are_saved_in_their_order(tmp_path: Path) -> None:
    records = [replace(a_record(), cell=a_cell(backbone=name)) for name in ("a", "b")]
    saved, _ = save_baseline("main", results(tmp_path, "pi/0001_x.json", *records), artifacts=tmp_path)
    assert [record.cell.backbone for record in saved.records.values()] == ["a", "b"]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return write_results_file(tmp_path / "results" / "here" / "0001_20261125-010000.json", MINE, machine="here")


def run(*arguments: str, artifacts: Path) -> Result:
    return CliRunner().invoke(main, ["baseline", *arguments, "--artifacts", str(artifacts)])


def test_save_takes_the_newest_results_of_this_machine_and_says_which(tmp_path: Path, mine: Path) -> None:
    done = run("save", "main", artifacts=tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == f"saved 1 cells of {mine}, the newest results of this machine"
    assert f"taken: {mine}, the newest results of this machine" in done.stderr
    assert done.stdout.splitlines()[1].startswith(f"wrote {tmp_path / 'baselines' / 'main.json'} (")
    assert f"the store does not know what made {MINE.cell.id}: keep these model files" in done.stderr


def test_save_replaces_by_force_and_takes_a_part_where_that_is_said(tmp_path: Path) -> None:
    write_results_file(tmp_path / "results" / "here" / "0001_x.json", replace(MINE, latency=None))
    steps = ((), ("--partial",), ("--partial",), ("--partial", "--force"))
    assert [run("save", "main", *options, artifacts=tmp_path).exit_code for options in steps] == [2, 0, 2, 0]


@pytest.mark.usefixtures("mine")
def test_list_shows_each_baseline_and_ends_badly_if_one_cannot_be_read(tmp_path: Path) -> None:
    run("save", "main", artifacts=tmp_path)
    done = run("list", artifacts=tmp_path)
    assert done.exit_code == 0
    assert re.match(r"main +20", done.stdout.splitlines()[-1])
    (tmp_path / "baselines" / "bad.json").write_text("{}")
    done = run("list", artifacts=tmp_path)
    assert done.exit_code == 2
    assert re.match(r"main +20", done.stdout.splitlines()[-1])
    assert "bad.json is not in pytest-benchmark's format" in done.stderr


def test_diff_holds_a_baseline_against_the_newest_results_or_another(tmp_path: Path, mine: Path) -> None:
    run("save", "main", artifacts=tmp_path)
    assert run("diff", "main", artifacts=tmp_path).stdout == "main and here/0001_20261125-010000.json do not differ\n"
    newer = mine.with_name("0002_20261125-020000.json")
    write_results_file(newer, MINE, replace(MINE, cell=a_cell(backbone="new")), machine="here")
    done = run("diff", "main", artifacts=tmp_path)
    assert done.exit_code == 0
    assert [line.split() for line in done.output.splitlines()[-2:]] == [
        ["new-integer_only-litert-t1"],
        ["cell", "absent", "measured"],
    ]
    assert run("diff", "main", str(mine), artifacts=tmp_path).output.endswith("do not differ\n")
    run("save", "second", artifacts=tmp_path)
    assert "new" in run("diff", "main", "second", artifacts=tmp_path).output


def test_a_run_is_loaded_by_its_file_or_a_baselines_name(tmp_path: Path) -> None:
    source = results(tmp_path)
    saved, _ = save_baseline("main", source, artifacts=tmp_path)
    assert load("main", artifacts=tmp_path) == saved
    assert load(source, artifacts=tmp_path).origin is None
    with pytest.raises(UsageError, match="is no file, no run"):
        load("other", artifacts=tmp_path)


def test_the_parts_of_a_split_matrix_are_one_baseline(tmp_path: Path) -> None:
    parts = [replace(MINE, cell=a_cell(variant=variant)) for variant in ("float32", "integer_only")]
    for number, part in enumerate(parts):
        block = {"cells": [part.cell.id], "products": {"ab" * 32: "mobilenet"}, "options": {"epochs": "3"}}
        write_results_file(tmp_path / "parts" / f"{number}.json", part, machine="here", **block)
    assert run("save", "by-folder", "--from", str(tmp_path / "parts"), artifacts=tmp_path).exit_code == 0
    named = [word for number in (0, 1) for word in ("--from", str(tmp_path / "parts" / f"{number}.json"))]
    assert run("save", "by-name", *named, artifacts=tmp_path).exit_code == 0
    for name in ("by-folder", "by-name"):
        saved = read_recorded(baseline_path(name, artifacts=tmp_path))
        assert list(saved.records) == list(saved.provenance.cells) == [part.cell.id for part in parts]
        assert saved.provenance.options == {"epochs": "3"}
        assert saved.origin
        assert saved.origin.source == {"by-folder": "parts", "by-name": "parts/0.json, parts/1.json"}[name]
