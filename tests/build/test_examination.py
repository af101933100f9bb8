"""What a model of one's own is: is it decided where that can be known, and asked where it cannot?"""

from dataclasses import replace
from itertools import product
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import pytest

from colours import COLOURS, FORMS, SQUARE, UNCLEAR, Floats, Form, classifier, fed, pictures, right_by_hand
from messages import message_of
from modelfiles import labelled as modelfile
from networks import answers
from pet_photos import encoded, opened, put
from tflitefiles import with_labels
from zoobench.build import ai_edge, conversion, recipe
from zoobench.build.ending import Ending, Kind, ending_of_tflite
from zoobench.build.examination import examine, interface_of
from zoobench.build.recipe import BuildRequest, ConversionConfig, TrainingConfig
from zoobench.build.subject import Subject, keras_subject, tflite_subject
from zoobench.build.weights import find_weights, read_tflite_file
from zoobench.errors import ModelError
from zoobench.matrix.backbones import Backbone
from zoobench.matrix.interface import NOTHING_REQUESTED, Interface, PixelRange, RequestedInterface
from zoobench.measure.runtimes import probabilities

THREE = ("blue", "dark", "red")
IMAGES, LABELS = pictures(THREE)


def given(outputs: npt.NDArray[np.generic], kind: Kind, **more: object) -> Subject:
    """Returns a model that gives these outputs for the images, whatever it is fed."""
    return Subject(name="mine", answer=lambda _pixels: outputs, ending=Ending(kind=kind), **more)  # type: ignore[arg-type]


def decided(
    outputs: npt.NDArray[np.generic],
    kind: Kind,
    *,
    classes: tuple[str, ...] = THREE,
    requested: RequestedInterface = NOTHING_REQUESTED,
) -> Interface:
    return examine(given(outputs, kind), IMAGES, LABELS % len(classes), classes=classes, requested=requested)


def refusal(
    outputs: npt.NDArray[np.generic],
    kind: Kind,
    *,
    classes: tuple[str, ...] = THREE,
    requested: RequestedInterface = NOTHING_REQUESTED,
) -> str:
    return message_of(ModelError, lambda: decided(outputs, kind, classes=classes, requested=requested))


SCORES = np.eye(3, dtype=np.float32)[LABELS] * 4 - 1
SHARES = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
SIGMOIDS = 1 / (1 + np.exp(-SCORES))
TWO = ("blue", "red")
ONE = np.where(LABELS[:, None] % 2 == 1, 3.0, -3.0).astype(np.float32)
NUMBERS = np.random.default_rng(0).normal(size=(len(LABELS), 5)).astype(np.float32)
MAPS = np.random.default_rng(0).normal(size=(len(LABELS), 4, 4, 7)).astype(np.float32)


@pytest.mark.parametrize(
    ("outputs", "kind", "scores"),
    [
        (SHARES, "softmax", "probabilities"),
        (SHARES.astype(np.float16), "softmax", "probabilities"),
        (SHARES[:, None, None], "softmax", "probabilities"),
        (SHARES, "other", "probabilities"),
        (SCORES, "linear", "logits"),
        (SCORES, "pooled linear", "logits"),
        (np.log(SHARES), "log-softmax", "logits"),
        (np.log(SHARES), "other", "logits"),
        (SIGMOIDS, "sigmoid", "sigmoid"),
    ],
)
def test_as_many_numbers_as_classes_are_a_classifier_s(
    outputs: npt.NDArray[np.generic], kind: Kind, scores: str
) -> None:
    found = decided(outputs, kind)
    assert (found.taken_as, found.scores, found.pixels, found.warnings) == ("classifier", scores, "0..255", ())


@pytest.mark.parametrize(
    ("outputs", "kind", "scores"), [(ONE, "linear", "logits"), (1 / (1 + np.exp(-ONE)), "sigmoid", "sigmoid")]
)
def test_one_number_is_a_classifier_of_two_classes(outputs: Floats, kind: Kind, scores: str) -> None:
    assert decided(outputs, kind, classes=TWO).scores == scores


