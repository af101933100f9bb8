"""Are differences in the conditions found, and told in the order that matters?"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import a_cell, a_record, write_results_file
from resultfiles import EPYC, a_plain_run, a_run, a_side
from zoobench.errors import ResultsError
from zoobench.judge.compare.machines import across
from zoobench.results.conditions import (
    Difference,
    are_one_machine,
    check_same_subject,
    conditions,
    differences,
    leaves,
    machine_key,
    machine_name,
    machine_of,
    machines_of,
    of_cell,
    read_shards,
)
from zoobench.results.run import Provenance, Side, read_run
from zoobench.results.schema import Record


def side(**environment: Any) -> Side:
    return a_side(a_run(a_record(environment={**EPYC, **environment})))


def test_what_differs_is_named_with_both_values_the_machine_first() -> None:
    base = side(kernel="6.1", governor=None, libraries={"numpy": "2.4.6", "keras": "3.15"})
    new = side(kernel="6.2", governor="powersave", libraries={"numpy": "2.4.7", "keras": "3.15"})
    assert differences(base, base) == ()
    assert differences(base, new) == (
        Difference(name="governor", base=(), new=("powersave",)),
        Difference(name="numpy", base=("2.4.6",), new=("2.4.7",)),
        Difference(name="kernel", base=("6.1",), new=("6.2",)),
    )


def test_threads_runtimes_weights_sizes_and_data_are_conditions_too() -> None:
    base = a_record()
    new = replace(
        base,
        cell=replace(base.cell, threads=4, runtime="keras", weights="file:" + "ab" * 32, image_size=128),
        dataset=replace(base.dataset, sha256="00" * 32),
    )
    found = {one.name: (one.base, one.new) for one in differences(a_side(a_run(base)), a_side(a_run(new)))}
    assert found == {
        "threads": (("1",), ("4",)),
        "runtime": (("litert",), ("keras",)),
        "weights": (("imagenet",), ("file:abababababab",)),
        "image size": (("224",), ("128",)),
        "data set": (
            ("pets, 3 test samples of 2 classes, cdcdcdcdcdcd",),
            ("pets, 3 test samples of 2 classes, 000000000000",),
        ),
    }


def test_the_order_of_the_runs_is_no_difference() -> None:
    one, other = a_run(a_record(environment={"kernel": "1"})), a_run(a_record(environment={"kernel": "2"}))
    assert differences(a_side(one, other), a_side(other, one)) == ()
    assert conditions(a_side(one, other))["kernel"] == ("1", "2")


def test_a_machine_is_its_device_or_else_its_cpu_and_its_cores() -> None:
    assert machine_of(a_run(a_record(environment=EPYC))) == ("", "AMD EPYC", "2")
    pi = {"device": "Raspberry Pi 5", "cpu": "Cortex-A76", "cores": 4}
    assert machine_of(a_run(a_record(environment=pi))) == ("", "Raspberry Pi 5", "4")
    assert machine_of(a_plain_run()) == ("", "", "")
    assert conditions(a_side(a_plain_run({"cpu": "M1", "cores": 8}))) == {"cpu": ("M1",), "cores": ("8",)}
    assert machines_of(a_side(a_plain_run(), a_plain_run())) == {("", "", "")}


def named(name: str | None, **environment: Any) -> Side:
    run = a_run(a_record(environment={**EPYC, **environment}))
    return a_side(replace(run, provenance=Provenance(machine=name)))


def test_the_name_that_a_machine_was_given_is_its_identity_and_the_usual_one_is_none() -> None:
    usual = machine_key({"device": None, **{name: EPYC[name] for name in ("cpu", "cores")}})
    assert machine_name(named("left").runs[0]) == "left (AMD EPYC, 2 cores)"
    assert machine_name(named(usual).runs[0]) == machine_name(named(None).runs[0]) == "AMD EPYC, 2 cores"
    assert not are_one_machine(named("left"), named("right"))
    assert are_one_machine(named("left"), named("left"))
    assert are_one_machine(named("left"), named(None)), "not every run says its name"
    assert not are_one_machine(named("left"), named("left", cpu="Cortex-A76"))
    assert differences(named("left"), named("right")) == (Difference(name="machine", base=("left",), new=("right",)),)


def test_a_cell_that_is_not_the_same_says_in_what() -> None:
    base = a_record()
    assert of_cell(base, base) == {}
    other = replace(base, cell=a_cell(weights="random"), dataset=replace(base.dataset, samples=4))
    assert of_cell(base, other) == {
        "weights": "imagenet / random",
        "data set": "pets, 3 test samples of 2 classes, cdcdcdcdcdcd / pets, 4 test samples of 2 classes, cdcdcdcdcdcd",
    }


def test_leaves_come_in_order_with_the_keys_that_lead_there() -> None:
    nested = {"a": 1, "b": {"c": {"d": None, "e": [2]}, "f": {}}, "g": 0}
    assert list(leaves(nested)) == [(("a",), 1), (("b", "c", "e"), [2]), (("g",), 0)]


def test_a_feature_that_one_machine_lacks_is_one_line() -> None:
    base, new = (
        side(processor={"features": features, "frequency": {"turbo": None}})
        for features in (["avx2", "fma"], ["avx2", "fma", "avx512_vnni"])
    )
    assert differences(base, new) == (
        Difference(name="features", base=("avx2, fma",), new=("avx2, fma, avx512_vnni",)),
    )


CELL = a_record().cell.id
KIT, OTHER_KIT = "aa" * 32, "bb" * 32


def results_of(name: str, *records: Record) -> Side:
    return a_side(*(replace(a_run(record), path=Path(f"{name}-{index}.json")) for index, record in enumerate(records)))


def with_samples(sha256: str, **changes: Any) -> Record:
    return a_record(dataset=replace(a_record().dataset, sha256=sha256), **changes)


def with_file(sha256: str, **changes: Any) -> Record:
    model = a_record().model
    assert model is not None
    return a_record(model=replace(model, sha256=sha256), **changes)


def of_another_cell(record: Record) -> Record:
    return replace(record, cell=replace(record.cell, id="x-float32-litert-t1", backbone="x"))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (a_record(kit=KIT), a_record(kit=KIT)),
        (a_record(), a_record(kit=KIT)),
        (a_record(), with_file("00" * 32)),  # each machine made its own
        (a_record(model=None, kit=KIT), a_record()),  # what was refused has no file to differ
        (a_record(), of_another_cell(with_samples("ef" * 32))),
    ],
)
def test_results_of_the_same_kit_or_samples_and_files_stand_together(here: Record, there: Record) -> None:
    check_same_subject([results_of("here", here), results_of("pi", there)])


SAMPLES = (
    f"{CELL} was measured on different samples: in here-0.json on 3 of 'pets' (cdcdcdcdcdcd), in pi-0.json on 3 of "
    "'pets' (efefefefefef); measure both on the same images, such as by one kit"
)


@pytest.mark.parametrize(
    ("here", "there", "why"),
    [
        (
            [a_record(kit=KIT)],
            [a_record(kit=OTHER_KIT)],
            "different kits: here-0.json of aaaaaaaaaaaa, pi-0.json of bbbbbbbbbbbb (SHA-256); run one kit on every",
        ),
        ([a_record()], [a_record(kit=KIT), a_record(kit=OTHER_KIT)], "pi-0.json of aaaaaaaaaaaa, pi-1.json of bbbb"),
        ([a_record(kit=KIT)], [of_another_cell(a_record(kit=OTHER_KIT))], "different kits"),
        ([a_record()], [with_samples("ef" * 32)], SAMPLES),
        ([a_record(kit=KIT)], [with_samples("ef" * 32, kit=KIT)], SAMPLES),
        (
            [a_record()],
            [with_file("00" * 32, kit=KIT)],
            f"{CELL} was measured with different files: abababababab in here-0.json, 000000000000 in pi-0.json "
            "(SHA-256), of which one came in a kit; run the kit on both machines",
        ),
    ],
)
def test_results_of_other_kits_samples_or_files_are_refused_with_both_named(
    here: list[Record], there: list[Record], why: str
) -> None:
    sides = [results_of("here", *here), results_of("pi", *there)]
    for check in (check_same_subject, across):
        with pytest.raises(ResultsError, match=re.escape(why)):
            check(sides)


def shards(folder: Path, *records: Record, **block: Any) -> list[Path]:
    """Writes each record as the results of a job of its own."""
    return [
        write_results_file(folder / f"{number}.json", record, measured=f"2026-11-2{number}T00:00:00+00:00", **block)
        for number, record in enumerate(records, start=1)
    ]


def a_shard(variant: str, **changes: Any) -> Record:
    return replace(a_record(), cell=a_cell(variant=variant), **changes)


def test_files_that_share_no_cell_are_one_run_by_folder_or_by_name(tmp_path: Path) -> None:
    first, second = a_shard("float32"), a_shard("integer_only")
    files = shards(tmp_path, first, second, machine="pi", cells=["x"], products={"ab": "p"}, options={"epochs": "3"})
    by_folder, by_name = read_shards([tmp_path]), read_shards(files)
    assert by_folder.records == by_name.records == {one.cell.id: one for one in (first, second)}
    assert by_name.path == by_folder.path == tmp_path
    assert by_folder.shards == tuple(files)
    assert by_folder.measured == "2026-11-22T00:00:00+00:00"
    assert by_folder.provenance.products == {"ab": "p"}
    assert by_folder.provenance.options == {"epochs": "3"}
    assert read_shards(files[:1]) == read_run(files[0])


def test_files_that_share_cells_are_no_shards_and_both_are_named(tmp_path: Path) -> None:
    shards(tmp_path, a_shard("float32"), a_shard("float32"))
    with pytest.raises(ResultsError, match=r"1\.json and .*2\.json both hold mobilenet-float32-litert-t1; "):
        read_shards([tmp_path])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"environment": {"cpu": "Cortex-A76", "cores": 4}}, "machine AMD EPYC, 2 cores / Cortex-A76, 4 cores"),
        ({"environment": {"cpu": "AMD EPYC", "cores": 2, "libraries": {"keras": "3.1"}}}, "keras none / 3.1"),
        ({"dataset": replace(a_record().dataset, sha256="ef" * 32)}, "data set pets.* / pets"),
        ({"kit": "ef" * 32}, "kit none / ef"),
    ],
)
def test_what_was_not_measured_alike_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    shards(tmp_path, a_shard("float32"), a_shard("integer_only", **changes))
    with pytest.raises(ResultsError, match=rf"not measured alike: {named}"):
        read_shards([tmp_path])


def test_options_may_differ_only_in_what_a_matrix_is_split_by(tmp_path: Path) -> None:
    (first,) = shards(tmp_path / "a", a_shard("float32"), options={"variants": "float32", "epochs": "3"})
    (second,) = shards(tmp_path / "b", a_shard("integer_only"), options={"variants": "integer_only", "epochs": "3"})
    assert len(read_shards([first, second]).records) == 2
    (other,) = shards(tmp_path / "c", a_shard("integer_only"), options={"epochs": "40"})
    with pytest.raises(ResultsError, match=r"not measured alike: option epochs 3 / 40\. Measure all parts alike"):
        read_shards([first, other])


def test_options_that_differ_are_named_with_their_defaults_spelled_out() -> None:
    default, other = (
        a_side(replace(a_run(a_record()), provenance=Provenance(options=options, measuring=measuring)))
        for options, measuring in (({}, {}), ({"epochs": "1", "classes": "b,a"}, {"rounds": "64"}))
    )
    found = differences(default, other, defaults={"epochs": "40", "classes": "", "rounds": "auto"})
    assert [(one.name, one.base, one.new) for one in found] == [
        ("option epochs", ("40",), ("1",)),
        ("option classes", ("not given",), ("b,a",)),
        ("option rounds", ("auto",), ("64",)),
    ]
    assert differences(other, other) == ()
    assert not [one for one in differences(default, a_side(a_plain_run())) if one.name.startswith("option")]


def test_model_files_that_differ_are_named_by_their_hashes_in_one_line() -> None:
    base = [a_record(cell=a_cell(id=name)) for name in "abcde"]
    assert base[0].model
    other = [replace(one, model=replace(base[0].model, sha256=f"{number}" * 64)) for number, one in enumerate(base)]
    (found,) = differences(a_side(a_run(*base)), a_side(a_run(*other)))
    assert found.name == "model file of 5 of 5 cells"
    assert (found.base, found.new) == (("ab" * 6,), ("0" * 12, "1" * 12, "2" * 12, "2 more"))


def test_what_rounds_were_timed_by_is_named_where_both_files_tell(tmp_path: Path) -> None:
    stats = {"median": 0.1, "data": [0.1, 0.1]}
    sides = [
        Side(name="", runs=(read_run(write_results_file(tmp_path / f"{number}.json", benchmarks=benchmarks)),))
        for number, benchmarks in enumerate(
            [{"fullname": "test_it", "stats": stats, **({"options": options} if options else {})}]
            for options in (
                {"timer": "time.perf_counter", "disable_gc": False},
                {"timer": "time.process_time", "disable_gc": True},
                {},
            )
        )
    ]
    assert differences(sides[0], sides[0]) == differences(sides[0], sides[2]) == ()
    assert [(one.name, one.base, one.new) for one in differences(sides[0], sides[1])] == [
        ("timer", ("time.perf_counter",), ("time.process_time",)),
        ("garbage collection off", ("False",), ("True",)),
    ]
