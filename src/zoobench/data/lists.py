"""Which images does a list name, with a label and perhaps a split in each line, and which classes in which order?"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn
from unicodedata import normalize

from zoobench.data.layout import describe_splits, find_splits, text_of
from zoobench.data.listing import File, PictureSource, source_of
from zoobench.data.split import SPLITS, Split
from zoobench.errors import DataError, UsageError
from zoobench.system.files import read_file
from zoobench.tflite.labels import parse_labels, plain

DELIMITERS = {".csv": ",", ".tsv": "\t", ".parquet": ""}
"""Endings of lists; those of text with what stands between columns."""

_COLUMNS = {
    "path": (
        "path",
        "filename",
        "file",
        "file_name",
        "filepath",
        "file_path",
        "filepaths",
        "image",
        "image_path",
        "img",
    ),
    "label": ("label", "labels", "class", "class_name", "classname", "category", "target"),
    "split": ("split", "subset", "set", "data_set", "partition", "usage"),
}
"""What the columns may be called, in any letter case; the first name counts where there are several."""

_EXPECTED = "the first line names the columns: path,label or path,label,split"
_LISTED = 10
Line = tuple[int, Sequence[str]]
"""Number of a line, from 1, and its cells."""

Row = tuple[int, dict[str, str]]
"""Number of a line and its cells by column."""


def is_list(path: Path) -> bool:
    """Tells whether a path is named like a list."""
    return path.suffix.lower() in DELIMITERS and not path.is_dir()


def listed_images(path: Path) -> PictureSource:
    """Returns the images that a list names, none of them decoded yet; paths are relative to the list's folder.

    Raises:
        DataError: The list cannot be read or is not complete; the message names the lines.
    """
    rows = _rows(path, needed=("path", "label"))
    words = find_splits({cells["split"] for _, cells in rows if "split" in cells})
    _refuse_unknown_splits(path, rows, words)
    classes = sorted({cells["label"] for _, cells in rows})
    if len(classes) < 2:
        _refuse(path, f"it names one class only, {classes[0]}; two are needed")
    files, missing = [], []
    for number, cells in rows:
        name, found = _found(path, cells["path"])
        split = words.get(cells.get("split", ""))
        if found:
            files.append(File(path=found, name=name, label=classes.index(cells["label"]), split=split))
        else:
            missing.append((name, f"there is no such file (line {number} of {text_of(path.name)})"))
    return source_of(
        files,
        name=path.with_suffix(""),
        classes=tuple(map(text_of, classes)),
        left_out=missing,
        remarks=_remarks(path, words),
    )


def listed_files(path: Path) -> PictureSource:
    """Returns the images that a list names as of one class; it needs no column but that of the paths.

    Raises:
        DataError: The list cannot be read or is not complete; the message names the lines.
    """
    paths = [cells["path"] for _, cells in _rows(path, needed=("path",))]
    files = [File(path=path.parent / one, name=text_of(one), label=0, split=None) for one in paths]
    return source_of(files, name=path.with_suffix(""), classes=("",))


def _found(path: Path, named: str) -> tuple[str, Path | None]:
    """Returns what an image is called and where it is; a list that was written on Windows has other strokes."""
    for name in (named, named.replace("\\", "/")):
        if (path.parent / name).exists():
            return text_of(name), path.parent / name
    return text_of(named), None


def _rows(path: Path, *, needed: Sequence[str]) -> list[Row]:
    """Returns the number of each line and its cells by column, those that are needed and a split."""
    lines = _of_parquet(path) if path.suffix.lower() == ".parquet" else _of_text(path)
    _, header = next(lines, (1, ()))
    columns = _find_columns(path, header, needed=needed)
    rows = []
    for number, cells in lines:
        _refuse_wide(path, header, number, cells)
        rows += [(number, _cells(cells, columns))] if any(map(str.strip, cells)) else []
    if not rows:
        _refuse(path, f"it names no images; {_EXPECTED}")
    _refuse_incomplete(path, rows)
    return rows


def _refuse_wide(path: Path, header: Sequence[str], number: int, cells: Sequence[str]) -> None:
    if len(cells) > len(header) and any(map(str.strip, cells[len(header) :])):
        widths = f"line {number} has {len(cells)} cells and the first line {len(header)}"
        _refuse(path, f"{widths}; a name with a comma stands in quotes")


def _remarks(path: Path, words: Mapping[str, Split]) -> tuple[str, ...]:
    names = {
        split: " and ".join(repr(text_of(word)) for word in sorted(words) if words[word] == split)
        for split in SPLITS
        if split in words.values()
    }
    return (f"split by {text_of(path.name)}: {describe_splits(names, names)}",) if names else ()


def _of_text(path: Path) -> Iterator[Line]:
    """Yields the lines of a text; bytes that are no UTF-8 stay what they are, as a file's name may hold them."""
    try:
        content = read_file(path)
    except OSError as error:
        raise DataError(f"{text_of(path)} cannot be read ({error.strerror}); give a list or a folder") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        _refuse(path, "it is not text in UTF-8; save it as UTF-8")
    text = content.decode("utf-8-sig", errors="surrogateescape")
    delimiter, first = DELIMITERS[path.suffix.lower()], text.partition("\n")[0]
    if delimiter == "," and "," not in first:
        delimiter = next((one for one in (";", "\t") if one in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        _refuse(path, f"line {start} cannot be read ({error})")


def _of_parquet(path: Path) -> Iterator[Line]:
    try:
        parquet, failure = import_module("pyarrow.parquet"), import_module("pyarrow").ArrowException
    except ModuleNotFoundError as error:
        raise DataError(
            f"{text_of(path)} needs pyarrow, which is not installed: pip install pyarrow; or save the list as CSV"
        ) from error
    try:
        table = parquet.read_table(path)
    except (OSError, failure) as error:
        raise DataError(f"{text_of(path)} cannot be read ({error}); give a list or a folder") from error
    yield 1, table.column_names
    for number, row in enumerate(table.to_pylist(), start=2):
        if held := [name for name, value in row.items() if isinstance(value, (bytes, dict, list))]:
            _refuse(path, f"its column {held[0]} holds {type(row[held[0]]).__name__}, not text; write images to files")
        yield number, ["" if row[name] is None else str(row[name]) for name in table.column_names]


def _find_columns(path: Path, header: Sequence[str], *, needed: Sequence[str]) -> dict[str, int]:
    """Returns where each column that is needed stands, and that of splits beside labels."""
    names = ["_".join(name.strip().lower().split()) for name in header]
    columns = {}
    for column in (*needed, *(("split",) if "label" in needed else ())):
        known = _COLUMNS[column]
        found = [name for name in names if name in known]
        if len(found) > 1 and known[0] not in found:
            _refuse(path, f"its columns {' and '.join(found)} may both be the {column}; call one of them {known[0]}")
        if found:
            columns[column] = names.index(known[0] if known[0] in found else found[0])
    missing = [column for column in needed if column not in columns]
    if missing:
        first = ", ".join(map(text_of, header)) or "nothing"
        _refuse(path, f"its first line is {first!r}, without the column {' and '.join(missing)}; {_EXPECTED}")
    return columns


def _cells(cells: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    return {column: cells[place].strip() if place < len(cells) else "" for column, place in columns.items()}


def _refuse_incomplete(path: Path, rows: Sequence[Row]) -> None:
    for column in rows[0][1]:
        if empty := [number for number, cells in rows if not cells[column]]:
            _refuse(path, f"no {column} in {_lines(empty)}; {_EXPECTED}")
    first: dict[str, int] = {}
    for number, cells in rows:
        before = first.setdefault(cells["path"], number)
        if before != number:
            _refuse(path, f"{text_of(cells['path'])} stands in line {before} and line {number}; name an image once")


def _refuse_unknown_splits(path: Path, rows: Sequence[Row], words: Mapping[str, Split]) -> None:
    unknown = [(number, cells["split"]) for number, cells in rows if cells.get("split", "") not in {"", *words}]
    if unknown:
        lines = _lines([number for number, _ in unknown])
        _refuse(path, f"the split {unknown[0][1]!r} in {lines} is not known; call them train, validation and test")


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_LISTED]))
    more = f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else ""
    return f"{'line' if len(numbers) == 1 else 'lines'} {shown}{more}"


