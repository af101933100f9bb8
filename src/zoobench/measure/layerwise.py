"""Which layers of a quantized file are the same as in its float file, and how do they differ on real images?"""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from zoobench.errors import MeasurementError, ModelError
from zoobench.matrix.interface import Interface
from zoobench.measure.layers import LayerError, Sums, Values, layer_error
from zoobench.measure.runtimes import InterfacedSession, Session
from zoobench.measure.runtimes.litert import LiteRTSession
from zoobench.measure.worker import later_patience
from zoobench.system.files import native_path, read_file
from zoobench.system.processes import expect
from zoobench.system.terminal import Advance
from zoobench.tflite.read import read_graphs

_NAMED = 3
_CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""Operations that give the same values in other numbers: quantizers add them, so they are no layers here."""
_IMAGE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One output of an operation.

    Attributes:
        kind: Operation, such as `CONV_2D`.
        name: Of the output tensor; `tensor` is its index in the file.
        shape: With 1 where the file leaves a dimension open.
        is_float: Whether it is float32.
        inputs: Positions of the layers whose outputs the operation takes; -1 for the model's input; no constants.
    """

    kind: str
    name: str
    tensor: int
    shape: tuple[int, ...]
    is_float: bool
    inputs: tuple[int, ...]


class ObservedModel:
    """An interpreter that keeps every layer's output.

    It runs LiteRT's own kernels: XNNPACK, which takes over otherwise, never writes down what happens inside it.
    """

    def __init__(self, path: Path, interface: Interface | None = None) -> None:
        try:
            self._interpreter = Interpreter(
                model_path=native_path(path),
                num_threads=os.cpu_count() or 1,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                experimental_preserve_all_tensors=True,
            )
            session = LiteRTSession(self._interpreter)
            self._session: Session = InterfacedSession(session, interface) if interface else session
            self._interpreter.allocate_tensors()
            self._scales = {detail["index"]: _scale(detail) for detail in self._interpreter.get_tensor_details()}
        except (ValueError, RuntimeError, IndexError) as error:
            raise MeasurementError(
                f"LiteRT's own kernels cannot open {path}, and XNNPACK's do not show what happens inside: {error}"
            ) from error

    def run(self, images: npt.NDArray[Any]) -> None:
        """Runs the model on raw pixels [1, height, width, 3] as its interface says, else on what it takes."""
        self._session.load(images)
        self._session.invoke()

    def values(self, layer: Layer) -> Values:
        """Returns the real numbers of a layer's output.

        Raises:
            MeasurementError: If LiteRT has none, or has no scales that fit, as in a file that is damaged.
        """
        try:
            stored: Values = self._interpreter.get_tensor(layer.tensor).astype(np.float64)
            scale = self._scales[layer.tensor]
            return stored if scale is None else (stored - scale[1]) * scale[0]
        except (KeyError, ValueError, IndexError) as error:
            raise MeasurementError(
                f"LiteRT does not show layer {layer.name} ({layer.kind}), tensor {layer.tensor}: "
                f"{type(error).__name__}: {error}; the file is damaged, so make or copy it again"
            ) from error


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


Opened = tuple[ObservedModel, ObservedModel, Matching]
"""A float file, a quantized file, and which layers of theirs are the same."""


def open_comparison(path: Path, float_path: Path, interface: Interface | None = None) -> Opened:
    """Opens a quantized file and its float file, which are fed the same, and matches their layers.

    Raises:
        MeasurementError: If either cannot be opened, or they have no layer in common.
    """
    models = ObservedModel(float_path, interface), ObservedModel(path, interface)  # LiteRT verifies what is read below
    float_layers, layers = read_layers(float_path), read_layers(path)
    matching = match(float_layers, layers)
    if matching is None:
        raise MeasurementError(
            f"no layer of {path} is known in {float_path}: neither their tensors' names nor their structure agree "
            f"({len(layers)} layers such as {_examples(layers)}; {len(float_layers)} such as "
            f"{_examples(float_layers)}); give with --float the float32 file that it was quantized from, or quantize "
            "that file again"
        )
    return *models, matching


