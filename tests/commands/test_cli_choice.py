"""Do commands share the options of limits, each of which may be given once?"""

from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from zoobench.commands.cli_choice import limit_options, preference_options
from zoobench.errors import UsageError
from zoobench.judge.recommend.limits import QUANTITIES
from zoobench.judge.recommend.preference import DEFAULT_PREFERENCE


@click.command()
@limit_options
@preference_options
@click.option("--other", default="x")
def command(**given: Any) -> None:
    """Write down what is given."""
    click.echo(repr([one.told for one in given.pop("limits")]))
    click.echo(repr(sorted(given.items())))


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_limits_come_as_one_tuple_and_other_options_as_they_are() -> None:
    lines = ran("--top1", "88 %", "--latency-p90", "30 ms", "--other", "y").output.splitlines()
    assert lines[0] == "['p90 ≤ 30 ms', 'top-1 ≥ 88 %']"
    assert lines[1] == repr([("confidence", 0.95), ("other", "y"), ("preference", DEFAULT_PREFERENCE)])


def test_no_limit_is_none() -> None:
    assert ran().output.splitlines()[0] == "[]"


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=QUANTITIES)
def test_each_limit_is_an_option_with_an_example(quantity: Any) -> None:
    assert f'{quantity.option} "{quantity.example}"' in ran("--help").output
    assert ran(quantity.option, quantity.example).exit_code == 0


def test_a_limit_that_is_given_twice_is_refused() -> None:
    error = ran("--size", "5 MB", "--size", "6 MB").exception
    assert isinstance(error, UsageError)
    assert str(error) == "--size: received '5 MB' and '6 MB'; give each limit once"


@pytest.mark.parametrize("arguments", [("--size", "5"), ("--prefer", "speed"), ("--confidence", "2")])
def test_what_makes_no_sense_is_refused(arguments: tuple[str, str]) -> None:
    assert isinstance(ran(*arguments).exception, UsageError)
