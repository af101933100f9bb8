"""Pages in a real browser: Chromium, headless, through Playwright, with nothing but the file it is given."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
OWN = ("file:", "data:", "blob:", "about:")
"""Addresses that need no network."""
RULES = ("wcag2a", "wcag2aa")


def absent(what: str) -> NoReturn:
    """Skips a test that cannot be done here, with what to do; in CI it fails, for there nobody reads the skips."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"CI must look at the report in a browser: {what}")
    pytest.skip(what)


def program() -> str:
    """Returns the path of Chromium: ZOOBENCH_CHROMIUM if it is set, else what the system has."""
    named = os.environ.get("ZOOBENCH_CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not found:
        looked_for = named or ", ".join(PROGRAMS)
        absent(f"no browser ({looked_for}): apt-get install chromium, or name one in ZOOBENCH_CHROMIUM")
    return found


@contextmanager
def started() -> Iterator[Browser]:
    """Opens a browser; Chromium's sandbox is refused to root, and the pages here are our own."""
    if not find_spec("playwright"):
        absent("no Playwright: pip install -e '.[test]'")
    from playwright.sync_api import sync_playwright

    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program(), args=sandbox)
        yield opened
        opened.close()


@contextmanager
def visit(browser: Browser, file: Path, **options: Any) -> Iterator[Page]:
    """Opens a file in a window of its own; what the page complains of, asks for or pops up is an error at the end.

    Args:
        browser: Of `started`.
        file: An HTML file.
        **options: Of Playwright's `new_context`, such as `viewport`, `color_scheme` and `java_script_enabled`.
    """
    complaints: list[str] = []
    context = browser.new_context(**{"viewport": DESKTOP, "offline": True, **options})
    page = context.new_page()
    page.on("console", lambda one: complaints.append(f"console: {one.text}") if one.type in _LOUD else None)
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: complaints.extend(_foreign(request)))
    page.on("requestfailed", lambda request: complaints.append(f"not loaded: {request.url[:200]}"))
    page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    try:
        page.goto(file.absolute().as_uri())
        yield page
    finally:
        context.close()
    assert complaints == [], complaints


_LOUD = ("error", "warning")


def _foreign(request: Request) -> Iterator[str]:
    if not request.url.startswith(OWN):
        yield f"asked for: {request.url[:200]}"


def inaccessible(page: Page) -> list[str]:
    """Returns what axe-core finds against WCAG 2 A and AA: each rule with the elements that break it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": list(RULES)}).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']][:5]}" for one in found]


POOR_TEXT = """(limit) => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
        .getContext("2d", {willReadFrequently: true});
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], below) => [r, g, b].map((one, index) => one * a + below[index] * (1 - a));
    const luminance = (colour) => {
        const [r, g, b] = colour.map((one) => one / 255)
            .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const covers = (shape, x, y) => {
        const matrix = shape.getScreenCTM();
        return matrix !== null && shape.isPointInFill(new DOMPoint(x, y).matrixTransform(matrix.inverse()));
    };
    const behind = (text, x, y) => {
        const chain = [];
        for (let one = text.closest("svg"); one; one = one.parentElement)
            chain.unshift(rgba(getComputedStyle(one).backgroundColor));
        let colour = chain.reduce((below, one) => over(one, below), [255, 255, 255]);
        for (const shape of text.closest("svg").querySelectorAll("rect, path, circle, ellipse, polygon")) {
            if (!(shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)) break;
            const style = getComputedStyle(shape);
            if (style.fill === "none" || style.visibility === "hidden" || !covers(shape, x, y)) continue;
            const [r, g, b, a] = rgba(style.fill);
            colour = over([r, g, b, a * style.fillOpacity * style.opacity], colour);
        }
        return colour;
    };
    const poor = [];
    for (const text of document.querySelectorAll("svg text")) {
        const style = getComputedStyle(text);
        if (!text.textContent.trim() || style.visibility === "hidden" || !text.getClientRects().length) continue;
        const {left, right, top, bottom} = text.getBoundingClientRect();
        const ratio = Math.min(...[left + 1, (left + right) / 2, right - 1].map((x) => {
            const ground = behind(text, x, (top + bottom) / 2);
            const [r, g, b, a] = rgba(style.fill);
            const ink = over([r, g, b, a * style.fillOpacity * style.opacity], ground);
            const [dark, light] = [luminance(ink), luminance(ground)].sort((one, other) => one - other);
            return (light + 0.05) / (dark + 0.05);
        }));
        if (ratio < limit) poor.push(`${text.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
    }
    return poor;
}"""
"""Contrast of the text in pictures by WCAG 2.2, 1.4.3, which axe-core leaves out: against the shapes below it."""


def poor_text(page: Page, limit: float = 4.5) -> list[str]:
    """Returns the texts in pictures whose contrast with what is painted below them is under the limit."""
    found: list[str] = page.evaluate(POOR_TEXT, limit)
    return found


SMALL_TEXT = """(limit) => {
    const small = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, holder = node.parentElement;
        if (!node.textContent.trim() || !holder.getClientRects().length) continue;
        if (!holder.checkVisibility({visibilityProperty: true}) || holder.closest("script, style")) continue;
        const matrix = holder.getScreenCTM ? holder.getScreenCTM() : null;
        const size = parseFloat(getComputedStyle(holder).fontSize) * (matrix ? Math.hypot(matrix.a, matrix.b) : 1);
        if (size < limit - 0.01) small.add(`${node.textContent.trim().slice(0, 40)}: ${size.toFixed(1)} px`);
    }
    return [...small];
}"""


def small_text(page: Page, limit: float = 11) -> list[str]:
    """Returns the texts that show in fewer pixels than the limit, in pictures after scaling."""
    found: list[str] = page.evaluate(SMALL_TEXT, limit)
    return found


def overflow(page: Page) -> int:
    """Returns by how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
