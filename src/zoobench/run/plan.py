"""What exactly has been asked for? The options' texts, read and checked."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from zoobench.build.backbones import Backbone, find_backbones, own_image_size
from zoobench.build.config import ConversionConfig, TrainingConfig
from zoobench.build.weights import WeightsRequest, parse_request
from zoobench.data.split import parse_shares
from zoobench.errors import UsageError
from zoobench.matrix.cell import Cell, matrix
from zoobench.matrix.runtimes import RUNTIMES, find_runtime, find_runtimes
from zoobench.matrix.variants import TABLE, Quantizer
from zoobench.measure.latency import RoundsConfig
from zoobench.run.options import PREFIX, chosen, defaults
from zoobench.run.source import Source
from zoobench.system.files import PLAIN_NAME
from zoobench.system.units import parse_number

# A device, which measures what a kit holds, has no Pillow.
if TYPE_CHECKING:
    from zoobench.data.dataset import DatasetConfig

Value = TypeVar("Value", int, str)
_QUANTIZERS = ("tensorflow", "ai_edge")
_LARGEST = 2**31 - 1  # seeds and numbers of threads are kept in 32 bits by the libraries underneath


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A request that makes sense.

    Attributes:
        cells: The matrix.
        backbones: By name.
        workers: Sessions that share the test samples for accuracy.
        processes: How many fresh processes tell a cell's memory and start-up; None for as many as its runtime usually
            takes.
        rounds: How many rounds are timed, by runtime.
        artifacts: Folder of data sets, models and results.
        machine: Name of this machine, or '' to make one.
        options: Texts of the options that are not at their defaults, but for those of measuring alone.
    """

    cells: tuple[Cell, ...]
    backbones: Mapping[str, Backbone]
    data: "DatasetConfig"
    weights: WeightsRequest
    training: TrainingConfig
    conversion: ConversionConfig
    rounds: Mapping[str, RoundsConfig]
    workers: int
    processes: int | None
    artifacts: Path
    machine: str
    options: Mapping[str, str]

    def open_source(self, cells: Sequence[Cell]) -> Source:
        """Opens the data and finds the weights for these cells.

        Raises:
            DataError: If images cannot be used.
            ModelError: If weights cannot be had.
        """
        from zoobench.run.prepared import prepare
        from zoobench.run.workstation import Workstation

        return Workstation(prepare(self, cells))


def make_plan(given: Mapping[str, str]) -> Plan:
    """Returns the plan that options ask for.

    Args:
        given: Texts by option name without the prefix; missing ones have their defaults, a flag is 'yes' or ''.

    Raises:
        UsageError: If a text makes no sense; it names the option, what was received and what is allowed.
    """
    texts = {**defaults(), **given}
    backbones = find_backbones(_names(texts, "backbones"))
    sized = [(backbone.name, _image_size(texts["image-size"], backbone)) for backbone in backbones]
    cells = _cells(texts, sized)
    return Plan(
        cells=cells,
        backbones={backbone.name: backbone for backbone in backbones},
        data=_data(texts),
        weights=parse_request(texts["weights"]),
        training=_training(texts),
        conversion=ConversionConfig(
            quantizer=_quantizer(texts["quantizer"]), calibration_images=whole(texts, "calibration")
        ),
        rounds=rounds_asked(texts, [cell.runtime for cell in cells]),
        workers=workers_asked(texts),
        processes=processes_asked(texts),
        artifacts=Path(texts["artifacts"]),
        machine=machine_asked(texts["machine"]),
        options=chosen(texts),
    )


def machine_asked(text: str) -> str:
    """Returns the name of this machine that was asked for, '' if none was."""
    if text and not PLAIN_NAME.fullmatch(text):
        raise UsageError(
            f"{PREFIX}machine: received {text!r}; allowed are letters, digits, '.', '_' and '-', the first no sign"
        )
    return text


def workers_asked(texts: Mapping[str, str]) -> int:
    """Returns how many sessions share the test samples."""
    return (os.cpu_count() or 1) if texts["workers"] == "cores" else whole(texts, "workers")


