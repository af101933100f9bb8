"""Is the file of a variant the one that keeps its spec, and the same whoever looks for it?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kept_store import keep
from modelfiles import labelled
from zoobench.build import recipe
from zoobench.build.attempts import Attempt, chosen
from zoobench.build.recipe import BuildRequest, ConversionConfig, TrainingConfig
from zoobench.build.weights import Weights
from zoobench.data.dataset import Dataset
from zoobench.matrix.backbones import BACKBONES
from zoobench.matrix.variants import VARIANTS, Quantizer
from zoobench.results.schema import Refusal
from zoobench.store.product import find

VARIANT = VARIANTS["integer_only"]
UNTAKEN = {"refused": {"by": "litert", "reason": "no kernel"}}


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    """For photos that are never opened."""
    photos = Dataset(
        name="pets",
        classes=("cat", "dog"),
        samples=(),
        left_out=(),
        duplicates=(),
        ignored=(),
        image_size=24,
        pixels_path=tmp_path / "pixels.npy",
    )
    return BuildRequest(
        backbone=BACKBONES["mobilenet"],
        weights=Weights(identity="random"),
        image_size=24,
        dataset=photos,
        training=TrainingConfig(),
        conversion=ConversionConfig(),
        root=tmp_path / "models",
    )


def by(request: BuildRequest, quantizer: Quantizer) -> BuildRequest:
    return replace(request, conversion=replace(request.conversion, quantizer=quantizer))


def make(request: BuildRequest, quantizer: Quantizer, label: str, **facts: Any) -> None:
    """Keeps a file of a label as what a quantizer made for the variant."""
    product = recipe.variant_model(by(request, quantizer), VARIANT)
    keep(request.root, product, {product.file_name: labelled(label)}, **facts)


def refuse(request: BuildRequest, quantizer: Quantizer, reason: str) -> None:
    content = json.dumps({"by": quantizer, "reason": reason}).encode()
    keep(request.root, recipe.refusal(by(request, quantizer), VARIANT), {"refusal.json": content})


def found(request: BuildRequest, *, problem: str = "") -> Attempt:
    attempt = chosen(request, VARIANT, problem=problem)
    assert attempt is not None
    return attempt


def test_the_default_file_stands_where_it_keeps_the_spec_and_nothing_else_is_looked_for(request_: BuildRequest) -> None:
    assert chosen(request_, VARIANT) is None
    make(request_, "ai_edge", "integer_only")
    assert (found(request_).quantizer, found(request_).others) == ("ai_edge", ())
    own = found(request_).stored
    assert own == find(request_.root, recipe.variant_model(request_, VARIANT)), "its key is that without an alternative"


@pytest.mark.parametrize("fault", ["violates", "refuses", "is not taken"])
def test_the_other_one_stands_where_the_default_falls_short_and_it_does_not(request_: BuildRequest, fault: str) -> None:
    if fault == "refuses":
        refuse(request_, "ai_edge", "no such layer")
    elif fault == "violates":
        make(request_, "ai_edge", "float_fallback")
    else:
        make(request_, "ai_edge", "integer_only", **UNTAKEN)
    assert chosen(request_, VARIANT) is None, "the other one has not tried yet"
    make(request_, "tensorflow", "integer_only")
    assert (found(request_).quantizer, found(request_).refusal) == ("tensorflow", None)
    assert found(request_).others[0].startswith("ai_edge ")


def test_one_that_was_asked_for_stands_alone(request_: BuildRequest) -> None:
    make(request_, "ai_edge", "float_fallback")
    make(request_, "tensorflow", "integer_only")
    assert (found(by(request_, "ai_edge")).quantizer, found(by(request_, "ai_edge")).others) == ("ai_edge", ())
    assert found(by(request_, "tensorflow")).others == ()


def test_with_none_that_keeps_the_spec_the_default_stands_and_both_faults_are_known(request_: BuildRequest) -> None:
    make(request_, "ai_edge", "float_fallback")
    make(request_, "tensorflow", "dynamic_range")
    stands = found(request_)
    assert stands.quantizer == "ai_edge"
    assert "inputs: float32" in stands.fault
    assert len(stands.others) == 1
    assert stands.others[0].startswith("tensorflow does not keep the spec of integer_only: inputs: float32 (")


def test_a_refusal_stands_with_what_the_other_one_made_instead(request_: BuildRequest) -> None:
    refuse(request_, "ai_edge", "no such layer")
    refuse(request_, "tensorflow", "none here either")
    expected = Refusal(by="ai_edge", reason="no such layer; tensorflow refuses it: none here either")
    assert found(request_).refusal == expected


def test_an_attempt_that_ended_its_process_leaves_the_default_file_with_the_reason(request_: BuildRequest) -> None:
    assert chosen(request_, VARIANT, problem="killed by signal 6") is None, "there is no file at all"
    make(request_, "ai_edge", "float_fallback")
    stands = found(request_, problem="killed by signal 6")
    assert (stands.quantizer, stands.others) == ("ai_edge", ("tensorflow fails: killed by signal 6",))


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=lambda one: one.name)
def test_the_first_alternative_is_what_the_request_itself_names(request_: BuildRequest, variant: Any) -> None:
    first, *others = recipe.alternatives(request_, variant)
    assert recipe.variant_model(first, variant).key == recipe.variant_model(request_, variant).key
    assert [one.conversion.quantizer for one in others] == list(variant.quantizers[1:])
    forced = replace(request_, conversion=ConversionConfig(quantizer="tensorflow"))
    assert recipe.alternatives(forced, variant) == (forced,)
