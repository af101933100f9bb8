"""Which metrics are there? One row for each: how it is read, weighed, gated, limited and shown. All others walk it.

A metric's key is the same in JSON and CSV, on command lines, in `[tool.zoobench.gate]` and in documents; values stand
in the unit of data, which its `unit` names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from zoobench.errors import did_you_mean
from zoobench.results.schema import Record, Speedup
from zoobench.system.units import BYTES, NATS, RATIO, SECONDS, SHARE, Unit

Test = Literal["rounds", "processes", "samples", "exact", "none"]
"""What weighs a change: the timed rounds of a process, the values of fresh processes, answers paired by sample; a
number that has no error is compared exactly, and of a number without an interval only equality is judged."""
Ends = tuple[float, float]
TIME_NOISE = 0.20
"""Between two processes that time one file the median was measured to move by up to 18 %."""
SPEEDUP_NOISE = 0.10
"""Of 16 runs each of four LiteRT cells on two shared cores, any two had speed-ups over the interleaved float file
within 10 % of each other, 19 in 20 pairs within 8 %."""
STARTUP_NOISE = 0.80
"""The median of six fresh processes that open one LiteRT file, or run it first, moved by up to 77 % over 16
repetitions of four cells."""
MEMORY_NOISE = 0.01
"""The median of their peaks of memory moved by up to 0.5 %."""
KERAS_NOISE = 1.0
"""Any two of 15 runs of a Keras cell there were within a factor of two; as its float file is LiteRT's, its speed-up
drifts like its time."""
KERAS = frozenset({"keras", "keras_graph"})
"""Runtimes whose times differ so much between processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A row of the table.

    Attributes:
        title: For people, without the unit.
        column: Its head in tables that show a run; '' where it stands in none.
        meaning: One sentence for documents and column heads.
        test: What weighs a change.
        read: Returns what each process of a run observed; of one that measured all, a single value.
        interval: Returns the 95 % interval that a run knows itself, None where it knows none.
        percentile: The share of the rounds that it is of, so that files without records have it; else None.
        of_machine: Whether it is another on another machine.
        of_samples: Whether it is another on other samples.
        noise: Share by which two processes may differ in what they find of one file.
        tolerance: The largest change for the worse that a gate takes for none unless it is set; None: not gated.
        limit: What a limit of it says, in `zoobench recommend`; '' where there is none.
        example: Of such a limit.
        worse: Of a cell that has a worse value, compared with another.
    """

    key: str
    title: str
    meaning: str
    unit: Unit
    test: Test
    read: Callable[[Record], Sequence[float]]
    better: Literal["lower", "higher"] = "lower"
    column: str = ""
    interval: Callable[[Record], Ends | None] = lambda _: None
    percentile: float | None = None
    of_machine: bool = False
    of_samples: bool = False
    noise: float = 0.0
    tolerance: float | None = None
    limit: str = ""
    example: str = ""
    worse: str = "worse"

    @property
    def head(self) -> str:
        """The title with the unit."""
        return f"{self.title}, {self.unit.symbol}" if self.unit.symbol else self.title

    @property
    def lower_is_better(self) -> bool:
        """Whether less of it is better."""
        return self.better == "lower"

    @property
    def relative(self) -> bool:
        """Whether its change is a share of the baseline; of a share it is the difference, in points."""
        return self.unit is not SHARE

    def value(self, record: Record) -> float | None:
        """Returns what a run says: the median of what its processes observed, None where it was not measured."""
        values = self.read(record)
        return float(median(values)) if values else None

    def noise_on(self, runtime: str) -> float:
        """Returns the share by which two runs on a runtime may differ in what they find of one file."""
        return KERAS_NOISE if runtime in KERAS and self.noise > MEMORY_NOISE else self.noise


def _p90(record: Record) -> Sequence[float]:
    known = record.latency.p90_seconds if record.latency else None
    return () if known is None else (known,)


def _over_float(record: Record) -> Speedup | None:
    return record.latency.speedup_over_float if record.latency else None


def _observed(phase: str) -> Callable[[Record], Sequence[float]]:
    return lambda record: getattr(record.startup, phase).observed_seconds if record.startup else ()


def _median_interval(phase: str) -> Callable[[Record], Ends | None]:
    return lambda record: getattr(record.startup, phase).interval if record.startup else None


LATENCY_P50 = Metric(
    key="latency_p50",
    title="p50",
    column="p50 ms",
    meaning="Median time of one invocation.",
    unit=SECONDS,
    test="rounds",
    read=lambda record: (record.latency.p50_seconds,) if record.latency else (),
    interval=lambda record: record.latency.p50_interval if record.latency else None,
    percentile=0.50,
    of_machine=True,
    noise=TIME_NOISE,
    tolerance=0.05,
    limit="Most that half of the invocations may take.",
    example="20 ms",
    worse="slower",
)
LATENCY_P90 = Metric(
    key="latency_p90",
    title="p90",
    column="p90 ms",
    meaning="Nine in ten invocations take no longer; known from 64 rounds on.",
    unit=SECONDS,
    test="rounds",
    read=_p90,
    percentile=0.90,
    of_machine=True,
    noise=TIME_NOISE,
    limit="Most that nine of ten invocations may take.",
    example="30 ms",
    worse="slower at p90",
)
SPEEDUP = Metric(
    key="speedup",
    title="× float",
    column="× float",
    meaning="How many times faster it is than its float twin, paired by round.",
    unit=RATIO,
    better="higher",
    test="rounds",
    read=lambda record: (paired.point,) if (paired := _over_float(record)) else (),
    interval=lambda record: paired.interval if (paired := _over_float(record)) else None,
    of_machine=True,
    noise=SPEEDUP_NOISE,
    worse="slower",
)
INITIALIZATION = Metric(
    key="initialization",
    title="initialization",
    meaning="Time that a fresh process takes to open the file.",
    unit=SECONDS,
    test="processes",
    read=_observed("initialization"),
    interval=_median_interval("initialization"),
    of_machine=True,
    noise=STARTUP_NOISE,
    worse="slower to open",
)
FIRST_INFERENCE = Metric(
    key="first_inference",
    title="first inference",
    meaning="Time of the first invocation in a fresh process.",
    unit=SECONDS,
    test="processes",
    read=_observed("first_inference"),
    interval=_median_interval("first_inference"),
    of_machine=True,
    noise=STARTUP_NOISE,
    worse="slower at first",
)
MEMORY = Metric(
    key="memory",
    title="peak memory",
    column="peak MB",
    meaning="Most that was resident in a fresh process that opens the file and runs it, Python and libraries with it.",
    unit=BYTES,
    test="processes",
    read=lambda record: record.memory.observed_peak_rss_bytes if record.memory else (),
    interval=lambda record: record.memory.interval if record.memory else None,
    of_machine=True,
    noise=MEMORY_NOISE,
    tolerance=0.10,
    limit="Largest peak of resident memory of a fresh process, Python and libraries with it.",
    example="100 MB",
    worse="larger in memory",
)
TOP1 = Metric(
    key="top1",
    title="top-1",
    column="top-1 %",
    meaning="Share of the test samples whose most probable class is the true one.",
    unit=SHARE,
    better="higher",
    test="samples",
    read=lambda record: (record.accuracy.top1,) if record.accuracy else (),
    interval=lambda record: record.accuracy.interval if record.accuracy else None,
    of_samples=True,
    tolerance=0.005,
    limit="Smallest top-1.",
    example="88 %",
    worse="less often right",
)
LOSS = Metric(
    key="loss",
    title="loss",
    column="loss",
    meaning="Mean cross-entropy of the test samples.",
    unit=NATS,
    test="none",
    read=lambda record: (record.accuracy.loss,) if record.accuracy else (),
    of_samples=True,
)
SIZE = Metric(
    key="size",
    title="size",
    column="MB",
    meaning="Size of the file.",
    unit=BYTES,
    test="exact",
    read=lambda record: (record.model.size_bytes,) if record.model else (),
    tolerance=0.01,
    limit="Largest file.",
    example="5 MB",
    worse="larger",
)

METRICS: Mapping[str, Metric] = {
    one.key: one
    for one in (LATENCY_P50, LATENCY_P90, SPEEDUP, INITIALIZATION, FIRST_INFERENCE, MEMORY, TOP1, LOSS, SIZE)
}
"""Every metric by key, in the order in which they are shown."""
GATED: Mapping[str, Metric] = {key: one for key, one in METRICS.items() if one.tolerance is not None}
"""Those that a gate judges."""
FORMER_KEYS: Mapping[str, str] = {
    "latency": "latency_p50",
    "latency-p90": "latency_p90",
    "top-1": "top1",
    "p50_seconds": "latency_p50",
    "p90_seconds": "latency_p90",
    "speedup_over_float": "speedup",
    "initialization_seconds": "initialization",
    "first_inference_seconds": "first_inference",
    "peak_rss_bytes": "memory",
    "size_bytes": "size",
}
"""What a key of 0.1 is now, for messages alone: none of them is read any more."""


def unknown_key(received: str, known: Sequence[str]) -> str:
    """Returns what to say of a key that is not known here: what it was renamed to, if it was, and what is allowed."""
    renamed = FORMER_KEYS.get(received)
    if renamed in known:
        return f"received the key {received!r}; allowed are {', '.join(known)} ({received} is {renamed} since 0.2)"
    return f"received the key {received!r}{did_you_mean(received, known)}; allowed are {', '.join(known)}"
