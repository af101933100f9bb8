"""Does every command end by the one table of statuses, whatever it is given, and whatever becomes of its output?"""

import argparse
import io
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import click
import pytest
from click.testing import CliRunner

from zoobench.cli import main
from zoobench.errors import Status
from zoobench.plugin import pytest_addoption
from zoobench.run.options import OPTIONS, Option

INPUTS = Path(__file__).parent / "data" / "stored"
EACH = {
    "show": "workbench.json",
    "compare": "refusals.json plain.json",
    "recommend": "workbench.json",
    "report": "refusals.json --format markdown",
    "gate": "--baseline main --candidate candidate.json --method stored",
    "runs": "",
    "baseline list": "",
    "baseline show": "main",
    "baseline diff": "main candidate.json",
    "baseline save": "next --from candidate.json --force",
    "kit show": "kit.zip",
    "store list": "",
    "store verify": "",
    "store prune": "--keep-days 30",
    "store path": "",
    "backbones": "",
    "extensions": "",
    # what needs a run, TensorFlow or the network: its help
    **dict.fromkeys(
        (
            "build",
            "crosscheck",
            "data fetch",
            "data preview",
            "export",
            "inspect",
            "kit export",
            "kit run",
            "layers",
            "noise",
            "run",
        ),
        "--help",
    ),
}
"""Every command, with what it is given here."""
NO_VERDICT = (Status.CRASHED, Status.UNWRITTEN, Status.INTERRUPTED)


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the kept files to work in."""
    shutil.copytree(INPUTS, tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")


def leaves(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


COMMANDS = dict(leaves(main))


def test_every_command_is_tried() -> None:
    assert EACH.keys() == COMMANDS.keys()


def ended(name: str, *, output: int, encoding: str = "utf-8") -> tuple[int, str]:
    """Returns the status of a command in a process of its own whose output goes elsewhere, and what stderr was told."""
    errors = Path("stderr.txt")
    process = os.fork()
    if process == 0:
        status = 99
        try:
            sys.stdout = io.TextIOWrapper(os.fdopen(output, "wb", closefd=False), encoding=encoding)
            sys.stderr = errors.open("w", encoding="utf-8")
            main([*name.split(), *shlex.split(EACH[name])], prog_name="zoobench")
        except SystemExit as end:
            status = int(end.code or 0)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), errors.read_text()


@pytest.mark.parametrize("name", EACH)
def test_output_that_cannot_be_written_is_no_verdict_and_a_poor_terminal_changes_none(name: str) -> None:
    reader, closed = os.pipe()
    os.close(reader)
    with Path("usual").open("wb") as usual, Path("poor").open("wb") as poor, Path("/dev/full").open("wb") as full:
        verdict, _ = ended(name, output=usual.fileno())
        assert verdict in (0, 1, 2, 3)
        assert ended(name, output=poor.fileno(), encoding="latin-1")[0] == verdict
        status, said = ended(name, output=full.fileno())
    assert (status, "the output cannot be written: No space left" in said) == (Status.UNWRITTEN, True)
    assert "Traceback" not in said
    status, said = ended(name, output=closed)
    assert (status, "cannot be written" in said) == (Status.UNWRITTEN, False)
    os.close(closed)
    assert Path("poor").stat().st_size > 0


@pytest.mark.parametrize("name", EACH)
def test_ctrl_c_and_a_defect_have_statuses_of_their_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [*name.split(), *shlex.split(EACH[name].replace("--help", "x"))]
    for error, status in ((KeyboardInterrupt(), Status.INTERRUPTED), (KeyError("x"), Status.CRASHED)):
        monkeypatch.setattr(click.Command, "parse_args", Mock(side_effect=error))
        done = CliRunner().invoke(main, given)
        assert done.exit_code == status
        assert re.fullmatch(r"zoobench: .*\n", done.stderr)
    kept = re.search(r"its traceback is in (\S+)", done.stderr)
    assert kept
    assert "KeyError: 'x'" in Path(kept[1]).read_text()
    Path(kept[1]).unlink()


def test_no_status_that_says_nothing_of_the_subject_is_that_of_a_verdict_or_of_pytest() -> None:
    verdicts = {Status.PASSED, Status.FAILED, Status.UNUSABLE, Status.UNDECIDED}
    assert verdicts.isdisjoint(NO_VERDICT)
    assert {one.in_pytest for one in Status if one}.isdisjoint(map(int, pytest.ExitCode))


def emptied(command: click.Command) -> Iterator[tuple[str, list[str]]]:
    """Yields how each option of a command is given nothing."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.is_flag:
            for text in ("", " ", " , "):
                yield parameter.opts[-1], [parameter.opts[0], text]
            if parameter.opts[0].startswith("--"):
                yield parameter.opts[-1], [f"{parameter.opts[0]}="]


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_or_an_argument_that_is_given_nothing_is_a_usage_error(name: str) -> None:
    if any(isinstance(parameter, click.Argument) for parameter in COMMANDS[name].params):
        done = CliRunner().invoke(main, [*name.split(), ""])
        assert (done.exit_code, "received nothing" in done.stderr) == (2, True)
    for called, given in emptied(COMMANDS[name]):
        done = CliRunner().invoke(main, [*name.split(), *given])
        assert (done.exit_code, called in done.stderr, "received nothing" in done.stderr) == (2, True, True), given
        assert not done.stdout


