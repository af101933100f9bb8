"""Do the methods of timing a file take turns fairly, and does one that fails neither stop nor bend the rest?"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from crosschecks import TARGET, a_report
from runs import environment, zoobench
from views import text
from zoobench.cli import main
from zoobench.commands.crosscheck import command
from zoobench.commands.crosscheck.command import compare_methods, order
from zoobench.commands.crosscheck.methods import Round, TimingMethod
from zoobench.errors import MeasurementError
from zoobench.judge.crosscheck import CrosscheckReport
from zoobench.measure.disturbance import Mark
from zoobench.measure.programs import Repetitions
from zoobench.show.crosscheck import view

QUIET = (0.0, 0.0)


def compared(*methods: TimingMethod, marking: Callable[[], Mark] = lambda: QUIET) -> CrosscheckReport:
    return compare_methods(TARGET, methods, turns=4, seconds=0.5, marking=marking)


class Scripted:
    """Ways that answer with times of their own, some of them phases, and fail when they are told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Repetitions]] = []

    def method(self, name: str, seconds: float, *, fails_from: int | None = None, phases: bool = False) -> TimingMethod:
        def take(repetitions: Repetitions, patience: float) -> Round:
            self.taken.append((name, repetitions))
            assert patience >= 20
            if fails_from is not None and sum(one == name for one, _ in self.taken) >= fails_from:
                raise MeasurementError(f"{name} broke")
            halves = dict.fromkeys(("decode", "resize", "load", "invoke", "read"), seconds / 5)
            return Round(seconds=seconds, phases=halves if phases else {})

        return TimingMethod(name=name, what=f"what {name} does", take=take)


def test_over_twice_as_many_turns_as_ways_each_stands_everywhere_and_before_each_neighbour_as_often_as_after() -> None:
    turns = [order(3, turn) for turn in range(6)]
    assert turns[:4] == [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]]
    for place in range(3):
        assert Counter(turn[place] for turn in turns) == {0: 2, 1: 2, 2: 2}
    neighbours = Counter(pair for turn in turns for pair in pairwise(turn))
    assert all(neighbours[pair] == neighbours[pair[::-1]] for pair in neighbours)


def test_every_way_takes_every_turn_with_the_same_number_of_runs() -> None:
    scripted = Scripted()
    found = compared(scripted.method("litert", 0.010), scripted.method("other", 0.020))
    assert Counter(name for name, _ in scripted.taken[1:]) == {"litert": 4, "other": 4}
    assert {asked for _, asked in scripted.taken[1:]} == {Repetitions(warmups=10, runs=50)}  # 0.5 s of 10 ms
    assert [(one.name, one.turns) for one in found.paths] == [("litert", (0.010,) * 4), ("other", (0.020,) * 4)]
    assert (found.effort.turns, found.effort.runs) == (4, 50)


def test_very_short_and_very_long_invocations_are_timed_neither_endlessly_nor_hardly_ever() -> None:
    for seconds, runs in ((1e-6, 400), (2.0, 20)):
        found = compared(Scripted().method("litert", seconds))
        assert found.effort.runs == runs


def test_a_way_that_fails_is_left_out_with_its_reason_and_asked_no_more() -> None:
    scripted = Scripted()
    methods = [
        scripted.method("litert", 0.01),
        scripted.method("frail", 0.01, fails_from=2),
        scripted.method("other", 0.01),
    ]
    absent = {"benchmark_app": "it is not installed"}
    found = compare_methods(TARGET, methods, absent, turns=4, seconds=0.5, marking=lambda: QUIET)
    assert [one.name for one in found.paths] == ["litert", "other"]
    assert found.left_out == {**absent, "frail": "frail broke"}
    assert sum(name == "frail" for name, _ in scripted.taken) == 2


def test_if_what_all_are_held_against_fails_there_is_nothing_to_say() -> None:
    with pytest.raises(MeasurementError, match="litert broke"):
        compared(Scripted().method("litert", 0.01, fails_from=3))


