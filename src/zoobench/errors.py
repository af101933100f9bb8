"""What can go wrong, how is it said so that no foreign text in it steers a reader, and how does a command end?

    ZoobenchError
    ├── UsageError          an option or argument that makes no sense
    ├── DataError           images that are missing, unreadable or contradictory
    ├── ModelError          weights, backbones and conversions that cannot be had
    ├── MeasurementError    a runtime that cannot open or run a model
    ├── ResultsError        a results file that cannot be read, understood or written
    └── OutputError         a file or a stream that cannot be written

Every message says what was received, what is allowed, and what to do next.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum

_OF_PYTEST = 10
TO_BUILD = "pip install tensorflow litert-quantizer pillow"
"""What brings the libraries that make models; zoobench itself is on no package index."""
MARK = "\N{REPLACEMENT CHARACTER}"
_COMMAND = re.compile(r"^\s*::|##\[")
"""Of GitHub's runner: the one at the start of a line, the older one anywhere."""


def sanitize(text: str) -> str:
    """Returns a foreign text on one line with a mark for each character that would steer a terminal or is none.

    What GitHub's runner would take for a command, were it printed at the start of a line, is marked too.
    """
    plain = text if text.isprintable() else "".join(one if one.isprintable() else MARK for one in text)
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}{MARK}", plain)


class ZoobenchError(Exception):
    """Base of all errors that zoobench raises on purpose; its message is meant for people.

    Each argument is a line of it: a line end in one is foreign, and marked as all that would steer a terminal.
    """

    def __str__(self) -> str:
        return "\n".join(sanitize(str(line)) for line in self.args)


class UsageError(ZoobenchError):
    """An option or argument that makes no sense."""


class DataError(ZoobenchError):
    """Images that are missing, unreadable or contradictory."""


class ModelError(ZoobenchError):
    """Weights, backbones or conversions that cannot be had."""


class MeasurementError(ZoobenchError):
    """A runtime that cannot open or run a model."""


class ResultsError(ZoobenchError):
    """A results file that cannot be read, understood or written."""


class OutputError(ZoobenchError):
    """A file or a stream that cannot be written."""


class Status(IntEnum):
    """How a command ends, the same for all of them; docs/ci.md has this table.

    What went wrong with zoobench itself or with its output has numbers of its own, those of `sysexits.h` and of shells:
    none of them, and no status of Python's, is that of a verdict.

    Attributes:
        PASSED: It did what was asked, and what was asked holds.
        FAILED: It does not: something regressed, is violated, damaged or broken, or no cell can be recommended.
        UNUSABLE: Options or files cannot be used.
        UNDECIDED: The evidence is insufficient.
        CRASHED: By a defect of zoobench, or by native code that never ended.
        UNWRITTEN: What it had to say could not be written.
        HUNG_UP: By SIGHUP, as when its terminal is closed; this and the next two are as shells have them.
        INTERRUPTED: By Ctrl-C.
        TERMINATED: By SIGTERM.
    """

    PASSED = 0
    FAILED = 1
    UNUSABLE = 2
    UNDECIDED = 3
    CRASHED = 70
    UNWRITTEN = 74
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def in_pytest(self) -> int:
        """The same of a pytest session: 10 more, as 1 to 5 are pytest's own."""
        return self + _OF_PYTEST if 0 < self < _OF_PYTEST else int(self)


_SIGNS = re.compile(r"[\W_]+")
_LEAST_LETTERS = 3
"""Of a word that may be a part of what was meant."""


def spelled(name: str) -> str:
    """Returns a name without what people spell in several ways: capital letters and the signs between words."""
    return _SIGNS.sub("", name.casefold())


def did_you_mean(received: str, known: Iterable[str]) -> str:
    """Returns what to say behind a name that is none of a closed list: the nearest one in brackets, or nothing."""
    names: dict[str, str] = {}
    for name in known:
        names.setdefault(spelled(name), name)
    word = spelled(received)
    near = get_close_matches(word, names, n=1)
    near += [one for one in names if len(word) >= _LEAST_LETTERS and word in one]
    found = next((names[one] for one in near if names[one] != received), "")
    return f" (did you mean {found}?)" if found else ""
