"""What can be chosen of training and conversion, and what determines each thing that is made on the way?"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from zoobench.data.split import stratified
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.backbones import Backbone
from zoobench.matrix.interface import ImageSize, Interface, RequestedInterface
from zoobench.matrix.variants import Quantizer, Variant
from zoobench.store.product import Product, Stored
from zoobench.system.files import sha256_of_json

if TYPE_CHECKING:
    from zoobench.build.weights import Weights
    from zoobench.data.dataset import Dataset  # needs Pillow, which a device lacks; it plans all the same

RECIPE = 4
"""Raised whenever the code in this package would make other files from the same inputs."""
_EXAMINATION = 3
"""Raised whenever the same model and images may be taken as something else."""
_EXAMINED_IMAGES = 60
_EXAMINED_OF_A_CLASS = 4
_SAME_FILES = {("litert-quantizer", "0.11.0"): ("ai-edge-quantizer", "0.10.0")}
"""By name and version of a library, those of an earlier one that made the same files, byte by byte: keys name the
earlier one, so that what it made stays valid. AI Edge Quantizer goes by `litert-quantizer` since 0.11."""
COMPARED_IMAGES = 32
"""Calibration images on which a variant's answers are held against Keras's, where there are as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How the dense head is trained on the frozen backbone's features.

    Attributes:
        epochs: The most passes over the training split.
        validation_every: Epochs from one validation to the next.
        early_stopping_from: Epoch from which early stopping counts (`EarlyStopping.start_from_epoch`).
        patience: Validations without a better loss before training stops and the best weights are restored.
        learning_rate: Of the first epoch.
        decay: The learning rate is multiplied by exp(-decay) each epoch after the first.
        dropout: Share of inputs dropped before each dense layer.
        head_layers: Units of each hidden dense layer (ReLU) before the softmax.
        seed: Of the initial weights, the order of samples and dropout.
    """

    epochs: int = 40
    validation_every: int = 3
    early_stopping_from: int = 3
    patience: int = 2
    learning_rate: float = 1e-3
    decay: float = 0.15
    batch_size: int = 32
    dropout: float = 0.0
    head_layers: tuple[int, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "validation_every", "patience", "batch_size"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "a whole number of at least 1")
        _require(self.early_stopping_from >= 0, "early_stopping_from", self.early_stopping_from, "0 or more")
        _require(0 < self.learning_rate < math.inf, "learning_rate", self.learning_rate, "a number above 0")
        _require(0 <= self.decay < math.inf, "decay", self.decay, "0 or more")
        _require(0 <= self.dropout < 1, "dropout", self.dropout, "at least 0 and below 1")
        _require(all(units >= 1 for units in self.head_layers), "head_layers", self.head_layers, "units of 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionConfig:
    """How variants are quantized.

    Attributes:
        quantizer: `tensorflow` or `ai_edge` for all variants; None takes each variant's own default, and another one
            where that does not keep the variant's spec.
        calibration_images: Training images that activations are calibrated on.
    """

    quantizer: Quantizer | None = None
    calibration_images: int = 100

    def __post_init__(self) -> None:
        _require(self.calibration_images >= 1, "calibration", self.calibration_images, "a whole number of at least 1")

    def quantizer_of(self, variant: Variant) -> Quantizer | None:
        """Returns which quantizer makes a variant, or is tried first; None where none does, or a package's maker."""
        return (self.quantizer or variant.quantizers[0]) if variant.quantizers else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """Everything needed to make the variants of one backbone on one data set.

    Attributes:
        root: The store's folder.
        interface: What a model of one's own is taken as; None for other networks.
        custom_objects: A hash of the source of each module that the user named for models of their own.
    """

    backbone: Backbone
    weights: "Weights"
    image_size: ImageSize
    dataset: "Dataset"
    training: TrainingConfig
    conversion: ConversionConfig
    root: Path
    interface: Interface | None = None
    custom_objects: Mapping[str, str] = field(default_factory=dict)


