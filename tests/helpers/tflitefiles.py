"""TFLite files of a few operators, made by hand."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

OPERATORS = ("RELU", "NEG")
"""What gives the first output and what gives the second."""
SQUARE = (1, 4, 4, 3)


def written(model: schema.ModelT) -> bytes:
    """Returns a model as a file."""
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def edited(content: bytes, edit: Callable[[schema.ModelT], object]) -> bytes:
    """Returns a file after a change to its model."""
    model = schema.ModelT.InitFromPackedBuf(content)
    edit(model)
    return written(model)


def with_open_batch(model: schema.ModelT) -> None:
    """Leaves the batch of input and output open, as converters do of a Keras model."""
    graph = model.subgraphs[0]
    for index in (*graph.inputs, *graph.outputs):
        graph.tensors[index].shapeSignature = [-1, *graph.tensors[index].shape[1:]]


def tiny(
    shape: Sequence[int] = SQUARE,
    *,
    kind: str = "float32",
    outputs: int = 1,
    inputs: int = 1,
    scale: float | None = None,
    zero_point: int = 0,
    signatures: Sequence[str] = (),
) -> schema.ModelT:
    """Returns a model whose outputs are the ReLU and the negative of its first input; -1 in the shape is left open.

    With several signatures each has a graph of its own, whose one output is the one of that place in `OPERATORS`.
    """

    def tensor(name: str) -> schema.TensorT:
        made = schema.TensorT(name=name.encode(), type=getattr(schema.TensorType, kind.upper()), buffer=0)
        made.shape, made.shapeSignature = [max(side, 1) for side in shape], list(shape) if -1 in shape else None
        if scale is not None:
            made.quantization = schema.QuantizationParametersT(scale=[scale], zeroPoint=[zero_point])
        return made

    def graph(operators: Sequence[str]) -> schema.SubGraphT:
        made = schema.SubGraphT()
        names = [f"input{number}" for number in range(inputs)]
        made.inputs, made.outputs = list(range(inputs)), list(range(inputs, inputs + len(operators)))
        made.tensors = [tensor(name) for name in (*names, *(f"{one.lower()}_out" for one in operators))]
        made.operators = [
            schema.OperatorT(opcodeIndex=OPERATORS.index(one), inputs=[0], outputs=[inputs + place])
            for place, one in enumerate(operators)
        ]
        return made

    several = len(signatures) > 1
    model = schema.ModelT(version=3, buffers=[schema.BufferT()])
    codes = [getattr(schema.BuiltinOperator, one) for one in OPERATORS]
    model.operatorCodes = [schema.OperatorCodeT(builtinCode=one, deprecatedBuiltinCode=one, version=1) for one in codes]
    model.subgraphs = (
        [graph([one]) for one in OPERATORS[: len(signatures)]] if several else [graph(OPERATORS[:outputs])]
    )
    model.signatureDefs = [
        schema.SignatureDefT(
            signatureKey=name,
            subgraphIndex=number if several else 0,
            inputs=[schema.TensorMapT(name="image", tensorIndex=0)],
            outputs=[schema.TensorMapT(name=f"{name}_scores", tensorIndex=inputs)],
        )
        for number, name in enumerate(signatures)
    ]
    return model


def crashing() -> bytes:
    """Returns a file that crashes LiteRT, which reads the options of this operator though there are none."""

    def without_options(model: schema.ModelT) -> None:
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = b"TFLite_Detection_PostProcess"

    return edited(written(tiny()), without_options)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Returns an archive, as labels are appended to a model."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def metadata(*files: tuple[str, int]) -> bytes:
    """Returns the metadata of a model whose first output has these files, by name and type."""
    builder = flatbuffers.Builder(0)

    def table(fields: Mapping[int, int], *, count: int, kind: int | None = None) -> int:
        builder.StartObject(count)
        for field, offset in fields.items():
            builder.PrependUOffsetTRelativeSlot(field, offset, 0)
        if kind is not None:
            builder.PrependInt8Slot(2, kind, 0)
        return int(builder.EndObject())

    def vector(offsets: Sequence[int]) -> int:
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return int(builder.EndVector())

    named = [(builder.CreateString(name), kind) for name, kind in files]
    associated = vector([table({0: name}, count=4, kind=kind) for name, kind in named])
    output = table({6: associated}, count=7)
    graph = table({3: vector([output])}, count=5)
    builder.Finish(table({3: vector([graph])}, count=8), file_identifier=b"M001")
    return bytes(builder.Output())


def with_labels(content: bytes, files: Mapping[str, bytes], described: bytes = b"") -> bytes:
    """Returns a file with an archive appended, and with metadata if there are any."""

    def add(model: schema.ModelT) -> None:
        model.buffers.append(schema.BufferT(data=np.frombuffer(described, np.uint8)))
        entry = schema.MetadataT(name=b"TFLITE_METADATA", buffer=len(model.buffers) - 1)
        model.metadata = [*(model.metadata or ()), entry]

    return (edited(content, add) if described else content) + zipped(files)
