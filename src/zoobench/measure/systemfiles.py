"""What do the files say in which Linux tells of a machine?"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFiles:
    """The files below `root`; tests give a folder of their own. A file that cannot be read says nothing, None."""

    root: Path = Path("/")

    def text(self, path: str) -> str | None:
        """Returns what stands in a file, without the blanks and zero bytes around it."""
        try:
            return (self.root / path).read_text(errors="replace").strip("\0\n ")
        except OSError:
            return None

    def number(self, path: str, *, base: int = 10) -> int | None:
        """Returns the whole number that a file holds; None for any other text too."""
        try:
            return int(self.text(path) or "", base)
        except ValueError:
            return None

    def names(self, folder: str) -> tuple[str, ...]:
        """Returns what is in a folder; nothing if it cannot be read."""
        try:
            return tuple(sorted(path.name for path in (self.root / folder).iterdir()))
        except OSError:
            return ()

    def has(self, path: str) -> bool:
        """Tells whether a file or folder is there."""
        return (self.root / path).exists()

    def found(self, pattern: str) -> tuple[str, ...]:
        """Returns the files that a pattern such as `sys/class/thermal/*/temp` fits, by name."""
        return tuple(sorted(path.relative_to(self.root).as_posix() for path in self.root.glob(pattern)))


HERE = SystemFiles()
"""This machine's."""
