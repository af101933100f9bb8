"""What must a cell hold to be shipped? Limits as people write them: a number and its unit."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from zoobench.system.units import (
    BYTES,
    SECONDS,
    SHARE,
    megabytes,
    milliseconds,
    parse_quantity,
    percent,
    three_digits,
)

P50, P90, SIZE, MEMORY, TOP1 = "latency_p50", "latency_p90", "size", "memory", "top1"
DROP, QUANTIZATION_DROP = "drop", "quantization_drop"
_POINTS: Mapping[str, float] = {"pp": 0.01, "points": 0.01}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What can be limited.

    Attributes:
        name: As in files and `Limit.metric`.
        title: For people.
        help: What the limit says.
        units: What each is in SI units, or in shares of one.
        example: A limit as one writes it.
        unit: In which `shown` writes a value.
        shown: Writes a value without its unit.
        lower_is_better: Whether the limit is the most that is allowed; otherwise it is the least.
        may_be_zero: Whether zero is a limit that something can hold.
        of_accuracy: Whether it says anything only of trained weights.
    """

    name: str
    title: str
    help: str
    units: Mapping[str, float]
    example: str
    unit: str
    shown: Callable[[float | None], str]
    lower_is_better: bool = True
    may_be_zero: bool = False
    of_accuracy: bool = False

    @property
    def option(self) -> str:
        """Its name on a command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def most(self) -> float:
        """The largest limit that makes sense."""
        return 1.0 if self.of_accuracy else math.inf


def _points(share: float | None) -> str:
    return three_digits(100 * share) if share else percent(share)


QUANTITIES: Mapping[str, Quantity] = {
    one.name: one
    for one in (
        Quantity(
            name=P50,
            title="p50",
            help="Most that half of the invocations may take.",
            units=SECONDS.written,
            example="20 ms",
            unit="ms",
            shown=milliseconds,
        ),
        Quantity(
            name=P90,
            title="p90",
            help="Most that nine of ten invocations may take.",
            units=SECONDS.written,
            example="30 ms",
            unit="ms",
            shown=milliseconds,
        ),
        Quantity(
            name=SIZE,
            title="size",
            help="Largest file.",
            units=BYTES.written,
            example="5 MB",
            unit="MB",
            shown=megabytes,
        ),
        Quantity(
            name=MEMORY,
            title="memory",
            help="Largest peak of resident memory of a fresh process, Python and libraries with it.",
            units=BYTES.written,
            example="100 MB",
            unit="MB",
            shown=megabytes,
        ),
        Quantity(
            name=DROP,
            title="drop",
            help="Largest loss of top-1 against the float32 file of the most accurate backbone in the results.",
            units=_POINTS,
            example="1 pp",
            unit="pp",
            shown=_points,
            may_be_zero=True,
            of_accuracy=True,
        ),
        Quantity(
            name=QUANTIZATION_DROP,
            title="quantization drop",
            help="Largest loss of top-1 against the float32 file of the same backbone.",
            units=_POINTS,
            example="1 pp",
            unit="pp",
            shown=_points,
            may_be_zero=True,
            of_accuracy=True,
        ),
        Quantity(
            name=TOP1,
            title="top-1",
            help="Smallest top-1.",
            units=SHARE.written,
            example="88 %",
            unit="%",
            shown=percent,
            lower_is_better=False,
            of_accuracy=True,
        ),
    )
}


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
    def told(self) -> str:
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
        quantity.units,
        where=quantity.option,
        example=quantity.example,
        most=quantity.most,
        may_be_zero=quantity.may_be_zero,
    )
    return Limit(metric=metric, bound=bound, text=re.sub(r"\s*([^\d.]+)$", r" \1", text.strip()))
