"""How often is it right?"""


def test_accuracy(zoo, zoo_cell):
    accuracy = zoo.measure_accuracy(zoo_cell)
    assert accuracy.total == zoo.records[zoo_cell.id].dataset.samples
