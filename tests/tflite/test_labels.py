"""Are embedded labels read in their order, and only from what is whole and safe?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages import message_of
from tflitefiles import metadata, tiny, with_labels, written, zipped
from zoobench.errors import ModelError
from zoobench.tflite.labels import order_of, parse_labels, read_labels

MODEL = written(tiny())
AXIS, VALUES, VOCABULARY = 2, 3, 5


def test_a_file_without_labels_has_none() -> None:
    assert read_labels(MODEL) is None
    assert read_labels(with_labels(MODEL, {"readme.txt": b"cat\ndog\n"})) is None
    assert read_labels(with_labels(MODEL, {"words.txt": b"a\nb\n"}, metadata(("words.txt", VOCABULARY)))) is None


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (b"cat\ndog\n", ("cat", "dog")),
        ("\ufeffkäfer\r\nцветок\r\n\r\n".encode(), ("käfer", "цветок")),
        (b"0 cat\n1 dog\n", ("cat", "dog")),
        (b"1 person\n3 car\n", ("1 person", "3 car")),
        (b"background\n\nhot dog", ("background", "", "hot dog")),
    ],
)
def test_labels_are_the_lines_of_the_file_that_the_metadata_name(text: bytes, labels: tuple[str, ...]) -> None:
    files = {"other_labels.txt": b"x\n", "names.txt": text}
    assert read_labels(with_labels(MODEL, files, metadata(("names.txt", AXIS)))) == labels


def test_those_of_the_axis_come_before_those_of_values_and_the_first_before_translations() -> None:
    files = {"de.txt": b"Katze", "en.txt": b"cat", "values.txt": b"box"}
    named = metadata(("values.txt", VALUES), ("en.txt", AXIS), ("de.txt", AXIS))
    assert read_labels(with_labels(MODEL, files, named)) == ("cat",)
    assert read_labels(with_labels(MODEL, files, metadata(("values.txt", VALUES)))) == ("box",)


def test_without_metadata_the_one_text_file_that_is_called_labels_counts() -> None:
    assert read_labels(with_labels(MODEL, {"labels.txt": b"a\nb"})) == ("a", "b")
    assert read_labels(with_labels(MODEL, {"labels.txt": b"a", "labels_de.txt": b"b"})) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0: cat\n1: dog", ("cat", "dog")),
        ("cat,0\ndog,1\n", ("cat", "dog")),
        ("1\tcat\n2\tdog", ("cat", "dog")),
        ("\ufeffcat;1\r\ndog;2", ("cat", "dog")),
        ("level:1\nlevel:2", ("level:1", "level:2")),
        ("20 euro\n50 euro", ("20 euro", "50 euro")),
        ("cat\n\ndog", ("cat", "", "dog")),
    ],
)
def test_numbers_of_lines_are_no_part_of_a_name(text: str, names: tuple[str, ...]) -> None:
    assert parse_labels(text) == names


def test_labels_are_the_classes_whatever_their_letter_case_and_what_stands_between_words() -> None:
    three = ("blue", "dark red", "red")
    assert order_of(("Red", "blue ", "dark_red"), three) == (1, 2, 0)
    assert order_of(three, three) == (0, 1, 2)
    for others in (("blue", "red"), ("blue", "green", "red"), ("blue", "dark red", "red", "red"), ("?", "?", "?")):
        assert order_of(others, three) is None


def test_one_label_of_two_classes_is_that_of_the_one_output() -> None:
    assert order_of(("dog",), ("cat", "dog")) == (0, 1)
    assert order_of(("cat",), ("cat", "dog")) == (1, 0)
    assert order_of(("cow",), ("cat", "dog")) is None


def test_what_is_not_safe_or_not_there_is_refused_with_the_reason() -> None:
    named = metadata(("labels.txt", AXIS))
    assert "'labels.txt', and the archive has other.txt" in message_of(
        ModelError, lambda: read_labels(with_labels(MODEL, {"other.txt": b"a"}, named))
    )
    large = with_labels(MODEL, {"labels.txt": b"a\n" * 3_000_000}, named)
    assert "has 6,000,000 bytes; at most 4,000,000" in message_of(ModelError, lambda: read_labels(large))
    outside = with_labels(MODEL, {"../labels.txt": b"a"})
    assert "leads out of the folder" in message_of(ModelError, lambda: read_labels(outside))


@given(st.booleans(), st.integers(0, 400), st.integers(0, 255))
def test_damaged_metadata_and_archives_are_read_or_refused(of_archive: bool, place: int, value: int) -> None:
    described, archive = bytearray(metadata(("labels.txt", AXIS))), bytearray(zipped({"labels.txt": b"cat\ndog\n"}))
    damaged = archive if of_archive else described
    damaged[place % len(damaged)] = value
    try:
        found = read_labels(with_labels(MODEL, {}, bytes(described))[: -len(zipped({}))] + bytes(archive))
    except ModelError as error:
        text = str(error)
    else:
        assert found is None or all(isinstance(one, str) for one in found)
        return
    assert text.startswith("the labels that are appended to the file cannot be read: ")
