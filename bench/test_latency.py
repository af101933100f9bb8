"""How long does one inference take?"""


def test_latency(zoo, zoo_cell, benchmark):
    benchmark.group = zoo_cell.backbone
    latency = zoo.measure_latency(zoo_cell, benchmark)
    assert latency is None or latency.p50_seconds > 0
