"""Are rows named, ordered and held against the right twin?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.matrix.cell import Cell, matrix
from zoobench.matrix.variants import VARIANTS

BOTH = ("litert", "keras")
INTEGER = Cell(backbone="mobilenet", variant="integer_only", runtime="litert", threads=2, image_size=224)


def test_the_id_names_backbone_variant_runtime_and_threads() -> None:
    assert INTEGER.id == "mobilenet-integer_only-litert-t2"


def test_the_float_twin_differs_in_the_variant_alone() -> None:
    assert INTEGER.float_twin == Cell(
        backbone="mobilenet", variant="float32", runtime="litert", threads=2, image_size=224
    )


def test_the_float_twin_of_float32_is_itself() -> None:
    assert INTEGER.float_twin.float_twin == INTEGER.float_twin


def test_a_keras_cell_is_held_against_litert() -> None:
    keras = Cell(backbone="mobilenet", variant="keras", runtime="keras", threads=1, image_size=224)
    assert keras.float_twin.id == "mobilenet-float32-litert-t1"


def test_a_runtime_that_runs_float32_has_a_float_twin_of_its_own() -> None:
    cell = replace(INTEGER, runtime="openvino")
    assert cell.float_twin.id == "mobilenet-float32-openvino-t2"


@pytest.mark.parametrize(
    ("variant", "runtime", "reference"),
    [
        ("integer_only", "litert", None),
        ("integer_only", "litert_compiled", "mobilenet-integer_only-litert-t2"),
        ("integer_only", "openvino", "mobilenet-integer_only-litert-t2"),
        ("keras", "keras", None),
        ("keras", "keras_graph", "mobilenet-keras-keras-t2"),
    ],
)
def test_the_same_file_on_another_runtime_is_held_against_the_usual_one(
    variant: str, runtime: str, reference: str | None
) -> None:
    found = replace(INTEGER, variant=variant, runtime=runtime).reference
    assert (found and found.id) == reference


def test_a_variant_has_a_cell_for_each_runtime_that_takes_its_file() -> None:
    cells = matrix(
        backbones=[("b", 32)], variants=["keras", "float32"], threads=[1], runtimes=("litert", "keras", "openvino")
    )
    assert [cell.id for cell in cells] == ["b-keras-keras-t1", "b-float32-litert-t1", "b-float32-openvino-t1"]


def test_the_matrix_goes_by_backbone_then_threads_then_variant() -> None:
    cells = matrix(backbones=[("b", 32), ("a", 64)], variants=["keras", "float32"], threads=[2, 1], runtimes=BOTH)
    assert [cell.id for cell in cells] == [
        *("b-keras-keras-t2", "b-float32-litert-t2", "b-keras-keras-t1", "b-float32-litert-t1"),
        *("a-keras-keras-t2", "a-float32-litert-t2", "a-keras-keras-t1", "a-float32-litert-t1"),
    ]
    assert [cell.image_size for cell in cells] == [32] * 4 + [64] * 4


@given(
    backbones=st.lists(st.sampled_from("abcd"), unique=True),
    variants=st.lists(st.sampled_from(sorted(VARIANTS)), unique=True),
    threads=st.lists(st.integers(1, 8), unique=True),
)
def test_every_combination_is_one_cell_with_an_id_of_its_own(
    backbones: list[str], variants: list[str], threads: list[int]
) -> None:
    cells = matrix(backbones=[(name, 224) for name in backbones], variants=variants, threads=threads, runtimes=BOTH)
    assert len(cells) == len(backbones) * len(variants) * len(threads)
    assert len({cell.id for cell in cells}) == len(cells)
    assert {cell.float_twin.id for cell in cells} == {
        f"{backbone}-float32-litert-t{count}" for backbone in backbones for count in threads if variants
    }
