"""How is a gate asked for outside pytest? `zoobench gate`; it only calls."""

import os
import sys
from pathlib import Path

import click

from zoobench.commands.options import artifacts_option
from zoobench.errors import ZoobenchError
from zoobench.run.options import PREFIX

_METHODS = ("auto", "replay", "stored")
_FORMATS = ("terminal", "markdown", "github", "json")


_EXAMPLES = """\b
Against a named run:
  zoobench baseline save main
  pytest bench/
  zoobench gate --baseline main
Two versions of a library against each other, before one ships:
  zoobench gate --baseline main --baseline-python .venv-old/bin/python
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--baseline", required=True, metavar="NAME|FILE", help="A baseline's name, or the file of one or of a run."
)
@click.option(
    "--candidate",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Results to judge. Default: this machine's newest.",
)
@artifacts_option
@click.option("--cells", multiple=True, metavar="PATTERN", help="Judge only cells whose ids fit; may be repeated.")
@click.option(
    "--tolerance",
    "tolerances",
    multiple=True,
    metavar="METRIC=VALUE",
    help="latency=3%, top1=0.5points, size=1%, memory=10%, or PATTERN:METRIC=VALUE for some cells; may be repeated.",
)
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default="auto",
    show_default=True,
    help="Latency by replaying both files, or by stored medians; auto replays what it can.",
)
@click.option(
    f"{PREFIX}gate-seconds",
    "seconds",
    type=click.FloatRange(min=1),
    help="Most seconds of replay. Default: what pyproject.toml says, else 110, and 22 for each cell above five.",
)
@click.option(
    "--baseline-models",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where to look for the baseline's files besides the store, under any names.",
)
@click.option(
    "--baseline-python",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Replay the baseline by another environment's Python, such as one with a newer ai-edge-litert.",
)
@click.option(
    "--images",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Replay on a folder of photos or a uint8 .npy file instead of the store's images.",
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="terminal", show_default=True)
def gate(
    *,
    baseline: str,
    candidate: Path | None,
    artifacts: Path,
    cells: tuple[str, ...],
    tolerances: tuple[str, ...],
    method: str,
    seconds: float | None,
    baseline_models: Path | None,
    baseline_python: Path | None,
    images: Path | None,
    form: str,
) -> None:
    """Judge a run against a baseline: latency, top-1, size and memory of every cell.

    Latency is replayed: fresh processes run both sides' model files turn about until it is clear on which side of the
    tolerance the change is. Tolerances stand in pyproject.toml, [tool.zoobench.gate].

    The status is 0 if nothing became worse than its tolerance, 1 if something did, 3 if that cannot be told, 2 if the
    two cannot be compared. `--format github` annotates a pull request and adds to its summary.
    """
    from zoobench.commands.baseline import find_run, newest_results
    from zoobench.commands.gate import GateRequest, run_gate
    from zoobench.commands.gating.verdicts import shown, unusable, write_summary
    from zoobench.judge.gate.tolerances import find_pyproject, read_rules

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        rules = read_rules(find_pyproject(Path()), tolerances)
        request = GateRequest(
            baseline=find_run(baseline, artifacts=artifacts),
            candidate=candidate or newest_results(artifacts),
            artifacts=artifacts,
            rules=rules,
            cells=cells,
            method=method,
            seconds=seconds or rules.seconds,
            baseline_models=baseline_models,
            baseline_python=baseline_python,
            images=images,
        )
        report = run_gate(request).report
    except ZoobenchError as error:
        if form == "terminal":
            raise
        report = unusable(error, baseline=baseline, candidate=str(candidate or ""))
    click.echo(shown(report, form=form), nl=False)
    if form == "github":
        write_summary(report, os.environ)
    sys.exit(report.status)
