"""Which options do several commands share, and how is what they say printed or written (`--format`, `-o`)?"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import wraps
from pathlib import Path
from typing import Any

import click

from zoobench.errors import OutputError, Status, UsageError, ZoobenchError, did_you_mean
from zoobench.judge.recommend.limits import LIMITED, Limit, option_of, parse_confidence, parse_limit, parse_preference
from zoobench.run.options import OPTIONS, PREFIX, defaults
from zoobench.run.project import read_project
from zoobench.show import data, html, markdown, terminal
from zoobench.show.charts.sheet import Chart, write_picture
from zoobench.show.document import View
from zoobench.system.files import write_bytes
from zoobench.system.terminal import columns, has_colours, say

PATH = click.Path(path_type=Path)
FORMATS: Mapping[str, Callable[[View], str]] = {
    "text": terminal.write,
    "markdown": markdown.write,
    "html": html.write,
    "json": data.write_json,
    "csv": data.write_csv,
}
"""Every format that a result can be written in."""

artifacts_option = click.option(
    "--artifacts",
    type=PATH,
    default=lambda: read_project(Path.cwd()).under({})["artifacts"],
    show_default=defaults()["artifacts"],
    metavar="DIR",
    help="The folder that the runs used: store, results, baselines.",
)

signature_option = click.option(
    "--signature", metavar="NAME", help="What is called of a TFLite file that has several signatures."
)
cells_option = click.option(
    "--cells",
    multiple=True,
    metavar="PATTERN",
    help="Only cells whose ids match this pattern, such as '*-litert-*'; may be repeated.",
)


def writable(_context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Returns a path that can be written, as far as can be told before the work that will fill it."""
    if path is None or (path.exists() and not path.is_dir()):
        return path
    folder = next(one for one in (path.absolute().parent, *path.absolute().parents) if one.exists())
    reason = "is a folder" if path.is_dir() else "" if folder.is_dir() else f"{folder} is no folder"
    if not reason and not os.access(folder, os.W_OK | os.X_OK):
        reason = f"nothing can be written in {folder}"
    if reason:
        raise OutputError(f"cannot write {path}: {reason}; name another file with {parameter.opts[0]}")
    return path


output_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="FILE",
    callback=writable,
    help="Write to this file instead of the terminal.",
)
tolerance_option = click.option(
    "--tolerance",
    "tolerances",
    multiple=True,
    metavar="METRIC=VALUE",
    help="latency_p50=3%, top1=0.5points, size=1%, memory=10%, or PATTERN:METRIC=VALUE; may be repeated. Default: "
    "[tool.zoobench.gate] of pyproject.toml.",
)
rename_option = click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD=NEW",
    callback=lambda _context, _parameter, texts: tuple(one for text in texts for one in text.split(",")),
    help="Join the first side's backbone (or cell) OLD with the other's NEW; comma-separated, may be repeated.",
)
seconds_option = click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    metavar="N",
    help="Time limit of a gate for replaying, in seconds. Default: what pyproject.toml says, else 110, and 22 for each "
    "cell above five.",
)


def matching(ids: Iterable[str], patterns: Iterable[str], *, of: object = "") -> list[str]:
    """Returns the ids of cells that match one of the patterns of `--cells`, or all where there is no pattern."""
    known, patterns = list(ids), tuple(patterns)
    for pattern in patterns:
        if not any(fnmatchcase(one, pattern) for one in known):
            where = f"{did_you_mean(pattern, known)} matches no cell{f' of {of}' if of else ''}"
            raise UsageError(f"--cells: the pattern {pattern!r}{where}; the cells are {', '.join(known)}")
    return [one for one in known if not patterns or any(fnmatchcase(one, pattern) for pattern in patterns)]


