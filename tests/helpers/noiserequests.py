"""Gates of this machine that are kept."""

from dataclasses import replace

from fakes import a_cell, a_record
from noisegates import a_cell_of, a_gate_of
from zoobench.judge.gate.noise import RepeatedGate
from zoobench.measure.environment import describe_environment, machine_key
from zoobench.results.schema import Record

HERE = machine_key(describe_environment())
FLOAT, INTEGER, KERAS = "mobilenet-float32-litert-t1", "mobilenet-integer_only-litert-t1", "mobilenet-keras-keras-t1"


def a_record_of(cell: str) -> Record:
    _, variant, runtime, _ = cell.split("-")
    return a_record(cell=a_cell(id=cell, variant=variant, runtime=runtime), environment=describe_environment())


def a_gate(*, slowdown: float = 0.0, step: float = 0.001, integer: float = 0.02) -> RepeatedGate:
    cell = a_cell_of([step, -step] * 3)
    gate = a_gate_of({FLOAT: cell, INTEGER: cell}, slowdown=slowdown)
    return replace(gate, machine=HERE, tolerances={FLOAT: 0.03, INTEGER: integer})
