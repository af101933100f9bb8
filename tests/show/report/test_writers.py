"""Is the page whole in itself, well-formed, and proof against the names that it shows?"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reportparts import FLOAT, INTEGER, SCRIPT, a_report, refused, run_of, timed
from zoobench.judge.compare.comparison import compare
from zoobench.results.run import Side
from zoobench.results.schema import Record, Refusal
from zoobench.show.report.contents import Pictures
from zoobench.show.report.writers import to_html, to_markdown

HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(2)>',
    "' onfocus=alert(3) autofocus='",
    "</style></script><h1>\u202eevil\x1b[2J",
    "{{ 7 * 7 }}{% raw %}&lt;b&gt;",
    "\ud800half",
    "]]><!-- \u2028 -->",
)

VOID = frozenset({"meta", "input", "link", "br", "img"})
"""Elements of HTML without an end."""


class Page(HTMLParser):
    """The elements, attributes and texts of a page, and what was not closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.stray: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.stray.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]


def a_full_page(*records: Record) -> str:
    """Returns a page of which every part is there: a baseline, a picture, a refusal, a training."""
    records = records or (FLOAT, INTEGER, refused())
    side = Side(name="base.json", runs=(run_of(*records),))
    pictures = Pictures(photos={"photo-1": "data:image/jpeg;base64,/9j/4AAQ"}, shown={3: "photo-1"})
    return to_html(a_report(*records, comparison=compare(side, side), pictures=pictures))


PAGE = a_full_page()
USUAL = Page(PAGE)


def hostile(name: str) -> str:
    """Returns a page of which every name that comes from outside is this one."""

    def renamed(record: Record) -> Record:
        dataset = replace(record.dataset, name=name, classes=(name, "dog"))
        cell = replace(record.cell, backbone=name, id=f"{name}-{record.cell.id}")
        surroundings = {"cpu": name, "device": name, "libraries": {name: name}, "governor": name}
        latency = record.latency
        if latency and latency.speedup_over_float:
            twin = replace(latency.speedup_over_float, twin=f"{name}-{FLOAT.cell.id}")
            latency = replace(latency, speedup_over_float=twin)
        return replace(record, dataset=dataset, cell=cell, environment=surroundings, latency=latency)

    bad = refused()
    refusal = replace(renamed(bad), refusal=Refusal(by=name, reason=name))
    return a_full_page(*map(renamed, (FLOAT, INTEGER)), refusal)


def test_every_part_is_there_in_the_order_of_reading_with_the_decision_first() -> None:
    sections = [attributes["id"] for attributes in USUAL.named("section")]
    assert sections == [
        *("decision", "matrix", "changes", "trade-off", "latency", "speed-up", "answers", "training"),
        *("environment", "method", "limits"),
    ]
    assert 'id="changes"' not in to_html(a_report()), "without a baseline"


def test_elements_are_closed_ids_are_unique_and_links_lead_somewhere() -> None:
    assert (USUAL.open, USUAL.stray) == ([], [])
    assert len(set(USUAL.ids)) == len(USUAL.ids)
    targets = [str(attributes["href"]) for _, attributes in USUAL.elements if "href" in attributes]
    assert {target[1:] for target in targets if target.startswith("#")} <= set(USUAL.ids)
    assert all(target.startswith(("#", "data:image/jpeg;base64,")) for target in targets)


def test_headings_go_down_one_level_at_a_time_and_tables_say_what_they_and_their_heads_are_of() -> None:
    levels = [int(tag[1]) for tag, _ in USUAL.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert len(USUAL.named("caption")) == len(USUAL.named("table")) > 8
    assert {attributes.get("scope") for attributes in USUAL.named("th")} == {"col", "row"}


def test_controls_that_need_the_script_are_hidden_without_it() -> None:
    assert all("hidden" in attributes for attributes in (*USUAL.named("button"), *USUAL.named("form")))
    assert "display: none" not in PAGE.partition("<body>")[2]


def test_nothing_is_loaded_from_elsewhere_and_no_element_has_a_style_or_a_handler_of_its_own() -> None:
    loading = {"src", "srcset", "action", "formaction", "poster", "background", "xlink:href", "style"}
    for tag, attributes in USUAL.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "img")
        assert not [name for name in attributes if name in loading or name.startswith("on")], tag
    assert "@import" not in PAGE
    assert "url(" not in PAGE
    assert set(re.findall(r"https?://[^\s\"'<>]+", PAGE)) <= {"http://www.w3.org/2000/svg"}


def test_the_policy_allows_its_own_style_and_script_alone() -> None:
    (policy,) = [one["content"] for one in USUAL.named("meta") if one.get("http-equiv")]
    assert policy is not None
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert (rules["default-src"], rules["img-src"]) == ("'none'", "data:")
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", PAGE, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_from_a_file_is_text_and_nothing_else(name: str) -> None:
    html = hostile(name)
    html.encode()
    page = Page(html)
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in USUAL.elements}
    assert len(page.named("script")) == len(page.named("style")) == 1
    known = {attribute for _, attributes in USUAL.elements for attribute in attributes}
    assert {attribute for _, attributes in page.elements for attribute in attributes} <= known
    assert (page.open, page.stray) == ([], [])
    assert not set(html) & set("\x1b\u202e\u2028\ud800")


