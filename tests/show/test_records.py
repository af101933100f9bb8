"""Can a person read the table: does it fit, does it say what is missing, does it warn?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import views
from fakes import a_cell, a_disturbance, a_record, an_interval, disturbed
from zoobench.matrix.interface import WARNING, Interface
from zoobench.matrix.runtimes import runtimes_of
from zoobench.matrix.variants import VARIANTS
from zoobench.results.run import Origin, Provenance, RecordedProduct, Run
from zoobench.results.schema import Record, RecordedModel, ReferenceAgreement, Refusal, Speedup
from zoobench.show.records import baseline_view, list_view, view
from zoobench.system.units import ABSENT

SHORT = [variant.short for variant in VARIANTS.values()]


@pytest.fixture(autouse=True)
def _a_terminal_that_knows_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def record(backbone: str = "mobilenet", variant: str = "integer_only", *, weights: str = "imagenet") -> Record:
    runtime = runtimes_of(VARIANTS[variant].suffix)[0]
    return a_record(cell=a_cell(backbone=backbone, variant=variant, runtime=runtime, weights=weights))


def with_part(record: Record, part: str, **changes: Any) -> Record:
    """Returns a record one part of which is different."""
    return replace(record, **{part: replace(getattr(record, part), **changes)})


def sped(record: Record, point: float, low: float, high: float, *, over: str = "float") -> Record:
    speedup = Speedup(twin="twin", point=point, interval=(low, high))
    return with_part(record, "latency", **{f"speedup_over_{over}": speedup})


def openvino() -> Record:
    return a_record(cell=a_cell(variant="integer_only", runtime="openvino"))


def lines(*records: Record, width: int | None = None) -> list[str]:
    return list(views.lines(view(records), width=width))


def row(record: Record) -> list[str]:
    """Returns what stands in the columns of a record's row."""
    (found,) = (line for line in lines(record) if line.startswith(record.cell.variant))
    return found.split()


def test_each_backbone_has_a_section_in_the_order_of_records() -> None:
    shown = lines(*(record(backbone, variant) for backbone in ("xception", "mobilenet") for variant in VARIANTS))
    assert [line for line in shown if line in {"xception", "mobilenet"}] == ["xception", "mobilenet"]
    assert [line.split()[1] for line in shown if line.split()[:1] and line.split()[0] in VARIANTS] == SHORT * 2


def test_two_backbones_and_all_variants_fit_128_columns_with_wide_numbers_too() -> None:
    records = [
        sped(record(backbone, variant, weights="random"), 0.0867, 0.0832, 0.0901)
        for backbone in ("mobilenet_v3_large", "inception_resnet_v2")
        for variant in VARIANTS
    ]
    shown = lines(*records, width=128)
    assert max(len(line) for line in shown[: shown.index("")]) <= 128
    assert sum("0.0832–0.0901" in line for line in shown) == 2 * len(VARIANTS)


@pytest.mark.parametrize(("width", "kept"), [(80, "loss"), (100, "95 %"), (120, "p90 ms")])
def test_a_narrow_terminal_goes_without_columns_in_their_order_and_says_which(width: int, kept: str) -> None:
    records = [
        sped(record(backbone, variant), 0.0867, 0.0832, 0.0901)
        for backbone in ("mobilenet_v3_large", "inception_resnet_v2")
        for variant in VARIANTS
        if variant != "dynamic_range_int4_block"
    ]
    shown = lines(*records, width=width)
    table = [line for line in shown[: shown.index("")] if line]
    assert all(head in shown[1] for head in ("cell", "runtime", "top-1 %", "p50 ms", "× float", "MB", kept))
    assert max(map(len, table)) <= width
    (left_out,) = (line for line in shown if line.startswith("Without threads, "))
    assert f"for which {width} columns are too few: COLUMNS=" in left_out
    assert left_out.endswith("or --format markdown shows all.")
    whole = lines(*records, width=int(left_out.partition("COLUMNS=")[2].split()[0]))
    assert not any(line.startswith("Without") for line in whole)


