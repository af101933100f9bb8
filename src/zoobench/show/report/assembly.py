"""How do a run's records become a report, with the conditions they were measured under and what these cannot tell?"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import count

from zoobench.judge.compare.comparison import SIGNIFICANT, CellComparison, Comparison
from zoobench.judge.evidence import Verdict
from zoobench.judge.metrics import METRICS, SPEEDUP_NOISE, TIME_NOISE, Metric
from zoobench.judge.recommend.recommendation import Recommendation
from zoobench.results.conditions import DATA_SET, conditions, joined, machine_name
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record
from zoobench.show.charts.confusion import confusion
from zoobench.show.comparison import differing_grid, metric_grid, remark_lines, title_lines
from zoobench.show.document import Grid
from zoobench.show.records import marked
from zoobench.show.report.answers import AnswerSet, answered_of, confusion_of
from zoobench.show.report.contents import ChangedMetric, Changes, Fact, Figure, Pictures, Report, Sheet, named, spread
from zoobench.show.report.figures import NO_CURVES, drawn, figures_of, trainings_of
from zoobench.show.report.matrix import decision_of, matrix_of
from zoobench.stats.intervals import wilson
from zoobench.stats.paired import mcnemar_mid_p
from zoobench.system.units import exactly, percent, size, three_digits

_NO_ANSWERS = "No accuracy was measured in this run, so nothing is known of what the variants get right and wrong."
_VERDICTS = (Verdict.REGRESSED, Verdict.IMPROVED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE)
_SHORT = 12
"""Digits of a hash that people compare."""
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
_FRESH = (
    "Memory and start-up: fresh processes in which nothing else ran before ({processes} a cell); the table has medians."
)
_PIXELS = (
    "All cells were given the same pixels: each image is decoded and resized once, and a backbone's own preprocessing "
    "is part of its model."
)
_DRAWN = "drawn"


def assemble(
    run: Run,
    *,
    recommendation: Recommendation,
    answers: Sequence[AnswerSet],
    pictures: Pictures,
    comparison: Comparison | None,
    version: str,
) -> Report:
    """Returns the contents of the report.

    Args:
        run: That is reported.
        recommendation: What is recommended, of this run alone.
        answers: What the cells answered, from `distinct_answers`.
        pictures: Of the samples that `wanted_samples` names.
        comparison: With a baseline; None without one.
        version: Of zoobench.
    """
    records = list(run.records.values())
    trainings = trainings_of(records)
    unanswered = [record.cell.id for record in records if not record.accuracy]
    return Report(
        title=_title(records),
        facts=tuple(fact for fact in _facts(run) if fact.value),
        decision=decision_of(recommendation, run.records),
        matrix=matrix_of(records, chosen=recommendation.cell or "", planned=run.provenance.cells),
        changes=changes_of(comparison) if comparison else None,
        figures=figures_of(run, recommendation),
        answered=answered_of(answers, pictures),
        answers_notes=tuple(_answers_notes(unanswered, pictures)) if answers else (_NO_ANSWERS,),
        pictures=pictures,
        training=trainings,
        confusion=_confusion(run.records.get(recommendation.cell or "")),
        training_notes=() if trainings else (NO_CURVES,),
        environment=environment_of(run),
        method=method_of(records),
        limits=unknowns_of(run),
        version=version,
    )


def _title(records: Sequence[Record]) -> str:
    backbones = dict.fromkeys(record.cell.backbone for record in records)
    data = dict.fromkeys(record.dataset.name for record in records)
    return f"{', '.join(backbones)} on {', '.join(data)}"


def _facts(run: Run) -> Iterator[Fact]:
    records = run.records.values()
    samples = dict.fromkeys((record.dataset.samples, len(record.dataset.classes)) for record in records)
    data = "; ".join(f"{exactly(count)} images of {exactly(classes)} classes" for count, classes in samples)
    yield Fact(label="Cells", value=exactly(len(records)))
    yield Fact(label="Test samples", value=data)
    yield Fact(label="Machine", value=machine_name(run))
    yield Fact(label="Measured", value=_to_the_minute(run.measured))
    yield Fact(label="File", value="/".join(run.path.parts[-2:]))


def _to_the_minute(measured: str) -> str:
    return measured[:16].replace("T", " ") + " UTC" if measured.endswith("+00:00") else ""


def _answers_notes(unanswered: Sequence[str], pictures: Pictures) -> Iterator[str]:
    if unanswered:
        yield f"Without accuracy, so not here: {named(unanswered)}."
    if pictures.reason:
        yield f"Flipped samples are shown without images: {pictures.reason}."


def _confusion(record: Record | None) -> Figure | None:
    """Returns the confusion of the recommended cell as a drawing, for those who put pictures elsewhere."""
    found = confusion_of(record) if record else None
    return drawn("confusion", wide=confusion(found)) if found else None


def changes_of(comparison: Comparison) -> Changes:
    """Returns what a comparison with a baseline shows, metric by metric; the gate judges."""
    sides = (("the baseline", comparison.only_baseline), ("this run", comparison.only_candidate))
    missing = (f"Only in {side} ({exactly(len(cells))}): {', '.join(cells)}." for side, cells in sides if cells)
    conditions = differing_grid(comparison)
    return Changes(
        lead=(*title_lines(comparison), *missing),
        conditions=Sheet(caption="Conditions that differ", grid=conditions) if conditions.rows else None,
        metrics=tuple(one for metric in METRICS.values() if (one := _metric(metric, comparison.cells))),
        notes=(*remark_lines(comparison), "This compares; `zoobench gate` judges, by replaying both sides."),
    )


def _metric(metric: Metric, cells: Sequence[CellComparison]) -> ChangedMetric | None:
    grid = metric_grid(metric, cells)
    if not grid.rows:
        return None
    judged = Counter(cell[metric.key].verdict for cell in cells)
    summary = ", ".join(f"{judged[one]} {one}" for one in _VERDICTS if judged[one])
    return ChangedMetric(
        summary=summary or "not judged",
        moved=bool(judged[Verdict.REGRESSED] or judged[Verdict.IMPROVED]),
        sheet=Sheet(caption=metric.head, grid=grid),
    )


def environment_of(run: Run) -> tuple[Sheet, ...]:
    """Returns what is known of machine and libraries, the options of the run, the data and the model files."""
    records = list(run.records.values())
    libraries = dict.fromkeys(name for record in records for name in _libraries(record))
    options = [(f"--zoo-{name}", value) for name, value in run.provenance.options.items()]
    sheets = (
        _sheet("Machine", ("condition", "value"), _conditions(run, without=(*libraries, *_ELSEWHERE))),
        _sheet("Libraries", ("library", "version"), _conditions(run, only=libraries)),
        _sheet("Options of the run that are not the defaults", ("option", "value"), options),
        _sheet("Test data", ("what", "value"), _data(records)),
        _files(records),
    )
    return tuple(sheet for sheet in sheets if sheet.grid.rows)


def _libraries(record: Record) -> Iterable[str]:
    known = record.environment.get("libraries")
    return known if isinstance(known, dict) else ()


def _sheet(caption: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Sheet:
    return Sheet(caption=caption, grid=Grid(heads=heads, rows=tuple(rows), words=frozenset(range(1, len(heads)))))


def _conditions(
    run: Run, *, only: Container[str] | None = None, without: Container[str] = ()
) -> Sequence[tuple[str, ...]]:
    found = conditions(Side(name="", runs=(run,)))
    wanted = [name for name in found if name not in without and (only is None or name in only)]
    return [_condition(name, found[name]) for name in wanted]


def _condition(name: str, values: Sequence[str]) -> tuple[str, str]:
    if name == _MEMORY and all(value.isdecimal() for value in values):
        return ("memory", joined(size(int(value)) for value in values))
    return (name.replace("_", " "), joined(_YES_AND_NO.get(value, value) for value in values))


def _data(records: Sequence[Record]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for data in dict.fromkeys(record.dataset for record in records):
        rows += [
            ("name", data.name),
            ("test samples", exactly(data.samples)),
            ("classes", f"{len(data.classes)}: {', '.join(data.classes)}"),
            ("images left out", exactly(data.left_out)),
            ("SHA-256", data.sha256),
        ]
    return rows


def _files(records: Sequence[Record]) -> Sheet:
    """Returns each file once, with the cells that ran it."""
    cells: dict[tuple[str, int, str], list[str]] = {}
    for record in records:
        if record.model:
            key = (record.model.sha256, record.model.size_bytes, record.cell.weights)
            cells.setdefault(key, []).append(record.cell.id)
    rows = tuple(
        (named(ids), sha256[:_SHORT], exactly(size_bytes), _weights(weights))
        for (sha256, size_bytes, weights), ids in cells.items()
    )
    heads = ("cells", "SHA-256", "bytes", "weights")
    return Sheet(caption="Model files", grid=Grid(heads=heads, rows=rows, words=frozenset({1, 3})))


def _weights(weights: str) -> str:
    kind, colon, digest = weights.partition(":")
    return f"{kind}{colon}{digest[:_SHORT]}"


def method_of(records: Sequence[Record]) -> tuple[str, ...]:
    """Returns in sentences how cells of a run were timed, answered and started."""
    return tuple(_lines(records))


def _lines(records: Sequence[Record]) -> Iterator[str]:
    timed = [record.latency for record in records if record.latency]
    if timed:
        yield f"{_TIME} Rounds of a cell: {spread(latency.samples for latency in timed)}."
        yield _P50
    if any(latency.speedup_over_float for latency in timed):
        yield _PAIRED
    answered = [record.accuracy for record in records if record.accuracy]
    if answered:
        yield (
            f"Accuracy: every one of {spread(accuracy.total for accuracy in answered)} test samples is answered; "
            "neither training nor calibration has seen them. An image that fails is an error, not one less to count."
        )
        yield _PIXELS
    started = [record.memory for record in records if record.memory]
    if started:
        yield _FRESH.format(processes=spread(len(memory.observed_peak_rss_bytes) for memory in started))
    if any(record.kit for record in records):
        yield "Models and samples came in a kit, made on another machine; this one only measured."


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
        known = ", ".join(sorted(str(one) for one in governors if one)) or "not known"
        yield f"The processor's frequency was not fixed (governor: {known}); it may have changed between cells."


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
            f"answered the same samples, fewer than {fewest} newly wrong with none newly right "
            f"({percent(fewest / best.total)} points) may be chance."
        )
    random = list(dict.fromkeys(record.cell.backbone for record in records if record.cell.has_random_weights))
    if random:
        yield f"Random weights in {', '.join(random)}: its accuracy means nothing, nor what it confuses."


def fewest_flips() -> int:
    """Returns how many newly wrong samples, with none newly right, are no chance by McNemar's mid-p."""
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
        yield "Reading, decoding and resizing a photo is not in the time; `zoobench crosscheck` times the whole way."


def _of_one_run() -> Iterator[str]:
    yield (
        "This is one run. `zoobench compare` compares folders of several runs, `zoobench recommend` "
        "takes the results of several machines."
    )


def _whole(share: float) -> str:
    return f"{100 * share:.0f}"
