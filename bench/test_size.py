"""How large is the file, and does it meet the spec of its variant?"""

from zoobench.matrix.cell import Cell
from zoobench.run.session import BenchSession


def test_size(zoo: BenchSession, zoo_cell: Cell) -> None:
    model = zoo.measure_size(zoo_cell)
    assert 0 < model.size_bytes == zoo.model(zoo_cell).path.stat().st_size
    broken = zoo.violations(zoo_cell)
    assert not broken, broken