UNKNOWN = {
    "five classes": (SHARES[:, [0, 1, 2, 2, 2]] / 2, "softmax", "5 outputs"),
    "five sigmoids": (1 / (1 + np.exp(-NUMBERS)), "sigmoid", "5 outputs"),
    "five logits": (NUMBERS, "linear", "5 outputs"),
    "five of pooled maps": (NUMBERS, "pooled linear", "5 outputs"),
    "five of something": (NUMBERS, "other", "5 outputs"),
    "five hard sigmoids": (np.clip(NUMBERS, 0, 1), "features", "5 outputs"),
    "one number": (NUMBERS[:, :1], "features", "one output"),
    "an index": (LABELS, "other", "one output"),
    "rectified": (np.maximum(SCORES, 0), "features", "activation"),
    "from 0 to 1": (SHARES / 2, "other", "no softmax"),
    "softmax times 100": (SHARES * 100, "softmax", "do not sum to one"),
    "a yes for many": (np.full((len(LABELS), 3), 0.9, np.float32), "sigmoid", "more than one"),
    "a class for each pixel": (np.full((len(LABELS), 4, 4, 3), 1 / 3, np.float32), "softmax", "4x4x3"),
    "scores for each pixel": (MAPS[..., :3], "maps", "4x4x3"),
    "tokens": (MAPS[:, 0], "features", "neither a vector nor a feature map"),
    "not finite": (np.full((len(LABELS), 3), np.nan), "linear", "not finite"),
}


@pytest.mark.parametrize(("outputs", "kind", "seen"), UNKNOWN.values(), ids=UNKNOWN)
def test_where_it_cannot_be_known_the_run_stops_and_says_what_was_seen(
    outputs: npt.NDArray[np.generic], kind: Kind, seen: str
) -> None:
    said = refusal(outputs, kind)
    assert said.startswith("mine")
    assert seen in said
    assert "--zoo-" in said or "give a model" in said


@pytest.mark.parametrize(
    ("outputs", "kind"), [(np.maximum(NUMBERS, 0), "features"), (MAPS, "maps"), (MAPS, "features"), (MAPS, "other")]
)
def test_features_are_a_backbone_s(outputs: Floats, kind: Kind) -> None:
    assert decided(outputs, kind).taken_as == "backbone"


def test_what_the_user_says_is_checked_and_not_guessed_at() -> None:
    backbone = RequestedInterface(taken_as="backbone")
    assert decided(SHARES, "softmax", requested=backbone).taken_as == "backbone"
    logits = RequestedInterface(taken_as="classifier", scores="logits")
    assert decided(SHARES / 2, "other", requested=logits).scores == "logits"
    assert "5 outputs" in refusal(NUMBERS, "features", requested=logits)
    shares = replace(logits, scores="probabilities")
    assert "which are no probabilities" in refusal(SCORES, "linear", requested=shares)
    assert "--zoo-model mine=FORM" in refusal(SHARES / 2, "other", requested=replace(logits, scores=None))


def test_pixels_are_as_asked_for_else_as_a_quantized_input_holds_them() -> None:
    subject = given(SHARES, "softmax", held=(0.0, 0.996))
    for asked, pixels in ((NOTHING_REQUESTED, "0..1"), (RequestedInterface(pixels="-1..1"), "-1..1")):
        assert examine(subject, IMAGES, LABELS, classes=THREE, requested=asked).pixels == pixels


def test_a_quantized_input_of_unknown_pixels_stops_the_run_until_they_are_named() -> None:
    subject = given(SHARES, "softmax", held=(-0.5, 0.5))
    said = message_of(ModelError, lambda: examine(subject, IMAGES, LABELS, classes=THREE, requested=NOTHING_REQUESTED))
    assert said.startswith("mine: its quantized input stores values from -0.5 to 0.5")
    assert "--zoo-pixels mine=RANGE" in said
    assert examine(subject, IMAGES, LABELS, classes=THREE, requested=RequestedInterface(pixels="-1..1")).warnings


