"""Would the browser tests see what is wrong with a page?"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser import PHONE, absent, inaccessible, overflow, poor_text, program, small_text, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

GOOD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Good</title>
<style>body { color: #222; background: #fff; font: 16px sans-serif }</style>
<main><h1>All is well</h1>
<svg role="img" aria-label="A word" width="200" height="40"><text y="20" fill="#222">word</text></svg></main></html>"""


def page_with(folder: Path, piece: str) -> Path:
    path = folder / "page.html"
    path.write_text(GOOD.replace("</main>", f"{piece}</main>"))
    return path


def test_a_good_page_has_nothing_to_complain_of(browser: "Browser", tmp_path: Path) -> None:
    with visit(browser, page_with(tmp_path, ""), viewport=PHONE) as page:
        assert inaccessible(page) == poor_text(page) == small_text(page) == []
        assert overflow(page) == 0


@pytest.mark.parametrize(
    ("piece", "complaint"),
    [
        ("<script>console.error('spoilt')</script>", "console: spoilt"),
        ("<script>nowhere()</script>", "error: nowhere is not defined"),
        ("<script>alert(1)</script>", "dialog: 1"),
        ('<img alt="" src="https://example.org/a.png">', "asked for: https://example.org/a.png"),
        ('<img alt="" src="gone.png">', "not loaded: file://"),
    ],
)
def test_what_a_page_complains_of_asks_for_or_pops_up_fails(
    browser: "Browser", tmp_path: Path, piece: str, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=re.escape(complaint)), visit(browser, page_with(tmp_path, piece)):
        pass


def test_poor_contrast_and_small_letters_are_seen_in_text_and_in_pictures(browser: "Browser", tmp_path: Path) -> None:
    pictured = """<p style="color: #aaa">pale</p><p style="font-size: 9px">tiny</p>
    <svg role="img" aria-label="Words" width="100" height="20" viewBox="0 0 200 40"><rect width="100" height="40"/>
    <text x="5" y="20" font-size="30" fill="#333">dark</text>
    <text x="105" y="20" font-size="20" fill="#222">fine</text></svg>"""
    with visit(browser, page_with(tmp_path, pictured)) as page:
        assert [one.split(":")[0] for one in inaccessible(page)] == ["color-contrast"]
        assert [one.split(":")[0] for one in poor_text(page)] == ["dark"]
        assert small_text(page) == ["tiny: 9.0 px", "fine: 10.0 px"]


def test_a_wide_page_overflows_a_phone(browser: "Browser", tmp_path: Path) -> None:
    with visit(browser, page_with(tmp_path, '<div style="width: 500px">wide</div>'), viewport=PHONE) as page:
        assert overflow(page) > 100


def test_an_absent_browser_skips_with_what_to_install_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOBENCH_CHROMIUM", "no-such-program")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"\(no-such-program\): apt-get install chromium"):
        program()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI must look at the report in a browser: no Playwright"):
        absent("no Playwright")
