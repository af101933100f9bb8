"""Does the report hold every part, in the words that its records give, and say how it was measured?"""

from dataclasses import replace
from typing import Any

import pytest

from fakes import a_disturbance, a_training, an_interval, disturbed
from reportparts import FLOAT, INTEGER, a_report, refused, run_of, timed
from resultfiles import EPYC
from zoobench.judge.compare.comparison import compare
from zoobench.results.run import Provenance, Run, Side
from zoobench.results.schema import Record
from zoobench.show.report.assembly import changes_of, fewest_flips, method_of, unknowns_of
from zoobench.show.report.contents import Changes, Pictures
from zoobench.stats.paired import mcnemar_mid_p

UNANSWERED = replace(FLOAT, accuracy=None)


def test_the_title_and_the_facts_say_what_was_measured_where_and_when() -> None:
    found = a_report()
    assert found.title == "mobilenet on pets"
    assert found.facts == {
        "Cells": "2",
        "Test samples": "8 images of 2 classes",
        "Machine": "AMD EPYC, 2 cores",
        "Measured": "2026-11-25 08:23 UTC",
        "File": "machine/0001.json",
    }


def test_what_is_missing_is_said_in_its_place() -> None:
    planned = a_report(provenance=Provenance(cells=("mobilenet-keras-keras-t1",)))
    assert any("mobilenet-keras-keras-t1" in note for note in planned.matrix.notes)
    untrained = a_report(replace(FLOAT, training=None))
    assert untrained.training_notes[0].startswith("No training curves are in the file")
    trained = a_report(replace(FLOAT, training=a_training()))
    assert (trained.training_notes, len(trained.training)) == ((), 1)
    assert "No accuracy was measured in this run" in a_report(UNANSWERED).answers_notes[0]
    some = a_report(FLOAT, INTEGER, refused())
    assert some.answers_notes == ("Without accuracy, so not here: mobilenet-int16x8-litert-t1.",)
    unpictured = a_report(pictures=Pictures(reason="the store is gone"))
    assert unpictured.answers_notes == ("Flipped samples are shown without images: the store is gone.",)


def test_the_recommended_cells_confusion_is_drawn_for_pictures() -> None:
    found = a_report()
    assert found.confusion is not None
    assert found.decision.cell in found.confusion.title
    assert a_report(UNANSWERED).confusion is None


def changes(base: Run, new: Run) -> Changes:
    return changes_of(compare(Side(name="base.json", runs=(base,)), Side(name="new.json", runs=(new,))))


def test_each_metric_counts_its_cells_by_verdict() -> None:
    slower = timed("integer_only", 0.008, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
    found = {one.grid.title: one for one in changes(run_of(FLOAT, INTEGER), run_of(FLOAT, slower)).metrics}
    p50, size = found["p50, ms"], found["size, MB"]
    assert (p50.summary, p50.moved, len(p50.grid.rows)) == ("1 regressed, 1 unchanged", True, 2)
    assert (size.summary, size.moved) == ("2 unchanged", False)


def test_cells_that_one_side_lacks_are_named_and_counted() -> None:
    found = changes(run_of(FLOAT), run_of(FLOAT, INTEGER))
    assert found.lead[0] == "baseline:  base.json (1 run)"
    assert f"Only in this run (1): {INTEGER.cell.id}." in found.lead
    assert not any("Only in the baseline" in line for line in found.lead)
    assert "`zoobench gate` judges" in found.notes[-1]


def test_conditions_that_differ_have_a_table_and_equal_ones_a_sentence() -> None:
    found = changes(run_of(FLOAT), run_of(timed("float32", 0.010, weights="random"))).conditions
    assert found is not None
    assert ("weights", "imagenet", "random") in found.rows
    same = changes(run_of(FLOAT), run_of(FLOAT))
    assert same.conditions is None
    assert "All known conditions are the same." in same.lead


SURROUNDINGS: dict[str, Any] = {
    "cpu": "AMD EPYC",
    "cores": 2,
    "memory_bytes": 25_276_502_016,
    "virtualization": {"virtual_machine": True, "container": None},
    "libraries": {"numpy": "2.4.6", "ai-edge-litert": "2.3.0"},
}


def tables(*records: Record, provenance: Provenance | None = None) -> dict[str, dict[str, tuple[str, ...]]]:
    grids = a_report(*records, provenance=provenance).environment
    return {grid.title: {row[0]: row[1:] for row in grid.rows} for grid in grids}


def test_the_machine_is_told_apart_from_the_libraries_with_every_version() -> None:
    other = {**SURROUNDINGS, "libraries": {"numpy": "1.26.0"}}
    found = tables(replace(FLOAT, environment=SURROUNDINGS), replace(INTEGER, environment=other))
    assert found["Machine"] == {
        "cpu": ("AMD EPYC",),
        "cores": ("2",),
        "memory": ("25300 MB",),
        "virtual machine": ("yes",),
    }
    assert found["Libraries"] == {"numpy": ("2.4.6, 1.26.0",), "ai-edge-litert": ("2.3.0",)}


def test_options_are_written_as_they_are_given() -> None:
    options = tables(FLOAT, provenance=Provenance(options={"threads": "1,2"}))
    assert options["Options of the run that are not the defaults"] == {"--zoo-threads": ("1,2",)}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("/home/me/photos", "photos"),
        ("../a/weights", "weights"),
        ("mine=~/b/one.keras,C:\\c\\two.h5", "mine=one.keras,two.h5"),
        ("0..1", "0..1"),
        ("mobilenet,photos/", "mobilenet,photos/"),
    ],
)
def test_folders_of_the_user_are_not_shown(given: str, shown: str) -> None:
    options = tables(FLOAT, provenance=Provenance(options={"data": given}))
    assert options["Options of the run that are not the defaults"] == {"--zoo-data": (shown,)}
    assert "Options of the run that are not the defaults" not in tables(FLOAT)


