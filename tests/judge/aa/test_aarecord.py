"""Is a gate of identical files read back as it was kept, and anything else refused by name?"""

import json
from pathlib import Path
from typing import Any

import pytest

from zoobench.errors import ResultsError
from zoobench.judge.aa.aarecord import AACell, AAGate, read_gate, to_json

GATE = AAGate(
    machine="amd-epyc-2c",
    made="2026-11-25T03:00:00+00:00",
    slowdown=0.0,
    tolerances={"a": 0.05},
    tests=3,
    seconds=12.5,
    cells={
        "a": AACell(
            verdicts={"latency": "unchanged", "memory": "inconclusive"},
            log_ratios=(0.01, -0.01),
            baseline_seconds=(0.004, 0.0041),
            candidate_seconds=(0.004, 0.0042),
            failure="",
        )
    },
    environment={"cpu": "AMD EPYC", "cores": 2},
)


def written(folder: Path, content: Any) -> Path:
    path = folder / "gate.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def without(*keys: str) -> dict[str, Any]:
    """Returns the gate as JSON without the last of these keys."""
    content: dict[str, Any] = json.loads(json.dumps(to_json(GATE)))
    place = content
    for key in keys[:-1]:
        place = place[key]
    del place[keys[-1]]
    return content


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    assert read_gate(written(tmp_path, to_json(GATE))) == GATE


def test_it_says_what_kind_of_file_it_is() -> None:
    assert (to_json(GATE)["schema"], to_json(GATE)["kind"]) == (1, "zoobench-aa")


@pytest.mark.parametrize("changes", [{"schema": 2}, {"kind": "zoobench-noise"}])
def test_another_schema_or_kind_is_refused_with_what_was_received(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ResultsError, match=r"gate\.json: received schema .* this version of zoobench reads 1 and"):
        read_gate(written(tmp_path, to_json(GATE) | changes))


@pytest.mark.parametrize("keys", [["schema"], ["tolerances"], ["cells", "a", "log_ratios"], ["cells", "a", "failure"]])
def test_a_missing_key_is_named(tmp_path: Path, keys: list[str]) -> None:
    with pytest.raises(ResultsError, match=rf"gate\.json has no key '{keys[-1]}'; expected a file written by"):
        read_gate(written(tmp_path, without(*keys)))


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "7", "null", "[" * 100_000),
        *(
            to_json(GATE) | changes
            for changes in ({"tests": "many"}, {"tests": float("inf")}, {"seconds": None}, {"cells": [1]})
        ),
        to_json(GATE) | {"cells": {"a": 1}},
    ],
)
def test_a_file_that_cannot_be_understood_is_named(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ResultsError, match=r"cannot read .*gate\.json: .*; expected a file written by `zoobench aa`"):
        read_gate(written(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot read .*absent\.json"):
        read_gate(tmp_path / "absent.json")
