"""How is it asked whether our timing is that of others? `zoobench parity`; it only calls."""

import sys
from pathlib import Path

import click

from zoobench.commands.options import artifacts_option
from zoobench.errors import Status

_EXAMPLES = """\b
For example:
  zoobench parity mobilenet-float32-litert-t1
  zoobench parity mobilenet-float_fallback-litert-t1 --threads 2 --turns 20
  zoobench parity model.tflite --images ~/photos
"""


@click.command(epilog=_EXAMPLES)
@click.argument("cell")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="Of one invocation. Default: the cell's, or 1.")
@click.option(
    "--turns",
    type=click.IntRange(2),
    default=12,
    show_default=True,
    metavar="N",
    help="How many turns every path takes; more make the intervals narrower.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    default=0.5,
    show_default=True,
    metavar="N",
    help="About how long each turn times each path.",
)
@click.option(
    "--images",
    metavar="PATH",
    type=click.Path(path_type=Path, exists=True),
    help="A folder of photos, or a uint8 .npy file. Default: the test images of the results.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@artifacts_option
def parity(
    *,
    cell: str,
    threads: int | None,
    turns: int,
    seconds: float,
    images: Path | None,
    form: str,
    artifacts: Path,
) -> None:
    """Time one file in several ways, and see whether ours agrees with others'.

    CELL is a cell's id, whose file the results name and the store holds, or the path of a TFLite file.
    The paths: LiteRT's Interpreter and CompiledModel, OpenVINO, the programs litert-benchmark and benchmark_app of
    their makers, and end to end from a photo's bytes to its class, phase by phase. What is not installed is left out
    by name.

    The paths take turns, each time in a fresh process and in another order, so that what the machine does meanwhile
    falls on all of them. The gap to the Interpreter is that of the medians of one turn, with its 95 % interval.

    The status is 0 if ours agree with their makers' programs within 3 %, Interpreter and CompiledModel with
    litert-benchmark and OpenVINO with benchmark_app, that is if the whole interval does; 1 if one surely does not; 3 if
    that is open; 2 if the file cannot be timed.
    """
    from zoobench.commands.parity import run_parity, shown
    from zoobench.commands.paritying.paritysubject import ParityRequest

    request = ParityRequest(
        cell=cell, artifacts=artifacts, images=images, threads=threads, turns=turns, seconds=seconds
    )
    try:
        report = run_parity(request)
    except KeyboardInterrupt:
        click.echo("zoobench: interrupted; only whole turns of all paths say something, so nothing is kept", err=True)
        sys.exit(Status.INTERRUPTED)
    click.echo(shown(report, form=form), nl=False)
    sys.exit(report.status)
