"""Which names of classes does a labels file hold, and which one is embedded in a TFLite file, as its metadata say?

Names stand in a text file, one a line. An embedded one is in a ZIP archive that is appended to the model. The metadata
are a flatbuffer of their own within it, read here by its schema, `metadata_schema.fbs` of tensorflow/tflite-support.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from unicodedata import normalize

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
_NUMBER_FIRST = re.compile(r"(?P<number>\d+)(?:\s+|\s*[:,;]\s*)(?P<name>\S.*)")
_NUMBER_LAST = re.compile(r"(?P<name>\S.*?)\s*[:,;\t]\s*(?P<number>\d+)")


def parse_labels(text: str) -> tuple[str, ...]:
    """Reads a labels file: one name a line, in the order of a classifier's outputs; a name may be empty.

    Lines may be numbered, such as `0 cat`, `0: cat` or `cat,0`, from 0 or 1 and one after the other; the numbers are
    left out then.

    Raises:
        ValueError: If the numbers are not one after the other.
    """
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff").rstrip())]
    for pattern in (_NUMBER_FIRST, _NUMBER_LAST):
        found = [match for line in lines if (match := pattern.fullmatch(line))]
        names = tuple(match["name"] for match in found)
        is_unclear = pattern is _NUMBER_LAST and len(set(names)) < len(names)  # `level:1` and `level:2` are names
        if 1 < len(lines) == len(found) and int(found[0]["number"]) <= 1 and not is_unclear:
            _check_count(found)
            return names
    return tuple(lines)


def order_of(labels: Sequence[str], classes: Sequence[str]) -> tuple[int, ...] | None:
    """Returns which output belongs to each class by the names of the outputs; None where they are not these classes.

    Letter case does not count, nor what stands between words. One label of two classes is that of the one output.
    """
    own, names = list(map(plain, classes)), list(map(plain, labels))
    if len(names) == 1 and len(own) == 2 and names[0] in own:
        names = [own[1 - own.index(names[0])], *names]
    return tuple(map(names.index, own)) if sorted(own) == sorted(set(names)) and len(own) == len(names) else None


def plain(name: str) -> str:
    """Returns what counts of a name."""
    return re.sub(r"[\W_]+", " ", normalize("NFC", name).casefold()).strip() or name


def _check_count(found: Sequence[re.Match[str]]) -> None:
    for place, match in enumerate(found, start=int(found[0]["number"])):
        if int(match["number"]) != place:
            raise ValueError(f"they are numbered, but {match['name']} has {match['number']} where {place} was expected")


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
    try:
        return parse_labels(text)
    except ValueError:  # the place of a line says which output it names, whatever numbers are in it
        return tuple(line.strip() for line in text.splitlines())


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
