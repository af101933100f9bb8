"""Which folders of a data set hold which class, and which split if the folders say so?"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shlex import quote

from zoobench.data.images import EXTENSIONS
from zoobench.data.split import SPLITS, Split, shares_of
from zoobench.errors import DataError

ONE_FOLDER_PER_CLASS = "give a folder that holds one folder of images for each class, such as cat/ and dog/"
_ENDING = r"(_?(set|data|dataset|split|images|imgs|img|photos|pictures))?_?\d{0,4}"
_PATTERNS = {
    "train": f"(train|training|trn){_ENDING}",
    "validation": f"(val|valid|validate|validation|dev|development){_ENDING}",
    "test": f"(test|testing|tst|holdout|held_?out){_ENDING}",
    "either": f"(eval|evaluate|evaluation){_ENDING}",
}
"""What the splits are called, in any letter case; an `eval` validates beside a `test`, and is the test without one."""
_NOT_DATA = ("__MACOSX", "$RECYCLE.BIN", "System Volume Information")
_MADE_BY_SYSTEMS = ("Thumbs.db", "desktop.ini", ".DS_Store")
_CONVERSIONS = {
    "magick mogrify -format png *{}": (
        *(".heic", ".heif", ".jp2", ".j2k", ".jpx", ".jxl", ".svg", ".psd", ".ppm", ".pgm", ".pbm", ".pnm"),
        *(".tga", ".ico", ".jfif", ".hdr", ".exr"),
    ),
    "dcraw -T *{}": (".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"),
    "PIL.Image.fromarray(numpy.load('NAME{}')).save('NAME.png')": (".npy", ".npz"),
    "dcmj2pnm +on NAME{} NAME.png": (".dcm",),
}
"""How images of kinds that are not read become such that are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFolder:
    """One folder of images of one class; `split` is None where the folders do not say."""

    path: Path
    label: int
    split: Split | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the images of each class are; `remarks` say what is unusual, `ignored` are kinds of files beside them."""

    classes: tuple[str, ...]
    folders: tuple[ClassFolder, ...]
    remarks: tuple[str, ...]
    ignored: tuple[str, ...]


def find_layout(folder: Path, asked: Sequence[str] = ()) -> Layout:
    """Returns where the images of a data set stand: in folders of classes, of splits with classes, or the other way.

    Args:
        folder: Of the data set.
        asked: The classes as the user names them: folders of these names are classes, whatever is in them.

    Raises:
        DataError: The folder holds neither, or so much of one that it is not clear what is meant.
    """
    entries = entries_of(folder)
    tops = [name for name, is_folder in entries.items() if is_folder and not is_set_aside(name)]
    ignored = [kind_beside(name, is_folder) for name, is_folder in entries.items() if name not in tops]
    if not asked or not set(map(text_of, tops)) <= set(asked):
        if found := _of_split_folders(folder, tops, ignored):
            return found
        if nested := _splits_inside(folder, tops):
            return _of_splits_inside(folder, tops, nested, ignored)
        _refuse_parts(folder, tops)
    _refuse_no_classes(folder, entries, tops)
    folders = tuple(ClassFolder(path=folder / name, label=label, split=None) for label, name in enumerate(tops))
    return Layout(
        classes=tuple(map(text_of, tops)), folders=folders, remarks=_beside(folder.resolve()), ignored=tuple(ignored)
    )


def entries_of(folder: Path) -> dict[str, bool]:
    """Returns the names in a folder, sorted, and whether each is a folder."""
    try:
        return {path.name: path.is_dir() for path in sorted(folder.iterdir())}
    except FileNotFoundError:
        wrong = "does not exist"
    except NotADirectoryError:
        wrong = "is neither a folder nor a list (.csv, .tsv or .parquet)"
    except OSError as error:
        wrong = f"cannot be read ({error.strerror})"
    raise DataError(f"{text_of(folder)} {wrong}; {ONE_FOLDER_PER_CLASS}")


def is_image(name: str) -> bool:
    """Tells whether a file of this name is taken for an image; macOS keeps other things of a file in `._NAME`."""
    return name.lower().endswith(EXTENSIONS) and not name.startswith("._")


def is_set_aside(name: str) -> bool:
    """Tells whether a folder of this name is none of the data's: a hidden one, or one that systems add."""
    return name.startswith(".") or name in _NOT_DATA


def kind_of(name: str) -> str:
    """Returns what is counted for a file that is no image."""
    if name in _MADE_BY_SYSTEMS or name.lower() == "thumbs.db":
        return name
    if name.startswith("._"):
        return "._ file of macOS"
    return text_of(PurePosixPath(name).suffix.lower()) or "without extension"


def kind_of_folder(name: str) -> str:
    """Returns what is counted for a folder that is set aside."""
    return name if name in _NOT_DATA else "hidden folder"


def kind_beside(name: str, is_folder: bool) -> str:
    """Returns what is counted for what stands beside the folders of classes."""
    if is_folder:
        return kind_of_folder(name)
    return f"{kind_of(name)} beside the class folders" if is_image(name) else kind_of(name)


