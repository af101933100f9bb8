"""What does a program read of a choice? All that is known, in SI units and shares of one; undefined is null."""

import json
import math
from dataclasses import asdict
from typing import Any

from zoobench.judge.recommend.candidates import Candidate
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.regrets import Regret
from zoobench.judge.recommend.result import Choice, MachineChoice

SCHEMA = 1


def as_json(choice: Choice) -> str:
    """Returns a choice as JSON."""
    return json.dumps(to_plain(choice), indent=2, allow_nan=False) + "\n"


def to_plain(choice: Choice) -> dict[str, Any]:
    """Returns a choice as plain JSON."""
    return {
        "schema": SCHEMA,
        "sentence": choice.sentence,
        "chosen": choice.chosen,
        "status": choice.status,
        "limits": [_limit(limit) for limit in choice.limits],
        "limits_assumed": choice.is_assumed,
        "preference": list(choice.preference),
        "confidence": choice.confidence,
        "machines": [_machine(machine) for machine in choice.machines],
        "regrets": [_regret(regret, choice) for regret in choice.regrets],
        "notes": list(choice.notes),
    }


def _limit(limit: Limit) -> dict[str, Any]:
    return asdict(limit) | {"at": "most" if limit.quantity.lower_is_better else "least"}


def _machine(machine: MachineChoice) -> dict[str, Any]:
    return {
        "machine": machine.machine,
        "files": list(machine.files),
        "candidates": [_candidate(one) for one in machine.candidates],
        "not_surely_worse": list(machine.rivals),
        "open_before_the_best": list(machine.ahead),
        "excluded": [asdict(one) for one in machine.excluded],
        "front": asdict(machine.front),
        "notes": list(machine.notes),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    odds = [
        {
            "metric": one.limit.metric,
            "value": one.value,
            "probability": one.probability,
            "excess": one.excess,
            "why": one.why,
            "is_disturbed": one.is_disturbed,
        }
        for one in candidate.odds
    ]
    return asdict(candidate) | {"odds": odds}


def _regret(regret: Regret, choice: Choice) -> dict[str, Any]:
    on = [
        {"machine": machine.machine, "state": state, "regret": cost}
        for machine, state, cost in zip(choice.machines, regret.states, regret.regrets, strict=True)
    ]
    return {"cell": regret.cell, "largest": regret.worst if math.isfinite(regret.worst) else None, "on": on}
