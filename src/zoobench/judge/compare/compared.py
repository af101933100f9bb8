"""What is compared between two sides, and by how much may two runs of one file differ in it?"""

from dataclasses import dataclass

from zoobench.judge.compare.seen import Seen

TIME_NOISE = 0.20
"""Between two processes that time one file the median was measured to move by up to 18 %."""
SPEEDUP_NOISE = 0.10
"""Of 16 runs each of four LiteRT cells on two shared cores, any two had speed-ups over the interleaved float file
within 10 % of each other, 19 in 20 pairs within 8 %."""
KERAS_NOISE = 1.0
"""Any two of 15 runs of a Keras cell there were within a factor of two; as its float file is LiteRT's, its speed-up
drifts like its time."""
STARTUP_NOISE = 0.80
"""The median of six fresh processes that open one LiteRT file, or run it first, moved by up to 77 % over 16
repetitions of four cells."""
MEMORY_NOISE = 0.01
"""The median of their peaks of memory moved by up to 0.5 %."""
KERAS = frozenset({"keras", "keras_graph"})
"""Runtimes whose times scatter so much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is compared.

    Attributes:
        name: In files.
        title: For people, with the unit.
        lower_is_better: The direction.
        relative: Whether its change is relative to the base; otherwise it is the difference.
    """

    name: str
    title: str
    lower_is_better: bool
    relative: bool = True


P50 = Metric(name="p50_seconds", title="p50, ms", lower_is_better=True)
P90 = Metric(name="p90_seconds", title="p90, ms", lower_is_better=True)
SPEEDUP = Metric(name="speedup_over_float", title="× float", lower_is_better=False)
INITIALIZATION = Metric(name="initialization_seconds", title="initialization, ms", lower_is_better=True)
FIRST_INFERENCE = Metric(name="first_inference_seconds", title="first inference, ms", lower_is_better=True)
MEMORY = Metric(name="peak_rss_bytes", title="peak memory, MB", lower_is_better=True)
TOP1 = Metric(name="top1", title="top-1, %", lower_is_better=False, relative=False)
LOSS = Metric(name="loss", title="loss, nats", lower_is_better=True)
SIZE = Metric(name="size_bytes", title="size, MB", lower_is_better=True)
OF_THE_MACHINE = (P50, P90, SPEEDUP, INITIALIZATION, FIRST_INFERENCE, MEMORY)
METRICS = (*OF_THE_MACHINE, TOP1, LOSS, SIZE)


def noise_of(metric: Metric, cell: Seen) -> float:
    """Returns the share by which two runs may differ in what they measure of one file."""
    if metric is MEMORY:
        return MEMORY_NOISE
    if cell.record is not None and cell.record.cell.runtime in KERAS:
        return KERAS_NOISE
    if metric in (INITIALIZATION, FIRST_INFERENCE):
        return STARTUP_NOISE
    return SPEEDUP_NOISE if metric is SPEEDUP else TIME_NOISE
