"""What is read out of a drawing: its words with the room that they take, its coordinates, what it tells on hover."""

import re
from itertools import combinations
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from zoobench.show.charts.scales import Area
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.svg import TEXT_SIZE, TITLE_SIZE, width_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    "\"quotes\" & 'more'",
    "]]><b>",
    "line\nfeed\ttab\x00\x07\x1b[31m",
    "abc\u202edcba\u2066",
    "w" * 200,
    "\ud800 lone",
    "قطة كلب",
    "",
)
_MARK = "\ufffd"


def parsed(chart: Chart) -> Element:
    return ElementTree.fromstring(chart.svg)


def size(chart: Chart) -> tuple[float, float]:
    _, _, width, height = map(float, parsed(chart).attrib["viewBox"].split())
    return width, height


def words(chart: Chart) -> list[str]:
    """Returns what is written, in order."""
    return [one.text or "" for one in parsed(chart).iter(f"{SVG}text")]


def hovers(chart: Chart) -> list[str]:
    """Returns what marks tell on hover; the picture's own title is not one of them."""
    return [one.text or "" for one in parsed(chart).iter(f"{SVG}title")][1:]


def classes(chart: Chart) -> set[str]:
    return {name for one in parsed(chart).iter() for name in one.get("class", "").split()}


def of_class(chart: Chart, name: str) -> list[Element]:
    return [one for one in parsed(chart).iter() if name in one.get("class", "").split()]


def areas(chart: Chart) -> list[tuple[str, Area]]:
    """Returns all words with the room that they take at most."""
    return [(one.text or "", _area(one)) for one in parsed(chart).iter(f"{SVG}text")]


def _area(one: Element) -> Area:
    names = one.get("class", "").split()
    height = TITLE_SIZE if "title" in names else TEXT_SIZE
    width = width_of(one.text or "", size=height, strong=bool({"title", "strong"} & set(names)))
    x, y = float(one.attrib["x"]), float(one.attrib["y"])
    left = x - (width if "end" in names else width / 2 if "middle" in names else 0)
    upright = Area(left=left, top=y - 0.75 * height, right=left + width, bottom=y + 0.2 * height)
    turned = re.match(r"translate\((\S+) (\S+)\) rotate\(-90\)", one.get("transform", ""))
    if not turned:
        return upright
    across, down = map(float, turned.groups())
    return Area(
        left=across + upright.top, right=across + upright.bottom, top=down - upright.right, bottom=down - upright.left
    )


def overlapping(chart: Chart) -> list[tuple[str, str]]:
    """Returns which words stand on one another."""
    return [(one, other) for (one, first), (other, second) in combinations(areas(chart), 2) if first.meets(second)]


def outside(chart: Chart) -> list[str]:
    """Returns what is not wholly in the picture: words and coordinates."""
    width, height = size(chart)
    picture = Area(left=0, top=0, right=width, bottom=height)
    found = [text for text, area in areas(chart) if text and not picture.holds(area)]
    for one in parsed(chart).iter():
        box = box_of(one)
        if box is not None and not picture.holds(box):
            found.append(ElementTree.tostring(one, encoding="unicode")[:200])
    return found


def box_of(one: Element) -> Area | None:
    """Returns the room that a shape takes, without its outline; None for what is no shape."""
    get = lambda name: float(one.get(name, 0))  # noqa: E731
    if one.tag == f"{SVG}circle":
        x, y, radius = get("cx"), get("cy"), get("r")
        return Area(left=x - radius, top=y - radius, right=x + radius, bottom=y + radius)
    if one.tag == f"{SVG}rect":
        return Area(left=get("x"), top=get("y"), right=get("x") + get("width"), bottom=get("y") + get("height"))
    if one.tag == f"{SVG}path":
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", one.attrib["d"])]
        return Area(left=min(numbers[::2]), right=max(numbers[::2]), top=min(numbers[1::2]), bottom=max(numbers[1::2]))
    return None


def marked(text: str) -> str:
    """Returns foreign words as a picture is to show them."""
    return "".join(one if one.isprintable() else _MARK for one in text)
