"""Which layers and functions of a user's own does a Keras model need, and from which modules do they come?"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from zoobench.errors import UsageError
from zoobench.system.files import sha256_of_file, sha256_of_json

FLAG = "--zoo-custom-objects"
VARIABLE = "ZOOBENCH_CUSTOM_OBJECTS"
"""Of the environment: names the modules, comma-separated, to every process that loads a Keras model."""

_LIBRARIES = ("keras", "tensorflow")
CUSTOM_OBJECTS = "custom_objects"
"""In the metadata of a `.keras` file of ours: the modules that it needs, with a hash of the source of each."""


def custom_objects() -> dict[str, Any]:
    """Returns the classes and functions of the modules that the user named, by name; importing registers layers.

    The folder where this was started is looked into after all others.

    Raises:
        UsageError: If one of the modules cannot be imported.
    """
    found: dict[str, Any] = {}
    for name in named_modules(os.environ.get(VARIABLE, "")):
        _look_here()
        try:
            module = import_module(name)
        except Exception as error:  # a user's code may fail with anything; the message names it
            raise UsageError(f"{FLAG}: {name} cannot be imported: {type(error).__name__}: {error}") from error
        found |= {key: value for key, value in vars(module).items() if _is_of(value, name)}
    return found


def _is_of(value: object, name: str) -> bool:
    """Tells whether a module's value is its own, its package's or Keras's: a file may call no others by their names."""
    roots = (name.partition(".")[0], *_LIBRARIES)
    return callable(value) and str(getattr(value, "__module__", "")).partition(".")[0] in roots


def named_modules(text: str) -> tuple[str, ...]:
    """Returns the modules in a comma-separated text.

    Raises:
        UsageError: If one is no name of a module.
    """
    names = tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
    for name in names:
        if not all(map(str.isidentifier, name.split("."))):
            raise UsageError(f"{FLAG}: received {name!r}; allowed are modules as Python imports them: package.module")
    return names


def sources(names: tuple[str, ...]) -> Mapping[str, str]:
    """Returns a hash of the source of each module, with that of the package that it is in; none is imported.

    Raises:
        UsageError: If one is neither in the folder where this was started nor installed.
    """
    _look_here()
    return {name: sha256_of_json(_hashes(name)) for name in names}


def _hashes(name: str) -> list[str]:
    spec = find_spec(name.partition(".")[0])
    if spec is None:
        raise UsageError(
            f"{FLAG}: there is no module {name}; expected one that is installed, or a file in {Path.cwd()}"
        )
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return [
        sha256_of_file(path) for path in files or ([Path(spec.origin)] if spec.has_location and spec.origin else [])
    ]


def _look_here() -> None:
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
