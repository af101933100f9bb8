"""How is accuracy measured: sample by sample on one thread, or on all cores?"""

import os
from functools import partial
from pathlib import Path

from finding import Cost
from fresh import Steps

from zoobench.cell import Cell
from zoobench.measure.accuracy import Evaluation, evaluate
from zoobench.measure.runtimes import open_session
from zoobench.measure.samples import Samples
from zoobench.session import KERAS_BATCH

CORES = os.cpu_count() or 1


def one_by_one(cell: Cell, file: Path, samples: Samples) -> tuple[Cost, Evaluation]:
    """Evaluates sample by sample on one thread."""
    return _timed(cell, file, samples, threads=1, workers=1, batch_size=1)


def on_all_cores(cell: Cell, file: Path, samples: Samples) -> tuple[Cost, Evaluation]:
    """Evaluates as a benchmark does by default: one session a core, or Keras in batches on all cores."""
    if cell.runtime == "keras":
        return _timed(cell, file, samples, threads=CORES, workers=1, batch_size=KERAS_BATCH)
    return _timed(cell, file, samples, threads=1, workers=CORES, batch_size=1)


def _timed(
    cell: Cell, file: Path, samples: Samples, *, threads: int, workers: int, batch_size: int
) -> tuple[Cost, Evaluation]:
    opener = partial(open_session, file, runtime=cell.runtime, threads=threads)
    if cell.runtime == "keras":
        import keras  # noqa: F401 — imports are not part of what is timed

    steps = Steps()
    with steps.step("evaluating"):
        evaluation = evaluate(opener, samples, name=cell.id, workers=workers, batch_size=batch_size)
    return steps.cost, evaluation
