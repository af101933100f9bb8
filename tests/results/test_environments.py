"""Are differences in the conditions found, and told in the order that matters?"""

from dataclasses import replace
from typing import Any

from fakes import a_cell, a_record
from resultfiles import EPYC, a_plain_run, a_run, a_side
from zoobench.results.environments import (
    Difference,
    conditions,
    differences,
    joined,
    leaves,
    machine_of,
    machines_of,
    of_cell,
)
from zoobench.results.timings import Side


def side(**environment: Any) -> Side:
    return a_side(a_run(a_record(environment={**EPYC, **environment})))


def test_the_same_conditions_do_not_differ() -> None:
    assert differences(side(), side()) == ()


def test_what_differs_is_named_with_both_values_the_machine_first() -> None:
    base = side(kernel="6.1", governor=None, libraries={"numpy": "2.4.6", "keras": "3.15"})
    new = side(kernel="6.2", governor="powersave", libraries={"numpy": "2.4.7", "keras": "3.15"})
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
        "weights": (("imagenet",), ("file:abababab",)),
        "image size": (("224",), ("128",)),
        "data set": (
            ("pets, 3 test samples of 2 classes, cdcdcdcd",),
            ("pets, 3 test samples of 2 classes, 00000000",),
        ),
    }


def test_the_order_of_the_runs_is_no_difference() -> None:
    one, other = a_run(a_record(environment={"kernel": "1"})), a_run(a_record(environment={"kernel": "2"}))
    assert differences(a_side(one, other), a_side(other, one)) == ()
    assert conditions(a_side(one, other))["kernel"] == ("1", "2")


def test_a_plain_file_has_the_conditions_of_its_machine_info() -> None:
    assert conditions(a_side(a_plain_run({"cpu": "M1", "cores": 8}))) == {"cpu": ("M1",), "cores": ("8",)}


def test_a_machine_is_its_device_or_else_its_cpu_and_its_cores() -> None:
    assert machine_of(a_run(a_record(environment=EPYC))) == ("AMD EPYC", "2")
    pi = {"device": "Raspberry Pi 5", "cpu": "Cortex-A76", "cores": 4}
    assert machine_of(a_run(a_record(environment=pi))) == ("Raspberry Pi 5", "4")
    assert machine_of(a_plain_run()) == ("", "")
    assert machines_of(a_side(a_plain_run(), a_plain_run())) == {("", "")}


def test_a_cell_that_is_not_the_same_says_in_what() -> None:
    base = a_record()
    assert of_cell(base, base) == {}
    other = replace(base, cell=a_cell(weights="random"), dataset=replace(base.dataset, samples=4))
    assert of_cell(base, other) == {
        "weights": "imagenet / random",
        "data set": "pets, 3 test samples of 2 classes, cdcdcdcd / pets, 4 test samples of 2 classes, cdcdcdcd",
    }


def test_no_value_is_not_known() -> None:
    assert joined(()) == "not known"
    assert joined(("1", "2")) == "1, 2"


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
