"""Is JSON what it should be, and if not, which key is not, and what stands there?"""

import json
import math
import re
import reprlib
from itertools import islice
from typing import Any, TypeVar

import msgspec

from zoobench.errors import ResultsError

Kind = TypeVar("Kind")
_LARGEST_WHOLE = 2**63 - 1
_DEEPEST = 36
"""Levels of lists and objects: what is read must be written and shown again without deep recursion."""
_SHOWN = 80
"""Characters of a received value in a message: room for a SHA-256."""
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|(\[\.\.\.\])")
"""Of a path as msgspec writes it: a field, a position, or some key of a mapping."""
_WORDS = {"float": "a number", "int": "a whole number", "str": "a text", "array": "a list", "object": "an object"}
_HALF = re.compile("[\ud800-\udfff]")
"""Of a character of two: text that cannot be written."""
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 3
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = _SHOWN


def parsed(content: bytes, where: str) -> Any:
    """Returns JSON as plain values: no key twice in an object, numbers finite and of 64 bits, no deep nest.

    Raises:
        ResultsError: If it is anything else; the message begins with `where` and the key.
    """
    try:
        value = json.loads(content.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{where}: {error}") from error
    if found := _fault(value):
        raise ResultsError(f"{where}{found}")
    return value


def typed(kind: type[Kind], value: Any, where: str) -> Kind:
    """Returns what `parsed` returned as a type with its bounds, a dataclass or whatever else msgspec takes.

    Unknown keys are passed over. What is refused is changed on the way to the message.

    Raises:
        ResultsError: If it does not fit; the message names the place, what was received and what was expected.
    """
    try:
        return msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise _refusal(kind, value, where, str(error)) from error


def read(kind: type[Kind], content: bytes, where: str) -> Kind:
    """Returns JSON without objects as a type with its bounds, in a third of the time that `parsed` and `typed` take."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError:
        return typed(kind, parsed(content, where), where)


def members(content: bytes, where: str) -> dict[str, msgspec.Raw]:
    """Returns the values of an object as they stand in the JSON, by their keys.

    Raises:
        ResultsError: If it is no object, or has a key twice.
    """
    try:
        found = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        found = typed(dict, parsed(content, where), where)
    if content.count(b":") != len(found) + sum(bytes(raw).count(b":") for raw in found.values()):
        parsed(content, where)  # a key has a colon in it, or stands there twice
    return found


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns a JSON object, and refuses one that has a key twice: readers differ in which they take."""
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"received the key {brief(next(key for key in keys if keys.count(key) > 1))} twice")
    return content


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


def values(content: bytes) -> int:
    """Returns an upper bound of the number of values in JSON: each stands behind one of these three."""
    return sum(map(content.count, (b",", b"[", b"{")))


def _fault(value: Any, depth: int = 0) -> str:
    """Returns the place of what cannot be written and shown again and what is wrong there; '' where nothing is."""
    if not isinstance(value, dict | list):
        return _problem(value)
    if depth == _DEEPEST:
        return f": received JSON nested more than {_DEEPEST} deep; expected less"
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(key, str) and not key.isascii() and (problem := _problem(key)):
            return problem
        if not (isinstance(inner, str) and inner.isascii()) and (found := _fault(inner, depth + 1)):
            return f"{_step(key)}{found}"
    return ""


def _problem(value: Any) -> str:
    if isinstance(value, str) and _HALF.search(value):
        return f": received {brief(value)}; expected text that can be printed"
    if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
        return f": received {brief(value)}; expected a number of at most 64 bits"
    if isinstance(value, float) and not math.isfinite(value):
        return ": received a number beyond 1.8e308; expected a finite one"
    return ""


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if re.fullmatch(rf"[\w-]{{1,{_SHOWN}}}", key) else f".{brief(key)}"


def _refusal(kind: Any, root: Any, where: str, message: str) -> ResultsError:
    """Returns what msgspec says of a value in our words, with the value and the keys that it leaves out."""
    problem, _, path = message.partition(" - at `")
    value = root
    for step in _STEP.finditer(path):
        field, position, some = step.groups()
        key = _unfit(kind, root, value, path[: step.end()]) if some else field or int(position)
        value, where = value[key], f"{where}{_step(key)}"
    if path.startswith("key`"):
        value = _unfit(kind, root, value, path)
    if missing := re.fullmatch("Object missing required field `(.*)`", problem):
        return ResultsError(f"{where}.{missing[1]} is missing")
    return unexpected(where, value, _expected(problem))


def _unfit(kind: Any, root: Any, mapping: dict[str, Any], path: str) -> str:
    """Returns the first key of a mapping inside a value that is why msgspec refuses it, and removes the others."""
    left = dict(mapping)
    while len(left) > 1:
        half = dict(islice(left.items(), len(left) // 2))
        mapping.clear()
        mapping.update(half)
        try:
            msgspec.convert(root, kind, str_keys=True)
            is_there = False
        except msgspec.ValidationError as error:
            is_there = f"`{path}" in str(error)
        left = half if is_there else {key: value for key, value in left.items() if key not in half}
    mapping.clear()
    mapping.update(left)
    return next(iter(left))


def _expected(problem: str) -> str:
    """Returns `Expected `float | null` >= 0.0` as `a number or null >= 0`."""
    text = re.sub("`(.*?)`", lambda found: " or ".join(_WORDS.get(one, one) for one in found[1].split(" | ")), problem)
    text = re.sub("Invalid enum value .*", "a value that this version knows", text, flags=re.DOTALL)
    text = text.replace("Integer value out of range", "a whole number of at most 64 bits")
    text = text.removeprefix("Expected ").partition(", got ")[0].removesuffix(".0")
    return re.sub(r"matching regex '\^(.*)\\\\Z'", r"that matches \1", text)