def _refuse(path: Path, problem: str) -> NoReturn:
    raise DataError(f"the list {text_of(path)} cannot be used: {problem}")


_SHOWN = 5
_LARGEST_LABELS = 16_000_000
_ENDINGS = (".txt", ".names", ".labels", ".csv")
_GIVE = "give the classes in the order of the outputs, one a line or separated by commas"


def parse_classes(text: str) -> tuple[str, ...]:
    """Reads a labels file, see `parse_labels`, in which each class is named once.

    Raises:
        DataError: There is none, a line is empty, a class stands twice, or numbers are not one after the other.
    """
    try:
        names = parse_labels(text)
    except ValueError as error:
        raise DataError(f"the classes cannot be read: {error}; {_GIVE}") from error
    if empty := [number for number, name in enumerate(names, start=1) if not name]:
        raise DataError(f"line {empty[0]} of the classes is empty; {_GIVE}")
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise DataError(f"the class {twice[0]} stands twice; {_GIVE}, each once")
    return names


def find_order(classes: Sequence[str], *, given: str) -> tuple[tuple[str, ...], str]:
    """Returns the classes in the order of the labels, and what is unusual in it, '' if nothing is.

    Args:
        classes: As the data set names them, in alphabetical order.
        given: A labels file, or names separated by commas; '' for alphabetical, or by number where all are numbers.

    Raises:
        DataError: The file cannot be read, or a class of the data is not among what is given, which may name more: a
            classifier's outputs may be of classes that the data has no images of.
        UsageError: What is given is neither.
    """
    if given:
        ordered = _same(classes, asked_classes(given), given=given)
        unseen = [name for name in ordered if name not in classes]
        rest = f"; the data has no images of {len(unseen)} of them: {_beginning(unseen)}" if unseen else ""
        return ordered, f"classes in the order of --zoo-classes: {_beginning(ordered)}{rest}"
    if not all(name.isdecimal() for name in classes):
        return tuple(classes), ""
    ordered = tuple(sorted(classes, key=lambda name: (int(name), name)))
    if ordered == tuple(classes):
        return ordered, ""
    return ordered, (
        f"classes that are numbers are counted: {_beginning(ordered)}; Keras spells them ({_beginning(classes)}): give "
        "that order with --zoo-classes to a classifier that learned it"
    )


