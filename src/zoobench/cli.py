"""Which commands does `zoobench` have, and how does each end? The table; a command is imported when it is asked for."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

import click
from click.exceptions import Exit

from zoobench.errors import TO_BUILD, OutputError, Status, ZoobenchError, did_you_mean, sanitize
from zoobench.run.options import refuse_empty
from zoobench.system.keeper import heed_signals, status_of
from zoobench.system.processes import quiet_tensorflow
from zoobench.system.terminal import (
    keep_traceback,
    sentence,
    unwritten,
    write_what_can_be_shown,
)

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
        "runs": ("zoobench.commands.show:runs", "List the runs: number, time, machine, what differs."),
        "show": ("zoobench.commands.show:show", "Print the table of a run."),
        "report": ("zoobench.commands.report:report", "Write a run as one HTML file to read and to send."),
        "inspect": ("zoobench.commands.inspect:inspect", "Print what a TFLite file takes, stores and computes in."),
        "layers": ("zoobench.commands.layers:layers", "Show where a quantized network loses precision."),
    },
    "Decide": {
        "compare": ("zoobench.commands.compare:compare", "Show what changed between runs, cell by cell."),
        "recommend": ("zoobench.commands.recommend:recommend", "Say which cell to ship under your limits."),
        "export": ("zoobench.commands.export:export", "Write a cell's model with its card and code."),
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
        name, command, rest = super().resolve_command(context, args)
        if command:
            _refuse_empty(command, rest, context)
        return name, command, rest

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        del context
        widest = max(map(len, _ALL))
        for title, rows in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), help_) for name, (_, help_) in rows.items()])

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        write_what_can_be_shown()
        with _ending():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        quiet_tensorflow()
        heed_signals()
        with _ending():
            return super().invoke(ctx)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zoobench", prog_name="zoobench")
def main() -> None:
    """Which backbone, quantized how, run by what, should I ship?

    `zoobench run` measures, as `pytest bench/` does in a checkout; the other commands do what goes before and after it.
    """


@contextmanager
def _ending() -> Iterator[None]:
    """Ends what goes wrong in the block with a sentence and its status, never with that of a verdict."""
    try:
        yield
    except click.UsageError as error:
        raise click.UsageError(sanitize(error.format_message()), error.ctx) from error
    except (click.ClickException, Exit):
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, none may end as a verdict does
        _stop(*_last_words(error))


def _last_words(error: BaseException) -> tuple[str, Status]:
    if isinstance(error, ZoobenchError):
        return str(error), Status.UNWRITTEN if isinstance(error, OutputError) else Status.UNUSABLE
    if isinstance(error, ModuleNotFoundError):
        return f"this needs {error.name}, which is not installed: {TO_BUILD}", Status.UNUSABLE
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; what was finished is kept", status_of(error)
    if (reason := unwritten(error)) is not None:
        return reason, Status.UNWRITTEN
    return f"this is a defect of zoobench: {sentence(error)}; {keep_traceback(error)}", Status.CRASHED


def _refuse_empty(command: click.Command, arguments: Sequence[str], parent: click.Context) -> None:
    """Refuses every option and argument that was given nothing, as by a variable that is not set: it is no default."""
    context = click.Context(command, parent=parent, **command.context_settings)
    try:
        given, rest, _ = command.make_parser(context).parse_args(list(arguments))
    except click.UsageError:
        return  # which the command says by itself
    for parameter in command.params:
        received = given.get(parameter.name or "")
        name = parameter.opts[-1] if isinstance(parameter, click.Option) else parameter.human_readable_name
        for text in received if isinstance(received, list | tuple) else (received,):
            if isinstance(text, str):
                refuse_empty(name, text)
    if isinstance(command, click.Group) and rest and (inner := command.get_command(context, rest[0])):
        _refuse_empty(inner, rest[1:], context)


def _stop(message: str, status: Status) -> NoReturn:
    try:
        if message:
            click.echo(f"zoobench: {message}", err=True)
    except OSError as error:  # the status says it all the same
        unwritten(error)
    sys.exit(status)
