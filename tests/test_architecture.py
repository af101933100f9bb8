"""Do the picture and the page of the architecture show the layers that import-linter keeps?"""

from architecture import PICTURE, QUESTIONS, layers, picture
from runs import ROOT


def test_the_picture_shows_the_layers_of_the_contract() -> None:
    assert PICTURE.read_text() == picture(layers()), "run: python tools/architecture.py"


def test_the_page_lists_each_layer_in_its_order() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    places = [page.index(f"`{name}`") for row in layers() for name in row if name != "__main__"]
    assert places == sorted(places)


def test_each_package_of_the_source_stands_in_a_layer() -> None:
    packages = {path.parent.name for path in (ROOT / "src" / "zoobench").glob("*/__init__.py")}
    assert packages <= {name for row in layers() for name in row} == QUESTIONS.keys()
