"""Which options say what a cell must hold, and which one is preferred? Shared by `recommend` and `report`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from zoobench.errors import UsageError
from zoobench.judge.recommend.limits import QUANTITIES, Limit, parse_limit

_DEFAULT_PREFERENCE = "latency,top1,size"


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command an option for each limit, and the keyword `limits` with those that were given."""

    @wraps(command)
    def collected(**given: Any) -> Any:
        limits = tuple(limit for name in QUANTITIES if (limit := given.pop(name)) is not None)
        return command(limits=limits, **given)

    for one in reversed(tuple(QUANTITIES.values())):
        collected = click.option(
            one.option,
            one.name,
            metavar=f'"{one.example}"',
            multiple=True,
            callback=_once,
            help=one.help,
        )(collected)
    return collected


def preference_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command `preference`, a tuple of metrics, and `confidence`, a share of one."""
    for option in (
        click.option(
            "--confidence",
            metavar='"95 %"',
            default="95 %",
            show_default=True,
            callback=_confidence,
            help="Probability with which a cell must hold all limits at once.",
        ),
        click.option(
            "--prefer",
            "preference",
            metavar="METRIC[,METRIC...]",
            default=_DEFAULT_PREFERENCE,
            show_default=True,
            callback=_preference,
            help="What comes first among cells that hold: latency (p50), latency-p90, size, memory or top1; the "
            "following ones break ties.",
        ),
    ):
        command = option(command)
    return command


def _once(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> Limit | None:
    if len(values) > 1:
        quantity = QUANTITIES[str(parameter.name)]
        raise UsageError(f"{quantity.option}: received {' and '.join(map(repr, values))}; give each limit once")
    return parse_limit(str(parameter.name), values[0]) if values else None


def _preference(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[str, ...]:
    from zoobench.judge.recommend.preference import parse_preference

    return parse_preference(text)


def _confidence(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    from zoobench.judge.recommend.preference import parse_confidence

    return parse_confidence(text)
