"""Do table, JSON and CSV say what the layers' errors are?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawings import HOSTILE, classes, hovers, of_class, outside, overlapping, size, words
from layers import layer, report
from views import content, table, text
from zoobench.measure.layers import LayerError, LayerReport
from zoobench.show.charts.sheet import Chart
from zoobench.show.layers import LONG, layer_errors, view

FEW = report(
    layer(0, None, max_error=0.0, cosine=1.0), layer(1, 40.0, inputs=(0,)), layer(2, 31.25, inputs=(1,), cosine=None)
)


def shown(one: LayerReport, *, worst_count: int = 1) -> str:
    return text(view(one, worst_count=worst_count))


def test_each_layer_has_a_row_and_the_worst_its_rank() -> None:
    rows = [line.split() for line in shown(FEW).splitlines() if "CONV_2D" in line]
    assert rows == [
        ["0", "CONV_2D", "layer0/Relu", "exact", "–", "1.00000", "0", "0.0", "1.00"],
        ["1", "CONV_2D", "layer1/Relu", "40.0", "–", "0.99900", "0.500", "12.5", "1.00"],
        ["1", "2", "CONV_2D", "layer2/Relu", "31.2", "8.8", "–", "0.500", "12.5", "1.00"],
    ]


def test_the_layers_that_lose_most_are_named() -> None:
    assert "Most is lost in layer2/Relu (8.8 dB)." in shown(FEW)


def test_a_long_network_begins_with_its_worst_layers() -> None:
    every = shown(report(*(layer(position, 90.0 - position) for position in range(LONG))), worst_count=2)
    first = every[every.index("the 2 worst of 40 layers") :].splitlines()[3:5]
    assert [line.split()[:2] for line in first] == [["1", "39"], ["2", "38"]]
    assert every.count("layer39/Relu") == 2


def test_what_could_not_be_compared_is_said() -> None:
    every = shown(report(layer(0, 40.0), matched_by="structure", unmatched=("a/b", "a/c", "a/d", "a/e")))
    assert "4 layers of the float file are not in the quantized one (fused or renamed): a/b, a/c, a/d, …." in every
    assert "matched by structure" in every


def test_json_holds_everything_and_null_where_nothing_is_defined() -> None:
    found = content(view(FEW, worst_count=1))
    assert (found["schema"], found["images"], found["matched_by"]) == (1, 8, "name")
    assert found["layers"][0]["sqnr_db"] is None
    assert found["layers"][2] | {"lost_db": 8.75, "inputs": [1], "cosine": None} == found["layers"][2]


def test_csv_has_a_line_for_each_layer() -> None:
    rows = table(view(FEW, worst_count=1))
    assert [row["position"] for row in rows] == ["0", "1", "2"]
    assert (rows[2]["sqnr_db"], rows[2]["lost_db"], rows[2]["cosine"], rows[2]["inputs"]) == ("31.25", "8.75", "", "1")


LEVELS = st.one_of(st.none(), st.floats(-40, 140))
COSINES = st.one_of(st.none(), st.floats(-1, 1))


def picture(*layers: LayerError, worst: int = 3) -> Chart:
    return layer_errors(report(*layers), worst_count=worst)


def places(chart: Chart) -> list[tuple[float, float]]:
    """Returns the middles of round marks in the plots, in order."""
    marks = [circle for row in of_class(chart, "row") for circle in row.iter() if circle.get("cx")]
    return [(float(mark.attrib["cx"]), float(mark.attrib["cy"])) for mark in marks]


def test_a_long_network_has_a_wider_picture() -> None:
    short, long = (picture(*(layer(one, 40.0 - one / 20) for one in range(count))) for count in (5, 400))
    assert size(short)[0] < size(long)[0]
    assert "layer, in network order" in words(long)
    assert "layer2/Relu (2)" in words(short), "few layers are named below the axis"


def test_layers_stand_in_order_and_the_better_ones_higher() -> None:
    first, second, *cosines = places(picture(layer(0, 40.0, cosine=0.9999), layer(1, 20.0, cosine=0.99)))
    assert first[0] < second[0]
    assert first[1] < second[1]
    assert cosines[0][1] < cosines[1][1]


def test_the_worst_layers_are_marked_by_rank_and_listed() -> None:
    chart = picture(layer(0, 40.0), layer(1, 20.0), layer(2, 30.0), worst=2)
    assert len(of_class(chart, "to-worst")) == 2
    assert [one.text for one in of_class(chart, "worst")] == [
        *("1", "2", "1", "20.0 dB", "layer1/Relu (1)", "2", "30.0 dB", "layer2/Relu (2)"),
    ]
    assert "Lowest SQNR: net/layer1/Relu (layer 1), 20.0 dB; net/layer2" in chart.alternative


def test_exact_layers_are_not_marked_and_point_upwards() -> None:
    chart = picture(layer(0, None, max_error=0.0, cosine=1.0))
    assert of_class(chart, "worst") == []
    assert "exact, or 60 dB and more" in words(chart)
    assert hovers(chart)[0] == "0, CONV_2D, net/layer0/Relu: exact, cosine 1.00000"


def test_a_layer_without_signal_is_drawn_and_said() -> None:
    chart = picture(layer(0, None, cosine=None), layer(1, 30.0))
    assert "no signal" in words(chart)
    assert len(of_class(chart, "row")) == 3, "two in the upper plot, one in the lower"


def test_close_ranks_stand_in_rows_above_one_another() -> None:
    chart = picture(*(layer(one, 30.0 + one) for one in range(300)), worst=4)
    assert len({one.attrib["y"] for one in of_class(chart, "middle") if "worst" in one.attrib["class"]}) > 1


@pytest.mark.parametrize("kinds", [1, 9, 12])
def test_the_frequent_kinds_have_a_colour_of_their_own_and_the_others_share_one(kinds: int) -> None:
    chart = picture(*(layer(one, 30.0, kind=f"KIND_{one}") for one in range(kinds)))
    found = {name for name in classes(chart) if name.startswith("kind-")}
    assert found == {f"kind-{number}" for number in range(min(kinds, 9))} | ({"kind-other"} if kinds > 9 else set())
    assert ("other" in words(chart)) == (kinds > 9)


def test_without_layers_the_picture_says_so() -> None:
    assert "No layer of net/model.tflite was compared." in words(picture())


@pytest.mark.parametrize("count", [1, 7, 50, 51, 400])
@pytest.mark.parametrize("names", [["net/a/Relu"], HOSTILE], ids=["plain", "hostile"])
def test_nothing_stands_outside_the_picture_or_on_other_words(names: list[str], count: int) -> None:
    layers = [layer(one, one % 50, name=names[one % len(names)], kind=names[-one % len(names)]) for one in range(count)]
    chart = layer_errors(report(*layers, model=names[0] * 9), worst_count=12)
    assert outside(chart) == overlapping(chart) == []


@given(st.lists(st.tuples(LEVELS, COSINES), min_size=1, max_size=20))
@settings(max_examples=25)
def test_any_errors_are_drawn_within_the_picture(errors: list[tuple[float | None, float | None]]) -> None:
    chart = picture(*(layer(place, level, cosine=cosine) for place, (level, cosine) in enumerate(errors)))
    assert outside(chart) == overlapping(chart) == []
