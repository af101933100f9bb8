"""Can a person read the table: does it fit, does it say what is missing, does it warn?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import views
from fakes import a_cell, a_disturbance, a_record, an_interval, disturbed
from zoobench.matrix.variants import VARIANTS
from zoobench.results.run import Origin, Provenance, RecordedProduct, Run
from zoobench.results.schema import Record, RecordedDataset, RecordedModel, ReferenceAgreement, Refusal, Speedup
from zoobench.show.records import LEAST_WIDTH, list_view, render, render_baseline
from zoobench.system.units import ABSENT

ESCAPE = "\x1b"
FLOAT = RecordedModel(sha256="00" * 32, size_bytes=12_800_000, float_twin_size_bytes=12_800_000)

GOLDEN = """\
pets, 3 test samples of 2 classes
    cell          runtime  threads  top-1 %       95 %   loss  p50 ms  p90 ms  × float       95 %    MB  size  peak MB
──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    mobilenet
TL  float32       litert         1     66.7  20.8–93.9  0.500    4.00    5.10     1.00  0.99–1.01  12.8  1.00     56.0
IO  integer_only  litert         1     66.7  20.8–93.9  0.500    4.00    5.10     2.50  2.40–2.60  3.40  0.27     56.0

× float: the float32 file's time over this one's, paired by round; float32 itself: a second copy of it.
peak MB: the most that a fresh process held to open the file and run it; before it opened it: litert 40.0.
"""


@pytest.fixture(autouse=True)
def _a_terminal_that_knows_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def record(backbone: str = "mobilenet", variant: str = "integer_only", *, weights: str = "imagenet") -> Record:
    runtime = VARIANTS[variant].runtimes[0]
    return a_record(cell=a_cell(backbone=backbone, variant=variant, runtime=runtime, weights=weights))


def sped(record: Record, point: float, low: float, high: float) -> Record:
    assert record.latency is not None
    speedup = Speedup(twin="twin", point=point, interval=(low, high))
    return replace(record, latency=replace(record.latency, speedup_over_float=speedup))


def over_litert(record: Record, point: float, low: float, high: float) -> Record:
    assert record.latency is not None
    speedup = Speedup(twin="the-same-file", point=point, interval=(low, high))
    return replace(record, latency=replace(record.latency, speedup_over_reference=speedup))


def agreeing(record: Record, share: float) -> Record:
    assert record.accuracy is not None
    agreement = ReferenceAgreement(cell="mobilenet-integer_only-litert-t1", share=share)
    return replace(record, accuracy=replace(record.accuracy, agreement_with_reference=agreement))


def on(record: Record, **changes: Any) -> Record:
    """Returns a record on a data set of other properties."""
    return replace(record, dataset=replace(record.dataset, **changes))


SHORT = [variant.short for variant in VARIANTS.values()]


def lines(*records: Record, width: int = 128) -> list[str]:
    return [line.rstrip() for line in render(records, width=width, colours=False).splitlines()]


def row(record: Record) -> list[str]:
    """Returns what stands in the columns of a record's row."""
    (found,) = (line for line in lines(record) if line.startswith(VARIANTS[record.cell.variant].short))
    return found.split()


def test_the_table_is_the_one_that_was_agreed_on() -> None:
    records = (sped(replace(record(variant="float32"), model=FLOAT), 1.0, 0.99, 1.01), record())
    assert "\n".join(lines(*records)) + "\n" == GOLDEN


def test_each_backbone_has_a_section_in_the_order_of_records() -> None:
    shown = lines(*(record(backbone, variant) for backbone in ("xception", "mobilenet") for variant in VARIANTS))
    assert [line.strip() for line in shown if line.strip() in {"xception", "mobilenet"}] == ["xception", "mobilenet"]
    assert [line.split()[0] for line in shown[3:-2] if len(line.split()) > 1] == SHORT * 2


def test_two_backbones_and_all_variants_fit_128_columns_with_wide_numbers_too() -> None:
    records = [
        sped(record(backbone, variant, weights="random"), 0.0867, 0.0832, 0.0901)
        for backbone in ("mobilenet_v3_large", "inception_resnet_v2")
        for variant in VARIANTS
    ]
    shown = lines(*records)
    assert max(map(len, shown)) <= 128
    assert "…" not in "".join(shown)
    assert sum("0.0832–0.0901" in line for line in shown) == 2 * len(VARIANTS)


@pytest.mark.parametrize("width", [0, 40, 80, 119])
def test_a_narrow_terminal_cuts_nothing(width: int) -> None:
    assert lines(record(), width=width) == lines(record(), width=LEAST_WIDTH)


