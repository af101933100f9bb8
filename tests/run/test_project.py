"""Which pyproject.toml is the project's own, and what is taken from it and what refused?"""

from pathlib import Path

import pytest

from messages import message_of
from zoobench.errors import UsageError
from zoobench.run.options import OPTIONS, defaults
from zoobench.run.plan import make_plan
from zoobench.run.project import find_pyproject, read_project


def project(folder: Path, *lines: str, section: str = "[tool.zoobench]") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text("\n".join((section, *lines)))
    return folder / "pyproject.toml"


def test_values_of_all_kinds_become_the_texts_of_the_command_line(tmp_path: Path) -> None:
    lines = ('backbones = ["mobilenet", "xception"]', "threads = [1, 2]", "epochs = 3", "learning-rate = 0.01")
    project(tmp_path, *lines, "skip-bad-images = true", 'machine = "pi5"', "", "[tool.zoobench.gate]", 'size = "2 %"')
    assert read_project(tmp_path).texts == {
        "backbones": "mobilenet,xception",
        "threads": "1,2",
        "epochs": "3",
        "learning-rate": "0.01",
        "skip-bad-images": "yes",
        "machine": "pi5",
    }


def test_the_command_line_wins_also_with_the_default(tmp_path: Path) -> None:
    project(tmp_path, "epochs = 3", "seed = 7")
    found = read_project(tmp_path).under({"epochs": defaults()["epochs"]})
    assert found == {**defaults(), "seed": "7"}


def test_it_is_the_first_file_upwards_and_none_of_another_project(tmp_path: Path) -> None:
    path = project(tmp_path / "mine")
    (tmp_path / "mine/a/b").mkdir(parents=True)
    assert find_pyproject(tmp_path / "mine/a/b") == path
    project(tmp_path)
    (tmp_path / "other/.git").mkdir(parents=True)
    (tmp_path / "other/a").mkdir()
    assert find_pyproject(tmp_path / "other/a") is None
    assert read_project(tmp_path / "other/a").texts == {}


def test_none_is_taken_from_a_folder_above_that_everybody_writes_to(tmp_path: Path) -> None:
    project(tmp_path / "shared")
    (tmp_path / "shared/mine").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    assert find_pyproject(tmp_path / "shared/mine") is None
    assert find_pyproject(tmp_path / "shared") is not None


def test_paths_start_at_the_file_and_names_stay(tmp_path: Path) -> None:
    lines = ('data = "photos"', 'backbones = ["mine.keras", "mobilenet"]', 'weights = "mobilenet=w.h5"')
    project(tmp_path, *lines, 'calibration-data = "~/images"', f'artifacts = "{tmp_path}/kept"')
    (tmp_path / "mine.keras").touch()
    (tmp_path / "w.h5").touch()
    (tmp_path / "src").mkdir()
    assert read_project(tmp_path).texts["data"] == "photos"
    assert read_project(tmp_path / "src").texts == {
        "data": "../photos",
        "backbones": "../mine.keras,mobilenet",
        "weights": "mobilenet=../w.h5",
        "calibration-data": str(Path.home() / "images"),
        "artifacts": f"{tmp_path}/kept",
    }


REFUSED = [
    ("bakbones = 1", "'bakbones' (did you mean backbones?); allowed are data, drawn"),
    ("skip-bad-images = 1", "tool.zoobench.skip-bad-images: received 1; allowed is true or false"),
    ("epochs = true", "tool.zoobench.epochs: received True; allowed is a text, a number"),
    ("data = {a = 1}", "tool.zoobench.data: received {'a': 1}"),
    ("threads = []", "tool.zoobench.threads: received nothing"),
    ('data = ""', "tool.zoobench.data: received nothing"),
    ('gate = "main"', "the baseline is named on the command line"),
    ("gate-seconds = 9", "`seconds` of [tool.zoobench.gate]"),
    ('kit = "k.zip"', "a kit is named on the command line"),
    ("gate-cells = 1", "received the key 'gate-cells'"),
    ("data =", "cannot read"),
]


@pytest.mark.parametrize(("line", "said"), REFUSED)
def test_what_makes_no_sense_is_named_with_its_file_and_key(line: str, said: str, tmp_path: Path) -> None:
    path = project(tmp_path, line)
    message = message_of(UsageError, lambda: read_project(tmp_path))
    assert str(path) in message
    assert said in message


def test_a_section_that_is_no_table_is_refused(tmp_path: Path) -> None:
    project(tmp_path, "zoobench = 1", section="[tool]")
    assert "allowed is a table: [tool.zoobench]" in message_of(UsageError, lambda: read_project(tmp_path))


def test_a_text_that_a_plan_refuses_is_said_of_its_place(tmp_path: Path) -> None:
    path = project(tmp_path, 'image-size = "large"')
    found = read_project(tmp_path)
    message = message_of(UsageError, lambda: make_plan(found.under({})))
    assert found.placed(message, {}).startswith(f"{path}: tool.zoobench.image-size: received 'large'")
    assert found.placed(message, {"image-size": "large"}) == message


def test_every_option_of_a_run_can_stand_there_but_those_of_kits_and_gates(tmp_path: Path) -> None:
    known = [one for one in OPTIONS if not one.name.startswith(("kit", "gate"))]
    project(tmp_path, *(f"{one.name} = {'true' if not one.metavar else 7}" for one in known))
    assert read_project(tmp_path).texts.keys() == {one.name for one in known}
