"""`zoobench recommend`: which cell should be shipped?"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from zoobench.commands.baseline import find_side, measured_on
from zoobench.commands.options import (
    artifacts_option,
    limit_options,
    output_options,
    present,
)
from zoobench.judge.gate.noise import Noise, noise_path, read_noise
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.recommendation import Recommendation
from zoobench.judge.recommend.recommendation import recommend as recommend_sides
from zoobench.results.conditions import machine_name
from zoobench.results.run import Side, read_side
from zoobench.show.recommendation import view

_EXAMPLES = """\b
For example:
  zoobench recommend --max-latency-p90 "30 ms" --max-size "5 MB" --max-drop "1 pp"
  zoobench recommend artifacts/results/MACHINE --max-memory "100 MB" --prefer size,latency_p50
  zoobench recommend laptop.json pi5.json --max-latency-p50 "20 ms" --min-top1 "88 %"
  zoobench recommend results.json --max-drop "1 pp" --format markdown -o recommendation.md
"""


@click.command(epilog=_EXAMPLES)
@click.argument("files", metavar="[RUN...]", nargs=-1)
@limit_options
@artifacts_option
@output_options
def recommend(
    *,
    files: tuple[str, ...],
    artifacts: Path,
    form: str,
    output: Path | None,
    **wanted: Any,
) -> None:
    """Say which cell of RUN to ship: it holds every limit, and comes first by preference.

    RUN is a results file, a number or name that `zoobench runs` lists, a baseline, @latest, or a folder of runs;
    without it, the newest of this machine. Runs of one machine are taken together: the more, the narrower the
    intervals. Those of several machines are asked for the one cell that serves all, and what that costs each.

    A limit is a number and its unit; any may be given, each once. A cell holds the limits if all do at once with the
    probability of --confidence, reckoned from the rounds, from how far processes differ, and from the test samples.
    Where no limit is given, none is recommended. The others are shown with what they miss by, and all of
    them with their standing on the Pareto front over p50, top-1 and size.

    How far processes of a machine differ is taken from what `zoobench noise` learned of it, in DIR/noise, else from a
    measured default.

    The status is 0 if a cell is recommended, 3 if it is open whether one holds all limits or the first is withheld, 1
    if none does, 2 for files or limits that cannot be used.
    """
    paths = [find_side(name, artifacts=artifacts) for name in files or (None,)]
    recommendation = recommend_files(paths, artifacts=artifacts, **wanted)
    present(view(recommendation), form=form, output=output)
    sys.exit(recommendation.status)


def recommend_files(
    files: Sequence[Path], *, limits: Sequence[Limit], preference: Sequence[str], confidence: float, artifacts: Path
) -> Recommendation:
    """Returns which cell of these results files, or folders of them, of one machine or several should be shipped."""
    sides = [read_side(file) for file in files]
    noise = learned_noise(sides, artifacts)
    return recommend_sides(sides, limits=limits, preference=preference, confidence=confidence, noise=noise)


def learned_noise(sides: Sequence[Side], artifacts: Path) -> dict[str, Noise]:
    """Returns what `zoobench noise` learned of the machines of these results, by what the recommendation calls them."""
    runs = [run for side in sides for run in side.runs if run.records]
    keys = {machine_name(run): measured_on(run.records.values()) for run in runs}
    known = {name: read_noise(noise_path(artifacts, key)) for name, key in keys.items()}
    return {name: noise for name, noise in known.items() if noise is not None}
