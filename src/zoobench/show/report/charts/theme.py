"""How do the charts get their colours and their font? CSS with a variable for each colour, or with the colours."""

import re

from zoobench.show.report.charts.palette import FIRST_STRONG, PALETTES, SHADES, Theme

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
    """Returns the CSS of one theme with its colours in place, for programs that know no variables."""
    return _VARIABLE.sub(lambda found: PALETTES[theme][found[1]], RULES)
