"""Which colours have the charts, by what they are for?

Chosen so that the colour-blind tell them apart (after Okabe and Ito, "Color Universal Design", 2008) and that contrasts
hold in both themes; the tests compute them.
"""

import re
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
KIND_COLOURS: Mapping[Theme, tuple[str, ...]] = {
    "light": (
        *("#0072b2", "#a36a00", "#00795a", "#b5528f", "#2f8bc0", "#7d5a1e", "#6a51a3", "#4c8a12", "#444444"),
        "#848d97",
    ),
    "dark": (
        *("#56b4e9", "#e6a817", "#2fc49a", "#e08fc0", "#9cd9ff", "#c9a766", "#a995e0", "#8fd14f", "#d0d5da"),
        "#7a838c",
    ),
}
"""Of kinds of operation, the most frequent first; the last one is of all others. No page needs them."""
KINDS = len(KIND_COLOURS["light"]) - 1
"""That have a colour of their own."""
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
FONTS = (
    *("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Helvetica", "Arial"),
    *("Liberation Sans", "Noto Sans", "DejaVu Sans", "Ubuntu", "Cantarell", "FreeSans", "Nimbus Sans", "sans-serif"),
)
"""Families from which the first is taken that a machine has."""
TEXT_SIZE, TITLE_SIZE = 13.0, 15.0
"""Heights of letters in units of a drawing."""
_VARIABLE = re.compile(r"var\(--chart-([a-z0-9-]+)\)")
_RULES = f"""\
.chart{{font-family:{",".join(f"'{one}'" if " " in one else one for one in FONTS)}}}
.chart text{{fill:var(--chart-ink);font-size:{TEXT_SIZE:g}px}}
.chart .muted{{fill:var(--chart-muted)}}
.chart .strong{{font-weight:600}}
.chart .title{{font-weight:600;font-size:{TITLE_SIZE:g}px}}
.chart .over{{paint-order:stroke;stroke:var(--chart-paper);stroke-width:4px;stroke-linejoin:round}}
.chart .limit-text{{fill:var(--chart-orange)}}
.chart .end{{text-anchor:end}}
.chart .middle{{text-anchor:middle}}
.chart .grid{{stroke:var(--chart-grid);stroke-width:1;fill:none}}
.chart .axis{{stroke:var(--chart-muted);stroke-width:1;fill:none}}
.chart .leader{{stroke:var(--chart-muted);stroke-width:.8;fill:none}}
.chart .limit{{stroke:var(--chart-orange);stroke-width:1.4;stroke-dasharray:6 4;fill:none}}
.chart .step{{stroke:var(--chart-blue);stroke-width:1.4;stroke-dasharray:2 3;fill:none}}
.chart .whisker{{stroke-width:1.2;fill:none}}
.chart .mark{{stroke-width:1.6}}
.chart .front .mark,.chart .faster .mark{{fill:var(--chart-blue);stroke:var(--chart-paper);stroke-width:1}}
.chart .open .mark{{fill:var(--chart-paper);stroke:var(--chart-green);stroke-width:2}}
.chart .dominated .mark{{fill:var(--chart-paper);stroke:var(--chart-grey)}}
.chart .slower .mark{{fill:var(--chart-orange);stroke:var(--chart-paper);stroke-width:1}}
.chart .undecided .mark{{fill:var(--chart-paper);stroke:var(--chart-grey);stroke-width:2}}
.chart .front .whisker,.chart .faster .whisker{{stroke:var(--chart-blue)}}
.chart .open .whisker{{stroke:var(--chart-green)}}
.chart .dominated .whisker,.chart .undecided .whisker{{stroke:var(--chart-grey)}}
.chart .slower .whisker{{stroke:var(--chart-orange)}}
.chart .quiet .whisker{{opacity:0}}
.chart .quiet:hover .whisker{{opacity:1}}
.chart .halo{{stroke:var(--chart-orange);stroke-width:2.4;fill:none}}
.chart .reach{{stroke:var(--chart-grey);stroke-width:1;fill:none}}
.chart .hill{{fill:var(--chart-blue);stroke:none}}
.chart .median{{stroke:var(--chart-ink);stroke-width:1.8;fill:none}}
.chart .p90{{stroke:var(--chart-orange);stroke-width:2;fill:none}}
.chart .hit{{fill:transparent;stroke:none}}
.chart .row .whisker{{stroke-width:2.4}}
.chart .row:hover .hit{{fill:var(--chart-grid)}}
.chart .training{{stroke:var(--chart-blue);stroke-width:2;fill:none}}
.chart .validation{{stroke:var(--chart-orange);stroke-width:2;stroke-dasharray:7 3;fill:none}}
.chart .training-dot{{fill:var(--chart-blue);stroke:none}}
.chart .validation-dot{{fill:var(--chart-orange);stroke:none}}
.chart .chosen{{stroke:var(--chart-ink);stroke-width:1.2;stroke-dasharray:2 3;fill:none}}
"""
_SHADE_RULES = "".join(
    f".chart .shade-{shade}{{fill:var(--chart-shade-{shade})}}\n"
    f".chart text.on-{shade}{{fill:var(--chart-{'on-strong' if shade >= FIRST_STRONG else 'on-weak'})}}\n"
    for shade in range(SHADES)
)
RULES = _RULES + _SHADE_RULES
"""What a page needs once, beside the variables of a theme."""
FILE_RULES = """\
.chart .kind .mark{stroke:var(--chart-paper);stroke-width:1}
.chart .worst{fill:var(--chart-orange)}
.chart .to-worst{stroke:var(--chart-orange);stroke-width:.8;fill:none}
.chart .curve{stroke-width:2;fill:none}
.chart .some .curve,.chart .some .whisker{stroke:var(--chart-blue)}
.chart .some .mark{fill:var(--chart-blue)}
.chart .every .curve,.chart .every .whisker{stroke:var(--chart-green)}
.chart .every .mark{fill:var(--chart-green)}
.chart .theirs .whisker{stroke:var(--chart-orange)}
.chart .theirs .mark{fill:var(--chart-orange)}
"""
"""What pictures need besides that stand in files of their own and on no page."""


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


def variables(theme: Theme) -> str:
    """Returns the declarations of a theme's colours, `--chart-ink:#1b1f24;...`, to stand in a rule such as `:root`."""
    return "".join(f"--chart-{name}:{colour};" for name, colour in PALETTES[theme].items())


def page_stylesheet() -> str:
    """Returns the CSS for a page: light unless the reader's system is dark, or as `data-theme` of `<html>` says.

    On paper it is light.
    """
    light, dark = variables("light"), variables("dark")
    return (
        f":root{{{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{{dark}}}}}\n"
        f"{RULES}"
    )


def stylesheet(theme: Theme) -> str:
    """Returns the CSS of one theme with its colours in place, for files that programs without variables read too."""
    kinds = zip((*range(KINDS), "other"), KIND_COLOURS[theme], strict=True)
    rules = "".join(f".chart .kind-{name} .mark{{fill:{colour}}}\n" for name, colour in kinds)
    return _VARIABLE.sub(lambda found: PALETTES[theme][found[1]], RULES + FILE_RULES) + rules
