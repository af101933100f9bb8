"""Is every file either read or refused, whatever is wrong with it?"""

import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelfiles import labelled
from tflitefiles import crashing, metadata, tiny, with_labels, written
from zoobench.errors import ModelError
from zoobench.tflite.contract import labels_met, plain, read_contract
from zoobench.tflite.read import read_graphs, read_metadata, signatures

fuzzing = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
some_label = st.sampled_from(["float32", "dynamic_range_int4_block", "weight_only_int8", "integer_only"])
shares = st.floats(0, 1, exclude_max=True)
changes = st.lists(st.tuples(shares, st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255)), max_size=4)


def refusal(content: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        read_graphs(content)
    return str(caught.value)


def read_or_refused(content: bytes) -> None:
    """Fails on any other error; a contract that is read can be judged and written down."""
    try:
        contract = read_contract(content)
    except ModelError as error:
        text = str(error)
    else:
        plain(contract)
        labels_met(contract)
        return
    assert text.startswith(("this is not a TFLite file: ", "this TFLite file is cut off, damaged or too new: "))


def test_a_file_that_crashes_litert_is_refused_and_the_next_is_read() -> None:
    for _ in range(2):
        assert "was to open by litert crashed in native code: Segmentation fault" in refusal(crashing())
    assert read_graphs(written(tiny()))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04 a .keras file", b"\x89PNG\r\n\x1a\n", b"TFL3" * 9])
def test_a_file_that_is_not_tflite_is_refused(content: bytes) -> None:
    text = refusal(content)
    assert text.startswith(f"this is not a TFLite file: bytes 4 to 7 are {content[4:8]!r}") or b"TFL3" in content[4:8]


def test_the_identifier_alone_makes_no_model_and_nothing_else_is_printed_of_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert refusal(b"\x08\x00\x00\x00TFL3").startswith("this TFLite file is cut off, damaged or too new: LiteRT says: ")
    assert capfd.readouterr() == ("", "")


def test_a_model_without_a_graph_is_refused() -> None:
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [], [], []
    assert "this TFLite file is cut off, damaged or too new: " in refusal(
        bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    )


@fuzzing
@given(some_label, shares)
def test_a_truncated_file_is_refused_wherever_it_is_cut(label: str, share: float) -> None:
    content = labelled(label)
    refusal(content[: int(share * len(content))])


@fuzzing
@given(some_label, changes)
def test_a_damaged_file_is_read_or_refused(label: str, damage: list[tuple[float, int]]) -> None:
    content = bytearray(labelled(label))
    for share, value in damage:
        content[int(share * len(content))] = value
    read_or_refused(bytes(content))


@fuzzing
@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_read_or_refused(noise: bytes, has_identifier: bool) -> None:
    read_or_refused(noise[:4] + b"TFL3" + noise[4:] if has_identifier else noise)


def test_the_file_is_left_as_it_was() -> None:
    content = bytes(bytearray(labelled("float32")))
    read_graphs(content)
    assert content == labelled("float32")


def test_signatures_are_told_by_name_with_what_they_take_and_give() -> None:
    assert signatures(written(tiny())) == {}
    found = signatures(written(tiny((-1, 6), signatures=("classify", "embed"))))
    assert list(found) == ["classify", "embed"]
    assert [one.graph for one in found.values()] == [0, 1]
    assert {name: tensor.shape for name, tensor in found["embed"].inputs.items()} == {"image": (-1, 6)}
    assert {name: tensor.name for name, tensor in found["embed"].outputs.items()} == {"embed_scores": "neg_out"}


def test_a_signature_of_a_graph_that_is_not_there_is_damage() -> None:
    model = tiny(signatures=("classify", "embed"))
    model.signatureDefs[1].subgraphIndex = 7
    with pytest.raises(ModelError, match="cut off, damaged or too new"):
        signatures(written(model))


def test_what_is_written_besides_the_model_is_read_by_name() -> None:
    described = metadata(("labels.txt", 2))
    assert read_metadata(with_labels(written(tiny()), {}, described)) == {"TFLITE_METADATA": described}
    assert read_metadata(written(tiny())) == {}
