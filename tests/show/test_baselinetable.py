"""Do people read which baselines there are and where one comes from?"""

from dataclasses import replace
from pathlib import Path

import views
from fakes import a_record
from zoobench.results.provenance import Origin, Provenance, RecordedProduct
from zoobench.results.run import Run
from zoobench.show.baselinetable import list_view, render_baseline

ORIGIN = Origin(name="main", saved="2026-11-25T03:00:00+00:00", source="results/pi/0001_x.json")
PRODUCT = RecordedProduct(product="a-1", file="model.tflite", inputs={})
MAIN = Run(
    path=Path("artifacts/baselines/main.json"),
    records={a_record().cell.id: a_record()},
    origin=ORIGIN,
    provenance=Provenance(machine="pi-4c", options={"epochs": "3"}, manifests={"ab" * 32: PRODUCT, "cd" * 32: PRODUCT}),
)


def test_the_list_has_a_row_for_each_baseline() -> None:
    text = views.text(list_view([MAIN]), width=100)
    assert text.splitlines()[0].split("  ")[0] == "name"
    assert text.splitlines()[2].split() == ["main", "2026-11-25", "03:00", "pi-4c", "1", "pets", "imagenet"]


def test_programs_get_the_list_too() -> None:
    (row,) = views.table(list_view([MAIN]))
    assert (row["name"], row["machine"], row["cells"]) == ("main", "pi-4c", "1")


def test_a_long_name_is_folded_and_not_cut() -> None:
    name = "n" * 150
    text = views.text(list_view([replace(MAIN, path=Path(f"{name}.json"))]), width=100)
    assert text.count("n") - 1 >= 150


def test_a_baseline_is_shown_with_origin_machine_options_and_its_table() -> None:
    lines = render_baseline(MAIN, width=128, colours=False).splitlines()
    assert lines[:4] == [
        "baseline main, saved 2026-11-25T03:00:00+00:00 from results/pi/0001_x.json",
        "machine pi-4c",
        "options epochs=3",
        "of 1 model files, 1 are known how to be made again",
    ]
    assert "integer_only" in "\n".join(lines[5:])


def test_a_results_file_is_shown_as_one_that_knows_less() -> None:
    one = Run(path=Path("x.json"), records=MAIN.records)
    assert render_baseline(one, width=128, colours=False).splitlines()[:4] == [
        "results x.json",
        "machine –",
        "options –",
        "of 1 model files, 0 are known how to be made again",
    ]
