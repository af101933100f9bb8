"""Does `kill -9` at any moment leave a store that the next run continues to the same result?"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import killed_builds
from runs import SMALL_BUILD, environment, plain, zoobench
from zoobench.store.inventory import damages, products, remnants
from zoobench.store.product import MAKING

KILLS = 10
RUNS_KILLED = 2
SEED = 20
EVERYTHING = (*SMALL_BUILD, "--zoo-variants", ",".join(killed_builds.MADE))
PROGRAM = Path(killed_builds.__file__)
pytestmark = pytest.mark.slow


def content(artifacts: Path) -> dict[str, Any]:
    """Returns the hash of every file of every product, with what determined it and what came of it but for the time."""
    found = {}
    for entry in products(artifacts):
        assert entry.manifest is not None, entry
        found[entry.name] = (entry.manifest.files, entry.manifest.inputs, untimed(entry.manifest.facts))
    return found


def untimed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what came of a product without how long its training took, which is each store's own."""
    history = facts.get("history")
    return {**facts, "history": {**history, "seconds": None} if history else history}


def assert_whole(artifacts: Path) -> None:
    assert list(damages(products(artifacts), on_file=lambda _name: None)) == []
    assert remnants(artifacts) == ()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.fixture(scope="module")
def outcome(folder: Path) -> dict[str, Any]:
    """What came of an undisturbed build and of builds that were killed."""
    surroundings = environment(folder)
    surroundings["PYTHONPATH"] = os.pathsep.join([str(PROGRAM.parent.parent), surroundings.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), str(KILLS), str(SEED)],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_builds_killed_at_random_moments_come_to_the_same_products(folder: Path, outcome: dict[str, Any]) -> None:
    assert len(outcome["moments"]) == KILLS
    expected = content(folder / "undisturbed")
    # pixels, features model, features, head, calibration images, reference; and what a quantizer refuses to make
    assert len(expected) >= 6 + len(killed_builds.MADE)
    for store in map(Path, outcome["stores"]):
        assert content(store) == expected
        assert_whole(store)


def test_no_kill_leaves_anything_that_is_taken_for_damage(outcome: dict[str, Any]) -> None:
    for store in map(Path, outcome["stores"]):
        assert "damaged" not in store.with_suffix(".log").read_text()


def test_kills_meet_work_that_is_begun_and_not_finished(outcome: dict[str, Any]) -> None:
    """Else the test above proves nothing: stores took several builds each."""
    assert len(outcome["stores"]) - 1 <= KILLS / 2


def killed_run(artifacts: Path, chance: random.Random) -> None:
    """Runs `zoobench build` in a process group of its own and kills all of it while it is making something."""
    command = [sys.executable, "-m", "zoobench", "build", *plain(*EVERYTHING), "--artifacts", str(artifacts)]
    running = subprocess.Popen(
        command,
        cwd=artifacts.parent,
        env=environment(artifacts.parent),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    before = set(artifacts.glob(f"*/{MAKING}*"))
    while running.poll() is None and not set(artifacts.glob(f"*/{MAKING}*")) - before:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.3))
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL


def test_whole_runs_that_are_killed_are_continued_by_the_next(folder: Path, outcome: dict[str, Any]) -> None:
    assert outcome["stores"]
    artifacts, chance = folder / "runs" / "artifacts", random.Random(SEED)
    artifacts.parent.mkdir()
    for _ in range(RUNS_KILLED):
        killed_run(artifacts, chance)
    done = zoobench("build", *plain(*EVERYTHING), "--artifacts", str(artifacts), folder=artifacts.parent)
    assert done.returncode == 0, done.stderr
    assert "damaged" not in done.stderr
    assert content(artifacts) == content(folder / "undisturbed")
    assert_whole(artifacts)