def test_nothing_is_cut_where_even_the_least_columns_have_no_room() -> None:
    assert any(
        line.split()[:5] == ["integer_only", "litert", "66.7", "4.00", "2.50"] for line in lines(record(), width=9)
    )


def test_threads_are_kept_where_they_tell_cells_apart() -> None:
    assert "threads" in lines(record(), a_record(cell=a_cell(threads=2)), width=60)[1]


def test_neither_names_nor_numbers_are_cut_where_there_is_no_room() -> None:
    name = "my_own_network_fine_tuned_on_pets_for_the_whole_of_a_long_winter_" * 2
    assert name in lines(record(name))
    assert row(record(name))[:6] == row(record())[:6]


def test_what_was_not_measured_is_a_dash() -> None:
    bare = replace(record(), accuracy=None, latency=None)
    assert row(bare) == ["integer_only", "IO", "litert", "1", *("–",) * 5, "3.40", "0.27", "56.0"]
    few = with_part(record(), "latency", p90_seconds=None, speedup_over_float=None)
    assert row(few)[4:] == ["66.7", "20.8–93.9", "0.500", "4.00", "–", "–", "3.40", "0.27", "56.0"]
    for size in (0, None):
        model = RecordedModel(sha256="00" * 32, size_bytes=3_400_000, float_twin_size_bytes=size)
        assert row(replace(record(), model=model))[-3:] == ["3.40", "–", "56.0"]


def test_memory_has_a_column_where_any_cell_knows_it() -> None:
    bare = replace(record(), memory=None)
    assert not any("peak" in line.lower() for line in lines(bare))
    shown = lines(record(variant="float32"), bare)
    assert [line.split()[-1] for line in shown if line.startswith(("float32", "integer_only"))] == ["56.0", ABSENT]


def test_memory_is_left_out_where_it_does_not_fit_and_that_is_said() -> None:
    wide, narrow = lines(record()), lines(record(), width=90)
    assert wide[1].endswith("peak MB")
    assert narrow[1].endswith("MB")
    assert any(line.startswith("Without threads, p90 ms, size, peak MB, for which 90 columns") for line in narrow)


def test_the_letters_of_the_variants_that_are_there_are_explained_and_no_others() -> None:
    assert "TL float32; IO int8 with uint8 in and out." in lines(record(), record(variant="float32"))


def test_a_disturbance_of_many_cells_is_one_line_with_the_worst_and_a_repeated_refusal_is_said_once() -> None:
    cells = [a_cell(backbone=name, variant="float32") for name in "abcd"]
    shown = lines(*(disturbed(a_record(cell=cell)) for cell in cells))
    (told,) = (line for line in shown if line.startswith("~ "))
    assert told.startswith("~ all 4 cells: up to ")
    refusal = Refusal(by="litert", reason="no kernel")
    shown = lines(*(replace(a_record(cell=cell), refusal=refusal) for cell in cells))
    assert [line for line in shown if "XFAIL" in line] == ["XFAIL all 4 cells: litert refuses it: no kernel"]


def test_each_runtime_is_named_with_what_it_holds_before_a_file_is_opened() -> None:
    shown = "\n".join(lines(record(), record(variant="keras")))
    assert "before it opened it: litert 40.0, keras 40.0." in shown
    unknown = with_part(record(), "memory", base_rss_bytes=None, observed_base_rss_bytes=())
    assert "to open the file and run it." in "\n".join(lines(unknown))


def test_what_another_quantizer_made_than_the_default_one_is_named() -> None:
    made = [
        with_part(record(variant=name), "model", quantizer=quantizer)
        for name, quantizer in [
            ("float32", None),
            ("float16", "ai_edge"),
            ("integer_only", "tensorflow"),
            ("int16x8", "tensorflow"),
        ]
    ]
    (found,) = (line for line in lines(*made, width=160) if line.startswith("QUANTIZER"))
    ids = "mobilenet-integer_only-litert-t1, mobilenet-int16x8-litert-t1"
    assert found == f"QUANTIZER tensorflow, not the default ai_edge: {ids}."


