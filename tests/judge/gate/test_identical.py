"""Is a gate of identical files read back as it was kept, and anything else refused by name?"""

import json
from pathlib import Path
from typing import Any

import pytest

from noisegates import TOLERANCE, a_cell_of, a_gate_of
from zoobench.errors import ResultsError
from zoobench.judge.gate.identical import AACell, AAGate, Outcomes, count_outcomes, gate_to_json, read_gate, select

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
    content: dict[str, Any] = json.loads(json.dumps(gate_to_json(GATE)))
    place = content
    for key in keys[:-1]:
        place = place[key]
    del place[keys[-1]]
    return content


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    assert read_gate(written(tmp_path, gate_to_json(GATE))) == GATE


def test_it_says_what_kind_of_file_it_is() -> None:
    assert (gate_to_json(GATE)["schema"], gate_to_json(GATE)["kind"]) == (1, "zoobench-aa")


@pytest.mark.parametrize("changes", [{"schema": 2}, {"kind": "zoobench-noise"}])
def test_another_schema_or_kind_is_refused_with_what_was_received(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ResultsError, match=r"gate\.json: received schema .* this version of zoobench reads 1 and"):
        read_gate(written(tmp_path, gate_to_json(GATE) | changes))


@pytest.mark.parametrize("keys", [["schema"], ["tolerances"], ["cells", "a", "log_ratios"], ["cells", "a", "failure"]])
def test_a_missing_key_is_named(tmp_path: Path, keys: list[str]) -> None:
    with pytest.raises(ResultsError, match=rf"gate\.json has no key '{keys[-1]}'; expected a file written by"):
        read_gate(written(tmp_path, without(*keys)))


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "7", "null", "[" * 100_000),
        *(
            gate_to_json(GATE) | changes
            for changes in ({"tests": "many"}, {"tests": float("inf")}, {"seconds": None}, {"cells": [1]})
        ),
        gate_to_json(GATE) | {"cells": {"a": 1}},
    ],
)
def test_a_file_that_cannot_be_understood_is_named(tmp_path: Path, content: Any) -> None:
    with pytest.raises(
        ResultsError, match=r"cannot read .*gate\.json: .*; expected a file written by `zoobench noise`"
    ):
        read_gate(written(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot read .*absent\.json"):
        read_gate(tmp_path / "absent.json")


CALM = [0.0] * 6
ASKED = {"a": TOLERANCE, "b": TOLERANCE}


def gate(first: str = "unchanged", second: str = "unchanged", *, memory: str = "unchanged") -> AAGate:
    return a_gate_of({"a": a_cell_of(CALM, latency=first), "b": a_cell_of(CALM, latency=second, memory=memory)})


def outcomes(*gates: AAGate) -> Outcomes:
    found = count_outcomes(gates)
    assert found is not None
    return found


def test_a_gate_counts_once_however_many_of_its_cells_regressed() -> None:
    found = outcomes(gate("regressed", "regressed"), gate("regressed"), gate())
    assert (found.gates, found.regressed, found.caught, found.caught_everywhere) == (3, 2, 2, 1)
    assert found.caught_by_cell == {"a": 2, "b": 1}


def test_memory_that_is_called_regressed_is_a_false_alarm_but_catches_no_slow_down() -> None:
    found = outcomes(gate(memory="regressed"), gate())
    assert (found.regressed, found.caught) == (1, 0)


def test_improved_and_inconclusive_are_counted_where_nothing_regressed() -> None:
    found = outcomes(gate("improved"), gate("inconclusive"), gate("regressed", "inconclusive"))
    assert (found.regressed, found.improved, found.inconclusive) == (1, 1, 1)


def test_a_cell_that_could_not_be_replayed_is_counted() -> None:
    assert outcomes(gate(), a_gate_of({"a": a_cell_of([], failure="it died"), "b": a_cell_of(CALM)})).failed == 1


def test_processes_are_counted_for_a_cell_on_average() -> None:
    found = outcomes(a_gate_of({"a": a_cell_of([0.0] * 6), "b": a_cell_of([0.0] * 10, disturbed=3)}))
    assert (found.processes, found.disturbed) == (8, 1.5)


def test_the_interval_is_wilsons() -> None:
    found = outcomes(*(gate() for _ in range(20))).interval(0)
    assert (found.low, found.high) == pytest.approx((0.0, 0.1611), abs=5e-5)  # Newcombe 1998, table I


def test_of_no_gates_nothing_is_counted() -> None:
    assert count_outcomes([]) is None


def test_gates_of_other_cells_or_tolerances_are_left_out_and_told() -> None:
    other_cells = a_gate_of({"a": a_cell_of(CALM)})
    other_tolerance = a_gate_of({"a": a_cell_of(CALM), "b": a_cell_of(CALM)}, tolerance=0.05)
    choice = select([gate(), other_cells, other_tolerance, gate()], ASKED)
    assert len(choice.gates) == 2
    assert choice.left_out == (
        "left out: 1 kept gates of other cells",
        "left out: 1 kept gates of other tolerances",
    )


def test_gates_whose_error_rate_was_shared_among_another_number_of_tests_than_the_newests_are_left_out() -> None:
    older = a_gate_of({"a": a_cell_of(CALM), "b": a_cell_of(CALM)}, tests=6)
    newer = gate()
    choice = select([newer, older], ASKED)
    assert choice.gates == (newer,)
    assert choice.left_out == ("left out: 1 kept gates of another number of tests",)


def test_gates_stand_by_time_and_slow_down() -> None:
    cells = {"a": a_cell_of(CALM), "b": a_cell_of(CALM)}
    first, second, third = (a_gate_of(cells, slowdown=share) for share in (0.05, 0.0, 0.05))
    choice = select([third, second, first], ASKED)
    assert choice.gates == (first, second, third)
    assert choice.slowdowns == (0.0, 0.05)
    assert choice.slowed(0.05) == (first, third)


def test_a_gate_that_ended_before_every_cells_first_look_tells_nothing_of_processes() -> None:
    short = a_gate_of({"a": a_cell_of(CALM), "b": a_cell_of([0.0] * 5)})
    failed = a_gate_of({"a": a_cell_of(CALM), "b": a_cell_of(CALM, failure="it died")})
    choice = select([short, failed], ASKED)
    assert (len(choice.slowed(0.0)), len(choice.telling(0.0))) == (2, 0)
