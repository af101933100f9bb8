"""Is JSON of another shape refused with its place, in few words?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from damage import plain_json
from zoobench.errors import ResultsError
from zoobench.results.checked import brief, members, parsed, read, typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A dataclass inside another."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    """A field of every kind."""

    number: float = 0.0
    whole: Annotated[int, Meta(ge=0)] = 0
    inner: Inner | None = None
    pair: tuple[float, float] = (0.0, 1.0)
    texts: Annotated[tuple[str, ...], Meta(min_length=1)] = ("a",)
    free: Mapping[str, Any] | None = None
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    named: Mapping[str, Inner] | None = None
    sized: Mapping[int, Inner] | None = None
    hash: Annotated[str, Meta(pattern=r"^[0-9a-f]+\Z")] = "0"


VALID: dict[str, Any] = {"number": 1.5, "whole": 2, "pair": [1, 2], "texts": ["a"], "inner": {"text": "b"}, "free": {}}
INNERS = {f"k{number}": {"text": "a"} for number in range(9)}


def loaded(**changes: Any) -> Outer:
    content = json.dumps({**VALID, **changes}).encode()
    return typed(Outer, parsed(content, "file.json: place"), "file.json: place")


def refusal(**changes: Any) -> str:
    with pytest.raises(ResultsError) as caught:
        loaded(**changes)
    return str(caught.value).removeprefix("file.json: place")


def test_what_fits_becomes_the_dataclass() -> None:
    expected = Outer(number=1.5, whole=2, inner=Inner(text="b"), pair=(1.0, 2.0), texts=("a",), free={})
    assert loaded() == loaded(unknown=5) == expected
    assert isinstance(loaded(number=2).number, float)
    assert loaded(named=INNERS, sized={"64": {"text": "a"}}).sized == {64: Inner(text="a")}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"number": "1"}, ".number: received '1'; expected a number"),
        ({"number": True}, ".number: received True; expected a number"),
        ({"number": None}, ".number: received None; expected a number"),
        ({"number": 2**63}, f".number: received {2**63}; expected a number of at most 64 bits"),
        ({"number": float("inf")}, ".number: received a number beyond 1.8e308; expected a finite one"),
        ({"whole": 1.0}, ".whole: received 1.0; expected a whole number"),
        ({"whole": True}, ".whole: received True; expected a whole number"),
        ({"whole": -1}, ".whole: received -1; expected a whole number >= 0"),
        ({"whole": -(2**63)}, f".whole: received {-(2**63)}; expected a number of at most 64 bits"),
        ({"whole": 10**400}, ".whole: received a whole number of 1329 bits; expected a number of at most 64 bits"),
        ({"inner": []}, ".inner: received []; expected an object or null"),
        ({"inner": {}}, ".inner.text is missing"),
        ({"inner": {"text": 5}}, ".inner.text: received 5; expected a text"),
        ({"pair": [1]}, ".pair: received [1]; expected a list of length 2"),
        ({"pair": {"a": 1}}, ".pair: received {'a': 1}; expected a list"),
        ({"pair": [1, None]}, ".pair[1]: received None; expected a number"),
        ({"texts": ["a", 5]}, ".texts[1]: received 5; expected a text"),
        ({"texts": []}, ".texts: received []; expected a list of length >= 1"),
        ({"share": 1.5}, ".share: received 1.5; expected a number <= 1"),
        ({"hash": "0\n"}, ".hash: received '0\\n'; expected a text that matches [0-9a-f]+"),
        ({"free": []}, ".free: received []; expected an object or null"),
        ({"free": {"a": [1, {"b c": 10**40}]}}, f".free.a[1].'b c': received {10**40}; expected a number of at most"),
        ({"free": {"a": float("nan")}}, ".free.a: received a number beyond 1.8e308; expected a finite one"),
        ({"free": {"a": "\udcff"}}, ".free.a: received '\\udcff'; expected text that can be printed"),
        ({"free": {"é": ["\ud800"]}}, ".free.é[0]: received '\\ud800'; expected text that can be printed"),
        ({"named": {"\ud800": {"text": "a"}}}, ".named: received '\\ud800'; expected text that can be"),
        ({"named": INNERS | {"k 5": {"text": 1}}}, ".named.'k 5'.text: received 1; expected a text"),
        ({"named": INNERS | {"k5": {}}, "sized": {"x": 1}}, ".named.k5.text is missing"),
        ({"sized": {"064": {"text": "a"}}}, ".sized: received '064'; expected a whole number"),
    ],
)
def test_what_does_not_fit_is_named_with_what_stands_there(changes: dict[str, Any], why: str) -> None:
    assert refusal(**changes).startswith(why)


@given(received=plain_json.filter(lambda value: not isinstance(value, dict)))
def test_what_is_no_object_is_refused(received: Any) -> None:
    with pytest.raises(ResultsError, match=r"^place: received .*; expected an object$"):
        typed(Outer, received, "place")


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def test_json_may_be_nested_so_far_and_no_further() -> None:
    assert loaded(free={"a": nested(33)}).free == {"a": nested(33)}
    assert "received JSON nested more than 36 deep" in refusal(free={"a": nested(36)})


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "x" * 1_000_000},
        {"number": ["x" * 1_000_000] * 20},
        {"number": {"k" * 1_000_000: 1}},
        {"number": nested(900)},
        {"number": 10**4_000},
        {"free": {"k" * 1_000_000: {"l" * 1_000_000: 10**400}}},
        {"named": {"k" * 1_000_000: 1}},
        {"number": "\x1b[2J"},
        {"free": {"\x1b[2J": 10**400}},
    ],
    ids=["text", "list", "object", "nest", "number", "keys", "key", "control", "control key"],
)
def test_a_monster_is_refused_in_few_words_that_can_be_printed(changes: dict[str, Any]) -> None:
    assert len(refusal(**changes)) < 300
    assert refusal(**changes).isprintable()


@pytest.mark.parametrize(
    ("value", "shown"),
    [("x" * 80, f"'{'x' * 79}..."), ("x" * 78, f"'{'x' * 78}'"), ([], "[]"), (None, "None"), (0.1, "0.1")],
)
def test_a_value_is_cut_at_eighty_characters(value: Any, shown: str) -> None:
    assert brief(value) == shown


@given(value=plain_json)
def test_any_json_is_parsed_and_its_members_found(value: Any) -> None:
    content = json.dumps(value).encode()
    assert parsed(content, "f") == value
    if isinstance(value, dict):
        assert {key: json.loads(bytes(raw)) for key, raw in members(content, "f").items()} == value
    else:
        with pytest.raises(ResultsError, match=r"^f: received .*; expected an object$"):
            members(content, "f")


@pytest.mark.parametrize("second", ["a", "\\u0061", "a:b"])
def test_a_key_that_stands_twice_is_refused_however_it_is_spelled(second: str) -> None:
    first = "a:b" if ":" in second else "a"
    content = f'{{"{first}": {{"b": 1, ":": ":"}}, "c": 2, "{second}": 3}}'.encode()
    for reader in (members, parsed):
        with pytest.raises(ResultsError, match=f"^f: received the key '{first}' twice"):
            reader(content, "f")


@given(numbers=st.lists(st.floats(0, 1e9) | st.integers(0, 10**9)))
def test_lists_of_numbers_are_read_and_what_is_none_is_named(numbers: list[float]) -> None:
    kind = list[Annotated[float, Meta(ge=0, le=1e9)]]
    assert read(kind, json.dumps(numbers).encode(), "f") == numbers
    for odd in (True, "1", None, -1, 10**400):
        with pytest.raises(ResultsError, match=rf"^f\[{len(numbers)}\]: received "):
            read(kind, json.dumps([*numbers, odd]).encode(), "f")
