"""How do programs read what gates of identical files say? Plain JSON, every count with its share and interval."""

from dataclasses import asdict
from typing import Any

from zoobench.judge.aa.aagates import Outcomes
from zoobench.judge.aa.falsealarms import AAReport, Detection, Learned
from zoobench.judge.aa.storedruns import COMPARE_FAIL, StoredOutcomes
from zoobench.judge.gate.noise import to_json as noise_to_json

SCHEMA = 1
KIND = "zoobench-aa-report"


def to_json(report: AAReport) -> dict[str, Any]:
    """Returns a report as plain JSON; `injected_slowdown` stands beside all that a slow-down was part of."""
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "machine": report.machine,
        "tolerances": dict(report.tolerances),
        "rates": asdict(report.rates),
        "resampling": {name: getattr(report.resampling, name) for name in ("gates", "seed", "processes", "affordable")},
        "gates": [_detection(one) for one in report.detections],
        "learned": _learned(report.learned) if report.learned else None,
        "compare_fail": COMPARE_FAIL,
        "stored": [_stored(one) for one in report.stored],
        "notes": list(report.notes),
    }


def _detection(detection: Detection) -> dict[str, Any]:
    sources = ("real", "resampled", "resampled_whole", "resampled_slowed")
    found = {name: getattr(detection, name) for name in sources}
    return {"injected_slowdown": detection.slowdown} | {
        name: _outcomes(outcomes) if outcomes else None for name, outcomes in found.items()
    }


def _outcomes(outcomes: Outcomes) -> dict[str, Any]:
    shares = {
        f"{name}_interval": asdict(outcomes.interval(getattr(outcomes, name)))
        for name in ("regressed", "caught", "caught_everywhere")
    }
    return asdict(outcomes) | shares


def _learned(learned: Learned) -> dict[str, Any]:
    return {
        "wanted_rate": learned.wanted_rate,
        "noise": noise_to_json(learned.noise),
        "clustering": {cell: asdict(one) if one else None for cell, one in learned.clusterings.items()},
        "at_proposed": _outcomes(learned.at_proposed),
        "curve": [{"injected_slowdown": one} | _outcomes(outcomes) for one, outcomes in learned.curve.items()],
    }


def _stored(outcomes: StoredOutcomes) -> dict[str, Any]:
    content = asdict(outcomes)
    content["injected_slowdown"] = content.pop("slowdown")
    return content | {"red_runs_interval": asdict(outcomes.interval)}
