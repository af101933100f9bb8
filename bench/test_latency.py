"""How long does one inference take?"""

from pytest_benchmark.fixture import BenchmarkFixture

from zoobench.matrix.cell import Cell
from zoobench.run.session import BenchSession


def test_latency(zoo: BenchSession, zoo_cell: Cell, benchmark: BenchmarkFixture) -> None:
    benchmark.group = zoo_cell.backbone
    latency = zoo.measure_latency(zoo_cell, benchmark)
    assert latency is None or latency.p50_seconds > 0
