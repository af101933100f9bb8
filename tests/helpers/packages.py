"""Packages that add to the tables: those that docs/extending.md shows, and tiny ones that are put beside zoobench."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from zoobench.matrix import registry

EXTENDING = Path(__file__).parents[2] / "docs" / "extending.md"
_SHOWN_FILE = re.compile(r"^`(zoobench-\S+)`\n\n```\w+\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def shown_files() -> dict[str, str]:
    """Returns every file that docs/extending.md shows whole, by the path that stands above it."""
    return dict(_SHOWN_FILE.findall(EXTENDING.read_text()))


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files, with the folders that they are in."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def install(folder: Path, *projects: Path) -> Path:
    """Has pip install packages into a folder of their own, without a network; returns it."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--target", str(folder))
    done = subprocess.run([*pip, *offline, *map(str, projects)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def put(  # what pip leaves behind, without the seconds that it takes
    folder: Path, name: str, *, version: str = "1.0", entry_points: Mapping[str, str], modules: Mapping[str, str]
) -> Path:
    """Puts a package into a folder as pip leaves it there, and returns the folder.

    Args:
        folder: Where it goes.
        name: Of the package.
        version: Of the package.
        entry_points: By group, the lines `name = module:attribute`.
        modules: Text by file name.
    """
    sections = (f"[{group}]\n{lines}\n" for group, lines in entry_points.items())
    about = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    write(folder, {f"{about}/METADATA": metadata, f"{about}/entry_points.txt": "\n".join(sections), **modules})
    return folder


def forget() -> None:
    """Has the tables look anew at what is installed."""
    registry.additions.cache_clear()
    registry._loaded.cache_clear()
