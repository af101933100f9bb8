"""What are the cells of a run made from and measured on? Its data and weights, opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoobench.build.config import ConversionConfig
from zoobench.build.recipe import BuildRequest
from zoobench.build.weights import Weights, find_weights
from zoobench.data.dataset import Dataset, describe, open_dataset
from zoobench.data.identity import measuring_order
from zoobench.matrix.cell import Cell
from zoobench.measure.samples import Samples
from zoobench.run.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run's data and weights.

    Attributes:
        plan: What was asked for.
        cells: Those that will run.
        datasets: By image size.
        weights: By backbone.
    """

    plan: Plan
    cells: tuple[Cell, ...]
    datasets: Mapping[int, Dataset]
    weights: Mapping[str, Weights]

    def dataset(self, cell: Cell) -> Dataset:
        """Returns the data set that a cell is about."""
        return self.datasets[cell.image_size]

    def request(self, cell: Cell) -> BuildRequest:
        """Returns what to make for a cell."""
        return BuildRequest(
            backbone=self.plan.backbones[cell.backbone],
            weights=self.weights[cell.backbone],
            image_size=cell.image_size,
            dataset=self.dataset(cell),
            training=self.plan.training,
            conversion=self._conversion(self.dataset(cell)),
            root=self.plan.artifacts / "models",
        )

    def samples(self, cell: Cell) -> Samples:
        """Returns the test split in the order of contents' hashes: mixed, and the same whatever files are called."""
        dataset = self.dataset(cell)
        rows = _measuring_order(dataset)
        labels = [dataset.samples[row].label for row in rows]
        return Samples(path=dataset.pixels_path, rows=np.array(rows, np.int64), labels=np.array(labels, np.int64))

    def provenance(self) -> dict[str, Any]:
        """Returns which cells run and which pixels they are timed on, as plain JSON."""
        pixels = {
            str(size): {"product": dataset.pixels_path.parent.name, "rows": _measuring_order(dataset)}
            for size, dataset in self.datasets.items()
        }
        return {"cells": [cell.id for cell in self.cells], "pixels": pixels}

    def described(self) -> tuple[str, ...]:
        """Returns what a reader of the results should know of data and weights."""
        dataset = next(iter(self.datasets.values()))
        return (*describe(dataset), *self._calibration_line(dataset), *self._weights_lines())

    def _conversion(self, dataset: Dataset) -> ConversionConfig:
        """Returns the conversion asked for, on no more images than there are different ones in the training split."""
        different = len({sample.sha256 for sample in dataset.samples if sample.split == "train"})
        asked = self.plan.conversion
        return replace(asked, calibration_images=min(asked.calibration_images, different))

    def _calibration_line(self, dataset: Dataset) -> tuple[str, ...]:
        asked, used = (one.calibration_images for one in (self.plan.conversion, self._conversion(dataset)))
        return (f"calibration: all {used} training images, fewer than the {asked} asked for",) if used < asked else ()

    def _weights_lines(self) -> tuple[str, ...]:
        return tuple(
            f"weights: {name}: {weights.remark or f'{weights.identity[:21]} {weights.path or str()}'.rstrip()}"
            for name, weights in self.weights.items()
        )


def prepare(plan: Plan, cells: Sequence[Cell]) -> Prepared:
    """Opens the data and finds the weights for these cells.

    Raises:
        DataError: If images cannot be used.
        ModelError: If weights cannot be had.
    """
    sizes = dict.fromkeys(cell.image_size for cell in cells)
    sized = {cell.backbone: cell.image_size for cell in cells}
    return Prepared(
        plan=plan,
        cells=tuple(cells),
        datasets={size: open_dataset(plan.data, image_size=size, folder=plan.artifacts / "datasets") for size in sizes},
        weights={
            name: find_weights(plan.backbones[name], image_size=size, request=plan.weights)
            for name, size in sized.items()
        },
    )


def _measuring_order(dataset: Dataset) -> list[int]:
    contents = [(sample.label, sample.sha256) for sample in dataset.samples]
    return measuring_order(contents, dataset.indices("test").tolist())
