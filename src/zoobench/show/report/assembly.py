"""How do a run's records become a report, with the conditions they were measured under and what these cannot tell?"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from zoobench.judge.compare.comparison import SIGNIFICANT, Comparison
from zoobench.judge.evidence import Verdict
from zoobench.judge.metrics import METRICS, SPEEDUP_NOISE, TIME_NOISE
from zoobench.judge.recommend.recommendation import Recommendation
from zoobench.results.conditions import DATA_SET, conditions, joined, machine_name
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record
from zoobench.show.charts.confusion import confusion
from zoobench.show.comparison import differing_grid, metric_grid, remark_lines, title_lines
from zoobench.show.document import Grid
from zoobench.show.records import by_backbone, marked
from zoobench.show.report.answers import confusion_of, right_and_wrong
from zoobench.show.report.cells import decision_of, matrix_of
from zoobench.show.report.contents import ChangedMetric, Changes, Figure, Pictures, Report, named, spread, table
from zoobench.show.report.figures import figures_of, trainings_of
from zoobench.stats.intervals import wilson
from zoobench.stats.paired import mcnemar_mid_p
from zoobench.system.units import exactly, few, percent, short_hash, size, three_digits

_NO_ANSWERS = "No accuracy was measured in this run, so nothing is known of what the variants get right and wrong."
_VERDICTS = (Verdict.REGRESSED, Verdict.IMPROVED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE)
_MEMORY = "memory_bytes"
_ELSEWHERE = (DATA_SET, "threads", "runtime", "weights", "image size")
"""Conditions that other tables of the report hold."""
_YES_AND_NO = {"True": "yes", "False": "no"}
_TIME = (
    "Time: one image at a time, its pixels already in place; only the runtime's own invocation is timed, by a "
    "monotonic clock, after warm-up. The image changes from round to round."
)
_PAIRED = (
    "× float: the float32 file runs between the rounds of each cell, in alternating order, so that both meet the same "
    "moments of the machine. It is the median of the ratios by round, with its 95 % interval."
)
_P50 = "p50 is the median of the rounds and p90 their 90th percentile, which is known from 64 rounds on, not below."
_PIXELS = (
    "All cells were given the same pixels: each image is decoded and resized once, and a backbone's own preprocessing "
    "is part of its model."
)
_DRAWN = "drawn"
_MOST_IN_TITLE = 12
"""Backbones or data sets that a title names."""
_FOLDERS = re.compile(r"(?:(?<=[=,])|^)(?:[A-Za-z]:)?(?:\.{0,2}|~)[/\\](?:[^,/\\]+[/\\])*(?=[^,/\\])")
"""What stands before the name of a file or folder in one of several values that may each have a `NAME=` before it."""


def assemble(
    run: Run,
    *,
    recommendation: Recommendation,
    pictured: Callable[[Sequence[int]], Pictures],
    comparison: Comparison | None,
    version: str,
) -> Report:
    """Returns the contents of the report."""
    records = list(run.records.values())
    chosen = run.records.get(recommendation.cell or "")
    ordered = by_backbone(records)
    answered, pictures = right_and_wrong(ordered, pictured=pictured)
    trainings, training_notes = trainings_of(records)
    backbones, data = (
        few(list(dict.fromkeys(names)), most=_MOST_IN_TITLE)
        for names in ((one.cell.backbone for one in records), (one.dataset.name for one in records))
    )
    return Report(
        title=f"{backbones} on {data}",
        facts={name: value for name, value in _facts(run) if value},
        decision=decision_of(recommendation, run.records),
        matrix=matrix_of(records, planned=run.provenance.cells),
        changes=changes_of(comparison) if comparison else None,
        figures=figures_of(ordered, {name: one.rounds for name, one in run.rounds.items()}, recommendation),
        answered=answered,
        answers_notes=tuple(_answers_notes(records, pictures)) if answered else (_NO_ANSWERS,),
        pictures=pictures,
        training=trainings,
        training_notes=training_notes,
        confusion=_confusion(chosen) if chosen and chosen.accuracy else None,
        environment=tuple(filter(None, _environment(run))),
        method=tuple(method_of(records)),
        limits=tuple(unknowns_of(run)),
        version=version,
    )


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    records = run.records.values()
    samples = dict.fromkeys((record.dataset.samples, len(record.dataset.classes)) for record in records)
    yield "Cells", exactly(len(records))
    yield (
        "Test samples",
        "; ".join(f"{exactly(images)} images of {exactly(classes)} classes" for images, classes in samples),
    )
    yield "Machine", machine_name(run)
    yield "Measured", f"{run.measured[:16].replace('T', ' ')} UTC" if run.measured.endswith("+00:00") else ""
    yield "File", "/".join(run.path.parts[-2:])


def _answers_notes(records: Sequence[Record], pictures: Pictures) -> Iterator[str]:
    unanswered = [record.cell.id for record in records if not record.accuracy]
    if unanswered:
        yield f"Without accuracy, so not here: {named(unanswered)}."
    if pictures.reason:
        yield f"Flipped samples are shown without images: {pictures.reason}."


def _confusion(record: Record) -> Figure:
    """Returns the confusion of the recommended cell as a drawing, for those who put pictures elsewhere."""
    chart = confusion(confusion_of(record), classes=record.dataset.classes, cell=record.cell.id)
    return Figure(name="confusion", title=chart.title, wide=chart)


def changes_of(comparison: Comparison) -> Changes:
    """Returns what a comparison with a baseline shows, metric by metric; the gate judges."""
    sides = (("the baseline", comparison.only_baseline), ("this run", comparison.only_candidate))
    missing = (f"Only in {side} ({exactly(len(cells))}): {', '.join(cells)}." for side, cells in sides if cells)
    differing = differing_grid(comparison)
    metrics = []
    for metric in METRICS.values():
        grid = metric_grid(metric, comparison.cells)
        if grid.rows:
            judged = Counter(cell[metric.key].verdict for cell in comparison.cells)
            summary = ", ".join(f"{judged[one]} {one}" for one in _VERDICTS if judged[one]) or "not judged"
            moved = bool(judged[Verdict.REGRESSED] or judged[Verdict.IMPROVED])
            metrics.append(ChangedMetric(summary=summary, moved=moved, grid=replace(grid, title=metric.head)))
    return Changes(
        lead=(*title_lines(comparison), *missing),
        conditions=replace(differing, title="Conditions that differ") if differing.rows else None,
        metrics=tuple(metrics),
        notes=(*remark_lines(comparison), "This compares; `zoobench gate` judges, by replaying both sides."),
    )


def _environment(run: Run) -> Iterator[Grid | None]:
    """Yields what is known of machine and libraries, the options of the run, the data and the model files."""
    records = list(run.records.values())
    libraries = {
        name for one in records if isinstance(known := one.environment.get("libraries"), dict) for name in known
    }
    found = [_condition(*one) for one in conditions(Side(name="", runs=(run,))).items()]
    machine = (row for name, row in found if name not in libraries and name not in _ELSEWHERE)
    yield table("Machine", ("condition", "value"), machine, words={1})
    yield table("Libraries", ("library", "version"), (row for name, row in found if name in libraries), words={1})
    options = ((f"--zoo-{name}", _without_folders(value)) for name, value in run.provenance.options.items())
    yield table("Options of the run that are not the defaults", ("option", "value"), options, words={1})
    yield table("Test data", ("what", "value"), _data(records), words={1})
    files: dict[tuple[str, ...], list[str]] = {}
    for record in records:
        if record.model:
            kind, colon, digest = record.cell.weights.partition(":")
            key = (record.model.sha256, exactly(record.model.size_bytes), f"{kind}{colon}{short_hash(digest)}")
            files.setdefault(key, []).append(record.cell.id)
    rows = ((named(ids), short_hash(sha256), *rest) for (sha256, *rest), ids in files.items())
    yield table("Model files", ("cells", "SHA-256", "bytes", "weights"), rows, words={1, 3})


def _condition(name: str, values: Sequence[str]) -> tuple[str, tuple[str, str]]:
    """Returns a condition's name, and as it is shown with its values."""
    if name == _MEMORY and all(value.isdecimal() for value in values):
        return name, ("memory", joined(size(int(value)) for value in values))
    return name, (name.replace("_", " "), joined(_YES_AND_NO.get(value, value) for value in values))


