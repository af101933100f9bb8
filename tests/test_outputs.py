"""Do the commands print what they always printed? Kept outputs of kept files, compared letter by letter.

What is meant to change is kept anew by `ZOOBENCH_KEEP_OUTPUTS=1 pytest tests/test_outputs.py`; then read what differs.

The results in `data/stored` are of real runs of MobileNet 0.25, made neutral:
    workbench: five variants on two runtimes, with training curves.
    candidate: The same machine later, calibrated on two images; its `dynamic_range` was made slower by 40 %.
    board: The same files on a machine whose environment and times are made up.
    refusals: Random weights, two backbones, cells that a runtime refuses, on a machine that was busy otherwise.
    plain: A file of pytest-benchmark alone.
"""

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from zoobench.cli import main

INPUTS = Path(__file__).parent / "data" / "stored"
KEPT = INPUTS.parent / "outputs"
ENDS = KEPT / "ends.json"
"""The status and the lines on stderr that each command ended with."""
ENVIRONMENT = {
    "COLUMNS": None,
    "NO_COLOR": "1",
    "FORCE_COLOR": None,
    "TERM": "dumb",
    "GITHUB_STEP_SUMMARY": "summary.md",
}
STORED = "gate --baseline main --method stored"
NOISE = "noise workbench.json --times 0 --resample 50 --cells '*-dynamic_range-*' --cells '*-integer_only-*'"
EVERYWHERE = '--max-latency-p50 "6 ms" --max-size "1 MB" --max-drop "20 pp"'
LIMITS = '--max-latency-p90 "5 ms" --max-size "1 MB" --max-drop "20 pp"'
LAYERS = "layers integer_only.tflite --float float32.tflite --images images.npy --samples 3 --worst 2"
HELD = {
    # whole runs
    "show-workbench.txt": "show workbench.json",
    "show-workbench.md": "show workbench.json --format markdown",
    "show-workbench.csv": "show workbench.json --format csv",
    "show-board.txt": "show board.json",
    "show-refusals.txt": "show refusals.json",
    "show-baseline.txt": "show artifacts/baselines/main.json",
    "show-plain.txt": "show plain.json",
    "show-missing.txt": "show missing.json",
    # comparisons
    "compare.txt": "compare workbench.json candidate.json",
    "compare.md": "compare workbench.json candidate.json --format markdown",
    "compare.csv": "compare workbench.json candidate.json --format csv",
    "compare.json": "compare workbench.json candidate.json --format json",
    "compare.html": "compare workbench.json candidate.json --format html",
    "compare-output.md": "compare workbench.json candidate.json --format markdown -o out",
    "compare-seed.txt": "compare workbench.json candidate.json --seed 1",
    "compare-more.txt": "compare workbench.json candidate.json board.json artifacts/baselines/main.json",
    "compare-more.json": "compare workbench.json candidate.json board.json --format json",
    "compare-refusals.txt": "compare refusals.json workbench.json",
    "compare-same.txt": "compare refusals.json refusals.json",
    "compare-plain.txt": "compare plain.json workbench.json",
    "compare-plain.md": "compare plain.json plain.json --format markdown",
    "compare-folders.txt": "compare runs candidate.json",
    "machines.txt": "compare --across-machines workbench.json board.json",
    "machines.md": "compare --across-machines workbench.json board.json --format markdown",
    "machines.csv": "compare --across-machines workbench.json board.json --format csv",
    "machines.json": "compare --across-machines workbench.json board.json --format json",
    "machines-three.txt": "compare --across-machines workbench.json board.json refusals.json",
    "machines-same.txt": "compare --across-machines workbench.json candidate.json",
    # gates
    "gate.txt": f"{STORED} --candidate candidate.json",
    "gate.md": f"{STORED} --candidate candidate.json --format markdown",
    "gate.json": f"{STORED} --candidate candidate.json --format json",
    "gate.html": f"{STORED} --candidate candidate.json --format html",
    "gate.csv": f"{STORED} --candidate candidate.json --format csv",
    "gate-github.txt": f"{STORED} --candidate candidate.json --format github",
    "gate-same.txt": f"{STORED} --candidate workbench.json",
    "gate-unknown-noise.txt": f"{STORED} --candidate candidate.json --artifacts no".replace("main", "workbench.json"),
    "gate-tolerances.txt": f"{STORED} --candidate candidate.json --cells '*-litert-*' --tolerance latency_p50=60% "
    "--tolerance '*-integer_only-*:size=1%' --tolerance top1=2points",
    "gate-machines.txt": f"{STORED} --candidate board.json",
    "gate-refusals.txt": "gate --baseline refusals.json --candidate refusals.json --method stored",
    "gate-foreign.txt": f"{STORED} --candidate refusals.json",
    "gate-foreign.json": f"{STORED} --candidate refusals.json --format json",
    "gate-no-baseline.txt": "gate --baseline other --candidate candidate.json --method stored",
    "gate-no-baseline-github.txt": "gate --baseline other --candidate candidate.json --method stored --format github",
    "gate-no-files.txt": "gate --baseline main --candidate candidate.json --method replay",
    "gate-no-such-cell.txt": f"{STORED} --candidate candidate.json --cells 'vgg*'",
    # baselines
    "baseline-list.txt": "baseline list",
    "baseline-list-none.txt": "baseline list --artifacts no",
    "baseline-show.txt": "baseline show main",
    "baseline-show-none.txt": "baseline show other",
    "baseline-diff.txt": "baseline diff main candidate.json",
    "baseline-diff-board.txt": "baseline diff main board.json",
    "baseline-diff-refusals.txt": "baseline diff main refusals.json",
    "baseline-save.txt": "baseline save next --from candidate.json",
    "baseline-save-again.txt": "baseline save main --from candidate.json",
    "baseline-save-refusals.txt": "baseline save odd --from refusals.json",
    # choices
    "recommend.txt": "recommend workbench.json",
    "recommend.md": "recommend workbench.json --format markdown",
    "recommend.json": "recommend workbench.json --format json",
    "recommend.html": "recommend workbench.json --format html",
    "recommend.csv": "recommend workbench.json --format csv",
    "recommend-limits.txt": f"recommend workbench.json {LIMITS} --prefer size,latency_p50",
    "recommend-limits.md": f"recommend workbench.json {LIMITS} --prefer size,latency_p50 --format markdown",
    "recommend-limits.json": f"recommend workbench.json {LIMITS} --prefer size,latency_p50 --format json",
    "recommend-may.txt": 'recommend workbench.json --min-top1 "65 %" --max-latency-p50 "0.72 ms" --max-memory "60 MB"',
    "recommend-none.txt": 'recommend workbench.json --max-size "10 kB" --max-quantization-drop "1 pp"',
    "recommend-machines.txt": f"recommend workbench.json board.json {EVERYWHERE}",
    "recommend-machines.md": f"recommend workbench.json board.json {EVERYWHERE} --format markdown",
    "recommend-machines.json": f"recommend workbench.json board.json {EVERYWHERE} --format json",
    "recommend-runs.txt": 'recommend runs --max-drop "5 pp" --confidence "80 %"',
    "recommend-refusals.txt": 'recommend refusals.json --max-latency-p50 "1 ms"',
    "recommend-two-files.txt": "recommend workbench.json candidate.json",
    "recommend-plain.txt": "recommend plain.json",
    "recommend-bad-limit.txt": 'recommend workbench.json --max-size "5 ms"',
    # reports
    "report.html": f"report workbench.json --baseline candidate.json {LIMITS} -o out",
    "report.md": f"report workbench.json --baseline candidate.json {LIMITS} --format markdown",
    "report-refusals.md": "report refusals.json --format markdown",
    "report-board.md": 'report board.json --format markdown --baseline main --min-top1 "99 %" -o out',
    "report-plain.txt": "report plain.json",
    # gates of identical files
    "noise.txt": f"{NOISE} --tolerance latency_p50=5%",
    "noise.json": f"{NOISE} --tolerance latency_p50=5% --format json --false-alarm-rate 5%",
    "noise-none.txt": f"{NOISE} --tolerance latency_p50=3%",
    # files, kits, stores, tables
    "inspect.txt": "inspect integer_only.tflite --as integer_only",
    "inspect.json": "inspect integer_only.tflite --format json",
    "inspect.md": "inspect integer_only.tflite --format markdown",
    "inspect.html": "inspect float32.tflite --as integer_only --format html",
    "inspect.csv": "inspect integer_only.tflite --format csv",
    "inspect-float.txt": "inspect float32.tflite",
    "inspect-violations.txt": "inspect float32.tflite --as integer_only",
    "inspect-no-model.txt": "inspect plain.json",
    "layers.txt": LAYERS,
    "layers.md": f"{LAYERS} --format markdown",
    "layers-no-float.txt": "layers integer_only.tflite --images images.npy",
    "kit-show.txt": "kit show kit.zip",
    "kit-show.json": "kit show kit.zip --format json",
    "kit-show.csv": "kit show kit.zip --format csv",
    "kit-show-no-kit.txt": "kit show plain.json",
    "store-list.txt": "store list --artifacts no",
    "store-verify.txt": "store verify --artifacts no",
    "store-prune.txt": "store prune --artifacts no --keep-days 30",
    "store-path.txt": "store path mobilenet --artifacts no",
    "crosscheck-no-cell.txt": "crosscheck mobilenet-float32-litert-t1 --artifacts no",
    "extensions.txt": "extensions",
    "backbones.txt": "backbones",
    "backbones.csv": "backbones --format csv",
    # help
    **{
        f"help-{name.replace(' ', '-')}.txt": f"{name} --help"
        for name in (
            *("backbones", "baseline", "baseline diff", "baseline list", "baseline save", "baseline show"),
            *(
                "build",
                "compare",
                "data",
                "data fetch",
                "data preview",
                "export",
                "layers",
                "extensions",
                "gate",
                "inspect",
            ),
            *(
                "kit",
                "kit export",
                "kit run",
                "kit show",
                "noise",
                "crosscheck",
                "recommend",
                "report",
                "run",
                "runs",
                "show",
            ),
            *("store", "store list", "store path", "store prune", "store verify"),
        )
    },
    "help.txt": "--help",
}
"""What is run, by the name of the file that its output is kept in; `no` is a folder that is not there."""
OF_BUILDING = ("inspect", "layers", "backbones")
"""What begins so needs TensorFlow or what comes with it."""
KEEPING = os.environ.get("ZOOBENCH_KEEP_OUTPUTS", "") == "1"

