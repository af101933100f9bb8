"""Which commands does `zoobench` have, and how does each end? The table; a command is imported when it is asked for."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import click

from zoobench.errors import Status, ZoobenchError, did_you_mean, sanitize
from zoobench.system.keeper import heed_signals, status_of
from zoobench.system.terminal import quiet_tensorflow

Rows = Mapping[str, tuple[str, str]]
"""Module and name of a command, and its help in one line, by how it is called."""

COMMANDS: Mapping[str, Rows] = {
    "Measure": {
        "run": ("zoobench.commands.preparation:run", "Measure, in any folder; `pytest bench/` does the same."),
        "build": ("zoobench.commands.preparation:build", "Make and list the models that would be measured."),
        "backbones": ("zoobench.commands.preparation:backbones", "List the backbones, their sizes and weights."),
        "data": ("zoobench.commands.preparation:data", "Look at the drawn data set, or get real photos."),
    },
    "Look": {
        "show": ("zoobench.commands.show:show", "Print the table of a results file."),
        "report": ("zoobench.commands.report:report", "Write results as one HTML file to read and to send."),
        "inspect": ("zoobench.commands.inspect:inspect", "Print what a TFLite file takes, stores and computes in."),
        "layers": ("zoobench.commands.layers:layers", "Show where a quantized network loses precision."),
    },
    "Decide": {
        "compare": ("zoobench.commands.compare:compare", "Show what changed between results, cell by cell."),
        "recommend": ("zoobench.commands.recommend:recommend", "Say which cell to ship under your limits."),
    },
    "Guard": {
        "baseline": ("zoobench.commands.baseline:baseline", "Keep runs to compare later ones with."),
        "gate": ("zoobench.commands.gate:gate", "Judge a run against a baseline."),
        "noise": ("zoobench.commands.noise:noise", "Measure the gate's false-alarm and miss rates here."),
    },
    "Device": {
        "kit": ("zoobench.commands.kit:kit", "Carry models and samples to a device, measure there."),
    },
    "Inside": {
        "store": ("zoobench.commands.store:store", "List, verify and prune the artifact store."),
        "extensions": ("zoobench.commands.preparation:extensions", "List and check what other packages add."),
        "crosscheck": (
            "zoobench.commands.crosscheck.command:crosscheck",
            "Time one file in several ways, ours and others'.",
        ),
    },
}
"""By what they are for."""
_ALL = {name: row for rows in COMMANDS.values() for name, row in rows.items()}


class _Group(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        del context
        return list(_ALL)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        del context
        if name not in _ALL:
            return None
        module, _, attribute = _ALL[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _ALL and not args[0].startswith("-"):
            context.fail(
                f"No such command {args[0]!r}{did_you_mean(args[0], _ALL)}; the commands are {', '.join(_ALL)}."
            )
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        del context
        widest = max(map(len, _ALL))
        for title, rows in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), help_) for name, (_, help_) in rows.items()])

    def invoke(self, context: click.Context) -> Any:
        quiet_tensorflow()
        heed_signals()
        try:
            return super().invoke(context)
        except click.UsageError as error:
            raise click.UsageError(sanitize(error.format_message()), error.ctx) from error
        except ZoobenchError as error:
            _stop(str(error), Status.UNUSABLE)
        except ModuleNotFoundError as error:
            _stop(f"this needs {error.name}, which is not installed: pip install 'zoobench[build]'", Status.UNUSABLE)
        except KeyboardInterrupt as error:
            _stop("interrupted; what was finished is kept", status_of(error))


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zoobench", prog_name="zoobench")
def main() -> None:
    """Which backbone, quantized how, run by what, should I ship?

    `zoobench run` measures, as `pytest bench/` does in a checkout; the other commands do what goes before and after it.
    """


def _stop(message: str, status: Status) -> NoReturn:
    click.echo(f"zoobench: {message}", err=True)
    sys.exit(status)
