"""Are conditions and method described as people read them, and is said what a run cannot tell?"""

from dataclasses import replace

import pytest

from fakes import a_disturbance, an_interval
from reportparts import FLOAT, INTEGER, refused, run_of, timed
from resultfiles import EPYC
from zoobench.results.provenance import Provenance
from zoobench.results.schema import Record
from zoobench.show.report.conditions import environment_of, fewest_flips, method_of, unknowns_of
from zoobench.stats.paired import mcnemar_mid_p

SURROUNDINGS = {
    "cpu": "AMD EPYC",
    "cores": 2,
    "memory_bytes": 25_276_502_016,
    "virtualization": {"virtual_machine": True, "container": None},
    "libraries": {"numpy": "2.4.6", "ai-edge-litert": "2.3.0"},
}


def tables(*records: Record, provenance: Provenance | None = None) -> dict[str, dict[str, tuple[str, ...]]]:
    sheets = environment_of(run_of(*records, provenance=provenance))
    return {sheet.caption: {row[0]: row[1:] for row in sheet.grid.rows} for sheet in sheets}


def test_the_machine_is_told_apart_from_the_libraries() -> None:
    found = tables(replace(FLOAT, environment=SURROUNDINGS))
    assert found["Machine"] == {
        "cpu": ("AMD EPYC",),
        "cores": ("2",),
        "memory": ("25300 MB",),
        "virtual machine": ("yes",),
    }
    assert found["Libraries"] == {"numpy": ("2.4.6",), "ai-edge-litert": ("2.3.0",)}


def test_every_version_that_a_cell_had_is_told() -> None:
    other = {**SURROUNDINGS, "libraries": {"numpy": "1.26.0"}}
    found = tables(replace(FLOAT, environment=SURROUNDINGS), replace(INTEGER, environment=other))
    assert found["Libraries"]["numpy"] == ("2.4.6, 1.26.0",)


def test_options_are_written_as_they_are_given() -> None:
    options = tables(FLOAT, provenance=Provenance(options={"threads": "1,2"}))
    assert options["Options of the run that are not the defaults"] == {"--zoo-threads": ("1,2",)}
    assert "Options of the run that are not the defaults" not in tables(FLOAT)


def test_data_are_told_once_with_their_hash() -> None:
    data = tables(FLOAT, INTEGER)["Test data"]
    assert data["classes"] == ("2: cat, dog",)
    assert data["SHA-256"] == ("cd" * 32,)


def test_a_file_that_several_cells_ran_stands_once() -> None:
    files = tables(FLOAT, INTEGER)["Model files"]
    assert files == {f"{FLOAT.cell.id}, {INTEGER.cell.id}": ("abababababab", "3,400,000", "imagenet")}


def test_weights_of_a_file_are_told_by_the_beginning_of_its_hash() -> None:
    own = replace(FLOAT, cell=replace(FLOAT.cell, weights=f"file:{'ef' * 32}"))
    assert tables(own)["Model files"][FLOAT.cell.id][2] == "file:efefefefefef"


def test_rounds_samples_and_processes_are_those_of_the_records() -> None:
    text = "\n".join(method_of([FLOAT, INTEGER]))
    assert "Rounds of a cell: 64." in text
    assert "every one of 8 test samples" in text
    assert "6 a cell" in text


def test_what_was_not_done_is_not_explained() -> None:
    bare = replace(FLOAT, accuracy=None, latency=None, memory=None, startup=None)
    assert method_of([bare]) == ()
    untimed = "\n".join(method_of([replace(FLOAT, latency=None)]))
    assert "× float" not in untimed
    assert "Accuracy" in untimed


def test_a_kit_is_told() -> None:
    assert "came in a kit" in "\n".join(method_of([replace(FLOAT, kit="ab" * 32)]))
    assert "kit" not in "\n".join(method_of([FLOAT]))


def unknowns(*records: Record) -> str:
    return "\n".join(unknowns_of(run_of(*records)))


def test_the_machine_is_named_and_that_others_differ() -> None:
    assert "this machine's (AMD EPYC, 2 cores)" in unknowns(FLOAT)
    assert "unknown machine, unknown number of cores" in unknowns(replace(FLOAT, environment={}))


def test_a_virtual_machine_and_a_container_are_told_only_where_they_are() -> None:
    inside = {**EPYC, "virtualization": {"virtual_machine": True, "hypervisor": None, "container": "docker"}}
    assert "It is a virtual machine and a container (docker)" in unknowns(replace(FLOAT, environment=inside))
    outside = {**EPYC, "virtualization": {"virtual_machine": False, "hypervisor": None, "container": None}}
    assert "It is a" not in unknowns(replace(FLOAT, environment=outside))


@pytest.mark.parametrize(
    ("governor", "phrase"), [("powersave", "(governor: powersave)"), (None, "(governor: not known)")]
)
def test_a_frequency_that_was_free_is_told(governor: str | None, phrase: str) -> None:
    assert phrase in unknowns(replace(FLOAT, environment={**EPYC, "governor": governor}))


def test_a_fixed_frequency_is_not() -> None:
    assert "governor" not in unknowns(replace(FLOAT, environment={**EPYC, "governor": "performance"}))


def test_the_smallest_loss_that_is_no_chance_is_reckoned_from_the_samples() -> None:
    assert fewest_flips() == 5
    assert mcnemar_mid_p(5, 0) < 0.05 <= mcnemar_mid_p(4, 0)
    assert "fewer than 5 newly wrong with none newly right (62.5 points) may be chance" in unknowns(FLOAT)  # 5 of 8


def test_accuracy_of_random_weights_is_not_quoted() -> None:
    text = unknowns(timed("float32", 0.01, weights="random"))
    assert "Random weights in mobilenet: its accuracy means nothing" in text
    assert "best top-1" not in text


def test_drawn_images_say_nothing_of_photos() -> None:
    drawn = replace(FLOAT, dataset=replace(FLOAT.dataset, name="drawn"))
    assert "The images are drawn" in unknowns(drawn)
    assert "come from one collection" in unknowns(FLOAT)


def test_disturbed_and_unwatched_cells_are_named() -> None:
    assert FLOAT.latency is not None
    watched = a_disturbance(an_interval())
    quiet = replace(FLOAT, latency=replace(FLOAT.latency, disturbance=watched))
    assert "disturb" not in unknowns(quiet)
    assert f"was not watched in {FLOAT.cell.id}, {INTEGER.cell.id}." in unknowns(FLOAT, INTEGER)


def test_parts_that_were_not_measured_are_told_and_refused_cells_are_not_among_them() -> None:
    bare = replace(INTEGER, accuracy=None, memory=None)
    text = unknowns(FLOAT, bare, refused())
    assert f"Accuracy was not measured in {INTEGER.cell.id}." in text
    assert f"Memory was not measured in {INTEGER.cell.id}." in text
    assert "Time was not measured" not in text
    assert "Accuracy was not measured in the only cell." in unknowns(bare)


def test_what_was_not_timed_or_answered_is_not_explained() -> None:
    text = unknowns(replace(FLOAT, accuracy=None, latency=None))
    assert "One process timed" not in text
    assert "test samples" not in text
