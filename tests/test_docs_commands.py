"""Do the commands of the README and the documents run, and end and print as the documents say?"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from docsandbox import (
    ELSEWHERE,
    OPEN,
    OPEN_ON_RANDOM_WEIGHTS,
    PHOTOS_OF_EACH,
    SMALLER,
    Sandbox,
    is_elsewhere,
    lay_out,
    new_sandbox,
)
from documents import DOCUMENTS, NAMES, Block, Command, blocks, code, commands
from runs import BESIDE, ROOT, made_once, results

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

TUTORIAL = "docs/tutorial.md"
READ_FIRST = ("README.md", TUTORIAL)
"""What a new user follows, in one folder, before there are any results in it."""
BY_CHANCE = ("holds ", "open ", "nearest misses ", "on all machines ")
"""Tables of `zoobench recommend` of which a small run has some and a real one others."""
_CELL = re.compile(r"^mobilenet-[\w-]+-t\d+(?=$|\W)")
_NUMBER = re.compile(r"^[+-]?[\d.]+")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Two runs of MobileNet: on real photos and weights, or else on drawn animals kept as JPEG and random weights."""

    def make(folder: Path) -> None:
        sandbox = new_sandbox(folder, photos=_photos(tmp_path_factory), weights=_weights())
        for _ in range(2):
            done = sandbox.shell("pytest bench/ --zoo-backbones mobilenet")
            assert done.returncode == 0, done.stdout + done.stderr
        lay_out(folder, results(folder / "artifacts"))

    return Sandbox(folder=made_once(tmp_path_factory, "documents", make), weights=_weights())


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in READ_FIRST])
def test_every_command_of_a_document_does_what_the_document_says(name: str, prepared: Sandbox, tmp_path: Path) -> None:
    _follow(prepared.copy(tmp_path / "home"), name)


@pytest.mark.slow
def test_every_command_that_a_new_user_meets_works_where_the_one_before_left_off(
    prepared: Sandbox, tmp_path: Path
) -> None:
    sandbox = prepared.copy(tmp_path / "home")
    sandbox.forget()
    for name in READ_FIRST:
        _follow(sandbox, name)
    if sandbox.weights == "random":
        pytest.skip("all commands ran, but there are no real weights, and on random ones the gate does not judge top-1")


def _follow(sandbox: Sandbox, name: str) -> None:
    found, printed = blocks((ROOT / name).read_text()), ""
    for block in found:
        for command in _all_commands(block):
            if not is_elsewhere(command.text):
                printed += _run(sandbox, command, f"{name}:{command.line}")
        if block.language == "py" and block.file:
            sandbox.write(block.file, block.text)
        if block.language == "python" and not block.file:
            done = sandbox.python(block.text)
            assert done.returncode == 0, f"{name}:{block.line}\n{done.stdout}{done.stderr}"
    for head in (head for block in found for head in _heads(block)):
        assert any(_in_order(head, line) for line in printed.splitlines()), f"{name}: no table has these heads\n{head}"


def test_every_block_that_is_configuration_can_be_read() -> None:
    for block in (block for path in DOCUMENTS for block in blocks(path.read_text())):
        if block.language == "yaml":
            assert yaml.safe_load(block.text)
            _check_workflow(yaml.safe_load(block.text))
        if block.language == "toml":
            assert tomllib.loads(block.text)


def _check_workflow(content: object) -> None:
    """Fails unless what has jobs as GitHub's workflows do is whole, as GitHub's runner and its linters want it."""
    if not isinstance(content, dict) or "jobs" not in content:
        return
    assert content.keys() == {"name", True, "permissions", "jobs"}, "YAML reads `on` as true"
    assert content[True].keys() <= {"pull_request", "workflow_dispatch", "push"}
    for job in content["jobs"].values():
        assert job.keys() <= {"runs-on", "timeout-minutes", "steps"}
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            assert step.keys() <= {"run", "uses", "with", "if"}
            assert all(isinstance(one, str | bool) for one in step.get("with", {}).values())
        used = [step.get("uses", "").partition("@")[0] for step in job["steps"]]
        assert {"actions/checkout", "actions/cache", "actions/upload-artifact"} <= set(used)


def test_every_command_that_is_not_run_or_made_small_or_left_open_stands_in_a_document() -> None:
    found = (command for path in DOCUMENTS for block in blocks(path.read_text()) for command in _all_commands(block))
    every = [command.text for command in found]
    for one in ELSEWHERE:
        assert any(re.fullmatch(one.pattern, command) for command in every), f"{one.pattern} is in no document any more"
    for long, _ in SMALLER:
        assert any(long in command for command in every), f"{long} is in no document any more"
    for pattern, _, _ in (*OPEN, *OPEN_ON_RANDOM_WEIGHTS):
        assert any(re.search(pattern, command) for command in every), f"{pattern} is in no document any more"


