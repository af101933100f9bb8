"""Findings and reports of no real gate, to render and to announce."""

from typing import Any

from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.gate.decide import GateReport
from zoobench.results.conditions import Difference
from zoobench.stats.intervals import Interval


def a_finding(**changes: Any) -> Finding:
    usual: dict[str, Any] = {
        "cell": "mobilenet-integer_only-litert-t1",
        "metric": "latency_p50",
        "basis": "replay",
        "verdict": Verdict.UNCHANGED,
        "baseline": 0.00565,
        "candidate": 0.0057,
        "change": 0.0088,
        "interval": Interval(low=-0.002, high=0.015),
        "tolerance": 0.05,
        "p": 1.0,
        "smallest_change": 0.066,
        "units": 6,
    }
    return Finding(**{**usual, **changes})


MISLABELLED = a_finding(
    metric="top1",
    basis="samples",
    verdict=Verdict.REGRESSED,
    baseline=0.9,
    candidate=0.8,
    change=-0.1,
    interval=Interval(low=-0.14, high=-0.07),
    tolerance=0.005,
    p=1e-7,
    smallest_change=0.031,
    units=260,
    remark="26 newly wrong, 0 newly right; most of all dog: 92.3 to 0.0 %",
)
UNKNOWN = a_finding(
    cell="mobilenet-float32-litert-t1",
    basis="stored",
    verdict=Verdict.INCONCLUSIVE,
    interval=None,
    smallest_change=None,
    units=0,
    remark="this machine's own noise is not known",
)


def a_report(**changes: Any) -> GateReport:
    usual: dict[str, Any] = {
        "baseline": "main",
        "candidate": "0002.json",
        "findings": (a_finding(),),
        "problems": (),
        "environment": (),
        "notes": (),
        "seconds": 31.4,
    }
    return GateReport(**{**usual, **changes})


OTHER_CPU = Difference(name="cpu", base=("Cortex-A76",), new=("AMD EPYC",))
HOSTILE = "::error::b\n::error::b\x1b[2J\r\ud800"
"""A name from a file: a line of its own that is a command, a sign that steers a terminal, half a character."""
ALL_HOSTILE = a_report(
    baseline=HOSTILE,
    candidate=HOSTILE,
    findings=(
        a_finding(cell=HOSTILE, remark=HOSTILE, verdict=Verdict.REGRESSED),
        a_finding(cell=f"{HOSTILE}2", remark=HOSTILE, verdict=Verdict.INCONCLUSIVE),
    ),
    problems=(HOSTILE,),
    environment=(Difference(name=HOSTILE, base=(HOSTILE,), new=(HOSTILE,)),),
    notes=(HOSTILE,),
)
"""A report each foreign text of which is such a name."""


def is_tame(text: str) -> bool:
    """Returns whether a text can be encoded, steers no terminal, and says nothing to GitHub."""
    lines = text.split("\n")
    return all(line.isprintable() and not line.lstrip().startswith("::error::b") for line in lines)
