"""How much faster is accuracy measured on all cores than sample by sample?"""

from statistics import median

import numpy as np
import pytest
from evaluation_ways import CORES, on_all_cores, one_by_one
from finding import Cost, Finding
from fresh import costed
from saved import Findings

from zoobench.matrix.cell import Cell
from zoobench.measure.accuracy import Evaluation
from zoobench.run.workshop import Workshop, samples_of

GOALS = {"litert": f"{0.9 * CORES:.1f}", "keras": "5"}


@pytest.mark.parametrize("variant", ["float32", "integer_only", "keras"])
def test_all_cores_against_sample_by_sample(
    cells: list[Cell], variant: str, workshop: Workshop, findings: Findings, repeats: int
) -> None:
    cell = next((one for one in cells if one.variant == variant), None)
    if cell is None:
        pytest.skip(f"--zoo-variants leaves out {variant}")
    arguments = (cell, workshop.file(cell).path, samples_of(workshop.dataset(cell)))
    ours, direct = [], []
    for _ in range(repeats):
        ours.append(costed(on_all_cores, *arguments))
        direct.append(costed(one_by_one, *arguments))
    findings.keep(
        Finding(
            question=f"accuracy on {CORES} cores",
            subject=f"{cell.backbone} {variant} by {cell.runtime}, {direct[0][1].total} images",
            direct=_median(direct),
            ours=_median(ours),
            goal=GOALS[cell.runtime],
            facts={"seconds": {"direct": _seconds(direct), "ours": _seconds(ours)}},
        )
    )
    for _, evaluation in (*ours, *direct):
        np.testing.assert_array_equal(evaluation.predicted, direct[0][1].predicted)


def _seconds(turns: list[tuple[Cost, Evaluation]]) -> list[float]:
    return [cost.seconds for cost, _ in turns]


def _median(turns: list[tuple[Cost, Evaluation]]) -> Cost:
    return Cost(seconds=median(_seconds(turns)), peak_bytes=max(cost.peak_bytes or 0 for cost, _ in turns))
