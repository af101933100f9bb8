"""How are two TFLite files made into one, and how does a file get a signature?"""

from collections.abc import Iterable
from typing import Any

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from zoobench.errors import ModelError

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"
SIGNATURE = "serving_default"
_NO_TENSOR = -1


def with_signature(content: bytes) -> bytes:
    """Returns a single-input, single-output model with the signature `image -> probabilities`.

    AI Edge Quantizer finds inputs by signature; the converter writes none for a frozen function.
    """
    model = _read(content)
    graph = model.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey = SIGNATURE
    signature.subgraphIndex = 0
    signature.inputs = [_tensor_map(INPUT_NAME, graph.inputs[0])]
    signature.outputs = [_tensor_map(OUTPUT_NAME, graph.outputs[0])]
    model.signatureDefs = [signature]
    return _write(model)


def joined(first: bytes, second: bytes) -> bytes:
    """Returns one model that feeds the output of `first` into the input of `second`.

    Converting a large backbone takes tens of seconds and does not depend on the head, so each is converted alone.

    Args:
        first: TFLite model with one subgraph, input and output.
        second: The same, its input of the shape of the first one's output.

    Raises:
        ModelError: If the shapes do not meet.
    """
    front, back = _read(first), _read(second)
    head, tail = front.subgraphs[0], back.subgraphs[0]
    seam, entry = head.outputs[0], tail.inputs[0]
    _require_same_shape(head.tensors[seam], tail.tensors[entry])
    codes, buffers, tensors = len(front.operatorCodes), len(front.buffers), len(head.tensors)

    def moved(indices: Iterable[int]) -> list[int]:
        return [seam if i == entry else i if i == _NO_TENSOR else i + tensors for i in indices]

    for operator in tail.operators:
        operator.opcodeIndex += codes
        operator.inputs = moved(operator.inputs)
        operator.outputs = moved(operator.outputs)
    for tensor in tail.tensors:
        tensor.buffer += buffers
        tensor.name = b"head/" + tensor.name  # quantizers key their statistics by name
    front.operatorCodes.extend(back.operatorCodes)
    front.buffers.extend(back.buffers)
    head.tensors.extend(tail.tensors)
    head.operators.extend(tail.operators)
    head.outputs = moved(tail.outputs)
    front.signatureDefs = []
    return with_signature(_write(front))


def _require_same_shape(output: Any, entry: Any) -> None:
    if list(output.shape) != list(entry.shape):
        raise ModelError(
            f"cannot join models: the first gives {list(output.shape)}, the second takes {list(entry.shape)}"
        )


def _tensor_map(name: str, index: int) -> Any:
    entry = schema.TensorMapT()
    entry.name = name
    entry.tensorIndex = int(index)
    return entry


def _read(content: bytes) -> Any:
    return flatbuffer_utils.read_model_from_bytearray(bytearray(content))


def _write(model: Any) -> bytes:
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