def conversion_of(kinds: Iterable[str]) -> str:
    """Returns how to convert the first kind of images among these that is not read, or ''."""
    ways = {kind: way.format(kind) for way, those in _CONVERSIONS.items() for kind in those}
    foreign = [kind for kind in kinds if kind in ways]
    return f"convert {', '.join(foreign)}, such as by: {ways[foreign[0]]}" if foreign else ""


def text_of(path: str | Path) -> str:
    """Returns a path as text that can be printed and kept, whatever bytes it is of."""
    return os.fsencode(path).decode(errors="backslashreplace")


def find_splits(words: Iterable[str], *, prefixed: bool = False) -> dict[str, Split]:
    """Returns which words name which split, in any letter case, with endings such as `_set`, perhaps after a prefix."""
    named: dict[str, str] = {}
    for word in words:
        plain = re.sub(r"[\W_]+", "_", word.strip().lower()).strip("_")
        before = "(.*_)?" if prefixed else ""
        split = next((split for split, pattern in _PATTERNS.items() if re.fullmatch(before + pattern, plain)), None)
        named |= {word: split} if split else {}
    either: Split = "validation" if "test" in named.values() else "test"
    return {word: next((one for one in SPLITS if one == split), either) for word, split in named.items()}


def describe_splits(present: Iterable[Split], names: Mapping[Split, str]) -> str:
    """Returns which folder is which split, and what a split that is not given is cut from."""
    given = shares_of(present, shares=(1.0, 1.0, 1.0))
    said = [f"{names[split]} is {split}" for split in given]
    for donor, parts in given.items():
        taken = [split for split, share in zip(SPLITS, parts, strict=True) if share and split != donor]
        said += [f"{' and '.join(taken)} cut from {names[donor]}"] if taken else []
    return ", ".join(said)


def _of_split_folders(folder: Path, tops: list[str], ignored: list[str]) -> Layout | None:
    splits = find_splits(tops, prefixed=True)
    if len(set(splits.values())) < 2:
        splits = find_splits(tops)
    places = {name: _unwrapped(folder / name) for name in tops if name in splits}
    inside = {name: _class_names(place) for name, place in places.items()}
    holding = {name for name in splits if inside[name]}
    if holding and len(holding) == len(tops):
        _refuse_two_of_one_split(folder, splits)
        return _of_splits(folder, {splits[name]: places[name] for name in tops}, ignored)
    _refuse_half_a_layout(folder, tops=tops, splits=splits, holding=holding)
    return None


def _unwrapped(place: Path) -> Path:
    """Returns where the class folders of a split are: archives are often unpacked into a folder of the same name."""
    folders, has_images = _inside(place)
    is_wrapped = len(folders) == 1 and not has_images and find_splits(folders, prefixed=True)
    return place / folders[0] if is_wrapped else place


def _beside(folder: Path) -> tuple[str, ...]:
    """Says that a folder is one split by its name, and that others stand beside it."""
    try:
        names = [path.name for path in folder.parent.iterdir() if path.is_dir()] if find_splits([folder.name]) else []
    except OSError:
        return ()
    others = [f"{text_of(name)}/" for name in sorted(find_splits(names)) if name != folder.name]
    if not others:
        return ()
    return (
        f"{text_of(folder.name)}/ is taken as the whole data set; {' and '.join(others)} beside it: to take them as "
        f"the split, give --zoo-data {quote(text_of(folder.parent))}",
    )


def _class_names(folder: Path) -> list[str]:
    """Returns the folders in a folder that hold an image at any depth."""
    names = (name for name, is_folder in entries_of(folder).items() if is_folder and not is_set_aside(name))
    return [name for name in names if _holds_image(folder / name)]


def _holds_image(folder: Path) -> bool:
    return any(is_image(name) for _, _, files in os.walk(folder) for name in files)


def _of_splits(folder: Path, places: Mapping[Split, Path], ignored: list[str]) -> Layout:
    names = {split: f"{text_of(place.relative_to(folder))}/" for split, place in places.items()}
    inside = {split: _class_names(place) for split, place in places.items()}
    classes = sorted({name for one in inside.values() for name in one})
    _refuse_missing(folder, classes, {names[split]: held for split, held in inside.items()})
    if len(classes) < 2:
        raise DataError(f"{text_of(folder)} holds one class only, {text_of(classes[0])}; {ONE_FOLDER_PER_CLASS}")
    for place in places.values():
        beside = ((name, one) for name, one in entries_of(place).items() if name not in classes)
        ignored += [kind_beside(name, is_folder) for name, is_folder in beside]
    folders = [
        ClassFolder(path=places[split] / name, label=label, split=split)
        for split in SPLITS
        if split in places
        for label, name in enumerate(classes)
    ]
    return Layout(
        classes=tuple(map(text_of, classes)),
        folders=tuple(folders),
        remarks=(f"split by its folders: {describe_splits(places, names)}",),
        ignored=tuple(ignored),
    )


