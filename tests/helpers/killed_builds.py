"""Builds that are killed at random moments: a program of its own, so that TensorFlow is imported once for all of them.

Each build is a fork that makes real models as `zoobench build` does. Usage: killed_builds.py FOLDER KILLS SEED
"""

import json
import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path

from runs import SMALL_BUILD
from zoobench.build.assembly import make_models
from zoobench.matrix.variants import find_variant
from zoobench.run.plan import make_plan
from zoobench.run.workshop import open_workshop

MADE = ("keras", "float32", "dynamic_range", "integer_only", "int16x8")
"""One of each kind: the classifier, its file, quantized ones without and with calibration."""


def build(artifacts: Path) -> None:
    names = (flag.removeprefix("--zoo-") for flag in SMALL_BUILD[::2])
    plan = make_plan({**dict(zip(names, SMALL_BUILD[1::2], strict=True)), "artifacts": str(artifacts)})
    make_models(open_workshop(plan, plan.cells).request(plan.cells[0]), tuple(map(find_variant, MADE)))


def forked_build(artifacts: Path) -> int:
    """Returns the process id of a build; its output goes into a file beside the store."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        log = os.open(artifacts.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(log, stream)
        build(artifacts)
        status = 0
    finally:
        os._exit(status)


def ended_before(process: int, *, seconds: float) -> bool:
    """Waits for a build, kills it after some seconds, and tells whether it had ended well before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            if status:
                sys.exit(f"a build failed with status {status}")
            return True
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return not os.WIFSIGNALED(status)


def main(folder: Path, kills: int, seed: int) -> None:
    """Makes `undisturbed` whole, then stores that are killed, each until it is whole; prints what happened as JSON."""
    started = time.monotonic()
    ended_before(forked_build(folder / "undisturbed"), seconds=600)
    whole = time.monotonic() - started
    chance = random.Random(seed)
    stores, moments = [folder / "killed-0"], []
    numbers = count(1)
    parts = chance.sample(range(kills), kills)  # one kill in each, so that few of them reach every phase
    while len(moments) < kills:
        part = parts[len(moments)] + chance.random()
        moment = part / kills * whole / 2  # half, so that a store takes several kills before it is whole
        if ended_before(forked_build(stores[-1]), seconds=moment):
            stores.append(folder / f"killed-{next(numbers)}")
        else:
            moments.append(moment)
    ended_before(forked_build(stores[-1]), seconds=600)
    print(json.dumps({"whole": whole, "moments": moments, "stores": [str(store) for store in stores]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
