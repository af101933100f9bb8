"""Does a text from elsewhere steer a reader? Every output that is made of results, with a payload in every field."""

import csv
import io
import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

import zoobench
from zoobench.cli import main
from zoobench.commands.options import FORMATS
from zoobench.errors import ResultsError, ZoobenchError
from zoobench.results.run import read_run

STORED = Path(__file__).parent / "data" / "stored"
TAIL = (
    "\x1b]0;PWNED\x07\x1b[2J\r\n::stop-commands::tok\n::error::x ##[error]x\u202e\u2066\u200f\u2028\x9b31m"
    "</td></title></style></script><zb-evil onload=x>|`*[link](javascript:x)~~_@octocat #1 https://evil.example <!--"
)
BEGINNINGS = ("::stop-commands::tok", "=cmd|' /C calc'!A1", "+1+", "-2-", "@SUM", "\t=1", "# ", "[bold]", " ::error::")
OF_RESULTS = [
    *(f"show {{}} --format {form}" for form in FORMATS),
    *(f"compare {{}} clean.json --format {form}" for form in FORMATS),
    *(f"compare --across-machines {{}} clean.json --format {form}" for form in FORMATS),
    *(f"recommend {{}} --format {form}" for form in FORMATS),
    *(f"baseline list --format {form}" for form in FORMATS),
    *(f"baseline show x --format {form}" for form in FORMATS),
    *(f"baseline diff x clean.json --format {form}" for form in FORMATS),
    *(f"gate --method stored --baseline x --candidate {{}} --format {form}" for form in (*FORMATS, "github")),
    *(f"gate --method stored --baseline clean.json --candidate {{}} --format {form}" for form in ("text", "github")),
    *(f"show refusals.json --format {form}" for form in FORMATS),
    "compare {} refusals.json",
    "report refusals.json --format markdown",
    "report {} --format markdown",
    "report {} --baseline clean.json -o page.html",
    "baseline save y --from {} --partial",
    "noise {} --times 0",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a results file whose every text that may hold a payload holds one, its own name too."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(STORED / "workbench.json", folder / "clean.json")
    content, refused = (
        poisoned(json.loads((STORED / name).read_text()), folder / "try.json")
        for name in ("workbench.json", "refusals.json")
    )
    (folder / "refusals.json").write_text(json.dumps(refused))
    (folder / "artifacts/baselines").mkdir(parents=True)
    for file in (folder / name_of_file(), folder / "artifacts/baselines/x.json"):
        file.write_text(json.dumps(content))
    return folder


def name_of_file() -> str:
    return f"::error::{TAIL.replace('/', '').encode(errors='ignore').decode()}"[:120] + ".json"


@pytest.mark.parametrize("command", OF_RESULTS)
def test_no_text_of_a_results_file_steers_a_reader(
    command: str, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hostile)
    done = CliRunner().invoke(main, shlex.split(command.format(shlex.quote(name_of_file()))))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    form = "html" if "page.html" in command else command.partition("--format ")[2] or "text"
    shown = (hostile / "page.html").read_text() if "page.html" in command else done.stdout
    assert len(shown) > 70 or "save" in command or "noise" in command, done.stderr
    CHECKS[form](shown)
    check_text(done.stderr)


def test_most_fields_hold_a_payload(hostile: Path) -> None:
    record = json.loads((hostile / name_of_file()).read_text())["benchmarks"][-1]["extra_info"]["zoobench"]
    for one in (record["cell"]["backbone"], record["cell"]["runtime"], record["dataset"]["name"]):
        assert "zb-evil" in one
    assert "zb-evil" in record["dataset"]["classes"][0]
    assert "zb-evil" in record["environment"]["cpu"]


@pytest.mark.parametrize("command", ["show", "inspect", "kit show", "layers", "baseline show", "compare", "recommend"])
def test_no_file_name_steers_a_reader(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name_of_file()).write_text("{")
    for arguments in ([name_of_file()], ["no" + name_of_file()], [f"--{TAIL}"]):
        done = CliRunner().invoke(main, [*command.split(), *arguments])
        assert done.exit_code not in (0, None)
        assert isinstance(done.exception, SystemExit), done.exception
        check_text(done.output)


def test_each_line_of_an_error_is_one_line() -> None:
    error = ZoobenchError("two:", f"  ::error::{TAIL}", "do this")
    assert len(str(error).split("\n")) == 3
    check_text(str(error))
    assert str(ZoobenchError()) == ""


def test_lines_are_printed_by_the_one_function_that_makes_them_harmless() -> None:
    """A document is printed by its writers, a message by `cli`, as `ZoobenchError` is harmless; snippets are code."""
    allowed = {"cli.py": 1, "commands/options.py": 1, "show/snippets.py": 1, "system/terminal.py": 1}
    package = Path(zoobench.__file__).parent
    found = {
        path.relative_to(package).as_posix(): len(re.findall(r"click\.echo\(|(?<!\.)\bprint\(", path.read_text()))
        for path in package.rglob("*.py")
    }
    assert {name: count for name, count in found.items() if count} == allowed


def poisoned(content: Any, file: Path) -> Any:
    """Returns a results file with a payload in every text that its reader takes with one: names everywhere at once."""

    def reads(changed: Any) -> bool:
        file.write_text(json.dumps(changed))
        try:
            read_run(file)
        except ResultsError as error:
            check_text(str(error))
            return False
        return True

    record = content["benchmarks"][0]["extra_info"]["zoobench"]
    names = (record["cell"]["backbone"], "litert", "float32", content["zoobench"]["machine"])
    changes: list[Callable[[Any], Any]] = [lambda one, name=name: renamed(one, name) for name in names]
    places = sorted({place for place, text in texts(content) if text}, key=str)
    changes += [lambda one, place=place: changed_at(one, place) for place in places]
    for change in changes:
        tried = change(content)
        content = tried if reads(tried) else content
    return content


def texts(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields every text with its place, in which the number of an item of a list is left out."""
    if isinstance(node, str):
        yield place, node
    for key, value in node.items() if isinstance(node, dict) else ():
        yield from texts(value, (*place, key))
    for value in node if isinstance(node, list) else ():
        yield from texts(value, (*place, "*"))


def changed_at(node: Any, place: tuple[str, ...]) -> Any:
    if not place:
        return f"{BEGINNINGS[len(node) % len(BEGINNINGS)]}{node}{TAIL}" if isinstance(node, str) else node
    if isinstance(node, list):
        return [changed_at(one, place[1:]) for one in node]
    if isinstance(node, dict) and place[0] in node:
        return node | {place[0]: changed_at(node[place[0]], place[1:])}
    return node


def renamed(node: Any, name: str) -> Any:
    """Returns the same with another name in every text and key, so that ids, twins and lists agree."""
    if isinstance(node, str):
        return re.sub(rf"(?<![\w@]){re.escape(name)}(?![\w@])", lambda _: f"::error::{name}{TAIL}", node)
    if isinstance(node, dict):
        return {renamed(key, name): renamed(value, name) for key, value in node.items()}
    return [renamed(one, name) for one in node] if isinstance(node, list) else node


def check_text(shown: str) -> None:
    for line in shown.split("\n"):
        assert line.isprintable(), repr(line)
        assert not re.match(r"\s*::(?!(error|warning|notice) title=zoobench)", line), line
        assert "##[" not in line


def check_html(shown: str) -> None:
    check_text(shown.replace("\N{NO-BREAK SPACE}", " "))

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag != "zb-evil"
            assert not any(name.startswith("on") for name, _ in attrs)

    Reader().feed(shown)


def check_markdown(shown: str) -> None:
    check_text(shown)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(shown)
    inside = [one for token in tokens for one in token.children or ()]
    assert not {one.type for one in inside} & {"link_open", "image", "s_open", "em_open", "code_inline"}
    assert {one.content for one in inside if one.type == "html_inline"} <= {"<!-- -->"}
    assert not re.search(r"@\w|#\d|://(?!<!-- -->)|www\.", shown)
    for token in tokens:
        assert token.type not in ("blockquote_open", "hr", "code_block")
        assert token.type != "html_block" or re.match("</?details>", token.content)
        assert token.type != "heading_open" or token.tag in ("h1", "h2", "h3")


def check_csv(shown: str) -> None:
    check_text(shown)
    for row in csv.reader(io.StringIO(shown)):
        for field in row:
            assert not re.match(r"\s*[=+@-]", field) or re.fullmatch(r"-?[\d.e+-]+", field), field


def check_json(shown: str) -> None:
    assert shown.isascii()
    check_text(shown)
    json.loads(shown)


CHECKS = {
    "text": check_text,
    "github": check_text,
    "markdown": check_markdown,
    "html": check_html,
    "csv": check_csv,
    "json": check_json,
}
