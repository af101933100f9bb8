"""What must a reader know before trusting a cell: what disturbed it, what is its model, which runtime is off?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from zoobench.matrix.interface import WARNING, Interface
from zoobench.matrix.variants import SPECS
from zoobench.results.schema import Cause, Record, RecordedDisturbance, RecordedInterval, RecordedLatency
from zoobench.system.units import percent, ratio, three_digits

MOST_STEAL = 0.02
"""Share of the wanted CPU time. Two copies of one file differ by up to this, so less would not be seen."""

MOST_WAITING = 0.05
"""Share of the time in which this process wanted a CPU. Measured: at 5 % the median of a 4 ms cell stays and its p90
rises by 2 %, at 6 % p90 rises by 7 %, at 50 % the median doubles; a quiet machine has up to 1 %."""

MOST_OTHERS_OF_FREE = 0.5
"""Share of the CPUs that a cell leaves free which other processes may keep busy. Measured on two CPUs: a process that
copies memory on the other one raises the median by 1 % and p90 by 7 %, one that is busy a fifth of the time neither."""

MOST_OTHERS_OF_USED = 0.05
"""Share of the CPUs that a cell needs which other processes may keep busy where it leaves none free; as waiting."""

LEAST_FREQUENCY = 0.9
"""Share of the highest frequency. A governor's steps are 5 to 10 %, thermal limits begin at a fifth."""

MOST_DISTURBED_ROUNDS = 0.1
"""Share of the rounds above which a cell is marked: p90 rests on the slowest tenth, and p50 on more."""

_TICK_SECONDS = 0.01
"""What Linux counts CPU time in; an interval's count may be wrong by one at each end."""


def judged(observed: RecordedDisturbance, *, threads: int, governor: str | None) -> RecordedDisturbance:
    """Returns what was observed with what it comes to: the disturbed rounds, and the causes if the cell is marked.

    Args:
        observed: The looks; what it says of disturbed rounds and causes is replaced.
        threads: Of one invocation.
        governor: Of the frequency. `performance` promises the highest one; under any other the highest is that of the
            cell's own intervals.
    """
    seen = [one.frequency_share for one in observed.intervals if one.frequency_share is not None]
    highest = 1.0 if governor == "performance" else max(seen, default=1.0)
    causes = [
        (interval.rounds, list(_causes(interval, cpus=observed.cpus, threads=threads, highest=highest)))
        for interval in observed.intervals
    ]
    disturbed = sum(rounds for rounds, found in causes if found)
    is_marked = disturbed > MOST_DISTURBED_ROUNDS * observed.rounds
    found = [cause for _, in_interval in causes for cause in in_interval]
    return replace(observed, disturbed_rounds=disturbed, causes=_worst(found) if is_marked else ())


def are_in_the_way(others: float, *, threads: int, cpus: int) -> bool:
    """Tells whether other processes keep more CPUs busy, on average, than a program of so many threads can spare."""
    return others > max(MOST_OTHERS_OF_FREE * (cpus - threads), MOST_OTHERS_OF_USED * min(threads, cpus))


def busy(others: float, *, threads: int, cpus: int, quota: float | None) -> list[str]:
    """Returns what to say before anything is timed on a machine that has no CPU to spare.

    Args:
        others: CPUs that other processes keep busy.
        threads: The most of one invocation.
        cpus: That this process may use.
        quota: CPUs whose time its control groups allow; None for all.
    """
    found = []
    if are_in_the_way(others, threads=threads, cpus=cpus):
        found.append(
            f"{WARNING}other processes keep {ratio(others)} of {cpus} CPUs busy, so times will be disturbed; "
            "end them or wait"
        )
    if quota is not None and quota < threads:
        found.append(
            f"{WARNING}the control group may use {three_digits(quota)} CPUs, fewer than the {threads} of an "
            "invocation, so rounds will be stopped in the middle; raise its quota"
        )
    return found


def is_disturbed(latency: RecordedLatency | None) -> bool:
    """Tells whether a time is marked: what was seen while it was taken kept too many of its rounds."""
    return bool(latency and latency.disturbance and latency.disturbance.causes)


def told(disturbance: RecordedDisturbance) -> str:
    """Returns in a line how many rounds of a marked cell were disturbed, by what and how much."""
    causes = "; ".join(_told(cause, disturbance) for cause in disturbance.causes)
    return f"{disturbance.disturbed_rounds} of {disturbance.rounds} rounds were disturbed: {causes}"


def together(disturbances: Iterable[RecordedDisturbance]) -> str:
    """Returns in a line the worst of what disturbed several marked cells."""
    seen = list(disturbances)
    most = max(seen, key=lambda one: one.disturbed_rounds / one.rounds)
    return told(replace(most, causes=_worst([cause for one in seen for cause in one.causes])))


