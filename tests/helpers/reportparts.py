"""Runs with numbers that are told, and the report that is made of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fakes import a_cell, a_record
from resultfiles import EPYC, rounds_around
from zoobench.judge.compare.comparison import Comparison
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.recommendation import recommend
from zoobench.results.answers import encode, encode_shares
from zoobench.results.run import Provenance, Run, Side, Timing
from zoobench.results.schema import Predictions, Record, RecordedAccuracy, Refusal, Speedup
from zoobench.show.report.assembly import assemble
from zoobench.show.report.contents import Pictures, Report
from zoobench.stats.intervals import percentile, percentile_interval, wilson

TRUTH = (0, 0, 0, 0, 1, 1, 1, 1)
"""Four cats, then four dogs."""
SCRIPT = "<script>alert(1)</script>"


def answers(predicted: Sequence[int], *, truth: Sequence[int] = TRUTH, sure: float = 0.75) -> RecordedAccuracy:
    """Returns the accuracy of a model that predicted these classes, each with the same probability."""
    correct = sum(one == other for one, other in zip(predicted, truth, strict=True))
    interval = wilson(correct, len(truth))
    return RecordedAccuracy(
        top1=correct / len(truth),
        loss=0.5,
        correct=correct,
        total=len(truth),
        interval=(interval.low, interval.high),
        agreement_with_float=1.0,
        invocation_p50_seconds=None,
        predictions=Predictions(
            classes=encode(list(predicted)), probabilities=encode_shares([sure] * len(truth)), truth=encode(list(truth))
        ),
    )


def timed(variant: str, seconds: float, *, predicted: Sequence[int] = TRUTH, **changes: Any) -> Record:
    """Returns a record of a MobileNet cell that takes about this long on two classes, cats and dogs."""
    record = a_record(cell=a_cell(variant=variant, **changes), environment=dict(EPYC), accuracy=answers(predicted))
    rounds = rounds_around(seconds)
    interval = percentile_interval(rounds, 0.50)
    assert record.latency is not None
    assert interval is not None
    point = 0.010 / seconds
    latency = replace(
        record.latency,
        p50_seconds=seconds,
        p50_interval=(interval.low, interval.high),
        p90_seconds=percentile(rounds, 0.90),
        samples=len(rounds),
        speedup_over_float=Speedup(
            twin=f"{record.cell.backbone}-float32-litert-t1", point=point, interval=(point * 0.99, point * 1.01)
        ),
    )
    return replace(record, latency=latency, dataset=replace(record.dataset, samples=len(TRUTH)))


FLOAT = timed("float32", 0.010)
INTEGER = timed("integer_only", 0.004, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
"""One cat is taken for a dog, which the float file has right."""


def refused(variant: str = "int16x8") -> Record:
    """Returns the record of a cell that its runtime does not take."""
    record = a_record(cell=a_cell(variant=variant), environment=dict(EPYC), model=None, accuracy=None, latency=None)
    dataset = replace(record.dataset, samples=len(TRUTH))
    refusal = Refusal(by="litert", reason="it has no such kernel")
    return replace(record, dataset=dataset, refusal=refusal, startup=None, memory=None)


def run_of(*records: Record, provenance: Provenance | None = None) -> Run:
    """Returns a run of these records with rounds for each that was timed."""
    return Run(
        path=Path("machine/0001.json"),
        records={record.cell.id: record for record in records},
        rounds={
            record.cell.id: Timing(
                median_seconds=record.latency.p50_seconds, rounds=rounds_around(record.latency.p50_seconds)
            )
            for record in records
            if record.latency
        },
        provenance=provenance or Provenance(),
        measured="2026-11-25T08:23:59.5+00:00",
    )


def a_report(
    *records: Record,
    limits: Sequence[Limit] = (),
    pictures: Pictures | None = None,
    comparison: Comparison | None = None,
    provenance: Provenance | None = None,
) -> Report:
    """Returns the report of a run of these records; of two cells unless any are given."""
    run = run_of(*(records or (FLOAT, INTEGER)), provenance=provenance)
    return assemble(
        run,
        recommendation=recommend([Side(name="run", runs=(run,))], limits=limits),
        pictured=lambda _: pictures or Pictures(),
        comparison=comparison,
        version="0.1.0",
    )