def _of_splits_inside(
    folder: Path, classes: list[str], nested: Mapping[str, dict[str, Split]], ignored: list[str]
) -> Layout:
    names = {split: f"*/{text_of(inner)}/" for inside in nested.values() for inner, split in inside.items()}
    held = {names[one]: [name for name in classes if one in nested[name].values()] for one in SPLITS if one in names}
    _refuse_missing(folder, classes, held)
    folders = [
        ClassFolder(path=folder / name / inner, label=label, split=split)
        for label, name in enumerate(classes)
        for inner, split in nested[name].items()
    ]
    return Layout(
        classes=tuple(map(text_of, classes)),
        folders=tuple(folders),
        remarks=(f"split by the folders in its class folders: {describe_splits(names, names)}",),
        ignored=tuple(ignored),
    )


def _splits_inside(folder: Path, tops: list[str]) -> dict[str, dict[str, Split]]:
    """Returns the split folders in each class folder, or nothing where class folders hold their images otherwise."""
    nested, others = {}, []
    for top in tops:
        folders, has_images = _inside(folder / top)
        splits = find_splits(folders)
        if len(splits) == len(folders) and len(set(splits.values())) >= 2 and not has_images:
            nested[top] = splits
        else:
            others.append(text_of(top))
    if nested and others:
        raise DataError(
            f"{text_of(folder)}: {', '.join(map(text_of, nested))} hold splits, such as "
            f"{' and '.join(next(iter(nested.values())))}, but {', '.join(others)} hold something else; give all class "
            "folders the same folders inside, or none of them"
        )
    return nested


def _inside(folder: Path) -> tuple[list[str], bool]:
    """Returns the folders in a class folder and whether images stand beside them; nothing of what cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = {entry.name: entry.is_dir() and not is_image(entry.name) for entry in entries}
    except OSError:
        return [], False
    folders = sorted(name for name, is_folder in names.items() if is_folder and not is_set_aside(name))
    return folders, any(is_image(name) for name in names)


def _refuse_two_of_one_split(folder: Path, splits: Mapping[str, Split]) -> None:
    twice = [split for split, count in Counter(splits.values()).items() if count > 1]
    if twice:
        same = " and ".join(f"{text_of(top)}/" for top in splits if splits[top] == twice[0])
        raise DataError(
            f"{text_of(folder)}: {same} are both {twice[0]}; leave one folder for each of train, validation and test"
        )


def _refuse_missing(folder: Path, classes: list[str], held: Mapping[str, list[str]]) -> None:
    missing = [
        f"{where} has no {text_of(name)}" for where, names in held.items() for name in classes if name not in names
    ]
    if missing:
        raise DataError(
            f"{text_of(folder)}: the classes of its splits differ: {', '.join(missing)} with images in it; "
            "each class needs images in each split, in folders of the same name and letter case"
        )


def _refuse_half_a_layout(folder: Path, *, tops: list[str], splits: Mapping[str, Split], holding: set[str]) -> None:
    """Stops where folders are named like splits but others stand beside them, or they hold images without classes."""
    others = [text_of(name) for name in tops if name not in holding]
    if len(set(splits.values())) >= 2 and len(splits) == len(tops):
        raise DataError(
            f"{text_of(folder)}: its folders are called {', '.join(map(text_of, tops))}, like splits, but "
            f"{', '.join(others)} hold no class folders with images; put a folder for each class into each, or give "
            "the labels in a list: --zoo-data FILE.csv with the columns path, label and split; if they are the "
            f"classes, say so: --zoo-classes {quote(','.join(map(text_of, tops)))}"
        )
    if len({splits[name] for name in holding}) >= 2:
        raise DataError(
            f"{text_of(folder)}: {', '.join(map(text_of, sorted(holding)))} are splits with class folders, but beside "
            f"them stand {', '.join(others)}; take these out of the folder"
        )


def _refuse_parts(folder: Path, tops: list[str]) -> None:
    """Stops where all folders hold folders of the same names: either may be the classes."""
    inside = [_inside(folder / top) for top in tops]
    folders, _ = inside[0] if len(tops) >= 2 else ([], False)
    if len(folders) >= 2 and all(one == (folders, False) for one in inside):
        names = [*map(text_of, tops)]
        same = " and ".join(map(text_of, folders[:2])) + (" ..." if len(folders) > 2 else "")
        raise DataError(
            f"{text_of(folder)}: each of its folders {', '.join(names)} holds the folders {same}, so either may be the "
            f"classes; if the outer ones are, give --zoo-classes {quote(','.join(names))}; else name one of them with "
            "--zoo-data, or give a list (a .csv with path and label)"
        )


def _refuse_no_classes(folder: Path, entries: Mapping[str, bool], classes: list[str]) -> None:
    if len(classes) >= 2:
        return
    found = "no class folders"
    images = sum(is_image(name) and not is_folder for name, is_folder in entries.items())
    if classes:
        found = f"one class folder only, {text_of(classes[0])}, and a classifier needs two or more"
        if len(_class_names(folder / classes[0])) >= 2:
            found += f" (are the classes in {text_of(folder / classes[0])}? name that)"
    elif images:
        noun = "image" if images == 1 else "images"
        found += f" but {images} {noun} directly in it; put them in one folder per class"
    raise DataError(f"{text_of(folder)} holds {found}; {ONE_FOLDER_PER_CLASS}")
