"""How are TFLite files made into one, get a signature, suit every runtime, and which numbers does a user give them?"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from zoobench.errors import DataError, ModelError, UsageError
from zoobench.system.files import mapped_array, read_file
from zoobench.tflite.ports import Port, display_shape
from zoobench.tflite.read import IDENTIFIER, Signature, Tensor, signatures

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"
SIGNATURE = "serving_default"
_NO_TENSOR = -1
_ABSENT = SimpleNamespace()
_IS_GRAPH = re.compile("ubgraph(Index|Indices)?$")
"""Names of the fields in which an operator says which graphs it runs."""

_NEEDED_RUNTIME = b"min_runtime_version"
_ROOM = 2**20
_LARGEST = 2**31 - 1
"""Bytes of a flatbuffer: its offsets are 32 bits wide."""

_PLACEHOLDER = schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES
_ALIGNMENT = 16
"""Bytes to which the schema aligns a constant; Python's builder leaves that to whoever builds."""


def joined(first: bytes, *others: bytes) -> bytes:
    """Returns one model that feeds the output of each into the input of the next, with a signature.

    Converting a large backbone takes its time and does not depend on the head, so each is converted alone. The
    signature is `image -> probabilities`: AI Edge Quantizer finds inputs by it, and the converter writes none for a
    frozen graph.

    Args:
        first: TFLite model with one input and output; it may have graphs that its operators call, as loops do.
        others: The same, each one's input of the shape of the output before it.

    Raises:
        ModelError: If the shapes do not meet.
    """
    model = _read(first)
    for content in others:
        _append(model, _read(content))
    _share(model)
    for tensor in model.subgraphs[0].tensors:
        if tensor.shapeSignature is not None and min(tensor.shapeSignature, default=0) < 0:
            tensor.shapeSignature = None  # a batch that is left open: what is joined takes one image
    _name_apart(model)
    _sign(model)
    return _write(model, size=sum(map(len, (first, *others))))


def for_quantizers(content: bytes) -> bytes:
    """Returns a model as quantizers take it: each tensor with a name of its own, and one signature.

    They key their statistics by name, and find inputs by the signature. A file that is so already is returned as it is,
    as those are that are made here.
    """
    model = _read(content)
    if not _name_apart(model) and model.signatureDefs:
        return content
    _bring_in(model.buffers, content)
    if not model.signatureDefs:
        _sign(model)
    return _write(model, size=len(content))


def plain_for_runtimes(content: bytes) -> bytes:
    """Returns a model with its constants in the flatbuffer, aligned to 16 bytes, and its operators named twice.

    AI Edge Quantizer puts larger constants behind it, as files above 2 GB need, and gives operators that it adds no
    code in the field that older readers know. LiteRT minds neither; OpenVINO misses the constants, and takes QUANTIZE
    for ADD.

    Raises:
        ModelError: If the file is too large for that, or one of its constants is not in it.
    """
    if len(content) > _LARGEST - _ROOM:
        raise ModelError(
            f"the model has {len(content):,} bytes; a TFLite file that every runtime reads has at most {_LARGEST:,}: "
            "take a smaller backbone"
        )
    model = _read(content)
    _bring_in(model.buffers, content)
    for code in model.operatorCodes:
        code.deprecatedBuiltinCode = min(code.builtinCode, _PLACEHOLDER)
    return _write(model, size=len(content))


def one_signature(content: bytes, name: str | None = None) -> bytes:
    """Returns a file that can be called for nothing but this signature, so that whatever runs it runs that.

    A file that has fewer than two signatures and runs what it names is returned as it is, unless another is named.
    Labels that are appended to the file stay behind.

    Raises:
        ModelError: If there are several signatures and none is named, or there is none of that name.
    """
    found = signatures(content)
    chosen = name or next(iter(found), None)
    if (name and name not in found) or (not name and len(found) > 1):
        raise ModelError(_which_signature(name, found))
    if chosen is None or (len(found) == 1 and not found[chosen].graph):
        return content
    model = _read(content)
    _bring_in(model.buffers, content)
    place = list(found).index(chosen)
    kept = _reached(model.subgraphs, found[chosen].graph)
    places = {old: new for new, old in enumerate(kept)}
    model.subgraphs = [model.subgraphs[number] for number in kept]
    for options, field in _calls(model.subgraphs):
        setattr(options, field, _renumbered(getattr(options, field), places))
    model.signatureDefs = [model.signatureDefs[place]]
    model.signatureDefs[0].subgraphIndex = 0
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used |= {entry.buffer for entry in model.metadata or ()}
    for number, buffer in enumerate(model.buffers):
        buffer.data = buffer.data if number in used else None
    return _write(model, size=len(content))


