"""What must a cell hold to be shipped, and which one comes first? Limits and preferences as people write them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from zoobench.errors import UsageError, did_you_mean
from zoobench.judge import metrics
from zoobench.judge.metrics import METRICS, Metric
from zoobench.system.units import SHARE, Unit, parse_quantity, percent, three_digits

P50, P90, SPEEDUP = metrics.LATENCY_P50.key, metrics.LATENCY_P90.key, metrics.SPEEDUP.key
SIZE, MEMORY, TOP1 = metrics.SIZE.key, metrics.MEMORY.key, metrics.TOP1.key
DROP, QUANTIZATION_DROP = "drop", "quantization_drop"
PREFERENCES = tuple(key for key, metric in METRICS.items() if metric.limit)
"""What cells can be ordered by."""
DEFAULT_PREFERENCE = (P50, TOP1, SIZE)
_LEAST_CONFIDENCE, _MOST_CONFIDENCE = 0.5, 0.99
_POINTS = Unit(
    name="share",
    symbol="pp",
    text=lambda share: three_digits(100 * share) if share else percent(share),
    written={"pp": 0.01, "points": 0.01},
)


def _drop(key: str, reference: str) -> Metric:
    """Returns the row of a difference of two cells' top-1, which no record holds."""
    meaning = f"loss of top-1 against the float32 file of {reference}."
    return Metric(
        key=key,
        title=key.replace("_", " "),
        meaning=meaning.capitalize(),
        unit=_POINTS,
        better="lower",
        test="samples",
        read=lambda _: (),
        limit=f"Largest {meaning}",
        example="1 pp",
    )


LIMITED: Mapping[str, Metric] = {
    **{key: METRICS[key] for key in PREFERENCES},
    DROP: _drop(DROP, "the most accurate backbone in the results"),
    QUANTIZATION_DROP: _drop(QUANTIZATION_DROP, "the same backbone"),
}
"""What can be limited, by key: metrics, and what a cell loses of top-1 against another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a cell must hold.

    Attributes:
        metric: Usually of `LIMITED`.
        bound: The most that is allowed, or the least where less is worse: seconds, bytes or a share of one.
        text: The bound as it was written.
    """

    metric: Metric
    bound: float
    text: str = field(compare=False)

    @property
    def of_accuracy(self) -> bool:
        """Whether it says anything only of trained weights, and is a share of one."""
        return self.metric.test == "samples"

    @property
    def summary(self) -> str:
        """For people: `p90 ≤ 30 ms`."""
        return f"{self.metric.title} {'≤' if self.metric.lower_is_better else '≥'} {self.text}"


def option_of(metric: Metric) -> str:
    """Returns what limits a metric on a command line."""
    return f"--{'max' if metric.lower_is_better else 'min'}-{metric.key.replace('_', '-')}"


def parse_limit(key: str, text: str) -> Limit:
    """Returns a limit that was written as a number and its unit; a bare number could mean anything, so it is refused.

    Raises:
        UsageError: If it is none; the message says what was received and what is allowed.
    """
    metric = LIMITED[key]
    bound = parse_quantity(
        text,
        metric.unit.written,
        where=option_of(metric),
        example=metric.example,
        most=1.0 if metric.test == "samples" else math.inf,
        may_be_zero=key in (DROP, QUANTIZATION_DROP),
    )
    return Limit(metric=metric, bound=bound, text=re.sub(r"\s*([^\d.]+)$", r" \1", text.strip()))


def parse_preference(text: str) -> tuple[str, ...]:
    """Returns the metrics to order by, those that were named first, then what is left of the default.

    Raises:
        UsageError: If one is unknown or named twice.
    """
    named = [name.strip() for name in text.split(",")]
    if len(set(named)) < len(named) or not set(named) <= set(PREFERENCES):
        hints = "".join(did_you_mean(name, PREFERENCES) for name in named if name not in PREFERENCES)
        raise UsageError(
            f"--prefer: received {text!r}{hints}; allowed are {', '.join(PREFERENCES)}, each at most once, such as "
            f"{TOP1},{P50}"
        )
    return (*named, *(name for name in DEFAULT_PREFERENCE if name not in named))


def parse_confidence(text: str) -> float:
    """Returns the probability that is asked for, as a share of one.

    Raises:
        UsageError: Unless it is a percentage from 50 to 99: below, a cell that more likely misses would do, and above
            is more than can be told of several limits at once.
    """
    return parse_quantity(
        text, SHARE.written, where="--confidence", example="95 %", least=_LEAST_CONFIDENCE, most=_MOST_CONFIDENCE
    )
