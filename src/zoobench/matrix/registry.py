"""Which rows do packages that are installed beside this one add to its tables? Their entry points say so."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from zoobench.errors import UsageError, did_you_mean, spelled

if TYPE_CHECKING:  # it takes as long as the rest of a command that needs no table
    from importlib.metadata import EntryPoint

EVERY = "all"
"""The word for every row of a table."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
"""As our own names: they stand in ids of cells, between hyphens, and in names of folders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An installed distribution that adds rows; a new version of it makes new files."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class TableRow(Protocol):
    """A backbone, a variant or a runtime."""

    @property
    def name(self) -> str:
        """The word for it."""

    def added(self: "Kind", package: Package) -> "Kind":
        """Returns it as what a package adds."""


Kind = TypeVar("Kind", bound=TableRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[Kind]):
    """A literal table of ours and what packages add to it; only `find` imports anything of a package.

    Attributes:
        what: A row is.
        aliases: What else people call our rows: the name of a row, by the word.
    """

    what: str
    kind: type[Kind]
    own: Mapping[str, Kind]
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The group of entry points that add to it."""
        return f"zoobench.{self.what}s"

    def names(self) -> tuple[str, ...]:
        """Returns every name, ours first."""
        return tuple(dict.fromkeys((*self.own, *sorted(one.name for one, _ in additions(self.group)))))

    def resolve(self, name: str) -> str:
        """Returns the row's name for a word that is written otherwise or an alias; a word that is neither as it is."""
        known = self.names()
        if name in (*known, EVERY):
            return name
        words = {spelled(word): row for word, row in (*self.aliases.items(), *((one, one) for one in (*known, EVERY)))}
        return words.get(spelled(name), name)

    def select(self, names: Sequence[str]) -> tuple[str, ...]:
        """Returns the names of rows, in the order given; `all` stands for every one.

        Raises:
            UsageError: If a name is unknown, and the message lists the known ones, or is given to two.
        """
        known = self.names()
        if unknown := [name for name in names if name not in (*known, EVERY)]:
            told = ", ".join(f"{name}{self.hint(name)}" for name in unknown)
            raise UsageError(f"unknown {self.what}: {told}; known are {', '.join(known)}, or {EVERY}")
        found = known if EVERY in names else tuple(names)
        self.check(found)
        return found

    def check(self, names: Iterable[str]) -> None:
        """Refuses names that several packages, or a package and we, give to something.

        Raises:
            UsageError: The message names each.
        """
        for name in names:
            owners = [_entry_text(*one) for one in additions(self.group) if one[0].name == name]
            if name in self.own:
                owners.insert(0, "zoobench itself")
            if len(owners) > 1:
                raise UsageError(
                    f"{name} is the name of more than one {self.what}: {' and '.join(owners)}; uninstall all but one "
                    "of these packages, or have its author choose another name"
                )

    def hint(self, name: str) -> str:
        """Returns what to say behind a name that is not known."""
        return did_you_mean(name, self.names())

    def package(self, name: str) -> Package | None:
        """Returns the package that adds a row, None if it is ours or nobody's."""
        if name in self.own:
            return None
        return next((package for one, package in additions(self.group) if one.name == name), None)

    def find(self, name: str) -> Kind:
        """Returns a row; of the packages that add rows only the one of that name is imported.

        Raises:
            UsageError: If there is none, or it cannot be used; the message names the package and its entry point.
        """
        if name in self.own:
            return self.own[name]  # without looking at what is installed, which a process that is timed need not do
        self.check([name])
        for one, package in additions(self.group):
            if one.name == name:
                row: Kind = _loaded(one, package, self.kind)
                return row
        raise UsageError(
            f"unknown {self.what}: {name}{self.hint(name)}; known are {', '.join(self.names())}; what else adds one is "
            "not installed in this environment"
        )


@cache
def additions(group: str) -> "tuple[tuple[EntryPoint, Package], ...]":
    """Returns the entry points of a group and whose they are, in the order of Python's path; nothing is imported."""
    from importlib.metadata import entry_points

    return tuple(
        (one, Package(name=str(one.dist.name), version=str(one.dist.version)))
        for one in entry_points(group=group)
        if one.dist is not None
    )


def imported(reference: str, *, package: Package | None) -> Any:
    """Returns what `module:attribute` refers to.

    Raises:
        UsageError: If it cannot be imported; the message names the package.
    """
    module, _, attribute = reference.partition(":")
    try:
        return attrgetter(attribute)(import_module(module))
    except Exception as error:  # foreign code may fail with anything; the message names it
        raise UsageError(
            f"{package}: {reference} cannot be imported ({type(error).__name__}: {error}); mend or uninstall the "
            "package, or leave out what it adds"
        ) from error


def is_reference(text: str) -> bool:
    """Tells whether a text has the form `module:attribute`."""
    module, colon, attribute = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *attribute.split(".")))


@cache
def _loaded(entry: "EntryPoint", package: Package, kind: type[Kind]) -> Kind:
    added = _entry_text(entry, package)
    row = imported(entry.value, package=package)
    if not isinstance(row, kind):
        raise UsageError(f"{added} refers to a value of {type(row)}; expected a zoobench.{kind.__name__}")
    if row.name != entry.name or not _NAME.fullmatch(row.name) or row.name == EVERY:
        raise UsageError(
            f"{added} refers to a {kind.__name__} with the name {row.name!r}; expected the name of the entry point, a "
            f"small letter and up to 59 small letters, digits and '_', and not {EVERY!r}"
        )
    try:
        return row.added(package)
    except ValueError as error:
        raise UsageError(f"{added} cannot be used: {error}") from error


def _entry_text(entry: "EntryPoint", package: Package) -> str:
    return f"the entry point {entry.name} = {entry.value} ({entry.group}) of {package}"
