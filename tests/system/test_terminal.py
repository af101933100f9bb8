"""Does text come out as it would be seen?"""

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from zoobench.errors import sanitize
from zoobench.system.terminal import capture_native_output, columns, has_colours, keep, kept_in, progress, sentence


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Größe × 5 – ok", "Größe × 5 – ok"),
        ("a\x1b[2J\nb\ud800\t", "a�[2J�b��"),
        ("::error::x", ":\ufffderror::x"),  # what GitHub would take for a command
        ("  ::error::x", "  :\ufffderror::x"),
        ("x ##[error]y", "x ##\ufffderror]y"),
        ("a::b: 5 % ## [c]", "a::b: 5 % ## [c]"),
    ],
)
def test_a_foreign_text_stays_on_its_line_and_steers_nothing(text: str, safe: str) -> None:
    assert sanitize(text) == safe


DESCRIPTORS = Path("/proc/self/fd")


def fail(out: bytes, err: bytes) -> None:
    with capture_native_output():
        os.write(1, out)
        os.write(2, err)
        raise RuntimeError("no luck")


def test_what_is_written_past_python_is_held_and_both_streams_work_again_afterwards(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with capture_native_output():
        with capture_native_output():
            os.write(1, b"noise on standard output")
        os.write(2, b"noise on standard error")
    os.write(1, b"out")
    os.write(2, b"err")
    assert capfd.readouterr() == ("out", "err")


@pytest.mark.parametrize(
    ("out", "err", "shown"),
    [
        (b"first this, ", b"then that", "first this, then that"),
        (b"a" * 10_000, b"the reason", "a" * 3990 + "the reason"),  # the end of much noise
        (b"half a letter: ", b"\xc3", "half a letter: \ufffd"),
    ],
)
def test_the_end_of_what_was_held_is_shown_when_the_block_fails(
    capfd: pytest.CaptureFixture[str], out: bytes, err: bytes, shown: str
) -> None:
    with pytest.raises(RuntimeError, match="no luck"):
        fail(out, err)
    os.write(1, b"out")
    assert capfd.readouterr() == ("out", shown)


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="descriptors can be counted on Linux alone")
def test_no_descriptor_is_left_open() -> None:
    before = len(list(DESCRIPTORS.iterdir()))
    for _ in range(3):
        with capture_native_output():
            os.write(1, b"noise")
        with pytest.raises(RuntimeError):
            fail(b"noise", b"noise")
    assert len(list(DESCRIPTORS.iterdir())) == before


def test_what_python_printed_before_and_after_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    program = (
        "import os\n"
        "from zoobench.system.terminal import capture_native_output\n"
        "print('before')\n"
        "with capture_native_output():\n"
        "    print('within')\n"
        "    os.write(1, b'noise')\n"
        "print('after')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("before\nafter\n", "")


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


@pytest.mark.parametrize(
    ("stream", "environment", "has"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),  # no-color.org: set and not empty
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": ""}, False),
        (io.StringIO(), {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_colours_are_for_terminals_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, environment: dict[str, str], has: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert has_colours(stream) is has


def test_a_file_or_log_is_as_wide_as_columns_says_or_takes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert columns(is_terminal=False) == columns(is_terminal=True) == 120
    monkeypatch.delenv("COLUMNS")
    assert columns(is_terminal=False) is None
    assert columns(is_terminal=True)


def test_a_log_that_shows_colours_is_no_terminal_for_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("Counting sheep", total=1) as advance:
        advance(1, "")
    assert capsys.readouterr().err.startswith("Counting sheep: 1 in ")


def test_a_log_gets_one_line_with_the_last_note(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = iter((100.0, 102.34))
    monkeypatch.setattr("zoobench.system.terminal.time", SimpleNamespace(monotonic=lambda: next(readings)))
    with progress("Counting sheep", total=3) as advance:
        advance(2, "white")
        advance(1, "black")
        assert capsys.readouterr().err == ""
    shown = capsys.readouterr()
    assert shown.err == "Counting sheep: 3 in 2.3 s black\n"
    assert shown.out == ""


def test_work_that_ends_early_says_how_much_was_done_and_without_a_note_it_ends_with_the_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("Counting sheep", total=3) as advance:
        advance(2, "")
    shown = capsys.readouterr().err
    assert shown.startswith("Counting sheep: 2 of 3 in ")
    assert shown.endswith(" s\n")


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


MLIR = """Could not translate MLIR to FlatBuffer.<unknown>:0: error:
loc(fused["Erf:", "00012/erf/Erf"]): 'tf.Erf' op is neither a custom op nor a flex op
<unknown>:0: note: loc(fused["Erf:", "00012/erf/Erf"]): see current operation: "tf.Erf"(%5) : (tensor<1x24>
<unknown>:0: error: loc(fused["FFT2D:", "00013/fft/FFT2D"]): 'tf.FFT2D' op is neither a custom op nor a flex op
<unknown>:0: error: failed while converting: 'main'"""

KERAS = """<class 'keras.src.models.functional.Functional'> could not be deserialized properly.

config={'module': 'keras.src.models.functional', 'class_name': 'Functional'}.

Exception encountered: Could not read 'x'. Full object config: {'module': 'builtins'}"""

CALL = """in user code:

    File "layer.py", line 33, in call
        return self.activation(inputs)

    TypeError: Exception encountered when calling Activation.call().

    \x1b[1mthreshold() missing 2 arguments\x1b[0m

    Arguments received by Activation.call():
      • inputs=tf.Tensor(shape=(1, 24, 24, 4), dtype=float32)"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            MLIR,
            "TFLite has no built-in operator for Erf, FFT2D (in erf/Erf, fft/FFT2D); leave out of the model what "
            "computes it, or compute it otherwise",
        ),
        (KERAS, "Could not read 'x'."),
        (CALL, "Activation.call(). threshold() missing 2 arguments"),
        (
            "in user code:\n\n    File 'a.py'\n\n    NameError: name 'x' is not defined",
            "NameError: name 'x' is not defined",
        ),
        ("two\nlines", "two lines"),
        ('<unknown>:0: error: loc(fused["MatMul:", "00018/dense/MatMul"]): it must be float', "it must be float"),
        ("", "ValueError"),
        ("x" * 1000, "x" * 240 + "…"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, expected: str) -> None:
    assert sentence(ValueError(text)) == expected


def test_what_is_kept_in_a_log_is_not_printed_by_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with kept_in(tmp_path / "mine.log"):
        keep(ValueError("three pages"))
    assert "three pages" in (tmp_path / "mine.log").read_text()
    assert caplog.records == []