@pytest.mark.parametrize(("pixels", "is_cut"), [("0..255", True), ("-1..1", True), ("0..1", False)])
def test_pixels_that_are_named_and_that_a_quantized_input_does_not_store_are_warned_of(
    pixels: PixelRange, is_cut: bool
) -> None:
    for outputs, kind in ((SHARES, "softmax"), (MAPS, "maps")):
        subject = given(outputs, kind, held=(0.0, 0.996))  # type: ignore[arg-type]
        found = examine(subject, IMAGES, LABELS, classes=THREE, requested=RequestedInterface(pixels=pixels))
        assert any("cut off" in one for one in found.warnings) == is_cut


def labelled(outputs: npt.NDArray[np.generic], *labels: str, kind: Kind = "softmax") -> Subject:
    return given(outputs, kind, labels=labels)


def test_labels_of_other_classes_stop_the_run_with_both_lists() -> None:
    subject = labelled(SHARES, "rouge", "dark", "bleu")
    said = message_of(ModelError, lambda: examine(subject, IMAGES, LABELS, classes=THREE, requested=NOTHING_REQUESTED))
    for part in ("(blue, dark, red)", "rouge, dark, bleu", "dark in both", "--zoo-classes blue,dark,red"):
        assert part in said
    backbone = RequestedInterface(taken_as="backbone")
    assert examine(subject, IMAGES, LABELS, classes=THREE, requested=backbone).taken_as == "backbone"


def test_labels_that_name_more_classes_are_to_be_given_so_that_all_of_them_count() -> None:
    names = ("green", "red", "dark", "grey", "Blue")
    subject = labelled(NUMBERS, *names, kind="linear")
    said = message_of(ModelError, lambda: examine(subject, IMAGES, LABELS, classes=THREE, requested=NOTHING_REQUESTED))
    assert "some of the 5 that are named in its file" in said
    assert "--zoo-classes green,red,dark,grey,Blue" in said
    found = examine(given(NUMBERS, "linear"), IMAGES, LABELS, classes=names, requested=NOTHING_REQUESTED)
    assert (found.scores, found.order) == ("logits", ())


def test_labels_of_a_file_order_its_outputs_or_the_user_s_names_do(tmp_path: Path) -> None:
    def subject(labels: bytes, *, are_named: bool = False) -> Subject:
        file = tmp_path / "mine.tflite"
        file.write_bytes(with_labels(modelfile("float32"), {"labels.txt": labels}))
        return tflite_subject(read_tflite_file(file), name="mine", classes=THREE, are_named=are_named)

    ordered, others, named = subject(b"0 red\n1 blue\n2 dark"), subject(b"a\nb\nc"), subject(b"a\nb\nc", are_named=True)
    assert (ordered.order, ordered.labels) == ((1, 2, 0), ())
    assert (others.order, others.labels, others.remarks) == ((), ("a", "b", "c"), ())
    assert (named.labels, "(a, b, c)" in named.remarks[0], "--zoo-classes" in named.remarks[0]) == ((), True, True)


def test_the_same_answer_to_all_images_and_guesses_are_warned_of() -> None:
    (said,) = decided(np.tile(SCORES[:1], (len(LABELS), 1)), "linear").warnings
    assert "the same numbers for all 30 images" in said
    (said,) = decided(NUMBERS[:, :3], "linear").warnings
    assert "no more often than by guessing" in said


# Classifiers by form, pixels, order of the classes and format


RANGES: tuple[PixelRange, ...] = ("0..255", "0..1", "-1..1", "imagenet-caffe", "imagenet-torch")
COMBINATIONS = [(form, pixels, moved) for form, pixels, moved in product(FORMS, RANGES, (0, 1))]
"""In two or three formats each; where the classes are moved, images are not square."""


def formats(model: keras.Model, images: npt.NDArray[np.uint8], pixels: PixelRange) -> dict[str, Subject]:
    content = conversion.float32(model)
    shown = (fed(images[position : position + 1], pixels) for position in range(6))
    quantized = ai_edge.integer(content, ai_edge.calibrated(content, shown), io="int8")
    files = {"float32": content, "int8": quantized}
    return {"keras": keras_subject(model, name="mine")} | {
        name: Subject(name="mine", answer=lambda x, file=file: answers(file, x), ending=ending_of_tflite(file))
        for name, file in files.items()
    }


