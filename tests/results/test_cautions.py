"""Is each model of one's own said to be what it is taken as, once, and are warnings kept apart?"""

from dataclasses import replace

from fakes import a_record
from zoobench.matrix.interface import WARNING, Interface
from zoobench.results.cautions import cautions, taken_as
from zoobench.results.schema import Record, RecordedModel

SEEN = "its outputs sum to one on 32 photos."
LOUD = f"{WARNING}its classes look permuted."


def of(interface: Interface | None, *, name: str = "mine") -> Record:
    record, model = a_record(), RecordedModel(sha256="ab" * 32, size_bytes=8, float_twin_size_bytes=8)
    cell = replace(record.cell, backbone=name)
    return replace(record, cell=cell, model=replace(model, interface=interface))


def test_what_a_model_is_taken_as_is_said_once_for_all_its_cells() -> None:
    interface = Interface(taken_as="classifier", scores="logits", pixels="0..1", remarks=(SEEN, LOUD))
    records = [of(interface), of(interface), of(None, name="mobilenet"), replace(a_record(), model=None)]
    assert taken_as(records) == ["mine: taken as a classifier: logits, pixels 0..1.", f"mine: {SEEN}"]
    assert cautions(records) == [f"{WARNING}mine: its classes look permuted."]


def test_networks_that_are_not_of_one_s_own_have_nothing_to_say() -> None:
    assert taken_as([of(None)]) == cautions([of(None)]) == []
