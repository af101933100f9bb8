"""What do 26,000 images take, and how much more memory than 1,000?"""

import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from finding import Cost, Scaling
from fresh import costed
from saved import Findings
from scale_stages import accuracy, drawing, features, training

from zoobench.build import recipe
from zoobench.build.recipe import BuildRequest
from zoobench.matrix.cell import Cell
from zoobench.run.plan import Plan
from zoobench.run.workshop import Workshop
from zoobench.store.product import find

MOST_GROWTH_BYTES = 50e6
MOST_GROWTH_BYTES_PER_IMAGE = 15e3
"""A tenth of an image's pixels, which stay on disk. Features do not: 4 kB each, three times while a head is trained."""


def test_time_grows_with_the_images_and_memory_hardly(
    plan: Plan, workshop: Workshop, findings: Findings, pytestconfig: pytest.Config
) -> None:
    cell = next(one for one in plan.cells if one.variant == "float32")
    sizes = sorted(int(text) for text in pytestconfig.getoption("--pipeline-images").split(","))
    found = [_scaling(count, cell, workshop) for count in sizes]
    for one in found:
        findings.keep(one)
    for stage, smallest in found[0].stages.items():
        growth = (found[-1].stages[stage].peak_bytes or 0) - (smallest.peak_bytes or 0)
        most = MOST_GROWTH_BYTES + MOST_GROWTH_BYTES_PER_IMAGE * (sizes[-1] - sizes[0])
        assert growth < most, f"{stage} takes {growth} bytes more for {sizes[-1]} images than for {sizes[0]}"


def _scaling(count: int, cell: Cell, workshop: Workshop) -> Scaling:
    """Takes all stages through a number of images; the disk that they need is freed afterwards."""
    model = workshop.file(cell).path
    request = workshop.request(cell)
    backbone = find(request.root, recipe.features_model(request))
    assert backbone, "the float32 file was made from it"
    config = replace(workshop.building.data, folder=None, drawn_images=count)
    with TemporaryDirectory(dir=workshop.plan.artifacts) as folder:
        file = Path(folder) / "features.npy"
        stages: dict[str, Cost] = {}
        stages["drawing"], dataset = costed(drawing, config, image_size=cell.image_size, folder=Path(folder))
        stages["features"], _ = costed(features, dataset, model=backbone.path, file=file)
        drawn: BuildRequest = replace(request, dataset=dataset)
        stages["training"], _ = costed(training, drawn, file=file)
        stages["accuracy"], total = costed(accuracy, dataset, model=model, workers=os.cpu_count() or 1)
    assert total == len(dataset.indices("test"))
    return Scaling(subject=cell.backbone, images=count, stages=stages)
