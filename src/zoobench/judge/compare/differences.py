"""In what do two runs differ? Everything that is known of both, side by side; no verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from zoobench.results.machine import leaves
from zoobench.results.run import Run
from zoobench.results.schema import Record
from zoobench.system.terminal import sanitize
from zoobench.system.units import ABSENT, exactly, milliseconds, percent, ratio, three_digits

_SHORT = 12
"""Characters of a hash that tell it from others."""
_WHOLE_RUN = "the run"
Facts = Mapping[str, tuple[Any, str]]
"""What is compared, and how it is shown, by what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """One thing that is not the same in both.

    Attributes:
        about: A cell's id, or `the run`.
        what: What differs.
        one: As the first run has it.
        other: As the second has it.
    """

    about: str
    what: str
    one: str
    other: str


def differences(one: Run, other: Run) -> tuple[RunDifference, ...]:
    """Returns all that differs, what is about the runs first, then cell by cell as the first run has them."""
    return (*_differing(_WHOLE_RUN, _of_run(one), _of_run(other)), *_of_cells(one.records, other.records))


def render_differences(found: Sequence[RunDifference], *, names: tuple[str, str]) -> str:
    """Returns the differences as text, a paragraph for each cell; `names` are those of the two runs."""
    one_name, other_name = map(sanitize, names)
    if not found:
        return f"{one_name} and {other_name} do not differ\n"
    width = max(len(one.what) for one in found)
    paragraphs = [
        f"{sanitize(about)}\n" + "".join(f"    {_told(one, width)}\n" for one in group)
        for about, group in groupby(found, key=lambda one: one.about)
    ]
    return "\n".join([f"{one_name} → {other_name}\n", *paragraphs])


def _told(found: RunDifference, width: int) -> str:
    return sanitize(f"{found.what:{width}}  {found.one} → {found.other}")


def _of_cells(first: Mapping[str, Record], second: Mapping[str, Record]) -> Iterator[RunDifference]:
    for cell_id in {**first, **second}:
        if cell_id in first and cell_id in second:
            yield from _differing(cell_id, _of_cell(first[cell_id]), _of_cell(second[cell_id]))
        else:
            sides = (_presence(side.get(cell_id)) for side in (first, second))
            yield RunDifference(about=cell_id, what="cell", one=next(sides), other=next(sides))


def _presence(record: Record | None) -> str:
    if record is None:
        return "absent"
    return "refused" if record.refusal else "measured"


def _differing(about: str, one: Facts, other: Facts) -> Iterator[RunDifference]:
    absent = (None, ABSENT)
    for what in {**one, **other}:
        (value, shown), (other_value, other_shown) = one.get(what, absent), other.get(what, absent)
        if value != other_value:
            yield RunDifference(about=about, what=what, one=shown, other=other_shown)


def _of_run(run: Run) -> Facts:
    datasets = dict.fromkeys(record.dataset for record in run.records.values())
    shown = "; ".join(f"{one.name}, {one.samples} test samples, {one.sha256[:_SHORT]}" for one in datasets)
    options = {f"option {name}": (text, text) for name, text in run.provenance.options.items()}
    machine = {"machine": (run.provenance.machine, run.provenance.machine or ABSENT)}
    return {"data set": (set(datasets), shown), **options, **machine, **_environment(list(run.records.values()))}


def _environment(records: Sequence[Record]) -> Facts:
    """Returns the environments of all records; where cells were measured in several, each value that one has."""
    flat = [{" ".join(keys): _plain(value) for keys, value in leaves(record.environment)} for record in records]
    names = dict.fromkeys(name for one in flat for name in one)
    values = {name: list(dict.fromkeys(one[name] for one in flat if name in one)) for name in names}
    return {name: (found, "; ".join(found)) for name, found in values.items()}


def _plain(value: Any) -> str:
    return exactly(value) if isinstance(value, int) else str(value)


def _of_cell(record: Record) -> Facts:
    model, accuracy, latency, refusal = record.model, record.accuracy, record.latency, record.refusal
    speedup = latency.speedup_over_float if latency else None
    facts: dict[str, tuple[Any, str]] = {
        "weights": (record.cell.weights, record.cell.weights),
        "image size": (record.cell.image_size, exactly(record.cell.image_size)),
        "model": (model and model.sha256, model.sha256[:_SHORT] if model else ABSENT),
        "bytes": (model and model.size_bytes, exactly(model.size_bytes if model else None)),
        "top-1 %": (accuracy and accuracy.top1, percent(accuracy.top1 if accuracy else None)),
        "loss": (accuracy and accuracy.loss, three_digits(accuracy.loss) if accuracy else ABSENT),
        "p50 ms": (latency and latency.p50_seconds, milliseconds(latency.p50_seconds if latency else None)),
        "× float": (speedup and speedup.point, ratio(speedup.point if speedup else None)),
        "refused by": (refusal, f"{refusal.by}: {refusal.reason}" if refusal else ABSENT),
    }
    return facts
