"""What can be asked for? One table for `pytest bench/` and `zoobench build`."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from zoobench.errors import UsageError
from zoobench.system.processes import as_program

PREFIX = "--zoo-"
_BENCH = "zoobench.bench"
"""The folder `bench/` of a checkout, as it is installed."""


@dataclass(frozen=True, slots=True)
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


_BUILDING = (
    # name, metavar, default, help
    (
        "data",
        "PATH",
        "",
        "Folder of images, one folder per class, perhaps in train/, val/ and test/; or a .csv, .tsv or .parquet with "
        "the columns path, label and perhaps split; without it, drawn animals.",
    ),
    ("drawn", "N", "300", "How many animals are drawn where there is no --zoo-data."),
    (
        "split",
        "A/B/C",
        "70/15/15",
        "Shares of training, validation and test; 0/0/100 tests a finished classifier on all images.",
    ),
    ("seed", "N", "0", "Seed of split, drawing, random weights, training and calibration."),
    (
        "classes",
        "NAMES",
        "",
        "The classes in the order of a finished classifier's outputs: a labels file, one a line, or comma-separated. "
        "It may name more than there are folders. Default: alphabetical, or counted where all are numbers.",
    ),
    (
        "resize",
        "HOW",
        "stretch",
        "How images get a model's shape: stretch, crop (the middle) or pad (with black), as Keras does each.",
    ),
    ("exif", "WHAT", "ignore", "The EXIF orientation of photos: ignore, as Keras does, or apply to turn them upright."),
    ("skip-bad-images", "", "", "Leave out images that cannot be used instead of stopping."),
    (
        "backbones",
        "NAMES",
        "mobilenet,inception_resnet_v2",
        "Backbones, comma-separated; `zoobench backbones` lists them; or models of your own: .keras, .h5, .tflite, "
        ".onnx, a SavedModel folder.",
    ),
    (
        "custom-objects",
        "MODULES",
        "",
        "Modules that have the layers and functions of Keras models of your own, such as package.module; imported.",
    ),
    (
        "variants",
        "NAMES",
        "keras,float32,dynamic_range,float_fallback,integer_only",
        "Quantization variants, comma-separated.",
    ),
    (
        "runtimes",
        "NAMES",
        "litert,keras",
        "Runtimes, comma-separated: litert, litert_compiled, openvino, onnxruntime, keras, keras_graph, or all.",
    ),
    (
        "model",
        "X=WHAT",
        "",
        "What a model of your own is: X=classifier, X=classifier:logits (or :probabilities, :sigmoid), X=backbone.",
    ),
    (
        "pixels",
        "RANGE",
        "",
        "What models of your own take: 0..255, 0..1, imagenet-caffe, imagenet-torch or -1..1 (after =, as "
        "--zoo-pixels=-1..1); X=RANGE for one of them.",
    ),
    (
        "signature",
        "NAME",
        "",
        "Which signature of a TFLite file or SavedModel of your own is run, where it has several.",
    ),
    ("threads", "NS", "1", "Threads of one invocation, comma-separated numbers."),
    (
        "image-size",
        "NS",
        "224",
        "Sides of the images in pixels, comma-separated; `native` is each backbone's own. Each size has its cells.",
    ),
    (
        "weights",
        "WHAT",
        "auto",
        "imagenet, random, auto (imagenet if it can be had, else random), a folder, a file, or backbone=FILE,...",
    ),
    ("quantizer", "NAME", "auto", "tensorflow, ai_edge, or auto for the better one of each variant."),
    ("calibration", "N", "100", "Training images that activations are calibrated on."),
    ("calibration-data", "PATH", "", "Folder or list of images to calibrate on instead of training images; no labels."),
    ("epochs", "N", "40", "The most epochs of head training."),
    ("validation-every", "N", "3", "Epochs from one validation to the next."),
    ("early-stopping-from", "N", "3", "Epoch from which early stopping counts."),
    ("patience", "N", "2", "Validations without a better loss before training stops."),
    ("learning-rate", "X", "0.001", "Learning rate of the first epoch."),
    ("decay", "X", "0.15", "The learning rate is multiplied by exp(-X) each further epoch."),
    ("batch-size", "N", "32", "Samples in a training step."),
    ("dropout", "X", "0", "Share of inputs dropped before each dense layer in training."),
    ("head-layers", "NS", "", "Units of hidden dense layers, comma-separated. Default: none."),
    ("artifacts", "DIR", "artifacts", "Where data sets, models and results are kept."),
)
"""What decides what is made, and where that is kept."""
_MEASURING = (
    ("rounds", "N", "auto", "Timed rounds of a cell; auto takes what fits in 10 s, 64 to 200 (at least 24 for Keras)."),
    (
        "workers",
        "N",
        "cores",
        "Sessions that share the test samples for accuracy; 1 goes sample by sample and times each.",
    ),
    (
        "processes",
        "N",
        "auto",
        "Fresh processes of a cell that tell its memory and start-up; auto starts 6 (3 for TensorFlow).",
    ),
    ("machine", "NAME", "", "Name of this machine in artifacts/results. Default: made of device or CPU and cores."),
    ("kit", "FILE", "", "Measure the cells of a kit that `zoobench kit export` wrote, without building anything."),
    ("kit-limit", "MB", "2000", "Most megabytes of a kit when it is unpacked."),
    ("gate", "NAME", "", "Judge the run against a baseline: a name that `zoobench baseline list` shows, or a file."),
    ("gate-cells", "PATTERNS", "", "Judge only cells whose ids fit one of these, such as *-litert-*, comma-separated."),
    ("gate-rename", "OLD=NEW", "", "Judge the baseline's backbone (or cell) OLD against NEW, comma-separated."),
    (
        "gate-seconds",
        "N",
        "",
        "Most seconds that the gate replays; else what pyproject.toml says, else 110 for up to five cells.",
    ),
    (
        "gate-tolerances",
        "LIST",
        "",
        "METRIC=VALUE or PATTERN:METRIC=VALUE, comma-separated, over those of pyproject.toml.",
    ),
    ("gate-baseline-models", "DIR", "", "Where the gate looks for the baseline's model files besides the store."),
    ("gate-baseline-python", "PATH", "", "Python of another environment in which the gate replays the baseline."),
)
"""What concerns measuring alone."""
OPTIONS = (*(Option(*row) for row in _BUILDING), *(Option(*row, measuring=True) for row in _MEASURING))
_OF_THIS_MACHINE = ("artifacts", "custom-objects")
DECIDING = {
    option.name: option.default for option in OPTIONS if not option.measuring and option.name not in _OF_THIS_MACHINE
}
"""Defaults of what decides what is made, by name: a file that says more of its run is not believed.

