"""What does each stage do with any number of drawn images? The pipeline's own steps, one after the other."""

from functools import partial
from pathlib import Path

import numpy as np
from fresh import Cost, Steps

from zoobench.build.recipe import BuildRequest
from zoobench.data.dataset import Dataset, DatasetConfig, open_dataset
from zoobench.measure.accuracy import evaluate
from zoobench.measure.runtimes import open_session
from zoobench.measure.target import Samples


def drawing(config: DatasetConfig, *, image_size: int, folder: Path) -> tuple[Cost, Dataset]:
    """Draws, resizes and keeps all images."""
    steps = Steps()
    with steps.step("drawing"):
        dataset = open_dataset(config, image_size=image_size, folder=folder)
    return steps.cost, dataset


def features(dataset: Dataset, *, model: Path, file: Path) -> tuple[Cost, None]:
    """Computes the features of all images and keeps them."""
    from zoobench.build.source import extract

    steps = Steps()
    with steps.step("features"):
        np.save(file, extract(model, dataset, name=f"{len(dataset.samples)} images"))
    return steps.cost, None


def training(request: BuildRequest, *, file: Path) -> tuple[Cost, None]:
    """Trains the head for all epochs."""
    from training import train_on

    steps = Steps()
    with steps.step("training"):
        train_on(np.load(file, mmap_mode="r", allow_pickle=False), request)
    return steps.cost, None


def accuracy(dataset: Dataset, *, model: Path, workers: int) -> tuple[Cost, int]:
    """Evaluates the test split."""
    rows = dataset.indices("test")
    samples = Samples(path=dataset.pixels_path, rows=rows, labels=dataset.labels("test"))
    steps = Steps()
    with steps.step("accuracy"):
        opener = partial(open_session, model, runtime="litert", threads=1)
        evaluation = evaluate(opener, samples, name=f"{len(rows)} test images", workers=workers)
    return steps.cost, evaluation.total
