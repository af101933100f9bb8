"""How is an exported model described to those who use it? Its record in words, what it takes and what it gives."""

from collections.abc import Iterator, Mapping

from zoobench.judge.metrics import METRICS
from zoobench.matrix.interface import DEVIATION_RGB, MEAN_BGR, MEAN_RGB, Interface, PixelRange
from zoobench.matrix.variants import VARIANTS
from zoobench.results.conditions import machine_name
from zoobench.results.disturbed import cautions, told
from zoobench.show.markdown import escaped
from zoobench.show.records import marked
from zoobench.show.snippets import KOTLIN, PYTHON, Exported, is_stored
from zoobench.system.units import exactly, megabytes, percent, short_hash
from zoobench.tflite.ports import Port

_NOT_RECORDED = (
    "The run came of a kit, which does not say how photos became square pixels; what is shown is how they do by "
    "default. See the options of `zoobench kit export`."
)
_SAID_OF_PIXELS: Mapping[PixelRange, str] = {
    "0..255": "as they are, 0 to 255",
    "0..1": "divided by 255",
    "-1..1": "divided by 127.5, less 1",
    "imagenet-caffe": f"in the order blue, green, red, less {MEAN_BGR}",
    "imagenet-torch": f"divided by 255, less {MEAN_RGB}, by {DEVIATION_RGB}",
}
_SAID_OF_SCORES = {
    "probabilities": "a probability for each class; they sum to one",
    "logits": "a logit for each class; a softmax makes probabilities of them",
    "sigmoid": "a probability for each class by itself; they need not sum to one",
}


def to_card(one: Exported) -> str:
    """Returns the record in words, and what the file takes and gives, as markdown."""
    cell = one.record.cell
    blocks = (
        f"# {escaped(cell.id)}",
        *(f"> **{escaped(line)}**" for line in _warnings(one)),
        _list(_file(one)),
        "## What it takes",
        _list(_input(one)),
        "## What it gives",
        _list(_output(one)),
        "## What was measured",
        _list(_measured(one)),
        "## Try it",
        f"```sh\npip install ai-edge-litert numpy pillow\npython {PYTHON} PHOTO\n```",
        f"`{PYTHON}` gives the answers that were measured. `{KOTLIN}` is the same for Android; its way of resizing is "
        "near, not the same. Nothing here was measured on a phone: `zoobench kit export` carries the model to a device "
        "that runs Linux.",
    )
    return "\n\n".join(blocks) + "\n"


def _list(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _warnings(one: Exported) -> Iterator[str]:
    if one.record.cell.has_random_weights:
        yield "RANDOM WEIGHTS: its answers mean nothing. It is good for trying out speed, size and code, not for use."
    yield from cautions([one.record])


def _file(one: Exported) -> Iterator[str]:
    record, cell = one.record, one.record.cell
    if record.model:
        size_bytes, sha256 = record.model.size_bytes, record.model.sha256
        yield f"`model.tflite`: {exactly(size_bytes)} bytes ({megabytes(size_bytes)} MB), SHA-256 `{sha256}`"
        if record.model.quantizer:
            yield f"quantized by {record.model.quantizer}"
    short = f" ({VARIANTS[cell.variant].short})" if cell.variant in VARIANTS else ""
    yield f"backbone {escaped(cell.backbone)}, variant {escaped(cell.variant)}{short}, weights {escaped(cell.weights)}"
    data, count = record.dataset, len(record.dataset.classes)
    yield f"made for the {count} classes of {escaped(data.name)} (SHA-256 {short_hash(data.sha256)}): `labels.txt`"


def _input(one: Exported) -> Iterator[str]:
    port, interface, (height, width) = one.taken, one.interface, one.sides
    image = f"one image of {height} x {width} pixels, {_channels(interface)}"
    yield f"one tensor of {_shape(port)}, {port.dtype.name}: {image}"
    yield f"pixels {_SAID_OF_PIXELS[interface.pixels]}"
    if is_stored(one):
        yield f"stored as round(value / {port.scale:g}) + {port.zero_point}"
    if one.record.kit:
        yield _NOT_RECORDED
    turned = "turned upright by their EXIF orientation" if one.upright else "not turned by their EXIF orientation"
    yield f"photos are decoded to RGB with 8 bits, {turned}, and {one.resized}"
    yield (
        "resized bilinearly with half-pixel centres and without antialiasing, as `tf.image.resize` does by default; "
        "then rounded to whole levels"
    )


def _channels(interface: Interface) -> str:
    colours = "grey by ITU-R 601" if interface.channels == 1 else "red, green, blue"
    return f"{colours}, channels {'first' if interface.layout == 'NCHW' else 'last'}"


def _output(one: Exported) -> Iterator[str]:
    port, scores = one.given, one.interface.scores
    yield f"one tensor of {_shape(port)}, {port.dtype.name}"
    if port.dtype.kind in "iu":
        yield f"a score is (stored - {port.zero_point}) * {port.scale:g}"
    if one.outputs == 1:
        what = "logit, of which a sigmoid makes the probability" if scores == "logits" else "probability"
        yield f"one {what} of the second class of `labels.txt`; that of the first is 1 less it"
    else:
        yield _SAID_OF_SCORES[scores]
    if one.selection:
        which = ", ".join(map(str, one.selection))
        yield f"the classes of `labels.txt` are the outputs {which}, counted from 0; the others are not asked for"
    elif one.outputs > 1:
        yield "line n of `labels.txt` is output n"


def _measured(one: Exported) -> Iterator[str]:
    record, run = one.record, one.run
    when = f", {run.measured[:16].replace('T', ' ')} UTC" if run.measured.endswith("+00:00") else ""
    how = f"by {escaped(record.cell.runtime)} with threads: {record.cell.threads}"
    yield f"on {escaped(machine_name(run))}{when}, {how}"
    if record.cell.runtime != "litert":
        yield f"the code here runs LiteRT, which may round otherwise than {escaped(record.cell.runtime)}"
    for metric in METRICS.values():
        text = metric.unit.text(metric.value(record)) if metric.value(record) is not None else ""
        if text:
            mark = marked(record.latency) if metric.key.startswith("latency") else ""
            yield f"{metric.title}: {mark}{text} {metric.unit.symbol}".rstrip()
    if accuracy := record.accuracy:
        low, high = accuracy.interval
        right = f"{accuracy.correct} of {accuracy.total} test images right"
        yield f"{right}; on others of their kind {percent(low)} to {percent(high)} % (95 %)"
    if record.latency and record.latency.disturbance and record.latency.disturbance.causes:
        yield f"~ {told(record.latency.disturbance)}"


def _shape(port: Port) -> str:
    return f"[{', '.join(map(str, port.shape))}]"
