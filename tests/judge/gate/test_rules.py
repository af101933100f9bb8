"""Are tolerances what file and command line say, and is nothing taken for one that could mean something else?"""

from dataclasses import replace
from pathlib import Path

import pytest

from fakes import a_cell, a_record
from messages import message_of
from zoobench.errors import UsageError
from zoobench.judge.gate.evidence import obstacles
from zoobench.judge.gate.rules import DEFAULTS, Rules, read_rules, renamed, renamed_side, same_files
from zoobench.judge.metrics import GATED
from zoobench.results.run import Run, Side, Timing
from zoobench.results.schema import Record

KERAS, LITERT = "mobilenet-keras-keras-t1", "mobilenet-float32-litert-t1"


def rules(folder: Path, text: str, *overrides: str) -> Rules:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return read_rules(path, overrides)


def test_without_a_word_5_percent_half_a_point_1_percent_and_10_percent_hold(tmp_path: Path) -> None:
    for found in (read_rules(None), read_rules(Path("absent.toml")), rules(tmp_path, '[project]\nname = "x"\n')):
        assert found.of(LITERT) == {**DEFAULTS, "latency_p50": 0.05, "top1": 0.005, "size": 0.01, "memory": 0.10}
        assert found.seconds is None


def test_the_section_sets_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    found = rules(tmp_path, '[tool.zoobench.gate]\nlatency_p50 = "3 %"\ntop1 = "1.5 points"\nseconds = 20\n')
    assert found.of(LITERT) == {**DEFAULTS, "latency_p50": 0.03, "top1": 0.015}
    assert found.seconds == 20.0


def test_patterns_make_exceptions_and_the_later_one_wins_metric_by_metric(tmp_path: Path) -> None:
    found = rules(
        tmp_path,
        '[tool.zoobench.gate]\nsize = "2 %"\n'
        '[tool.zoobench.gate.cells."*-keras-*"]\nlatency_p50 = "10 %"\nmemory = "20 %"\n'
        '[tool.zoobench.gate.cells."mobilenet-*"]\nlatency_p50 = "7 %"\n',
    )
    assert found.of(KERAS) == {**DEFAULTS, "latency_p50": 0.07, "size": 0.02, "memory": 0.20}
    assert found.of(LITERT) == {**DEFAULTS, "latency_p50": 0.07, "size": 0.02}
    assert found.of("xception-keras-keras-t1") == {**DEFAULTS, "latency_p50": 0.10, "size": 0.02, "memory": 0.20}


EXCEPTION = '[tool.zoobench.gate.cells."*-keras-*"]\nlatency_p50 = "10 %"\n'


def test_the_command_line_replaces_the_general_value_and_its_patterns_come_after_those_of_the_file(
    tmp_path: Path,
) -> None:
    text = '[tool.zoobench.gate]\nlatency_p50 = "3 %"\n' + EXCEPTION
    found = rules(tmp_path, text, "latency_p50=4%", "top1 = 2points", "seconds=7.5")
    assert found.of(LITERT) == {**DEFAULTS, "latency_p50": 0.04, "top1": 0.02}
    assert found.of(KERAS) == {**DEFAULTS, "latency_p50": 0.10, "top1": 0.02}
    assert found.seconds == 7.5
    for override, share in (("*-keras-*:latency_p50=12%", 0.12), ("*:latency_p50=2%", 0.02)):
        assert rules(tmp_path, EXCEPTION, override).of(KERAS)["latency_p50"] == pytest.approx(share)
    assert read_rules(None, ["a:b*:size=0%"]).of("a:bc")["size"] == 0  # a colon in a pattern belongs to it


def test_patterns_that_fit_no_cell_are_known() -> None:
    found = read_rules(None, ["*-keras-*:latency_p50=10%", "*-kears-*:latency_p50=10%", "*-kears-*:size=3%"])
    assert found.unused([KERAS, LITERT]) == ("*-kears-*",)
    assert found.unused([LITERT]) == ("*-keras-*", "*-kears-*")


