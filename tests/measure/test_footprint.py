"""Is what this process holds told as the system tells it, and nothing made up where it does not?"""

import mmap
import sys
from pathlib import Path

import psutil
import pytest

from zoobench.measure import footprint as module
from zoobench.measure.footprint import Footprint, footprint, peak_rss_bytes

STATUS = "Name:\tpython\nVmHWM:\t   54321 kB\nVmRSS:\t   12345 kB\nRssAnon:\t    2345 kB\nThreads:\t3\n"


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Linux's file is looked for: there is none yet."""
    monkeypatch.setattr(module, "_STATUS", tmp_path / "status")
    return tmp_path / "status"


def test_memory_and_threads_are_what_linux_says(status: Path) -> None:
    status.write_text(STATUS)
    held = Footprint(rss_bytes=12345 * 1024, peak_rss_bytes=54321 * 1024, anonymous_bytes=2345 * 1024, threads=3)
    assert footprint() == held
    assert peak_rss_bytes() == held.peak_rss_bytes


def test_a_line_that_linux_does_not_have_is_none(status: Path) -> None:
    status.write_text(STATUS.replace("RssAnon", "Shared"))
    assert footprint().anonymous_bytes is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells all of it")
def test_it_is_what_another_program_sees_of_this_process() -> None:
    before, seen, after = footprint(), psutil.Process(), footprint()
    assert before.rss_bytes is not None
    assert after.rss_bytes is not None
    assert seen.memory_info().rss == pytest.approx(after.rss_bytes, rel=0.02)
    assert seen.num_threads() == before.threads == after.threads


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells all of it")
def test_the_peak_stays_when_the_memory_is_given_back() -> None:
    held = mmap.mmap(-1, 64 << 20)  # what is closed goes back to the system, which an allocator may keep
    held[::4096] = b"x" * len(range(0, len(held), 4096))
    full = footprint()
    held.close()
    after = footprint()
    assert after.peak_rss_bytes is not None
    assert after.rss_bytes is not None
    assert full.rss_bytes is not None
    assert full.rss_bytes - after.rss_bytes > 60 << 20
    assert after.peak_rss_bytes >= full.rss_bytes * 0.98


@pytest.mark.usefixtures("status")
def test_elsewhere_the_peak_of_memory_is_asked_of_the_system() -> None:
    held = footprint()
    assert held.rss_bytes is held.anonymous_bytes is held.threads is None
    assert held.peak_rss_bytes is not None
    assert 10_000_000 < held.peak_rss_bytes < 100_000_000_000


@pytest.mark.usefixtures("status")
def test_the_peak_of_memory_is_none_where_nothing_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    assert peak_rss_bytes() is None