@pytest.mark.parametrize(("threads", "started", "named"), [(1, 0, False), (2, 1, False), (2, 2, False), (4, 1, True)])
def test_a_runtime_that_started_fewer_threads_than_asked_for_is_named(threads: int, started: int, named: bool) -> None:
    some = with_part(a_record(cell=a_cell(threads=threads)), "startup", threads_started=started)
    found = [line for line in lines(some) if line.startswith("THREADS")]
    assert found == ["THREADS mobilenet-integer_only-litert-t4: litert started 1 more of them, not 3."] * named


def test_threads_of_tensorflow_tell_nothing() -> None:
    keras = a_cell(variant="keras", runtime="keras", threads=8)
    assert not any(line.startswith("THREADS") for line in lines(a_record(cell=keras)))


def test_a_variant_of_another_version_is_shown_without_its_letters() -> None:
    assert row(a_record(cell=a_cell(variant="int4")))[:2] == ["int4", "litert"]


def test_the_title_names_each_data_set_once() -> None:
    other = with_part(record(), "dataset", name="drawn", classes=("a", "b", "c"), samples=45)
    assert lines(record(), other, record())[0] == (
        "pets, 3 test samples of 2 classes; drawn, 45 test samples of 3 classes"
    )


def test_random_weights_are_said_loudly_with_each_backbone_once() -> None:
    random = [record("xception", variant, weights="random") for variant in ("float32", "integer_only")]
    shown = lines(*random, record("mobilenet"), record("resnet50", weights="random"))
    assert shown[-1].startswith("RANDOM WEIGHTS in xception, resnet50: accuracy means nothing there")
    assert not any("RANDOM" in line for line in lines(record()))


def test_images_that_were_left_out_are_counted() -> None:
    assert lines(with_part(record(), "dataset", left_out=2), record())[-1].startswith("2 images could not be used")
    assert not any("left out" in line for line in lines(record()))


@pytest.mark.parametrize(
    ("low", "high", "tone"),
    [
        (1.021, 1.2, "good"),
        (1.019, 1.2, None),  # two copies of one file differ by 2 %
        (0.8, 0.979, "bad"),
        (0.8, 0.981, None),
        (0.9, 1.1, None),
    ],
)
def test_a_speedup_is_good_or_bad_only_where_its_interval_is_beyond_chance(
    low: float, high: float, tone: str | None
) -> None:
    one = view([sped(record(), 1.0, low, high)])
    shown, page = views.text(one, colours=True), views.written(one, "html")
    colours = {"good": "\x1b[32m", "bad": "\x1b[31m"}
    assert {name for name, colour in colours.items() if colour in shown} == ({tone} if tone else set())
    assert {name for name in colours if f'<td class="{name}">1.00</td>' in page} == ({tone} if tone else set())


@pytest.mark.parametrize("name", ["photos [red]", "photos[/]", ":smile:", "[bold]été[/bold]"])
def test_brackets_and_colons_in_names_mean_themselves(name: str) -> None:
    shown = lines(with_part(record(name, weights="random"), "dataset", name=name))
    assert shown[0].startswith(f"{name}, 3 test samples")
    assert name in shown
    assert any(line.startswith(f"RANDOM WEIGHTS in {name}: ") for line in shown)


def test_a_refused_cell_has_a_row_and_its_reason_below() -> None:
    reason = "AI Edge Quantizer cannot quantize the float32 model:\n" + "a long story " * 40
    refused = replace(record(), model=None, accuracy=None, latency=None, refusal=Refusal(by="ai_edge", reason=reason))
    assert row(refused).count(ABSENT) >= 4
    (remark,) = (line for line in lines(refused) if line.startswith("XFAIL"))
    assert remark.startswith(f"XFAIL {refused.cell.id}: ai_edge refuses it: AI Edge Quantizer cannot quantize the")
    assert remark.endswith(" ...")


