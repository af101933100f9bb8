"""Has a cell the file that the store holds for it, or the reason why there is none?"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoobench.build import recipe
from zoobench.build.recipe import BuildRequest
from zoobench.errors import ModelError
from zoobench.matrix.cell import Cell
from zoobench.matrix.variants import VARIANTS
from zoobench.results.schema import Refusal
from zoobench.run import models
from zoobench.run.models import Models
from zoobench.run.plan import make_plan
from zoobench.run.prepared import Prepared, prepare
from zoobench.store.product import Product, obtain

REFUSED = {"by": "litert", "reason": "LiteRT cannot open model.tflite: no kernel"}


class Builder:
    """Stands in for the process that makes models: writes what it is told into the store, and counts."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.facts: dict[str, Any] = {"history": None, "refused": None}
        self.refused: set[str] = set()
        self.error: ModelError | None = None

    def __call__(self, _make: Callable[..., None], request: BuildRequest, variants: tuple[str, ...]) -> None:
        self.calls.append(variants)
        for name in variants:
            variant = VARIANTS[name]
            if name in self.refused:
                put(request, recipe.refusal(request, variant), json.dumps({"by": "ai_edge", "reason": "too odd"}))
            elif not (self.error and name == "integer_only"):
                put(request, recipe.variant_model(request, variant), f"a {name} file", **self.facts)
        if self.error:
            raise self.error


def put(request: BuildRequest, product: Product, content: str, **facts: Any) -> None:
    def make(folder: Path) -> dict[str, Any]:
        (folder / product.file_name).write_text(content)
        return facts

    obtain(request.root, product, make)


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    double = Builder()
    monkeypatch.setattr(models, "in_fresh_process", double)
    return double


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    texts = {"backbones": "mobilenet_025", "weights": "random", "drawn": "30", "image-size": "32", "calibration": "4"}
    variants = {"variants": "keras,float32,dynamic_range,integer_only"}
    plan = make_plan({**texts, **variants, "artifacts": str(tmp_path / "artifacts")})
    return prepare(plan, plan.cells)


def cell(prepared: Prepared, variant: str) -> Cell:
    return next(one for one in prepared.cells if one.variant == variant)


def test_all_variants_of_a_backbone_are_made_at_once_and_once(prepared: Prepared, builder: Builder) -> None:
    found = Models(prepared)
    for one in prepared.cells:
        assert found.file(one).path.read_text() == f"a {one.variant} file"
        assert found.refusal(one) is None
    assert builder.calls == [("keras", "float32", "dynamic_range", "integer_only")]
    assert Models(prepared).file(prepared.cells[0]) == found.file(prepared.cells[0])
    assert len(builder.calls) == 1


def test_what_a_quantizer_refuses_has_a_reason_and_no_file(prepared: Prepared, builder: Builder) -> None:
    builder.refused = {"dynamic_range"}
    found, refused = Models(prepared), cell(prepared, "dynamic_range")
    assert found.refusal(refused) == Refusal(by="ai_edge", reason="too odd")
    assert not found.is_made(refused)
    with pytest.raises(ModelError) as caught:
        found.file(refused)
    assert str(caught.value) == "there is no dynamic_range of mobilenet_025: ai_edge refuses it: too odd"
    assert found.is_made(cell(prepared, "integer_only"))


def test_what_a_runtime_refuses_has_a_reason_and_a_file_and_other_runtimes_may_take_it(
    prepared: Prepared, builder: Builder
) -> None:
    builder.facts["refused"] = REFUSED
    found = Models(prepared)
    assert found.refusal(cell(prepared, "integer_only")) == Refusal(**REFUSED)
    assert found.is_made(cell(prepared, "integer_only"))
    assert found.refusal(cell(prepared, "keras")) is None


def test_one_that_fails_is_an_error_and_the_others_have_their_files(prepared: Prepared, builder: Builder) -> None:
    builder.error = ModelError("integer_only: no room on the disk")
    found = Models(prepared)
    for _ in range(2):
        with pytest.raises(ModelError, match="no room on the disk"):
            found.refusal(cell(prepared, "integer_only"))
    assert found.is_made(cell(prepared, "dynamic_range"))
    assert len(builder.calls) == 1


def test_a_file_that_vanished_is_an_error_that_asks_who_removed_it(
    prepared: Prepared, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "in_fresh_process", lambda *_: None)
    with pytest.raises(ModelError, match=r"was made but is not in .*; does another run remove it"):
        Models(prepared).file(prepared.cells[0])
    assert builder.calls == []


def test_a_file_that_is_no_tflite_has_no_contract_to_break(prepared: Prepared, builder: Builder) -> None:
    found = Models(prepared)
    assert found.contract(cell(prepared, "keras")) is None
    assert found.violations(cell(prepared, "keras")) == ""
    with pytest.raises(ModelError, match="TFLite"):
        found.violations(cell(prepared, "float32"))
    assert len(builder.calls) == 1
