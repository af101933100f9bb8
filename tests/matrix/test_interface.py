"""What is a model of one's own taken as?"""

import pytest
from tests.helpers.messages import message_of

from zoobench.errors import UsageError
from zoobench.matrix.interface import Interface, RequestedInterface, parse_requested

OWN = {"mine": "mine", "mine.keras": "mine", "a/mine.keras": "mine", "other": "other"}


def test_each_model_is_found_by_its_name_its_file_or_its_path_and_a_range_alone_is_for_all() -> None:
    said = parse_requested("a/mine.keras=classifier:logits,other=backbone", "0..1,other=-1..1", own=OWN)
    assert said == {
        "mine": RequestedInterface(taken_as="classifier", scores="logits", pixels="0..1"),
        "other": RequestedInterface(taken_as="backbone", pixels="-1..1"),
    }
    assert parse_requested("", "", own=OWN)["mine"] == RequestedInterface()


@pytest.mark.parametrize(
    ("models", "pixels", "named"),
    [
        ("mine=softmax", "", ["--zoo-model", "softmax", "classifier", "backbone"]),
        ("mine=classifier:", "", ["--zoo-model", "logits"]),
        ("mine=backbone:logits", "", ["classifier:logits"]),
        ("mine", "", ["--zoo-model", "MODEL=VALUE", "mine, other"]),
        ("yours=backbone", "", ["yours=backbone", "mine, other"]),
        ("", "0..2", ["--zoo-pixels", "0..2", "imagenet-caffe"]),
        ("", "yours=0..1", ["--zoo-pixels", "yours", "mine, other"]),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(models: str, pixels: str, named: list[str]) -> None:
    message = message_of(UsageError, lambda: parse_requested(models, pixels, own=OWN))
    assert all(word in message for word in named)


def test_it_is_described_in_the_words_of_its_options() -> None:
    assert Interface(taken_as="backbone").described == "a backbone: pixels 0..255"
    grey = Interface(taken_as="classifier", scores="logits", pixels="0..1", channels=1, layout="NCHW", order=(1, 0))
    assert grey.described == (
        "a classifier: logits, pixels 0..1, grey, channels first, outputs 1, 0 in the order of the classes"
    )
    assert Interface(taken_as="classifier", order=tuple(range(99))).described.count(", ") == 13


def test_a_word_about_own_models_needs_one() -> None:
    assert "leave it out" in message_of(UsageError, lambda: parse_requested("", "0..1", own={}))


def test_an_interface_changes_nothing_where_pixels_and_answers_are_taken_as_they_are() -> None:
    assert Interface(taken_as="classifier", remarks=("seen",)).changes_nothing
    assert not Interface(taken_as="backbone", pixels="0..1").changes_nothing