def test_names_are_cut_where_there_is_no_room_and_numbers_are_not() -> None:
    name = "my_own_network_fine_tuned_on_pets_for_the_whole_of_a_long_winter"
    narrow, wide = lines(record(name), width=128), lines(record(name), width=170)
    assert max(map(len, narrow)) <= 128
    assert any(line.startswith("    my_own_network_fine") and line.endswith("…") for line in narrow)
    assert any(line.strip() == name for line in wide)
    assert [line.split() for line in narrow if line.startswith("IO")] == [row(record(name))]


def test_what_was_not_measured_is_a_dash() -> None:
    bare = replace(record(), accuracy=None, latency=None)
    assert row(bare) == ["IO", "integer_only", "litert", "1", *("–",) * 5, "3.40", "0.27", "56.0"]


def test_few_rounds_leave_percentile_and_speedup_absent() -> None:
    latency = a_record().latency
    assert latency is not None
    few = replace(record(), latency=replace(latency, p90_seconds=None, speedup_over_float=None))
    assert row(few)[4:] == ["66.7", "20.8–93.9", "0.500", "4.00", "–", "–", "3.40", "0.27", "56.0"]


def test_runs_without_memory_have_no_column_and_no_word_of_it() -> None:
    assert not any("peak" in line.lower() for line in lines(replace(record(), memory=None)))


def test_a_cell_whose_memory_is_not_known_beside_one_whose_is_has_a_dash() -> None:
    shown = lines(record(variant="float32"), replace(record(), memory=None))
    assert [line.split()[-1] for line in shown if line.startswith(("TL", "IO"))] == ["56.0", ABSENT]


def test_memory_is_left_out_where_it_does_not_fit_and_that_is_said() -> None:
    long = record("my_own_network_fine_tuned")
    wide, narrow = lines(long, width=160), lines(long, width=128)
    assert wide[1].endswith("peak MB")
    assert narrow[1].endswith("size")
    assert "In the file: peak memory; it does not fit 128 columns." in narrow
    assert max(len(line) for line in narrow if not line.startswith("×")) <= 128


def test_each_runtime_is_told_with_what_it_holds_before_a_file_is_opened() -> None:
    shown = "\n".join(lines(record(), record(variant="keras")))
    assert "before it opened it: litert 40.0, keras 40.0." in shown
    memory = a_record().memory
    assert memory is not None
    untold = replace(record(), memory=replace(memory, base_rss_bytes=None, observed_base_rss_bytes=()))
    assert "to open the file and run it." in "\n".join(lines(untold))


@pytest.mark.parametrize(("threads", "started", "named"), [(1, 0, False), (2, 1, False), (2, 2, False), (4, 1, True)])
def test_a_runtime_that_started_fewer_threads_than_asked_for_is_named(threads: int, started: int, named: bool) -> None:
    startup = a_record().startup
    assert startup is not None
    some = replace(a_record(cell=a_cell(threads=threads)), startup=replace(startup, threads_started=started))
    found = [line for line in lines(some) if line.startswith("THREADS")]
    assert found == ["THREADS mobilenet-integer_only-litert-t4: litert started 1 more of them, not 3."] * named


def test_threads_of_tensorflow_tell_nothing() -> None:
    keras = a_cell(variant="keras", runtime="keras", threads=8)
    assert not any(line.startswith("THREADS") for line in lines(a_record(cell=keras)))


def test_a_twin_of_no_size_leaves_the_relative_size_absent() -> None:
    model = RecordedModel(sha256="00" * 32, size_bytes=3_400_000, float_twin_size_bytes=0)
    assert row(replace(record(), model=model))[-3:] == ["3.40", "–", "56.0"]


def test_a_variant_of_another_version_is_shown_without_its_letters() -> None:
    unknown = a_record(cell=a_cell(variant="int4"))
    assert any(line.split()[:2] == ["int4", "litert"] for line in lines(unknown))


def test_the_title_names_each_data_set_once() -> None:
    other = on(record(), name="drawn", classes=("a", "b", "c"), samples=45)
    assert lines(record(), other, record())[0] == (
        "pets, 3 test samples of 2 classes; drawn, 45 test samples of 3 classes"
    )


def test_random_weights_are_said_loudly_with_each_backbone_once() -> None:
    shown = lines(
        *(record("xception", variant, weights="random") for variant in ("float32", "integer_only")),
        record("mobilenet", weights="imagenet"),
        record("resnet50", weights="random"),
    )
    assert shown[-1] == ("RANDOM WEIGHTS in xception, resnet50: accuracy means nothing there, speed and size do.")
    assert not any("RANDOM" in line for line in lines(record()))


def test_images_that_were_left_out_are_counted() -> None:
    assert lines(on(record(), left_out=2), record())[-1] == "2 images could not be used and were left out."
    assert not any("left out" in line for line in lines(record()))


