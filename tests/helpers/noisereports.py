"""Reports on gates of identical and of slowed files."""

from collections.abc import Sequence

from noisegates import TOLERANCE, simulated
from zoobench.judge.gate.false_alarms import NoiseReport, analyse, select
from zoobench.judge.gate.noise import RepeatedGate

ASKED = {"a": TOLERANCE, "b": TOLERANCE}
TRUE = tuple(simulated(12, scatter=0.01))
SLOWED = tuple(simulated(5, scatter=0.01, slowdown=0.05, seed=2))


def report(gates: Sequence[RepeatedGate], *, seconds: float = 60.0) -> NoiseReport:
    alike, left_out = select(gates, ASKED)
    return analyse(alike, ASKED, left_out=left_out, wanted_rate=0.01, draws=100, seed=0, seconds=seconds)


OF_TRUE, OF_SLOWED, OF_BOTH = report(TRUE), report(SLOWED), report([*TRUE, *SLOWED])
"""Analysed once: each takes half a second."""
