"""Which layers does the package have? Draws docs/pictures/layers.svg from the contract in pyproject.toml.

Run it after a change of the contract: `python tools/architecture.py`. A test holds the picture against the contract.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "layers.svg"

QUESTIONS = {
    "__main__": "python -m zoobench",
    "cli": "the command",
    "plugin": "the pytest plugin",
    "commands": "what a user can ask",
    "run": "one benchmark run",
    "show": "how results reach a reader",
    "build": "how models are made (TensorFlow)",
    "kit": "a run in one untrusted file",
    "data": "images become pixels and splits",
    "judge": "observations become verdicts",
    "measure": "files become observations",
    "results": "what a run leaves",
    "store": "what was made already",
    "tflite": "what stands in a TFLite file",
    "matrix": "backbone x variant x runtime",
    "system": "files, processes, terminal, units",
    "stats": "intervals, tests, bootstraps",
    "errors": "what can go wrong",
}
"""By package; each package of a layer needs one."""

_WIDTH, _HEIGHT, _GAP, _MARGIN = 720, 44, 8, 12


def layers() -> list[list[str]]:
    """Returns the packages of each layer, the highest first, from the contract of import-linter."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if one["type"] == "layers")
    return [line.split(" | ") for line in contract["layers"]]


def picture(rows: list[list[str]]) -> str:
    """Returns an SVG of layers, one row for each; imports go downwards only."""
    height = 2 * _MARGIN + len(rows) * (_HEIGHT + _GAP) - _GAP
    boxes = [box for number, names in enumerate(rows) for box in _row(names, top=_MARGIN + number * (_HEIGHT + _GAP))]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
            ' font-family="sans-serif" text-anchor="middle">',
            "<title>The layers of zoobench; nothing imports what stands above it</title>",
            "<style>rect{fill:#eef3f8;stroke:#4a6785}text{fill:#1b2733}.q{font-size:11px;fill:#44576b}</style>",
            f'<rect width="{_WIDTH}" height="{height}" style="fill:#ffffff;stroke:none"/>',
            *boxes,
            "</svg>\n",
        ]
    )


def _row(names: list[str], *, top: int) -> list[str]:
    width = (_WIDTH - 2 * _MARGIN - (len(names) - 1) * _GAP) / len(names)
    boxes = []
    for number, name in enumerate(names):
        left = _MARGIN + number * (width + _GAP)
        middle = left + width / 2
        boxes += [
            f'<rect x="{left:g}" y="{top}" width="{width:g}" height="{_HEIGHT}" rx="5"/>',
            f'<text x="{middle:g}" y="{top + 19}" font-weight="bold" font-size="14">{escape(name)}</text>',
            f'<text x="{middle:g}" y="{top + 35}" class="q">{escape(QUESTIONS[name])}</text>',
        ]
    return boxes


if __name__ == "__main__":
    PICTURE.write_text(picture(layers()))
