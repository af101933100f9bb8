"""In which order are the classes: which output of a classifier is which of them?"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

from zoobench.errors import DataError, UsageError

_NUMBERED = re.compile(r"(\d+)(?:\s+|\s*[:,;]\s*)(\S.*)")
_SHOWN = 5
_ENDINGS = (".txt", ".names", ".labels", ".csv")
_GIVE = "give the classes in the order of the outputs, one a line or separated by commas"


def parse_classes(text: str) -> tuple[str, ...]:
    """Reads a labels file: one class a line, in the order of a classifier's outputs.

    Lines may be numbered, such as `0 cat`, from 0 or 1 and one after the other; the numbers are left out then.

    Raises:
        DataError: There is none, a line is empty, a class stands twice, or the numbers are not one after the other.
    """
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff").rstrip())]
    if empty := [number for number, line in enumerate(lines, start=1) if not line]:
        raise DataError(f"line {empty[0]} of the classes is empty; {_GIVE}")
    names = _without_numbers(lines)
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise DataError(f"the class {twice[0]} stands twice; {_GIVE}, each once")
    return tuple(names)


def find_order(classes: Sequence[str], *, given: str) -> tuple[tuple[str, ...], str]:
    """Returns the classes in the order of the labels, and what is unusual in it, '' if nothing is.

    Args:
        classes: As the data set names them, in alphabetical order.
        given: A labels file, or names separated by commas; '' for alphabetical, or by number where all are numbers.

    Raises:
        DataError: The file cannot be read, or what is given are not the same classes.
        UsageError: What is given is neither.
    """
    if given:
        ordered = _same(classes, asked_classes(given), given=given)
        return ordered, f"classes in the order of --zoo-classes: {_beginning(ordered)}"
    if not all(name.isdecimal() for name in classes):
        return tuple(classes), ""
    ordered = tuple(sorted(classes, key=lambda name: (int(name), name)))
    if ordered == tuple(classes):
        return ordered, ""
    return ordered, (
        f"classes that are numbers are counted: {_beginning(ordered)}; Keras spells them ({_beginning(classes)}): give "
        "that order with --zoo-classes to a classifier that learned it"
    )


def asked_classes(given: str) -> tuple[str, ...]:
    """Returns the classes that a user gives: in a labels file, or as names separated by commas; none for ''.

    Raises:
        DataError: The file cannot be read, or does not hold one class a line.
        UsageError: There is no such file.
    """
    if not given:
        return ()
    path = Path(given)
    if not path.is_file():
        if path.suffix.lower() in _ENDINGS or "," not in given:
            raise UsageError(f"--zoo-classes: there is no file {given}; name one, or {_GIVE}")
        return parse_classes("\n".join(given.split(",")))
    try:
        return parse_classes(path.read_bytes().decode())
    except OSError as error:
        raise DataError(f"--zoo-classes: {given} cannot be read ({error.strerror}); name another file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"--zoo-classes: {given} is not text in UTF-8 ({error.reason}); save it as UTF-8") from error


def _without_numbers(lines: Sequence[str]) -> list[str]:
    found = [_NUMBERED.fullmatch(line) for line in lines]
    numbered = [(int(match[1]), match[2]) for match in found if match]
    if len(numbered) < len(lines) or len(lines) < 2 or numbered[0][0] > 1:
        return list(lines)
    for place, (number, name) in enumerate(numbered, start=numbered[0][0]):
        if number != place:
            raise DataError(f"the classes are numbered, but {name} has {number} where {place} was expected; {_GIVE}")
    return [name for _, name in numbered]


def _same(classes: Sequence[str], asked: Sequence[str], *, given: str) -> tuple[str, ...]:
    """Returns the classes as the data set spells them; systems may store one letter in two ways."""
    own = {normalize("NFC", name): name for name in classes}
    names = [normalize("NFC", name) for name in asked]
    extra = [name for name in names if name not in own]
    missing = [name for plain, name in own.items() if plain not in names]
    if extra or missing:
        wrong = [f"it lacks {', '.join(missing)}"] if missing else []
        wrong += [f"the data has no {', '.join(extra)}"] if extra else []
        raise DataError(
            f"--zoo-classes: {given} names {len(asked)} classes, the data has {len(classes)}: {'; '.join(wrong)}; both "
            "must be the same, also in upper and lower case"
        )
    return tuple(own[name] for name in names)


def _beginning(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" ... {names[-1]}" if len(names) > _SHOWN else "")