def test_data_and_files_stand_once_with_their_hashes() -> None:
    found = tables(FLOAT, INTEGER)
    assert found["Test data"]["classes"] == ("2: cat, dog",)
    assert found["Test data"]["SHA-256"] == ("cdcdcdcdcdcd",)
    assert found["Model files"] == {
        f"{FLOAT.cell.id}, {INTEGER.cell.id}": ("abababababab", "3,400,000", "imagenet"),
    }
    own = replace(FLOAT, cell=replace(FLOAT.cell, weights=f"file:{'ef' * 32}"))
    assert tables(own)["Model files"][FLOAT.cell.id][2] == "file:efefefefefef"


def test_rounds_samples_and_processes_are_those_of_the_records() -> None:
    text = "\n".join(method_of([FLOAT, replace(INTEGER, kit="ab" * 32)]))
    for part in ("Rounds of a cell: 64.", "every one of 8 test samples", "6 a cell", "came in a kit"):
        assert part in text


def test_what_was_not_done_is_not_explained() -> None:
    bare = replace(FLOAT, accuracy=None, latency=None, memory=None, startup=None)
    assert list(method_of([bare])) == []
    untimed = "\n".join(method_of([replace(FLOAT, latency=None)]))
    assert "Accuracy" in untimed
    assert "× float" not in untimed
    assert "kit" not in untimed
    assert "One process timed" not in unknowns(bare)
    assert "test samples" not in unknowns(bare)


def unknowns(*records: Record) -> str:
    return "\n".join(unknowns_of(run_of(*records)))


@pytest.mark.parametrize(
    ("surroundings", "phrase"),
    [
        (EPYC, "this machine's (AMD EPYC, 2 cores)"),
        ({}, "unknown machine, unknown number of cores"),
        (
            {**EPYC, "virtualization": {"virtual_machine": True, "container": "docker"}},
            "It is a virtual machine and a container (docker)",
        ),
        ({**EPYC, "governor": "powersave"}, "(governor: powersave)"),
        ({**EPYC, "governor": None}, "(governor: not known)"),
    ],
)
def test_what_is_known_of_the_machine_is_told(surroundings: dict[str, Any], phrase: str) -> None:
    assert phrase in unknowns(replace(FLOAT, environment=surroundings))


def test_a_machine_of_its_own_with_a_fixed_frequency_is_nothing_to_tell() -> None:
    bare = {**EPYC, "governor": "performance", "virtualization": {"virtual_machine": False, "container": None}}
    text = unknowns(replace(FLOAT, environment=bare))
    assert "It is a" not in text
    assert "governor" not in text


def test_the_smallest_loss_that_is_no_chance_is_reckoned_from_the_samples() -> None:
    assert fewest_flips() == 5
    assert mcnemar_mid_p(5, 0) < 0.05 <= mcnemar_mid_p(4, 0)
    assert "fewer than 5 newly wrong with none newly right (62.5 points) may be chance" in unknowns(FLOAT)  # 5 of 8


def test_accuracy_of_random_weights_is_not_quoted() -> None:
    text = unknowns(timed("float32", 0.01, weights="random"))
    assert "Random weights in mobilenet: its accuracy means nothing" in text
    assert "best top-1" not in text


def test_drawn_images_say_nothing_of_photos() -> None:
    assert "The images are drawn" in unknowns(replace(FLOAT, dataset=replace(FLOAT.dataset, name="drawn")))
    assert "come from one collection" in unknowns(FLOAT)


def test_disturbed_and_unwatched_cells_are_named() -> None:
    assert FLOAT.latency is not None
    quiet = replace(FLOAT, latency=replace(FLOAT.latency, disturbance=a_disturbance(an_interval())))
    assert "disturb" not in unknowns(quiet)
    assert f"was not watched in {FLOAT.cell.id}, {INTEGER.cell.id}." in unknowns(FLOAT, INTEGER)
    assert f"Other work disturbed {FLOAT.cell.id}:" in unknowns(disturbed(FLOAT))


def test_parts_that_were_not_measured_are_told_and_refused_cells_are_not_among_them() -> None:
    bare = replace(INTEGER, accuracy=None, memory=None)
    text = unknowns(FLOAT, bare, refused())
    assert f"Accuracy was not measured in {INTEGER.cell.id}." in text
    assert f"Memory was not measured in {INTEGER.cell.id}." in text
    assert "Time was not measured" not in text
    assert "Accuracy was not measured in the only cell." in unknowns(bare)