def test_a_tolerance_of_zero_is_one_of_what_is_known_exactly() -> None:
    found = read_rules(None, ["top1=0 points", "size=0 %"]).of(LITERT)
    assert (found["top1"], found["size"]) == (0, 0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("latency_p50 = 0.05", r"tool\.zoobench\.gate\.latency_p50: received 0\.05; allowed is a number above 0"),
        ('latency = "5 %"', r"received the key 'latency'; allowed are .* \(latency is latency_p50 since 0\.2\)"),
        ("latency_p50 = 5", "latency_p50: received 5;"),
        ('latency_p50 = "0.05"', "latency_p50: received '0.05';"),
        ('latency_p50 = "5 points"', 'its unit, %, such as "5 %"'),
        ('latency_p50 = "-5 %"', "latency_p50: received '-5 %'"),
        ('latency_p50 = "0 %"', "latency_p50: received '0 %'"),
        ('latency_p50 = "1e3 %"', "latency_p50: received '1e3 %'"),
        ('latency_p50 = "nan %"', "latency_p50: received 'nan %'"),
        ('memory = "2000 %"', "above 0 up to 1000 and its unit, %"),
        ("memory = true", "memory: received True"),
        ('top1 = "0.5 %"', 'its unit, points, such as "0.5 points"'),
        ('top1 = "101 points"', "from 0 up to 100 and its unit, points"),
        ('top-1 = "0.5 points"', "'top-1'; allowed are " + ", ".join((*GATED, "seconds", "cells"))),
        ('seconds = "20"', "seconds: received '20'; allowed is a number of seconds above 0"),
        ("seconds = 0", "seconds: received 0;"),
        ("seconds = inf", "seconds: received inf;"),
        ("seconds = true", "seconds: received True;"),
        ("cells = 3", r"cells: received 3; allowed is a table: \[tool\.zoobench\.gate\.cells\]"),
        ('cells."*-keras-*" = "10 %"', r'cells\."\*-keras-\*": received \'10 %\'; allowed is a table'),
        ('cells."*".speed = "10 %"', r'cells\."\*": received the key .speed.; allowed are ' + ", ".join(GATED) + "$"),
        ('cells."*".seconds = 3', "received the key 'seconds'"),
    ],
)
def test_what_makes_no_sense_is_named_with_file_key_and_what_is_allowed(
    tmp_path: Path, line: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        rules(tmp_path, f"[tool.zoobench.gate]\n{line}\n")
    assert str(tmp_path / "pyproject.toml") in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        *((text, "is a table") for text in (b"tool = 3", b"[tool]\nzoobench = 3", b"[tool.zoobench]\ngate = []")),
        *((text, "cannot read .*pyproject") for text in (b"[tool.zoobench.gate", b"latency_p50 = 5 %", b"\xff\xfe")),
    ],
)
def test_a_file_that_is_no_toml_or_has_no_table_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_rules(tmp_path / "pyproject.toml")


@pytest.mark.parametrize(
    "text",
    ["latency", "latency=5%", "latency_p50=", "=5%", "speed=5%", "*:speed=5%", "*:seconds=5", "top1=5%", "seconds=x"],
)
def test_a_command_line_text_that_makes_no_sense_is_quoted(text: str) -> None:
    with pytest.raises(UsageError, match="allowed") as caught:
        read_rules(None, [text])
    assert repr(text) in str(caught.value)


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


def test_all_runs_of_a_side_are_joined_with_their_rounds() -> None:
    timing = Timing(median_seconds=1.0, rounds=(1.0,))
    runs = (Run(path=Path("1"), records=OLD, rounds=dict.fromkeys(OLD, timing)), Run(path=Path("2"), records=OLD))
    found = renamed_side(
        Side(name="a", runs=runs), Side(name="b", runs=(Run(path=Path("3"), records=NEW),)), ["old=new"]
    )
    assert found.ids == tuple(NEW)
    assert [run.records.keys() for run in found.runs] == [NEW.keys(), NEW.keys()]
    assert found.runs[0].rounds == dict.fromkeys(NEW, timing)


def test_the_section_renames_what_a_baseline_has(tmp_path: Path) -> None:
    found = rules(tmp_path, '[tool.zoobench.gate]\nrename = ["old=new", "older=old"]\n')
    assert found.renames == ("old=new", "older=old")
    assert found.renames_of(OLD) == ("old=new",)
    for wrong in ('"old=new"', '["old"]', "[1]"):
        said = message_of(UsageError, lambda wrong=wrong: rules(tmp_path, f"[tool.zoobench.gate]\nrename = {wrong}\n"))
        assert "gate.rename: received" in said
        assert '["OLD=NEW"]' in said


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
        (
            "odl=new",
            "the baseline has no odl (did you mean old?). Its backbones are old, kept, its cells old-float32-",
        ),
        ("old=nwe", "received 'old=nwe' (did you mean new?); the candidate's backbones are new"),
        (
            f"{ID.format('old')}=new",
            "the candidate has no new (did you mean new-float32-litert-t1?). Its backbones are new,",
        ),
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
