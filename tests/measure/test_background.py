"""Is a runtime imported beside the block, is all that the block prints shown, and nothing that native code says?"""

import os
import sys
from threading import Event, current_thread, main_thread

import pytest

from zoobench.errors import MeasurementError
from zoobench.measure import runtimes
from zoobench.measure.runtimes import imported_meanwhile


def test_it_is_imported_in_a_thread_while_the_block_runs_and_is_there_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    began, may_end, imported = Event(), Event(), list[str]()

    def import_(runtime: str) -> None:
        assert current_thread() is not main_thread()
        began.set()
        assert may_end.wait(10)
        imported.append(runtime)

    monkeypatch.setattr(runtimes, "import_runtime", import_)
    with imported_meanwhile(["keras"]):
        assert began.wait(10)
        assert imported == []
        may_end.set()
    assert imported == ["keras"]


def test_native_noise_is_not_shown_and_what_the_block_prints_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runtimes, "import_runtime", lambda _runtime: os.write(2, b"oneDNN is on\n"))
    with capfd.disabled():
        streams = sys.stdout, sys.stderr
    with imported_meanwhile(["keras"]):
        print("data: pets")
        print("Decoding: 9 in 1 s", file=sys.stderr)
    print("after")
    shown = capfd.readouterr()
    assert shown.out.splitlines() == ["data: pets", "after"]
    assert shown.err.splitlines() == ["Decoding: 9 in 1 s"]
    with capfd.disabled():
        assert (sys.stdout, sys.stderr) == streams


def test_what_cannot_be_imported_is_told_elsewhere_and_an_error_of_the_block_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = MeasurementError("keras is not installed")
    monkeypatch.setattr(runtimes, "import_runtime", lambda _runtime: (_ for _ in ()).throw(error))
    with pytest.raises(ValueError, match="no images"), imported_meanwhile(["keras"]):
        raise ValueError("no images")
