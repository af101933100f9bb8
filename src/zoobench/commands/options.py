"""Which options do several commands share?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from zoobench.run.options import OPTIONS, PREFIX

Command = TypeVar("Command", bound=Callable[..., Any])

artifacts_option: Callable[[Any], Any] = click.option(
    f"{PREFIX}artifacts",
    "artifacts",
    type=click.Path(path_type=Path),
    default=Path("artifacts"),
    show_default=True,
    metavar="DIR",
    help="The folder that the runs used: store, results, baselines.",
)


def build_options(command: Command) -> Command:
    """Adds the options of `pytest bench/` that concern what is built."""
    for option in reversed([option for option in OPTIONS if not option.measuring]):
        kind: dict[str, Any] = {"metavar": option.metavar} if option.metavar else {"is_flag": True, "flag_value": "yes"}
        name = option.name.replace("-", "_")
        command = click.option(option.flag, name, default=option.default, help=option.full_help, **kind)(command)
    return command
