"""Does `zoobench extensions` list what packages add, and end with 1 where something cannot be used?"""

from pathlib import Path

import pytest
from click.testing import CliRunner

from packages import put
from zoobench.cli import main


@pytest.mark.usefixtures("beside_us")
def test_without_packages_it_says_where_to_read_on() -> None:
    done = CliRunner().invoke(main, ["extensions"])
    assert done.exit_code == 0
    assert done.output == "no package adds anything; docs/extending.md says how one does\n"


def test_what_cannot_be_used_is_an_error_and_others_are_listed_all_the_same(beside_us: Path) -> None:
    entry_points = {"zoobench.backbones": "tiny = nowhere:TINY\nvgg16 = vgg:VGG16"}
    text = """from zoobench.matrix.backbones import Backbone
def build(): ...
VGG16 = Backbone(name="vgg16", builder="vgg:build", preprocessing="caffe")"""
    put(beside_us, "zoobench-nets", version="2.1", entry_points=entry_points, modules={"vgg.py": text})
    done = CliRunner().invoke(main, ["extensions", "--format", "csv"])
    assert done.exit_code == 1
    _, broken, sound = done.output.splitlines()
    assert broken.startswith('backbone,tiny,zoobench-nets 2.1,"zoobench-nets 2.1: nowhere:TINY ')
    assert sound == "backbone,vgg16,zoobench-nets 2.1,"


def test_backbones_are_listed_though_one_is_broken(beside_us: Path) -> None:
    put(beside_us, "zoobench-nets", entry_points={"zoobench.backbones": "tiny = nowhere:TINY"}, modules={})
    done = CliRunner().invoke(main, ["backbones"])
    assert done.exit_code == 0
    assert "zoobench-nets 1.0: nowhere:TINY cannot be imported" in done.output
    assert "xception" in done.output
