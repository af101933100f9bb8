"""And had the same runs' medians been compared as stored? Plainly, by the machine's noise, and by pytest-benchmark.

A run of the matrix is a turn: one process of each cell, all within seconds, as `pytest bench/` takes one of each. It is
held against the same turn of the gate before, so that as much time lies between as between two gates. Processes that
the gate did not count, as their rounds disagreed, are not among them: that flatters these methods.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pytest_benchmark.utils import parse_compare_fail

from zoobench.judge.aa.aarecord import AAGate
from zoobench.judge.evidence import Verdict
from zoobench.judge.gate.decide import Test, decide, stored_test, unmeasured_test
from zoobench.judge.gate.noise import Noise
from zoobench.judge.gate.schedule import Rates
from zoobench.stats.sequential import FIRST_LOOK
from zoobench.stats.statistics import Interval, wilson

PLAIN, LEARNED, PYTEST_BENCHMARK = "stored, plainly", "stored, by the noise", "pytest-benchmark"
COMPARE_FAIL = "median:5%"
"""What `--benchmark-compare-fail` is given; it takes whole percents."""
Medians = Mapping[str, tuple[float, float]]
"""By cell: its median in the run before, and in this one."""
Verdicts = Mapping[str, Verdict | None]
Judge = Callable[[Medians], Verdicts]


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
