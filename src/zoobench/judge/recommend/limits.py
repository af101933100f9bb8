"""What must a cell hold to be shipped, and which one comes first? Limits and preferences as people write them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from zoobench.errors import UsageError
from zoobench.judge import metrics
from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, METRICS, Metric
from zoobench.system.units import SHARE, Unit, parse_quantity, percent, three_digits

P50, P90, SIZE, MEMORY, TOP1 = LATENCY_P50.key, LATENCY_P90.key, metrics.SIZE.key, metrics.MEMORY.key, metrics.TOP1.key
DROP, QUANTIZATION_DROP = "drop", "quantization_drop"
DEFAULT_PREFERENCE = (P50, TOP1, SIZE)
_LEAST_CONFIDENCE, _MOST_CONFIDENCE = 0.5, 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What can be limited: a metric that has limits, or the difference of two cells' top-1.

    Attributes:
        name: As in files and `Limit.metric`.
        title: For people.
        help: What the limit says.
        unit: Of data, and as people write it.
        example: A limit as one writes it.
        worse: Of a cell whose value is worse than another's; '' where cells are not ordered by it.
        lower_is_better: Whether the limit is the most that is allowed; otherwise it is the least.
        may_be_zero: Whether zero is a limit that something can hold.
        of_accuracy: Whether it says anything only of trained weights, and is a share of one.
    """

    name: str
    title: str
    help: str
    unit: Unit
    example: str
    worse: str = ""
    lower_is_better: bool = True
    may_be_zero: bool = False
    of_accuracy: bool = False

    @property
    def option(self) -> str:
        """Its name on a command line."""
        return f"--{'max' if self.lower_is_better else 'min'}-{self.name.replace('_', '-')}"

    def written(self, value: float) -> str:
        """Returns a value with its unit."""
        return f"{self.unit.text(value)} {self.unit.symbol}"


def _points(share: float | None) -> str:
    return three_digits(100 * share) if share else percent(share)


def _limited(metric: Metric) -> Quantity:
    return Quantity(
        name=metric.key,
        title=metric.title,
        help=metric.limit,
        unit=metric.unit,
        example=metric.example,
        worse=metric.worse,
        lower_is_better=metric.lower_is_better,
        of_accuracy=metric.unit is SHARE,
    )


def _lost(name: str, reference: str) -> Quantity:
    return Quantity(
        name=name,
        title=name.replace("_", " "),
        help=f"Largest loss of top-1 against the float32 file of {reference}.",
        unit=Unit(name="share", symbol="pp", text=_points, written={"pp": 0.01, "points": 0.01}),
        example="1 pp",
        may_be_zero=True,
        of_accuracy=True,
    )


QUANTITIES: Mapping[str, Quantity] = {
    **{key: _limited(metric) for key, metric in METRICS.items() if metric.limit},
    DROP: _lost(DROP, "the most accurate backbone in the results"),
    QUANTIZATION_DROP: _lost(QUANTIZATION_DROP, "the same backbone"),
}
PREFERENCES = tuple(one.name for one in QUANTITIES.values() if one.worse)
"""What cells can be ordered by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a cell must hold.

    Attributes:
        metric: A name of `QUANTITIES`.
        bound: The most that is allowed, or the least where less is worse: seconds, bytes or a share of one.
        text: The bound as it was written.
    """

    metric: str
    bound: float
    text: str = field(compare=False)

    @property
    def quantity(self) -> Quantity:
        """What is limited."""
        return QUANTITIES[self.metric]

    @property
    def summary(self) -> str:
        """For people: `p90 ≤ 30 ms`."""
        return f"{self.quantity.title} {'≤' if self.quantity.lower_is_better else '≥'} {self.text}"


def parse_limit(metric: str, text: str) -> Limit:
    """Returns a limit that was written as a number and its unit; a bare number could mean anything, so it is refused.

    Raises:
        UsageError: If it is none; the message says what was received and what is allowed.
    """
    quantity = QUANTITIES[metric]
    bound = parse_quantity(
        text,
        quantity.unit.written,
        where=quantity.option,
        example=quantity.example,
        most=1.0 if quantity.of_accuracy else math.inf,
        may_be_zero=quantity.may_be_zero,
    )
    return Limit(metric=metric, bound=bound, text=re.sub(r"\s*([^\d.]+)$", r" \1", text.strip()))


def parse_preference(text: str) -> tuple[str, ...]:
    """Returns the metrics to order by, those that were named first, then what is left of the default.

    Raises:
        UsageError: If one is unknown or named twice.
    """
    named = [name.strip() for name in text.split(",")]
    if len(set(named)) < len(named) or not set(named) <= set(PREFERENCES):
        raise UsageError(
            f"--prefer: received {text!r}; allowed are {', '.join(PREFERENCES)}, each at most once, such as "
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
