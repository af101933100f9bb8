"""Are results about different things kept apart, and those about the same thing not?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import a_record
from resultfiles import a_run, a_side
from zoobench.errors import ResultsError
from zoobench.judge.compare.machines import across
from zoobench.results.record import Record
from zoobench.results.samesubject import check_same_subject
from zoobench.results.timings import Side

CELL = a_record().cell.id
KIT, OTHER_KIT = "aa" * 32, "bb" * 32


def side(name: str, *records: Record) -> Side:
    return a_side(*(replace(a_run(record), path=Path(f"{name}-{index}.json")) for index, record in enumerate(records)))


def with_samples(sha256: str, **changes: Any) -> Record:
    return a_record(dataset=replace(a_record().dataset, sha256=sha256), **changes)


def with_file(sha256: str, **changes: Any) -> Record:
    model = a_record().model
    assert model is not None
    return a_record(model=replace(model, sha256=sha256), **changes)


def refusal(*sides: Side) -> str:
    with pytest.raises(ResultsError) as caught:
        check_same_subject(sides)
    return str(caught.value)


def test_results_of_one_kit_stand_together() -> None:
    check_same_subject([side("here", a_record(kit=KIT)), side("pi", a_record(kit=KIT))])


def test_results_of_two_kits_are_refused_with_both_named() -> None:
    assert refusal(side("here", a_record(kit=KIT)), side("pi", a_record(kit=OTHER_KIT))) == (
        "these are results of different kits: here-0.json of aaaaaaaaaaaa, pi-0.json of bbbbbbbbbbbb (SHA-256); "
        "run one kit on every machine, and compare those results"
    )


def test_two_kits_within_one_folder_are_refused_too() -> None:
    mixed = side("pi", a_record(kit=KIT), a_record(kit=OTHER_KIT))
    assert "pi-0.json of aaaaaaaaaaaa, pi-1.json of bbbbbbbbbbbb" in refusal(side("here", a_record()), mixed)


def test_two_kits_without_a_common_cell_are_refused_too() -> None:
    other = a_record(cell=replace(a_record().cell, id="x-float32-litert-t1", backbone="x"), kit=OTHER_KIT)
    assert "different kits" in refusal(side("here", a_record(kit=KIT)), side("pi", other))


def test_other_samples_are_refused_with_both_named_with_or_without_a_kit() -> None:
    for kit in (None, KIT):
        here, there = side("here", a_record(kit=kit)), side("pi", with_samples("ef" * 32, kit=kit))
        assert refusal(here, there) == (
            f"{CELL} was measured on different samples: in here-0.json on 3 of 'pets' (cdcdcdcdcdcd), in pi-0.json on "
            "3 of 'pets' (efefefefefef); measure both on the same images, such as by one kit (zoobench kit export)"
        )


def test_other_samples_of_a_cell_that_only_one_has_are_no_matter() -> None:
    other = replace(with_samples("ef" * 32), cell=replace(a_record().cell, id="x-float32-litert-t1", backbone="x"))
    check_same_subject([side("here", a_record()), side("pi", other)])


def test_a_kits_results_stand_beside_a_workstations_own_of_the_same_files() -> None:
    check_same_subject([side("here", a_record()), side("pi", a_record(kit=KIT))])


def test_a_kits_results_are_refused_beside_those_of_another_file() -> None:
    assert refusal(side("here", a_record()), side("pi", with_file("00" * 32, kit=KIT))) == (
        f"{CELL} was measured with different files: abababababab in here-0.json, 000000000000 in pi-0.json (SHA-256), "
        "of which one came in a kit; run the kit on both machines, or export it from the store that the other run used"
    )


def test_machines_that_made_their_own_files_stand_together() -> None:
    check_same_subject([side("here", a_record()), side("pi", with_file("00" * 32))])


def test_a_cell_that_was_refused_has_no_file_to_differ() -> None:
    check_same_subject([side("here", a_record(model=None, kit=KIT)), side("pi", a_record())])


def test_across_machines_refuses_before_it_reckons() -> None:
    with pytest.raises(ResultsError, match="different kits"):
        across([side("here", a_record(kit=KIT)), side("pi", a_record(kit=OTHER_KIT))])
