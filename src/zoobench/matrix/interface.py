"""What is a model of one's own taken as, what does it take for pixels, and what are its outputs?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast, get_args

from zoobench.errors import UsageError, did_you_mean

ImageSize = int | str
"""Side of square images in pixels; of others, which only a model of one's own takes, height and width: `96x160`."""
TakenAs = Literal["classifier", "backbone"]
"""Whether a model's outputs are the classes of the data, or features that a head is trained on."""
PixelRange = Literal["0..255", "0..1", "-1..1", "imagenet-caffe", "imagenet-torch"]
"""What a model takes for the pixels of an RGB image.

    0..255          as they are
    0..1            divided by 255
    -1..1           divided by 127.5, less 1
    imagenet-caffe  BGR, less the mean of ImageNet's channels; as `keras.applications.imagenet_utils`, mode "caffe"
    imagenet-torch  divided by 255, less the mean of ImageNet's channels, by their deviation; mode "torch" there
"""
MEAN_BGR = (103.939, 116.779, 123.68)
"""Of ImageNet's pixels 0 to 255, as `keras.applications.imagenet_utils` takes them off, mode "caffe"."""

MEAN_RGB = (0.485, 0.456, 0.406)
"""The same of pixels 0 to 1, mode "torch", with `DEVIATION_RGB`."""

DEVIATION_RGB = (0.229, 0.224, 0.225)
PIXEL_EXTENTS: Mapping[PixelRange, tuple[float, float]] = {
    "0..255": (0.0, 255.0),
    "0..1": (0.0, 1.0),
    "-1..1": (-1.0, 1.0),
    "imagenet-torch": (-2.118, 2.640),
    "imagenet-caffe": (-123.68, 151.061),
}
"""The lowest and the highest value that a model is fed, of all channels."""

Scores = Literal["probabilities", "logits", "sigmoid"]
"""What the outputs of a classifier are.

    probabilities  one for each class; they sum to one
    logits         one for each class, a softmax makes probabilities of them; a single one is that of the second of two
    sigmoid        one probability for each class by itself; a single one is that of the second of two
"""
Layout = Literal["NHWC", "NCHW"]
WARNING = "WARNING: "
"""How a remark begins without which a reader may take a wrong number for a right one."""
_SHOWN = 12
"""Classes whose outputs are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What a model of one's own is taken as, and what it takes and gives.

    Files hold the model as it is: what is told here is done to each sample before it, and to each answer after it,
    outside of what is timed.

    Attributes:
        order: Which output belongs to each class of the data, in the data's order; () where they are in that order.
        channels: 3 for RGB, 1 for grey.
        remarks: What was seen of the model, and what a reader must know to trust its numbers; a sentence each. One
            that begins with `WARNING` is repeated wherever its numbers decide something.
    """

    taken_as: TakenAs
    pixels: PixelRange = "0..255"
    scores: Scores = "probabilities"
    order: tuple[int, ...] = ()
    layout: Layout = "NHWC"
    channels: Literal[1, 3] = 3
    remarks: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """What it is taken as, such as `a classifier: logits, pixels 0..1`."""
        parts = {
            self.scores: self.taken_as == "classifier",
            f"pixels {self.pixels}": True,
            "grey": self.channels == 1,
            "channels first": self.layout == "NCHW",
            f"outputs {self._order} in the order of the classes": bool(self.order),
        }
        return f"a {self.taken_as}: {', '.join(part for part, is_so in parts.items() if is_so)}"

    @property
    def _order(self) -> str:
        return ", ".join(map(str, self.order[:_SHOWN])) + (" ..." if len(self.order) > _SHOWN else "")

    @property
    def warnings(self) -> tuple[str, ...]:
        """The remarks without which a reader may take a wrong number for a right one."""
        return tuple(one for one in self.remarks if one.startswith(WARNING))

    @property
    def identity(self) -> dict[str, Any]:
        """All that numbers depend on, as plain JSON: not the remarks."""
        known = asdict(self) | {"order": list(self.order)}
        del known["remarks"]
        return known

    @property
    def changes_nothing(self) -> bool:
        """Whether samples and answers need nothing done to them."""
        return replace(self, remarks=()) == Interface(taken_as=self.taken_as)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedInterface:
    """What the user says of a model of their own; None is for zoobench to find out."""

    taken_as: TakenAs | None = None
    scores: Scores | None = None
    pixels: PixelRange | None = None


NOTHING_REQUESTED = RequestedInterface()


def image_size_of(height: int, width: int) -> ImageSize:
    """Returns the one name of a size."""
    return height if height == width else f"{height}x{width}"


def height_and_width(size: ImageSize) -> tuple[int, int]:
    """Returns the sides of images in pixels.

    Raises:
        ValueError: If it is a text that `image_size_of` does not give.
    """
    if isinstance(size, int):
        return size, size
    height, width = map(int, size.split("x"))
    if image_size_of(height, width) != size:
        raise ValueError(f"{size} is no image size")
    return height, width


def parse_requested(models: str, pixels: str, *, own: Mapping[str, str]) -> Mapping[str, RequestedInterface]:
    """Reads what `--zoo-model` and `--zoo-pixels` say of each model of one's own.

    Args:
        models: `X=classifier`, `X=classifier:logits`, `X=backbone`, comma-separated.
        pixels: A range for all of them, or `X=RANGE`, comma-separated.
        own: The name of each model, by all that may stand for X.

    Raises:
        UsageError: If a text is none of these, or X is no model of one's own.
    """
    requested = dict.fromkeys(own.values(), NOTHING_REQUESTED)
    for name, wanted in _pairs("--zoo-model", models, own):
        taken_as, _, scores = wanted.partition(":")
        if scores and taken_as == "backbone":
            raise UsageError(
                f"--zoo-model: received {wanted!r}; scores are those of a classifier: X=classifier:{scores}"
            )
        requested[name] = replace(
            requested[name],
            taken_as=cast(TakenAs, _checked("--zoo-model", taken_as, get_args(TakenAs))),
            scores=cast(Scores, _checked("--zoo-model", scores, get_args(Scores))) if ":" in wanted else None,
        )
    for name, wanted in _pairs("--zoo-pixels", pixels, own, for_all=True):
        pixel_range = cast(PixelRange, _checked("--zoo-pixels", wanted, get_args(PixelRange)))
        requested[name] = replace(requested[name], pixels=pixel_range)
    return requested


def _pairs(flag: str, text: str, own: Mapping[str, str], *, for_all: bool = False) -> list[tuple[str, str]]:
    """Returns name and value of each pair; a value alone is for every model."""
    if text and not own:
        raise UsageError(f"{flag}: received {text!r}, but no backbone is a model of your own; leave it out")
    found: list[tuple[str, str]] = []
    for part in filter(None, text.split(",")):
        name, sign, wanted = part.rpartition("=")
        if not sign and for_all:
            found += [(one, wanted) for one in dict.fromkeys(own.values())]
        elif name in own:
            found.append((own[name], wanted))
        else:
            known = ", ".join(dict.fromkeys(own.values()))
            hint = did_you_mean(name, own)
            raise UsageError(f"{flag}: received {part!r}{hint}; expected MODEL=VALUE, where MODEL is one of {known}")
    return found


def _checked(flag: str, word: str, allowed: tuple[str, ...]) -> str:
    if word in allowed:
        return word
    raise UsageError(f"{flag}: received {word!r}{did_you_mean(word, allowed)}; allowed is one of {', '.join(allowed)}")
