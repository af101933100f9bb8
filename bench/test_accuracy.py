"""How often is it right?"""

from zoobench.matrix.cell import Cell
from zoobench.run.session import BenchSession


def test_accuracy(zoo: BenchSession, zoo_cell: Cell) -> None:
    accuracy = zoo.measure_accuracy(zoo_cell)
    assert accuracy.total == zoo.records[zoo_cell.id].dataset.samples