Shown = tuple[str, dict[str, Any]]


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the kept files to work in, with A/A gates where this machine's are looked for."""
    folder = tmp_path / "desk"
    shutil.copytree(INPUTS, folder)
    (folder / "runs").mkdir()
    (folder / "artifacts/aa").mkdir()
    shutil.copy(folder / "workbench.json", folder / "runs" / "1.json")
    monkeypatch.chdir(folder)
    if request.node.name.startswith("test_output_is_as_kept[noise"):
        found = re.search(r"artifacts/aa/(\S+) holds no gates", CliRunner().invoke(main, shlex.split(NOISE)).stderr)
        assert found, "the folder of this machine's gates"
        shutil.move(folder / "gates", folder / "artifacts/aa" / found[1])


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("name", HELD)
def test_output_is_as_kept(name: str) -> None:
    if name.startswith(OF_BUILDING) and find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    text, end = ran(HELD[name])
    if KEEPING:
        keep(name, text, end)
    assert end == json.loads(ENDS.read_text())[name]
    assert text == ((KEPT / name).read_text() if (KEPT / name).exists() else "")


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("name", ["show-refusals", "compare", "gate", "machines", "recommend"])
def test_tables_fit_a_terminal(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "COLUMNS", str(width))
    printed = ran(HELD[f"{name}.txt"])[0].splitlines()
    rules = [len(line) for line in printed if line.startswith("──")]
    assert 0 < max(rules) <= width
    is_fitted = any(f"for which {width} columns are too few" in line for line in printed)
    assert is_fitted or width > 80