def _without_folders(text: str) -> str:
    """Returns the values of an option; of paths their names alone, as a report is read by others."""
    return _FOLDERS.sub("", text)


def _data(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    for data in dict.fromkeys(record.dataset for record in records):
        yield "name", data.name
        yield "test samples", exactly(data.samples)
        yield "classes", f"{len(data.classes)}: {', '.join(data.classes)}"
        yield "images left out", exactly(data.left_out)
        yield "SHA-256", short_hash(data.sha256)


def method_of(records: Sequence[Record]) -> Iterator[str]:
    """Yields in sentences how cells of a run were timed, answered and started."""
    timed = [record.latency for record in records if record.latency]
    if timed:
        yield f"{_TIME} Rounds of a cell: {spread(latency.samples for latency in timed)}."
        yield _P50
    if any(latency.speedup_over_float for latency in timed):
        yield _PAIRED
    answered = [record.accuracy.total for record in records if record.accuracy]
    if answered:
        yield (
            f"Accuracy: every one of {spread(answered)} test samples is answered; neither training nor calibration has "
            "seen them. An image that fails is an error, not one less to count."
        )
        yield _PIXELS
    started = [len(record.memory.observed_peak_rss_bytes) for record in records if record.memory]
    if started:
        yield (
            f"Memory and start-up: fresh processes in which nothing else ran before ({spread(started)} a cell); the "
            "table has medians."
        )
    if any(record.kit for record in records):
        yield "Models and samples came in a kit, made on another machine; this one only measured."


def unknowns_of(run: Run) -> Iterator[str]:
    """Yields in sentences what a run cannot tell."""
    records = list(run.records.values())
    yield from _of_machine(run)
    if any(record.latency for record in records):
        yield (
            "One process timed each cell, and its intervals are those of its rounds. Two processes that time one file "
            f"were measured to differ by up to {100 * TIME_NOISE:.0f} %, in × float by up to {100 * SPEEDUP_NOISE:.0f} "
            "%: take less than that for nothing until `zoobench gate` or more runs say so."
        )
    yield from _of_accuracy(records)
    yield from _of_disturbance(records)
    yield from _of_gaps([record for record in records if not record.refusal])
    yield from _of_time(records)
    yield (
        "This is one run. `zoobench compare` compares folders of several runs, `zoobench recommend` "
        "takes the results of several machines."
    )


def _of_machine(run: Run) -> Iterator[str]:
    where = machine_name(run)
    yield f"Times and memory are this machine's ({where}). On another CPU the order of the variants may be another."
    kinds = dict.fromkeys(kind for record in run.records.values() for kind in _virtual(record))
    if kinds:
        yield f"It is {' and '.join(kinds)}: what else the host did is seen only as far as the system tells."
    governors = {record.environment.get("governor") for record in run.records.values()}
    if governors and governors != {"performance"}:
        known = ", ".join(sorted(str(one) for one in governors if one)) or "not known"
        yield f"The processor's frequency was not fixed (governor: {known}); it may have changed between cells."


def _virtual(record: Record) -> Iterator[str]:
    found = record.environment.get("virtualization")
    if isinstance(found, dict):
        if found.get("virtual_machine") is True:
            yield "a virtual machine"
        if found.get("container"):
            yield f"a container ({found['container']})"


def _of_accuracy(records: Sequence[Record]) -> Iterator[str]:
    real = [record.accuracy for record in records if record.accuracy and not record.cell.has_random_weights]
    if real:
        best = max(real, key=lambda accuracy: accuracy.top1)
        interval, fewest = wilson(best.correct, best.total), fewest_flips()
        yield (
            f"{exactly(best.total)} test samples: the best top-1, {percent(best.top1)} %, could be "
            f"{percent(interval.low)} to {percent(interval.high)} % on others of their kind. Between two models that "
            f"answered the same samples, fewer than {fewest} newly wrong with none newly right "
            f"({percent(fewest / best.total)} points) may be chance."
        )
    random = dict.fromkeys(record.cell.backbone for record in records if record.cell.has_random_weights)
    if random:
        yield f"Random weights in {', '.join(random)}: its accuracy means nothing, nor what it confuses."
    if any(record.dataset.name == _DRAWN for record in records):
        yield "The images are drawn: what a model scores on them says nothing of photos."
    elif any(record.accuracy for record in records):
        yield (
            "Training and test images come from one collection: other cameras, light and places may be harder than "
            "these figures say."
        )


def fewest_flips() -> int:
    """Returns how many newly wrong samples, with none newly right, are no chance by McNemar's mid-p."""
    return next(lost for lost in count(1) if mcnemar_mid_p(lost, 0) < SIGNIFICANT)


def _of_disturbance(records: Sequence[Record]) -> Iterator[str]:
    disturbed = [record.cell.id for record in records if marked(record.latency)]
    if disturbed:
        yield f"Other work disturbed {named(disturbed)}: these times are not the model's alone. Measure them again."
    unwatched = [record.cell.id for record in records if record.latency and record.latency.disturbance is None]
    if unwatched:
        yield f"Whether other work disturbed the rounds was not watched in {named(unwatched)}."


def _of_gaps(records: Sequence[Record]) -> Iterator[str]:
    for part in ("accuracy", "latency", "memory"):
        missing = [record.cell.id for record in records if getattr(record, part) is None]
        if missing:
            name = "Time" if part == "latency" else part.capitalize()
            yield f"{name} was not measured in {named(missing, of=len(records))}."


def _of_time(records: Sequence[Record]) -> Iterator[str]:
    timed = [record.latency for record in records if record.latency]
    watched = [sum(one.seconds for one in latency.disturbance.intervals) for latency in timed if latency.disturbance]
    if watched:
        yield (
            f"The longest cell was timed for {three_digits(max(watched))} s: whether a device slows down after minutes "
            "of work, and what energy it takes, is not in these figures."
        )
    if timed:
        yield "Reading, decoding and resizing a photo is not in the time; `zoobench crosscheck` times the whole way."
