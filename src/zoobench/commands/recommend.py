"""What does `zoobench recommend` need: which files are read, what is known of their machines, which text comes out?"""

from collections.abc import Sequence
from pathlib import Path

from zoobench.commands.baseline import measured_on
from zoobench.commands.compare import screen
from zoobench.commands.gating.findings import noise_path
from zoobench.judge.gate.noise import Noise, read_noise
from zoobench.judge.recommend.cells import machine_name
from zoobench.judge.recommend.choosing import choose
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.result import Choice
from zoobench.results.timings import Side, read_side
from zoobench.show import choicejson, choicetable


def recommend_files(
    files: Sequence[Path], *, limits: Sequence[Limit], preference: Sequence[str], confidence: float, artifacts: Path
) -> Choice:
    """Returns which cell of these results should be shipped.

    Args:
        files: Results files, or folders of them, of one machine or several.
        limits: What a cell must hold.
        preference: What comes first among those that do.
        confidence: The probability that is asked for.
        artifacts: Folder that holds what was learned of machines' noise.

    Raises:
        ResultsError: If one cannot be read, or they cannot be weighed against each other.
    """
    sides = [read_side(file) for file in files]
    noise = learned_noise(sides, artifacts)
    return choose(sides, limits=limits, preference=preference, confidence=confidence, noise=noise)


def learned_noise(sides: Sequence[Side], artifacts: Path) -> dict[str, Noise]:
    """Returns what `zoobench aa` learned of the machines of these results, by what the choice calls them.

    Raises:
        ResultsError: If it cannot be understood.
    """
    runs = [run for side in sides for run in side.runs if run.records]
    keys = {machine_name(run): measured_on(tuple(run.records.values())) for run in runs}
    known = {name: read_noise(noise_path(artifacts, key)) for name, key in keys.items()}
    return {name: noise for name, noise in known.items() if noise is not None}


def shown(choice: Choice, *, form: str, to_file: bool) -> str:
    """Returns a choice as `terminal`, `markdown` or `json`; colours are for a terminal only."""
    if form == "json":
        return choicejson.as_json(choice)
    if form == "markdown":
        return choicetable.as_markdown(choice)
    width, colours = screen(to_file=to_file)
    return choicetable.render(choice, width=width, colours=colours)
