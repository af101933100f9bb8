"""Which images does a run train and test on?"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zoobench.data import drawn
from zoobench.data.images import Resizing
from zoobench.data.layout import conversion_of
from zoobench.data.listing import (
    LeftOut,
    Picture,
    PictureSource,
    counted,
    decode_once,
    given_splits,
    photos,
    refuse,
    relabelled,
    unlabelled_photos,
    with_pictures,
)
from zoobench.data.lists import asked_classes, find_order, is_list, listed_files, listed_images
from zoobench.data.split import (
    SHARES,
    SPLITS,
    Content,
    Row,
    Shares,
    Split,
    assign,
    dataset_sha256,
    homes,
    shares_of,
    stratified,
)
from zoobench.errors import DataError, UsageError, sanitize
from zoobench.matrix.interface import ImageSize, height_and_width
from zoobench.system.files import sha256_of_json

MIN_IMAGE_SIZE = 8
MAX_IMAGE_SIZE = 1024
MIN_DRAWN_IMAGES = len(SPLITS) * len(drawn.CLASSES)
_ALL_TRAIN: Shares = (1.0, 0.0, 0.0)
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetConfig:
    """What data set a user asks for.

    Attributes:
        folder: One folder of images per class, or a list of images; None for the drawn data set.
        drawn_images: Over all classes together.
        seed: Which split, and which drawn images.
        skip_bad_images: Leave out what cannot be used instead of stopping at it.
        calibration: Folder or list of images to calibrate on; None for those that train.
        classes: Labels file, or names separated by commas, in the order of the labels; '' for the usual order.
        resizing: How images get the size that a model takes.
        upright: Turn photos as their EXIF data says.
    """

    folder: Path | None = None
    drawn_images: int = 400
    shares: Shares = SHARES
    seed: int = 0
    skip_bad_images: bool = False
    calibration: Path | None = None
    classes: str = ""
    resizing: Resizing = "stretch"
    upright: bool = False

    def __post_init__(self) -> None:
        if self.drawn_images < MIN_DRAWN_IMAGES:
            raise UsageError(
                f"{self.drawn_images} drawn images were asked for; ask for at least {MIN_DRAWN_IMAGES}, "
                f"{len(SPLITS)} for each of the {len(drawn.CLASSES)} classes"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One image with its label.

    Attributes:
        name: Path below the data set's folder, or `drawn/dog/00012`.
        label: Index into the data set's classes.
        sha256: Of the file's content; of the pixels where the image is drawn.
    """

    name: str
    label: int
    sha256: str
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A split data set at one image size; the pixels stay on disk.

    Attributes:
        classes: Names of the classes; labels point into it.
        samples: The usable images in file order.
        duplicates: Groups of names of samples that have the same content.
        ignored: Kinds of files that are no images, with their number.
        remarks: What else is unusual.
        preparation: How pixels were made, by option, where that is not the default: part of what is made of them.
        calibration: Images to calibrate on, all as one class that trains; None where the training split is taken.
        are_named: Whether its user named the classes, in the order of a classifier's outputs.
        pixels_path: A .npy file, uint8 [samples, height, width, 3] RGB; row i belongs to `samples[i]`.
    """

    name: str
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    left_out: tuple[LeftOut, ...]
    duplicates: tuple[tuple[str, ...], ...]
    ignored: tuple[tuple[str, int], ...]
    image_size: ImageSize
    pixels_path: Path
    remarks: tuple[str, ...] = ()
    preparation: Mapping[str, str] = field(default_factory=dict)
    calibration: "Dataset | None" = None
    are_named: bool = False

    @property
    def sha256(self) -> str:
        """Identity of classes, contents, labels and splits; image size, file names and place play no part."""
        return dataset_sha256(self.classes, ((item.sha256, item.label, item.split) for item in self.samples))

    def indices(self, split: Split) -> Indices:
        """Returns the positions of a split's samples, ascending."""
        return np.array([i for i, item in enumerate(self.samples) if item.split == split], dtype=np.int64)

    def labels(self, split: Split) -> npt.NDArray[np.int64]:
        """Returns the labels of a split's samples, in the order of `indices`."""
        return np.array([item.label for item in self.samples if item.split == split], dtype=np.int64)

    def images(self, indices: Sequence[int] | Indices) -> npt.NDArray[np.uint8]:
        """Returns a copy of the images at these positions, [len(indices), height, width, 3] RGB.

        The memory map that they come from is open only meanwhile, so that resident memory stays flat.

        Raises:
            DataError: The file of pixels is gone or damaged.
        """
        try:
            pixels = np.load(self.pixels_path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.pixels_path} cannot be read ({error}); run again, and the images are decoded anew"
            ) from error
        return np.asarray(pixels)[np.asarray(indices, dtype=np.int64)]

    @property
    def calibrating(self) -> "Dataset":
        """The data set that calibration images are taken of."""
        return self.calibration or self

    def calibration_contents(self) -> dict[str, int]:
        """Returns the first position of each content that may be taken for calibration, by its SHA-256.

        They are of the training split. Where nothing trains they are of the test split: variants that need no
        calibration are compared with Keras on them, and others are not made.
        """
        position: dict[str, int] = {}
        rows = self.indices("train")
        for index in (rows if len(rows) else self.indices("test")).tolist():
            position.setdefault(self.samples[index].sha256, index)
        return position

    def calibration_indices(self, count: int, *, seed: int) -> Indices:
        """Returns positions of images to calibrate with: the classes evenly, no content twice.

        Fewer are always the beginning of more; `seed` tells which of the many choices.

        Raises:
            UsageError: There are not so many.
        """
        position = self.calibration_contents()
        if not 1 <= count <= len(position):
            raise UsageError(
                f"{count} calibration images were asked for; the training split of {self.name} holds "
                f"{len(position)} different ones, so ask for 1 to {len(position)}"
            )
        contents = [(self.samples[index].label, sha256) for sha256, index in position.items()]
        return np.array([position[sha256] for sha256 in stratified(contents, seed=seed)[:count]], dtype=np.int64)


