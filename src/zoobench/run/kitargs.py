"""What does `pytest --zoo-kit KIT.zip` run where it is started? The package's benchmarks, unless a path is given."""

import sys
from collections.abc import Mapping

import pytest

from zoobench.errors import UsageError
from zoobench.run.benchfiles import bench_folder
from zoobench.run.options import OPTIONS, PREFIX, Option

OPTION = f"{PREFIX}kit"
_ALLOWED = frozenset({"kit", "kit-limit", "artifacts"})


def aim_at_benchmarks(config: pytest.Config, args: list[str]) -> None:
    """Has pytest run the package's benchmarks where no path is given, and write nothing beside them.

    Args:
        config: Of which only the command line is known yet.
        args: The command line, which is added to.

    Raises:
        pytest.UsageError: If this installation lacks the benchmarks.
    """
    known = config.known_args_namespace
    if not known.zoo_kit or known.file_or_dir:
        return
    try:
        folder = str(bench_folder())
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    args.append(folder)
    known.file_or_dir.append(folder)  # what stands in the folder where pytest was started is none of the kit's
    config.pluginmanager.consider_pluginarg("no:cacheprovider")
    sys.dont_write_bytecode = True


def check_options(given: Mapping[str, str]) -> None:
    """Refuses options that a kit has decided already.

    Args:
        given: Texts by option name without the prefix.

    Raises:
        UsageError: If there are some; the message names them all.
    """
    decided = [option.flag for option in OPTIONS if _is_decided(option) and given[option.name] != option.default]
    if decided:
        raise UsageError(
            f"received {', '.join(decided)} together with {OPTION}; the kit decides what is measured on what: give "
            "them to `zoobench kit export`, and choose among the kit's cells here by pytest's -k"
        )


def _is_decided(option: Option) -> bool:
    """Tells whether an option concerns building, the choice of cells, or a gate, which replays what a store holds."""
    return option.name not in _ALLOWED and (not option.measuring or option.name.startswith("gate"))
