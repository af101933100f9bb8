"""What exactly has been asked for? The options' texts, read and checked."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zoobench.build.foreign import as_tflite
from zoobench.build.recipe import ConversionConfig, TrainingConfig
from zoobench.build.weights import WeightsRequest, own_image_size, parse_request, variants_of
from zoobench.data.split import parse_shares
from zoobench.errors import ModelError, UsageError, ZoobenchError, did_you_mean
from zoobench.kit.reader import KeptKit, keep_kit
from zoobench.matrix.backbones import Backbone, find_backbones, resolve_backbone, sized_name, split_names
from zoobench.matrix.cell import TABLES, Cell, matrix
from zoobench.matrix.interface import ImageSize, RequestedInterface, parse_requested
from zoobench.matrix.runtimes import RUNTIMES, find_runtime, find_runtimes
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS, Quantizer
from zoobench.measure.custom_objects import VARIABLE, named_modules
from zoobench.measure.latency import RoundsConfig
from zoobench.run.options import OPTIONS, PREFIX, chosen, defaults
from zoobench.system.files import PLAIN_NAME
from zoobench.system.units import parse_number

# A device, which measures what a kit holds, has no Pillow.
if TYPE_CHECKING:
    from zoobench.data.dataset import DatasetConfig
    from zoobench.data.images import Resizing

_SIZE = "image-size"
_SizedBackbone = tuple[Backbone, ImageSize]
_QUANTIZERS = ("tensorflow", "ai_edge")
_BESIDE_A_KIT = ("kit", "kit-limit", "artifacts")
_HOW_OFTEN = ("rounds", "workers", "processes")
_MEGABYTE = 1_000_000
_LARGEST = 2**31 - 1  # seeds and numbers of threads are kept in 32 bits by the libraries underneath


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """What files are made from, and how.

    Attributes:
        backbones: By what cells call them.
        requested: What is said of each model of one's own.
        remarks: What they were converted by, which variants of them there are none of, and why.
    """

    backbones: Mapping[str, Backbone]
    custom_objects: tuple[str, ...] = ()
    requested: Mapping[str, RequestedInterface]
    remarks: tuple[str, ...] = ()
    data: "DatasetConfig"
    weights: WeightsRequest
    training: TrainingConfig
    conversion: ConversionConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A request that makes sense.

    Attributes:
        cells: The matrix.
        source: What the files of these cells are made from, or the kit that they came in.
        rounds: How many rounds are timed, by runtime.
        workers: Sessions that share the test samples for accuracy.
        processes: How many fresh ones tell a cell's memory and start-up; None for as many as its runtime usually takes.
        artifacts: Folder of data sets, models, kits and results.
        machine: Name of this machine, or '' to make one.
        options: Texts of the options that are not at their defaults, but for those of measuring alone.
        measuring: The same of those that decide how often something is measured.
    """

    cells: tuple[Cell, ...]
    source: Building | KeptKit
    rounds: Mapping[str, RoundsConfig]
    workers: int
    processes: int | None
    artifacts: Path
    machine: str
    options: Mapping[str, str]
    measuring: Mapping[str, str] = field(default_factory=dict)


def make_plan(given: Mapping[str, str]) -> Plan:
    """Returns the plan that options ask for; a kit is unpacked for it.

    Args:
        given: Texts by option name without the prefix; missing ones have their defaults, a flag is 'yes' or ''.

    Raises:
        UsageError: If a text makes no sense, or a kit has decided it; it names the option, what was received and what
            is allowed.
        DataError: If the kit is refused.
    """
    texts = {**defaults(), **given}
    if texts["kit"]:
        return _kit_plan(texts)
    texts, renames = _by_our_names(texts)
    sized, conversions = _sized(texts, find_backbones(_backbone_names(texts)))
    backbones = {name: backbone for name, (backbone, _) in sized.items()}
    cells, remarks = _cells(texts, sized)
    requested = parse_requested(texts["model"], texts["pixels"], own=_own(backbones.values()))
    building = Building(
        backbones=backbones,
        custom_objects=named_modules(texts["custom-objects"] or os.environ.get(VARIABLE, "")),
        requested={name: requested[one.name] for name, one in backbones.items() if one.name in requested},
        remarks=(*renames, *conversions, *remarks),
        data=_data(texts),
        weights=parse_request(texts["weights"]),
        training=_training(texts),
        conversion=_conversion(texts),
    )
    rounds = _rounds(texts, [cell.runtime for cell in cells])
    return Plan(cells=cells, source=building, rounds=rounds, options=chosen(texts), **_measuring(texts))