def _causes(interval: RecordedInterval, *, cpus: int, threads: int, highest: float) -> Iterator[Cause]:
    own, waited = interval.own_seconds, interval.waiting_seconds or 0
    steal, waiting, others = _steal(interval), waited / (waited + own) if waited else 0, 0.0
    if interval.busy_seconds is not None and interval.seconds:
        others = max(0, interval.busy_seconds - own - 2 * _TICK_SECONDS) / interval.seconds  # as rounding may add that
    if steal > MOST_STEAL:
        yield Cause(kind="steal", worst=steal)
    if waiting > MOST_WAITING:
        yield Cause(kind="waiting", worst=waiting)
    if are_in_the_way(others, threads=threads, cpus=cpus):
        yield Cause(kind="others", worst=others)
    if interval.throttled:
        yield Cause(kind="throttled", worst=len(interval.throttled), names=interval.throttled)
    if interval.frequency_share is not None and interval.frequency_share < LEAST_FREQUENCY * highest:
        yield Cause(kind="frequency", worst=1 - interval.frequency_share / highest)


def _steal(interval: RecordedInterval) -> float:
    """Returns the stolen share of the CPU time that was wanted; a single tick may be the counter's rounding."""
    stolen = interval.steal_seconds or 0
    if stolen < 1.5 * _TICK_SECONDS:
        return 0
    return stolen / (stolen + (interval.busy_seconds or 0))


def _worst(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    kinds = dict.fromkeys(cause.kind for cause in causes)
    return tuple(
        Cause(
            kind=kind,
            worst=max(cause.worst for cause in causes if cause.kind == kind),
            names=tuple(dict.fromkeys(name for cause in causes if cause.kind == kind for name in cause.names)),
        )
        for kind in kinds
    )


def _told(cause: Cause, disturbance: RecordedDisturbance) -> str:
    share = f"{percent(cause.worst)} %"
    match cause.kind:
        case "steal":
            return f"the hypervisor took up to {share} of the CPU time"
        case "waiting":
            return f"waited for a CPU up to {share} of the time"
        case "others":
            return f"other processes kept up to {ratio(cause.worst)} of {disturbance.cpus} CPUs busy"
        case "throttled":
            return f"the machine slowed itself down ({', '.join(cause.names)})"
        case _:
            return f"the frequency fell by up to {share}"


FLOAT_APART = 0.001
"""From here up the largest difference of a probability, of a file that computes in floats, is more than rounding.

Measured on real photos and weights, MobileNet in float32 and float16: at most 0.000006 between LiteRT and OpenVINO or
ONNX Runtime.
"""

INTEGERS_APART = 0.05
"""The same for files that compute in integers, where it is the mean: each runtime rounds in every layer as it likes.

Measured likewise: a mean of at most 0.014, while single samples differ by up to 0.15.
"""

_FLOATS = frozenset({"float", "dequantized"})


def taken_as(records: Iterable[Record]) -> list[str]:
    """Returns what each model of one's own is taken as, and what was seen of it; of other networks nothing."""
    return said_of(_interfaces(records))


def said_of(models: Iterable[tuple[str, Interface]]) -> list[str]:
    """Returns the same of models by name, warnings aside; each line once."""
    found: dict[str, None] = {}
    for name, interface in models:
        found[f"{name}: taken as {interface.described}."] = None
        found |= dict.fromkeys(f"{name}: {one}" for one in interface.remarks if one not in interface.warnings)
    return list(found)


def cautions(records: Iterable[Record]) -> list[str]:
    """Returns what must be said loudly wherever these cells' numbers decide something."""
    known = list(records)
    others = (f"{WARNING}{one}" for one in map(_otherwise, known) if one)
    return list(dict.fromkeys((*warnings_of(_interfaces(known)), *others)))


def warnings_of(models: Iterable[tuple[str, Interface]]) -> list[str]:
    """Returns the warnings about models by name, each once."""
    said = (f"{WARNING}{name}: {one.removeprefix(WARNING)}" for name, model in models for one in model.warnings)
    return list(dict.fromkeys(said))


def _otherwise(record: Record) -> str:
    """Returns how a runtime computes otherwise than the one that others are compared with, '' where it does not."""
    agreement = record.accuracy.agreement_with_reference if record.accuracy else None
    largest = agreement.max_probability_difference if agreement else None
    mean = agreement.mean_probability_difference if agreement else None
    if agreement is None or largest is None or mean is None:
        return ""
    variant = record.cell.variant
    is_float = variant == "keras" or (variant in SPECS and set(SPECS[variant].computing) <= _FLOATS)
    if (largest < FLOAT_APART) if is_float else (mean < INTEGERS_APART):
        return ""
    limit = f"less than {FLOAT_APART}" if is_float else f"by less than {INTEGERS_APART} on average"
    return (
        f"{record.cell.id} computes otherwise than {agreement.cell} from the same file: the probability of one class "
        f"differs by up to {three_digits(largest)}, by {three_digits(mean)} on average; rounding makes that {limit}. "
        f"Do not rely on answers of {record.cell.runtime} here before you know why."
    )


def _interfaces(records: Iterable[Record]) -> Iterator[tuple[str, Interface]]:
    for record in records:
        if record.model and record.model.interface:
            yield record.cell.backbone, record.model.interface
