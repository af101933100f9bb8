"""How often does a machine's gate cry wolf, and what does it miss? All that gates of identical files answer, in one.

`caught` is said of a gate that calls the latency of any cell regressed, as that ends it with status 1; whether it said
so of every cell, and how often of each, is counted beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoobench.judge.aa.aagates import Choice, Outcomes, count_outcomes
from zoobench.judge.aa.aarecord import AAGate
from zoobench.judge.aa.noiselearning import clusterings, learn_noise
from zoobench.judge.aa.resampling import Draw, Resampling, of_processes, of_whole_gates, resample
from zoobench.judge.aa.storedruns import StoredOutcomes, compare_stored, consecutive_runs
from zoobench.judge.gate.noise import Noise
from zoobench.judge.gate.schedule import Rates
from zoobench.stats.sequential import FIRST_LOOK
from zoobench.stats.statistics import Clustering

CURVE = tuple(step / 200 for step in range(17))
"""Slow-downs of the power curve: 0 to 8 % by 0.5 %."""
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
    choice: Choice, tolerances: Mapping[str, float], *, wanted_rate: float, draws: int, seed: int, seconds: float
) -> AAReport:
    """Returns what gates of the same cells and tolerances say.

    Args:
        choice: At least one gate.
        tolerances: Of latency, by cell id.
        wanted_rate: Of false alarms of the whole matrix, which tolerances are proposed for.
        draws: How many gates are drawn.
        seed: Of the drawing.
        seconds: What a gate's replay may take: it bounds the processes of drawn gates.
    """
    rates = Rates(tests=choice.gates[0].tests)
    resampling = Resampling(gates=draws, seed=seed, rates=rates, affordable=_affordable(choice.gates, seconds))
    true = choice.telling(0.0)
    learned = _learn(true, tolerances, resampling, wanted_rate) if true else None
    return AAReport(
        machine=choice.gates[0].machine,
        tolerances=tolerances,
        rates=rates,
        resampling=resampling,
        detections=tuple(_detection(choice, one, tolerances, resampling) for one in choice.slowdowns),
        learned=learned,
        stored=_stored(choice, tolerances, learned.noise, rates) if learned else (),
        notes=(*choice.left_out, *_cut_short(choice), *_environments(choice.gates)),
    )


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


def _detection(choice: Choice, slowdown: float, tolerances: Mapping[str, float], resampling: Resampling) -> Detection:
    true, slowed = choice.telling(0.0), choice.telling(slowdown)

    def drawn(draw: Draw, extra: float) -> Outcomes:
        return resample(draw, tolerances, resampling=resampling, slowdown=extra)

    return Detection(
        slowdown=slowdown,
        real=count_outcomes(choice.slowed(slowdown)),
        resampled=drawn(of_processes(true), slowdown) if true else None,
        resampled_whole=drawn(of_whole_gates(true), slowdown) if true else None,
        resampled_slowed=drawn(of_processes(slowed), 0.0) if slowed and slowdown else None,
    )


def _stored(choice: Choice, tolerances: Mapping[str, float], noise: Noise, rates: Rates) -> tuple[StoredOutcomes, ...]:
    return tuple(
        outcomes
        for slowdown in choice.slowdowns
        for outcomes in compare_stored(
            consecutive_runs(choice.gates, slowdown=slowdown),
            tolerances=tolerances,
            noise=noise,
            rates=rates,
            slowdown=slowdown,
        )
    )


def _cut_short(choice: Choice) -> tuple[str, ...]:
    lost = len(choice.gates) - sum(len(choice.telling(slowdown)) for slowdown in choice.slowdowns)
    told = f"{lost} gates ended before every cell had its first {FIRST_LOOK} processes; only how they ended is counted"
    return (told,) if lost else ()


def _environments(gates: Sequence[AAGate]) -> tuple[str, ...]:
    """Says where gates were run by different libraries or kernels, whose noise need not be the same."""
    known = {repr(sorted(gate.environment.items(), key=str)) for gate in gates}
    return (
        () if len(known) == 1 else (f"the gates were run in {len(known)} environments (libraries, kernel or memory)",)
    )
