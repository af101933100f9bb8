"""Does the report look and behave as it should in a real browser: sorted, filtered, dark, narrow, printed, attacked?"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from browser import PHONE, inaccessible, overflow, poor_text, small_text, visit
from largeruns import CELLS, IMAGE, SCRIPT, a_hostile_run, a_large_run
from runs import results
from zoobench.cli import main

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

SECTIONS = ("decision", "matrix", "trade-off", "latency", "speed-up", "answers", "training", "environment")
ALWAYS = (*SECTIONS, "method", "limits")
MEGABYTE = 1_000_000
THEMES = ("light", "dark")


def reported(*arguments: str, to: Path) -> Path:
    """Writes a report with the command that a user gives."""
    done = CliRunner().invoke(main, ["report", *arguments, "-o", str(to)])
    assert done.exit_code == 0, done.output
    return to


@pytest.fixture(scope="module")
def real(real_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a real run, compared with the run before it."""
    before, after = (str(path) for path in results(real_runs)[:2])
    to = tmp_path_factory.mktemp("real") / "report.html"
    return reported(after, "--baseline", before, "--artifacts", str(real_runs), to=to)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a hundred cells with 2,600 samples each."""
    folder = tmp_path_factory.mktemp("large")
    return reported(str(a_large_run(folder / "results.json")), to=folder / "report.html")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run each of whose names is an attack, the file's own name included."""
    folder = tmp_path_factory.mktemp("hostile")
    path = a_hostile_run(folder / "<script>alert(3)<" / "script>" / "0001_'\"><svg onload=alert(4)>.json")
    return reported(str(path), to=folder / "report.html")


@contextmanager
def shown(browser: "Browser", file: Path, **options: Any) -> Iterator["Page"]:
    with visit(browser, file, **options) as page:
        page.locator("#matrix-table").wait_for()
        yield page


# The matrix


def column(page: "Page", key: str) -> list[str]:
    """Returns what stands in a column of the rows that are shown, without what is in small letters."""
    found: list[str] = page.evaluate(
        """(key) => {
            const table = document.getElementById("matrix-table");
            const place = [...table.tHead.rows[0].cells].findIndex((head) => head.dataset.sort === key);
            return [...table.tBodies[0].rows].filter((row) => row.getClientRects().length).map((row) => {
                const words = [...row.cells[place].childNodes].filter((one) => one.nodeName !== "SMALL");
                return words.map((one) => one.textContent).join(" ").trim();
            });
        }""",
        key,
    )
    return found


def numbers(texts: list[str]) -> list[float]:
    """Returns the numbers as a reader sees them, without those that are missing."""
    return [float(text.lstrip("~").replace("−", "-").replace(",", "")) for text in texts if text != "–"]


def cells(page: "Page") -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "#matrix-table tbody tr",
        "rows => rows.filter(row => row.getClientRects().length).map(row => row.dataset.cell)",
    )
    return found


def test_every_column_of_numbers_sorts_both_ways_and_back(browser: "Browser", large: Path) -> None:
    with shown(browser, large) as page:
        before = cells(page)
        keys = page.eval_on_selector_all("th.number[data-sort]", "heads => heads.map(head => head.dataset.sort)")
        assert len(keys) >= 6
        for key in keys:
            head = page.locator(f"th[data-sort='{key}']")
            head.locator("button").click()
            rising = numbers(column(page, key))
            assert (rising, head.get_attribute("aria-sort")) == (sorted(rising), "ascending"), key
            head.locator("button").click()
            falling = numbers(column(page, key))
            assert (falling, head.get_attribute("aria-sort")) == (sorted(rising, reverse=True), "descending"), key
            assert len(set(rising)) == 1 or cells(page) != before, key
            head.locator("button").click()
            assert (cells(page), head.get_attribute("aria-sort")) == (before, "none"), key


def test_words_sort_and_only_one_column_is_said_to_be_sorted(browser: "Browser", large: Path) -> None:
    with shown(browser, large) as page:
        for key in ("top1", "runtime"):
            page.locator(f"th[data-sort='{key}'] button").click()
        states = page.eval_on_selector_all("th[aria-sort]", "heads => heads.map(head => head.ariaSort)")
        assert sorted(states)[:-1] == ["ascending", *["none"] * (len(states) - 2)]
        assert column(page, "runtime") == sorted(column(page, "runtime"))


def test_the_keyboard_sorts(browser: "Browser", large: Path) -> None:
    with shown(browser, large) as page:
        page.locator("#matrix-filters input").focus()
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('th')?.dataset.sort") == "latency_p50":
                break
        page.keyboard.press("Enter")
        assert numbers(column(page, "latency_p50")) == sorted(numbers(column(page, "latency_p50")))
        page.keyboard.press("Space")
        assert page.locator("th[data-sort='latency_p50']").get_attribute("aria-sort") == "descending"


