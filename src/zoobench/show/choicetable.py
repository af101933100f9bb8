"""How is a choice read? The decision first; as text for a terminal or as markdown."""

from collections.abc import Iterator, Sequence
from textwrap import shorten

from zoobench.judge.recommend.candidates import Candidate
from zoobench.judge.recommend.limits import DROP, QUANTIZATION_DROP, TOP1, Limit
from zoobench.judge.recommend.pareto import Place
from zoobench.judge.recommend.preference import WORDS, WORSE
from zoobench.judge.recommend.regrets import Regret
from zoobench.judge.recommend.result import Choice, MachineChoice
from zoobench.judge.recommend.sentences import few, missed, regret_told, told
from zoobench.show.document import Block, Grid, Lines
from zoobench.show.markdown import escaped, to_markdown
from zoobench.show.table import DISTURBED
from zoobench.show.terminal import to_terminal
from zoobench.system.terminal import sanitize
from zoobench.system.units import ABSENT, chance, megabytes, milliseconds, percent, ratio

_OTHER_COLUMNS, _BESIDE_TWO = 94, 60
"""Characters that the columns beside a cell's name, or beside two of them, take at the most: names are not cut."""
_REASON_WIDTH = 200
"""Characters of a reason; the JSON has all of it."""
_NEAREST = 5
"""Of the cells that miss, how many are shown."""
_VALUES = ("p50 ms", "p90 ms", "× float", "top-1 %", "MB", "peak MB")


def render(choice: Choice, *, width: int, colours: bool) -> str:
    """Returns a choice as text for a terminal.

    Args:
        choice: What to show.
        width: Columns of the terminal.
        colours: Whether the reader is a terminal that knows them.
    """
    longest = max((len(cell) for machine in choice.machines for cell in machine.standings.cells), default=0)
    blocks = [Lines(lines=(choice.sentence,)), *_blocks(choice)]
    return to_terminal(blocks, width=max(width, longest + _OTHER_COLUMNS, 2 * longest + _BESIDE_TWO), colours=colours)


def as_markdown(choice: Choice) -> str:
    """Returns a choice as markdown."""
    return f"**{escaped(choice.sentence)}**\n\n{to_markdown(_blocks(choice))}"


def _blocks(choice: Choice) -> list[Block]:
    blocks: list[Block] = [Lines(lines=tuple(_asked(choice)))]
    if len(choice.machines) > 1:
        blocks += [_regrets(choice)]
    for machine in choice.machines:
        blocks += _of_machine(machine, choice)
    return [*blocks, Lines(lines=tuple(_legend(choice)))]


def _asked(choice: Choice) -> Iterator[str]:
    limits = " and ".join(limit.told for limit in choice.limits)
    if limits:
        yield f"asked for: {limits}, all at once with at least {percent(choice.confidence)} %"
    yield f"ordered by: {', then '.join(WORDS[metric] for metric in choice.preference)}"
    yield from choice.notes


def _of_machine(machine: MachineChoice, choice: Choice) -> list[Block]:
    title = (f"{machine.machine}: {', '.join(machine.files)}", *_nearby(machine, choice))
    return [
        Lines(lines=title),
        _holding(machine, choice.limits),
        _open(machine, choice),
        _missing(machine, choice),
        Lines(lines=tuple(_further(machine))),
        Lines(lines=tuple(f"left out: {one.cell}: {_short(one.why)}" for one in machine.excluded)),
        _front(machine),
        Lines(lines=tuple(_dominated(machine))),
        Lines(lines=tuple(_remarks(machine))),
    ]


def _short(reason: str) -> str:
    return sanitize(shorten(reason, _REASON_WIDTH, placeholder=" …"))


def _nearby(machine: MachineChoice, choice: Choice) -> Iterator[str]:
    """Yields what else a reader of the first cell should know: others as good, better ones that are open, its odds."""
    shown = machine.candidates[0] if machine.candidates else None
    if machine.rivals:
        yield f"not surely {WORSE[choice.preference[0]]} than {machine.holding[0].cell}: {few(machine.rivals)}"
    first = machine.of(machine.ahead[0]) if machine.ahead and machine.holding else None
    if first:
        more = f" (and {len(machine.ahead) - 1} more)" if len(machine.ahead) > 1 else ""
        yield f"would come first if it surely held: {first.cell}{more}: {missed(first, confidence=choice.confidence)}"
    for one in shown.odds if shown else ():
        yield f"{one.limit.told}: {told(one)}, {chance(one.probability)} % – {one.why}"


