"""Is it told of a workstation's cells what measuring needs, the same whatever the images are called?"""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from zoobench.data.dataset import Dataset, Sample
from zoobench.matrix.cell import Cell
from zoobench.measure.samples import Samples
from zoobench.run import workstation
from zoobench.run.prepared import Prepared
from zoobench.run.workstation import Workstation

CELL = Cell(backbone="mobilenet", variant="integer_only", runtime="litert", threads=1, image_size=96)
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


def source(dataset: Dataset = DATASET, *, rows: tuple[int, ...] = (0, 1)) -> Workstation:
    samples = Samples(path=dataset.pixels_path, rows=np.array(rows), labels=np.zeros(len(rows), np.int64))
    weights = {"mobilenet": SimpleNamespace(identity="random")}
    double = SimpleNamespace(samples=lambda _: samples, dataset=lambda _: dataset, cells=(CELL,), weights=weights)
    return Workstation(cast(Prepared, double))


def test_the_data_set_is_recorded_with_its_test_samples() -> None:
    recorded = source().dataset(CELL)
    assert (recorded.name, recorded.sha256, recorded.classes) == ("pets", DATASET.sha256, ("cat", "dog"))
    assert (recorded.samples, recorded.left_out) == (2, 0)


def test_what_is_no_kit_says_so() -> None:
    assert source().kit is None
    assert source().weights(CELL) == "random"


def test_the_training_is_that_which_the_store_keeps_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    curves = {"loss": [1.0], "accuracy": [0.5], "validation_loss": [None], "validation_accuracy": [None]}
    history = {**curves, "learning_rate": [0.001], "kept_epoch": 1, "seconds": 2.0}
    stored = SimpleNamespace(facts={"history": history})
    monkeypatch.setattr(Workstation, "file", lambda _source, _cell: stored)
    found = source().training(CELL)
    assert found is not None
    assert (found.epochs, found.loss, found.validated, found.seconds) == (1, (1.0,), (), 2.0)
    stored.facts = {"history": None}
    assert source().training(CELL) is None


@pytest.mark.parametrize(
    "other",
    [
        source(rows=(1, 0)),
        source(replace(DATASET, classes=("bird", "dog"))),
        source(replace(DATASET, image_size=128)),
    ],
    ids=["another order", "other classes", "another size"],
)
def test_other_samples_are_told_apart(other: Workstation) -> None:
    assert other.sample_inputs(CELL) != source().sample_inputs(CELL)


def test_where_they_are_and_what_they_are_called_is_no_matter() -> None:
    moved = replace(DATASET, name="renamed", pixels_path=Path("elsewhere.npy"))
    assert source(moved).sample_inputs(CELL) == source().sample_inputs(CELL)


@pytest.mark.parametrize(("name", "value"), [("DECODER_VERSION", 99), ("version", lambda _name: "99")])
def test_what_decodes_them_counts(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    before = source().sample_inputs(CELL)
    monkeypatch.setattr(workstation, name, value)
    assert source().sample_inputs(CELL) != before
