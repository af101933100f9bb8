"""Are machine, libraries, options, data and files told as people read them?"""

from dataclasses import replace

from reportparts import FLOAT, INTEGER, run_of
from zoobench.results.provenance import Provenance
from zoobench.results.schema import Record
from zoobench.show.report.conditions import environment_of

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