def measure_layers(
    comparison: Opened, images: Iterable[npt.NDArray[Any]], *, advance: Advance
) -> tuple[LayerError, ...]:
    """Returns the error of each matched layer over the images, of which one is in memory at a time.

    Returns:
        In the order of the float file.

    Raises:
        MeasurementError: If a model does not run on the images, a layer's values are no numbers, or there is no image.
    """
    float_model, quantized_model, matching = comparison
    totals = [Sums() for _ in matching.pairs]
    count, longest = 0, 0.0
    for image in images:
        began = time.monotonic()
        float_model.run(image)
        quantized_model.run(image)
        for total, (_, layer, twin) in zip(totals, matching.pairs, strict=True):
            values, quantized = float_model.values(layer), quantized_model.values(twin)
            if values.size != quantized.size:
                raise MeasurementError(
                    f"layer {layer.name} ({layer.kind}) gives values of the shape {values.shape} in the float file and "
                    f"{quantized.shape} in the other, which says {twin.shape}: it is damaged; make or copy it again"
                )
            total.add(values, quantized)
            if not np.isfinite(total.noise):
                raise MeasurementError(
                    f"layer {layer.name} ({layer.kind}) gives values that are infinite or no numbers in one of the "
                    "files; its error cannot be told: mend the model"
                )
        advance(1, "")
        count, longest = count + 1, max(longest, time.monotonic() - began)
        expect(later_patience(longest), f"image {count + 1}")
    if not count:
        raise MeasurementError("there is no image to compare the models on; give at least one")
    return tuple(
        layer_error(total, position=position, kind=layer.kind, name=layer.name, inputs=layer.inputs)
        for total, (position, layer, _) in zip(totals, matching.pairs, strict=True)
    )


def read_layers(path: Path) -> tuple[Layer, ...]:
    """Returns the layers that depend on the image, in the order in which they run.

    Raises:
        MeasurementError: If the file cannot be read or is no whole TFLite file.
    """
    try:
        graph = read_graphs(read_file(path))[0]
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
                tensor = graph.tensors[index]
                layers.append(
                    Layer(
                        kind=operator.name,
                        name=tensor.name,
                        tensor=index,
                        shape=tuple(1 if side < 0 else side for side in tensor.shape),
                        is_float=tensor.type == "float32",
                        inputs=sources,
                    )
                )
    return tuple(layers)


def match(float_layers: Sequence[Layer], quantized_layers: Sequence[Layer]) -> Matching | None:
    """Returns which layers are the same, or None if that cannot be told of any.

    By name if every float layer is found so, as quantizers keep names. Else by structure, if both files have the same
    operations with the same shapes, wired in the same way: so where a file was converted on its own. Else by the names
    that there are. A name counts only with the same operation and shape: two conversions may give one name to different
    tensors.
    """

    def wiring(layers: Sequence[Layer]) -> list[tuple[Any, ...]]:
        return [(layer.kind, layer.shape, layer.inputs) for layer in layers]

    named = _by_name(float_layers, quantized_layers)
    if named.unmatched and wiring(float_layers) == wiring(quantized_layers):
        return _matching("structure", float_layers, quantized_layers)
    return named if named.pairs else None


def _scale(detail: dict[str, Any]) -> tuple[Values, Values] | None:
    """Returns a tensor's scales and zero points, of a shape that broadcasts to it; None for one of real numbers."""
    parameters = detail["quantization_parameters"]
    factors, zero_points = (np.asarray(parameters[name], np.float64) for name in ("scales", "zero_points"))
    if not factors.size:
        return None
    if factors.size == 1:
        return factors.reshape(()), zero_points.reshape(())
    shape = [1] * len(detail["shape"])
    shape[parameters["quantized_dimension"]] = -1
    return factors.reshape(shape), zero_points.reshape(shape)


def _examples(layers: tuple[Layer, ...]) -> str:
    return ", ".join(layer.name.partition(";")[0] or "(unnamed)" for layer in layers[:_NAMED]) or "none"


def _by_name(float_layers: Sequence[Layer], quantized_layers: Sequence[Layer]) -> Matching:
    found: dict[tuple[Any, ...], list[Layer]] = {}
    for layer in quantized_layers:
        found.setdefault((layer.name, layer.kind, layer.shape), []).append(layer)
    twins = (found.get((layer.name, layer.kind, layer.shape), []) for layer in float_layers)
    return _matching("name", float_layers, [twin[0] if len(twin) == 1 else None for twin in twins])


def _matching(by: str, float_layers: Sequence[Layer], twins: Sequence[Layer | None]) -> Matching:
    compared = [
        (position, one, twin)
        for position, (one, twin) in enumerate(zip(float_layers, twins, strict=True))
        if one.is_float
    ]
    return Matching(
        by=by,
        pairs=tuple((position, one, twin) for position, one, twin in compared if twin is not None),
        unmatched=tuple(one for _, one, twin in compared if twin is None),
    )
