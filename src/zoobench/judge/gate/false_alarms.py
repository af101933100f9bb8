"""How often does a machine's gate raise a false alarm, and what does it miss? What gates of identical files say.

`caught` is said of a gate that calls the latency of any cell regressed, as that ends it with status 1; whether it said
so of every cell, and how often of each, is counted beside it.

Beside it stands what had become of the same runs, had their medians been compared as stored: plainly, by the machine's
noise, and by pytest-benchmark. A run of the matrix is a round: one process of each cell, all within seconds, as `pytest
bench/` takes one of each. It is compared with the same round of the gate before, so that as much time lies between as
between two gates. Processes that the gate did not count, as their rounds disagreed, are not among them: that flatters
these methods.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_benchmark.utils import parse_compare_fail

from zoobench.judge.evidence import Verdict
from zoobench.judge.gate.decide import stored_test, verdicts_of
from zoobench.judge.gate.noise import Noise, RepeatedGate
from zoobench.judge.gate.resample import (
    Draw,
    Outcomes,
    Resampling,
    count_real,
    learn_noise,
    of_processes,
    of_whole_gates,
    outcomes_of,
    resample,
)
from zoobench.stats.intervals import Clustering, clustering
from zoobench.stats.sequential import FIRST_LOOK, Rates

CURVE = tuple(step / 200 for step in range(17))
"""Slow-downs of the power curve: 0 to 8 % by 0.5 %."""

SOURCES = ("real", "resampled", "resampled_whole", "resampled_slowed")
REAL, RESAMPLED, RESAMPLED_WHOLE, RESAMPLED_SLOWED = SOURCES
"""Gates that were run; drawn process by process from true ones, slowed in arithmetic; the same, all processes of a gate
from one real gate, whose chance becomes a bias there that no further process evens out, so that it rather overstates
errors; and drawn process by process from those that were run with the slow-down."""
PLAIN, LEARNED, PYTEST_BENCHMARK = "stored, plainly", "stored, by the noise", "pytest-benchmark"
"""Methods that compare stored medians."""
COMPARE_FAIL = "median:5%"
"""What `--benchmark-compare-fail` is given; it takes whole percents."""

Medians = Mapping[str, tuple[float, float]]
"""By cell: its median in the run before, and in this one."""
BySlowdown = Mapping[float, Mapping[str, Outcomes]]
"""How gates ended, by slow-down, 0 first, and by where they are from or by the method."""
_A_SECOND = 1.0
"""Less than any gate takes that replayed something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseReport:
    """All that gates of identical files say.

    Attributes:
        machine: Its key.
        tolerances: Of latency, by cell id.
        resampling: How gates were drawn.
        gates: From `REAL` and the others, as far as there are any.
        stored: The same runs by the methods that compare medians; those of one gate share its moment, so the intervals
            of their shares are rather too narrow.
        wanted_rate: Of false alarms of the whole matrix, and of gates that end unclear.
        noise: Of the machine, with the tolerances that this takes; None where there is no true gate.
        clusterings: By cell, of the ratios of one gate's processes.
        at_proposed: Gates drawn process by process at the proposed tolerances; None without a true gate.
        curve: Gates drawn process by process, by slow-down.
        notes: What a reader should know besides.
    """

    machine: str
    tolerances: Mapping[str, float]
    resampling: Resampling
    gates: BySlowdown
    stored: BySlowdown
    wanted_rate: float
    noise: Noise | None
    clusterings: Mapping[str, Clustering | None]
    at_proposed: Outcomes | None
    curve: Mapping[float, Outcomes]
    notes: tuple[str, ...]


def select(
    gates: Iterable[RepeatedGate], tolerances: Mapping[str, float]
) -> tuple[tuple[RepeatedGate, ...], tuple[str, ...]]:
    """Returns the gates of exactly these cells at these tolerances of latency, by time, and why others are left out."""
    chosen, reasons = [], Counter[str]()
    for gate in sorted(gates, key=lambda one: one.made):
        if set(gate.cells) != set(tolerances):
            reasons["other cells"] += 1
        elif gate.tolerances != tolerances:
            reasons["other tolerances"] += 1
        else:
            chosen.append(gate)
    alike = tuple(gate for gate in chosen if gate.tests == chosen[-1].tests)
    reasons["another number of tests"] += len(chosen) - len(alike)
    return alike, tuple(f"left out: {count} kept gates of {reason}" for reason, count in reasons.items() if count)


def complete(gates: Sequence[RepeatedGate], slowdown: float) -> list[RepeatedGate]:
    """Returns the gates with a slow-down whose every cell came to its first look: of others too little is known."""
    return [
        gate
        for gate in gates
        if gate.slowdown == slowdown
        and all(len(cell.log_ratios) >= FIRST_LOOK and not cell.failure for cell in gate.cells.values())
    ]


