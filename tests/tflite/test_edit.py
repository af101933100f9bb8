"""Is a joined file the two files one after the other, and can it be used like any other?"""

import flatbuffers
import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from messages import message_of
from networks import answers, noise, one_by_one, opened, tiny_features, tiny_head
from tflitefiles import tiny, written
from zoobench.build import ai_edge, conversion
from zoobench.errors import ModelError
from zoobench.tflite.edit import for_quantizers, joined, one_signature, plain_for_runtimes
from zoobench.tflite.read import read_graphs, signatures

IMAGES = noise(5)


@pytest.fixture(scope="module")
def front() -> bytes:
    return conversion.float32(tiny_features())


@pytest.fixture(scope="module")
def back() -> bytes:
    return conversion.float32(tiny_head())


@pytest.fixture(scope="module")
def whole(front: bytes, back: bytes) -> bytes:
    return joined(front, back)


def test_a_joined_file_gives_what_its_parts_give_one_after_the_other(front: bytes, back: bytes, whole: bytes) -> None:
    before = bytes(bytearray(front)), bytes(bytearray(back))
    expected = answers(back, answers(front, IMAGES))
    assert np.ptp(expected) > 0.1
    np.testing.assert_array_equal(answers(whole, IMAGES), expected)
    third = conversion.float32(tiny_head(inputs=3, classes=2, seed=5))
    for again in (joined(whole, third), joined(front, back, third)):
        np.testing.assert_array_equal(answers(again, IMAGES), answers(third, expected))
    assert (front, back) == before, "the parts are left as they were"


def test_a_head_of_several_layers_can_be_joined(front: bytes) -> None:
    keras.utils.set_random_seed(3)
    layers = [keras.Input((8,)), keras.layers.Dense(5, activation="relu"), keras.layers.Dense(2, activation="softmax")]
    deep = conversion.float32(keras.Sequential(layers))
    np.testing.assert_array_equal(answers(joined(front, deep), IMAGES), answers(deep, answers(front, IMAGES)))


