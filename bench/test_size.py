"""How large is the file?"""

from zoobench.cell import Cell
from zoobench.session import BenchSession


def test_size(zoo: BenchSession, zoo_cell: Cell) -> None:
    model = zoo.measure_size(zoo_cell)
    assert 0 < model.size_bytes == zoo.model(zoo_cell).path.stat().st_size