def test_there_are_colours_only_where_they_were_asked_for() -> None:
    assert ESCAPE in render([record()], width=128, colours=True)
    assert ESCAPE not in render([record()], width=128, colours=False)


def test_colours_change_nothing_but_colours() -> None:
    coloured = render([record()], width=128, colours=True)
    parts = coloured.split(ESCAPE + "[")
    assert parts[0] + "".join(part.partition("m")[2] for part in parts[1:]) == render(
        [record()], width=128, colours=False
    )


@pytest.mark.parametrize(
    ("low", "high", "colour"),
    [
        (1.021, 1.2, "\x1b[32m"),
        (1.019, 1.2, None),  # two copies of one file differ by 2 %
        (0.8, 0.979, "\x1b[31m"),
        (0.8, 0.981, None),
        (0.9, 1.1, None),
    ],
)
def test_a_speedup_is_green_or_red_only_where_its_interval_is_beyond_chance(
    low: float, high: float, colour: str | None
) -> None:
    shown = render([sped(record(), 1.0, low, high)], width=128, colours=True)
    assert {one for one in ("\x1b[32m", "\x1b[31m") if one in shown} == ({colour} if colour else set())


@pytest.mark.parametrize("name", ["photos [red]", "photos[/]", ":smile:", "[bold]été[/bold]"])
def test_brackets_and_colons_in_names_mean_themselves(name: str) -> None:
    dataset: RecordedDataset = replace(record().dataset, name=name)
    shown = render([replace(record(name, weights="random"), dataset=dataset)], width=128, colours=False)
    assert shown.startswith(f"{name}, 3 test samples")
    assert f"    {name} " in shown
    assert f"RANDOM WEIGHTS in {name}: " in shown


def test_a_refused_cell_has_a_row_and_its_reason_below() -> None:
    reason = "AI Edge Quantizer cannot quantize the float32 model:\n" + "a long story " * 40
    refused = replace(record(), model=None, accuracy=None, latency=None, refusal=Refusal(by="ai_edge", reason=reason))
    shown = lines(refused, width=400)
    (row,) = (line for line in shown if line.startswith(VARIANTS[refused.cell.variant].short))
    assert row.count(ABSENT) >= 4
    (remark,) = (line for line in shown if line.startswith("XFAIL"))
    assert remark.startswith(
        f"XFAIL {refused.cell.id}: ai_edge refuses it: AI Edge Quantizer cannot quantize the float32"
    )
    assert remark.endswith(" ...")


def test_a_cell_that_was_disturbed_is_marked_and_named() -> None:
    shown = lines(disturbed(record()), record("xception"))
    assert [line.split()[7] for line in shown if line.startswith("IO")] == ["~4.00", "4.00"]
    assert [line for line in shown if line.startswith("~")] == [
        "~ mobilenet-integer_only-litert-t1: 12 of 30 rounds were disturbed: waited for a CPU up to 29.0 % of the time."
    ]


def test_a_cell_that_was_watched_and_not_disturbed_is_not_marked() -> None:
    one = record()
    assert one.latency is not None
    watched = replace(one, latency=replace(one.latency, disturbance=a_disturbance(an_interval())))
    assert lines(watched) == lines(one)


def test_another_runtime_has_its_time_over_litert_beside_it() -> None:
    usual, other = record(), a_record(cell=a_cell(variant="integer_only", runtime="openvino"))
    shown = lines(usual, over_litert(other, 1.5, 1.4, 1.6))
    assert "× litert       95 %" in shown[1]
    assert "1.50  1.40–1.60" in next(line for line in shown if "openvino" in line)
    assert any(line.startswith("× litert: the same file's time on LiteRT") for line in shown)
    assert not any("× litert" in line for line in lines(usual))


@pytest.mark.parametrize(("share", "is_named"), [(1.0, False), (0.99, False), (0.98, True)])
def test_a_runtime_that_predicts_otherwise_for_more_than_one_percent_is_named(share: float, is_named: bool) -> None:
    other = agreeing(a_record(cell=a_cell(variant="integer_only", runtime="openvino")), share)
    told = f"{other.cell.id} predicts another class than mobilenet-integer_only-litert-t1 for 2.0 % of the samples."
    assert (told in lines(other)) is is_named


PRODUCT = RecordedProduct(product="a-1", file="model.tflite", inputs={})
ORIGIN = Origin(
    name="main",
    saved="2026-11-25T03:00:00+00:00",
    source="results/pi/0001_x.json",
    manifests={"ab" * 32: PRODUCT, "cd" * 32: PRODUCT},
)

MAIN = Run(
    path=Path("artifacts/baselines/main.json"),
    records={a_record().cell.id: a_record()},
    provenance=Provenance(machine="pi-4c", options={"epochs": "3"}, baseline=ORIGIN),
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
