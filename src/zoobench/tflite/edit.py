"""How are TFLite files made into one, how does a file get a signature, and what must it be for every runtime?"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from zoobench.errors import ModelError
from zoobench.tflite.read import IDENTIFIER

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"
SIGNATURE = "serving_default"
_NO_TENSOR = -1
_NEEDED_RUNTIME = b"min_runtime_version"
_ROOM = 2**20
_LARGEST = 2**31 - 1
"""Bytes of a flatbuffer: its offsets are 32 bits wide."""
_PLACEHOLDER = schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES
_ALIGNMENT = 16
"""Bytes to which the schema aligns a constant; Python's builder leaves that to whoever builds."""


def joined(first: bytes, *others: bytes) -> bytes:
    """Returns one model that feeds the output of each into the input of the next, with a signature.

    Converting a large backbone takes its time and does not depend on the head, so each is converted alone. The
    signature is `image -> probabilities`: AI Edge Quantizer finds inputs by it, and the converter writes none for a
    frozen graph.

    Args:
        first: TFLite model with one subgraph, input and output.
        others: The same, each one's input of the shape of the output before it.

    Raises:
        ModelError: If the shapes do not meet.
    """
    model = _read(first)
    for content in others:
        _append(model, _read(content))
    _share(model)
    taken: set[bytes] = set()
    for tensor in model.subgraphs[0].tensors:  # quantizers key their statistics by name
        name, count = tensor.name, 1
        while tensor.name in taken:
            count += 1
            tensor.name = b"%s.%d" % (name, count)
        taken.add(tensor.name)
    _sign(model)
    return _write(model, size=sum(map(len, (first, *others))))


def plain_for_runtimes(content: bytes) -> bytes:
    """Returns a model with its constants in the flatbuffer, aligned to 16 bytes, and its operators named twice.

    AI Edge Quantizer puts larger constants behind it, as files above 2 GB need, and gives operators that it adds no
    code in the field that older readers know. LiteRT minds neither; OpenVINO misses the constants, and takes QUANTIZE
    for ADD.

    Raises:
        ModelError: If the file is too large for that, or one of its constants is not in it.
    """
    if len(content) > _LARGEST - _ROOM:
        raise ModelError(
            f"the model has {len(content):,} bytes; a TFLite file that every runtime reads has at most {_LARGEST:,}: "
            "take a smaller backbone"
        )
    model = _read(content)
    for buffer in model.buffers:
        if buffer.offset:  # a constant that stands behind the flatbuffer
            end = buffer.offset + buffer.size
            if end > len(content):
                raise ModelError(f"a constant ends at byte {end:,} of {len(content):,}")
            buffer.data = np.frombuffer(content, np.uint8, count=buffer.size, offset=buffer.offset)
            buffer.offset = buffer.size = 0
    for code in model.operatorCodes:
        code.deprecatedBuiltinCode = min(code.builtinCode, _PLACEHOLDER)
    return _write(model, size=len(content))


def _append(front: Any, back: Any) -> None:
    head, tail = front.subgraphs[0], back.subgraphs[0]
    seam, entry = int(head.outputs[0]), int(tail.inputs[0])
    gives, takes = (list(map(int, tensor.shape)) for tensor in (head.tensors[seam], tail.tensors[entry]))
    if gives != takes:
        raise ModelError(f"cannot join models: the first gives {gives}, the second takes {takes}")
    for ours, theirs in product(_needed_runtimes(front), _needed_runtimes(back)):
        ours.data = max((ours.data, theirs.data), key=_version)
    places = {_NO_TENSOR: _NO_TENSOR, entry: seam}
    shift = len(head.tensors)

    def moved(indices: Iterable[int]) -> list[int]:
        return [places.get(index, index + shift - (index > entry)) for index in map(int, indices)]

    for operator in tail.operators:
        operator.opcodeIndex += len(front.operatorCodes)
        operator.inputs, operator.outputs = moved(operator.inputs), moved(operator.outputs)
    for tensor in tail.tensors:
        tensor.buffer += len(front.buffers)
    front.operatorCodes.extend(back.operatorCodes)
    front.buffers.extend(back.buffers)
    head.outputs = moved(tail.outputs)
    head.tensors.extend(tail.tensors[:entry] + tail.tensors[entry + 1 :])
    head.operators.extend(tail.operators)


def _needed_runtimes(model: Any) -> list[Any]:
    return [model.buffers[entry.buffer] for entry in model.metadata or () if entry.name == _NEEDED_RUNTIME]


def _version(data: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in bytes(data).rstrip(b"\0").split(b".") if part.isdigit())


def _share(model: Any) -> None:
    (graph,) = model.subgraphs
    model.operatorCodes, code = _distinct(model.operatorCodes, lambda one: tuple(vars(one).values()))
    for operator in graph.operators:
        operator.opcodeIndex = code[operator.opcodeIndex]
    model.buffers, place = _distinct(model.buffers, _content)
    for holder in (*graph.tensors, *(model.metadata or ())):
        holder.buffer = place[holder.buffer]


def _distinct(values: Sequence[Any], identity: Callable[[Any], object]) -> tuple[list[Any], list[int]]:
    kept: list[Any] = []
    known: dict[object, int] = {}
    places = []
    for value in values:
        place = known.setdefault(identity(value), len(kept))
        kept += [value] if place == len(kept) else []
        places.append(place)
    return kept, places


def _content(buffer: Any) -> object:
    """Returns what tells a constant from others; a computed tensor has an empty one, by convention the first of all."""
    return b"" if buffer.data is None else hashlib.sha256(buffer.data).digest()


def _sign(model: Any) -> None:
    graph = model.subgraphs[0]
    image, probabilities = (
        [schema.TensorMapT(name=name, tensorIndex=int(indices[0]))]
        for name, indices in ((INPUT_NAME, graph.inputs), (OUTPUT_NAME, graph.outputs))
    )
    model.signatureDefs = [schema.SignatureDefT(inputs=image, outputs=probabilities, signatureKey=SIGNATURE)]


def _read(content: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(content)


def _write(model: Any, *, size: int) -> bytes:
    """Returns a model as a file of about this size: room for it is taken once and not doubled again and again."""
    builder = _Builder(size + _ROOM)
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(memoryview(builder.Bytes)[builder.Head() :])


class _Builder(flatbuffers.Builder):  # type: ignore[misc]  # the library has no types
    """A builder that aligns constants, which are the only vectors of bytes that it is given as arrays."""

    def CreateNumpyVector(self, x: npt.NDArray[Any]) -> int:  # noqa: N802
        """Writes an array."""
        if x.dtype == np.uint8:
            self.Prep(_ALIGNMENT, x.nbytes)
        place: int = super().CreateNumpyVector(x)
        return place
