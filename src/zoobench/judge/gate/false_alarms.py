"""How often does a machine's gate raise a false alarm, and what does it miss? What gates of identical files say.

`caught` is said of a gate that calls the latency of any cell regressed, as that ends it with status 1; whether it said
so of every cell, and how often of each, is counted beside it.

Beside it stands what had become of the same runs, had their medians been compared as stored: plainly, by the machine's
noise, and by pytest-benchmark. A run of the matrix is a round: one process of each cell, all within seconds, as `pytest
bench/` takes one of each. It is compared with the same round of the gate before, so that as much time lies between as
between two gates. Processes that the gate did not count, as their rounds disagreed, are not among them: that flatters
these methods.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pytest_benchmark.utils import parse_compare_fail

from zoobench.judge.evidence import Verdict
from zoobench.judge.gate.decide import Test, decide, stored_test, unmeasured_test
from zoobench.judge.gate.identical import AAGate, KeptGates, Outcomes, count_outcomes
from zoobench.judge.gate.noise import Noise
from zoobench.judge.gate.resample import (
    Draw,
    Resampling,
    clusterings,
    learn_noise,
    of_processes,
    of_whole_gates,
    resample,
)
from zoobench.judge.gate.schedule import Rates
from zoobench.stats.intervals import Clustering, Interval, wilson
from zoobench.stats.sequential import FIRST_LOOK

CURVE = tuple(step / 200 for step in range(17))
"""Slow-downs of the power curve: 0 to 8 % by 0.5 %."""

PLAIN, LEARNED, PYTEST_BENCHMARK = "stored, plainly", "stored, by the noise", "pytest-benchmark"
COMPARE_FAIL = "median:5%"
"""What `--benchmark-compare-fail` is given; it takes whole percents."""

Medians = Mapping[str, tuple[float, float]]
"""By cell: its median in the run before, and in this one."""

Verdicts = Mapping[str, Verdict | None]
Judge = Callable[[Medians], Verdicts]
_A_SECOND = 1.0
"""Less than any gate takes that replayed something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What becomes of a slow-down, or of none.

    Attributes:
        slowdown: Share of the median.
        real: Gates that were run with it.
        resampled: Gates drawn process by process from true ones, slowed by it in arithmetic.
        resampled_whole: The same, all processes of a gate drawn from one real gate; six processes' chance becomes a
            bias there that no further process evens out, so this rather overstates errors.
        resampled_slowed: Gates drawn process by process from those that were run with it.
    """

    slowdown: float
    real: Outcomes | None
    resampled: Outcomes | None
    resampled_whole: Outcomes | None
    resampled_slowed: Outcomes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What the true gates teach.

    Attributes:
        wanted_rate: Of false alarms of the whole matrix, and of gates that end unclear.
        noise: Of the machine, with the tolerances that this takes.
        clusterings: By cell, of the ratios of one gate's processes.
        at_proposed: Gates drawn process by process at the proposed tolerances.
        curve: Gates drawn process by process, by slow-down.
    """

    wanted_rate: float
    noise: Noise
    clusterings: Mapping[str, Clustering | None]
    at_proposed: Outcomes
    curve: Mapping[float, Outcomes]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutcomes:
    """How runs fared that were held against earlier ones by one method.

    Attributes:
        method: `PLAIN`, `LEARNED` or `PYTEST_BENCHMARK`.
        slowdown: What was injected into the later run; 0 where both ran the same.
        runs: Of the whole matrix.
        cell_runs: Of single cells.
        red_runs: Runs in which some cell was called worse.
        red_cell_runs: Cells that were.
        inconclusive_runs: Runs in which something could not be told, and nothing was called worse.
    """

    method: str
    slowdown: float
    runs: int
    cell_runs: int
    red_runs: int
    red_cell_runs: int
    inconclusive_runs: int

    @property
    def interval(self) -> Interval:
        """Of the share of red runs, as if turns of one gate had nothing in common: rather too narrow."""
        return wilson(self.red_runs, self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class AAReport:
    """All of it.

    Attributes:
        machine: Its key.
        tolerances: Of latency, by cell id.
        rates: Of the gates.
        resampling: How gates were drawn.
        detections: By slow-down, 0 first.
        learned: None where there is no true gate.
        stored: The same runs by the methods that compare medians, by slow-down.
        notes: What a reader should know besides.
    """

    machine: str
    tolerances: Mapping[str, float]
    rates: Rates
    resampling: Resampling
    detections: tuple[Detection, ...]
    learned: Learned | None
    stored: tuple[StoredOutcomes, ...]
    notes: tuple[str, ...]


def analyse(
    kept: KeptGates, tolerances: Mapping[str, float], *, wanted_rate: float, draws: int, seed: int, seconds: float
) -> AAReport:
    """Returns what gates of the same cells and tolerances say.

    Args:
        kept: At least one gate.
        tolerances: Of latency, by cell id.
        wanted_rate: Of false alarms of the whole matrix, which tolerances are proposed for.
        draws: How many gates are drawn.
        seed: Of the drawing.
        seconds: What a gate's replay may take: it bounds the processes of drawn gates.
    """
    rates = Rates(tests=kept.gates[0].tests)
    resampling = Resampling(gates=draws, seed=seed, rates=rates, affordable=_affordable(kept.gates, seconds))
    true = kept.telling(0.0)
    learned = _learn(true, tolerances, resampling, wanted_rate) if true else None
    return AAReport(
        machine=kept.gates[0].machine,
        tolerances=tolerances,
        rates=rates,
        resampling=resampling,
        detections=tuple(_detection(kept, one, tolerances, resampling) for one in kept.slowdowns),
        learned=learned,
        stored=_stored(kept, tolerances, learned.noise, rates) if learned else (),
        notes=(*kept.left_out, *_cut_short(kept), *_environments(kept.gates)),
    )


def consecutive_runs(gates: Sequence[AAGate], *, slowdown: float) -> tuple[Medians, ...]:
    """Returns the runs of gates with a slow-down, each beside the same turn of the last true gate before it.

    The candidate's side of the later gate is held against the baseline's of the earlier one.

    Args:
        gates: By time.
        slowdown: Of the later gate.
    """
    pairs: list[tuple[AAGate, AAGate]] = []
    before: AAGate | None = None
    for gate in gates:
        if before is not None and gate.slowdown == slowdown:
            pairs.append((before, gate))
        if gate.slowdown == 0:
            before = gate
    return tuple(_turn(*pair, turn) for pair in pairs for turn in range(_turns(*pair)))


def compare_stored(
    runs: Sequence[Medians], *, tolerances: Mapping[str, float], noise: Noise, rates: Rates, slowdown: float
) -> tuple[StoredOutcomes, ...]:
    """Returns how runs fare by each of the three methods; none where there are no runs."""
    judges: Mapping[str, Judge] = {
        PLAIN: lambda medians: _plainly(medians, tolerances),
        LEARNED: lambda medians: _by_noise(medians, tolerances, noise, rates),
        PYTEST_BENCHMARK: _by_pytest_benchmark,
    }
    return tuple(_outcomes(method, judge, runs, slowdown) for method, judge in judges.items() if runs)


def _affordable(gates: Sequence[AAGate], seconds: float) -> int:
    """Returns how many processes a gate's seconds are enough for, each taking as long as they did on average."""
    taken = sum(len(cell.log_ratios) for gate in gates for cell in gate.cells.values())
    return int(seconds * taken / max(sum(gate.seconds for gate in gates), _A_SECOND))


def _learn(
    gates: Sequence[AAGate], tolerances: Mapping[str, float], resampling: Resampling, wanted_rate: float
) -> Learned:
    noise = learn_noise(gates, error_rate=wanted_rate, rates=resampling.rates, seed=resampling.seed)
    proposed = {cell: one.replay_tolerance for cell, one in noise.cells.items()}
    draw = of_processes(gates)
    return Learned(
        wanted_rate=wanted_rate,
        noise=noise,
        clusterings=clusterings(gates),
        at_proposed=resample(draw, proposed, resampling=resampling),
        curve={one: resample(draw, tolerances, resampling=resampling, slowdown=one) for one in CURVE},
    )


def _detection(kept: KeptGates, slowdown: float, tolerances: Mapping[str, float], resampling: Resampling) -> Detection:
    true, slowed = kept.telling(0.0), kept.telling(slowdown)

    def drawn(draw: Draw, extra: float) -> Outcomes:
        return resample(draw, tolerances, resampling=resampling, slowdown=extra)

    return Detection(
        slowdown=slowdown,
        real=count_outcomes(kept.slowed(slowdown)),
        resampled=drawn(of_processes(true), slowdown) if true else None,
        resampled_whole=drawn(of_whole_gates(true), slowdown) if true else None,
        resampled_slowed=drawn(of_processes(slowed), 0.0) if slowed and slowdown else None,
    )


def _stored(kept: KeptGates, tolerances: Mapping[str, float], noise: Noise, rates: Rates) -> tuple[StoredOutcomes, ...]:
    return tuple(
        outcomes
        for slowdown in kept.slowdowns
        for outcomes in compare_stored(
            consecutive_runs(kept.gates, slowdown=slowdown),
            tolerances=tolerances,
            noise=noise,
            rates=rates,
            slowdown=slowdown,
        )
    )


def _cut_short(kept: KeptGates) -> tuple[str, ...]:
    lost = len(kept.gates) - sum(len(kept.telling(slowdown)) for slowdown in kept.slowdowns)
    told = f"{lost} gates ended before every cell had its first {FIRST_LOOK} processes; only how they ended is counted"
    return (told,) if lost else ()


def _environments(gates: Sequence[AAGate]) -> tuple[str, ...]:
    """Says where gates were run by different libraries or kernels, whose noise need not be the same."""
    known = {repr(sorted(gate.environment.items(), key=str)) for gate in gates}
    return (
        () if len(known) == 1 else (f"the gates were run in {len(known)} environments (libraries, kernel or memory)",)
    )


def _turns(before: AAGate, after: AAGate) -> int:
    """Returns how many turns all cells took in both gates, of those that every gate takes."""
    taken = [len(cell.baseline_seconds) for gate in (before, after) for cell in gate.cells.values()]
    return min(FIRST_LOOK, *taken)


def _turn(before: AAGate, after: AAGate, turn: int) -> Medians:
    return {
        cell: (before.cells[cell].baseline_seconds[turn], after.cells[cell].candidate_seconds[turn])
        for cell in after.cells
    }


def _outcomes(method: str, judge: Judge, runs: Sequence[Medians], slowdown: float) -> StoredOutcomes:
    found = [tuple(judge(medians).values()) for medians in runs]
    calm = [verdicts for verdicts in found if Verdict.REGRESSED not in verdicts]
    return StoredOutcomes(
        method=method,
        slowdown=slowdown,
        runs=len(found),
        cell_runs=sum(len(verdicts) for verdicts in found),
        red_runs=len(found) - len(calm),
        red_cell_runs=sum(verdicts.count(Verdict.REGRESSED) for verdicts in found),
        inconclusive_runs=sum(Verdict.INCONCLUSIVE in verdicts for verdicts in calm),
    )


def _plainly(medians: Medians, tolerances: Mapping[str, float]) -> Mapping[str, Verdict]:
    return {cell: _red_if(after / before - 1 > tolerances[cell]) for cell, (before, after) in medians.items()}


def _by_noise(medians: Medians, tolerances: Mapping[str, float], noise: Noise, rates: Rates) -> Verdicts:
    silent = unmeasured_test("", tolerance=0.0, why="stands for a test of another metric")
    tests: list[Test] = [
        stored_test(
            cell,
            seconds,
            scatter=noise.cells[cell].run_scatter,
            runs=noise.cells[cell].runs,
            tolerance=tolerances[cell],
            rates=rates,
        )
        for cell, seconds in medians.items()
    ]
    findings = decide([*tests, *[silent] * (rates.tests - len(tests))], rates)
    return dict(zip(medians, (finding.verdict for finding in findings), strict=False))


def _by_pytest_benchmark(medians: Medians) -> Mapping[str, Verdict]:
    check = parse_compare_fail(COMPARE_FAIL)
    return {
        cell: _red_if(bool(check.fails({"median": after}, {"median": before})))
        for cell, (before, after) in medians.items()
    }


def _red_if(worse: bool) -> Verdict:
    return Verdict.REGRESSED if worse else Verdict.UNCHANGED
