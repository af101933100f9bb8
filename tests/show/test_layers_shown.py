"""Do table, JSON and CSV say what the layers' errors are?"""

from layers import layer, report
from views import content, table, text
from zoobench.measure.layers import LayerReport
from zoobench.show.layers import LONG, view

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
    first = every[every.index("the 2 worst of 40 layers") :].splitlines()[4:6]
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
