"""Where are the commands of the documents run, what is made small for them there, and what cannot be run at all?"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runs import ROOT

CLASSES, PHOTOS_OF_EACH = 10, 30

BUILDING = (
    "--zoo-data ~/photos --zoo-calibration 8"
    " --zoo-backbones mobilenet --zoo-variants float32,float_fallback,integer_only"
)
"""What is built for the documents, beside their own options; `--zoo-weights` comes to it."""
MEASURING = "--zoo-rounds 6 --zoo-processes 1 -p no:cacheprovider -p no:hypothesispytest"
GATING = "--zoo-gate-seconds 2 --zoo-gate-cells *-integer_only-*"

SMALLER = (
    # pytest's own options stand in PYTEST_ADDOPTS, so that those of a document win over them
    ("zoobench build ", "zoobench build {building} "),
    ("zoobench kit export KIT.zip ", "zoobench kit export KIT.zip {building} "),
    ("zoobench kit run ", f"PYTEST_ADDOPTS='{MEASURING}' zoobench kit run "),  # the kit decides what is built
    ("zoobench gate ", "zoobench gate --seconds 2 --cells '*-integer_only-*' "),
    ("zoobench noise --times 40 ", "zoobench noise --times 1 --seconds 2 "),
    ("--cells '*-litert-*'", "--cells '*-integer_only-*'"),
    ("--turns 10 ", "--turns 2 --seconds 0.1 "),
    ("--zoo-rounds 200", "--zoo-rounds 70"),
)
"""What takes minutes in a document, and what is run instead: the same code for seconds."""

OPEN = (
    (r"zoobench gate |--zoo-gate ", (3, 13), "a busy machine may leave it open in so few seconds"),
    (r"zoobench recommend ", (0, 1, 3), "few photos and rounds on a busy machine leave open what a real run settles"),
    (r"zoobench crosscheck ", (1, 3), "two turns of a tenth of a second are too few to agree in"),
)
"""Commands that may end with another status than the document's, and why."""
OPEN_ON_RANDOM_WEIGHTS = (
    (r"zoobench gate ", (0, 3), "top-1 is not judged there"),
    (r"zoobench layers ", (2,), "LiteRT's own kernels may refuse the scales that they give"),
)
"""The same where there are no real ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Commands that are not run: a pattern that is the whole of them, and why not."""

    pattern: str
    reason: str


ELSEWHERE = (
    Elsewhere(
        pattern=r"python3 -m venv \.venv && \.venv/bin/pip install -e '\.\[(build|test)\]' && .*",
        reason="makes an environment from the package index, and runs all that follows in it: .ci/run does just that",
    ),
    Elsewhere(
        pattern=r"(python -m venv \.venv-old)?( && )?(\.venv-old/bin/pip install .*)?",
        reason="takes another LiteRT from the package index; a Python of this environment stands in for its own",
    ),
    Elsewhere(
        pattern=r"pip wheel --no-deps \.|pip install \./zoobench-[\d.]+-py3-none-any\.whl",
        reason="makes and installs the wheel of a checkout: test_device_install.py does both",
    ),
    Elsewhere(
        pattern=r"pip install \./zoobench-tinynet .*|pytest bench/ --zoo-backbones tinynet .*",
        reason="installs the packages that its document shows beside everything else: test_extending.py does both",
    ),
    Elsewhere(
        pattern=r"pip install '\./vendor/zoobench\[build\]'",
        reason="is of a checkout in somebody's repository; test_device_install.py installs a wheel of this one",
    ),
    Elsewhere(
        pattern=r"pip install -e '\.\[\w+\]'",
        reason="is done already where tests run; that there is such an extra, test_docs.py sees to",
    ),
    Elsewhere(
        pattern=r"pip install \./zoobench-.*|pytest bench/ .*(tinynet|weight_only_int4|litert_plain).*",
        reason="takes the packages of that page; test_extending.py makes, installs and runs them",
    ),
    Elsewhere(
        pattern=r"pytest tests/ .*",
        reason="is what runs all this",
    ),
    Elsewhere(
        pattern=r"ZOOBENCH_ELSEWHERE=1 pytest tests/ .*",
        reason="runs these tests as on macOS, all of them again",
    ),
    Elsewhere(
        pattern=r"zoobench data fetch animals10",
        reason="gets 26,000 photos from Kaggle",
    ),
    Elsewhere(
        pattern=r".*/sys/devices/system/cpu/cpu(0|\*)/cpufreq/scaling_governor",
        reason="takes a processor that tells its governor, and to set it root; a rented machine has neither",
    ),
)
"""Whatever a test machine cannot do; everything else is run."""