def alternatives(request: BuildRequest, variant: Variant) -> tuple[BuildRequest, ...]:
    """Returns the request for each quantizer that may make a variant, in the order in which they are tried.

    Of a TFLite file TensorFlow's makes those variants alone that it calibrates: of others it starts from Keras.

    What the first one makes is the same product as what the request itself names.
    """
    conversion = request.conversion
    if conversion.quantizer or not variant.quantizers:
        return (request,)
    able = [one for one in variant.quantizers if one == "ai_edge" or variant.calibrated or request.backbone.is_keras]
    return tuple(replace(request, conversion=replace(conversion, quantizer=one)) for one in able)


def examination(request: BuildRequest, requested: RequestedInterface) -> Product:
    """What a model of one's own is taken as, from its answers to some labelled images."""
    dataset = request.dataset
    samples = [(dataset.samples[row].sha256, dataset.samples[row].label) for row in examined_rows(dataset)]
    inputs = {
        "examination": _EXAMINATION,
        "backbone": request.backbone.name,
        "weights_sha256": request.weights.sha256,
        "requested": asdict(requested),
        "classes": list(dataset.classes),
        "images": samples,
        "tensorflow": version("tensorflow"),
        "keras": version("keras"),
    }
    inputs |= _of_custom_objects(request) | ({"are_named": True} if dataset.are_named else {})
    return _product(request, "examination", "interface.json", _of_decoder(request) | inputs)


def read_examination(stored: Stored) -> Interface:
    """Returns what was found in an examination."""
    return msgspec.json.decode(stored.path.read_bytes(), type=Interface)


def examined_rows(dataset: "Dataset") -> list[int]:
    """Returns positions of images that a model of one's own is asked about: the classes evenly, no content twice.

    They are not of the test split, unless there are no others. Of many classes some are left out, so that there are
    several images of each of the others.
    """
    rows = [row for row, sample in enumerate(dataset.samples) if sample.split != "test"] or range(len(dataset.samples))
    some = {dataset.samples[row].label for row in rows}
    if len(some) > _EXAMINED_IMAGES:
        places = np.linspace(0, len(some) - 1, _EXAMINED_IMAGES).astype(int)
        some = {sorted(some)[place] for place in places}
    known = {dataset.samples[row].sha256: row for row in rows if dataset.samples[row].label in some}
    contents = [(dataset.samples[row].label, sha256) for sha256, row in known.items()]
    most = max(_EXAMINED_IMAGES, _EXAMINED_OF_A_CLASS * len(some))
    return [known[sha256] for sha256 in stratified(contents, seed=0)[:most]]


def features_model(request: BuildRequest) -> Product:
    """The float32 file from pixels to pooled features: shared by all data sets and heads."""
    return _product(request, "features-model", "features.tflite", _of_backbone(request))


def features(request: BuildRequest) -> Product:
    """The features of every sample of the data set."""
    return _product(request, "features", "features.npy", _of_backbone(request) | _of_images(request))


def head(request: BuildRequest) -> Product:
    """The trained dense layers."""
    return _product(request, "head", "head.keras", _of_head(request))


def variant_model(request: BuildRequest, variant: Variant) -> Product:
    """The file of one variant."""
    return _product(request, variant.name, f"model{variant.suffix}", _of_head(request) | _of_variant(request, variant))


def refusal(request: BuildRequest, variant: Variant) -> Product:
    """Why a variant could not be made; it stands in the variant's place until something that determines it changes."""
    inputs = _of_head(request) | _of_variant(request, variant)
    return _product(request, f"{variant.name}-refused", "refusal.json", inputs)


def calibration(request: BuildRequest) -> Product:
    """The images that are calibrated and compared on: shared by all backbones of an image size."""
    inputs = _of_images(request) | _of_calibration(request)
    return Product(name=f"images-{request.image_size}-calibration", file_name="images.npy", inputs=inputs)


def reference(request: BuildRequest) -> Product:
    """The Keras classifier's answers to the first of these."""
    return _product(request, "reference", "probabilities.npy", _of_head(request) | _of_comparison(request))


def _require(holds: bool, name: str, received: object, allowed: str) -> None:
    if not holds:
        raise UsageError(f"--zoo-{name.replace('_', '-')}: received {received}; allowed is {allowed}")