def processes_asked(texts: Mapping[str, str]) -> int | None:
    """Returns how many fresh processes tell a cell's memory and start-up; None for its runtime's usual number."""
    return None if texts["processes"] == "auto" else whole(texts, "processes")


def _data(texts: Mapping[str, str]) -> "DatasetConfig":
    from zoobench.data.dataset import DatasetConfig

    return DatasetConfig(
        folder=Path(texts["data"]) if texts["data"] else None,
        drawn_images=whole(texts, "drawn"),
        shares=parse_shares(texts["split"]),
        seed=whole(texts, "seed", least=0),
        skip_bad_images=bool(texts["skip-bad-images"]),
    )


def _training(texts: Mapping[str, str]) -> TrainingConfig:
    return TrainingConfig(
        epochs=whole(texts, "epochs"),
        validation_every=whole(texts, "validation-every"),
        early_stopping_from=whole(texts, "early-stopping-from", least=0),
        patience=whole(texts, "patience"),
        learning_rate=parse_number(texts["learning-rate"], float, where=PREFIX + "learning-rate"),
        decay=parse_number(texts["decay"], float, where=PREFIX + "decay"),
        batch_size=whole(texts, "batch-size"),
        dropout=parse_number(texts["dropout"], float, where=PREFIX + "dropout"),
        head_layers=tuple(_wholes(texts, "head-layers")) if texts["head-layers"] else (),
        seed=whole(texts, "seed", least=0),
    )


def _cells(texts: Mapping[str, str], backbones: Sequence[tuple[str, int]]) -> tuple[Cell, ...]:
    variants = TABLE.select(_names(texts, "variants"))
    runtimes, threads = find_runtimes(_names(texts, "runtimes")), _once(_wholes(texts, "threads"))
    cells = matrix(backbones=backbones, variants=variants, threads=threads, runtimes=runtimes)
    if not cells:
        raise UsageError(
            f"{PREFIX}runtimes: received {', '.join(runtimes)}, of which none runs {', '.join(variants)}; "
            f"keras and keras_graph run the variant keras, all others the rest"
        )
    return cells


def rounds_asked(texts: Mapping[str, str], runtimes: Iterable[str] = ()) -> Mapping[str, RoundsConfig]:
    """Returns how many rounds are timed, by runtime: of our own, and of these."""
    names = dict.fromkeys((*RUNTIMES, *runtimes))
    if texts["rounds"] == "auto":
        return {name: RoundsConfig(least=find_runtime(name).least_rounds) for name in names}
    fixed = whole(texts, "rounds")
    return {name: RoundsConfig(least=fixed, most=fixed) for name in names}


def _image_size(text: str, backbone: Backbone) -> int:
    """Returns the image size of a backbone; a user's own model that fixes one has its own say."""
    own = own_image_size(backbone.path) if backbone.path else None
    if own is not None:
        return own
    return backbone.default_size if text == "native" else whole({"image-size": text}, "image-size")


def _quantizer(text: str) -> Quantizer | None:
    if text == "auto":
        return None
    if text not in _QUANTIZERS:
        raise UsageError(f"{PREFIX}quantizer: received {text!r}; allowed are auto, {', '.join(_QUANTIZERS)}")
    return cast(Quantizer, text)


def _names(texts: Mapping[str, str], name: str) -> Sequence[str]:
    return _once(_parts(texts, name, "names"))


def _wholes(texts: Mapping[str, str], name: str) -> Sequence[int]:
    return [whole({name: part}, name) for part in _parts(texts, name, "whole numbers")]


def _parts(texts: Mapping[str, str], name: str, kind: str) -> Sequence[str]:
    parts = [part.strip() for part in texts[name].split(",") if part.strip()]
    if not parts:
        raise UsageError(f"{PREFIX}{name}: received nothing; allowed are {kind} separated by commas")
    return parts


def _once(values: Sequence[Value]) -> Sequence[Value]:
    return list(dict.fromkeys(values))


def whole(texts: Mapping[str, str], name: str, *, least: int = 1) -> int:
    """Returns a whole number that was asked for.

    Raises:
        UsageError: If the text is none, or not an allowed one.
    """
    return parse_number(texts[name], int, where=PREFIX + name, least=least, most=_LARGEST)