def test_filters_leave_what_fits_and_say_how_much(browser: "Browser", large: Path) -> None:
    with shown(browser, large) as page:
        count = page.locator("#matrix-count")
        assert count.text_content() == f"{CELLS} cells"
        page.locator("[data-filter='backbone']").select_option("resnet50")
        assert cells(page) == [cell for cell in cells(page) if cell.startswith("resnet50-")]
        assert (len(cells(page)), count.text_content()) == (20, f"20 of {CELLS} cells")
        page.locator("[data-filter='threads']").select_option("2")
        page.locator("[data-filter='text']").fill("int4 BLOCK")
        assert cells(page) == ["resnet50-dynamic_range_int4_block-litert-t2"]
        page.locator("[data-filter='text']").fill("no such cell")
        assert (cells(page), count.text_content()) == ([], f"0 of {CELLS} cells")
        page.locator("[data-filter='text']").fill("")
        page.locator("[data-filter='threads']").select_option("")
        page.locator("[data-filter='backbone']").select_option("")
        assert len(cells(page)) == CELLS


def test_a_choice_shows_the_answers_of_one_variant(browser: "Browser", large: Path) -> None:
    with shown(browser, large) as page:
        choice = page.locator("select[data-choose='answers']")
        for value in choice.locator("option").evaluate_all("all => all.slice(0, 3).map(one => one.value)"):
            choice.select_option(value)
            shown_ones = page.locator("article[data-answers]").evaluate_all(
                "all => all.filter(one => one.getClientRects().length).map(one => one.dataset.answers)"
            )
            assert shown_ones == [value]


# Pictures

TOLD = """(figure) => {
    const marks = [...document.querySelectorAll(`figure[data-figure="${figure}"] svg g`)]
        .filter((one) => one.getClientRects().length && one.querySelector(":scope > title"));
    const told = marks.filter((one) => {
        const part = [...one.children].findLast((child) => child.tagName !== "title");
        part.scrollIntoView({block: "center", inline: "center"});
        const box = part.getBoundingClientRect();
        const hit = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
        const group = hit && hit.closest("g:has(> title)");
        return group && group.querySelector(":scope > title").textContent.trim().length > 10;
    });
    return [marks.length, told.length];
}"""
"""How many marks of a picture have a text for the pointer, and at how many of them a pointer is told one."""


@pytest.mark.parametrize("figure", ["trade-off", "latency", "speed-up"])
def test_a_pointer_on_a_mark_is_told_what_it_is(browser: "Browser", real: Path, figure: str) -> None:
    with shown(browser, real) as page:
        marks, told = page.evaluate(TOLD, figure)
        assert marks >= 2
        assert told == marks


def test_every_picture_has_a_name_and_an_alternative(browser: "Browser", real: Path) -> None:
    with shown(browser, real) as page:
        nameless = page.eval_on_selector_all(
            "svg:not([aria-hidden='true']), img",
            """pictures => pictures.filter(one => {
                const name = one.getAttribute("aria-label") || one.getAttribute("alt")
                    || one.querySelector(":scope > title")?.textContent || "";
                const whole = one.tagName === "IMG" || one.getAttribute("role") === "img";
                return !whole || !name.trim();
            }).map(one => one.outerHTML.slice(0, 100))""",
        )
        assert nameless == []
        drawings = page.locator("figure svg[role='img']")
        assert drawings.count() >= 3
        for words in drawings.evaluate_all("all => all.map(one => one.querySelector(':scope > desc')?.textContent)"):
            assert len(words or "") > 40


