"""What does the project that is worked in ask for in its pyproject.toml, and which of several is its own?"""

import os
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoobench.errors import UsageError, did_you_mean
from zoobench.run.options import OPTIONS, PREFIX, Option, defaults, refuse_empty

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECTION = "tool.zoobench"
_GATE = "gate"
"""A table of its own, which `judge/gate/rules.py` reads."""
_NEVER = {
    "kit": "a kit is named on the command line",
    "kit-limit": "a kit is named on the command line",
    "gate": "[tool.zoobench.gate] is a table of tolerances, and the baseline is named on the command line",
    "gate-seconds": "it is `seconds` of [tool.zoobench.gate]",
    "gate-tolerances": "tolerances are keys of [tool.zoobench.gate]",
    "gate-rename": "it is `rename` of [tool.zoobench.gate]",
}
_CONFIGURED = {one.name: one for one in OPTIONS if not one.name.startswith(("kit", "gate"))}
_PATHS = ("data", "calibration-data", "artifacts")
_PERHAPS_PATHS = ("backbones", "weights", "classes")
"""Options of which each part may be the path of a file or folder."""
_ROOTS = (".git", ".hg")
"""What lies in the topmost folder of a project; above it another's begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What is asked for of a project.

    Attributes:
        path: Its pyproject.toml; None where there is none.
        texts: Of options by name, as on the command line; paths as the working folder has them.
    """

    path: Path | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    def under(self, given: Mapping[str, str]) -> dict[str, str]:
        """Returns the text of each option: that of the command line, else the project's, else the default."""
        return {**defaults(), **self.texts, **given}

    def placed(self, message: str, given: Mapping[str, str]) -> str:
        """Returns a message about options with the place of those that came from the file."""
        names = sorted(self.texts.keys() - given.keys(), key=len, reverse=True)
        pattern = "|".join(map(re.escape, names))
        found = re.compile(rf"{PREFIX}({pattern})(?![\w-])")
        return found.sub(lambda one: f"{self.path}: {SECTION}.{one[1]}", message) if names else message


def find_pyproject(folder: Path) -> Path | None:
    """Returns the pyproject.toml of the project that a folder is in: the first one upwards, and none of another's.

    Above the folder itself none is taken from where everybody may write, such as /tmp.
    """
    for one in (folder, *folder.parents):
        if one != folder and one.stat().st_mode & stat.S_IWOTH:
            return None
        if (one / "pyproject.toml").is_file():
            return one / "pyproject.toml"
        if any((one / root).exists() for root in _ROOTS):
            return None
    return None


def read_project(folder: Path) -> Project:
    """Returns what the project that a folder is in asks for.

    Raises:
        UsageError: If its file cannot be read, or has a key or a value that makes no sense; both are named.
    """
    path = find_pyproject(folder)
    if path is None:
        return Project()
    texts = {name: _text(path, name, value) for name, value in _section(path).items() if not _is_gate(name, value)}
    return Project(path=path, texts={name: _from(folder, path.parent, name, text) for name, text in texts.items()})


def _section(path: Path) -> dict[str, Any]:
    try:
        place: Any = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}; mend it, or start in another folder") from error
    read: list[str] = []
    for key in SECTION.split("."):
        read.append(key)
        place = place.get(key, {})
        if not isinstance(place, dict):
            raise UsageError(f"{path}: {'.'.join(read)}: received {place!r}; allowed is a table: [{SECTION}]")
    return dict(place)


def _is_gate(name: str, value: Any) -> bool:
    return name == _GATE and isinstance(value, dict)


def _text(path: Path, name: str, value: Any) -> str:
    where = f"{path}: {SECTION}.{name}"
    if name in _NEVER:
        raise UsageError(f"{where}: received {value!r}; {_NEVER[name]}")
    option = _CONFIGURED.get(name)
    if option is None:
        raise UsageError(
            f"{path}: {SECTION}: received the key {name!r}{did_you_mean(name, _CONFIGURED)}; allowed are "
            f"{', '.join(_CONFIGURED)}, and the table {_GATE}"
        )
    return _flag(where, value) if not option.metavar else _valued(where, option, value)


def _flag(where: str, value: Any) -> str:
    if not isinstance(value, bool):
        raise UsageError(f"{where}: received {value!r}; allowed is true or false")
    return "yes" if value else ""


def _valued(where: str, option: Option, value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in parts):
        raise UsageError(
            f"{where}: received {value!r}; allowed is a text, a number or a list of them: {option.metavar}"
        )
    text = ",".join(map(str, parts))
    refuse_empty(where, text)
    return text


def _from(folder: Path, home: Path, name: str, text: str) -> str:
    """Returns a text whose paths, which start at the file's folder, are as the working folder has them."""
    if name in _PATHS:
        return _path(folder, home, text)
    if name not in _PERHAPS_PATHS:
        return text
    parts = (one.rpartition("=") for one in text.split(","))
    return ",".join(f"{before}{sign}{_perhaps_path(folder, home, last)}" for before, sign, last in parts)


def _perhaps_path(folder: Path, home: Path, text: str) -> str:
    stripped = text.strip()
    return _path(folder, home, stripped) if stripped and (home / Path(stripped).expanduser()).exists() else text


def _path(folder: Path, home: Path, text: str) -> str:
    path = Path(text).expanduser()
    return str(path) if path.is_absolute() or home == folder else os.path.relpath(home / path, folder)
