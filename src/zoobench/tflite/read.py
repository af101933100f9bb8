"""Which tensors and operators stand in a TFLite file? Only what is whole is read, and all else is an error.

The schema is imported when a file is read: it takes 4 MB that LiteRT's own session, whose memory is measured, does
without.
"""

import hashlib
import math
import mmap
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from zoobench.errors import MeasurementError, ModelError, ZoobenchError
from zoobench.system.files import BEGINNING, disguise, open_file
from zoobench.system.processes import expect, in_kept_process
from zoobench.system.terminal import capture_native_output

IDENTIFIER = b"TFL3"
"""Bytes 4 to 7 of every TFLite file."""
_ABSENT = -1
"""The index of an optional tensor that is left out."""
_UNREADABLE = (struct.error, IndexError, ValueError, TypeError, AttributeError)
"""What flatbuffers raise of bytes that are none."""
_VERIFY_SECONDS = 20.0
"""Besides a second for each megabyte; LiteRT takes milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor: real = scale * (stored - zero_point).

    Attributes:
        name: Without characters that do not print.
        type: `float32`, `int8`, ...
        shape: -1 where the file leaves a dimension open.
        buffer: Which of the file's buffers holds its values.
        constant_bytes: Size of its values in the file; 0 if it has none, as activations.
        scale: The only or the first one, as `zero_point`; None where it is not quantized.
        scales: Number of scales.
        blockwise: Whether it has a scale for each block, kept in another tensor.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    buffer: int
    constant_bytes: int
    scale: float | None
    zero_point: int | None
    scales: int
    blockwise: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator; its tensors are indices into its graph's, -1 for one that is left out.

    Attributes:
        activation: What is fused to it and applied to its output, such as `RELU`; '' where nothing is.
    """

    name: str
    custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """One subgraph; the first of a file is the one that is run."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a file can be called for: inputs and outputs by the names that a caller knows, and which graph is run."""

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    graph: int


def read_graphs(content: bytes) -> tuple[Graph, ...]:
    """Returns the subgraphs of a TFLite file.

    LiteRT verifies the file first: every offset and length, so that nothing beyond its end is read. Its tensors are not
    allocated and nothing is run, so operators that LiteRT does not have are no obstacle.

    Raises:
        ModelError: If it is not a TFLite file, is cut off or is damaged.
    """
    if content[4:8] != IDENTIFIER:
        if not content.startswith(b"PK") and (found := disguise(content[:BEGINNING])):
            raise ModelError(f"this is not a TFLite file: {found}")
        raise ModelError(
            f"this is not a TFLite file: bytes 4 to 7 are {content[4:8]!r} of {len(content)} bytes; expected "
            f"{IDENTIFIER!r}. Give a file that a converter to TFLite (LiteRT) wrote"
        )
    _verify(content)
    try:
        model = _model(content)
        sizes = [_buffer_size(one, len(content)) for one in _all(model, "Buffers")]
        codes = [_operator_name(one) for one in _all(model, "OperatorCodes")]
        graphs = tuple(_graph(one, sizes, codes) for one in _all(model, "Subgraphs"))
    except _UNREADABLE as error:
        raise _damaged(str(error)) from error
    if not graphs:
        raise _damaged("it has no graph")
    return graphs


def signatures(content: bytes) -> Mapping[str, Signature]:
    """Returns what a TFLite file can be called for, by name; nothing where it names nothing.

    Raises:
        ModelError: As `read_graphs`.
    """
    graphs = read_graphs(content)
    try:
        return {_text(one.SignatureKey()): _signature(one, graphs) for one in _all(_model(content), "SignatureDefs")}
    except _UNREADABLE as error:
        raise _damaged(str(error)) from error


def read_metadata(content: bytes) -> Mapping[str, bytes]:
    """Returns what is written in a TFLite file besides the model, by name.

    Raises:
        ModelError: As `read_graphs`.
    """
    read_graphs(content)
    try:
        model = _model(content)
        sizes = [_buffer_size(one, len(content)) for one in _all(model, "Buffers")]
        entries = {_text(one.Name()): _within(one.Buffer(), len(sizes), "buffer") for one in _all(model, "Metadata")}
        held = {name: model.Buffers(buffer) for name, buffer in entries.items() if sizes[buffer]}
        return {name: bytes(one.DataAsNumpy()) for name, one in held.items() if one.DataLength()}
    except _UNREADABLE as error:
        raise _damaged(str(error)) from error


