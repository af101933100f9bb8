"""What can be asked for? One table for `pytest bench/` and `zoobench build`."""

from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "--zoo-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option, taken as text and read by `plan.py`.

    Attributes:
        name: Without the prefix.
        metavar: What stands for the value in help; '' for a flag.
        default: The text that holds where the option is not given.
        help: One sentence; the default is appended.
        measuring: Whether it concerns measuring alone, so that `zoobench build` does without it.
    """

    name: str
    metavar: str
    default: str
    help: str
    measuring: bool = False

    @property
    def flag(self) -> str:
        """As it stands on the command line."""
        return PREFIX + self.name

    @property
    def full_help(self) -> str:
        """The help with the default."""
        return f"{self.help} Default: {self.default}." if self.default else self.help


OPTIONS = (
    Option(
        name="data",
        metavar="DIR",
        default="",
        help="Folder of images, one folder per class; without it, drawn animals.",
    ),
    Option(name="drawn", metavar="N", default="300", help="How many animals are drawn where there is no --zoo-data."),
    Option(name="split", metavar="A/B/C", default="70/15/15", help="Shares of training, validation and test."),
    Option(
        name="seed", metavar="N", default="0", help="Seed of split, drawing, random weights, training and calibration."
    ),
    Option(
        name="skip-bad-images", metavar="", default="", help="Leave out images that cannot be used instead of stopping."
    ),
    Option(
        name="backbones",
        metavar="NAMES",
        default="mobilenet,inception_resnet_v2",
        help="Backbones, comma-separated; `zoobench backbones` lists them; or paths of NAME.keras files of your own.",
    ),
    Option(
        name="variants",
        metavar="NAMES",
        default="keras,float32,dynamic_range,float_fallback,integer_only",
        help="Quantization variants, comma-separated.",
    ),
    Option(
        name="runtimes",
        metavar="NAMES",
        default="litert,keras",
        help="Runtimes, comma-separated: litert, litert_compiled, openvino, onnxruntime, keras, keras_graph, or all.",
    ),
    Option(name="threads", metavar="NS", default="1", help="Threads of one invocation, comma-separated numbers."),
    Option(
        name="image-size",
        metavar="N",
        default="224",
        help="Side of the images in pixels, or `native` for each backbone's own.",
    ),
    Option(
        name="weights",
        metavar="WHAT",
        default="auto",
        help="imagenet, random, auto (imagenet if it can be had, else random), a folder, a file, or backbone=FILE,...",
    ),
    Option(
        name="quantizer",
        metavar="NAME",
        default="auto",
        help="tensorflow, ai_edge, or auto for the better one of each variant.",
    ),
    Option(name="calibration", metavar="N", default="100", help="Training images that activations are calibrated on."),
    Option(name="epochs", metavar="N", default="40", help="The most epochs of head training."),
    Option(name="validation-every", metavar="N", default="3", help="Epochs from one validation to the next."),
    Option(name="early-stopping-from", metavar="N", default="3", help="Epoch from which early stopping counts."),
    Option(name="patience", metavar="N", default="2", help="Validations without a better loss before training stops."),
    Option(name="learning-rate", metavar="X", default="0.001", help="Learning rate of the first epoch."),
    Option(
        name="decay", metavar="X", default="0.15", help="The learning rate is multiplied by exp(-X) each further epoch."
    ),
    Option(name="batch-size", metavar="N", default="32", help="Samples in a training step."),
    Option(
        name="dropout", metavar="X", default="0", help="Share of inputs dropped before each dense layer in training."
    ),
    Option(
        name="head-layers",
        metavar="NS",
        default="",
        help="Units of hidden dense layers, comma-separated. Default: none.",
    ),
    Option(
        name="rounds",
        metavar="N",
        default="auto",
        help="Timed rounds of a cell; auto takes what fits in 10 s, 64 to 200 (at least 24 for Keras).",
        measuring=True,
    ),
    Option(
        name="workers",
        metavar="N",
        default="cores",
        help="Sessions that share the test samples for accuracy; 1 goes sample by sample and times each.",
        measuring=True,
    ),
    Option(
        name="processes",
        metavar="N",
        default="auto",
        help="Fresh processes of a cell that tell its memory and start-up; auto starts 6 (3 for TensorFlow).",
        measuring=True,
    ),
    Option(name="artifacts", metavar="DIR", default="artifacts", help="Where data sets, models and results are kept."),
    Option(
        name="machine",
        metavar="NAME",
        default="",
        help="Name of this machine in artifacts/results. Default: made of device or CPU and cores.",
        measuring=True,
    ),
    Option(
        name="kit",
        metavar="FILE",
        default="",
        help="Measure the cells of a kit that `zoobench kit export` wrote, without building anything.",
        measuring=True,
    ),
    Option(
        name="kit-limit",
        metavar="MB",
        default="2000",
        help="Most megabytes of a kit when it is unpacked.",
        measuring=True,
    ),
    Option(
        name="gate",
        metavar="NAME",
        default="",
        help="Judge the run against a baseline: a name that `zoobench baseline list` shows, or a file.",
        measuring=True,
    ),
    Option(
        name="gate-cells",
        metavar="PATTERNS",
        default="",
        help="Judge only cells whose ids fit one of these, such as *-litert-*, comma-separated.",
        measuring=True,
    ),
    Option(
        name="gate-seconds",
        metavar="N",
        default="",
        help="Most seconds that the gate replays; else what pyproject.toml says, else 110 for up to five cells.",
        measuring=True,
    ),
    Option(
        name="gate-tolerances",
        metavar="LIST",
        default="",
        help="METRIC=VALUE or PATTERN:METRIC=VALUE, comma-separated, over those of pyproject.toml.",
        measuring=True,
    ),
    Option(
        name="gate-baseline-models",
        metavar="DIR",
        default="",
        help="Where the gate looks for the baseline's model files besides the store.",
        measuring=True,
    ),
    Option(
        name="gate-baseline-python",
        metavar="PATH",
        default="",
        help="Python of another environment in which the gate replays the baseline.",
        measuring=True,
    ),
)


def defaults() -> Mapping[str, str]:
    """Returns every option's default text by name."""
    return {option.name: option.default for option in OPTIONS}


def chosen(given: Mapping[str, str]) -> dict[str, str]:
    """Returns the texts that are no defaults and decide what is made: whoever has them can make the same again."""
    unasked = {"artifacts"} | {option.name for option in OPTIONS if option.measuring}
    standard = {option.name: option.default for option in OPTIONS if option.name not in unasked}
    return {name: given[name] for name, default in standard.items() if given.get(name, default) != default}
