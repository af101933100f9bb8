"""Does a worker take its turns as asked, time one invocation of each, and wait no more than it is told to?"""

import json
import math
import mmap
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any, cast

import psutil
import pytest

from elsewhere import IS_LINUX
from fakes import MILLISECOND, FakeClock, ScriptedSession, opening, write_samples
from measuring import ScriptedWorker
from packages import put
from zoobench.errors import MeasurementError
from zoobench.matrix.interface import Interface
from zoobench.measure import worker
from zoobench.measure.runtimes import Session
from zoobench.measure.worker import Bench, RemoteBench, first_patience, footprint, later_patience

TICK = 1000
"""Nanoseconds that pass at each reading of the clock."""


class TickingClock(FakeClock):
    """A clock on which something can be waited for."""

    def __call__(self) -> int:
        self.advance(TICK)
        return self.now


class Scene:
    """A bench whose models are scripted, on a clock of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
        self.clock = clock
        self.log: list[str] = []
        self.bench = Bench(clock=clock)
        self.pixels = write_samples(folder, [0, 0, 0, 0]).path
        self.interfaces: list[Interface | None] = []
        self._sessions: dict[str, AbstractContextManager[Session]] = {}
        monkeypatch.setattr(worker, "open_session", self._open)

    def open(
        self,
        name: str,
        durations: Sequence[int] = (),
        *,
        takes: int = 0,
        asked: Mapping[str, Any] = MappingProxyType({}),
        **changes: Any,
    ) -> dict[str, Any]:
        """Has a model opened that takes these nanoseconds, invocation by invocation."""
        known = {"name": name, "log": self.log, "clock": self.clock, "durations": durations}
        self._sessions[f"{name}.tflite"] = opening(ScriptedSession([[1.0]] * 4, **known, **changes), duration=takes)()
        request = {"do": "open", "name": name, "path": f"{name}.tflite", "runtime": "litert", "threads": 2}
        return self.bench.answer({**request, **asked})

    def turns(
        self, *turns: tuple[str, int], slowdown: dict[str, float] | None = None, settle: bool = True
    ) -> dict[str, Any]:
        pixels = str(self.pixels)
        asked = {"do": "turns", "turns": turns, "pixels": pixels, "settle": settle, "slowdown": slowdown or {}}
        return self.bench.answer(json.loads(json.dumps(asked)))

    def _open(
        self, path: Path, *, runtime: str, threads: int, interface: Interface | None
    ) -> AbstractContextManager[Session]:
        self.log.append(f"open_session({path}, {runtime}, {threads})")
        self.interfaces.append(interface)
        return self._sessions[str(path)]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch, FakeClock())


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The same on a clock that ticks."""
    return Scene(tmp_path, monkeypatch, TickingClock())


def test_opening_is_timed_and_takes_the_runtime_and_its_threads(scene: Scene) -> None:
    assert scene.open("a", takes=3 * MILLISECOND) == {"initialization_seconds": 0.003}
    assert scene.log == ["open_session(a.tflite, litert, 2)", "a.open"]


def test_what_a_model_is_taken_as_reaches_the_process_that_opens_it(scene: Scene) -> None:
    taken_as = Interface(taken_as="classifier", pixels="0..1", scores="logits", order=(1, 0))
    scene.open("a")
    scene.open("b", asked={"interface": json.loads(json.dumps(taken_as.identity))})
    assert scene.interfaces == [None, taken_as]


@pytest.mark.parametrize(("settle", "taken"), [(True, 7), (False, 50)])
def test_a_turn_loads_its_image_settles_if_it_is_to_and_times_one_invocation(
    scene: Scene, settle: bool, taken: int
) -> None:
    scene.open("a", [50, 7], load_duration=MILLISECOND)
    assert scene.turns(("a", 2), settle=settle) == {"nanoseconds": [taken], "injected_nanoseconds": [0]}
    assert scene.log[2:] == ["a.load(2)", "a.invoke", *(["a.invoke"] if settle else [])]


