"""Do commands share options, and do these say what is wrong with what they were given?"""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from zoobench.commands.options import build_options, limit_options, matching, output_options, save_picture
from zoobench.errors import OutputError, UsageError
from zoobench.judge.recommend.limits import DEFAULT_PREFERENCE, LIMITED, option_of
from zoobench.show.charts.sheet import presented


@click.command()
@limit_options
@click.option("--other", default="x")
def command(**given: Any) -> None:
    """Write down what is given."""
    click.echo(repr([one.summary for one in given.pop("limits")]))
    click.echo(repr(sorted(given.items())))


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_limits_come_as_one_tuple_and_other_options_as_they_are() -> None:
    lines = ran("--min-top1", "88 %", "--max-latency-p90", "30 ms", "--other", "y").output.splitlines()
    assert lines[0] == "['p90 ≤ 30 ms', 'top-1 ≥ 88 %']"
    assert lines[1] == repr([("confidence", 0.95), ("other", "y"), ("preference", DEFAULT_PREFERENCE)])


def test_no_limit_is_none() -> None:
    assert ran().output.splitlines()[0] == "[]"


@pytest.mark.parametrize("metric", LIMITED.values(), ids=LIMITED)
def test_each_limit_is_an_option_with_an_example(metric: Any) -> None:
    assert f'{option_of(metric)} "{metric.example}"' in ran("--help").output
    assert ran(option_of(metric), metric.example).exit_code == 0


def test_a_limit_that_is_given_twice_is_refused() -> None:
    error = ran("--max-size", "5 MB", "--max-size", "6 MB").exception
    assert isinstance(error, UsageError)
    assert str(error) == "--max-size: received '5 MB' and '6 MB'; give each limit once"


@pytest.mark.parametrize("arguments", [("--max-size", "5"), ("--prefer", "speed"), ("--confidence", "2")])
def test_what_makes_no_sense_is_refused(arguments: tuple[str, str]) -> None:
    assert isinstance(ran(*arguments).exception, UsageError)


IDS = ("mobilenet-keras-keras-t1", "mobilenet-float32-litert-t1", "mobilenet-float32-litert-t4")


def test_all_cells_are_meant_unless_patterns_choose_in_the_order_of_the_cells() -> None:
    assert matching(IDS, []) == list(IDS)
    assert matching(IDS, ["*-t4", "*-keras-*"]) == [IDS[0], IDS[2]]


def test_a_pattern_that_matches_nothing_is_refused_with_the_cells() -> None:
    with pytest.raises(UsageError, match=r"--cells: the pattern '\*-t8' matches no cell of a.json; the cells are "):
        matching(IDS, ["*-t4", "*-t8"], of="a.json")


def test_options_of_building_bear_no_prefix_and_neither_do_messages_about_them() -> None:
    @click.command()
    @build_options
    def build(options: dict[str, str]) -> None:
        assert (options["head-layers"], options["skip-bad-images"], options["epochs"]) == ("8", "yes", "40")
        raise UsageError("--zoo-data: received nothing")

    given = ("--head-layers", "8", "--skip-bad-images")
    assert str(CliRunner().invoke(build, given).exception) == "--data: received nothing"
    assert "--zoo-" not in CliRunner().invoke(build, ["--help"]).output


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.svg").mkdir()
    chart = presented(None, title="A picture", alternative="of nothing", width=400)
    with pytest.raises(OutputError, match=r"a\.svg: .*; name another file with --picture"):
        save_picture(chart, tmp_path / "a.svg")


def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    @click.command()
    @output_options
    def work(*, form: str, output: Path | None) -> None:
        click.echo(f"worked for {output} in {form}")

    (tmp_path / "file").touch()
    for name, reason in (("file/report.html", "file is no folder"), (".", "is a folder")):
        done = CliRunner().invoke(work, ["-o", str(tmp_path / name)])
        assert isinstance(done.exception, OutputError)
        assert reason in str(done.exception)
        assert "name another file with -o" in str(done.exception)
        assert "worked" not in done.output
    for path in (tmp_path / "new" / "report.html", tmp_path / "file", Path("/dev/null")):
        assert "worked" in CliRunner().invoke(work, ["-o", str(path)]).output