def describe_signatures(found: Mapping[str, Signature]) -> str:
    """Returns what a file can be called for, as a part of a sentence."""

    def side(tensors: Mapping[str, Tensor]) -> str:
        return ", ".join(f"{name} {display_shape(tensor.shape)}" for name, tensor in tensors.items())

    return "; ".join(f"{name} ({side(one.inputs)} -> {side(one.outputs)})" for name, one in found.items())


def _which_signature(name: str | None, found: Mapping[str, Signature]) -> str:
    if not found:
        return f"--signature: received {name!r}, but the file names no signature; leave it out"
    known = f"the file has {len(found)} signature{'s' * (len(found) > 1)}: {describe_signatures(found)}"
    if name:
        return f"--signature: received {name!r}; {known}"
    return f"{known}; choose one with --signature NAME"


def _bring_in(buffers: Iterable[Any], content: bytes) -> None:
    """Puts constants that stand behind the flatbuffer into it."""
    for buffer in buffers:
        if buffer.offset:
            end = buffer.offset + buffer.size
            if end > len(content):
                raise ModelError(f"a constant ends at byte {end:,} of {len(content):,}")
            buffer.data = np.frombuffer(content, np.uint8, count=buffer.size, offset=buffer.offset)
            buffer.offset = buffer.size = 0