_SCP = """#!/bin/sh
# Stands in for the network: what is copied to or from a device comes to lie in this folder.
[ "$1" = -r ] && shift
from=${1#*:}; to=${2#*:}
exec cp -rn $from "${to:-$(basename "$from").copy}"
"""
_PYTHON = f'#!/bin/sh\nexec {sys.executable} "$@"\n'


def is_elsewhere(command: str) -> bool:
    """Tells whether a command is left out by name."""
    return any(re.fullmatch(one.pattern, command) for one in ELSEWHERE)


def smaller(command: str, *, building: str) -> str:
    """Returns a command with what makes it small."""
    for long, short in SMALLER:
        command = command.replace(long, short.format(building=building.replace("--zoo-", "--")))
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A folder that is home to a document's commands, with `photos`, `bench` and what earlier runs left.

    Attributes:
        folder: It.
        weights: What `--zoo-weights` is to be: a folder of real ones, or `random`.
    """

    folder: Path
    weights: str

    @property
    def building(self) -> str:
        """The options that are built with."""
        return f"{BUILDING} --zoo-weights {self.weights}"

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command line made small, errors within a pipe counted."""
        return self._run("bash", "-o", "pipefail", "-c", smaller(command, building=self.building))

    def allowed_statuses(self, command: str, status: int) -> frozenset[int]:
        """Returns what a command may end with where the document says that it ends with a status."""
        left_open = (*OPEN, *(OPEN_ON_RANDOM_WEIGHTS if self.weights == "random" else ()))
        return frozenset(
            {status, *(one for pattern, more, _ in left_open if re.search(pattern, command) for one in more)}
        )

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Runs a block of Python."""
        return self._run(sys.executable, "-c", code)

    def write(self, name: str, text: str) -> None:
        """Writes a file that a document shows."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def copy(self, folder: Path) -> "Sandbox":
        """Returns another with the same content; its files are shared, as what is written always takes a new one."""
        shutil.copytree(self.folder, folder, copy_function=os.link, symlinks=True)
        return Sandbox(folder=folder, weights=self.weights)

    def forget(self) -> None:
        """Removes all results and what else was laid out for documents, but for photos and what is in the store."""
        kept = {"artifacts", "photos", "bench", "bin", ".venv-old", ".git", "keras"}
        for path in (self.folder / "artifacts/results", *self.folder.iterdir()):
            if path.name not in kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def _environment(self) -> dict[str, str]:
        home = str(self.folder)
        programs = os.pathsep.join((str(self.folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]))
        options = f"{self.building} {MEASURING} {GATING}".replace("~", home)
        fixed = {"HOME": home, "KERAS_HOME": f"{home}/keras", "PATH": programs, "COLUMNS": "128"}
        return {**os.environ, **fixed, "PYTEST_ADDOPTS": options}


def new_sandbox(folder: Path, *, photos: Path, weights: str) -> Sandbox:
    """Makes a sandbox with the first photos of each class, in a repository, without any results."""
    for kind in sorted(path for path in photos.iterdir() if path.is_dir())[:CLASSES]:
        (folder / "photos" / kind.name).mkdir(parents=True)
        for path in sorted(kind.iterdir())[:PHOTOS_OF_EACH]:
            shutil.copy(path, folder / "photos" / kind.name)
    shutil.copytree(ROOT / "bench", folder / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    _programs(folder, {"bin/scp": _SCP, ".venv-old/bin/python": _PYTHON})
    sandbox = Sandbox(folder=folder, weights=weights)
    assert sandbox.shell("git init --quiet").returncode == 0
    return sandbox


def lay_out(folder: Path, results: Sequence[Path]) -> None:
    """Puts results and a model under the names that documents call them by."""
    first, second = results
    for name, path in (("results.json", first), ("before.json", first), ("after.json", second), ("laptop.json", first)):
        shutil.copy(path, folder / name)
    for name, path in (("runs-before", first), ("runs-after", second)):
        (folder / name).mkdir()
        shutil.copy(path, folder / name)
    (folder / "pi5.json").write_text(_of_another_machine(second))
    (model,) = (folder / "artifacts/models").glob("mobilenet-224-float_fallback-*/model.tflite")
    for name in ("model.tflite", "float_fallback.tflite"):
        shutil.copy(model, folder / name)


def _programs(folder: Path, programs: dict[str, str]) -> None:
    for name, text in programs.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


def _of_another_machine(results: Path) -> str:
    """Returns results as if another device had measured them."""
    content = json.loads(results.read_text())
    content["zoobench"]["machine"] = "pi5"
    for benchmark in content["benchmarks"]:
        benchmark["extra_info"]["zoobench"]["environment"]["device"] = "Raspberry Pi 5"
    return json.dumps(content)