def open_dataset(config: DatasetConfig, *, image_size: ImageSize, folder: Path) -> Dataset:
    """Opens a data set at one image size; its images are decoded into a folder of `folder` unless they are there.

    Raises:
        DataError: The images are missing, bad, too few, or cannot be kept.
        UsageError: The image size makes no sense.
    """
    if any(not MIN_IMAGE_SIZE <= side <= MAX_IMAGE_SIZE for side in height_and_width(image_size)):
        allowed = f"give a size from {MIN_IMAGE_SIZE} to {MAX_IMAGE_SIZE} pixels, such as 224"
        raise UsageError(f"the image size {image_size} is not possible; {allowed}")
    dataset = _opened(_source(config), config=config, image_size=image_size, folder=folder)
    if config.calibration is None:
        return dataset
    tested = {item.sha256: item.name for item in dataset.samples if item.split == "test"}
    calibration = _without(tested, _unlabelled(config.calibration))
    apart = replace(config, shares=_ALL_TRAIN)
    return replace(dataset, calibration=_opened(calibration, config=apart, image_size=image_size, folder=folder))


def _opened(source: PictureSource, *, config: DatasetConfig, image_size: ImageSize, folder: Path) -> Dataset:
    preparation: dict[str, str] = {}
    preparation |= {} if config.resizing == "stretch" else {"resize": config.resizing}
    preparation |= {"exif": "apply"} if config.upright else {}
    rows, undecoded, pixels_path = decode_once(source, image_size=image_size, folder=folder, preparation=preparation)
    left_out = tuple(sorted((*source.left_out, *undecoded)))
    if not config.skip_bad_images:
        refuse(left_out, source=source)
    names: dict[str, list[str]] = {}
    for name, _, sha256 in rows:
        names.setdefault(sha256, []).append(name)
    return Dataset(
        name=source.name,
        classes=source.classes,
        samples=_split(rows, source=source, config=config),
        left_out=left_out,
        duplicates=tuple(tuple(group) for group in names.values() if len(group) > 1),
        ignored=source.ignored,
        image_size=image_size,
        pixels_path=pixels_path,
        remarks=(*source.remarks, *_prepared_unusually(source, config, image_size)),
        preparation=preparation,
        are_named=bool(config.classes),
    )


def _prepared_unusually(source: PictureSource, config: DatasetConfig, size: ImageSize) -> Iterator[str]:
    """Yields what differs from how `keras.utils.image_dataset_from_directory` makes pixels, or from how photos look."""
    if lying := [picture.name for picture in source.pictures if picture.orientation != 1]:
        done = "turned upright" if config.upright else "not turned, as Keras does not; --zoo-exif apply does"
        yield f"{counted(lying, 'photo')} of another EXIF orientation, {done}, first {lying[0]}"
    if config.resizing != "stretch":
        shape = "a square" if isinstance(size, int) else f"the shape {size}"
        yield {"crop": f"cropped to {shape} in the middle", "pad": f"padded with black to {shape}"}[config.resizing]


def _without(tested: Mapping[str, str], source: PictureSource) -> PictureSource:
    """Leaves out what is tested on; a file that calibrated and is tested would look better than it is."""
    tested_too = [one.name for one in source.pictures if one.sha256 in tested]
    kept = tuple(one for one in source.pictures if one.sha256 not in tested)
    if not kept:
        raise DataError(
            f"--zoo-calibration-data: {source.name} holds {counted(source.pictures, 'image')}, of which all are in the "
            "test split too; give others"
        )
    if not tested_too:
        return source
    remark = f"{counted(tested_too, 'image')} left out that the test split has too, first {tested_too[0]}"
    return with_pictures(source, kept, remark)


