"""A layer's error, and a report of some."""

from typing import Any

from zoobench.measure.layers import LayerError, LayerReport


def layer(position: int, level: float | None, *, inputs: tuple[int, ...] = (), **changes: Any) -> LayerError:
    usual: dict[str, Any] = {
        "kind": "CONV_2D",
        "name": f"net/layer{position}/Relu",
        "cosine": 0.999,
        "max_error": 0.5,
        "error_rms": 0.1,
        "signal_rms": 1.0,
        "signal_low": -1.0,
        "signal_high": 3.0,
    }
    return LayerError(**{**usual, "position": position, "sqnr_db": level, "inputs": inputs, **changes})


def report(*layers: LayerError, **changes: Any) -> LayerReport:
    usual: dict[str, Any] = {
        "model": "net/model.tflite",
        "float_model": "net-float32/model.tflite",
        "images": 8,
        "images_from": "photos",
        "matched_by": "name",
        "unmatched": (),
    }
    return LayerReport(**{**usual, **changes, "layers": layers})
