"""Which names of classes are embedded in a TFLite file, as its metadata say?

They stand in a text file, one a line, in a ZIP archive that is appended to the model. The metadata are a flatbuffer of
their own within it, read here by its schema, `metadata_schema.fbs` of tensorflow/tflite-support.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from flatbuffers.table import Table

from zoobench.errors import ModelError
from zoobench.system.files import check_members
from zoobench.tflite.read import read_metadata

_METADATA = "TFLITE_METADATA"
_SUBGRAPHS, _OUTPUTS, _FILES_OF_TENSOR = 3, 3, 6
"""Places of the fields of ModelMetadata, SubGraphMetadata and TensorMetadata that lead to the labels."""
_NAME, _TYPE = 0, 2
"""Of AssociatedFile."""
_AXIS_LABELS, _VALUE_LABELS = 2, 3
_MOST_BYTES = 4_000_000
_END_OF_ARCHIVE, _END_WITHIN = b"PK\x05\x06", 65_557
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
"""What is raised of archives that are damaged."""
_NOT_FLATBUFFER = (struct.error, ValueError, IndexError, TypeError, OverflowError)
_MOST_ENTRIES = 100
"""Of a list in the metadata: graphs, outputs, or files of an output."""


def read_labels(content: bytes) -> tuple[str, ...] | None:
    """Returns the names of the classes in the order of the output, or None where none are embedded.

    Raises:
        ModelError: If the file is none, or its labels cannot be read or are not safe to.
    """
    metadata = read_metadata(content).get(_METADATA)
    if _END_OF_ARCHIVE not in content[-_END_WITHIN:]:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {member.filename: member for member in archive.infolist()}
            check_members(archive.infolist(), archive_bytes=len(content))
            name = _file_of_labels(metadata, list(members))
            if name is None:
                return None
            if members[name].file_size > _MOST_BYTES:
                raise ValueError(f"{name} has {members[name].file_size:,} bytes; at most {_MOST_BYTES:,} are read")
            text = archive.read(name).decode("utf-8-sig", errors="replace")
    except _UNREADABLE as error:
        raise ModelError(f"the labels that are appended to the file cannot be read: {error}") from error
    return tuple(line.strip() for line in text.rstrip().splitlines())


def _file_of_labels(metadata: bytes | None, members: list[str]) -> str | None:
    """Returns what the metadata name for an output; else the one text file that is called by its purpose."""
    if metadata:
        try:
            named = dict(reversed([(kind, name) for name, kind in _associated(metadata)]))
        except _NOT_FLATBUFFER as error:
            raise ValueError(f"its metadata are damaged ({error})") from error
        name = named.get(_AXIS_LABELS) or named.get(_VALUE_LABELS)
        if name is not None and name not in members:
            raise ValueError(f"its metadata name {name!r}, and the archive has {', '.join(members) or 'no file'}")
        if name is not None:
            return name
    likely = [one for one in members if "label" in one.lower() and one.lower().endswith(".txt")]
    return likely[0] if len(likely) == 1 else None


def _associated(metadata: bytes) -> Iterator[tuple[str, int]]:
    """Yields name and type of each file that belongs to an output."""
    root = Table(metadata, int.from_bytes(metadata[:4], "little"))
    for graph in _tables(root, _SUBGRAPHS):
        for tensor in _tables(graph, _OUTPUTS):
            for file in _tables(tensor, _FILES_OF_TENSOR):
                place, kind = _field(file, _NAME), _field(file, _TYPE)
                if place and kind:
                    yield file.String(file.Pos + place).decode(errors="replace"), metadata[file.Pos + kind]


def _tables(owner: Table, field: int) -> Iterator[Table]:
    place = _field(owner, field)
    if place:
        start, count = owner.Vector(place), owner.VectorLen(place)
        if count > _MOST_ENTRIES:
            raise ValueError(f"a list has {count:,} entries; at most {_MOST_ENTRIES} are read")
        yield from (Table(owner.Bytes, owner.Indirect(start + 4 * one)) for one in range(count))


def _field(table: Table, number: int) -> int:
    place: int = table.Offset(4 + 2 * number)
    return place
