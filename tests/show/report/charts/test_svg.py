"""Do foreign words stay words, whatever they are?"""

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawings import HOSTILE
from zoobench.show.report.charts.svg import coordinate, document, element, group, line, polyline, readable, text


def test_an_element_has_its_attributes_under_their_names_in_svg() -> None:
    assert element("rect", x=1, width=2.5, class_="mark", stroke_width="2") == (
        '<rect x="1" width="2.5" class="mark" stroke-width="2"/>'
    )


def test_a_name_cannot_leave_its_element_or_its_attribute() -> None:
    found = ElementTree.fromstring(element("g", text(0, 0, "<b>]]>&"), class_='a" onload="x'))
    assert found.attrib == {"class": 'a" onload="x'}
    assert found[0].text == "<b>]]>&"


def test_characters_that_steer_the_text_are_marked() -> None:
    assert readable("a\u202eb\x00c\nd") == "a\ufffdb\ufffdc\ufffdd"
    assert readable("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    found = ElementTree.fromstring(document([text(1, 1, name)], width=10, height=10, title=name, alternative=name))
    assert found[0].text == found[1].text == found[2].text == (readable(name) or None)


@given(name=st.text(st.characters(codec=None)))
def test_any_text_is_well_formed(name: str) -> None:
    found = ElementTree.fromstring(group([text(0, 0, name)], class_=name, hover=name))
    assert (found[0].text or "") == (found[1].text or "") == readable(name)


def test_coordinates_have_two_decimals_at_most() -> None:
    assert [coordinate(value) for value in (0, -0.001, 1.0, 1.25, 1.256, 100, 1200.5, -3.1)] == [
        *("0", "0", "1", "1.25", "1.26", "100", "1200.5", "-3.1"),
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_coordinate_that_is_none_is_a_fault_of_the_drawing(value: float) -> None:
    with pytest.raises(ValueError, match="a coordinate is"):
        coordinate(value)


def test_lines_are_paths() -> None:
    assert line(0, 1, 2, 3, class_="axis") == '<path d="M0 1L2 3" class="axis"/>'
    assert polyline([(0, 1), (2, 3), (4, 5)], class_="a", closed=True) == '<path d="M0 1L2 3L4 5Z" class="a"/>'


def test_a_picture_scales_and_says_what_it_is() -> None:
    found = ElementTree.fromstring(document([], width=560, height=300.5, title="Time", alternative="One cell."))
    assert found.attrib == {"viewBox": "0 0 560 300.5", "role": "img", "class": "chart"}
    assert [one.text for one in found] == ["Time", "One cell."]
