"""Which colours have the charts, by what they are for?

Chosen so that the colour-blind tell them apart (after Okabe and Ito, "Color Universal Design", 2008) and that contrasts
hold in both themes; the tests compute them.
"""

from collections.abc import Mapping
from typing import Literal

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")

PALETTES: Mapping[Theme, Mapping[str, str]] = {
    "light": {
        "paper": "#ffffff",
        "ink": "#1b1f24",
        "muted": "#57606a",
        "grid": "#dfe3e8",
        "blue": "#0072b2",
        "green": "#00795a",
        "orange": "#c24a00",
        "grey": "#6e7781",
        "shade-0": "#f1f4f7",
        "shade-1": "#cadff1",
        "shade-2": "#a9cdea",
        "shade-3": "#83b6e0",
        "shade-4": "#2b73ad",
        "shade-5": "#1d5c92",
        "shade-6": "#124675",
        "shade-7": "#082f55",
        "on-weak": "#1b1f24",
        "on-strong": "#ffffff",
    },
    "dark": {
        "paper": "#14191f",
        "ink": "#e6edf3",
        "muted": "#9aa5b1",
        "grid": "#2d343c",
        "blue": "#56b4e9",
        "green": "#2fc49a",
        "orange": "#ff9e57",
        "grey": "#8b949e",
        "shade-0": "#1d242c",
        "shade-1": "#1d4260",
        "shade-2": "#21547c",
        "shade-3": "#28679a",
        "shade-4": "#69b3e6",
        "shade-5": "#8cc7ef",
        "shade-6": "#b1daf6",
        "shade-7": "#d6ecfb",
        "on-weak": "#e6edf3",
        "on-strong": "#0b1015",
    },
}
"""Every colour of each theme; `paper` is what the charts stand on."""

FIRST_STRONG = 4
"""The first of the shades on which text is `on-strong`; on those before it is `on-weak`."""
SHADES = 8

TEXT_PAIRS = (
    ("ink", "paper"),
    ("muted", "paper"),
    ("orange", "paper"),
    *((("on-strong" if shade >= FIRST_STRONG else "on-weak"), f"shade-{shade}") for shade in range(SHADES)),
)
"""Text and what it stands on."""
MARK_PAIRS = (*((colour, "paper") for colour in ("blue", "green", "orange", "grey", "ink", "muted")),)
"""A mark and what it stands on."""


def contrast(first: str, second: str) -> float:
    """Returns the contrast ratio of two colours such as `#0072b2`, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Returns the relative luminance of a colour, 0 to 1 (WCAG 2.2, "relative luminance")."""
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