def _product(request: BuildRequest, kind: str, file_name: str, inputs: dict[str, Any]) -> Product:
    return Product(name=f"{request.backbone.name}-{request.image_size}-{kind}", file_name=file_name, inputs=inputs)


def _of_backbone(request: BuildRequest) -> dict[str, Any]:
    seed = {"seed": request.training.seed} if request.weights.identity == "random" else {}
    return seed | {
        "recipe": RECIPE,
        "backbone": request.backbone.name,
        "weights": request.weights.identity,
        "weights_sha256": request.weights.sha256,
        "image_size": request.image_size,
        "tensorflow": version("tensorflow"),
        "keras": version("keras"),
        **_added_by("added_by", request.backbone, request.backbone.builder),
        **_of_interface(request.interface),
        **_of_custom_objects(request),
    }


def _of_custom_objects(request: BuildRequest) -> dict[str, Any]:
    is_read = request.custom_objects and request.backbone.path
    return {"custom_objects": dict(request.custom_objects)} if is_read else {}


def _of_interface(interface: Interface | None) -> dict[str, Any]:
    """What a model of one's own is taken as and is fed."""
    if interface is None:
        return {}
    return {"interface": interface.identity}


def _of_head(request: BuildRequest) -> dict[str, Any]:
    training = asdict(request.training) | {"head_layers": list(request.training.head_layers)}
    return _of_backbone(request) | _of_images(request) | {"training": training}


def _of_images(request: BuildRequest) -> dict[str, Any]:
    """What the features of a data set depend on.

    Among it the order of samples, which the data set's own hash leaves open, and what decodes and runs them.
    """
    samples = [(sample.sha256, sample.label, sample.split) for sample in request.dataset.samples]
    return _of_decoder(request) | {
        "dataset": request.dataset.sha256,
        "classes": list(request.dataset.classes),
        "samples_in_order": sha256_of_json(samples),
    }


def _of_decoder(request: BuildRequest) -> dict[str, Any]:
    """What decodes images and runs files on them."""
    from zoobench.data.images import DECODER_VERSION  # needs Pillow

    return {
        "decoder": DECODER_VERSION,
        "pillow": version("pillow"),
        "ai-edge-litert": version("ai-edge-litert"),
        "image_size": request.image_size,
        **request.dataset.preparation,
    }


def _of_variant(request: BuildRequest, variant: Variant) -> dict[str, Any]:
    quantizer = request.conversion.quantizer_of(variant)
    inputs: dict[str, Any] = {"variant": variant.name, "io": variant.io, "quantizer": quantizer}
    if quantizer == "ai_edge":
        library = "litert-quantizer", version("litert-quantizer")
        name, number = _SAME_FILES.get(library, library)
        inputs[name] = number
    inputs |= _added_by("variant_added_by", variant, variant.maker)
    if variant.suffix == ".tflite":
        inputs |= _of_comparison(request)
    if variant.calibrated:
        inputs |= _of_calibration(request)
    return inputs


def _added_by(key: str, row: Backbone | Variant, function: str) -> dict[str, Any]:
    """Which package adds a row, what of it is called and what it stands on; nothing for our own."""
    if row.package is None:
        return {}
    try:
        libraries = {library: version(library) for library in row.libraries}
    except PackageNotFoundError as error:
        needed = f"needs {error.name}, which is not installed: pip install '{error.name}'"
        raise ModelError(f"{row.package} {needed}") from error
    added = {"package": row.package.name, "version": row.package.version, "function": function, "libraries": libraries}
    return {key: added}


def _of_comparison(request: BuildRequest) -> dict[str, Any]:
    """The images that answers are compared on: fewer calibration images are the beginning of more."""
    compared = min(request.conversion.calibration_images, COMPARED_IMAGES)
    return {"compared_images": compared, "seed": request.training.seed, **_of_calibration_data(request)}


def _of_calibration(request: BuildRequest) -> dict[str, Any]:
    calibration_images = request.conversion.calibration_images
    return {
        "calibration_images": calibration_images,
        "seed": request.training.seed,
        **_of_calibration_data(request),
    }


def _of_calibration_data(request: BuildRequest) -> dict[str, Any]:
    data = request.dataset.calibration
    return {"calibration_data": data.sha256} if data else {}
