"""Does JSON have the shape of a dataclass? By its annotations, with the place of what does not fit."""

import math
import re
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from zoobench.errors import ResultsError

Shape = TypeVar("Shape")
_LARGEST_WHOLE = 2**63 - 1
_DEEPEST = 32
"""Levels of lists and objects in free JSON: what is read must be written and shown again without deep recursion."""
_SHOWN = 80
"""Characters of a received value in a message: room for a SHA-256."""
_PLAIN = {float: ((int, float), "a number"), int: ((int,), "a whole number"), str: ((str,), "a text")}
"""What JSON may hold for each plain type, and what it is called."""
_ABSENT = object()
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 3
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = _SHOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a value of the right type must be, beside the type in `Annotated`: in words, and as a test."""

    expected: str
    holds: Callable[[Any], bool]


def at_least(least: int) -> Rule:
    """Returns the rule that a number is not smaller."""
    return Rule(expected=f"{least} or more", holds=lambda value: bool(value >= least))


def between(low: int, high: int) -> Rule:
    """Returns the rule that a number is in a range, ends included."""
    return Rule(expected=f"{low} to {high}", holds=lambda value: bool(low <= value <= high))


def matching(pattern: str, *, expected: str) -> Rule:
    """Returns the rule that a text is what a regular expression describes, from end to end."""
    compiled = re.compile(pattern)
    return Rule(expected=expected, holds=lambda text: compiled.fullmatch(text) is not None)


def shaped(expected: type[Shape], received: Any, where: str) -> Shape:
    """Returns JSON as a dataclass; keys that it does not know are passed over.

    Its fields are plain types, `X | None`, `tuple[X, X]`, `tuple[X, ...]`, dataclasses, `Mapping[str, X]`,
    `Mapping[str, Any]` for free JSON, and any of these in `Annotated` with rules.

    Args:
        expected: The dataclass.
        received: What JSON was read as.
        where: The place of `received`, for messages.

    Raises:
        ResultsError: If it does not fit; the message names the place, what was received and what was expected.
    """
    value: Shape = typed_value(expected, received, where)
    return value


def expect(kind: type[Shape], received: Any, where: str) -> Shape:
    """Returns what JSON holds if it is of a kind, an object or a list, and raises a ResultsError otherwise."""
    if not isinstance(received, kind):
        raise _wrong(where, received, "an object" if kind is dict else "a list")
    return received


def typed_value(expected: Any, received: Any, where: str) -> Any:
    """Returns the same as `shaped` of any of the types that a field may have."""
    origin, arguments = get_origin(expected), get_args(expected)
    if origin is Annotated:
        return _ruled(arguments, received, where)
    if origin is UnionType or NoneType in arguments:
        inner = next(argument for argument in arguments if argument is not NoneType)
        return None if received is None or received is _ABSENT else typed_value(inner, received, where)
    if is_dataclass(expected):
        return _dataclass(expected, received, where)
    if origin is tuple:
        return _tuple(arguments, received, where)
    if expected in _PLAIN:
        return _plain(expected, received, where)
    return _mapping(arguments, expect(dict, received, where), where)


def unexpected(where: str, received: Any, expected: str) -> ResultsError:
    """Returns the error for a value that does not fit, in few words however large the value is."""
    return ResultsError(f"{where}: received {brief(received)}; expected {expected}")


def brief(value: Any) -> str:
    """Returns a value as Python writes it, cut short."""
    if isinstance(value, str):
        text = repr(value[: _SHOWN + 1])
    elif isinstance(value, int) and abs(value) >= 10**_SHOWN:
        text = f"a whole number of {value.bit_length()} bits"
    else:
        text = _BRIEF.repr(value)
    return f"{text[:_SHOWN]}..." if len(text) > _SHOWN else text


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns a JSON object, and refuses one that has a key twice: readers differ in which they take.

    Raises:
        ValueError: As a JSON reader would; the message names the key.
    """
    content = {}
    for key, value in pairs:
        if key in content:
            raise ValueError(f"received the key {brief(key)} twice")
        content[key] = value
    return content


def finite(text: str) -> float:
    """Returns a JSON number, and refuses what Python's reader takes for one: NaN, Infinity and 1e999.

    Raises:
        ValueError: As a JSON reader would.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{brief(text)} is not a finite number")
    return number


def values(content: bytes) -> int:
    """Returns an upper bound of the number of values in JSON: each stands behind one of these three."""
    return sum(map(content.count, (b",", b"[", b"{")))


def _ruled(arguments: tuple[Any, ...], received: Any, where: str) -> Any:
    value = typed_value(arguments[0], received, where)
    for rule in arguments[1:]:
        if not rule.holds(value):
            raise unexpected(where, received, rule.expected)
    return value


def _dataclass(expected: Any, received: Any, where: str) -> Any:
    content = expect(dict, received, where)
    types = _types(expected)
    return expected(**{name: typed_value(types[name], content.get(name, _ABSENT), f"{where}.{name}") for name in types})


@cache
def _types(expected: Any) -> Mapping[str, Any]:
    """Returns the annotation of each field; looking them up anew for each record would take longer than reading it."""
    hints = get_type_hints(expected, include_extras=True)
    return {field.name: hints[field.name] for field in fields(expected)}


def _tuple(arguments: tuple[Any, ...], received: Any, where: str) -> tuple[Any, ...]:
    length = None if Ellipsis in arguments else len(arguments)
    items = expect(list, received, where)
    if length not in (None, len(items)):
        raise unexpected(where, received, f"a list of {length} values")
    return tuple(typed_value(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(items))


def _mapping(arguments: tuple[Any, ...], received: dict[str, Any], where: str) -> dict[str, Any]:
    if not arguments or arguments[1] is Any:
        return dict(_free(received, where, depth=1))
    return {key: typed_value(arguments[1], value, f"{where}.{_name(key)}") for key, value in received.items()}


def _name(key: str) -> str:
    """Returns a key that may be anything as a part of a place."""
    return key if re.fullmatch(rf"[\w-]{{1,{_SHOWN}}}", key) else brief(key)


def _plain(expected: Any, received: Any, where: str) -> Any:
    allowed, name = _PLAIN[expected]
    if not isinstance(received, allowed) or isinstance(received, bool):
        raise _wrong(where, received, name)
    _check_number(received, where, name)
    return float(received) if isinstance(received, int) and expected is float else received


def _free(received: Any, where: str, *, depth: int) -> Any:
    """Returns free JSON as it is, once it is known to be fit to be written and shown again."""
    if depth > _DEEPEST:
        raise ResultsError(f"{where}: received JSON nested more than {_DEEPEST} deep; expected less")
    if isinstance(received, dict):
        for key, value in received.items():
            _free(value, f"{where}.{_name(key)}", depth=depth + 1)
    elif isinstance(received, list):
        for index, value in enumerate(received):
            _free(value, f"{where}[{index}]", depth=depth + 1)
    elif isinstance(received, int | float):
        _check_number(received, where, "a number")
    return received


def _check_number(received: Any, where: str, name: str) -> None:
    if isinstance(received, int) and abs(received) > _LARGEST_WHOLE:
        raise unexpected(where, received, f"{name} of at most 64 bits")
    if isinstance(received, float) and not math.isfinite(received):
        raise ResultsError(f"{where}: received a number beyond 1.8e308; expected {name}")


def _wrong(where: str, received: Any, expected: str) -> ResultsError:
    if received is _ABSENT:
        return ResultsError(f"{where} is missing; expected {expected}")
    return unexpected(where, received, expected)
