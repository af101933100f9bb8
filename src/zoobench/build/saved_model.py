"""How does a signature of a SavedModel become a float32 TFLite file that takes one image?"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from zoobench.errors import ModelError
from zoobench.system.terminal import capture_native_output, keep, sentence

Floats = npt.NDArray[np.float32]
_DEFAULT = "serving_default"
_OF_KERAS = {"serve", _DEFAULT}
"""What Keras 3's `Model.export` writes: two names for one function."""


def converted(
    path: Path, *, signature: str, image_size: int | None
) -> tuple[bytes, Callable[[Floats], Floats], tuple[int, ...]]:
    """Returns the TFLite file, what the SavedModel itself answers to images, and the shape of one of them.

    Raises:
        ModelError: If TensorFlow cannot load or convert it, if it has several signatures and none is named, or if that
            has not one input and one output, or leaves open what is not the batch and no image size.
    """
    with _explained(f"TensorFlow cannot load {path}"):
        loaded = tf.saved_model.load(str(path))
    function = loaded.signatures[_which(path, sorted(loaded.signatures), signature)]
    (name, entry), exit_ = _sole(path, function)
    shape = _shape(path, entry.shape, image_size)

    def one_image(image: Any) -> Any:
        return function(**{name: tf.cast(image, entry.dtype)})[exit_]

    with _explained(f"TensorFlow cannot convert {path} to TFLite"):
        image = tf.TensorSpec((1, *shape), tf.float32, name="image")
        call = tf.function(one_image, input_signature=[image]).get_concrete_function()
        content: bytes = tf.lite.TFLiteConverter.from_concrete_functions([call], loaded).convert()

    def answer(images: Floats) -> Floats:
        return np.concatenate([np.asarray(call(tf.constant(one[np.newaxis]))) for one in images])

    return content, answer, shape


def _which(path: Path, names: Sequence[str], signature: str) -> str:
    if signature in names:
        return signature
    if not signature and (len(names) == 1 or set(names) == _OF_KERAS):
        return _DEFAULT if _DEFAULT in names else names[0]
    if not names:
        raise ModelError(
            f"{path} has no signature; save it with one, such as by Keras's model.export('{path}') or "
            "tf.saved_model.save(model, folder, signatures=function)"
        )
    received = f"received {signature!r}" if signature else "none is named"
    raise ModelError(f"--zoo-signature: {received}; {path} has the signatures {', '.join(names)}")


def _sole(path: Path, function: Any) -> tuple[tuple[str, Any], str]:
    """Returns name and type of the input, and the name of the output."""
    inputs, outputs = function.structured_input_signature[1], function.structured_outputs
    if len(inputs) == len(outputs) == 1:
        return next(iter(inputs.items())), next(iter(outputs))
    described = (f"{name} {tuple(one.shape)}" for side in (inputs, outputs) for name, one in side.items())
    raise ModelError(
        f"{path} has {len(inputs)} inputs and {len(outputs)} outputs: {', '.join(described)}; a classifier has one of "
        "each: save the part of it that has those alone"
    )


def _shape(path: Path, shape: Any, image_size: int | None) -> tuple[int, ...]:
    sides = tuple(shape[1:]) if shape.rank else ()
    is_first = len(sides) == 3 and sides[0] in (1, 3) and sides[2] not in (1, 3)
    places = (1, 2) if is_first else (0, 1)
    filled = (image_size if side is None and place in places else side for place, side in enumerate(sides))
    found = tuple(side for side in filled if side is not None)
    if len(found) != 3:
        raise ModelError(f"{path} takes {shape}; allowed is a batch of images, such as (None, 224, 224, 3)")
    return found


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Keeps TensorFlow's chatter off the terminal and makes its refusals errors that say what it cannot do."""
    try:
        with capture_native_output():
            yield
    except Exception as error:  # a SavedModel holds code of others, which may fail with anything
        keep(error)
        raise ModelError(f"{what}: {sentence(error)}") from error