def _holding(machine: MachineChoice, limits: Sequence[Limit]) -> Grid:
    heads = ("holds", *_VALUES, *(f"P {limit.quantity.title}" for limit in limits), *(("all ≥",) if limits else ()))
    rows = tuple(
        (one.cell, *_values(one), *(chance(odds.probability) for odds in one.odds), *_all(one, limits))
        for one in machine.holding
    )
    return Grid(heads=heads, rows=rows)


def _all(candidate: Candidate, limits: Sequence[Limit]) -> tuple[str, ...]:
    return (chance(candidate.at_least),) if limits else ()


def _values(candidate: Candidate) -> tuple[str, ...]:
    mark = DISTURBED if candidate.disturbances and candidate.p50_seconds is not None else ""
    return (
        f"{mark}{milliseconds(candidate.p50_seconds)}",
        milliseconds(candidate.p90_seconds),
        ratio(candidate.speedup),
        ABSENT if candidate.has_random_weights else percent(candidate.top1),
        megabytes(candidate.size_bytes),
        megabytes(candidate.peak_bytes),
    )


def _open(machine: MachineChoice, choice: Choice) -> Grid:
    rows = tuple((one.cell, chance(one.at_least), missed(one, confidence=choice.confidence)) for one in machine.open)
    return Grid(heads=("open", "all ≥", "as"), rows=rows, words=frozenset({2}))


def _missing(machine: MachineChoice, choice: Choice) -> Grid:
    rows = tuple((one.cell, missed(one, confidence=choice.confidence)) for one in machine.misses[:_NEAREST])
    return Grid(heads=("nearest misses", "by"), rows=rows, words=frozenset({1}))


def _further(machine: MachineChoice) -> Iterator[str]:
    if count := len(machine.misses[_NEAREST:]):
        yield f"and {count} more {'misses' if count == 1 else 'miss'} by more (--format json names all)"


def _front(machine: MachineChoice) -> Grid:
    """Returns the front; what is surely dominated stands in a line below."""
    order = ("front", "open")
    places = sorted(
        (one for one in machine.front.places if one.standing in order), key=lambda one: order.index(one.standing)
    )
    rows = tuple((place.cell, *_point(machine, place), place.standing, _by(place)) for place in places)
    heads = ("Pareto front", "p50 ms", "top-1 %", "MB", "", "by")
    return Grid(heads=heads, rows=rows, words=frozenset({4, 5}))


def _point(machine: MachineChoice, place: Place) -> tuple[str, str, str]:
    known = machine.standings.cells[place.cell]
    top1 = None if known.cell.has_random_weights else known.top1
    return milliseconds(known.timing.p50_seconds), percent(top1), megabytes(known.size_bytes)


def _by(place: Place) -> str:
    return few(place.beaten_by, most=1)


def _dominated(machine: MachineChoice) -> Iterator[str]:
    for place in machine.front.places:
        if place.standing == "dominated":
            yield f"dominated: {place.cell} by {few(place.dominated_by)}"


def _regrets(choice: Choice) -> Grid:
    """Returns what each cell costs on each machine, those that hold everywhere first."""
    names = tuple(machine.machine for machine in choice.machines)
    best = ("best there", *(machine.holding[0].cell if machine.holding else ABSENT for machine in choice.machines))
    rows = tuple((one.cell, *_costs(one, choice)) for one in choice.regrets)
    return Grid(heads=("on all machines", *names), rows=(best, *rows), words=frozenset(range(1, len(names) + 1)))


def _costs(regret: Regret, choice: Choice) -> Iterator[str]:
    for machine, state, cost in zip(choice.machines, regret.states, regret.regrets, strict=True):
        candidate = machine.of(regret.cell)
        if state == "holds":
            yield regret_told(cost, choice.preference[0])
        elif candidate is None:
            excluded = next((one.why for one in machine.excluded if one.cell == regret.cell), "not measured there")
            yield _short(excluded)
        else:
            yield f"{state}: {missed(candidate, confidence=choice.confidence)}"


def _remarks(machine: MachineChoice) -> Iterator[str]:
    yield from machine.notes
    disturbed = [one.cell for one in machine.candidates if one.disturbances]
    if disturbed:
        yield f"{DISTURBED} disturbed, so that they may be faster; measure them again: {', '.join(disturbed)}"
    yield from machine.front.notes


def _legend(choice: Choice) -> Iterator[str]:
    if choice.limits:
        yield (
            "P: probability, %, that a limit holds for this machine's typical process, and of accuracy for all images "
            "of which the test split is a sample; all ≥: that all do, whatever they have to do with each other."
        )
    if any(limit.metric in (DROP, QUANTIZATION_DROP, TOP1) for limit in choice.limits):
        yield "What accuracy leaves open only more test images settle."
    yield (
        "Pareto front over p50, top-1 and size: front: no other cell's values are as good in all; dominated: surely by "
        "those named; open: those named have better values, but not surely in all."
    )
