"""`zoobench layers`: how far is each layer of a quantized file from the float32 file?"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from zoobench.commands.options import PATH, output_options, present
from zoobench.data.photos import Images, array_images, given_images, last_parts
from zoobench.errors import ModelError, ResultsError, UsageError
from zoobench.measure.layers import LayerReport
from zoobench.measure.layerwise import measure_layers, open_comparison
from zoobench.show.charts.sheet import write_picture
from zoobench.show.layers import layer_errors, view
from zoobench.store.product import MANIFEST, Manifest, read_manifest
from zoobench.system.terminal import progress

_CALIBRATION_FILE = "images.npy"
_FLOAT32 = "float32"
_OF_THE_VARIANT = frozenset({"variant", "io", "quantizer"})
"""What differs between the manifests of a float32 file and of a variant of the same classifier; the rest agrees."""
_OF_THE_CLASSIFIER = frozenset({"backbone", "image_size", "dataset", "training"})
"""What at least must stand in both."""


@click.command()
@click.argument("model", type=PATH)
@click.option("--float", "float_model", metavar="FILE", type=PATH, help="The float32 file.")
@click.option("--images", metavar="PATH", type=PATH, help="Folder of photos, or uint8 .npy file.")
@click.option("--samples", type=click.IntRange(1), default=32, show_default=True, help="Most images to compare on.")
@click.option("--worst", type=click.IntRange(0), default=5, show_default=True, help="How many layers are marked.")
@click.option(
    "--picture", metavar="FILE", type=PATH, default=Path("layers.png"), show_default=True, help="PNG, or SVG."
)
@output_options
def layers(
    *,
    model: Path,
    float_model: Path | None,
    images: Path | None,
    samples: int,
    worst: int,
    picture: Path,
    form: str,
    output: Path | None,
) -> None:
    """Show how far each layer of a quantized TFLite file is from the float32 file, as a table and a picture.

    For a file in artifacts/models the float32 file and the calibration images are found there.
    """
    report = find_errors(model, float_model=float_model, images=images, samples=samples)
    present(view(report, worst_count=worst), form=form, output=output)
    save_picture(report, picture, worst_count=worst)
    click.echo(f"wrote {picture}", err=True)


def find_errors(model: Path, *, float_model: Path | None, images: Path | None, samples: int) -> LayerReport:
    """Returns the error of each layer of a quantized file.

    Args:
        model: A TFLite file; if it stands in a store, the rest is found there.
        float_model: The float32 file that it was quantized from; None looks for it in the store.
        images: A `.npy` file of uint8 images [n, height, width, 3] or a folder of photos; None takes the images that
            the file, or another variant of the same classifier, was calibrated on.
        samples: How many images are taken at most.

    Raises:
        UsageError: If the float file or images are needed and not given, or do not fit the model.
        ModelError: If the store is damaged.
        DataError: If an image cannot be read.
        MeasurementError: If a file cannot be run, or the two have no layer in common.
    """
    twin = float_model or stored_float(model)
    comparison = open_comparison(model, twin)
    _, quantized_model, matching = comparison
    side = _side(quantized_model.input_shape, model)
    found = given_images(images, side=side) if images else stored_images(model, side=side)
    count = min(samples, found.count)
    with progress(f"Comparing {len(matching.pairs)} layers", total=count) as advance:
        measured = measure_layers(comparison, found.spread(samples), advance=advance)
    return LayerReport(
        model=last_parts(model),
        float_model=last_parts(twin),
        images=count,
        images_from=found.source,
        matched_by=matching.by,
        unmatched=tuple(layer.name for layer in matching.unmatched),
        layers=measured,
    )


def save_picture(report: LayerReport, path: Path, *, worst_count: int) -> None:
    """Writes the picture of a report, as PNG, or as SVG where the file's name says so.

    Raises:
        UsageError: If the library that makes a PNG is missing.
        ResultsError: If it cannot be written.
    """
    try:
        write_picture(layer_errors(report, worst_count=worst_count), path)
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error.strerror}; name another file with --picture") from error


def stored_float(model: Path) -> Path:
    """Returns the float32 file of the same classifier from the store that a file stands in.

    Raises:
        UsageError: If the file stands in none, is itself that file, or the store does not have it.
        ModelError: If its manifest is damaged.
    """
    own = _manifest(model)
    if own is None:
        raise UsageError(
            f"{model} has no {MANIFEST} beside it that names it, so it is not known which float32 file it was "
            "quantized from; give that file with --float"
        )
    if own.inputs.get("variant") == _FLOAT32:
        raise UsageError(
            f"{model} is the float32 file itself; give a quantized one, or another float file with --float"
        )
    for folder, manifest in _same_classifier(model, own):
        if manifest.inputs.get("variant") == _FLOAT32:
            return folder / manifest.file
    raise UsageError(
        f"there is no float32 file of the same classifier in {model.parent.parent}; make it with zoobench build "
        "and the same options, or give it with --float"
    )


def stored_images(model: Path, *, side: int) -> Images:
    """Returns the images that a stored file, or else another variant of the same classifier, was calibrated on.

    Raises:
        UsageError: If the store has none.
        ModelError: If a manifest is damaged.
    """
    own = _manifest(model)
    if own is not None:
        for manifest in (own, *(manifest for _, manifest in _same_classifier(model, own))):
            name = manifest.facts.get("calibration")
            path = model.parent.parent / str(name) / _CALIBRATION_FILE
            if name and path.is_file():
                return array_images(path, side=side, source=f"{name}, calibration images")
    raise UsageError(
        f"there are no calibration images of {model} beside it; give images with --images: a folder of photos or a "
        ".npy file of uint8 images [n, height, width, 3]"
    )


def _same_classifier(model: Path, own: Manifest) -> Iterator[tuple[Path, Manifest]]:
    """Yields folder and manifest of the other variants of a stored file's classifier, but for damaged ones."""
    for path in sorted(model.parent.parent.glob(f"[!.]*/{MANIFEST}")):
        if path.parent != model.parent:
            with suppress(ValueError):
                manifest = read_manifest(path.parent)
                if _is_same_classifier(own.inputs, manifest.inputs):
                    yield path.parent, manifest


def _is_same_classifier(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tells it by all that both manifests know but for the variant's own: variants add keys to what they share."""
    shared = (one.keys() & other.keys()) - _OF_THE_VARIANT
    return "variant" in other and shared >= _OF_THE_CLASSIFIER and all(one[key] == other[key] for key in shared)


def _manifest(model: Path) -> Manifest | None:
    """Returns the manifest beside a file if it is that file's."""
    if not (model.parent / MANIFEST).is_file():
        return None
    try:
        manifest = read_manifest(model.parent)
    except ValueError as error:
        raise ModelError(f"{model.parent}: {error}; remove that folder and run zoobench build again") from error
    return manifest if manifest.file == model.name else None


def _side(shape: tuple[int, ...], model: Path) -> int:
    if len(shape) != 4 or shape[0] != 1 or shape[1] != shape[2] or shape[3] != 3:
        raise UsageError(f"{model} takes inputs of shape {list(shape)}; only [1, side, side, 3] images are known here")
    return shape[1]
