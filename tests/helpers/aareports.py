"""Reports on gates of identical and of slowed files."""

from collections.abc import Sequence

from noisegates import TOLERANCE, simulated
from zoobench.judge.gate.false_alarms import AAReport, analyse
from zoobench.judge.gate.identical import AAGate, select

ASKED = {"a": TOLERANCE, "b": TOLERANCE}
TRUE = tuple(simulated(12, scatter=0.01))
SLOWED = tuple(simulated(5, scatter=0.01, slowdown=0.05, seed=2))


def report(gates: Sequence[AAGate], *, seconds: float = 60.0) -> AAReport:
    return analyse(select(gates, ASKED), ASKED, wanted_rate=0.01, draws=100, seed=0, seconds=seconds)


OF_TRUE, OF_SLOWED, OF_BOTH = report(TRUE), report(SLOWED), report([*TRUE, *SLOWED])
"""Analysed once: each takes half a second."""
