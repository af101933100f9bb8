"""Which code feeds an exported model and reads it as the run did, in Python and in Kotlin?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np

from zoobench.errors import sanitize
from zoobench.matrix.interface import DEVIATION_RGB, MEAN_BGR, MEAN_RGB, Interface, PixelRange, height_and_width
from zoobench.results.run import Run
from zoobench.results.schema import Record
from zoobench.tflite.ports import Port

PYTHON, KOTLIN = "classify.py", "Classifier.kt"
"""What the code is called."""
_LUMINANCE = (19595, 38470, 7471)
_PYTHON_PIXELS: Mapping[PixelRange, str] = {
    "0..255": "image",
    "0..1": "image / 255",
    "-1..1": "image / 127.5 - 1",
    "imagenet-caffe": f"image[..., ::-1] - {MEAN_BGR}",
    "imagenet-torch": f"(image / 255 - {MEAN_RGB}) / {DEVIATION_RGB}",
}
_KOTLIN_PIXELS: Mapping[PixelRange, str] = {
    "0..255": "v",
    "0..1": "v / 255f",
    "-1..1": "v / 127.5f - 1f",
    "imagenet-caffe": f"v - floatArrayOf({', '.join(f'{one}f' for one in MEAN_BGR)})[c]",
    "imagenet-torch": f"(v / 255f - floatArrayOf({', '.join(f'{one}f' for one in MEAN_RGB)})[c])"
    f" / floatArrayOf({', '.join(f'{one}f' for one in DEVIATION_RGB)})[c]",
}
_KOTLIN_IMPORTS = (
    "import java.io.File",
    "import java.nio.ByteBuffer",
    "import java.nio.ByteOrder",
    "import kotlin.math.exp",
    "import kotlin.math.round",
    "import org.tensorflow.lite.Interpreter",
    "",
)
_PYTHON_HEAD = (
    f'"""Classifies photos as zoobench measured it: python {PYTHON} PHOTO...',
    "",
    "Needs: pip install ai-edge-litert numpy pillow",
    '"""',
    "",
    "import sys",
    "from pathlib import Path",
    "",
    "import numpy as np",
    "from ai_edge_litert.interpreter import Interpreter",
)
_PYTHON_MIXED = (
    "",
    "",
    "def mixed(a, size):  # bilinear along the first axis, without antialiasing",
    "    half, scale = np.float32(0.5), np.float32(len(a)) / np.float32(size)",
    "    at = (np.arange(size, dtype=np.float32) + half) * scale - half",
    "    low, high = (np.clip(edge(at), 0, len(a) - 1).astype(int) for edge in (np.floor, np.ceil))",
    "    return a[low] + (a[high] - a[low]) * (at - np.floor(at))[:, None, None]",
    "",
    "",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A cell's model file, and all that its card and its code are written from.

    Attributes:
        run: That measured it.
        record: The cell's.
        taken: The file's input.
        given: Its output.
        resize: How images got the model's shape: `stretch`, `crop` or `pad`.
        upright: Whether photos were turned as their EXIF orientation says.
    """

    run: Run
    record: Record
    taken: Port
    given: Port
    resize: str
    upright: bool
    interface: Interface = field(default_factory=lambda: Interface(taken_as="classifier"))

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of an image, in pixels."""
        return height_and_width(self.record.cell.image_size)

    @property
    def resized(self) -> str:
        """What was done to photos, as a part of a sentence."""
        size = self.record.cell.image_size
        is_square = isinstance(size, int)
        return {
            "stretch": f"stretched to {'a square' if is_square else size}",
            "crop": f"cut to the {'square' if is_square else f'shape {size}'} in their middle",
            "pad": f"made {'square' if is_square else size} by black at their sides",
        }[self.resize]

    @property
    def outputs(self) -> int:
        """How many numbers the model gives."""
        return abs(prod(self.given.shape))

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, one for each score of `classify.py`: in the order of the outputs, if each has one."""
        names = tuple(map(sanitize, self.record.dataset.classes))
        if self.selection or not self.interface.order:
            return names
        return tuple(name for _, name in sorted(zip(self.interface.order, names, strict=True)))

    @property
    def selection(self) -> tuple[int, ...]:
        """Which outputs belong to the labels; () where all do, in their order."""
        order = self.interface.order
        return () if sorted(order) == list(range(self.outputs)) else order


def to_labels(one: Exported) -> str:
    """Returns the names of the classes, one a line."""
    return "".join(f"{label}\n" for label in one.labels)


def to_python(one: Exported) -> str:
    """Returns a program that answers photos as the run did: needs numpy, Pillow and LiteRT, and not zoobench."""
    turned = "ImageOps.exif_transpose(Image.open(name))" if one.upright else "Image.open(name)"
    lines = [
        *_PYTHON_HEAD,
        f"from PIL import Image{', ImageOps' if one.upright else ''}",
        *_PYTHON_MIXED,
        *_python_shaped(one),
        "",
        "",
        "here = Path(__file__).parent",
        'labels = (here / "labels.txt").read_text(encoding="utf-8").splitlines()',
        f'model = Interpreter(str(here / "model.tflite"), num_threads={one.record.cell.threads})',
        "model.allocate_tensors()",
        "into, out = model.get_input_details()[0], model.get_output_details()[0]",
        "for name in sys.argv[1:]:",
        f'    image = shaped(np.asarray({turned}.convert("RGB"), np.float32))',
        *(f"    {line}" for line in _python_input(one)),
        '    model.set_tensor(into["index"], values[None])',
        "    model.invoke()",
        *(f"    {line}" for line in _python_scores(one)),
        '    print(name, labels[scores.argmax()], f"{scores.max():.6f}", sep="\\t")',
    ]
    return "\n".join(lines) + "\n"


def _python_shaped(one: Exported) -> Iterator[str]:
    height, width = one.sides
    yield "def shaped(a):"
    if one.resize == "pad":
        yield f"    lengths, sides = np.float32(a.shape[:2]), np.float32(({height}, {width}))"
        yield "    ratio = max(lengths / sides)"
        yield "    height, width = (max(1, int(length / ratio)) for length in lengths)"
        yield "    top, left = (int(rest / 2) for rest in sides - lengths / ratio)"
        yield f"    padded = np.zeros(({height}, {width}, 3))"
        yield "    padded[top : top + height, left : left + width] = np.rint("
        yield "        mixed(mixed(a.swapaxes(0, 1), width).swapaxes(0, 1), height)"
        yield "    )"
        yield "    return padded"
        return
    if one.resize == "crop":
        yield "    height, width = a.shape[:2]"
        yield f"    tall = min(height, max(1, width * {height} // {width}))"
        yield f"    wide = min(width, max(1, height * {width} // {height}))"
        yield "    top, left = (height - tall) // 2, (width - wide) // 2"
        yield "    a = a[top : top + tall, left : left + wide]"
    yield f"    return np.rint(mixed(mixed(a.swapaxes(0, 1), {width}).swapaxes(0, 1), {height})).astype(float)"


def _python_input(one: Exported) -> Iterator[str]:
    interface, port = one.interface, one.taken
    if interface.channels == 1:
        yield f"image = ((image @ {_LUMINANCE} + 32768) // 65536)[..., None]"
    is_raw = interface.pixels == "0..255"
    yield (
        f"values = {_PYTHON_PIXELS[interface.pixels]}"
        if is_raw
        else (f"values = ({_PYTHON_PIXELS[interface.pixels]}).astype(np.float32)")
    )
    if interface.layout == "NCHW":
        yield "values = values.transpose(2, 0, 1)"
    if is_stored(one):
        limits = np.iinfo(port.dtype)
        yield f"values = np.rint(values / {port.scale!r}) + {port.zero_point}"
        yield f"values = np.clip(values, {limits.min}, {limits.max})"
    yield f"values = values.astype(np.{port.dtype.name})"


def is_stored(one: Exported) -> bool:
    """Tells whether the file holds pixels otherwise than as they are."""
    port = one.taken
    is_plain = port.dtype == np.uint8 and (port.scale, port.zero_point) == (1, 0)
    return port.dtype.kind in "iu" and not (is_plain and one.interface.pixels == "0..255")


def _python_scores(one: Exported) -> Iterator[str]:
    port, scores = one.given, one.interface.scores
    yield 'scores = model.get_tensor(out["index"]).ravel().astype(np.float32)'
    if port.dtype.kind in "iu":
        yield f"scores = (scores - {port.zero_point}) * np.float32({port.scale!r})"
    if one.outputs == 1:
        if scores == "logits":
            yield "scores = 1 / (1 + np.exp(-scores))"
        yield "scores = np.hstack([1 - scores, scores])"
    elif scores == "logits":
        yield "scores = np.exp(scores - scores.max())"
        yield "scores = scores / scores.sum()"
    if one.selection:
        yield f"scores = scores[{list(one.selection)}]"


def to_kotlin(one: Exported) -> str:
    """Returns a class that answers a bitmap: needs LiteRT for Android; what Android resizes is near, not the same."""
    (height, width), interface = one.sides, one.interface
    shifts = "intArrayOf(0, 8, 16)" if interface.pixels == "imagenet-caffe" else "intArrayOf(16, 8, 0)"
    channel = "((p shr s) and 255).toFloat()"
    loops: tuple[str, ...] = (f"for ((c, s) in {shifts}.withIndex())", "for (p in pixels)")
    if interface.channels == 1:
        loops, channel = loops[1:], _grey_in_kotlin()
    elif interface.layout == "NHWC":
        loops = (loops[1], loops[0])
    head = (
        '// Gradle: implementation("com.google.ai.edge.litert:litert:1.0.1")',
        f"// A photo is {one.resized}.",
        "// Android's bilinear filter may differ from what was measured by a level or two of 255.",
        f"import android.graphics.{'*' if one.resize == 'pad' else 'Bitmap'}",
        *_KOTLIN_IMPORTS,
        "class Classifier(folder: File) {",
        '    private val labels = File(folder, "labels.txt").readLines()',
        f"    private val options = Interpreter.Options().setNumThreads({one.record.cell.threads})",
        '    private val model = Interpreter(File(folder, "model.tflite"), options)',
        "",
        "    fun classify(photo: Bitmap): Pair<String, Float> {",
    )
    body = (
        *_kotlin_shaped(one),
        f"val pixels = IntArray({height * width})",
        f"shaped.getPixels(pixels, 0, {width}, 0, 0, {width}, {height})",
        f"val input = {_buffer(height * width * interface.channels, one.taken)}",
        f"{' '.join(loops)} {{",
        f"    val v = {channel}",
        f"    input.{_kotlin_put(one)}",
        "}",
        f"val output = {_buffer(one.outputs, one.given)}",
        "model.run(input.rewind(), output)",
        "output.rewind()",
        f"var scores = List({one.outputs}) {{ {_kotlin_get(one.given)} }}",
        *_kotlin_scores(one),
        "val best = scores.indices.maxByOrNull { scores[it] }!!",
        "return labels[best] to scores[best]",
    )
    return "\n".join((*head, *(f"        {line}" for line in body), "    }", "}", ""))


def _grey_in_kotlin() -> str:
    red, green, blue = _LUMINANCE
    sum_ = f"((p shr 16) and 255) * {red} + ((p shr 8) and 255) * {green} + (p and 255) * {blue} + 32768"
    return f"(({sum_}) shr 16).toFloat()"


def _kotlin_shaped(one: Exported) -> Iterator[str]:
    height, width = one.sides
    if one.resize == "pad":
        yield f"val ratio = maxOf(photo.width / {width}f, photo.height / {height}f)"
        yield "val place = RectF(0f, 0f, photo.width / ratio, photo.height / ratio)"
        yield f"place.offset(({width} - place.width()) / 2, ({height} - place.height()) / 2)"
        yield f"val shaped = Bitmap.createBitmap({width}, {height}, Bitmap.Config.ARGB_8888)"
        yield "Canvas(shaped).drawColor(Color.BLACK)"
        yield "Canvas(shaped).drawBitmap(photo, null, place, Paint(Paint.FILTER_BITMAP_FLAG))"
        return
    if one.resize == "crop":
        yield f"val wide = minOf(photo.width, maxOf(1, photo.height * {width} / {height}))"
        yield f"val tall = minOf(photo.height, maxOf(1, photo.width * {height} / {width}))"
        yield "val middle = Bitmap.createBitmap(photo, (photo.width - wide) / 2, (photo.height - tall) / 2, wide, tall)"
    source = "middle" if one.resize == "crop" else "photo"
    yield f"val shaped = Bitmap.createScaledBitmap({source}, {width}, {height}, true)"


def _buffer(values: int, port: Port) -> str:
    return f"ByteBuffer.allocateDirect({values * port.dtype.itemsize}).order(ByteOrder.nativeOrder())"


def _kotlin_put(one: Exported) -> str:
    port, value = one.taken, _KOTLIN_PIXELS[one.interface.pixels]
    if port.dtype.kind not in "iu":
        return f"putFloat({value})"
    if not is_stored(one):
        return f"put({value}.toInt().toByte())"
    limits = np.iinfo(port.dtype)
    stored = f"(round(({value}) / {port.scale!r}f) + {port.zero_point}).coerceIn({limits.min}f, {limits.max}f).toInt()"
    return f"put({stored}.toByte())" if port.dtype.itemsize == 1 else f"putShort({stored}.toShort())"


def _kotlin_get(port: Port) -> str:
    if port.dtype.kind not in "iu":
        return "output.float"
    read = {"uint8": "(output.get().toInt() and 255)", "int8": "output.get().toInt()"}.get(
        port.dtype.name, "output.short.toInt()"
    )
    return f"({read} - {port.zero_point}) * {port.scale!r}f"


def _kotlin_scores(one: Exported) -> Iterator[str]:
    scores = one.interface.scores
    if one.outputs == 1:
        if scores == "logits":
            yield "scores = scores.map { 1f / (1f + exp(-it)) }"
        yield "scores = listOf(1f - scores[0], scores[0])"
    elif scores == "logits":
        yield "scores = scores.maxOf { it }.let { top -> scores.map { exp(it - top) } }"
        yield "scores = scores.sum().let { sum -> scores.map { it / sum } }"
    if one.selection:
        yield f"scores = listOf({', '.join(map(str, one.selection))}).map {{ scores[it] }}"
