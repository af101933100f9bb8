"""How large is the file?"""


def test_size(zoo, zoo_cell):
    model = zoo.measure_size(zoo_cell)
    assert 0 < model.size_bytes == zoo.model(zoo_cell).stored.path.stat().st_size
