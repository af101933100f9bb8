"""How does a backbone become a classifier? Frozen network, features once, a dense head trained on them."""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from zoobench.build.backbones import Backbone
from zoobench.build.config import TrainingConfig
from zoobench.build.weights import Weights
from zoobench.errors import ModelError

Floats = npt.NDArray[np.float32]
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)  # as keras.applications.imagenet_utils, mode "caffe"
_IMAGENET_MEAN = (0.485, 0.456, 0.406)  # as the same, mode "torch"
_IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
_NOT_LOADED = "Skipping nested container"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Samples and their classes.

    Attributes:
        inputs: [n, ...] float32.
        labels: [n] class indices.
    """

    inputs: npt.NDArray[np.generic]
    labels: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What each epoch brought; None where an epoch was not validated."""

    loss: tuple[float, ...]
    accuracy: tuple[float, ...]
    validation_loss: tuple[float | None, ...]
    validation_accuracy: tuple[float | None, ...]
    learning_rate: tuple[float, ...]


def features_model(backbone: Backbone, *, weights: Weights, image_size: int, seed: int) -> keras.Model:
    """Returns the frozen network from raw 0..255 pixels [n, side, side, 3] to pooled features [n, channels].

    Raises:
        ModelError: If the weights do not fit or the user's model has another input size.
    """
    if backbone.path is not None:
        return _pooled(load_own(backbone.path, image_size=image_size))
    network = _build(backbone, weights=weights, image_size=image_size, seed=seed)
    network.trainable = False
    pixels = keras.Input((image_size, image_size, 3), name="pixels")
    maps = network(_preprocessed(pixels, backbone), training=False)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooling")(maps)
    return keras.Model(pixels, pooled, name=f"{backbone.name}_features")


def load_own(path: Path, *, image_size: int) -> keras.Model:
    """Returns a user's Keras model, frozen, with custom code refused (`safe_mode`).

    It is called on an input of its own, so that a model that leaves the image size open is fixed to one, and a
    sequential model has an input like any other.

    Raises:
        ModelError: If it cannot be loaded or takes anything but one image of this size.
    """
    try:
        with _complete():
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"cannot load {path}: {error}") from error
    if not _takes(model.input_shape, (image_size, image_size, 3)):
        raise ModelError(
            f"{path} takes inputs of shape {model.input_shape}; allowed is one RGB image, here "
            f"(None, {image_size}, {image_size}, 3) with values 0..255, the preprocessing inside the model"
        )
    model.trainable = False
    pixels = keras.Input((image_size, image_size, 3), name="pixels")
    return keras.Model(pixels, model(pixels, training=False), name=model.name)


def is_finished(model: keras.Model, *, classes: int) -> bool:
    """Tells whether a user's model is a finished classifier: it ends in a softmax over the data's classes."""
    last = model.layers[-1]
    while isinstance(last, keras.Model):
        last = last.layers[-1]
    activation = getattr(last, "activation", None)
    is_softmax = activation is keras.activations.softmax or isinstance(last, keras.layers.Softmax)
    return is_softmax and model.output_shape == (None, classes)


def build_head(*, inputs: int, classes: int, config: TrainingConfig) -> keras.Sequential:
    """Returns the untrained dense layers from [n, inputs] features to [n, classes] probabilities."""
    head = keras.Sequential([keras.Input((inputs,), name="features")], name="head")
    for position, units in enumerate((*config.head_layers, classes)):
        if config.dropout:
            head.add(keras.layers.Dropout(config.dropout, seed=config.seed + position))
        is_last = position == len(config.head_layers)
        head.add(
            keras.layers.Dense(
                units,
                activation="softmax" if is_last else "relu",
                kernel_initializer=keras.initializers.GlorotUniform(seed=config.seed + position),
                name="probabilities" if is_last else f"dense_{position}",
            )
        )
    return head


