"""Which options do several commands share?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from zoobench.options import PREFIX

artifacts_option: Callable[[Any], Any] = click.option(
    f"{PREFIX}artifacts",
    "artifacts",
    type=click.Path(path_type=Path),
    default=Path("artifacts"),
    show_default=True,
    metavar="DIR",
    help="The folder that the runs used: store, results, baselines.",
)
