"""How much memory does it take to open the file and run it?"""

from zoobench.matrix.cell import Cell
from zoobench.run.session import BenchSession


def test_memory(zoo: BenchSession, zoo_cell: Cell) -> None:
    memory = zoo.measure_memory(zoo_cell)
    assert memory is None or memory.peak_rss_bytes > (memory.base_rss_bytes or 0)