def test_every_extra_that_a_document_installs_exists() -> None:
    known = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    named = {extra for extras in re.findall(r"(?:zoobench|\.)\[([a-z,]+)\]'", text) for extra in extras.split(",")}
    assert {"test", "build"} <= named <= known


def test_commands_are_found_with_what_they_print_and_how_they_end() -> None:
    text = "```sh\nzoobench show a  # the table\n\n# only this\nzoobench gate \\\n  --baseline b\n```\n"
    shown = "```\n$ zoobench inspect m\nm, 3 MB\n$ echo $?\n1\n$ ls\n```\n"
    sh, plain = blocks(text + shown)
    assert [command.text for command in commands(sh)] == ["zoobench show a", "zoobench gate   --baseline b"]
    first, second = commands(plain)
    assert (first.text, first.shown, first.status) == ("zoobench inspect m", ("m, 3 MB",), 1)
    assert (second.text, second.status) == ("ls", 0)
    assert code("run `pytest bench/` and\n```\nnot `this`\n```\n") == ("pytest bench/",)


def test_output_has_the_shape_that_is_shown_whatever_its_numbers() -> None:
    printed = "metric   now   by\n────\nmobilenet-float32-litert-t1\nlatency  7.5   6 processes\nsize 3 exact\n"
    assert _misfit(["metric  now", "────", "mobilenet-keras-keras-t1", "latency 4", "...", "size 9"], printed) is None
    assert _misfit(["metric  before", "────"], printed) == "metric  before"
    assert _misfit(["size 9", "latency 4"], printed) == "latency 4"


def _photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    real = BESIDE / "data/animals10"
    return real if real.is_dir() else _drawn_photos(tmp_path_factory.mktemp("drawn"))


def _drawn_photos(folder: Path) -> Path:
    """Returns a folder of drawn animals as JPEG files, a folder for each class."""
    from PIL import Image

    from zoobench.data.drawn import ANIMALS, draw

    for animal in ANIMALS:
        (folder / animal).mkdir()
        for index in range(PHOTOS_OF_EACH):
            Image.fromarray(draw(animal, seed=0, index=index)).save(folder / animal / f"{index:04}.jpg")
    return folder


def _weights() -> str:
    return str(BESIDE / "weights") if (BESIDE / "weights").is_dir() else "random"


def _all_commands(block: Block) -> tuple[Command, ...]:
    """Returns the commands of a block, and of a CI's configuration those that it runs."""
    if block.language == "yaml":
        return tuple(Command(text=text, line=block.line) for text in _steps(yaml.safe_load(block.text)))
    return commands(block)


def _steps(jobs: Any) -> Iterator[str]:
    """Yields what GitHub runs as a step, also of steps alone, and GitLab as a script; a line each."""
    for job in [{"steps": jobs}] if isinstance(jobs, list) else (jobs.get("jobs") or jobs).values():
        for step in job.get("steps", ()):
            yield from (line.partition("  #")[0].strip() for line in step.get("run", "").splitlines())
        yield from job.get("script", ())


def _run(sandbox: Sandbox, command: Command, where: str) -> str:
    """Runs a command and returns what it printed, once that and the status are known to be as the document says."""
    done = sandbox.shell(command.text)
    output = done.stdout + done.stderr
    statuses = sandbox.allowed_statuses(command.text, command.status)
    assert done.returncode in statuses, f"{where}: {command.text}: status {done.returncode}\n{output}"
    missing = _misfit(command.shown, output) if done.returncode == command.status else None
    assert missing is None, f"{where}: {command.text} prints no line like\n{missing}\nbut\n{output}"
    return output


def _heads(block: Block) -> Iterator[str]:
    """Yields the heads of tables that a block shows without the command that printed them."""
    lines = () if block.language or commands(block) else block.text.splitlines()
    for line, below in pairwise(lines):
        if below.startswith("─") and not line.startswith(BY_CHANCE):
            yield line


def _misfit(shown: Sequence[str], printed: str) -> str | None:
    """Returns the first line that is shown and not printed in that order, None if there is none.

    Lines are the same if they begin with the same word, any number being like any other and any cell like any other; of
    a table's heads the words that are shown must all be printed, in that order.
    """
    left = iter(printed.splitlines())
    for line, below in zip(shown, (*shown[1:], ""), strict=False):
        if not line.strip() or line.strip() == "..." or set(line.strip()) == {"─"}:
            continue
        is_head = below.startswith("─")
        if not any(_in_order(line, other) if is_head else _first(line) == _first(other) for other in left):
            return line
    return None


def _first(line: str) -> str:
    cell = _CELL.match(line.strip())
    word = "CELL" if cell else (line.split() or [""])[0]
    return _NUMBER.sub("N", word)


def _in_order(shown: str, printed: str) -> bool:
    words = iter(printed.split())
    return all(word in words for word in shown.split())