class FakeParser:
    """Takes what the plugin adds, as pytest does, into a parser of options alone."""

    def __init__(self) -> None:
        self.options = argparse.ArgumentParser()

    def getgroup(self, *_: str) -> Any:
        return SimpleNamespace(addoption=self.options.add_argument)


@pytest.mark.parametrize("option", [one for one in OPTIONS if one.metavar], ids=lambda one: one.name)
def test_an_option_of_pytest_that_is_given_nothing_is_a_usage_error(option: Option) -> None:
    parser: Any = FakeParser()
    pytest_addoption(parser)
    for given in ([f"{option.flag}="], [option.flag, " "], [option.flag, ","]):
        with pytest.raises(pytest.UsageError, match=f"^{option.flag}: received nothing"):
            parser.options.parse_args(given)
    assert getattr(parser.options.parse_args([]), option.flag[2:].replace("-", "_")) is None


def of_first(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the record of the first timed cell."""
    record: dict[str, Any] = content["benchmarks"][0]["extra_info"]["zoobench"]
    return record


def by_hand(content: dict[str, Any]) -> None:
    of_first(content)["latency"]["p50_seconds"] = 1e-5


def more_right(content: dict[str, Any]) -> None:
    of_first(content)["accuracy"]["correct"] = 0


def smaller(content: dict[str, Any]) -> None:
    of_first(content)["model"]["size_bytes"] = -1


def of_tomorrow(content: dict[str, Any]) -> None:
    of_first(content)["schema"] = 99


def twice(content: dict[str, Any]) -> None:
    content["benchmarks"].append(content["benchmarks"][0])


READERS = (
    *("show {}", "recommend {}", "report {} -o report.html", "report workbench.json --baseline {} -o report.html"),
    *("compare workbench.json {}", "compare {} workbench.json", "compare --across-machines workbench.json {}"),
    *("baseline save next --from {}", "baseline show {}", "baseline diff main {}", "noise {} --times 0"),
    "gate --baseline {} --candidate candidate.json --method stored",
    "gate --baseline main --candidate {} --method stored",
)
"""Every way in which a command reads results."""


@pytest.mark.parametrize(
    "damage", [by_hand, more_right, smaller, of_tomorrow, twice, None], ids=lambda one: one.__name__ if one else "cut"
)
def test_what_one_command_refuses_of_a_results_file_all_refuse(damage: Any) -> None:
    content = json.loads(Path("workbench.json").read_text())
    if damage:
        damage(content)
    text = json.dumps(content)
    Path("damaged.json").write_text(text if damage else text[: len(text) // 2])
    for command in READERS:
        done = CliRunner().invoke(main, shlex.split(command.format("damaged.json")))
        assert (done.exit_code, "damaged.json" in done.stderr, done.stdout) == (Status.UNUSABLE, True, ""), command