def asked_classes(given: str) -> tuple[str, ...]:
    """Returns the classes that a user gives: in a labels file, or as names separated by commas; none for ''.

    Raises:
        DataError: The file cannot be read, or does not hold one class a line.
        UsageError: There is no such file.
    """
    if not given:
        return ()
    path = Path(given)
    if not path.is_file():
        if path.suffix.lower() in _ENDINGS or "," not in given:
            raise UsageError(f"--zoo-classes: there is no file {given}; name one, or {_GIVE}")
        return parse_classes("\n".join(given.split(",")))
    try:
        return parse_classes(read_file(path, most=_LARGEST_LABELS).decode())
    except OSError as error:
        raise DataError(f"--zoo-classes: {given} cannot be read ({error.strerror}); name another file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"--zoo-classes: {given} is not text in UTF-8 ({error.reason}); save it as UTF-8") from error


def _same(classes: Sequence[str], asked: Sequence[str], *, given: str) -> tuple[str, ...]:
    """Returns the classes that are asked for as the data set spells them, which may lack some."""
    are_plain = all(len(set(map(plain, names))) == len(names) for names in (classes, asked))
    spelled = plain if are_plain else partial(normalize, "NFC")  # systems store one letter in two ways
    own = {spelled(name): name for name in classes}
    names = list(map(spelled, asked))
    if missing := [name for key, name in own.items() if key not in names]:
        extra = [name for key, name in zip(names, asked, strict=True) if key not in own]
        wrong = [f"it lacks {', '.join(missing)}", *([f"the data has no {', '.join(extra)}"] if extra else [])]
        raise DataError(
            f"--zoo-classes: {given} names {len(asked)} classes, the data has {len(classes)}: {'; '.join(wrong)}; all "
            "classes of the data must be among them"
        )
    return tuple(own.get(key, name) for key, name in zip(names, asked, strict=True))


def _beginning(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" ... {names[-1]}" if len(names) > _SHOWN else "")
