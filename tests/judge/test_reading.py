"""Is JSON read as the types that were meant, and everything else refused with its place?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from zoobench.errors import ResultsError
from zoobench.judge.reading import expect, load_content, typed_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Something to read."""

    x: float
    names: tuple[str, ...] = ()


def test_objects_become_dataclasses_and_lists_become_tuples() -> None:
    assert typed_value(Point, {"x": 1, "names": ["a"]}, "f") == Point(x=1.0, names=("a",))


def test_mappings_are_read_value_by_value() -> None:
    assert typed_value(Mapping[str, Point], {"a": {"x": 2.5, "names": []}}, "f") == {"a": Point(x=2.5)}
    assert typed_value(Mapping[str, Any], {"a": [None]}, "f") == {"a": [None]}


@pytest.mark.parametrize(
    ("kind", "received", "place"),
    [
        (Mapping[str, str], {"a": "b", "c": 3}, "f.c: received 3; expected a text"),
        (Mapping[str, str], ["a"], r"f: received \['a'\]; expected an object"),
        (Mapping[str, Point], {"a": {"x": "1", "names": []}}, "f.a.x: received '1'; expected a number"),
        (tuple[int, ...], [1, True], r"f\[1\]: received True; expected a whole number"),
    ],
)
def test_anything_else_is_refused_with_its_place(kind: Any, received: Any, place: str) -> None:
    with pytest.raises(ResultsError, match=place):
        typed_value(kind, received, "f")


def test_an_object_is_no_list() -> None:
    with pytest.raises(ResultsError, match=r"f: received \{\}; expected a list"):
        expect(list, {}, "f")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        "\ufeff{}",
        '{"benchmarks": [], "x": ' + "9" * 5_000 + "}",
        '{"benchmarks": {}}',
        '{"benchmarks": [NaN]}',
        "nonsense",
    ],
)
def test_what_is_not_in_pytest_benchmarks_format_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ResultsError, match=str(path)):
        load_content(path)


def test_a_key_that_stands_twice_is_refused_wherever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"benchmarks": [{"stats": {"median": 1, "median": 2}}]}')
    with pytest.raises(ResultsError, match="received the key 'median' twice"):
        load_content(path)


@pytest.mark.parametrize("content", [b'{"benchmarks": ["\xff"]}', '{"benchmarks": []}'.encode("utf-16")])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=r"cannot read .*'utf-8' codec"):
        load_content(path)


@pytest.mark.parametrize("values", ["[],[],[],[]", "1,2,3,4,5,6,7", "{},{},{},{}"])
def test_more_values_than_a_small_device_can_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: str
) -> None:
    monkeypatch.setattr("zoobench.judge.reading.LARGEST_CONTENT_VALUES", 7)
    path = tmp_path / "results.json"
    path.write_text(f'{{"benchmarks": [{values}]}}')
    with pytest.raises(ResultsError, match=r"results\.json: received more than 7 values"):
        load_content(path)
    path.write_text('{"benchmarks": [1, 2, 3, 4]}')
    assert load_content(path) == {"benchmarks": [1, 2, 3, 4]}


def test_a_file_that_does_not_fit_into_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("zoobench.judge.reading.json.loads", full)
    path = tmp_path / "results.json"
    path.write_text("{}")
    with pytest.raises(ResultsError, match=r"results\.json does not fit into this machine's memory"):
        load_content(path)


def test_a_number_of_thousands_of_digits_is_refused_in_few_words(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(f'{{"benchmarks": [{"9" * 5_000}.5]}}')
    with pytest.raises(ResultsError, match=r"9\.\.\. is not a finite number") as caught:
        load_content(path)
    assert len(str(caught.value)) < 400
