"""Does a program read all that is known, in plain JSON?"""

import json

import pytest

from choices import limit
from machines import FAST, FLOAT, PI, record, side, usual
from zoobench.judge.recommend.choosing import choose
from zoobench.judge.recommend.limits import MEMORY, P90, SIZE
from zoobench.show.choicejson import as_json


def test_a_choice_is_plain_json_in_si_units() -> None:
    found = choose([usual()], limits=[limit(P90, "30 ms"), limit(SIZE, "5 MB")])
    content = json.loads(as_json(found))
    assert (content["schema"], content["chosen"], content["status"]) == (1, FAST, 0)
    assert content["limits"][0] == {"metric": "latency_p90", "bound": 0.03, "text": "30 ms", "at": "most"}
    assert (content["limits_assumed"], content["preference"]) == (False, ["latency", "top1", "size"])
    machine = content["machines"][0]
    assert machine["machine"] == "AMD EPYC, 2 cores"
    best = machine["candidates"][0]
    assert (best["cell"], best["state"], best["size_bytes"]) == (FAST, "holds", 3_500_000)
    assert best["odds"][1] == {
        "metric": "size",
        "value": 3.5e6,
        "probability": 1.0,
        "excess": pytest.approx(-0.3),
        "why": "exact",
        "is_disturbed": False,
    }
    assert {place["cell"]: place["standing"] for place in machine["front"]["places"]}[FLOAT] == "dominated"


def test_what_is_not_known_is_null() -> None:
    alone = side(record("integer_only", 0.004, memory=None))
    content = json.loads(as_json(choose([alone], limits=[limit(MEMORY)])))
    (candidate,) = content["machines"][0]["candidates"]
    assert (content["chosen"], candidate["at_least"], candidate["peak_bytes"]) == (None, None, None)
    assert candidate["odds"][0]["probability"] is None


def test_regrets_are_by_machine() -> None:
    slow = side(record("integer_only", 0.012, environment=PI), name="pi.json")
    content = json.loads(as_json(choose([usual(), slow], limits=[limit(P90, "30 ms")])))
    first, *others = content["regrets"]
    assert (first["cell"], first["largest"]) == (FAST, pytest.approx(0.0))
    assert [one["machine"] for one in first["on"]] == ["AMD EPYC, 2 cores", "Raspberry Pi 5, 4 cores"]
    assert {one["largest"] for one in others} == {None}
    assert {one["on"][1]["state"] for one in others} == {None}