# Colours


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["real", "hostile"])
def test_a_theme_passes_wcag_aa(browser: "Browser", name: str, theme: str, request: pytest.FixtureRequest) -> None:
    with shown(browser, request.getfixturevalue(name), color_scheme=theme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert inaccessible(page) == []
        assert poor_text(page) == []
        assert small_text(page) == []


def ground(page: "Page") -> float:
    """Returns how light the page is, 0 to 1."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / (3 * 255)


def inks(page: "Page") -> set[str]:
    """Returns the colours of text, also in pictures."""
    words = page.eval_on_selector_all("p, td", "all => all.map(one => getComputedStyle(one).color)")
    drawn = page.eval_on_selector_all("svg text", "all => all.map(one => getComputedStyle(one).fill)")
    assert drawn
    return {*words, *drawn}


def test_the_page_is_dark_where_the_system_is_and_where_one_asks(browser: "Browser", real: Path) -> None:
    with shown(browser, real, color_scheme="dark") as page:
        assert ground(page) < 0.2
        dark = inks(page)
    with shown(browser, real, color_scheme="light") as page:
        assert ground(page) > 0.9
        light = inks(page)
        assert not light & dark
        button = page.locator("#theme")
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        assert (button.get_attribute("aria-pressed"), ground(page) < 0.2, inks(page)) == ("true", True, dark)
        button.click()
        assert (button.get_attribute("aria-pressed"), ground(page) > 0.9, inks(page)) == ("false", True, light)


# A phone, paper, no script


@pytest.mark.parametrize("name", ["real", "large", "hostile"])
def test_a_phone_scrolls_down_only_and_can_be_read(
    browser: "Browser", name: str, request: pytest.FixtureRequest
) -> None:
    with shown(browser, request.getfixturevalue(name), viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert overflow(page) == 0
        assert page.evaluate("window.innerWidth") == PHONE["width"]
        assert small_text(page) == []


def visible(page: "Page") -> list[str]:
    """Returns the ids of the sections that can be seen."""
    found: list[str] = page.eval_on_selector_all(
        "main > section",
        "all => all.filter(one => one.getClientRects().length && one.innerText.trim()).map(one => one.id)",
    )
    return found


PAPER = {"width": 688, "height": 1000}
"""A4 in portrait less its margins, at 96 dots to the inch."""
CUT = """all => all.filter(one => one.scrollWidth > one.clientWidth + 1)
    .map(one => `${one.ariaLabel}: ${one.scrollWidth} in ${one.clientWidth}`)"""
CONTROLS = "#theme, button:not(th button), select, input, nav, .skip"


def test_paper_has_every_part_and_no_controls(browser: "Browser", real: Path) -> None:
    with shown(browser, real, color_scheme="dark") as page:
        page.locator("[data-filter='text']").fill("no such cell")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert set(ALWAYS) | {"changes"} <= set(visible(page))
        assert len(cells(page)) == 2
        seen = page.eval_on_selector_all(CONTROLS, "all => all.filter(one => one.getClientRects().length).length")
        assert seen == 0
        assert ground(page) > 0.9
        assert poor_text(page) == []
        closed = page.eval_on_selector_all("details:not([open])", "all => all.length")
        assert closed == 0
        whole = "all => all.every(one => getComputedStyle(one).breakInside == 'avoid')"
        assert page.eval_on_selector_all(".confusion, article", whole)
        page.set_viewport_size(PAPER)
        assert page.eval_on_selector_all(".scroll", CUT) == []
        printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert 1 < printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") < 40


def test_without_a_script_all_of_it_can_be_read(browser: "Browser", real: Path) -> None:
    with visit(browser, real, java_script_enabled=False) as page:
        assert page.locator("#matrix-table tbody tr").count() == 2
        for section in (*ALWAYS, "changes"):
            assert page.locator(f"#{section}").is_visible(), section
        for answers in page.locator("article[data-answers]").all():
            assert answers.is_visible()
        for control in page.locator("#theme, select, input").all():
            assert not control.is_visible()


# Size


def test_a_hundred_cells_stay_a_small_page(browser: "Browser", large: Path) -> None:
    assert large.stat().st_size < 5 * MEGABYTE
    with shown(browser, large) as page:
        assert page.locator("#matrix-table tbody tr").count() == CELLS
        nodes = page.evaluate("document.querySelectorAll('*').length")
        assert 5_000 < nodes < 50_000, nodes


# Attacks


def test_names_that_attack_show_as_text(browser: "Browser", hostile: Path) -> None:
    with shown(browser, hostile) as page:
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        text = page.locator("main").inner_text()
        for name in (SCRIPT, IMAGE, "{{ 7 * 7 }}", "&lt;b&gt;"):
            assert name in text, name
        for stranger in ("main img[src='x']", "[onerror]", "[onload]", "main script", "main h1", "body script"):
            assert page.locator(stranger).count() == 0, stranger
        assert page.locator("h1").count() == 1
        assert "\u202e" not in page.content()
        assert "\x1b" not in page.content()


def test_a_script_that_got_in_would_not_run(browser: "Browser", real: Path, tmp_path: Path) -> None:
    """The policy is a second wall: here the first one is torn down by hand."""
    spoilt = tmp_path / "report.html"
    spoilt.write_text(real.read_text().replace("<main>", "<main><script>alert(1)</script>", 1))
    with pytest.raises(AssertionError, match="Content Security Policy") as caught, shown(browser, spoilt):
        pass
    assert "dialog" not in str(caught.value)