def test_a_class_called_script_shows_as_text() -> None:
    page = Page(hostile(SCRIPT))
    assert page.text.count(SCRIPT) > 10
    assert "alert(1)" not in "".join(re.findall("<script>(.*?)</script>", hostile(SCRIPT), re.DOTALL))


def test_commands_are_code_and_names_with_backticks_keep_them() -> None:
    assert "<code>zoobench gate</code>" in PAGE
    random = timed("float32", 0.01, backbone="`own`", weights="random")
    page = to_html(a_report(random))
    assert "RANDOM WEIGHTS in `own`: " in Page(page).text


def test_no_line_ends_between_a_number_and_its_unit() -> None:
    sentence = PAGE.partition('<p class="sentence">')[2].partition("</p>")[0]
    assert "10.0\N{NO-BREAK SPACE}ms" in sentence
    assert "100.0\N{NO-BREAK SPACE}%" in sentence


def test_numbers_are_sorted_by_what_they_are_and_missing_ones_have_no_order() -> None:
    rows = {row["data-cell"]: row for row in USUAL.named("tr") if "data-cell" in row}
    assert set(rows) == {FLOAT.cell.id, INTEGER.cell.id, refused().cell.id}
    assert INTEGER.latency
    assert f'data-order="{INTEGER.latency.p50_seconds}"' in PAGE
    refused_row = PAGE.partition(f'data-cell="{refused().cell.id}"')[2].partition("</tr>")[0]
    assert refused_row.count('<td class="number">–</td>') >= 5


def test_an_image_stands_in_the_page_once_however_often_it_is_shown() -> None:
    twice = a_full_page(FLOAT, INTEGER, timed("int16x8", 0.1, predicted=(1, 0, 0, 1, 1, 1, 1, 1)))
    assert twice.count("data:image/jpeg") == 1
    assert twice.count('<use href="#photo-1"/>') == 2


def a_text(*records: Record) -> str:
    side = Side(name="base.json", runs=(run_of(*records),))
    return to_markdown(a_report(*records, comparison=compare(side, side)))


TEXT = a_text(FLOAT, INTEGER, refused())


def test_every_part_has_a_heading_in_the_order_of_the_page_and_the_decision_is_first_in_bold() -> None:
    assert [line[3:] for line in TEXT.splitlines() if line.startswith("## ")] == [
        *("Decision", "All cells", "Changes against the baseline", "Trade-off", "Latency", "Speed-up"),
        *("Right and wrong", "Training", "Environment", "How it was measured", "What it cannot tell"),
    ]
    bold = next(line for line in TEXT.splitlines() if line.startswith("**"))
    assert bold.replace("\\", "") == f"**{a_report().decision.sentence}**"


def test_every_cell_has_a_row_with_its_values_and_marks() -> None:
    rows = TEXT.partition("## All cells")[2].partition("## Changes")[0].splitlines()
    assert [row.split()[1] for row in rows if row.endswith("| refused by litert |")] == ["mobilenet-int16x8-litert-t1"]
    assert [row.split()[1] for row in rows if row.endswith("| recommended |")] == [a_report().decision.cell]
    assert any("2.50 (2.48–2.52)" in row for row in rows)


def test_tables_have_as_many_fields_in_each_row() -> None:
    for above, below in pairwise(TEXT.splitlines()):
        if above.startswith("|") and below.startswith("|"):
            assert above.replace("\\|", "").count("|") == below.replace("\\|", "").count("|")


def test_answers_are_folded_and_confusions_a_table() -> None:
    assert "|  | cat | dog |" in TEXT
    assert "| cat | 3 | 1 |" in TEXT
    assert "<details><summary>mobilenet integer_only</summary>" in TEXT
    assert TEXT.count("<details>") == TEXT.count("</details>") == 2


@pytest.mark.parametrize("name", [SCRIPT, "a|b", "`rm`", "**bold**", "[x](javascript:1)", "two\nlines"])
def test_a_name_from_a_file_means_itself(name: str) -> None:
    def renamed(record: Record) -> Record:
        cell = replace(record.cell, backbone=name)
        return replace(record, dataset=replace(record.dataset, name=name, classes=(name, "dog")), cell=cell)

    text = a_text(*map(renamed, (FLOAT, INTEGER)))
    folded = [line for line in text.splitlines() if line.startswith(("<details>", "</details>"))]
    assert all(line.count("<") in (1, 3) for line in folded)
    escaped = "\n".join(line for line in text.splitlines() if line not in folded)
    for sign in "|<*[_`\\":
        escaped = escaped.replace(f"\\{sign}", "")
    assert not set("<`[") & set(escaped)
    assert "\nlines" not in text