def describe(dataset: Dataset) -> tuple[str, ...]:
    """Returns what a reader of results should know about the data: a line of sizes and one for each oddity."""
    lines = (*(f"data: {line}" for line in _described(dataset)), *_calibration_described(dataset.calibration))
    return tuple(map(sanitize, lines))


def _described(dataset: Dataset) -> Iterator[str]:
    sizes = Counter(item.split for item in dataset.samples)
    splits = " / ".join(f"{split} {sizes[split]}" for split in SPLITS)
    yield f"{dataset.name}, {len(dataset.samples)} images, {len(dataset.classes)} classes, {splits}"
    yield from dataset.remarks
    if dataset.left_out:
        name, reason = dataset.left_out[0]
        yield f"left out {counted(dataset.left_out, 'bad image')}, first {name}: {reason}"
    if dataset.duplicates:
        first = " = ".join(dataset.duplicates[0])
        yield f"{counted(dataset.duplicates, 'group')} of identical images, each within one split, first {first}"
    labels = {item.name: item.label for item in dataset.samples}
    contradictory = [group for group in dataset.duplicates if len({labels[name] for name in group}) > 1]
    if contradictory:
        first = " = ".join(contradictory[0])
        yield f"{counted(contradictory, 'image')} in two classes, so one label is wrong, first {first}"
    if dataset.ignored:
        conversion = conversion_of(kind for kind, _ in dataset.ignored)
        counts = ", ".join(f"{count} {kind}" for kind, count in dataset.ignored)
        yield f"ignored other files: {counts}{f'; to have them too, {conversion}' if conversion else ''}"


def _calibration_described(calibration: Dataset | None) -> Iterator[str]:
    if calibration is None:
        return
    yield f"calibration: images of {calibration.name}, which has {len(calibration.calibration_contents())}"
    yield from (f"calibration: {remark}" for remark in calibration.remarks)
    if calibration.left_out:
        name, reason = calibration.left_out[0]
        yield f"calibration: left out {counted(calibration.left_out, 'bad image')}, first {name}: {reason}"


def _source(config: DatasetConfig) -> PictureSource:
    if config.folder is None:
        source = _drawings(config)
    else:
        is_of_list = is_list(config.folder)
        source = listed_images(config.folder) if is_of_list else photos(config.folder, asked_classes(config.classes))
    classes, remark = find_order(source.classes, given=config.classes)
    source = source if classes == source.classes else relabelled(source, classes)
    return replace(source, remarks=(*source.remarks, remark)) if remark else source


def _unlabelled(path: Path) -> PictureSource:
    return listed_files(path) if is_list(path) else unlabelled_photos(path)


def _drawings(config: DatasetConfig) -> PictureSource:
    each, more = divmod(config.drawn_images, len(drawn.CLASSES))
    pictures = tuple(
        Picture(
            name=f"drawn/{animal}/{index:05}",
            label=label,
            sha256=None,
            pixels=partial(drawn.draw, animal, seed=config.seed, index=index),
        )
        for label, animal in enumerate(drawn.CLASSES)
        for index in range(each + (label < more))
    )
    key = sha256_of_json(["drawn", drawn.VERSION, config.seed, config.drawn_images])
    return PictureSource(name="drawn", classes=drawn.CLASSES, key=key, pictures=pictures)


def _split(rows: Sequence[Row], *, source: PictureSource, config: DatasetConfig) -> tuple[Sample, ...]:
    contents = [(label, sha256) for _, label, sha256 in rows]
    of_name = given_splits(source)
    given = [of_name[name] for name, *_ in rows] if of_name else []
    if len(set(given)) == len(SPLITS) and config.shares != SHARES:
        raise UsageError(
            f"{source.name} is {'; '.join(source.remarks)}, so there is nothing for --zoo-split to cut: leave it out, "
            "or name one of these folders with --zoo-data"
        )
    _refuse_small_classes(contents, given, source=source, shares=config.shares)
    splits = assign(contents, given, shares=config.shares, seed=config.seed)
    return tuple(
        Sample(name=name, label=label, sha256=sha256, split=split)
        for (name, label, sha256), split in zip(rows, splits, strict=True)
    )


def _refuse_small_classes(
    contents: Sequence[Content], given: Sequence[Split], *, source: PictureSource, shares: Shares
) -> None:
    parts = shares_of(given, shares=shares) if given else {None: shares}
    for donor, cut in parts.items():
        own = [content for row, content in enumerate(contents) if donor is None or given[row] == donor]
        needing = [split for split, share in zip(SPLITS, cut, strict=True) if share]
        different = Counter(homes(own).values())
        short = [
            f"{name} has {different[label]}"
            for label, name in enumerate(source.classes)
            if different[label] < len(needing) and name not in source.unseen
        ]
        if short:
            of_donor = f" of {donor}" if donor else ""
            raise DataError(
                f"each class needs {len(needing)} different usable images{of_donor}, one for each of "
                f"{', '.join(needing)}; {', '.join(short)} (copies of another class's images do not count); "
                "add images or take the folder away"
            )
