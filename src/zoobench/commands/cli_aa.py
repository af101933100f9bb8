"""What can be asked of gates of identical files? `zoobench aa`; it only calls."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoobench.commands.options import artifacts_option, cells_option
from zoobench.system.units import SHARE, parse_quantity

if TYPE_CHECKING:
    from zoobench.commands.gate import GateRequest
    from zoobench.judge.aa.aarecord import AAGate
    from zoobench.judge.aa.falsealarms import AAReport

_EXAMPLES = """\b
For example:
  zoobench aa --times 40 --tolerance latency_p50=3% --cells '*-litert-*'
  zoobench aa --times 40 --tolerance latency_p50=3% --cells '*-litert-*' \\
      --inject-slowdown 5%
  zoobench aa --times 0 --tolerance latency_p50=3% --cells '*-litert-*' \\
      --picture power.png
"""


def _share(*, most: float, may_be_zero: bool = False) -> Callable[[click.Context, click.Parameter, str], float]:
    def read(_context: click.Context, parameter: click.Parameter, value: str) -> float:
        where = parameter.opts[0]
        return parse_quantity(value, SHARE.written, where=where, example="5 %", most=most, may_be_zero=may_be_zero)

    return read


@click.command(epilog=_EXAMPLES)
@click.argument("results", required=False, type=click.Path(path_type=Path))
@click.option(
    "--times",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="How many gates to run; 0 only reads those that are kept.",
)
@click.option(
    "--inject-slowdown",
    "slowdown",
    metavar="PERCENT",
    callback=_share(most=1, may_be_zero=True),
    default="0%",
    show_default=True,
    help="Make the candidate wait on purpose, this share of its median in every invocation.",
)
@click.option(
    "--tolerance",
    "tolerances",
    metavar="RULE",
    multiple=True,
    help="Such as latency_p50=3%, or '*-keras-*:latency_p50=10%'. Default: [tool.zoobench.gate] of pyproject.toml.",
)
@cells_option
@click.option(
    "--seconds",
    type=click.FloatRange(1),
    metavar="N",
    help="Time limit of a gate's replaying, in seconds. Default: that of `zoobench gate`.",
)
@click.option(
    "--resample",
    "draws",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="How many gates are drawn from what the kept ones' processes saw.",
)
@click.option(
    "--false-alarm-rate",
    "rate",
    metavar="PERCENT",
    callback=_share(most=0.5),
    default="1%",
    show_default=True,
    help="Of the whole matrix: what tolerances are proposed for.",
)
@click.option("--picture", metavar="FILE", type=click.Path(path_type=Path), help="Draw the power curve, .png or .svg.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@artifacts_option
def aa(
    *,
    results: Path | None,
    times: int,
    slowdown: float,
    tolerances: tuple[str, ...],
    cells: tuple[str, ...],
    seconds: float | None,
    draws: int,
    rate: float,
    picture: Path | None,
    form: str,
    artifacts: Path,
) -> None:
    """Learn how often the gate cries wolf on this machine, and what it misses.

    Runs the gate with the same files on both sides (A/A): whatever it calls regressed is a false alarm. With
    --inject-slowdown the candidate waits on purpose, and what is not called regressed is a miss. RESULTS says which
    files; without it, the newest results of this machine are taken.

    Every gate is kept in artifacts/aa/<machine> as it ends, with its slow-down, and the report is about all that are
    kept of these cells at these tolerances: they can be run a few at a time, and Ctrl-C loses only the one that is
    running. It shows how they ended, how a thousand resampled ones would, how the medians of the same runs fare by
    the stored method and by pytest-benchmark, and which tolerances the wanted rate of false alarms takes. The noise of
    gates without a slow-down goes to artifacts/noise/<machine>.json, where `zoobench gate` finds it.
    """
    from zoobench.commands import aa as gates
    from zoobench.commands.baseline import newest_results
    from zoobench.commands.gate import GateRequest
    from zoobench.judge.gate.tolerances import find_pyproject, read_rules

    rules = read_rules(find_pyproject(Path.cwd()), tolerances)
    source = results or newest_results(artifacts)
    request = GateRequest(
        baseline=source,
        candidate=source,
        artifacts=artifacts,
        rules=rules,
        cells=cells,
        seconds=seconds or rules.seconds,
        slowdown=slowdown,
    )
    gates.wanted_tolerances(request)
    if times:
        _run(request, times=times)
    report = gates.report_on(gates.Question(request=request, wanted_rate=rate, draws=draws))
    _show(report, form=form)
    if noise := gates.save_noise(report, artifacts):
        click.echo(f"wrote {noise}", err=True)
    if picture:
        gates.save_picture(report, picture)
        click.echo(f"wrote {picture}", err=True)


def _run(request: "GateRequest", *, times: int) -> None:
    from zoobench.commands.aa import run_gates

    done = 0
    try:
        for path, gate in run_gates(request, times=times):
            done += 1
            click.echo(f"gate {done} of {times}, {_told(gate)}: {path}", err=True)
    except KeyboardInterrupt:
        click.echo(f"{done} gates are kept; `zoobench aa --times 0` with the same options reads them", err=True)
        raise


def _told(gate: "AAGate") -> str:
    from collections import Counter

    from zoobench.judge.metrics import LATENCY_P50
    from zoobench.show.aatable import slowdown_name

    verdicts = Counter(cell.verdicts.get(LATENCY_P50.key, "failed") for cell in gate.cells.values())
    counted = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    return f"slow-down {slowdown_name(gate.slowdown)}, latency {counted} in {gate.seconds:.0f} s"


def _show(report: "AAReport", *, form: str) -> None:
    from rich.console import Console

    from zoobench.show.aajson import to_json
    from zoobench.show.aatable import render

    if form == "json":
        click.echo(json.dumps(to_json(report), indent=1, ensure_ascii=False, allow_nan=False))
        return
    terminal = Console()
    click.echo(render(report, width=terminal.width, colours=terminal.is_terminal), nl=False)
