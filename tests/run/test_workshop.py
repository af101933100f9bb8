"""Are data and weights opened as cells need them, and has each its file or the reason why there is none?"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kept_store import keep
from messages import message_of
from pet_photos import encoded, put
from zoobench.build import assembly, attempts, recipe
from zoobench.build.recipe import BuildRequest
from zoobench.data import images
from zoobench.data.dataset import Dataset, Sample
from zoobench.errors import DataError, ModelError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import NOTHING_REQUESTED, Interface, RequestedInterface
from zoobench.matrix.variants import VARIANTS, Variant
from zoobench.measure.target import ModelFile
from zoobench.results.schema import Refusal
from zoobench.run import inputs, plan, workshop
from zoobench.run.inputs import open_inputs, split_of
from zoobench.run.plan import Plan, make_plan
from zoobench.run.workshop import Workshop, open_workshop, samples_of
from zoobench.system import terminal as log
from zoobench.system.processes import LostError

TEXTS = {"backbones": "mobilenet_025", "weights": "random", "drawn": "30", "image-size": "32", "calibration": "4"}


def plan_of(folder: Path, **more: str) -> Plan:
    return make_plan({**TEXTS, **more, "artifacts": str(folder / "artifacts")})


def opened(folder: Path, **more: str) -> Workshop:
    made = plan_of(folder, **more)
    return open_workshop(made, made.cells)


def test_each_backbone_has_weights_each_image_size_data_and_what_is_made_is_below_the_artifacts(tmp_path: Path) -> None:
    found = opened(tmp_path, backbones="mobilenet_025,mobilenet_v2")
    assert set(found.weights) == {"mobilenet_025", "mobilenet_v2"}
    assert set(found.datasets) == {32}
    request = found.request(found.cells[-1])
    assert (request.backbone.name, request.root) == ("mobilenet_v2", tmp_path / "artifacts" / "models")


def test_no_more_images_are_calibrated_on_than_there_are_and_the_reader_is_told(tmp_path: Path) -> None:
    found = opened(tmp_path, calibration="100")
    training = len(found.dataset(found.cells[0]).indices("train"))
    assert found.request(found.cells[0]).conversion.calibration_images == training
    assert f"calibration: all {training} training images, fewer than the 100 asked for" in found.described()
    assert not any("calibration" in line for line in opened(tmp_path).described())


def test_where_nothing_trains_nothing_is_calibrated_unless_images_are_given_for_it(tmp_path: Path, pets: Path) -> None:
    texts = {"data": str(pets), "split": "0/0/100", "variants": "float32,float_fallback,integer_only"}
    told = message_of(DataError, lambda: opened(tmp_path, **texts))
    assert told.startswith("float_fallback, integer_only: activations are calibrated on images of the training split")
    assert "--zoo-calibration-data" in told
    found = opened(tmp_path, **(texts | {"variants": "float32"}))
    assert found.described()[0] == "data: pets, 17 images, 2 classes, train 0 / validation 0 / test 17"
    assert not any(line.startswith("calibration") for line in found.described())
    assert found.request(found.cells[0]).conversion.calibration_images == 4
    for number in range(3):
        put(tmp_path / "others" / f"{number}.png", encoded(number, 200))
    put(tmp_path / "others" / "copy.png", encoded(0))
    found = opened(tmp_path, **texts, **{"calibration-data": str(tmp_path / "others")})
    assert [line for line in found.described() if line.startswith("calibration")] == [
        "calibration: images of others, which has 3",
        "calibration: 1 image left out that the test split has too, first copy.png",
        "calibration: all 3 images, fewer than the 4 asked for",
    ]


def test_the_samples_are_the_test_split_mixed(tmp_path: Path) -> None:
    found = opened(tmp_path, drawn="60")
    dataset = found.dataset(found.cells[0])
    samples = samples_of(dataset)
    assert sorted(samples.rows) == list(dataset.indices("test"))
    listed = [(dataset.samples[row].label, dataset.samples[row].sha256) for row in samples.rows]
    assert listed == list(zip(samples.labels.tolist(), samples.contents, strict=True))
    assert np.any(np.diff(samples.labels) < 0)


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
            for one in recipe.alternatives(request, VARIANTS[name]):
                self._attempt(one, VARIANTS[name])
        if self.error:
            raise self.error

    def _attempt(self, request: BuildRequest, variant: Variant) -> None:
        if variant.name in self.refused:
            refusal = json.dumps({"by": request.conversion.quantizer, "reason": "too odd"}).encode()
            keep(request.root, recipe.refusal(request, variant), {"refusal.json": refusal})
        elif not (self.error and variant.name == "integer_only"):
            product = recipe.variant_model(request, variant)
            keep(request.root, product, {product.file_name: f"a {variant.name} file".encode()}, **self.facts)


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    double = Builder()
    monkeypatch.setattr(workshop, "in_fresh_process", double)
    monkeypatch.setattr(attempts, "read_contract", lambda _content: None)
    return double


@pytest.fixture
def built(tmp_path: Path) -> Workshop:
    return opened(tmp_path, variants="keras,float32,dynamic_range,integer_only")


def cell(built: Workshop, variant: str) -> Cell:
    return next(one for one in built.cells if one.variant == variant)


def test_all_variants_of_a_backbone_are_made_at_once_and_once(built: Workshop, builder: Builder) -> None:
    for one in built.cells:
        assert built.file(one).path.read_text() == f"a {one.variant} file"
        assert built.file(one).refusal is None
    assert builder.calls == [("keras", "float32", "dynamic_range", "integer_only")]
    assert replace(built, _outcomes={}).file(built.cells[0]) == built.file(built.cells[0])
    assert len(builder.calls) == 1


def test_what_a_quantizer_refuses_has_a_reason_and_no_file(built: Workshop, builder: Builder) -> None:
    builder.refused = {"dynamic_range"}
    refused = cell(built, "dynamic_range")
    assert built.find(refused) == Refusal(by="ai_edge", reason="too odd; tensorflow refuses it: too odd")
    with pytest.raises(ModelError) as caught:
        built.file(refused)
    assert (
        str(caught.value)
        == "there is no dynamic_range of mobilenet_025: ai_edge refuses it: too odd; tensorflow refuses it: too odd"
    )
    assert isinstance(built.find(cell(built, "integer_only")), ModelFile)


def test_what_a_runtime_refuses_has_a_reason_and_a_file_and_other_runtimes_may_take_it(
    built: Workshop, builder: Builder
) -> None:
    builder.facts["refused"] = REFUSED
    refused = cell(built, "integer_only")
    assert built.file(refused).refusal == Refusal(**REFUSED)
    assert built.file(replace(refused, runtime="openvino")).refusal is None


def test_one_that_fails_is_an_error_and_the_others_have_their_files(built: Workshop, builder: Builder) -> None:
    builder.error = ModelError("integer_only: no room on the disk")
    for _ in range(2):
        with pytest.raises(ModelError, match="no room on the disk"):
            built.find(cell(built, "integer_only"))
    assert isinstance(built.find(cell(built, "dynamic_range")), ModelFile)
    assert len(builder.calls) == 1


def test_the_default_file_stands_where_the_other_quantizer_ends_the_process(
    built: Workshop, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = cell(built, "integer_only")
    product = recipe.variant_model(built.request(one), VARIANTS["integer_only"])
    keep(built.request(one).root, product, {product.file_name: b"a file"}, refused=REFUSED)

    def killed(*_: object) -> None:
        raise ModelError("killed by signal 6")

    monkeypatch.setattr(workshop, "in_fresh_process", killed)
    found = built.file(one)
    assert (found.path.read_bytes(), found.quantizer) == (b"a file", "ai_edge")
    assert found.others == ("tensorflow fails: killed by signal 6",)
    with pytest.raises(ModelError, match="killed by signal 6"):
        built.file(cell(built, "dynamic_range"))
    assert builder.calls == []


def test_a_file_that_vanished_is_an_error_that_asks_who_removed_it(
    built: Workshop, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workshop, "in_fresh_process", lambda *_: None)
    with pytest.raises(ModelError, match=r"was made but is not in .*; does another run remove it"):
        built.file(built.cells[0])
    assert builder.calls == []


def own_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[object]]:
    """Returns a file that is not opened here, and what is requested of each examination of it, which are scripted."""
    path = folder / "mine.keras"
    path.write_bytes(b"a model")
    monkeypatch.setattr(plan, "own_image_size", lambda _path: None)
    monkeypatch.setattr(workshop, "own_remark", lambda _path: "")
    asked: list[object] = []

    def examine(_function: Callable[..., object], missing: list[tuple[BuildRequest, RequestedInterface]]) -> list[str]:
        for request, requested in missing:
            asked.append(requested)
            if requested.taken_as == "backbone":
                return ["mine: its 5 outputs end in a softmax"]
            found = Interface(taken_as="classifier", scores="logits", remarks=("seen.", "WARNING: it guesses."))
            product = recipe.examination(request, requested)
            keep(request.root, product, {product.file_name: json.dumps(asdict(found)).encode()})
        return []

    monkeypatch.setattr(workshop, "in_fresh_process", examine)
    return path, asked


def test_the_model_that_takes_its_examination_along_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(_function: object, asked: list[Any]) -> list[str]:
        if "bad" in asked:
            raise LostError("it crashed")
        return ["mine: its outputs are 3"]

    def backbone(name: str) -> Any:
        return SimpleNamespace(backbone=SimpleNamespace(path=Path(f"{name}.tflite")))

    def examined(_function: object, asked: list[Any]) -> list[str]:
        return examine(None, [request.backbone.path.stem for request, _ in asked])

    monkeypatch.setattr(workshop, "in_fresh_process", examined)
    found = workshop._problems([(backbone(name), NOTHING_REQUESTED) for name in ("good", "bad")])
    assert found == [
        "mine: its outputs are 3",
        "bad.tflite cannot be measured: it crashed; leave it out of --zoo-backbones, or convert it anew",
    ]


def test_a_model_of_ones_own_is_examined_once_and_the_reader_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = own_model(tmp_path, monkeypatch)
    found, again = (opened(tmp_path, backbones=str(path)) for _ in range(2))
    assert asked == [NOTHING_REQUESTED]
    assert found.interfaces == again.interfaces
    request = again.request(again.cells[0])
    assert request.interface
    assert request.interface.scores == "logits"
    assert "model: mine: taken as a classifier: logits, pixels 0..255 (seen)" in found.described()
    assert "WARNING: mine: it guesses." in found.described()


def test_where_it_cannot_be_known_what_a_model_is_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = own_model(tmp_path, monkeypatch)
    with pytest.raises(ModelError, match="mine: its 5 outputs end in a softmax"):
        opened(tmp_path, backbones=str(path), model="mine=backbone")


DATASET = Dataset(
    name="pets",
    classes=("cat", "dog"),
    samples=(
        Sample(name="cat/1", label=0, sha256="a", split="test"),
        Sample(name="dog/1", label=1, sha256="b", split="test"),
        Sample(name="dog/2", label=1, sha256="c", split="train"),
    ),
    left_out=(),
    duplicates=(),
    ignored=(),
    image_size=96,
    pixels_path=Path("pixels.npy"),
)


def identity(dataset: Dataset = DATASET) -> Mapping[str, Any]:
    return split_of(dataset).identity


@pytest.mark.parametrize(
    ("other", "is_another"),
    [
        (replace(DATASET, samples=(replace(DATASET.samples[0], label=1), *DATASET.samples[1:])), True),
        (replace(DATASET, classes=("bird", "dog")), True),
        (replace(DATASET, image_size=128), True),
        (replace(DATASET, name="renamed", pixels_path=Path("elsewhere.npy")), False),
    ],
    ids=["another label", "other classes", "another size", "another place and name"],
)
def test_other_samples_of_a_store_are_told_apart(other: Dataset, is_another: bool) -> None:
    assert (identity(other) != identity()) is is_another


def test_what_decodes_them_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity()
    with monkeypatch.context() as patched:
        patched.setattr(images, "DECODER_VERSION", 99)
        assert identity() != before
    monkeypatch.setattr(inputs, "version", lambda _name: "99")
    assert identity() != before


def test_a_store_gives_its_test_split_and_what_a_replay_needs_to_know(tmp_path: Path) -> None:
    made = plan_of(tmp_path)
    stored = open_inputs(made, made.cells)
    (split,) = stored.splits.values()
    assert (stored.kit, stored.weights) == (None, {"mobilenet_025": "random"})
    assert (split.dataset.name, split.dataset.samples) == ("drawn", len(split.samples))
    assert stored.provenance["cells"] == [cell.id for cell in stored.cells]
    (pixels,) = stored.provenance["pixels"].values()
    assert split.samples.path == tmp_path / "artifacts/datasets" / pixels["product"] / "pixels.npy"
    assert pixels["rows"] == split.samples.rows.tolist()
    assert any(line.startswith("weights: mobilenet_025: random") for line in stored.described())


# What is said of a failure


@pytest.mark.parametrize(
    ("error", "told", "kept"),
    [
        (ModelError("no such layer"), "no such layer", ""),
        (
            TypeError("call() takes no argument 'training'\n\nCall arguments received:\n x"),
            "mobilenet_025 cannot be used: call() takes",
            "Traceback",
        ),
    ],
)
def test_a_failure_is_a_sentence_and_the_rest_is_in_a_log_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str, kept: str
) -> None:
    def make_models(_request: BuildRequest, _variants: object) -> None:
        raise error

    found, path = opened(tmp_path), tmp_path / "artifacts" / "logs" / "mobilenet_025.log"
    monkeypatch.setattr(assembly, "make_models", make_models)
    message = message_of(ModelError, lambda: workshop._make_models(found.request(found.cells[0]), ()))
    assert message.startswith(told)
    assert len(message.splitlines()) == 1
    assert message.endswith(f"; more in {path}") == path.exists() == bool(kept)
    if kept:
        assert kept in path.read_text()


def test_one_of_our_own_errors_names_the_log_where_something_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_models(_request: BuildRequest, _variants: object) -> None:
        log.keep(ValueError("64 lines of MLIR"))
        raise ModelError("no operator for Erf")

    found, path = opened(tmp_path), tmp_path / "artifacts" / "logs" / "mobilenet_025.log"
    path.parent.mkdir(parents=True)
    path.write_text("of an earlier failure")
    monkeypatch.setattr(assembly, "make_models", make_models)
    message = message_of(ModelError, lambda: workshop._make_models(found.request(found.cells[0]), ()))
    assert message == f"no operator for Erf; more in {path}"
    assert "64 lines of MLIR" in path.read_text()
    assert "of an earlier failure" not in path.read_text()