def build_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options of `pytest bench/` that concern what is built, without pytest's prefix.

    The command gets their texts by name as the keyword `options`, as `make_plan` takes them; those that are not given
    are as the project's pyproject.toml has them. What is wrong with one is said of the option as it is called here.
    """

    @wraps(command)
    def collected(**given: Any) -> Any:
        texts = {one.name: given.pop(one.name.replace("-", "_")) for one in asked}
        own, project = {name: text for name, text in texts.items() if text is not None}, read_project(Path.cwd())
        options = {name: text for name, text in project.under(own).items() if name in texts}
        try:
            return command(options=options, **given)
        except ZoobenchError as error:
            raise type(error)(*(_unprefixed(project.placed(str(line), own)) for line in error.args)) from error

    asked = [option for option in OPTIONS if not option.measuring]
    for option in reversed(asked):
        kind: dict[str, Any] = {"metavar": option.metavar} if option.metavar else {"is_flag": True, "flag_value": "yes"}
        name, flag, text = option.name.replace("-", "_"), f"--{option.name}", _unprefixed(option.full_help)
        collected = click.option(flag, name, default=None, help=text, **kind)(collected)
    return collected


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command an option for each limit, and one each for what comes first and how sure a cell must be of them.

    The command gets `limits` with those that were given, `preference`, a tuple of metrics, and `confidence`, a share
    of one.
    """

    @wraps(command)
    def collected(**given: Any) -> Any:
        limits = tuple(limit for name in LIMITED if (limit := given.pop(name)) is not None)
        preference, confidence = parse_preference(given.pop("preference")), parse_confidence(given.pop("confidence"))
        return command(limits=limits, preference=preference, confidence=confidence, **given)

    collected = click.option(
        "--confidence",
        metavar='"95 %"',
        default="95 %",
        show_default=True,
        help="Probability with which a cell must hold all limits at once.",
    )(collected)
    collected = click.option(
        "--prefer",
        "preference",
        metavar="METRIC[,METRIC...]",
        default="latency_p50,top1,size",
        show_default=True,
        help="What comes first among cells that hold: latency_p50, latency_p90, memory, top1 or size; the following "
        "ones break ties.",
    )(collected)
    for one in reversed(tuple(LIMITED.values())):
        option = click.option(
            option_of(one), one.key, metavar=f'"{one.example}"', multiple=True, callback=_once, help=one.limit
        )
        collected = option(collected)
    return collected


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command `form`, a name of `FORMATS`, and `output`, a path or None."""
    return format_option(*FORMATS)(output_option(command))


def format_option(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Returns an option for the form of what is printed, the first being the default."""
    return click.option("--format", "form", type=click.Choice(formats), default=formats[0], show_default=True)


def present(view: View, *, form: str, output: Path | None) -> None:
    """Writes a result in a format of `FORMATS`, to the terminal or a file."""
    deliver(written(view, form=form, output=output), output, form=form)


def present_readable(
    view: View | None, reasons: Sequence[str], *, nothing: str, form: str, output: Path | None
) -> None:
    """Writes a list of what can be read, and why the rest cannot; ends with status 2 where there is such a rest.

    Args:
        view: None where there is nothing to list.
        reasons: Of each file that cannot be read.
        nothing: What is said where there is no file at all.
        form: As in `present`.
        output: As in `present`.
    """
    if view:
        present(view, form=form, output=output)
    elif not reasons:
        say(nothing)
    for reason in reasons:
        say(reason, error=True)
    if reasons:
        sys.exit(Status.UNUSABLE)


def written(view: View, *, form: str, output: Path | None) -> str:
    """Returns a result in a format of `FORMATS`; as text it is to fit the terminal, or a file."""
    if form != "text" or output is not None:
        return FORMATS[form](view)
    return terminal.write(view, width=columns(is_terminal=sys.stdout.isatty()), colours=has_colours(sys.stdout))


def deliver(text: str, output: Path | None, *, form: str) -> None:
    """Prints a text, or writes it to a file and says so; what programs read is UTF-8, whatever a terminal can show."""
    content = text.encode(errors="replace")  # of a path that the locale cannot spell
    if output is None:
        # click leaves colours out wherever is no terminal
        click.echo(text if form == "text" else content, nl=False, color=has_colours(sys.stdout))
        return
    try:
        write_bytes(output, content)
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror}; name another file with -o") from error
    say(f"wrote {output}", error=True)


def save_picture(chart: Chart, path: Path) -> None:
    """Writes a chart as PNG, or as SVG where the file's name says so, and says so."""
    try:
        write_picture(chart, path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; name another file with --picture") from error
    say(f"wrote {path}", error=True)


def _once(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> Limit | None:
    if len(values) > 1:
        option = option_of(LIMITED[str(parameter.name)])
        raise UsageError(f"{option}: received {' and '.join(map(repr, values))}; give each limit once")
    return parse_limit(str(parameter.name), values[0]) if values else None


def _unprefixed(text: str) -> str:
    return text.replace(PREFIX, "--")