def train(
    model: keras.Model,
    training: Labelled,
    validation: Labelled,
    *,
    config: TrainingConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Trains the trainable layers of `model` in place: the head on features, or the same head in the whole classifier.

    Adam, categorical cross-entropy; validation, early stopping and learning rate as `config` says.

    Raises:
        ModelError: If the loss becomes infinite or not a number.
    """
    keras.utils.set_random_seed(config.seed)
    classes = model.output_shape[-1]
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    with warnings.catch_warnings():
        # On the epochs between two validations there is no loss to watch, and Keras says so each time.
        warnings.filterwarnings("ignore", message="Early stopping conditioned on metric")
        fitted = model.fit(
            training.inputs,
            keras.utils.to_categorical(training.labels, classes),
            validation_data=(validation.inputs, keras.utils.to_categorical(validation.labels, classes)),
            validation_freq=config.validation_every,
            epochs=config.epochs,
            batch_size=config.batch_size,
            callbacks=[*_callbacks(config), *callbacks],
            verbose=0,
        )
    _require_finite(fitted.history["loss"], config)
    return _history(fitted.history, config)


def assembled(features: keras.Model, head: keras.Model) -> keras.Model:
    """Returns the classifier from raw pixels to probabilities."""
    return keras.Model(features.input, head(features.output, training=False), name="classifier")


def _build(backbone: Backbone, *, weights: Weights, image_size: int, seed: int) -> keras.Model:
    builder = getattr(keras.applications, backbone.builder)
    keras.utils.set_random_seed(seed)
    width = {} if backbone.alpha is None else {"alpha": backbone.alpha}
    source = _weights_argument(backbone, weights)
    try:
        with _complete():
            return builder(include_top=False, weights=source, input_shape=(image_size, image_size, 3), **width)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"keras.applications.{backbone.builder} at {image_size} px cannot be had with "
            f"{weights.path or 'random weights'}: {error}. Choose another image size, or a file that was written for "
            "this network without its top (include_top=False)"
        ) from error


@contextmanager
def _complete() -> Iterator[None]:
    """Makes an error of what is a warning to Keras: layers for which a file has no weights would stay random."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message=_NOT_LOADED)
        yield
    for warning in caught:
        if str(warning.message).startswith(_NOT_LOADED):
            raise ValueError(str(warning.message))


def _weights_argument(backbone: Backbone, weights: Weights) -> str | None:
    """Returns what the builder's `weights` parameter takes: the file, so that Keras does not look for one itself.

    EfficientNetB0 has one more layer in its graph when it is built for its ImageNet weights, so only the word works.
    """
    if weights.path is None:
        return None
    if backbone.builder == "EfficientNetB0":
        if weights.identity == "imagenet":
            return "imagenet"
        raise ModelError(
            f"{backbone.name} takes published weights only from the cache of Keras, which builds another graph for a "
            f"file; put {backbone.weights_file} there and use --zoo-weights {backbone.name}=imagenet"
        )
    return str(weights.path)


def _preprocessed(pixels: keras.KerasTensor, backbone: Backbone) -> keras.KerasTensor:
    """Returns the backbone's input from raw pixels, by layers that every converter and quantizer knows."""
    if backbone.preprocessing == "included":
        return pixels
    if backbone.preprocessing == "minus_one_to_one":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(pixels)
    if backbone.preprocessing == "imagenet_standard":
        scale = [1 / (255 * deviation) for deviation in _IMAGENET_DEVIATION]
        offset = [-mean / deviation for mean, deviation in zip(_IMAGENET_MEAN, _IMAGENET_DEVIATION, strict=True)]
        return keras.layers.Rescaling(scale, offset=offset, name="preprocessing")(pixels)
    return _caffe(pixels)


def _caffe(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """RGB to BGR, less the mean: a 1x1 convolution, because runtimes have no fast kernel that reverses channels."""
    swap = keras.layers.Conv2D(3, 1, trainable=False, name="preprocessing")
    swapped = swap(pixels)
    kernel = np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3)
    swap.set_weights([kernel, -np.asarray(_CAFFE_MEAN_BGR, np.float32)])
    return swapped


def _takes(shape: object, image: tuple[int, int, int]) -> bool:
    """Tells whether an input shape [n, ...] is that of one image, or leaves its sides open."""
    if not isinstance(shape, tuple) or len(shape) != 4:
        return False
    return all(side in (None, wanted) for side, wanted in zip(shape[1:], image, strict=True))


def _pooled(model: keras.Model) -> keras.Model:
    """Returns a user's backbone with global average pooling unless it already gives one vector per image."""
    rank = len(model.output_shape) if isinstance(model.output_shape, tuple) else 0  # a list where it has several
    if rank == 2:
        return model
    if rank == 4:
        return keras.Model(model.input, keras.layers.GlobalAveragePooling2D(name="pooling")(model.output))
    raise ModelError(
        f"the model {model.name} gives {model.output_shape}; allowed as a backbone are feature maps "
        "[n, h, w, channels] or one vector per image [n, channels]"
    )


def _callbacks(config: TrainingConfig) -> list[keras.callbacks.Callback]:
    decay = math.exp(-config.decay)
    return [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate if epoch == 0 else rate * decay),
        keras.callbacks.EarlyStopping(
            monitor="val_loss",
            patience=config.patience,
            start_from_epoch=config.early_stopping_from,
            restore_best_weights=True,
        ),
    ]


def _require_finite(losses: Sequence[float], config: TrainingConfig) -> None:
    bad = next((epoch for epoch, loss in enumerate(losses, start=1) if not math.isfinite(loss)), None)
    if bad is not None:
        raise ModelError(
            f"training diverged: the loss of epoch {bad} is {losses[bad - 1]}; "
            f"choose a --zoo-learning-rate below {config.learning_rate:g}"
        )


def _history(logs: Mapping[str, Sequence[float]], config: TrainingConfig) -> History:
    """Returns Keras's log with validations put at the epochs they belong to."""
    epochs = len(logs["loss"])

    def spread(name: str) -> tuple[float | None, ...]:
        values = iter(logs.get(name, ()))
        validated = [(epoch + 1) % config.validation_every == 0 for epoch in range(epochs)]
        return tuple(float(next(values)) if done else None for done in validated)

    return History(
        loss=tuple(map(float, logs["loss"])),
        accuracy=tuple(map(float, logs["accuracy"])),
        validation_loss=spread("val_loss"),
        validation_accuracy=spread("val_accuracy"),
        learning_rate=tuple(map(float, logs["learning_rate"])),
    )
