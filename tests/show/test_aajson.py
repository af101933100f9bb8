"""Does a program find every figure of the tables, and what was injected?"""

import json

import pytest

from aareports import OF_BOTH, OF_SLOWED
from zoobench.judge.aa.falsealarms import CURVE
from zoobench.show.aajson import to_json

CONTENT = json.loads(json.dumps(to_json(OF_BOTH), allow_nan=False))


def test_it_says_what_it_is() -> None:
    assert (CONTENT["schema"], CONTENT["kind"], CONTENT["machine"]) == (1, "zoobench-aa-report", "here")


def test_every_count_has_its_interval() -> None:
    real = CONTENT["gates"][0]["real"]
    assert (real["gates"], real["regressed"]) == (12, 0)
    assert real["regressed_interval"] == pytest.approx({"low": 0.0, "high": 0.2425}, abs=5e-5)


def test_what_was_injected_stands_beside_everything_that_it_was_part_of() -> None:
    assert [one["injected_slowdown"] for one in CONTENT["gates"]] == [0.0, 0.05]
    assert {one["injected_slowdown"] for one in CONTENT["stored"]} == {0.0, 0.05}
    assert [one["injected_slowdown"] for one in CONTENT["learned"]["curve"]] == list(CURVE)


def test_without_true_gates_nothing_is_learned() -> None:
    content = to_json(OF_SLOWED)
    assert (content["learned"], content["stored"]) == (None, [])