def read_edges(path: Path) -> tuple[tuple[str, ...], Mapping[int, Tensor], Mapping[int, Tensor]]:
    """Returns the names of a TFLite file's signatures, and by index the inputs and outputs of the graph that is run.

    Nothing but the file's head is read, and nothing is verified, as a runtime does that.

    Raises:
        MeasurementError: If it is no TFLite file.
    """
    try:
        with open_file(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            model = _model(content)
            names = tuple(_text(one.SignatureKey()) for one in _all(model, "SignatureDefs"))
            graph, sizes = model.Subgraphs(0), [0] * model.BuffersLength()
            inputs, outputs = (
                {
                    _within(index, graph.TensorsLength(), "tensor"): _tensor(graph.Tensors(index), sizes)
                    for index in _all(graph, side)
                }
                for side in ("Inputs", "Outputs")
            )
            del graph, model
    except (OSError, ModelError, *_UNREADABLE) as error:
        raise MeasurementError(f"{path} cannot be read as a TFLite file: {error}") from error
    return names, inputs, outputs


def with_open_sides(shape: Iterable[int], signature: Iterable[int]) -> tuple[int, ...]:
    """Returns a shape with -1 for each dimension that is left open: there 1 stands in the shape that a file is run in.

    A signature of another length says nothing.
    """
    run, named = tuple(map(int, shape)), tuple(map(int, signature))
    if len(named) != len(run):
        return tuple(max(side, -1) for side in run)
    return tuple(-1 if open_ < 0 else max(side, -1) for side, open_ in zip(run, named, strict=True))


def _model(content: bytes | mmap.mmap) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    return schema.Model.GetRootAs(content, 0)


@cache
def _names(enumeration: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {number: name for name, number in vars(getattr(schema, enumeration)).items() if isinstance(number, int)}


_sound: set[bytes] = set()
"""Hashes of what LiteRT verified for this process."""


def _verify(content: bytes) -> None:
    digest = hashlib.sha256(content).digest()
    if digest in _sound:
        return
    try:
        refusal = in_kept_process(_open_by_litert, content)  # which some files crash
    except ZoobenchError as error:
        raise _damaged(str(error)) from error
    if refusal is not None:
        raise _damaged(f"LiteRT says: {refusal}")
    _sound.add(digest)


def _open_by_litert(content: bytes) -> str | None:
    from ai_edge_litert.interpreter import Interpreter

    expect(_VERIFY_SECONDS + len(content) / 1e6, "that")
    with capture_native_output():
        try:
            Interpreter(model_content=content, num_threads=1)
        except (ValueError, RuntimeError) as error:
            return str(error)
    return None


def _damaged(what: str) -> ModelError:
    return ModelError(f"this TFLite file is cut off, damaged or too new: {what}. Make or copy it again")


def _all(owner: Any, name: str) -> Iterator[Any]:
    return map(getattr(owner, name), range(getattr(owner, f"{name}Length")()))


def _buffer_size(buffer: Any, file_size: int) -> int:
    """Returns the size of a buffer inside the flatbuffer, or after it as in files beyond 2 GB."""
    if buffer.Offset() <= 1:
        return int(buffer.DataLength())
    end = buffer.Offset() + buffer.Size()
    if end > file_size:
        raise _damaged(f"a buffer ends at byte {end} of {file_size}")
    return int(buffer.DataLength() or buffer.Size())


def _operator_name(code: Any) -> tuple[str, bool]:
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # old files have the latter alone
    name = _names("BuiltinOperator").get(number, f"operator {number}")
    return (_text(code.CustomCode()), True) if name == "CUSTOM" else (name, False)


def _graph(graph: Any, sizes: list[int], codes: list[tuple[str, bool]]) -> Graph:
    tensors = tuple(_tensor(one, sizes) for one in _all(graph, "Tensors"))

    def indices(owner: Any, name: str) -> tuple[int, ...]:
        return tuple(_within(index, len(tensors), "tensor", least=_ABSENT) for index in _all(owner, name))

    operators = []
    for one in _all(graph, "Operators"):
        name, custom = codes[_within(one.OpcodeIndex(), len(codes), "operator code")]
        inputs, outputs = indices(one, "Inputs"), indices(one, "Outputs")
        operators.append(
            Operator(name=name, custom=custom, inputs=inputs, outputs=outputs, activation=_activation(one))
        )
    return Graph(
        tensors=tensors,
        operators=tuple(operators),
        inputs=indices(graph, "Inputs"),
        outputs=indices(graph, "Outputs"),
    )


def _activation(operator: Any) -> str:
    from ai_edge_litert import schema_py_generated as schema

    table = operator.BuiltinOptions()
    options = schema.BuiltinOptionsCreator(operator.BuiltinOptionsType(), table) if table else None
    number = getattr(options, "fusedActivationFunction", 0)
    return _names("ActivationFunctionType").get(number, f"activation {number}") if number else ""


def _tensor(tensor: Any, sizes: list[int]) -> Tensor:
    quantization, (scale, zero_point) = tensor.Quantization(), _first_scale(tensor)
    buffer = _within(tensor.Buffer(), len(sizes), "buffer")
    details = _names("QuantizationDetails").get(quantization.DetailsType()) if quantization else None
    return Tensor(
        name=_text(tensor.Name()),
        type=_type(tensor),
        shape=with_open_sides(_all(tensor, "Shape"), _all(tensor, "ShapeSignature")),
        buffer=buffer,
        constant_bytes=0 if tensor.IsVariable() else sizes[buffer],
        scale=scale,
        zero_point=zero_point,
        scales=quantization.ScaleLength() if quantization else 0,
        blockwise=details == "BlockwiseQuantization",
    )


def _signature(definition: Any, graphs: Sequence[Graph]) -> Signature:
    number = _within(definition.SubgraphIndex(), len(graphs), "graph")
    tensors = graphs[number].tensors

    def named(side: str) -> dict[str, Tensor]:
        return {
            _text(one.Name()): tensors[_within(one.TensorIndex(), len(tensors), "tensor")]
            for one in _all(definition, side)
        }

    return Signature(inputs=named("Inputs"), outputs=named("Outputs"), graph=number)


def _type(tensor: Any) -> str:
    return _names("TensorType").get(tensor.Type(), f"type {tensor.Type()}").lower()


def _first_scale(tensor: Any) -> tuple[float | None, int | None]:
    quantization = tensor.Quantization()
    if not quantization or not quantization.ScaleLength():
        return None, None
    scale = float(quantization.Scale(0))
    if not math.isfinite(scale):
        raise _damaged(f"a scale is {scale}")
    return scale, int(quantization.ZeroPoint(0)) if quantization.ZeroPointLength() else None


def _within(index: int, length: int, what: str, *, least: int = 0) -> int:
    if not least <= index < length:
        raise _damaged(f"it names {what} {index} of {length}")
    return int(index)


def _text(name: bytes | None) -> str:
    return "".join(one if one.isprintable() else "?" for one in (name or b"").decode(errors="replace"))
