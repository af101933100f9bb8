"""How is accuracy measured: sample by sample on one thread, or on all cores?"""

import os
from functools import partial
from pathlib import Path

from finding import Cost
from fresh import Steps

from zoobench.matrix.cell import Cell
from zoobench.measure.accuracy import BATCH, Evaluation, evaluate
from zoobench.measure.runtimes import OpenSession, import_runtime, open_answering_session, open_session
from zoobench.measure.target import Samples

CORES = os.cpu_count() or 1


def one_by_one(cell: Cell, file: Path, samples: Samples) -> tuple[Cost, Evaluation]:
    """Evaluates sample by sample on one thread."""
    opener = partial(open_session, file, runtime=cell.runtime, threads=1)
    return _timed(cell, opener, samples, workers=1, batch_size=1)


def on_all_cores(cell: Cell, file: Path, samples: Samples) -> tuple[Cost, Evaluation]:
    """Evaluates as a benchmark does by default: one session a core, or Keras in batches on all cores."""
    if cell.runtime == "keras":
        opener = partial(open_answering_session, file, runtime=cell.runtime, threads=CORES)
        return _timed(cell, opener, samples, workers=1, batch_size=BATCH)
    opener = partial(open_session, file, runtime=cell.runtime, threads=1)
    return _timed(cell, opener, samples, workers=CORES, batch_size=1)


def _timed(
    cell: Cell, opener: OpenSession, samples: Samples, *, workers: int, batch_size: int
) -> tuple[Cost, Evaluation]:
    import_runtime(cell.runtime)  # imports are not part of what is timed

    steps = Steps()
    with steps.step("evaluating"):
        evaluation = evaluate(opener, samples, name=cell.id, workers=workers, batch_size=batch_size)
    return steps.cost, evaluation