def test_files_whose_operators_call_graphs_can_be_joined(front: bytes) -> None:
    """A recurrent layer is a loop: an operator that calls a condition and a body."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    loop = conversion.float32(
        keras.Sequential([keras.Input((8,)), layers.Reshape((4, 2)), layers.GRU(3), layers.Dense(8)])
    )
    assert len(read_graphs(loop)) == 3
    whole = joined(front, loop, loop)
    assert len(read_graphs(whole)) == 5
    features = answers(front, IMAGES)
    assert np.ptp(answers(loop, features)) > 0.01
    np.testing.assert_array_equal(answers(whole, IMAGES), answers(loop, answers(loop, features)))
    names = [tensor.name for graph in read_graphs(whole) for tensor in graph.tensors]
    assert len(names) == len(set(names))


def test_shapes_that_do_not_meet_are_refused(front: bytes) -> None:
    with pytest.raises(ModelError) as caught:
        joined(front, conversion.float32(tiny_head(inputs=7)))
    assert str(caught.value) == "cannot join models: the first gives [1, 8], the second takes [1, 7]"


def test_every_tensor_of_a_joined_file_has_a_name_of_its_own(whole: bytes) -> None:
    """Both quantizers keep what they see of a tensor under its name."""
    (graph,) = schema.ModelT.InitFromPackedBuf(whole).subgraphs
    names = [tensor.name for tensor in graph.tensors]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["front", "back", "whole"])
def test_a_file_has_one_signature_from_image_to_probabilities(name: str, request: pytest.FixtureRequest) -> None:
    content: bytes = request.getfixturevalue(name)
    interpreter = opened(content)
    assert len(schema.ModelT.InitFromPackedBuf(joined(content)).signatureDefs) == 1, "an old one is replaced"
    assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["image"], "outputs": ["probabilities"]}}
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    images = np.ones(entry["shape"], np.float32)
    interpreter.set_tensor(entry["index"], images)
    interpreter.invoke()
    expected = interpreter.get_tensor(exit_["index"])
    (found,) = interpreter.get_signature_runner()(image=images).values()
    np.testing.assert_array_equal(found, expected)


def test_equal_constants_and_operator_codes_are_kept_once(back: bytes) -> None:
    square = conversion.float32(tiny_head(inputs=3, seed=5))
    once, twice = (schema.ModelT.InitFromPackedBuf(joined(back, *[square] * count)) for count in (1, 2))
    assert len(twice.buffers) == len(once.buffers)
    codes = [(code.builtinCode, code.version) for code in twice.operatorCodes]
    assert len(set(codes)) == len(codes) == 2
    assert len(twice.subgraphs[0].operators) == len(once.subgraphs[0].operators) + 2


def test_a_joined_file_has_no_tensor_that_nothing_uses(front: bytes, back: bytes, whole: bytes) -> None:
    counts = [len(schema.ModelT.InitFromPackedBuf(content).subgraphs[0].tensors) for content in (front, back, whole)]
    assert counts[2] == counts[0] + counts[1] - 1


def needed_runtime(content: bytes) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(content)
    (entry,) = model.metadata
    assert entry.name == b"min_runtime_version"
    return bytes(model.buffers[entry.buffer].data).rstrip(b"\0")


def test_a_joined_file_asks_for_the_newest_runtime_that_a_part_asks_for(front: bytes, back: bytes) -> None:
    assert (needed_runtime(front), needed_runtime(back)) == (b"1.6.0", b"1.5.0")
    assert needed_runtime(joined(front, back)) == b"1.6.0"
    third = conversion.float32(tiny_head(inputs=3))
    assert needed_runtime(joined(third, third)) == b"1.5.0"
    newer = third.replace(b"1.5.0", b"1.14.0"[:6], 1).replace(b"1.14.0\0\0", b"1.14.0\0", 1)
    assert needed_runtime(joined(third, newer)) == b"1.14.0"


def test_the_first_constant_is_the_empty_one(whole: bytes) -> None:
    """By convention it is that of every tensor that is computed."""
    model = schema.ModelT.InitFromPackedBuf(whole)
    (graph,) = model.subgraphs
    assert model.buffers[0].data is None
    computed = [index for operator in graph.operators for index in operator.outputs]
    assert {graph.tensors[index].buffer for index in computed} == {0}


def test_both_quantizers_take_a_joined_file(whole: bytes) -> None:
    expected = answers(whole, IMAGES)
    calibrated = conversion.calibrated(whole, lambda: one_by_one(IMAGES))
    statistics = ai_edge.calibrated(whole, one_by_one(IMAGES))
    for content in (
        conversion.integer(calibrated, io="float32"),
        ai_edge.integer(whole, statistics, io="float32"),
        ai_edge.dynamic_range(whole),
    ):
        np.testing.assert_allclose(answers(content, IMAGES), expected, atol=0.05)


def test_constants_are_aligned_to_16_bytes(whole: bytes) -> None:
    model = schema.Model.GetRootAs(plain_for_runtimes(whole))
    buffers = [model.Buffers(position) for position in range(model.BuffersLength())]
    starts = [buffer._tab.Vector(buffer._tab.Offset(4)) for buffer in buffers if buffer.DataLength()]
    assert len(starts) > 3
    assert {start % 16 for start in starts} == {0}


def test_what_is_plain_already_stays_as_it_is(whole: bytes) -> None:
    once = plain_for_runtimes(whole)
    assert plain_for_runtimes(once) == once
    np.testing.assert_array_equal(answers(once, IMAGES), answers(whole, IMAGES))


def test_a_constant_beyond_the_end_of_the_file_is_refused(whole: bytes) -> None:
    model = schema.ModelT.InitFromPackedBuf(whole)
    model.buffers[1].offset, model.buffers[1].size = len(whole), 10**6
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    with pytest.raises(ModelError, match="a constant ends at byte"):
        plain_for_runtimes(bytes(builder.Output()))


def test_a_signature_alone_gives_what_it_gave_among_others() -> None:
    content = written(tiny(signatures=("classify", "embed")))
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 3)).astype(np.float32)
    for name, expected in (("classify", np.maximum(image, 0)), ("embed", -image)):
        alone = one_signature(content, name)
        assert (list(signatures(alone)), len(read_graphs(alone))) == ([name], 1)
        np.testing.assert_array_equal(answers(alone, image), expected)


def test_a_file_with_one_signature_or_none_is_left_as_it_is() -> None:
    for content in (written(tiny()), written(tiny(signatures=("serving_default",)))):
        assert one_signature(content) is content
    assert one_signature(content, "serving_default") is content


def test_signatures_are_listed_with_their_inputs_and_outputs_where_none_or_a_strange_one_is_chosen() -> None:
    content = written(tiny((-1, 6), signatures=("classify", "embed")))
    listed = (
        "2 signatures: classify (image [?, 6] -> classify_scores [?, 6]); embed (image [?, 6] -> embed_scores [?, 6])"
    )
    told = message_of(ModelError, lambda: one_signature(content))
    assert told == f"the file has {listed}; choose one with --signature NAME"
    assert listed in message_of(ModelError, lambda: one_signature(content, "detect"))
    assert "names no signature" in message_of(ModelError, lambda: one_signature(written(tiny()), "classify"))


def test_a_graph_that_a_signature_runs_goes_with_it() -> None:
    model = tiny(signatures=("classify", "embed"))
    body = model.subgraphs[0]
    loop = schema.OperatorCodeT(builtinCode=schema.BuiltinOperator.CALL_ONCE, version=1)
    loop.deprecatedBuiltinCode = schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES
    model.operatorCodes.append(loop)
    call = schema.OperatorT(opcodeIndex=2, inputs=[], outputs=[])
    call.builtinOptionsType = schema.BuiltinOptions.CallOnceOptions
    call.builtinOptions = schema.CallOnceOptionsT(initSubgraphIndex=2)
    model.subgraphs[1].operators.insert(0, call)
    model.subgraphs.append(body)
    model.signatureDefs[1].subgraphIndex = 1
    alone = schema.ModelT.InitFromPackedBuf(one_signature(written(model), "embed"))
    assert len(alone.subgraphs) == 2
    assert alone.subgraphs[0].operators[0].builtinOptions.initSubgraphIndex == 1


def test_quantizers_get_a_signature_and_each_tensor_by_a_name_of_its_own(whole: bytes) -> None:
    assert for_quantizers(whole) is whole
    plain = tiny()
    for tensor in plain.subgraphs[0].tensors:
        tensor.name = b"same"
    content = for_quantizers(written(plain))
    assert [one.name for one in read_graphs(content)[0].tensors] == ["same", "same.2"]
    ((entry, exit_),) = [(list(one.inputs), list(one.outputs)) for one in signatures(content).values()]
    assert (len(entry), len(exit_)) == (1, 1)
    values = np.random.default_rng(0).normal(size=(1, 4, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(answers(content, values), np.maximum(values, 0))
    named = written(tiny(signatures=("classify",)))
    assert list(signatures(for_quantizers(named))) == ["classify"]


def test_what_is_joined_takes_one_image(back: bytes) -> None:
    joined_file = joined(written(tiny((-1, 8))), back)
    assert all(-1 not in tensor.shape for tensor in read_graphs(joined_file)[0].tensors)
