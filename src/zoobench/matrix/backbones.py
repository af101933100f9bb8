"""Which networks can be a backbone, and what does each need around it?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from zoobench.errors import UsageError
from zoobench.matrix.registry import Package, Table, is_reference

Preprocessing = Literal["minus_one_to_one", "caffe", "imagenet_standard", "included"]
"""How raw 0..255 pixels become the backbone's input; `included` where its graph does it itself."""

_STORAGE = "https://storage.googleapis.com/tensorflow/keras-applications/"
_MOBILENET_SIZES = (128, 160, 192, 224)
_MOBILENET_V2_SIZES = (96, 128, 160, 192, 224)
_OUTSIDE_OF_IDS = re.compile(r"[^A-Za-z0-9_.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """A `keras.applications` network without its top, what a package adds, or a user's own Keras model.

    Attributes:
        name: The word for it in options, ids and files.
        builder: Name of the function in `keras.applications`, or `module:function` that is called likewise and
            belongs to what a package adds; '' for a model of one's own.
        preprocessing: What stands between the pixels and the network.
        default_size: Side of the image in pixels that the published weights were trained at.
        alpha: Width multiplier, where the builder takes one.
        weights_file: Name of the file that `keras.applications` fetches; `{size}` is the image size; '' where no
            weights are published.
        weights_folder: Where it fetches that file from.
        weights_remote: What the file is called there, where that differs.
        weights_sizes: Image sizes for which there is such a file; for others the one for 224 is used.
        path: The user's own model file.
        libraries: Packages of a registry with whose versions the network may change, besides Keras, TensorFlow and the
            package that adds it.
        package: What adds it to the table; None for our own.
    """

    name: str
    builder: str = ""
    preprocessing: Preprocessing = "included"
    default_size: int = 224
    alpha: float | None = None
    weights_file: str = ""
    weights_folder: str = ""
    weights_remote: str = ""
    weights_sizes: tuple[int, ...] = (224,)
    path: Path | None = None
    libraries: tuple[str, ...] = ()
    package: Package | None = None

    def weights_name(self, image_size: int) -> str:
        """Returns the name of the ImageNet weights file that Keras uses at an image size."""
        return self.weights_file.format(size=image_size if image_size in self.weights_sizes else 224)

    def weights_url(self, image_size: int) -> str:
        """Returns where Keras fetches the ImageNet weights file from."""
        return self.weights_folder + (self.weights_remote or self.weights_name(image_size))

    def added(self, package: Package) -> "Backbone":
        """Returns it as what a package adds.

        Raises:
            ValueError: If it breaks a rule for what is added.
        """
        if not is_reference(self.builder) or self.path is not None:
            raise ValueError(f"builder is {self.builder!r}; expected 'module:function' that builds it, and no path")
        if self.preprocessing not in get_args(Preprocessing):
            allowed = ", ".join(get_args(Preprocessing))
            raise ValueError(f"preprocessing is {self.preprocessing!r}; allowed is one of {allowed}")
        if bool(self.weights_file) != self.weights_folder.startswith("https://"):
            raise ValueError(
                f"weights_file is {self.weights_file!r} and weights_folder {self.weights_folder!r}; expected a file "
                "name and the https:// address of its folder that ends in '/', or neither"
            )
        return replace(self, package=package)


def _mobilenet(name: str, alpha: float, alpha_text: str) -> Backbone:
    return Backbone(
        name=name,
        builder="MobileNet",
        preprocessing="minus_one_to_one",
        alpha=alpha,
        weights_file=f"mobilenet_{alpha_text}_{{size}}_tf_no_top.h5",
        weights_folder=_STORAGE + "mobilenet/",
        weights_sizes=_MOBILENET_SIZES,
    )


def _published(  # one line a network below
    name: str, builder: str, preprocessing: Preprocessing, default_size: int, folder: str, file: str
) -> Backbone:
    return Backbone(
        name=name,
        builder=builder,
        preprocessing=preprocessing,
        default_size=default_size,
        weights_file=file,
        weights_folder=folder if folder.startswith("https:") else f"{_STORAGE}{folder}/",
    )


_KERNELS = "weights_tf_dim_ordering_tf_kernels_notop.h5"

BACKBONES = {
    backbone.name: backbone
    for backbone in (
        _mobilenet("mobilenet", 1.0, "1_0"),
        _mobilenet("mobilenet_075", 0.75, "7_5"),
        _mobilenet("mobilenet_050", 0.50, "5_0"),
        _mobilenet("mobilenet_025", 0.25, "2_5"),
        Backbone(
            name="mobilenet_v2",
            builder="MobileNetV2",
            preprocessing="minus_one_to_one",
            alpha=1.0,
            weights_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{size}_no_top.h5",
            weights_folder=_STORAGE + "mobilenet_v2/",
            weights_sizes=_MOBILENET_V2_SIZES,
        ),
        _published(
            "mobilenet_v3_small",
            "MobileNetV3Small",
            "included",
            224,
            "mobilenet_v3",
            "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
        ),
        _published(
            "mobilenet_v3_large",
            "MobileNetV3Large",
            "included",
            224,
            "mobilenet_v3",
            "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
        ),
        _published("inception_v3", "InceptionV3", "minus_one_to_one", 299, "inception_v3", f"inception_v3_{_KERNELS}"),
        _published(
            "inception_resnet_v2",
            "InceptionResNetV2",
            "minus_one_to_one",
            299,
            "inception_resnet_v2",
            f"inception_resnet_v2_{_KERNELS}",
        ),
        _published("xception", "Xception", "minus_one_to_one", 299, "xception", f"xception_{_KERNELS}"),
        _published("resnet50", "ResNet50", "caffe", 224, "resnet", f"resnet50_{_KERNELS}"),
        _published("resnet50_v2", "ResNet50V2", "minus_one_to_one", 224, "resnet", f"resnet50v2_{_KERNELS}"),
        _published("densenet121", "DenseNet121", "imagenet_standard", 224, "densenet", f"densenet121_{_KERNELS}"),
        Backbone(
            name="nasnet_mobile",
            builder="NASNetMobile",
            preprocessing="minus_one_to_one",
            weights_file="nasnet_mobile_no_top.h5",
            weights_folder=_STORAGE + "nasnet/",
            weights_remote="NASNet-mobile-no-top.h5",
        ),
        _published(
            "efficientnet_b0",
            "EfficientNetB0",
            "included",
            224,
            "https://storage.googleapis.com/keras-applications/",
            "efficientnetb0_notop.h5",
        ),
        _published(
            "efficientnet_v2_b0", "EfficientNetV2B0", "included", 224, "efficientnet_v2", "efficientnetv2-b0_notop.h5"
        ),
        _published("convnext_tiny", "ConvNeXtTiny", "included", 224, "convnext", "convnext_tiny_notop.h5"),
    )
}
TABLE = Table(what="backbone", kind=Backbone, own=BACKBONES)
"""With what packages add."""


def find_backbones(names: Sequence[str]) -> tuple[Backbone, ...]:
    """Returns the backbones of these names; a name that ends in `.keras` is a model file of one's own.

    Raises:
        UsageError: If a name is neither known nor a file, is given to two, two of them come out the same, or the
            package that adds one is broken.
    """
    TABLE.check(names)
    found = tuple(_find_backbone(name) for name in names)
    seen = [backbone.name for backbone in found]
    twice = sorted({name for name in seen if seen.count(name) > 1})
    if twice:
        raise UsageError(f"two backbones are called {', '.join(twice)}; name each once, rename the file of your own")
    return found


def _find_backbone(name: str) -> Backbone:
    if name in TABLE.names():
        return TABLE.find(name)
    path = Path(name)
    if path.suffix != ".keras":
        known = ", ".join(TABLE.names())
        raise UsageError(f"unknown backbone: {name}; known are {known}, or give the path of a model file NAME.keras")
    if not path.is_file():
        raise UsageError(f"no model file at {path}; expected a file written by Keras 3's model.save('NAME.keras')")
    return Backbone(name=_OUTSIDE_OF_IDS.sub("_", path.stem), path=path)