Folders and modules are named by whoever runs, never by a file.
"""


def refuse_empty(name: str, text: str) -> None:
    """Refuses an option that was given nothing, as by a variable of CI that is not set: nothing is not its default.

    Raises:
        UsageError: If the text is empty, or only blanks and commas.
    """
    if not text.strip(" \t\r\n,"):
        raise UsageError(f"{name}: received nothing ({text!r}); give it a value, or leave it out")


def defaults() -> Mapping[str, str]:
    """Returns every option's default text by name."""
    return {option.name: option.default for option in OPTIONS}


def chosen(given: Mapping[str, str]) -> dict[str, str]:
    """Returns the texts that are no defaults and decide what is made: whoever has them can make the same again."""
    return {name: given[name] for name, default in DECIDING.items() if given.get(name, default) != default}


def bench_folder() -> Path:
    """Returns the folder of the benchmarks, which are a part of the package: no checkout is needed to run them.

    Raises:
        UsageError: If the package lacks them.
    """
    spec = find_spec(_BENCH)
    if spec is None or spec.origin is None:
        raise UsageError(f"this zoobench has no {_BENCH}; install it again")
    return Path(spec.origin).parent


def become_pytest(*arguments: str) -> None:
    """Has pytest take this process's place, and with it Ctrl-C and the status.

    The working folder has results and options of zoobench; nothing else of it is configuration, and no code.
    """
    ours = ("-c", os.devnull, f"--rootdir={Path.cwd()}", f"--confcutdir={bench_folder()}", "--import-mode=importlib")
    command = [sys.executable, *as_program("pytest"), *ours, *arguments]
    os.execv(command[0], command)
