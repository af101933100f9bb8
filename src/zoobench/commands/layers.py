"""`zoobench layers`: how far is each layer of a quantized file from the float32 file?"""

from pathlib import Path

import click

from zoobench.commands.options import PATH, output_options, present, save_picture
from zoobench.data.photos import array_images, given_images, last_parts
from zoobench.errors import UsageError
from zoobench.measure.layers import LayerReport
from zoobench.measure.layerwise import measure_layers, open_comparison
from zoobench.measure.presentation import side_of
from zoobench.run.locate import find_calibration, find_float_twin, find_interface
from zoobench.show.layers import layer_errors, view
from zoobench.system.terminal import progress


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
    save_picture(layer_errors(report, worst_count=worst), picture)


def find_errors(model: Path, *, float_model: Path | None, images: Path | None, samples: int) -> LayerReport:
    """Returns the error of each layer of a quantized file.

    Args:
        model: A TFLite file; if it stands in a store, the rest is found there.
        float_model: The float32 file that it was quantized from.
        images: A `.npy` file of uint8 images [n, height, width, 3] or a folder of photos; None takes the images that
            the file, or another variant of the same classifier, was calibrated on.
        samples: How many images are taken at most.
    """
    twin = float_model or find_float_twin(model)
    interface = find_interface(model)
    comparison = open_comparison(model, twin, interface)
    _, quantized_model, matching = comparison
    side = side_of(quantized_model.input_shape, interface)
    if side is None:
        taken = list(quantized_model.input_shape)
        raise UsageError(f"{model} takes inputs of shape {taken}; only [1, side, side, 3] images are known here")
    if images:
        found = given_images(images, side=side)
    elif calibration := find_calibration(model):
        source = f"{calibration.parent.name}, calibration images"
        found = array_images(calibration, side=side, source=source)
    else:
        raise UsageError(
            f"there are no calibration images of {model} beside it; give images with --images: a folder of photos or a "
            ".npy file of uint8 images [n, height, width, 3]"
        )
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