def analyse(
    gates: Sequence[RepeatedGate],
    tolerances: Mapping[str, float],
    *,
    left_out: Sequence[str] = (),
    wanted_rate: float,
    draws: int,
    seed: int,
    seconds: float,
) -> NoiseReport:
    """Returns what gates of the same cells and tolerances say.

    Args:
        gates: At least one, by time.
        tolerances: Of latency, by cell id.
        left_out: Why others are not among them.
        wanted_rate: Of false alarms of the whole matrix, which tolerances are proposed for.
        draws: How many gates are drawn.
        seed: Of the drawing.
        seconds: What a gate's replay may take: it bounds the processes of drawn gates.
    """
    taken = sum(len(cell.log_ratios) for gate in gates for cell in gate.cells.values())
    affordable = int(seconds * taken / max(sum(gate.seconds for gate in gates), _A_SECOND))
    rates = Rates(tests=gates[0].tests)
    resampling = Resampling(gates=draws, seed=seed, rates=rates, affordable=affordable)
    slowdowns = sorted({0.0} | {gate.slowdown for gate in gates})
    true = complete(gates, 0.0)
    draw = of_processes(true) if true else None
    noise = learn_noise(true, error_rate=wanted_rate, rates=rates, seed=seed) if true else None
    proposed = {cell: one.replay_tolerance for cell, one in noise.cells.items()} if noise else {}
    ratios = {cell: [gate.cells[cell].log_ratios for gate in true] for cell in tolerances}
    return NoiseReport(
        machine=gates[0].machine,
        tolerances=tolerances,
        resampling=resampling,
        gates={one: _ended(gates, one, tolerances, resampling) for one in slowdowns},
        stored={
            one: compare_stored(consecutive_runs(gates, slowdown=one), tolerances=tolerances, noise=noise, rates=rates)
            for one in slowdowns
            if noise
        },
        wanted_rate=wanted_rate,
        noise=noise,
        clusterings={cell: clustering(groups) for cell, groups in ratios.items()},
        at_proposed=resample(draw, proposed, resampling=resampling) if draw else None,
        curve={one: resample(draw, tolerances, resampling=resampling, slowdown=one) for one in CURVE if draw},
        notes=(*left_out, *_notes(gates, slowdowns)),
    )


def consecutive_runs(gates: Sequence[RepeatedGate], *, slowdown: float) -> list[Medians]:
    """Returns the runs of gates with a slow-down, each beside the same turn of the last true gate before it.

    The candidate's side of the later gate is compared with the baseline's of the earlier one, of the turns that every
    gate takes and all cells took in both. Gates stand by time; the slow-down is the later one's.
    """
    runs: list[Medians] = []
    before: RepeatedGate | None = None
    for gate in gates:
        if before is not None and gate.slowdown == slowdown:
            turns = min(len(cell.baseline_seconds) for one in (before, gate) for cell in one.cells.values())
            sides = {
                cell: zip(before.cells[cell].baseline_seconds, one.candidate_seconds, strict=False)
                for cell, one in gate.cells.items()
            }
            runs += [{cell: next(pairs) for cell, pairs in sides.items()} for _ in range(min(turns, FIRST_LOOK))]
        if gate.slowdown == 0:
            before = gate
    return runs


def compare_stored(
    runs: Sequence[Medians], *, tolerances: Mapping[str, float], noise: Noise, rates: Rates
) -> dict[str, Outcomes]:
    """Returns how runs fare by each of the three methods; none where there are no runs."""

    def plainly(medians: Medians) -> Mapping[str, Verdict]:
        return {cell: _red_if(after / before - 1 > tolerances[cell]) for cell, (before, after) in medians.items()}

    judges: Mapping[str, Callable[[Medians], Mapping[str, Verdict]]] = {
        PLAIN: plainly,
        LEARNED: lambda medians: _by_noise(medians, tolerances, noise, rates),
        PYTEST_BENCHMARK: _by_pytest_benchmark,
    }
    return {method: outcomes_of([*map(judge, runs)], processes=1) for method, judge in judges.items() if runs}


def _ended(
    gates: Sequence[RepeatedGate], slowdown: float, tolerances: Mapping[str, float], resampling: Resampling
) -> dict[str, Outcomes]:
    true, slowed = complete(gates, 0.0), complete(gates, slowdown) if slowdown else []
    drawn: Mapping[str, tuple[Callable[[Sequence[RepeatedGate]], Draw], Sequence[RepeatedGate], float]] = {
        RESAMPLED: (of_processes, true, slowdown),
        RESAMPLED_WHOLE: (of_whole_gates, true, slowdown),
        RESAMPLED_SLOWED: (of_processes, slowed, 0.0),
    }
    real = count_real([gate for gate in gates if gate.slowdown == slowdown])
    found = {REAL: real} if real else {}
    for name, (draw, sources, extra) in drawn.items():
        if sources:
            found[name] = resample(draw(sources), tolerances, resampling=resampling, slowdown=extra)
    return found


def _notes(gates: Sequence[RepeatedGate], slowdowns: Sequence[float]) -> list[str]:
    notes = []
    short = len(gates) - sum(len(complete(gates, slowdown)) for slowdown in slowdowns)
    if short:
        what = f"{short} gates ended before every cell had its first {FIRST_LOOK} processes"
        notes.append(f"{what}; only how they ended is counted")
    known = {repr(sorted(gate.environment.items(), key=str)) for gate in gates}
    if len(known) > 1:
        notes.append(f"the gates were run in {len(known)} environments (libraries, kernel or memory)")
    return notes


def _by_noise(medians: Medians, tolerances: Mapping[str, float], noise: Noise, rates: Rates) -> Mapping[str, Verdict]:
    tests = [
        stored_test(cell, seconds, noise=noise.cells[cell], tolerance=tolerances[cell], rates=rates)
        for cell, seconds in medians.items()
    ]
    decided = verdicts_of([(one.p_worse, one.p_within, one.p_better) for one in tests], rates, asked=rates.tests)
    return dict(zip(medians, (verdict for verdict, _ in decided), strict=True))


def _by_pytest_benchmark(medians: Medians) -> Mapping[str, Verdict]:
    check = parse_compare_fail(COMPARE_FAIL)
    return {
        cell: _red_if(bool(check.fails({"median": after}, {"median": before})))
        for cell, (before, after) in medians.items()
    }


def _red_if(worse: bool) -> Verdict:
    return Verdict.REGRESSED if worse else Verdict.UNCHANGED
