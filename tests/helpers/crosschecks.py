"""A file to be timed in several methods, which is none, and a report on one."""

from pathlib import Path

import numpy as np

from zoobench.commands.crosscheck.target import CrosscheckTarget
from zoobench.judge.crosscheck import CrosscheckReport, Effort, TimedPath
from zoobench.measure.target import Samples
from zoobench.tflite.ports import Port

TARGET = CrosscheckTarget(
    name="mobilenet-float32-litert-t1",
    model=Path("model.tflite"),
    sha256="ab" * 32,
    port=Port(index=0, dtype=np.dtype(np.float32), scale=1.0, zero_point=0, shape=(1, 8, 8, 3)),
    interface=None,
    threads=1,
    samples=Samples(path=Path("pixels.npy"), rows=np.arange(2), labels=np.zeros(2, np.int64)),
    images="2 test images of pets",
    photos="there are none",
)


def a_report(theirs: float | None) -> CrosscheckReport:
    """Returns a report of our method, 10 ms, and of another's if that took a time."""
    ours = TimedPath(name="litert", what="ours", turns=(0.010,) * 3)
    other = () if theirs is None else (TimedPath(name="litert-benchmark", what="theirs", turns=(theirs,) * 3),)
    return CrosscheckReport(
        subject="a",
        sha256="ab" * 32,
        threads=1,
        images="2 test images of pets",
        effort=Effort(turns=3, warmups=1, runs=2),
        paths=(ours, *other),
        pairs=(("litert", "litert-benchmark"),),
    )
