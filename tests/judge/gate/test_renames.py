"""Are cells that go by another name joined where that is asked for, and named where their files are the same?"""

from dataclasses import replace

import pytest

from fakes import a_cell, a_record
from messages import message_of
from zoobench.errors import UsageError
from zoobench.judge.gate.evidence import obstacles
from zoobench.judge.gate.renames import renamed, same_files
from zoobench.results.schema import Record

Records = dict[str, Record]


def records(backbone: str, *variants: str, file: str = "ab") -> Records:
    """Returns records of a backbone, each variant with a file of its own."""
    found = {}
    for number, variant in enumerate(variants or ("float32", "integer_only")):
        record = a_record(cell=a_cell(backbone=backbone, variant=variant))
        assert record.model
        model = replace(record.model, sha256=f"{file}{number:062}")
        found[record.cell.id] = replace(record, model=model)
    return found


OLD, NEW = records("old"), records("new")
ID = "{}-integer_only-litert-t1"


def test_a_backbone_is_joined_with_all_its_cells_and_others_stay() -> None:
    found = renamed(OLD | records("kept"), NEW, ["old = new"])
    assert found.keys() == NEW.keys() | records("kept").keys()
    cell = found[ID.format("new")].cell
    assert (cell.id, cell.backbone, cell.variant) == (ID.format("new"), "new", "integer_only")
    assert found[ID.format("new")].model == OLD[ID.format("old")].model
    assert obstacles(renamed(OLD, NEW, ["old=new"]), NEW) == ()


def test_a_cell_is_joined_alone() -> None:
    found = renamed(OLD, NEW, [f"{ID.format('old')}={ID.format('new')}"])
    assert list(found) == ["old-float32-litert-t1", ID.format("new")]


def test_two_names_can_be_exchanged() -> None:
    found = renamed(OLD | NEW, OLD | NEW, ["old=new", "new=old"])
    assert found[ID.format("new")].model == OLD[ID.format("old")].model
    assert found.keys() == (OLD | NEW).keys()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("old", "received 'old'; allowed is OLD=NEW, two backbones or two ids of cells"),
        ("old=", "received 'old='; allowed is OLD=NEW"),
        ("odl=new", "the baseline has no odl. Its backbones are old, kept, its cells old-float32-litert-t1, "),
        ("old=nwe", "received 'old=nwe'; the candidate's backbones are new"),
        (f"{ID.format('old')}=new", "the candidate has no new. Its backbones are new, its cells new-float32-litert-t1"),
        (f"{ID.format('old')}=new-float32-litert-t1", "differ in more than the name of the backbone"),
        ("old=new,kept=new", "two cells of the baseline would be new-float32-litert-t1"),
    ],
)
def test_what_names_nothing_is_refused_with_what_there_is(text: str, message: str) -> None:
    assert message in message_of(UsageError, lambda: renamed(OLD | records("kept"), NEW, text.split(",")))


def test_the_same_file_by_another_name_is_found_with_the_option_that_joins_it() -> None:
    assert same_files(OLD, NEW) == [(one, one.replace("old", "new")) for one in OLD]
    told = obstacles(OLD, NEW)[2]
    assert told == (
        "the same file by two names: old-float32-litert-t1 and new-float32-litert-t1, old-integer_only-litert-t1 and "
        "new-integer_only-litert-t1; join them by --rename old=new (in pytest --zoo-gate-rename old=new)"
    )


def test_other_files_by_other_names_are_no_pair_but_the_option_is_named() -> None:
    retrained = records("new", file="cd")
    assert same_files(OLD, retrained) == []
    told = obstacles(OLD, retrained)[2]
    assert told.startswith("if a model goes by another name now, join its cells by --rename OLD=NEW")
    assert not any("--rename" in one for one in obstacles(OLD | NEW, NEW)), "nothing is new there"