def test_turns_are_taken_in_the_order_in_which_they_are_asked_for(scene: Scene) -> None:
    scene.open("a", [50, 1, 50, 2])
    scene.open("b", [60, 3, 60, 4])
    scene.log.clear()
    assert scene.turns(("a", 0), ("b", 0), ("b", 3), ("a", 3))["nanoseconds"] == [1, 3, 4, 2]
    assert [entry for entry in scene.log if "load" in entry] == ["a.load(0)", "b.load(0)", "b.load(3)", "a.load(3)"]


def test_an_injected_wait_is_a_share_of_the_median_of_the_models_own_invocations(waiting: Scene) -> None:
    own = [2, 9, 4, 6]
    waiting.open("a", [taken * MILLISECOND for one in own for taken in (0, one)])
    waiting.open("b", [0, 100 * MILLISECOND] * 4)
    both = [turn for row in range(4) for turn in (("a", row), ("b", row))]
    found = waiting.turns(*both, slowdown={"a": 0.5})
    waits = [0] + [median(own[:known]) * MILLISECOND / 2 for known in (1, 2, 3)]
    assert found["injected_nanoseconds"][::2] == pytest.approx(waits, abs=TICK)
    expected = [one * MILLISECOND + wait for one, wait in zip(own, waits, strict=True)]
    assert found["nanoseconds"][::2] == pytest.approx(expected, abs=5 * TICK)
    assert found["nanoseconds"][1::2] == [100 * MILLISECOND + TICK] * 4
    assert found["injected_nanoseconds"][1::2] == [0] * 4


def test_the_wait_follows_the_latest_32_invocations_and_not_what_was_waited(waiting: Scene) -> None:
    waiting.open("a", [0, 9 * MILLISECOND] * 32 + [0, MILLISECOND] * 33)
    found = waiting.turns(*[("a", 0)] * 65, slowdown={"a": 0.5})["injected_nanoseconds"]
    assert found[:33] == [0, *[pytest.approx(4.5 * MILLISECOND, abs=TICK)] * 32], "nothing is known at first"
    assert found[64] == pytest.approx(0.5 * MILLISECOND, abs=TICK)


def test_closing_closes_that_model_alone_and_forgets_its_times(waiting: Scene) -> None:
    waiting.open("a", [0, MILLISECOND])
    waiting.open("b", [1, 1])
    waiting.turns(("a", 0))
    assert waiting.bench.answer({"do": "close", "name": "a"}) == {}
    assert waiting.log[-1] == "a.close"
    assert waiting.turns(("b", 0))["nanoseconds"] == [1 + TICK]
    waiting.open("a", [0, MILLISECOND])
    assert waiting.turns(("a", 0), slowdown={"a": 0.5})["injected_nanoseconds"] == [0]


def test_an_unknown_request_lists_the_known_ones(scene: Scene) -> None:
    with pytest.raises(MeasurementError, match="unknown request 'stop'; known are import, open, turns, footprint"):
        scene.bench.answer({"do": "stop"})


@pytest.mark.parametrize("content", [None, b"no images"])
def test_images_that_cannot_be_read_are_named(scene: Scene, content: bytes | None) -> None:
    scene.open("a")
    scene.pixels.unlink()
    if content:
        scene.pixels.write_bytes(content)
    with pytest.raises(MeasurementError, match=r"cannot read the images .*pixels\.npy"):
        scene.turns(("a", 0))


def test_after_a_failed_inference_the_next_request_is_answered(scene: Scene) -> None:
    scene.open("a", failures={1: MeasurementError("the model failed")})
    with pytest.raises(MeasurementError, match="the model failed"):
        scene.turns(("a", 1))
    assert len(scene.turns(("a", 0))["nanoseconds"]) == 1


def test_a_runtime_is_imported_before_a_file_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    monkeypatch.setattr(worker, "import_runtime", imported.append)
    assert Bench().answer({"do": "import", "runtime": "litert"}) == {}
    assert imported == ["litert"]


def test_a_runtime_that_is_unknown_lists_the_known_ones() -> None:
    with pytest.raises(MeasurementError, match="unknown runtime: abacus; known are litert, keras"):
        Bench().answer({"do": "import", "runtime": "abacus"})


