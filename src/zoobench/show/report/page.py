"""How does a report become one HTML file that needs nothing else, not even trust in the names that it shows?"""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from zoobench.show.charts.svg import page_stylesheet
from zoobench.show.report.contents import Report
from zoobench.system.terminal import sanitize
from zoobench.system.units import percent

TEMPLATE, STYLE, SCRIPT = "report.html.j2", "style.css", "report.js"
"""Files in `templates/`."""
_CODE = re.compile("`((?:zoobench|pytest) [^`]+)`")
"""Commands in our own sentences; what else stands between backticks is a name that has them."""
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|MB|pp)(?![a-z]))")
"""Where no line is to end."""


def to_html(report: Report) -> str:
    """Returns a report as the text of an HTML file.

    Every text is escaped; besides, the page forbids its reader to load or run anything that does not stand in it: the
    style and the script are known by their hashes, images may only be `data:`.
    """
    style, script = page_stylesheet() + _file(STYLE), _file(SCRIPT)
    page = _environment().from_string(_file(TEMPLATE))
    return page.render(report=report, style=Markup(style), script=Markup(script), policy=_policy(style, script))


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _environment() -> Environment:
    environment = Environment(
        loader=BaseLoader(),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_tame,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = Markup  # of charts alone, which escape what they are given
    environment.filters["coded"] = _coded
    environment.filters["percent"] = percent
    return environment


def _tame(value: Any) -> Any:
    """Returns a foreign text without characters that steer or cannot be written; markup of our own as it is."""
    return sanitize(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _coded(text: str) -> Markup:
    """Returns a text, escaped, with what stands between backticks as code and each number on one line with its unit."""
    parts = [_BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", sanitize(part)) for part in _CODE.split(text)]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


@cache
def _file(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")