def top1(subject: Subject, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], found: Interface) -> float:
    """Returns the top-1 that a run measures."""
    outputs = np.asarray(subject.answer(fed(images, found.pixels)))
    return float((probabilities(outputs, found, count=len(images)).argmax(axis=1) == labels).mean())


def examined_or_refused(
    subject: Subject, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], classes: tuple[str, ...]
) -> Interface | str:
    try:
        return examine(subject, images, labels, classes=classes, requested=NOTHING_REQUESTED)
    except ModelError as error:
        return str(error)


def check(form: Form, pixels: PixelRange, *, moved: int, is_clear: bool) -> int:
    """Checks a classifier in each format, without an option and with the right ones; returns how many were checked."""
    classes = tuple(COLOURS) if form.classes == 3 else ("dark", "red")
    order = classes[moved:] + classes[:moved]
    sides = (24, 40) if moved else SQUARE
    whole = classifier(form, order, pixels, sides=sides)
    model = keras.Model(whole.input, keras.tree.flatten(whole.outputs)[0])
    images, labels = pictures(classes, each=15, sides=sides)
    subjects = formats(model, images, pixels)
    for subject in subjects.values():
        outputs = np.asarray(subject.answer(fed(images, pixels)))
        expected = right_by_hand(outputs, labels, classes=classes, order=order)
        found = examined_or_refused(subject, images, labels, classes)
        if isinstance(found, str):
            assert "--zoo-" in found
        else:
            assert found.warnings or top1(subject, images, labels, found) == expected
        asked = RequestedInterface(pixels=pixels)
        named = np.array([order.index(classes[label]) for label in labels])
        if is_clear:
            found = examine(subject, images, named, classes=order, requested=asked)
            assert (found.warnings, top1(subject, images, named, found)) == ((), expected)
        else:
            with pytest.raises(ModelError, match="--zoo-model mine=FORM"):
                examine(subject, images, named, classes=order, requested=asked)
    return len(subjects)


@pytest.mark.parametrize(("form", "pixels", "moved"), COMBINATIONS[::23])
def test_top1_is_what_keras_or_litert_say_or_the_user_is_told(form: str, pixels: PixelRange, moved: int) -> None:
    check(FORMS[form], pixels, moved=moved, is_clear=form not in UNCLEAR)


@pytest.mark.nightly
@pytest.mark.parametrize("form", FORMS)
def test_top1_is_so_for_every_form_and_range_and_order(form: str) -> None:
    found = [
        check(FORMS[form], pixels, moved=moved, is_clear=form not in UNCLEAR)
        for name, pixels, moved in COMBINATIONS
        if name == form
    ]
    assert sum(found) * len(FORMS) >= 200


# In the store


def test_what_was_found_is_kept_and_found_anew_for_other_images_and_options(tmp_path: Path) -> None:
    for number in range(20):
        name = ("dark", "red")[number // 10]
        put(tmp_path / "colours" / name / f"{number}.png", encoded(COLOURS[name][0] + number % 10))
    path = tmp_path / "mine.keras"
    classifier(FORMS["one logit"], ("dark", "red"), "0..255").save(path)
    backbone = Backbone(name="mine", path=path)
    request = BuildRequest(
        backbone=backbone,
        weights=find_weights(backbone, image_size=32, request={"": "auto"}),
        image_size=32,
        dataset=opened(tmp_path / "colours", tmp_path / "kept"),
        training=TrainingConfig(),
        conversion=ConversionConfig(),
        root=tmp_path / "models",
    )
    found = interface_of(request, NOTHING_REQUESTED)
    assert found == Interface(
        taken_as="classifier", scores="logits", remarks=("its one output ends in a linear layer.",)
    )
    (kept,) = request.root.glob("mine-32-examination-*")
    (kept / "interface.json").touch()
    assert interface_of(request, NOTHING_REQUESTED) == found
    asked = RequestedInterface(pixels="-1..1")
    assert interface_of(request, asked).pixels == "-1..1"
    assert len(list(request.root.glob("mine-32-examination-*"))) == 2
    dataset = request.dataset
    assert {dataset.samples[row].split for row in recipe.examined_rows(dataset)} == {"train", "validation"}