def _by_our_names(texts: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Returns the texts with the names that our tables have, and a remark for each word that is none of them."""
    ours, remarks = dict(texts), []
    tables = {"variants": TABLES["variant"].resolve, "runtimes": TABLES["runtime"].resolve}
    for option, resolve in {"backbones": resolve_backbone, **tables}.items():
        words = split_names(texts[option])
        names = list(map(resolve, words))
        if names != words:
            ours[option] = ",".join(dict.fromkeys(names))
        for word, name in zip(words, names, strict=True):
            if name != word:
                remarks.append(f"the {option[:-1]} {word} is taken as {name}{_described(option, name)}")
    return ours, remarks


def _described(option: str, name: str) -> str:
    if option != "variants" or name not in VARIANTS:
        return ""
    one = VARIANTS[name]
    if one.weights == "float32":
        return ""
    return f": weights {one.weights}, computed in {one.activations}, input and output {one.io}"


def _own(backbones: Iterable[Backbone]) -> dict[str, str]:
    """Returns the names of models of one's own, by name, file name and path."""
    own = [(one.name, one.origin or one.path) for one in backbones]
    return {word: name for name, path in own if path for word in (str(path), path.name, name)}


def _sized(texts: Mapping[str, str], found: Iterable[Backbone]) -> tuple[dict[str, _SizedBackbone], list[str]]:
    """Returns the backbones by what cells call them, each with its image size, and what was converted.

    Models of one's own are in a format that is measured.
    """
    own = list(found)
    if texts["signature"] and all(one.is_keras for one in own):
        raise UsageError(
            f"{PREFIX}signature: received {texts['signature']!r}, but no backbone is a TFLite file or a SavedModel of "
            "your own; leave it out"
        )
    root = Path(texts["artifacts"]) / "models"
    named: dict[str, _SizedBackbone] = {}
    remarks: dict[str, None] = {}
    sizes = [
        None if text == "native" else _whole({_SIZE: text}, _SIZE) for text in _parts(texts, _SIZE, "whole numbers")
    ]
    problems: list[ZoobenchError] = []
    for one in own:
        sized: dict[ImageSize, Backbone] = {}
        try:
            for size in sizes:
                backbone, remark = as_tflite(one, signature=texts["signature"], image_size=size, root=root)
                sized.setdefault(_image_size(size, backbone), backbone)
                remarks[remark] = None
        except (ModelError, UsageError) as error:
            problems.append(error)
        for side, backbone in sized.items():
            name = one.name if len(sized) == 1 else sized_name(one.name, side)
            if name in named:
                raise UsageError(f"two backbones are called {name}; name each once, rename the file of your own")
            named[name] = (backbone, side)
    if problems:  # of all models at once, so that there is one run for each mending and not for each model
        raise type(problems[0])(*(line for one in problems for line in one.args))
    return named, list(filter(None, remarks))


def _kit_plan(texts: Mapping[str, str]) -> Plan:
    _check_undecided(texts)
    measuring = _measuring(texts)
    _rounds(texts)  # an option that makes no sense is refused before a kit is unpacked
    limit_bytes = _whole(texts, "kit-limit") * _MEGABYTE
    kit = keep_kit(Path(texts["kit"]), artifacts=measuring["artifacts"], limit_bytes=limit_bytes)
    cells, known = tuple(one.cell for one in kit.manifest.cells), TABLES["runtime"].names()
    rounds = _rounds(texts, [cell.runtime for cell in cells if cell.runtime in known])
    return Plan(cells=cells, source=kit, rounds=rounds, options={}, **measuring)


def _check_undecided(given: Mapping[str, str]) -> None:
    decided = [
        option.flag
        for option in OPTIONS
        if option.name not in _BESIDE_A_KIT
        and (not option.measuring or option.name.startswith("gate"))
        and given[option.name] != option.default
    ]
    if decided:
        raise UsageError(
            f"received {', '.join(decided)} together with {PREFIX}kit; the kit decides what is measured on what: give "
            "them to `zoobench kit export`, and choose among the kit's cells here by pytest's -k"
        )


def _measuring(texts: Mapping[str, str]) -> dict[str, Any]:
    machine = texts["machine"]
    if machine and not PLAIN_NAME.fullmatch(machine):
        raise UsageError(
            f"{PREFIX}machine: received {machine!r}; allowed are letters, digits, '.', '_' and '-', the first no sign"
        )
    return {
        "workers": (os.cpu_count() or 1) if texts["workers"] == "cores" else _whole(texts, "workers"),
        "processes": None if texts["processes"] == "auto" else _whole(texts, "processes"),
        "artifacts": Path(texts["artifacts"]),
        "machine": machine,
        "measuring": {one: texts[one] for one in _HOW_OFTEN if texts[one] != defaults()[one]},
    }


def _data(texts: Mapping[str, str]) -> "DatasetConfig":
    from zoobench.data.dataset import DatasetConfig
    from zoobench.data.images import RESIZINGS

    return DatasetConfig(
        folder=Path(texts["data"]) if texts["data"] else None,
        drawn_images=_whole(texts, "drawn"),
        shares=parse_shares(texts["split"]),
        seed=_whole(texts, "seed", least=0),
        skip_bad_images=bool(texts["skip-bad-images"]),
        calibration=Path(texts["calibration-data"]) if texts["calibration-data"] else None,
        classes=texts["classes"],
        resizing=cast("Resizing", _one_of(texts, "resize", RESIZINGS)),
        upright=_one_of(texts, "exif", ("ignore", "apply")) == "apply",
    )


def _training(texts: Mapping[str, str]) -> TrainingConfig:
    return TrainingConfig(
        epochs=_whole(texts, "epochs"),
        validation_every=_whole(texts, "validation-every"),
        early_stopping_from=_whole(texts, "early-stopping-from", least=0),
        patience=_whole(texts, "patience"),
        learning_rate=parse_number(texts["learning-rate"], float, where=PREFIX + "learning-rate"),
        decay=parse_number(texts["decay"], float, where=PREFIX + "decay"),
        batch_size=_whole(texts, "batch-size"),
        dropout=parse_number(texts["dropout"], float, where=PREFIX + "dropout"),
        head_layers=tuple(_wholes(texts, "head-layers")) if texts["head-layers"] else (),
        seed=_whole(texts, "seed", least=0),
    )


def _conversion(texts: Mapping[str, str]) -> ConversionConfig:
    text = _one_of(texts, "quantizer", ("auto", *_QUANTIZERS))
    quantizer = None if text == "auto" else cast(Quantizer, text)
    return ConversionConfig(quantizer=quantizer, calibration_images=_whole(texts, "calibration"))


def _cells(texts: Mapping[str, str], sized: Mapping[str, _SizedBackbone]) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """Returns the matrix, and of each variant that a model of one's own cannot have why that is."""
    names = _names(texts, "variants")
    asked = [one for one in TABLES["variant"].select(names) if one in names or one != PREQUANTIZED]
    runtimes, threads = find_runtimes(_names(texts, "runtimes")), list(dict.fromkeys(_wholes(texts, "threads")))
    cells: list[Cell] = []
    remarks: dict[str, None] = {}
    for name, (backbone, side) in sized.items():
        variants, remark = variants_of(backbone, asked)
        cells += matrix(backbones=[(name, side)], variants=variants, threads=threads, runtimes=runtimes)
        remarks |= {remark: None} if remark else {}
    if not cells:
        raise UsageError(
            f"{PREFIX}runtimes: received {', '.join(runtimes)}, of which none runs {', '.join(asked)}; "
            f"keras and keras_graph run the variant keras, all others the rest{''.join(f'; {one}' for one in remarks)}"
        )
    return tuple(cells), tuple(remarks)


def _rounds(texts: Mapping[str, str], runtimes: Iterable[str] = ()) -> Mapping[str, RoundsConfig]:
    names = dict.fromkeys((*RUNTIMES, *runtimes))
    if texts["rounds"] == "auto":
        return {name: RoundsConfig(least=find_runtime(name).least_rounds) for name in names}
    fixed = _whole(texts, "rounds")
    return {name: RoundsConfig(least=fixed, most=fixed) for name in names}


def _image_size(asked: int | None, backbone: Backbone) -> ImageSize:
    own = own_image_size(backbone.path) if backbone.path else None
    return own or asked or backbone.default_size


def _backbone_names(texts: Mapping[str, str]) -> list[str]:
    _names(texts, "backbones")  # refuses a text without any
    return split_names(texts["backbones"])


def _names(texts: Mapping[str, str], name: str) -> list[str]:
    return list(dict.fromkeys(_parts(texts, name, "names")))


def _wholes(texts: Mapping[str, str], name: str) -> list[int]:
    return [_whole({name: part}, name) for part in _parts(texts, name, "whole numbers")]


def _parts(texts: Mapping[str, str], name: str, kind: str) -> list[str]:
    parts = [part.strip() for part in texts[name].split(",") if part.strip()]
    if not parts:
        raise UsageError(f"{PREFIX}{name}: received nothing; allowed are {kind} separated by commas")
    return parts


def _one_of(texts: Mapping[str, str], name: str, allowed: Sequence[str]) -> str:
    if texts[name] not in allowed:
        hint = did_you_mean(texts[name], allowed)
        raise UsageError(f"{PREFIX}{name}: received {texts[name]!r}{hint}; allowed are {', '.join(allowed)}")
    return texts[name]


def _whole(texts: Mapping[str, str], name: str, *, least: int = 1) -> int:
    return parse_number(texts[name], int, where=PREFIX + name, least=least, most=_LARGEST)
