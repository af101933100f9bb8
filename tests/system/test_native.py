"""Is the noise of native libraries held back, and shown when it explains a failure?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoobench.system.native import output_held

DESCRIPTORS = Path("/proc/self/fd")


def fail(out: bytes, err: bytes) -> None:
    with output_held():
        os.write(1, out)
        os.write(2, err)
        raise RuntimeError("no luck")


def test_what_is_written_past_python_is_held(capfd: pytest.CaptureFixture[str]) -> None:
    with output_held():
        os.write(1, b"noise on standard output")
        os.write(2, b"noise on standard error")
    assert capfd.readouterr() == ("", "")


def test_both_streams_work_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with output_held():
        os.write(1, b"noise")
    os.write(1, b"out")
    os.write(2, b"err")
    assert capfd.readouterr() == ("out", "err")


def test_what_was_held_is_shown_when_the_block_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="no luck"):
        fail(b"first this, ", b"then that")
    os.write(1, b"out")
    assert capfd.readouterr() == ("out", "first this, then that")


def test_the_end_of_much_noise_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError):
        fail(b"a" * 10_000, b"the reason")
    shown = capfd.readouterr().err
    assert len(shown) == 4000
    assert shown.endswith("aathe reason")


def test_noise_that_is_no_text_is_shown_as_well_as_it_can_be(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError):
        fail(b"half a letter: ", b"\xc3")
    assert capfd.readouterr().err == "half a letter: \ufffd"


def test_blocks_may_be_nested(capfd: pytest.CaptureFixture[str]) -> None:
    with output_held():
        with output_held():
            os.write(1, b"inner")
        os.write(1, b"outer")
    os.write(1, b"after")
    assert capfd.readouterr() == ("after", "")


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="descriptors can be counted on Linux alone")
def test_no_descriptor_is_left_open() -> None:
    before = len(list(DESCRIPTORS.iterdir()))
    for _ in range(3):
        with output_held():
            os.write(1, b"noise")
        with pytest.raises(RuntimeError):
            fail(b"noise", b"noise")
    assert len(list(DESCRIPTORS.iterdir())) == before


def test_what_python_printed_before_and_after_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    program = (
        "import os\n"
        "from zoobench.system.native import output_held\n"
        "print('before')\n"
        "with output_held():\n"
        "    print('within')\n"
        "    os.write(1, b'noise')\n"
        "print('after')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("before\nafter\n", "")
