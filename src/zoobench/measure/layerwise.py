"""How do the layers of a quantized file differ from those of its float file on real images?"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from zoobench.errors import MeasurementError
from zoobench.measure.layers import LayerError, Sums, layer_error
from zoobench.measure.runtimes.litert import LiteRTSession
from zoobench.system.terminal import Advance
from zoobench.tflite.layers import Layer, Matching, match, read_layers

Values = npt.NDArray[np.float64]
_NAMED = 3


class ObservedModel:
    """An interpreter that keeps every layer's output.

    It runs LiteRT's own kernels: XNNPACK, which takes over otherwise, never writes down what happens inside it.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._interpreter = Interpreter(
                model_path=str(path),
                num_threads=os.cpu_count() or 1,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                experimental_preserve_all_tensors=True,
            )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise MeasurementError(
                f"LiteRT's own kernels cannot open {path}, and XNNPACK's do not show what happens inside: {error}"
            ) from error
        self._session = LiteRTSession(self._interpreter)
        self._scales = {detail["index"]: _scale(detail) for detail in self._interpreter.get_tensor_details()}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the model's input."""
        return tuple(int(length) for length in self._interpreter.get_input_details()[0]["shape"])

    def run(self, images: npt.NDArray[np.uint8]) -> None:
        """Runs the model on raw pixels [1, height, width, 3]."""
        self._session.load(images)
        self._session.invoke()

    def values(self, layer: Layer) -> Values:
        """Returns the real numbers of a layer's output."""
        stored: Values = self._interpreter.get_tensor(layer.tensor).astype(np.float64)
        scale = self._scales[layer.tensor]
        if scale is None:
            return stored
        factors, zero_points = scale
        return (stored - zero_points) * factors


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPair:
    """Two opened files and which layers of theirs are the same."""

    float_model: ObservedModel
    quantized_model: ObservedModel
    matching: Matching


def open_comparison(path: Path, float_path: Path) -> OpenedPair:
    """Opens a quantized file and its float file and matches their layers.

    Raises:
        MeasurementError: If either cannot be opened, or they have no layer in common.
    """
    float_model, quantized_model = ObservedModel(float_path), ObservedModel(path)  # LiteRT verifies what is read below
    float_layers, layers = read_layers(float_path), read_layers(path)
    matching = match(float_layers, layers)
    if matching is None:
        raise MeasurementError(_nothing_in_common(path, float_path, layers, float_layers))
    return OpenedPair(float_model=float_model, quantized_model=quantized_model, matching=matching)


def measure_layers(
    comparison: OpenedPair, images: Iterable[npt.NDArray[np.uint8]], *, advance: Advance
) -> tuple[LayerError, ...]:
    """Returns the error of each matched layer over the images, of which one is in memory at a time.

    Args:
        comparison: From `open_comparison`.
        images: Raw pixels, each [1, height, width, 3].
        advance: Told of each image.

    Returns:
        In the order of the float file.

    Raises:
        MeasurementError: If a model does not run on the images, a layer's values are no numbers, or there is no image.
    """
    totals: list[Sums] | None = None
    for image in images:
        comparison.float_model.run(image)
        comparison.quantized_model.run(image)
        found = _sums_of_layers(comparison)
        totals = found if totals is None else [one + other for one, other in zip(totals, found, strict=True)]
        advance(1, "")
    if totals is None:
        raise MeasurementError("there is no image to compare the models on; give at least one")
    return tuple(
        layer_error(sums, position=position, kind=layer.kind, name=layer.name, inputs=layer.inputs)
        for sums, (position, layer, _) in zip(totals, comparison.matching.pairs, strict=True)
    )


def sums(signal: Values, quantized: Values) -> Sums:
    """Returns what there is to add up over two arrays of the same shape."""
    x, y = signal.ravel(), quantized.ravel()
    noise = x - y
    return Sums(
        count=x.size,
        signal=float(np.dot(x, x)),
        quantized=float(np.dot(y, y)),
        noise=float(np.dot(noise, noise)),
        product=float(np.dot(x, y)),
        max_error=float(np.abs(noise).max()),
        low=float(x.min()),
        high=float(x.max()),
    )


def _sums_of_layers(comparison: OpenedPair) -> list[Sums]:
    found = []
    for _, layer, twin in comparison.matching.pairs:
        one = sums(comparison.float_model.values(layer), comparison.quantized_model.values(twin))
        if not np.isfinite(one.noise):
            raise MeasurementError(
                f"layer {layer.name} ({layer.kind}) gives values that are infinite or no numbers in one of the files; "
                "its error cannot be told: mend the model"
            )
        found.append(one)
    return found


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


def _nothing_in_common(path: Path, float_path: Path, layers: tuple[Layer, ...], others: tuple[Layer, ...]) -> str:
    return (
        f"no layer of {path} is known in {float_path}: neither their tensors' names nor their structure agree "
        f"({len(layers)} layers such as {_examples(layers)}; {len(others)} such as {_examples(others)}); "
        "give with --float the float32 file that it was quantized from, or quantize that file again"
    )


def _examples(layers: tuple[Layer, ...]) -> str:
    return ", ".join(layer.name.partition(";")[0] or "(unnamed)" for layer in layers[:_NAMED]) or "none"
