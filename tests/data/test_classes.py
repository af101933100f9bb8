"""Is the order of classes read as it was written, and is what does not fit the data named?"""

from pathlib import Path

import pytest

from messages import message_of
from zoobench.data.classes import find_order, parse_classes
from zoobench.errors import DataError, UsageError

PETS = ("cat", "dog", "eel")


@pytest.mark.parametrize(
    "text",
    [
        "dog\ncat\neel",
        "\ufeffdog\r\ncat\r\neel\r\n\r\n",
        "0 dog\n1 cat\n2 eel\n",
        "1: dog\n2: cat\n3: eel",
        " dog \rcat\r eel",
    ],
)
def test_a_labels_file_has_one_class_a_line_perhaps_numbered(text: str) -> None:
    assert parse_classes(text) == ("dog", "cat", "eel")


def test_names_may_begin_with_numbers() -> None:
    assert parse_classes("20 euro\n50 euro") == ("20 euro", "50 euro")
    assert parse_classes("0\n1\n10") == ("0", "1", "10")
    assert parse_classes("7 up\ncola") == ("7 up", "cola")
    assert parse_classes("0 golden retriever, old\n1 cat") == ("golden retriever, old", "cat")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1 of the classes is empty"),
        ("cat\n\ndog", "line 2 of the classes is empty"),
        ("cat\ndog\ncat", "the class cat stands twice"),
        ("0 cat\n2 dog", "the classes are numbered, but dog has 2 where 1 was expected"),
        ("1 cat\n0 dog", "the classes are numbered, but dog has 0 where 2 was expected"),
    ],
)
def test_what_is_no_list_of_classes_is_refused(text: str, told: str) -> None:
    assert message_of(DataError, lambda: parse_classes(text)).startswith(told)


def test_what_is_given_is_the_order(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_bytes("eel\ncat\ndog".encode("utf-8-sig"))
    for given in ("eel, cat,dog", str(file)):
        ordered, told = find_order(PETS, given=given)
        assert ordered == ("eel", "cat", "dog")
        assert told == "classes in the order of --zoo-classes: eel, cat, dog"


def test_letters_that_systems_store_in_two_ways_are_the_same() -> None:
    ordered, _ = find_order(("cafe\u0301", "tea"), given="tea,caf\u00e9")
    assert ordered == ("tea", "cafe\u0301")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("cat,dog", "cat,dog names 2 classes, the data has 3: it lacks eel; both must be the same"),
        ("Cat,dog,eel,fox", "names 4 classes, the data has 3: it lacks cat; the data has no Cat, fox;"),
    ],
)
def test_classes_that_are_not_those_of_the_data_are_refused(given: str, told: str) -> None:
    assert told in message_of(DataError, lambda: find_order(PETS, given=given))


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    for given in ("labels.txt", "cat", str(tmp_path)):
        assert f"there is no file {given}" in message_of(UsageError, lambda given=given: find_order(PETS, given=given))
    (tmp_path / "labels.txt").write_bytes("cat\ndog".encode("utf-16"))
    told = message_of(DataError, lambda: find_order(PETS, given=str(tmp_path / "labels.txt")))
    assert "is not text in UTF-8" in told


def test_only_where_all_are_numbers_they_are_counted() -> None:
    assert find_order(("1", "10", "2"), given="")[0] == ("1", "2", "10")
    assert find_order(("01", "02", "10"), given="") == (("01", "02", "10"), "")
    assert find_order(("1", "10", "2", "none"), given="") == (("1", "10", "2", "none"), "")
