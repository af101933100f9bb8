"""Which layers does a TFLite file have, and which of them are the same in another file?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoobench.errors import MeasurementError, ModelError
from zoobench.tflite.read import Tensor, read_graphs

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
        shape: Its shape, with 1 where the file leaves a dimension open.
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
        MeasurementError: If the file cannot be read or is no whole TFLite file.
    """
    try:
        graph = read_graphs(path.read_bytes())[0]
    except OSError as error:
        raise MeasurementError(f"cannot read {path}: {error.strerror}; give a TFLite file") from error
    except ModelError as error:
        raise MeasurementError(f"{path}: {error}") from error
    origins: dict[int, tuple[int, ...]] = dict.fromkeys(graph.inputs, (_IMAGE,))
    layers: list[Layer] = []
    for operator in graph.operators:
        sources = tuple(origin for index in operator.inputs for origin in origins.get(index, ()))
        if not sources:
            continue
        for index in operator.outputs:
            if operator.name in _CONVERSIONS:
                origins[index] = sources
            else:
                origins[index] = (len(layers),)
                layers.append(_layer(graph.tensors[index], index, kind=operator.name, inputs=sources))
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


def _layer(tensor: Tensor, index: int, *, kind: str, inputs: tuple[int, ...]) -> Layer:
    return Layer(
        kind=kind,
        name=tensor.name,
        tensor=index,
        shape=tuple(1 if side < 0 else side for side in tensor.shape),
        is_float=tensor.type == "float32",
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