def _calls(graphs: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """Yields the options of operators that run another graph, as a loop its body, and the field that says which."""
    for graph in graphs:
        for operator in graph.operators or ():
            for options in (operator.builtinOptions, operator.builtinOptions2):
                fields = (name for name in vars(options or _ABSENT) if _IS_GRAPH.search(name))
                yield from ((options, field) for field in fields if getattr(options, field) is not None)


def _reached(graphs: Sequence[Any], first: int) -> list[int]:
    found = [first]
    for number in found:
        for options, field in _calls([graphs[number]]):
            wanted = dict.fromkeys(map(int, np.ravel(getattr(options, field))))
            found += [one for one in wanted if 0 <= one < len(graphs) and one not in found]
    return found


def _renumbered(called: Any, places: Mapping[int, int]) -> Any:
    if isinstance(called, int):
        return places.get(called, called)
    return [places.get(int(one), int(one)) for one in called]


def _name_apart(model: Any) -> bool:
    """Gives each tensor a name of its own; tells whether that was needed."""
    taken: set[bytes] = set()
    was_needed = False
    for tensor in (tensor for graph in model.subgraphs for tensor in graph.tensors):
        wanted = name = tensor.name or b"tensor"
        count = 1
        while name in taken:
            count += 1
            name = b"%s.%d" % (wanted, count)
        was_needed |= name != tensor.name
        tensor.name = name
        taken.add(name)
    return was_needed


def _append(front: Any, back: Any) -> None:
    head, tail = front.subgraphs[0], back.subgraphs[0]
    seam, entry = int(head.outputs[0]), int(tail.inputs[0])
    gives, takes = (list(map(int, tensor.shape)) for tensor in (head.tensors[seam], tail.tensors[entry]))
    if gives != takes:
        raise ModelError(f"cannot join models: the first gives {gives}, the second takes {takes}")
    for ours, theirs in product(_needed_runtimes(front), _needed_runtimes(back)):
        ours.data = max((ours.data, theirs.data), key=_version)
    places = {_NO_TENSOR: _NO_TENSOR, entry: seam}
    shift = len(head.tensors)

    def moved(indices: Iterable[int]) -> list[int]:
        return [places.get(index, index + shift - (index > entry)) for index in map(int, indices)]

    for graph in back.subgraphs:
        for operator in graph.operators:
            operator.opcodeIndex += len(front.operatorCodes)
            _move_called(operator, by=len(front.subgraphs) - 1)
        for tensor in graph.tensors:
            tensor.buffer += len(front.buffers)
    for operator in tail.operators:
        operator.inputs, operator.outputs = moved(operator.inputs), moved(operator.outputs)
    front.operatorCodes.extend(back.operatorCodes)
    front.buffers.extend(back.buffers)
    front.subgraphs.extend(back.subgraphs[1:])
    head.outputs = moved(tail.outputs)
    head.tensors.extend(tail.tensors[:entry] + tail.tensors[entry + 1 :])
    head.operators.extend(tail.operators)


def _move_called(operator: Any, *, by: int) -> None:
    """Renumbers the graphs that an operator calls, such as the condition and the body of a loop."""
    for options in (operator.builtinOptions, operator.builtinOptions2):
        for name, value in vars(options).items() if options is not None else ():
            if name == "subgraph" or name.lower().endswith("subgraphindex"):
                setattr(options, name, value + by)


def _needed_runtimes(model: Any) -> list[Any]:
    return [model.buffers[entry.buffer] for entry in model.metadata or () if entry.name == _NEEDED_RUNTIME]


def _version(data: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in bytes(data).rstrip(b"\0").split(b".") if part.isdigit())


def _share(model: Any) -> None:
    model.operatorCodes, code = _distinct(model.operatorCodes, lambda one: tuple(vars(one).values()))
    for operator in (operator for graph in model.subgraphs for operator in graph.operators):
        operator.opcodeIndex = code[operator.opcodeIndex]
    model.buffers, place = _distinct(model.buffers, _content)
    for holder in (*(tensor for graph in model.subgraphs for tensor in graph.tensors), *(model.metadata or ())):
        holder.buffer = place[holder.buffer]


def _distinct(values: Sequence[Any], identity: Callable[[Any], object]) -> tuple[list[Any], list[int]]:
    kept: list[Any] = []
    known: dict[object, int] = {}
    places = []
    for value in values:
        place = known.setdefault(identity(value), len(kept))
        kept += [value] if place == len(kept) else []
        places.append(place)
    return kept, places


def _content(buffer: Any) -> object:
    """Returns what tells a constant from others; a computed tensor has an empty one, by convention the first of all."""
    return b"" if buffer.data is None else hashlib.sha256(buffer.data).digest()


def _sign(model: Any) -> None:
    graph = model.subgraphs[0]
    image, probabilities = (
        [schema.TensorMapT(name=name, tensorIndex=int(indices[0]))]
        for name, indices in ((INPUT_NAME, graph.inputs), (OUTPUT_NAME, graph.outputs))
    )
    model.signatureDefs = [schema.SignatureDefT(inputs=image, outputs=probabilities, signatureKey=SIGNATURE)]


def _read(content: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(content)


def _write(model: Any, *, size: int) -> bytes:
    """Returns a model as a file of about this size: room for it is taken once and not doubled again and again."""
    builder = _Builder(size + _ROOM)
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(memoryview(builder.Bytes)[builder.Head() :])


class _Builder(flatbuffers.Builder):  # type: ignore[misc]  # the library has no types
    """A builder that aligns constants, which are the only vectors of bytes that it is given as arrays."""

    def CreateNumpyVector(self, x: npt.NDArray[Any]) -> int:  # noqa: N802
        """Writes an array."""
        if x.dtype == np.uint8:
            self.Prep(_ALIGNMENT, x.nbytes)
        place: int = super().CreateNumpyVector(x)
        return place


Numbers = npt.NDArray[Any]


def with_one_signature(path: Path, signature: str | None, *, workplace: Path) -> Path:
    """Returns a file that can be called for the signature alone: the file itself, or one written to a folder.

    Raises:
        ModelError: If it cannot be read, or has several signatures and none is named, or not the one that is.
    """
    try:
        content = read_file(path)
        alone = one_signature(content, signature)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give a TFLite file") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    if alone is content:
        return path
    written = workplace / path.name
    written.write_bytes(alone)
    return written


def given_numbers(path: Path, port: Port, *, takes_photos: bool) -> Numbers | None:
    """Returns a user's `.npy` file of arrays of an input's own shape, mapped; None where it holds images, or a folder.

    Raises:
        UsageError: If they do not fit, and the input takes no photos either.
        DataError: If the file cannot be read.
    """
    batch = port.shape[0] if port.shape else 1
    wanted = f"give a .npy file of numbers {display_shape((-1, *port.shape[1:]))}".replace("?", "n")
    if path.is_dir():
        if takes_photos:
            return None
        raise UsageError(f"photos do not fit the model's input {display_shape(port.shape)}; {wanted}")
    try:
        mapped: Numbers = mapped_array(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no .npy file of numbers ({error}); give one, or a folder of photos") from error
    if takes_photos and mapped.dtype == np.uint8 and mapped.ndim == 4:
        return None
    if mapped.dtype.kind not in "fiub" or mapped.shape[1:] != port.shape[1:] or len(mapped) < batch:
        raise UsageError(f"{path} holds {mapped.dtype} {list(mapped.shape)}; {wanted}, with n at least {batch}")
    return mapped
