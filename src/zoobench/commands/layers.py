"""`zoobench layers`: how far is each layer of a quantized file from the float32 file?"""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import click
import numpy as np

from zoobench.commands.options import PATH, output_options, present, save_picture, signature_option, writable
from zoobench.data.photos import Images, array_images, given_images, last_parts
from zoobench.errors import MeasurementError, UsageError
from zoobench.matrix.interface import Interface, PixelRange
from zoobench.matrix.runtimes import REFERENCE
from zoobench.measure.layers import LayerReport
from zoobench.measure.layerwise import measure_layers, open_comparison
from zoobench.measure.worker import first_patience
from zoobench.run.locate import find_calibration, find_float_twin, find_interface, manifest_beside
from zoobench.show.layers import layer_errors, view
from zoobench.system.files import read_file
from zoobench.system.keeper import temporary_folder
from zoobench.system.processes import LostError, expect, in_fresh_process
from zoobench.system.terminal import progress
from zoobench.system.units import three_digits
from zoobench.tflite.edit import Numbers, given_numbers, with_one_signature
from zoobench.tflite.ports import (
    closest_range,
    display_shape,
    photo_interface,
    pixel_range_taken,
    read_all_ports,
    size_of,
    sole_input,
)
from zoobench.tflite.read import read_graphs


@click.command()
@click.argument("model", type=PATH)
@click.option("--float", "float_model", metavar="FILE", type=PATH, help="The float32 file.")
@click.option(
    "--images", metavar="PATH", type=PATH, help="Folder of photos, or .npy file: uint8 images, or numbers as it takes."
)
@click.option(
    "--pixels",
    type=click.Choice(get_args(PixelRange)),
    help="Range in which the model takes images. Default: what the store or the scales of its input say, else 0..255.",
)
@signature_option
@click.option("--samples", type=click.IntRange(1), default=32, show_default=True, help="Most images to compare on.")
@click.option("--worst", type=click.IntRange(0), default=5, show_default=True, help="How many layers are marked.")
@click.option(
    "--picture",
    metavar="FILE",
    type=PATH,
    default=Path("layers.png"),
    show_default=True,
    callback=writable,
    help="PNG, or SVG.",
)
@output_options
def layers(
    *,
    model: Path,
    float_model: Path | None,
    images: Path | None,
    pixels: PixelRange | None,
    signature: str | None,
    samples: int,
    worst: int,
    picture: Path,
    form: str,
    output: Path | None,
) -> None:
    """Show how far each layer of a quantized TFLite file is from the float32 file, as a table and a picture.

    For a file in artifacts/models the float32 file and the calibration images are found there.
    """
    try:
        report = in_fresh_process(
            find_errors,
            model,
            float_model=float_model,
            images=images,
            samples=samples,
            signature=signature,
            pixels=pixels,
        )
    except LostError as error:  # native code of a file may crash, or never end
        raise MeasurementError(f"{model} cannot be compared with its float file: {error}") from error
    present(view(report, worst_count=worst), form=form, output=output)
    save_picture(layer_errors(report, worst_count=worst), picture)


def find_errors(
    model: Path,
    *,
    float_model: Path | None,
    images: Path | None,
    samples: int,
    signature: str | None = None,
    pixels: PixelRange | None = None,
) -> LayerReport:
    """Returns the error of each layer of a quantized file.

    Args:
        model: A TFLite file; if it stands in a store, the rest is found there.
        float_model: The float32 file that it was quantized from.
        images: A folder of photos, or a `.npy` file of uint8 images [n, height, width, 3] or of numbers of the input's
            shape; None takes the images that the file, or another variant of the same classifier, was calibrated on.
        samples: How many images are taken at most.
        signature: Of both files, where they have several.
        pixels: In which range the model takes images; None for what is known of it.
    """
    twin = float_model or find_float_twin(model)
    with temporary_folder() as folder:
        pair = []
        for name, path in (("quantized", model), ("float", twin)):
            (folder / name).mkdir()
            pair.append(with_one_signature(path, signature, workplace=folder / name))
        _check_shapes(*pair)
        found, interface = _inputs(model, pair[0], images=images, pixels=pixels)
        expect(sum(first_patience(path, runtime=REFERENCE) for path in pair), "opening both files and a first image")
        comparison = open_comparison(pair[0], pair[1], interface)
        count = min(samples, found.count)
        with progress(f"Comparing {len(comparison[2].pairs)} layers", total=count) as advance:
            measured = measure_layers(comparison, found.spread(samples), advance=advance)
    return LayerReport(
        model=last_parts(model),
        float_model=last_parts(twin),
        images=count,
        images_from=found.source,
        matched_by=comparison[2].by,
        unmatched=tuple(layer.name for layer in comparison[2].unmatched),
        layers=measured,
    )


def _check_shapes(quantized: Path, float_model: Path) -> None:
    taken, twins = (sole_input(read_all_ports(path)[0]).shape for path in (quantized, float_model))
    if taken != twins:
        raise UsageError(
            f"{quantized} takes {display_shape(taken)} and {float_model} {display_shape(twins)}; give with --float the "
            "float32 file that it was quantized from"
        )


def _inputs(
    model: Path, opened: Path, *, images: Path | None, pixels: PixelRange | None
) -> tuple[Images, Interface | None]:
    """Returns what both files are run on, and how they take it if it is images."""
    port = sole_input(read_all_ports(opened)[0])
    if port.shape[:1] not in ((), (1,)):
        raise UsageError(f"{model} takes {port.shape[0]} at a time: {display_shape(port.shape)}; convert it for one")
    interface = find_interface(model) or photo_interface(port)
    if images and (numbers := given_numbers(images, port, takes_photos=interface is not None)) is not None:
        return _arrays(numbers, last_parts(images)), None
    if interface is None:
        raise UsageError(
            f"{model} takes inputs {display_shape(port.shape)}, which are no images; give numbers of that shape "
            "with --images FILE.npy"
        )
    size = size_of(port, interface)
    if images:
        found = given_images(images, size=size)
    elif calibration := find_calibration(model):
        found = array_images(calibration, size=size, source=f"{calibration.parent.name}, calibration images")
    else:
        raise UsageError(
            f"there are no calibration images of {model} beside it; give images with --images: a folder of photos or a "
            ".npy file of uint8 images [n, height, width, 3]"
        )
    if manifest_beside(model) and not pixels:
        return found, interface
    taken = pixels or _pixels_of(opened)
    return replace(found, source=f"{found.source}, pixels {taken}"), replace(interface, pixels=taken)


def _pixels_of(model: Path) -> PixelRange:
    """Returns the range in which a file takes pixels, as far as it was quantized for one; else what Keras's take."""
    held = pixel_range_taken(read_graphs(read_file(model))[0])
    if held is None:
        return "0..255"
    found = closest_range(held)
    if found is None:
        raise UsageError(
            f"the input of {model} holds {three_digits(held[0])} to {three_digits(held[1])}, which is no range of "
            f"pixels that is known; say which with --pixels: {', '.join(get_args(PixelRange))}"
        )
    return found


def _arrays(numbers: Numbers, source: str) -> Images:
    return Images(source=source, count=len(numbers), load=lambda index: np.array(numbers[index]))