def test_every_command_is_held() -> None:
    assert {f"help-{name}.txt" for name in commands(main)} <= HELD.keys()


def test_every_kept_output_is_of_something() -> None:
    assert {path.name for path in KEPT.iterdir()} - {ENDS.name} <= HELD.keys() == json.loads(ENDS.read_text()).keys()


def ran(command: str) -> Shown:
    """Runs a command; returns what it showed or wrote, and how it ended."""
    done = CliRunner().invoke(main, shlex.split(command), env=ENVIRONMENT, prog_name="zoobench")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    written = "".join(path.read_text() for path in (Path("out"), Path("summary.md")) if path.exists())
    return steady(done.stdout + written), {"status": done.exit_code, "stderr": steady(done.stderr)}


def steady(text: str) -> str:
    """Returns an output without what differs by clock, version, folder, machine and the last digits of processors."""
    text = re.sub(r"\bin \d+(\.\d+)? s\b", "in N s", text.replace(str(Path.cwd()), "."))
    text = re.sub(r'(?m)^( {1,2}"seconds": )[\d.e-]+$', r"\1N", text)
    text = re.sub(r"\d+\.\d{9,}(e-\d+)?", lambda number: f"{float(number[0]):.9g}", text)
    text = re.sub(r"(ritten by zoobench |content=\"zoobench )\d+\.\d+\.\d+", r"\1VERSION", text)
    return re.sub(r"artifacts/aa/[\w-]+ holds", "artifacts/aa/MACHINE holds", text)


def keep(name: str, text: str, end: dict[str, Any]) -> None:
    """Keeps an output instead of what was kept of it; one of nothing has no file."""
    KEPT.mkdir(exist_ok=True)
    (KEPT / name).unlink(missing_ok=True)
    if text:
        (KEPT / name).write_text(text)
    ends = json.loads(ENDS.read_text()) if ENDS.exists() else {}
    ends = {one: ends[one] for one in HELD if one in ends} | {name: end}
    ENDS.write_text(json.dumps(dict(sorted(ends.items())), indent=1, ensure_ascii=False) + "\n")


def commands(group: click.Group, prefix: str = "") -> Iterator[str]:
    """Yields the commands of a group and of the groups in it, a dash between names."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield prefix + name
        yield from commands(command, f"{prefix}{name}-") if isinstance(command, click.Group) else ()
