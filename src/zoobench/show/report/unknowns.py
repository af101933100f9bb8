"""What can a run not tell? Told from what its records hold and lack, so that nobody reads more out of it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from zoobench.judge.compare.comparison import SIGNIFICANT
from zoobench.judge.metrics import SPEEDUP_NOISE, TIME_NOISE
from zoobench.results.machine import machine_name
from zoobench.results.run import Run
from zoobench.results.schema import Record
from zoobench.show.report.phrases import named
from zoobench.show.table import marked
from zoobench.stats.paired import mcnemar_mid_p
from zoobench.stats.statistics import wilson
from zoobench.system.units import exactly, percent, three_digits

_DRAWN = "drawn"


def unknowns_of(run: Run) -> tuple[str, ...]:
    """Returns in sentences what a run cannot tell."""
    records = list(run.records.values())
    parts = (_of_processes, _of_accuracy, _of_data, _of_disturbance, _of_gaps, _of_time)
    return (*_of_machine(run), *(line for part in parts for line in part(records)), *_of_one_run())


def _of_machine(run: Run) -> Iterator[str]:
    where = machine_name(run)
    yield f"Times and memory are this machine's ({where}). On another CPU the order of the variants may be another."
    kinds = list(dict.fromkeys(kind for record in run.records.values() for kind in _virtual(record)))
    if kinds:
        yield f"It is {' and '.join(kinds)}: what else the host did is seen only as far as the system tells."
    governors = {record.environment.get("governor") for record in run.records.values()}
    if governors and governors != {"performance"}:
        told = ", ".join(sorted(str(one) for one in governors if one)) or "not known"
        yield f"The processor's frequency was not fixed (governor: {told}); it may have changed between cells."


def _virtual(record: Record) -> Iterator[str]:
    found = record.environment.get("virtualization")
    if isinstance(found, dict):
        if found.get("virtual_machine") is True:
            yield "a virtual machine"
        if found.get("container"):
            yield f"a container ({found['container']})"


def _of_processes(records: Sequence[Record]) -> Iterator[str]:
    if any(record.latency for record in records):
        yield (
            "One process timed each cell, and its intervals are those of its rounds. Two processes that time one file "
            f"were measured to differ by up to {_whole(TIME_NOISE)} %, in × float by up to {_whole(SPEEDUP_NOISE)} %: "
            "take less than that for nothing until `zoobench gate` or more runs say so."
        )


def _of_accuracy(records: Sequence[Record]) -> Iterator[str]:
    real = [record.accuracy for record in records if record.accuracy and not record.cell.has_random_weights]
    if real:
        best = max(real, key=lambda accuracy: accuracy.top1)
        interval, fewest = wilson(best.correct, best.total), fewest_flips()
        yield (
            f"{exactly(best.total)} test samples: the best top-1, {percent(best.top1)} %, could be "
            f"{percent(interval.low)} to {percent(interval.high)} % on others of their kind. Between two models that "
            f"answered the same samples, fewer than {fewest} lost with none won ({percent(fewest / best.total)} "
            "points) may be chance."
        )
    random = list(dict.fromkeys(record.cell.backbone for record in records if record.cell.has_random_weights))
    if random:
        yield f"Random weights in {', '.join(random)}: its accuracy means nothing, nor what it confuses."


def fewest_flips() -> int:
    """Returns how many samples must be lost, with none won, before McNemar's mid-p calls it no chance."""
    return next(lost for lost in count(1) if mcnemar_mid_p(lost, 0) < SIGNIFICANT)


def _of_data(records: Sequence[Record]) -> Iterator[str]:
    if any(record.dataset.name == _DRAWN for record in records):
        yield "The images are drawn: what a model scores on them says nothing of photos."
    elif any(record.accuracy for record in records):
        yield (
            "Training and test images come from one collection: other cameras, light and places may be harder than "
            "these figures say."
        )


def _of_disturbance(records: Sequence[Record]) -> Iterator[str]:
    timed = [record for record in records if record.latency]
    disturbed = [record.cell.id for record in timed if marked(record.latency)]
    if disturbed:
        yield f"Other work disturbed {named(disturbed)}: these times are not the model's alone. Measure them again."
    unwatched = [record.cell.id for record in timed if record.latency and record.latency.disturbance is None]
    if unwatched:
        yield f"Whether other work disturbed the rounds was not watched in {named(unwatched)}."


def _of_gaps(records: Sequence[Record]) -> Iterator[str]:
    parts: tuple[tuple[str, Callable[[Record], object]], ...] = (
        ("Accuracy", lambda record: record.accuracy),
        ("Time", lambda record: record.latency),
        ("Memory", lambda record: record.memory),
    )
    run = [record for record in records if not record.refusal]
    for name, read in parts:
        missing = [record.cell.id for record in run if read(record) is None]
        if missing:
            yield f"{name} was not measured in {named(missing, of=len(run))}."


def _of_time(records: Sequence[Record]) -> Iterator[str]:
    watched = [
        sum(interval.seconds for interval in record.latency.disturbance.intervals)
        for record in records
        if record.latency and record.latency.disturbance
    ]
    if watched:
        yield (
            f"The longest cell was timed for {three_digits(max(watched))} s: whether a device slows down after minutes "
            "of work, and what energy it takes, is not in these figures."
        )
    if any(record.latency for record in records):
        yield "Reading, decoding and resizing a photo is not in the time; `zoobench parity` times the whole way."


def _of_one_run() -> Iterator[str]:
    yield (
        "This is one run. `zoobench compare` holds folders of several runs against each other, `zoobench recommend` "
        "takes the results of several machines."
    )


def _whole(share: float) -> str:
    return f"{100 * share:.0f}"
