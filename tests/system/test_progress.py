"""Is long work seen on a terminal, and short in a log?"""

import io
import sys
from types import SimpleNamespace

import pytest

from zoobench.system.progress import progress


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def fail_half_way() -> None:
    with progress("Counting sheep", total=3) as advance:
        advance(1, "")
        raise RuntimeError


@pytest.fixture(autouse=True)
def _nothing_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")


def test_a_log_gets_one_line_with_the_last_note(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = iter((100.0, 102.34))
    monkeypatch.setattr("zoobench.system.progress.time", SimpleNamespace(monotonic=lambda: next(readings)))
    with progress("Counting sheep", total=3) as advance:
        advance(2, "white")
        advance(1, "black")
        assert capsys.readouterr().err == ""
    shown = capsys.readouterr()
    assert shown.err == "Counting sheep: 3 in 2.3 s black\n"
    assert shown.out == ""


def test_work_that_ends_early_says_how_much_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Counting sheep", total=3) as advance:
        advance(2, "")
    assert capsys.readouterr().err.startswith("Counting sheep: 2 of 3 in ")


def test_a_line_without_a_note_ends_with_its_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Counting sheep", total=0):
        pass
    assert capsys.readouterr().err.endswith(" s\n")


def test_failed_work_is_not_said_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError):
        fail_half_way()
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_with_counts_and_note(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("Counting sheep", total=3) as advance:
        advance(2, "top-1 0.500")
    shown = terminal.getvalue()
    assert "Counting sheep" in shown
    assert "2/3" in shown
    assert "top-1 0.500" in shown
    assert "\x1b[2K" in shown  # the bar is erased when it has served


def test_a_bar_ends_with_the_work_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(RuntimeError):
        fail_half_way()
    assert "\x1b[?25h" in terminal.getvalue()  # the cursor is shown again