def test_a_cell_that_was_disturbed_is_marked_and_named() -> None:
    shown = lines(disturbed(record()), record("xception"))
    assert [line.split()[7] for line in shown if line.startswith("integer_only")] == ["~4.00", "4.00"]
    (remark,) = (line for line in shown if line.startswith("~"))
    assert remark.startswith("~ mobilenet-integer_only-litert-t1: 12 of 30 rounds were disturbed: waited for a CPU")


def test_a_cell_that_was_watched_and_not_disturbed_is_not_marked() -> None:
    one = record()
    assert lines(with_part(one, "latency", disturbance=a_disturbance(an_interval()))) == lines(one)


def test_another_runtime_has_its_time_over_litert_beside_it() -> None:
    shown = lines(record(), sped(openvino(), 1.5, 1.4, 1.6, over="reference"))
    assert "× litert       95 %" in shown[1]
    assert "1.50  1.40–1.60" in next(line for line in shown if "openvino" in line)
    assert any(line.startswith("× litert: the same file's time on LiteRT") for line in shown)
    assert not any("× litert" in line for line in lines(record()))


@pytest.mark.parametrize(("share", "is_named"), [(1.0, False), (0.99, False), (0.98, True)])
def test_a_runtime_that_predicts_otherwise_for_more_than_one_percent_is_named(share: float, is_named: bool) -> None:
    agreement = ReferenceAgreement(cell="mobilenet-integer_only-litert-t1", share=share)
    other = with_part(openvino(), "accuracy", agreement_with_reference=agreement)
    remark = f"{other.cell.id} predicts another class than mobilenet-integer_only-litert-t1 for 2.0 % of the samples."
    assert (remark in lines(other)) is is_named


def test_a_model_of_one_s_own_is_said_to_be_what_it_is_taken_as_and_what_was_seen_of_it() -> None:
    remarks = ("seen.", f"{WARNING}its classes look permuted.")
    own = with_part(record(), "model", interface=Interface(taken_as="classifier", pixels="0..1", remarks=remarks))
    said = lines(own)
    assert "mobilenet: taken as a classifier: probabilities, pixels 0..1." in said
    assert "mobilenet: seen." in said
    assert f"{WARNING}mobilenet: its classes look permuted." in said
    assert not any("taken as" in line for line in lines(record()))


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


def test_the_list_has_a_row_for_each_baseline_for_people_and_programs() -> None:
    text = views.lines(list_view([MAIN]))
    assert text[0].split("  ")[0] == "name"
    assert text[2].split() == ["main", "2026-11-25", "03:00", "pi-4c", "1", "pets", "imagenet"]
    (row,) = views.table(list_view([MAIN]))
    assert (row["name"], row["machine"], row["cells"]) == ("main", "pi-4c", "1")


def test_a_baseline_is_shown_with_origin_machine_options_and_its_table() -> None:
    shown = views.lines(baseline_view(MAIN))
    assert shown[:4] == [
        "baseline main, saved 2026-11-25T03:00:00+00:00 from results/pi/0001_x.json",
        "machine pi-4c",
        "options epochs=3",
        "of 1 model files, 1 are known how to be made again",
    ]
    assert shown[5:] == lines(a_record())
    plain = views.content(baseline_view(MAIN))
    assert (plain["origin"]["name"], plain["machine"], len(plain["records"])) == ("main", "pi-4c", 1)


def test_a_results_file_is_shown_as_one_that_knows_less() -> None:
    shown = views.lines(baseline_view(Run(path=Path("x.json"), records=MAIN.records)))
    assert shown[:3] == ["results x.json", "machine –", "options –"]
    assert "0 are known" in shown[3]
