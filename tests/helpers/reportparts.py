"""Runs with known numbers, and the report that is made of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fakes import a_cell, a_record
from resultfiles import EPYC, a_timed_record, rounds_around
from zoobench.judge.compare.comparison import Comparison
from zoobench.judge.recommend.limits import DROP, Limit, parse_limit
from zoobench.judge.recommend.recommendation import recommend
from zoobench.results.answers import encode, encode_shares
from zoobench.results.run import Provenance, Run, Side, Timing
from zoobench.results.schema import Predictions, Record, RecordedAccuracy, Refusal, Speedup
from zoobench.show.report.assembly import assemble
from zoobench.show.report.contents import Pictures, Report
from zoobench.stats.intervals import wilson

TRUTH = (0, 0, 0, 0, 1, 1, 1, 1)
"""Four cats, then four dogs."""
SCRIPT = "<script>alert(1)</script>"


def answers(predicted: Sequence[int]) -> RecordedAccuracy:
    """Returns the accuracy of a model that predicted these classes, each with the same probability."""
    correct = sum(one == other for one, other in zip(predicted, TRUTH, strict=True))
    interval = wilson(correct, len(TRUTH))
    return RecordedAccuracy(
        top1=correct / len(TRUTH),
        loss=0.5,
        correct=correct,
        total=len(TRUTH),
        interval=(interval.low, interval.high),
        agreement_with_float=1.0,
        invocation_p50_seconds=None,
        predictions=Predictions(
            classes=encode(predicted), probabilities=encode_shares([0.75] * len(TRUTH)), truth=encode(TRUTH)
        ),
    )


def timed(variant: str, seconds: float, *, predicted: Sequence[int] = TRUTH, **changes: Any) -> Record:
    """Returns a record of a MobileNet cell that takes about this long on two classes, cats and dogs."""
    record = a_timed_record(rounds_around(seconds), speedup=0.010 / seconds, accuracy=answers(predicted))
    dataset = replace(record.dataset, samples=len(TRUTH))
    return replace(record, cell=a_cell(variant=variant, **changes), dataset=dataset)


FLOAT = timed("float32", 0.010)
INTEGER = timed("integer_only", 0.004, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
"""One cat is taken for a dog, which the float file has right."""


def sped(record: Record, *ends: float, point: float = 1.0) -> Record:
    """Returns a record whose speed-up over the float file has an interval."""
    assert record.latency is not None
    low, high = ends
    speedup = Speedup(twin=FLOAT.cell.id, point=point, interval=(low, high))
    return replace(record, latency=replace(record.latency, speedup_over_float=speedup))


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


DROP_OF_A_POINT = parse_limit(DROP, "1 pp")
"""Without a limit nothing is recommended."""


def a_report(
    *records: Record,
    limits: Sequence[Limit] = (DROP_OF_A_POINT,),
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
