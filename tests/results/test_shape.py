"""Is JSON of another shape refused with its place, in few words?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from zoobench.errors import ResultsError
from zoobench.results.shape import at_least, between, brief, expect, matching, shaped, typed_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A dataclass inside another."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    """A field of every kind."""

    number: float = 0.0
    whole: int = 0
    inner: Inner | None = None
    pair: tuple[float, float] = (0.0, 1.0)
    texts: tuple[str, ...] = ()
    free: Mapping[str, Any] | None = None
    share: Annotated[float, between(0, 1)] | None = None


VALID: dict[str, Any] = {"number": 1.5, "whole": 2, "pair": [1, 2], "texts": ["a"], "inner": {"text": "b"}, "free": {}}


def read(**changes: Any) -> Outer:
    return shaped(Outer, {**VALID, **changes}, "file.json: place")


def refusal(**changes: Any) -> str:
    with pytest.raises(ResultsError) as caught:
        read(**changes)
    return str(caught.value).removeprefix("file.json: place")


def test_what_fits_becomes_the_dataclass() -> None:
    expected = Outer(number=1.5, whole=2, inner=Inner(text="b"), pair=(1.0, 2.0), texts=("a",), free={})
    assert read() == expected
    assert read(unknown=5) == expected


def test_a_whole_number_stands_for_a_real_one() -> None:
    assert isinstance(read(number=2).number, float)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"number": "1"}, ".number: received '1'; expected a number"),
        ({"number": True}, ".number: received True; expected a number"),
        ({"number": None}, ".number: received None; expected a number"),
        ({"number": 2**63}, f".number: received {2**63}; expected a number of at most 64 bits"),
        ({"number": float("inf")}, ".number: received a number beyond 1.8e308; expected a number"),
        ({"whole": 1.0}, ".whole: received 1.0; expected a whole number"),
        ({"whole": True}, ".whole: received True; expected a whole number"),
        ({"whole": -(2**63)}, f".whole: received {-(2**63)}; expected a whole number of at most 64 bits"),
        (
            {"whole": 10**400},
            ".whole: received a whole number of 1329 bits; expected a whole number of at most 64 bits",
        ),
        ({"inner": []}, ".inner: received []; expected an object"),
        ({"inner": {}}, ".inner.text is missing; expected a text"),
        ({"inner": {"text": 5}}, ".inner.text: received 5; expected a text"),
        ({"pair": [1]}, ".pair: received [1]; expected a list of 2 values"),
        ({"pair": {"a": 1}}, ".pair: received {'a': 1}; expected a list"),
        ({"pair": [1, None]}, ".pair[1]: received None; expected a number"),
        ({"texts": ["a", 5]}, ".texts[1]: received 5; expected a text"),
        ({"share": 1.5}, ".share: received 1.5; expected 0 to 1"),
        ({"free": []}, ".free: received []; expected an object"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], why: str) -> None:
    assert refusal(**changes) == why


@pytest.mark.parametrize("received", [None, 5, [], "x"])
def test_what_is_no_object_is_refused(received: Any) -> None:
    with pytest.raises(ResultsError, match=r"^place: received .*; expected an object$"):
        shaped(Outer, received, "place")


@pytest.mark.parametrize(
    ("free", "why"),
    [
        ({"a": [1, {"b c": 10**40}]}, f".free.a[1].'b c': received {10**40}; expected a number of at most 64 bits"),
        ({"a": float("inf")}, ".free.a: received a number beyond 1.8e308; expected a number"),
    ],
)
def test_free_json_is_looked_through(free: dict[str, Any], why: str) -> None:
    assert refusal(free=free) == why


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def test_free_json_may_be_nested_so_far_and_no_further() -> None:
    assert read(free={"a": nested(30)}).free == {"a": nested(30)}
    assert "received JSON nested more than 32 deep" in refusal(free={"a": nested(33)})


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "x" * 1_000_000},
        {"number": ["x" * 1_000_000] * 1000},
        {"number": {"k" * 1_000_000: 1}},
        {"number": nested(900)},
        {"number": 10**100_000},
        {"free": {"k" * 1_000_000: {"l" * 1_000_000: 10**400}}},
    ],
    ids=["text", "list", "object", "nest", "number", "keys"],
)
def test_a_monster_is_refused_in_few_words(changes: dict[str, Any]) -> None:
    assert len(refusal(**changes)) < 300


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in refusal(number="\x1b[2J") + refusal(free={"\x1b[2J": 10**400})


@pytest.mark.parametrize(
    ("value", "shown"),
    [("x" * 80, f"'{'x' * 79}..."), ("x" * 78, f"'{'x' * 78}'"), ([], "[]"), (None, "None"), (0.1, "0.1")],
)
def test_a_value_is_cut_at_eighty_characters(value: Any, shown: str) -> None:
    assert brief(value) == shown


def test_rules_include_their_ends() -> None:
    assert at_least(1).holds(1)
    assert not at_least(1).holds(0)
    assert between(0, 1).holds(0)
    assert between(0, 1).holds(1)
    assert not between(0, 1).holds(1.0000001)
    digits = matching("[0-9]+", expected="digits")
    assert digits.holds("12")
    assert not digits.holds("12\n")


def test_mappings_are_read_value_by_value() -> None:
    assert typed_value(Mapping[str, Inner], {"a": {"text": "b"}}, "f") == {"a": Inner(text="b")}
    assert typed_value(Mapping[str, Any], {"a": [None]}, "f") == {"a": [None]}


@pytest.mark.parametrize(
    ("kind", "received", "place"),
    [
        (Mapping[str, str], {"a": "b", "c": 3}, "f.c: received 3; expected a text"),
        (Mapping[str, str], ["a"], r"f: received \['a'\]; expected an object"),
        (Mapping[str, Inner], {"a": {"text": 1}}, "f.a.text: received 1; expected a text"),
        (tuple[int, ...], [1, True], r"f\[1\]: received True; expected a whole number"),
    ],
)
def test_anything_else_is_refused_with_its_place(kind: Any, received: Any, place: str) -> None:
    with pytest.raises(ResultsError, match=place):
        typed_value(kind, received, "f")


def test_an_object_is_no_list() -> None:
    with pytest.raises(ResultsError, match=r"f: received \{\}; expected a list"):
        expect(list, {}, "f")