def test_importing_a_runtime_that_a_package_adds_tells_the_versions_that_it_stands_on(
    scene: Scene, beside_us: Path
) -> None:
    row = """from zoobench.matrix.runtimes import Runtime
FAST = Runtime(name="fast", module="fast_sessions", packages=(), libraries=("pytest",), install="fast")"""
    modules = {"fast_runtime.py": row, "fast_sessions.py": "def open_session(path, *, threads): ..."}
    put(beside_us, "zoobench-fast", entry_points={"zoobench.runtimes": "fast = fast_runtime:FAST"}, modules=modules)
    libraries = scene.bench.answer({"do": "import", "runtime": "fast"})["libraries"]
    assert (libraries["pytest"], libraries["zoobench-fast"]) == (pytest.__version__, "1.0")
    assert scene.bench.answer({"do": "import", "runtime": "litert"}) == {}


STATUS = "Name:\tpython\nVmHWM:\t   54321 kB\nVmRSS:\t   12345 kB\nRssAnon:\t    2345 kB\nThreads:\t3\n"


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Linux's file is looked for: there is none yet."""
    monkeypatch.setattr(worker, "_STATUS", tmp_path / "status")
    return tmp_path / "status"


def test_memory_and_threads_are_what_linux_says_and_a_line_that_it_does_not_have_is_none(status: Path) -> None:
    status.write_text(STATUS)
    held = {"rss_bytes": 12345 * 1024, "peak_rss_bytes": 54321 * 1024, "anonymous_bytes": 2345 * 1024, "threads": 3}
    assert Bench().answer({"do": "footprint"}) == held
    status.write_text(STATUS.replace("RssAnon", "Shared"))
    assert footprint() == held | {"anonymous_bytes": None}


@pytest.mark.skipif(not IS_LINUX, reason="only Linux tells all of it")
def test_it_is_what_another_program_sees_of_this_process() -> None:
    before, seen, after = footprint(), psutil.Process(), footprint()
    assert before["rss_bytes"] is not None
    assert after["rss_bytes"] is not None
    assert seen.memory_info().rss == pytest.approx(after["rss_bytes"], rel=0.02)
    assert seen.num_threads() == before["threads"] == after["threads"]


@pytest.mark.skipif(not IS_LINUX, reason="only Linux tells all of it")
def test_the_peak_stays_when_the_memory_is_given_back() -> None:
    held = mmap.mmap(-1, 64 << 20)  # what is closed goes back to the system, which an allocator may keep
    held[::4096] = b"x" * len(range(0, len(held), 4096))
    full = footprint()
    held.close()
    after = footprint()
    assert after["peak_rss_bytes"] is not None
    assert after["rss_bytes"] is not None
    assert full["rss_bytes"] is not None
    assert full["rss_bytes"] - after["rss_bytes"] > 60 << 20
    assert after["peak_rss_bytes"] >= full["rss_bytes"] * 0.98


@pytest.mark.usefixtures("status")
def test_elsewhere_the_peak_of_memory_is_asked_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    held = footprint()
    assert held["rss_bytes"] is held["anonymous_bytes"] is held["threads"] is None
    assert held["peak_rss_bytes"] is not None
    assert 10_000_000 < held["peak_rss_bytes"] < 100_000_000_000
    monkeypatch.setitem(sys.modules, "resource", None)
    assert footprint()["peak_rss_bytes"] is None


def test_a_process_is_given_what_a_file_takes_to_run_first_but_no_more_than_is_left(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(bytes(3_000_000))
    assert (first_patience(path, runtime="litert"), first_patience(path, runtime="keras")) == (23, 123)
    assert later_patience(0.5) == 30
    scripted = ScriptedWorker({"a": 1})
    for seconds in (math.inf, 10.0, 0.0):
        bench = RemoteBench(cast(Any, scripted), {}, seconds=seconds)
        bench.open("a", path, runtime="litert", threads=1)
        bench.turns([("a", 0)], tmp_path / "pixels.npy", settle=True)
    assert scripted.patience == pytest.approx([23, 23, 10, 10, 5, 5], abs=0.5)
