"""Are the same layers found in two files, by name, by structure or not at all?"""

from pathlib import Path
from typing import Any

import pytest

from zoobench.errors import MeasurementError
from zoobench.tflite.layers import Layer, match, read_layers


def layer(name: str, *, inputs: tuple[int, ...] = (-1,), **changes: Any) -> Layer:
    usual: dict[str, Any] = {"kind": "CONV_2D", "tensor": 0, "shape": (1, 4), "is_float": True}
    return Layer(**{**usual, "name": name, "inputs": inputs, **changes})


CHAIN = (layer("a"), layer("b", inputs=(0,)))


def test_layers_are_found_by_name_wherever_they_stand() -> None:
    found = match(CHAIN, (layer("b"), layer("new"), layer("a")))
    assert found is not None
    assert found.by == "name"
    assert [(position, one.name, other.name) for position, one, other in found.pairs] == [(0, "a", "a"), (1, "b", "b")]


def test_a_name_alone_does_not_make_two_layers_the_same() -> None:
    assert match((layer("a"),), (layer("a", shape=(1, 9)),)) is None
    assert match((layer("a"),), (layer("a", kind="ADD"),)) is None


def test_two_layers_of_one_name_are_not_guessed_between() -> None:
    assert match((layer("a"),), (layer("a"), layer("a"))) is None


def test_renamed_layers_are_found_by_structure() -> None:
    found = match(CHAIN, (layer("x"), layer("y", inputs=(0,))))
    assert found is not None
    assert (found.by, found.unmatched) == ("structure", ())
    assert [other.name for _, _, other in found.pairs] == ["x", "y"]


def test_another_wiring_is_another_structure() -> None:
    assert match(CHAIN, (layer("x"), layer("y"))) is None


def test_what_is_missing_is_listed() -> None:
    found = match(CHAIN, (layer("a"), layer("other", kind="ADD"), layer("more", kind="ADD")))
    assert found is not None
    assert [one.name for one in found.unmatched] == ["b"]


def test_layers_of_whole_numbers_have_no_error() -> None:
    found = match((layer("a"), layer("best", is_float=False)), (layer("a"), layer("best", is_float=False)))
    assert found is not None
    assert [one.name for _, one, _ in found.pairs] == ["a"]


@pytest.mark.parametrize("content", [None, b"", b"a text that is no model"])
def test_what_is_no_tflite_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MeasurementError, match=r"model\.tflite.*[gG]ive a"):
        read_layers(path)