def crowded_at(*turns: int, methods: int) -> Callable[[], Mark]:
    """Returns marks, two for each method and turn; in these turns others keep both processors busy, else none."""
    marks = count()

    def marking() -> Mark:
        number = next(marks)
        is_after, turn = number % 2, number // (2 * methods)
        return float(is_after), 100.0 * is_after * (turn in turns)

    return marking


def test_turns_in_which_others_kept_the_machine_busy_are_taken_again() -> None:
    scripted = Scripted()
    methods = [scripted.method("litert", 0.01), scripted.method("other", 0.01)]
    found = compared(*methods, marking=crowded_at(1, 2, methods=2))
    assert (found.effort.turns, found.effort.retaken, found.effort.crowded) == (4, 2, 0)
    assert len(scripted.taken) == 1 + 6 * 2
    assert [len(path.turns) for path in found.paths] == [4, 4]


def test_where_it_is_never_quiet_the_least_disturbed_turns_count_and_that_is_told() -> None:
    found = compared(Scripted().method("litert", 0.01), marking=crowded_at(*range(1, 8), methods=1))
    assert (found.effort.turns, found.effort.retaken, found.effort.crowded) == (4, 4, 3)
    assert "In 3 of the 4 turns OTHER PROCESSES KEPT THE PROCESSORS BUSY" in text(view(found))


def test_phases_are_told_by_turn_in_their_order() -> None:
    scripted = Scripted()
    methods = [scripted.method("litert", 0.01), scripted.method("end to end", 0.05, phases=True)]
    found = compared(*methods)
    assert list(found.phases) == ["decode", "resize", "load", "invoke", "read"]
    assert found.phases["decode"] == pytest.approx((0.01,) * 4)
    assert compared(methods[0]).phases == {}


@pytest.mark.parametrize(("theirs", "status"), [(0.0100, 0), (0.0110, 1), (None, 3)])
def test_the_status_is_that_of_the_agreement(
    monkeypatch: pytest.MonkeyPatch, theirs: float | None, status: int
) -> None:
    monkeypatch.setattr(command, "find_target", lambda *_, **__: TARGET)
    monkeypatch.setattr(command, "find_methods", lambda _target: ([], []))
    monkeypatch.setattr(command, "compare_methods", lambda *_, **__: a_report(theirs))
    done = CliRunner().invoke(main, ["crosscheck", "a", "--format", "json"])
    assert (done.exit_code, json.loads(done.stdout)["status"]) == (status, status)


@pytest.mark.slow
def test_a_real_file_is_timed_in_all_ways_that_are_here(real_runs: Path) -> None:
    cell = ("mobilenet_025-float32-litert-t1", "--artifacts", str(real_runs))
    done = zoobench(
        "crosscheck", *cell, "--turns", "2", "--seconds", "0.1", "--format", "json", folder=real_runs.parent
    )
    assert done.returncode in (0, 1, 3), done.stderr
    read = json.loads(done.stdout)
    names = [path["name"] for path in read["paths"]] + [absent["name"] for absent in read["left_out"]]
    assert {"litert", "litert-benchmark", "benchmark_app", "end to end"} <= set(names)
    assert all(seconds > 0 for path in read["paths"] for seconds in path["turns"])
    assert {"litert", "litert-benchmark", "end to end"} <= {path["name"] for path in read["paths"]}
    assert set(read["phases"]) == {"decode", "resize", "load", "invoke", "read"}


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_behind(real_runs: Path) -> None:
    cell = ("mobilenet_025-float32-litert-t1", "--artifacts", str(real_runs), "--turns", "50")
    started = subprocess.Popen(
        [sys.executable, "-m", "zoobench", "crosscheck", *cell],
        env=environment(real_runs.parent),
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    children = _children(psutil.Process(started.pid))
    os.kill(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert (started.returncode, "interrupted" in said) == (130, True)
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert (len(gone), alive) == (len(children), [])


def _children(process: psutil.Process) -> list[psutil.Process]:
    for _ in range(6000):
        if children := process.children(recursive=True):
            return children
        time.sleep(0.01)
    raise AssertionError("it started no process in a minute")
