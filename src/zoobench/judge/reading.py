"""Is a results file's JSON what it should be? Read as annotated types, or an error that names file and key."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from zoobench.errors import ResultsError

Value = TypeVar("Value")
_LARGEST_WHOLE = 2**63 - 1
_PLAIN = {float: ((int, float), "a number"), int: ((int,), "a whole number"), str: ((str,), "a text")}
"""What JSON may hold for each plain type, and what it is called."""


def load_content(path: Path) -> dict[str, Any]:
    """Returns the content of a file in pytest-benchmark's format.

    Raises:
        ResultsError: If it cannot be read or is not such a file.
    """
    try:
        content = json.loads(path.read_bytes(), parse_float=_finite, parse_constant=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"cannot read {path}: {error}. Expected a JSON file written by `pytest bench/`") from error
    if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
        raise ResultsError(f"{path} is not in pytest-benchmark's format: it has no list under the key 'benchmarks'")
    return content


def expect(kind: type[Value], received: Any, where: str) -> Value:
    """Returns what JSON holds if it is of a kind, an object or a list, and raises a ResultsError otherwise."""
    if not isinstance(received, kind):
        raise unexpected(where, received, "an object" if kind is dict else "a list")
    return received


def typed_value(expected: Any, received: Any, where: str) -> Any:
    """Returns what JSON holds as an annotated type: dataclass, tuple, mapping or plain, or one of these or None.

    Args:
        expected: The type.
        received: From the file.
        where: The file and the keys that lead there.

    Raises:
        ResultsError: If it is anything else; the message names the place.
    """
    if is_dataclass(expected):
        return _dataclass(expected, received, where)
    origin, arguments = get_origin(expected), get_args(expected)
    if origin is UnionType:
        known = next(one for one in arguments if one is not NoneType)
        return None if received is None else typed_value(known, received, where)
    if origin is tuple:
        return _tuple(arguments, received, where)
    if origin is Mapping:
        return _mapping(arguments[1], received, where)
    allowed, name = _PLAIN.get(expected, ((dict,), "an object"))
    if not isinstance(received, allowed) or isinstance(received, bool):
        raise unexpected(where, received, name)
    if isinstance(received, int) and abs(received) > _LARGEST_WHOLE:
        raise unexpected(where, received, f"{name} of at most 64 bits")
    return float(received) if isinstance(received, int) and expected is float else received


def _dataclass(expected: Any, received: Any, where: str) -> Any:
    if not isinstance(received, dict):
        raise unexpected(where, received, "an object")
    hints = get_type_hints(expected)
    names = [field.name for field in fields(expected)]
    return expected(**{name: typed_value(hints[name], received.get(name), f"{where}.{name}") for name in names})


def _mapping(expected: Any, received: Any, where: str) -> dict[str, Any]:
    if not isinstance(received, dict):
        raise unexpected(where, received, "an object")
    if expected is Any:
        return received
    return {key: typed_value(expected, item, f"{where}.{key}") for key, item in received.items()}


def _tuple(arguments: tuple[Any, ...], received: Any, where: str) -> tuple[Any, ...]:
    length = None if Ellipsis in arguments else len(arguments)
    if not isinstance(received, list) or length not in (None, len(received)):
        raise unexpected(where, received, f"a list of {length or 'any number of'} values")
    return tuple(typed_value(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(received))


def unexpected(where: str, received: Any, expected: str) -> ResultsError:
    """Returns the error for a value that is not what stands there in a results file."""
    shown = repr(received)
    return ResultsError(f"{where}: received {shown[:60]}{'...' if len(shown) > 60 else ''}; expected {expected}")


def _finite(text: str) -> float:
    """Returns a JSON number, and refuses what Python's reader takes for one: NaN, Infinity and 1e999."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number
