"""What does the frozen backbone see in each image? Computed once, by the runtime that is fastest at it."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zoobench.data.dataset import Dataset
from zoobench.measure.accuracy import run_all
from zoobench.measure.runtimes import open_session
from zoobench.measure.target import Samples
from zoobench.system.terminal import progress


def extract(features_file: Path, dataset: Dataset, *, name: str) -> npt.NDArray[np.float32]:
    """Returns the features [samples, channels] of every image of a data set, in its order.

    LiteRT runs the float32 file several times faster than `Model.predict` runs the Keras model, one interpreter a core.
    """
    count = len(dataset.samples)
    everything = Samples(path=dataset.pixels_path, rows=np.arange(count), labels=np.zeros(count, np.int64))
    opener = partial(open_session, features_file, runtime="litert", threads=1)
    with progress(f"Features of {name}", total=count) as advance:
        outputs = run_all(
            opener, everything, workers=os.cpu_count() or 1, on_batch=lambda _start, values: advance(len(values), "")
        )
    return outputs.values
