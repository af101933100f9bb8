"""Is work done elsewhere, and is it known how it ended?"""

import os
import signal
import sys

import numpy as np
import pytest

from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.system.isolated import in_fresh_process


def described(*values: int, name: str) -> tuple[int, str, int]:
    return sum(values), name, os.getpid()


def large(megabytes: int) -> np.ndarray:
    return np.ones(megabytes << 20, np.uint8)


def fails(message: str) -> None:
    raise MeasurementError(message)


def stumbles() -> None:
    raise LookupError("not one of ours")


def says(text: str) -> None:
    print(text)
    print(text.upper(), file=sys.stderr)


def gives_what_cannot_be_sent() -> object:
    return lambda: None


def leaves(status: int) -> None:
    os._exit(status)


def crashes() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def is_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_it_returns_what_the_function_returns_from_another_process() -> None:
    total, name, process = in_fresh_process(described, 1, 2, name="x")
    assert (total, name) == (3, "x")
    assert process != os.getpid()


def test_large_results_arrive_whole() -> None:
    assert in_fresh_process(large, 8).sum() == 8 << 20


def test_our_errors_keep_their_class_and_message() -> None:
    with pytest.raises(MeasurementError) as caught:
        in_fresh_process(fails, "LiteRT cannot open it")
    assert str(caught.value) == "LiteRT cannot open it"


def test_what_it_prints_is_not_lost(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    in_fresh_process(says, "hello")
    assert capfd.readouterr() == ("hello\n", "HELLO\n")


def test_other_errors_leave_their_traceback_and_name_the_function(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZoobenchError) as caught:
        in_fresh_process(stumbles)
    assert str(caught.value) == "the process that ran stumbles failed with status 1; its own message stands above"
    assert "LookupError: not one of ours" in capfd.readouterr().err


def test_a_result_that_cannot_be_sent_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZoobenchError, match="gives_what_cannot_be_sent failed with status 1"):
        in_fresh_process(gives_what_cannot_be_sent)
    assert "local object 'gives_what_cannot_be_sent.<locals>.<lambda>'" in capfd.readouterr().err


def test_a_process_that_ends_early_is_an_error_with_its_status() -> None:
    with pytest.raises(ZoobenchError) as caught:
        in_fresh_process(leaves, 7)
    assert str(caught.value) == "the process that ran leaves failed with status 7; its own message stands above"


@pytest.mark.skipif(sys.platform == "win32", reason="signals kill elsewhere")
def test_a_killed_process_is_an_error_that_names_the_usual_cause() -> None:
    with pytest.raises(ZoobenchError) as caught:
        in_fresh_process(is_killed)
    assert str(caught.value) == (
        "the process that ran is_killed was killed by signal 9; the usual cause is too little memory "
        "(InceptionResNetV2 takes 6 GB to convert): free some, or leave out the largest backbone"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals kill elsewhere")
def test_a_crash_is_not_taken_for_a_lack_of_memory() -> None:
    with pytest.raises(ZoobenchError) as caught:
        in_fresh_process(crashes)
    assert str(caught.value) == "the process that ran crashes crashed in native code: Segmentation fault (11)"


def test_no_process_stays_behind() -> None:
    *_, process = in_fresh_process(described, name="x")
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
