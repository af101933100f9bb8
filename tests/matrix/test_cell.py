"""Are rows named, ordered and given the right twin?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.matrix.cell import Cell, matrix
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS

BOTH = ("litert", "keras")


@pytest.mark.parametrize(
    ("variant", "runtime", "twin", "reference"),
    [
        ("integer_only", "litert", "mobilenet-float32-litert-t2", None),
        ("float32", "litert", "mobilenet-float32-litert-t2", None),
        ("integer_only", "litert_compiled", "mobilenet-float32-litert_compiled-t2", "mobilenet-integer_only-litert-t2"),
        ("integer_only", "openvino", "mobilenet-float32-openvino-t2", "mobilenet-integer_only-litert-t2"),
        ("prequantized", "openvino", "mobilenet-prequantized-openvino-t2", "mobilenet-prequantized-litert-t2"),
        ("keras", "keras", "mobilenet-float32-litert-t2", None),
        ("keras", "keras_graph", "mobilenet-float32-litert-t2", "mobilenet-keras-keras-t2"),
    ],
)
def test_a_cell_has_a_float_twin_on_its_runtime_or_litert_and_its_file_a_reference(
    variant: str, runtime: str, twin: str, reference: str | None
) -> None:
    cell = Cell(backbone="mobilenet", variant=variant, runtime=runtime, threads=2, image_size=96)
    assert cell.id == f"mobilenet-{variant}-{runtime}-t2"
    assert (cell.float_twin.id, cell.float_twin.image_size, cell.float_twin.float_twin) == (twin, 96, cell.float_twin)
    assert (cell.reference and cell.reference.id) == reference


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
    variants=st.lists(st.sampled_from(sorted(VARIANTS.keys() - {PREQUANTIZED})), unique=True),
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
