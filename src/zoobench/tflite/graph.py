"""Which layers does a TFLite file have, and which of them are the same in another file?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from zoobench.errors import MeasurementError

_IDENTIFIER = b"TFL3"
_KINDS = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
_CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""Operations that give the same values in other numbers: quantizers add them, so they are no layers here."""
_IMAGE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One output of an operation.

    Attributes:
        kind: Operation, such as `CONV_2D`.
        name: Of the output tensor.
        tensor: Its index in the file.
        shape: Its shape.
        is_float: Whether it is float32.
        inputs: Positions of the layers whose outputs the operation takes; -1 for the model's input; no constants.
    """

    kind: str
    name: str
    tensor: int
    shape: tuple[int, ...]
    is_float: bool
    inputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which layer of a quantized file is which of a float file.

    Attributes:
        by: `name` or `structure`.
        pairs: Position in the float file, its layer there and in the quantized file; in the float file's order.
        unmatched: Layers of the float file that were not found.
    """

    by: str
    pairs: tuple[tuple[int, Layer, Layer], ...]
    unmatched: tuple[Layer, ...]


def read_layers(path: Path) -> tuple[Layer, ...]:
    """Returns the layers that depend on the image, in the order in which they run.

    Raises:
        MeasurementError: If the file cannot be read or is no TFLite file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MeasurementError(f"cannot read {path}: {error.strerror}; give a TFLite file") from error
    if content[4:8] != _IDENTIFIER:
        raise MeasurementError(f"{path} is no TFLite file; give a file that ends in .tflite")
    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    origins: dict[int, tuple[int, ...]] = {graph.Inputs(index): (_IMAGE,) for index in range(graph.InputsLength())}
    layers: list[Layer] = []
    for kind, inputs, outputs in _operations(model, graph):
        sources = tuple(origin for index in inputs for origin in origins.get(index, ()))
        if not sources:
            continue
        for index in outputs:
            origins[index] = sources if kind in _CONVERSIONS else (len(layers),)
            if kind not in _CONVERSIONS:
                layers.append(_layer(graph, index, kind=kind, inputs=sources))
    return tuple(layers)


def match(float_layers: Sequence[Layer], quantized_layers: Sequence[Layer]) -> Matching | None:
    """Returns which layers are the same, or None if that cannot be told of any.

    By name if every float layer is found so, as quantizers keep names. Else by structure, if both files have the same
    operations with the same shapes, wired in the same way: so where a file was converted on its own. Else by the names
    that there are. A name counts only with the same operation and shape: two conversions may give one name to different
    tensors.
    """
    named = _by_name(float_layers, quantized_layers)
    if named.unmatched and _same_structure(float_layers, quantized_layers):
        return _matching("structure", float_layers, quantized_layers)
    return named if named.pairs else None


def _operations(model: Any, graph: Any) -> Iterator[tuple[str, list[int], list[int]]]:
    """Yields kind, input tensors and output tensors of each operation."""
    for position in range(graph.OperatorsLength()):
        operator = graph.Operators(position)
        inputs = [operator.Inputs(index) for index in range(operator.InputsLength())]
        outputs = [operator.Outputs(index) for index in range(operator.OutputsLength())]
        yield _kind(model.OperatorCodes(operator.OpcodeIndex())), inputs, outputs


def _kind(code: Any) -> str:
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # old files have the latter alone
    if builtin == schema.BuiltinOperator.CUSTOM:
        return str((code.CustomCode() or b"CUSTOM").decode(errors="replace"))
    return str(_KINDS.get(builtin, f"operation {builtin}"))


def _layer(graph: Any, index: int, *, kind: str, inputs: tuple[int, ...]) -> Layer:
    tensor = graph.Tensors(index)
    return Layer(
        kind=kind,
        name=(tensor.Name() or b"").decode(errors="replace"),
        tensor=index,
        shape=tuple(tensor.Shape(axis) for axis in range(tensor.ShapeLength())),
        is_float=tensor.Type() == schema.TensorType.FLOAT32,
        inputs=inputs,
    )


def _by_name(float_layers: Sequence[Layer], quantized_layers: Sequence[Layer]) -> Matching:
    found: dict[tuple[str, str, tuple[int, ...]], list[Layer]] = {}
    for layer in quantized_layers:
        found.setdefault(_identity(layer), []).append(layer)
    twins = [found.get(_identity(layer), []) for layer in float_layers]
    return _matching("name", float_layers, [twin[0] if len(twin) == 1 else None for twin in twins])


def _identity(layer: Layer) -> tuple[str, str, tuple[int, ...]]:
    return (layer.name, layer.kind, layer.shape)


def _same_structure(float_layers: Sequence[Layer], quantized_layers: Sequence[Layer]) -> bool:
    def wiring(layers: Sequence[Layer]) -> list[tuple[Any, ...]]:
        return [(layer.kind, layer.shape, layer.inputs) for layer in layers]

    return wiring(float_layers) == wiring(quantized_layers)


def _matching(by: str, float_layers: Sequence[Layer], twins: Sequence[Layer | None]) -> Matching:
    """Pairs float layers with their twins; layers whose values are no floats have no error and are left out."""
    both = [(position, one, twin) for position, (one, twin) in enumerate(zip(float_layers, twins, strict=True))]
    compared = [(position, one, twin) for position, one, twin in both if one.is_float]
    return Matching(
        by=by,
        pairs=tuple((position, one, twin) for position, one, twin in compared if twin is not None),
        unmatched=tuple(one for _, one, twin in compared if twin is None),
    )
