"""What is each model of one's own taken as, and what must a reader know before trusting the numbers of a cell?"""

from collections.abc import Iterable, Iterator

from zoobench.matrix.interface import WARNING, Interface
from zoobench.matrix.variants import SPECS
from zoobench.results.schema import Record
from zoobench.system.units import three_digits

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
