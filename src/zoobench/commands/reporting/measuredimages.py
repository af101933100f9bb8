"""Where are the test images of a run? Told by a hash, of the data set or the kit, so that no others are shown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoobench.commands.gating.replayfiles import stored_entries, whole_product
from zoobench.data.identity import dataset_sha256, measuring_order
from zoobench.data.rows import Row, read_rows
from zoobench.data.split import MIN_CONTENTS, homes, parse_shares, split_contents
from zoobench.errors import DataError, ZoobenchError
from zoobench.kit.contents import KitImages, KitManifest
from zoobench.kit.reader import extract, find_kept, open_kit
from zoobench.measure.samples import Samples
from zoobench.results.answers import answers_of
from zoobench.results.baseline import Baseline
from zoobench.results.record import Record
from zoobench.run.options import defaults
from zoobench.run.plan import whole
from zoobench.store.inventory import Entry
from zoobench.system.terminal import sanitize

KIT_LIMIT_BYTES = 4_000_000_000
"""How much a kit may be when it is unpacked; of it only the images of one size are."""
_SHORT_HASH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where images may be looked for.

    Attributes:
        artifacts: Folder of the store.
        kit: The kit that the results came of, if it is named.
    """

    artifacts: Path
    kit: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredImages:
    """The test split that results are about.

    Attributes:
        samples: Their pixels and labels, in the order of the records' predictions.
        contents: SHA-256 of the image that each was decoded from.
    """

    samples: Samples
    contents: tuple[str, ...]


def find_images(run: Baseline, places: Places, *, least_side: int, workplace: Path) -> MeasuredImages | str:
    """Returns the images that a run was measured on, or why they cannot be had.

    Args:
        run: Results or a baseline.
        places: Where to look.
        least_side: In pixels; of the sizes that there are, the smallest that is not below it is taken.
        workplace: Folder for what is unpacked meanwhile.
    """
    if len({record.dataset.sha256 for record in run.records}) > 1:
        return f"{run.name} holds results of several data sets, so it is not known which image is which"
    try:
        found = _of_kit(run, places, least_side, workplace) or _of_store(run, places, least_side)
    except ZoobenchError as error:
        return str(error)
    except OSError as error:
        return f"the images cannot be read: {error}"
    if found is None:
        return _nowhere(run, places)
    return found if _is_the_truth(found, run.records) else _altered(run)


def _of_store(run: Baseline, places: Places, least_side: int) -> MeasuredImages | None:
    for entry in _likely(run, places, least_side):
        if (stored := whole_product(entry)) is None:
            continue
        rows = [(str(name), int(label), str(sha256)) for name, label, sha256 in read_rows(stored.path)["rows"]]
        if order := _test_rows(rows, run):
            labels = np.array([rows[row][1] for row in order], np.int64)
            samples = Samples(path=stored.path, rows=np.array(order, np.int64), labels=labels)
            return MeasuredImages(samples=samples, contents=tuple(rows[row][2] for row in order))
    return None


def _likely(run: Baseline, places: Places, least_side: int) -> list[Entry]:
    """Returns the decoded data sets of the run's classes: those that it names first, then by size."""
    named = {pixels.product for pixels in run.provenance.pixels.values()}
    classes = list(run.records[0].dataset.classes)
    found = [
        (entry, int(entry.manifest.inputs["image_size"]))
        for entry in stored_entries(places.artifacts, kind="data set")
        if entry.manifest and entry.manifest.facts.get("classes") == classes
    ]
    found.sort(key=lambda one: (one[0].name not in named, *_by_side(one[1], least_side)))
    return [entry for entry, _ in found]


def _by_side(side: int, least_side: int) -> tuple[bool, int]:
    """Returns where a size stands among others: the smallest that is large enough, then the largest of the others."""
    return side < least_side, side if side >= least_side else -side


def _test_rows(rows: Sequence[Row], run: Baseline) -> list[int]:
    """Returns the rows that test, in the order of measuring; none where it is not the data set of the run.

    It is split again as the run's options say: with that, and only with the same contents and labels, it has the hash.
    """
    texts, dataset = {**defaults(), **run.provenance.options}, run.records[0].dataset
    contents = [(label, sha256) for _, label, sha256 in rows]
    if min(Counter(homes(contents).values()).values(), default=0) < MIN_CONTENTS:
        return []  # it was decoded, and then refused
    split = split_contents(contents, shares=parse_shares(texts["split"]), seed=whole(texts, "seed", least=0))
    samples = ((sha256, label, split[sha256]) for label, sha256 in contents)
    if dataset_sha256(dataset.classes, samples) != dataset.sha256:
        return []
    return measuring_order(contents, [row for row, (_, sha256) in enumerate(contents) if split[sha256] == "test"])


def _of_kit(run: Baseline, places: Places, least_side: int, workplace: Path) -> MeasuredImages | None:
    kit = run.records[0].kit
    if kit is None:
        return None
    if kept := find_kept(kit, artifacts=places.artifacts):
        images = _sized(kept.manifest, least_side)
        return _of_member(kept.manifest, kept.folder / images.file)
    if places.kit is None:
        return None
    with open_kit(places.kit, limit_bytes=KIT_LIMIT_BYTES) as opened:
        if opened.sha256 != kit:
            raise DataError(
                f"the results were measured from the kit {kit[:_SHORT_HASH]}; {places.kit} is another one, "
                f"{opened.sha256[:_SHORT_HASH]}"
            )
        images = _sized(opened.manifest, least_side)
        return _of_member(opened.manifest, extract(opened, images.file, workplace))


def _sized(manifest: KitManifest, least_side: int) -> KitImages:
    return min(manifest.images, key=lambda images: _by_side(images.image_size, least_side))


def _of_member(manifest: KitManifest, path: Path) -> MeasuredImages:
    labels = np.array([sample.label for sample in manifest.samples], np.int64)
    samples = Samples(path=path, rows=np.arange(len(labels), dtype=np.int64), labels=labels)
    return MeasuredImages(samples=samples, contents=tuple(sample.sha256 for sample in manifest.samples))


def _is_the_truth(found: MeasuredImages, records: Sequence[Record]) -> bool:
    """Tells whether the labels of the images are the right answers of the records, sample by sample."""
    labels = tuple(found.samples.labels.tolist())
    answers = (answers_of(record) for record in records)
    return all(one.truth == labels for one in answers if one)


def _altered(run: Baseline) -> str:
    return (
        f"the right answers in {run.name} are not the labels of the data set whose hash it names, so the file was "
        "altered; no image of it is shown"
    )


def _nowhere(run: Baseline, places: Places) -> str:
    record = run.records[0]
    sought = f"the test images of {sanitize(record.dataset.name)} (data set {record.dataset.sha256[:_SHORT_HASH]})"
    if record.kit:
        return (
            f"{sought} are not in {places.artifacts}, neither as the kit {record.kit[:_SHORT_HASH]}, which the results "
            "were measured from, nor as a data set: name the kit's file with --kit KIT.zip, or the folder of the store "
            "with --zoo-artifacts DIR"
        )
    return (
        f"{sought} are not in {places.artifacts / 'datasets'}: name the folder of the store that the run used with "
        "--zoo-artifacts DIR"
    )
