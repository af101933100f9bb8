"""What stands in a TFLite file? Only what is whole is read; whatever is not is an error, never a crash."""

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from zoobench.errors import ModelError
from zoobench.system.native import output_held

Value = TypeVar("Value")
_IDENTIFIER = b"TFL3"
_IDENTIFIER_AT = 4
_ABSENT = -1
"""The index of an optional tensor that is left out."""
_CUSTOM = schema.BuiltinOperator.CUSTOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor: real = scale * (stored - zero_point).

    Attributes:
        name: Without characters that do not print.
        type: `float32`, `int8`, ...
        shape: -1 where the file leaves a dimension open.
        buffer: Which of the file's buffers holds its values.
        constant_bytes: Size of its values in the file; 0 if it has none, as activations.
        scale: The only or the first one; None where it is not quantized.
        zero_point: Likewise.
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
    """One operator; its tensors are indices into its graph's, -1 for one that is left out."""

    name: str
    custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """One subgraph; the first of a file is the one that is run."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graphs(content: bytes) -> tuple[Graph, ...]:
    """Returns the subgraphs of a TFLite file.

    LiteRT verifies the file first: every offset and length, so that nothing beyond its end is read. Its tensors are not
    allocated and nothing is run, so operators that LiteRT does not have are no obstacle.

    Raises:
        ModelError: If it is not a TFLite file, is cut off or is damaged.
    """
    if content[_IDENTIFIER_AT : _IDENTIFIER_AT + len(_IDENTIFIER)] != _IDENTIFIER:
        raise ModelError(
            f"this is not a TFLite file: bytes 4 to 7 are {content[4:8]!r} of {len(content)} bytes; expected "
            f"{_IDENTIFIER!r}. Give a file that a converter to TFLite (LiteRT) wrote"
        )
    _verify(content)
    try:
        model = schema.Model.GetRootAs(content, 0)
        sizes = [_buffer_size(one, len(content)) for one in _all(model.Buffers, model.BuffersLength())]
        codes = [_operator_name(one) for one in _all(model.OperatorCodes, model.OperatorCodesLength())]
        graphs = tuple(_graph(one, sizes, codes) for one in _all(model.Subgraphs, model.SubgraphsLength()))
    except (struct.error, IndexError, ValueError, TypeError) as error:
        raise _damaged(str(error)) from error
    if not graphs:
        raise _damaged("it has no graph")
    return graphs


def _verify(content: bytes) -> None:
    with output_held():
        try:
            Interpreter(model_content=content, num_threads=1)
        except (ValueError, RuntimeError) as error:
            refusal = str(error)
        else:
            return
    raise _damaged(f"LiteRT says: {refusal}")


def _damaged(what: str) -> ModelError:
    return ModelError(f"this TFLite file is cut off, damaged or too new: {what}. Make or copy it again")


def _all(get: Callable[[int], Value], length: int) -> Iterator[Value]:
    return (get(position) for position in range(length))


def _buffer_size(buffer: Any, file_size: int) -> int:
    """Returns the size of a buffer inside the flatbuffer, or after it as in files beyond 2 GB."""
    if buffer.Offset() > 1 and buffer.Offset() + buffer.Size() > file_size:
        raise _damaged(f"a buffer ends at byte {buffer.Offset() + buffer.Size()} of {file_size}")
    return int(buffer.DataLength() or (buffer.Size() if buffer.Offset() > 1 else 0))


def _operator_name(code: Any) -> tuple[str, bool]:
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if number == _CUSTOM:
        return _text(code.CustomCode()), True
    return _OPERATORS.get(number, f"operator {number}"), False


def _graph(graph: Any, sizes: list[int], codes: list[tuple[str, bool]]) -> Graph:
    tensors = tuple(_tensor(one, sizes) for one in _all(graph.Tensors, graph.TensorsLength()))

    def indices(get: Callable[[int], int], length: int) -> tuple[int, ...]:
        return tuple(_within(index, len(tensors), "tensor", least=_ABSENT) for index in _all(get, length))

    return Graph(
        tensors=tensors,
        operators=tuple(
            Operator(
                name=name,
                custom=custom,
                inputs=indices(one.Inputs, one.InputsLength()),
                outputs=indices(one.Outputs, one.OutputsLength()),
            )
            for one in _all(graph.Operators, graph.OperatorsLength())
            for name, custom in (codes[_within(one.OpcodeIndex(), len(codes), "operator code")],)
        ),
        inputs=indices(graph.Inputs, graph.InputsLength()),
        outputs=indices(graph.Outputs, graph.OutputsLength()),
    )


def _tensor(tensor: Any, sizes: list[int]) -> Tensor:
    quantization = tensor.Quantization()
    scales = quantization.ScaleLength() if quantization else 0
    buffer = _within(tensor.Buffer(), len(sizes), "buffer")
    return Tensor(
        name=_text(tensor.Name()),
        type=_TYPES.get(tensor.Type(), f"type {tensor.Type()}"),
        shape=_shape(tensor),
        buffer=buffer,
        constant_bytes=0 if tensor.IsVariable() else sizes[buffer],
        scale=_finite(quantization.Scale(0)) if scales else None,
        zero_point=int(quantization.ZeroPoint(0)) if scales and quantization.ZeroPointLength() else None,
        scales=scales,
        blockwise=bool(quantization) and quantization.DetailsType() == schema.QuantizationDetails.BlockwiseQuantization,
    )


def _shape(tensor: Any) -> tuple[int, ...]:
    """Returns the shape with -1 for open dimensions, which the plain shape holds as 1."""
    if tensor.ShapeSignatureLength():
        return tuple(map(int, _all(tensor.ShapeSignature, tensor.ShapeSignatureLength())))
    return tuple(map(int, _all(tensor.Shape, tensor.ShapeLength())))


def _within(index: int, length: int, what: str, *, least: int = 0) -> int:
    if not least <= index < length:
        raise _damaged(f"it names {what} {index} of {length}")
    return int(index)


def _finite(scale: float) -> float:
    if not math.isfinite(scale):
        raise _damaged(f"a scale is {scale}")
    return float(scale)


def _text(name: bytes | None) -> str:
    return "".join(one if one.isprintable() else "?" for one in (name or b"").decode(errors="replace"))


def _names(enumeration: type) -> dict[int, str]:
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}


_OPERATORS = _names(schema.BuiltinOperator)
_TYPES = {number: name.lower() for number, name in _names(schema.TensorType).items()}
