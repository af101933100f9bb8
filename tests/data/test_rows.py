"""Is a data set told by its contents alone, and is the order of measuring that of the contents?"""

from hypothesis import given
from hypothesis import strategies as st

from zoobench.data.rows import dataset_sha256, measuring_order
from zoobench.data.split import Split
from zoobench.system.files import sha256_of_json

SAMPLES: list[tuple[str, int, Split]] = [("b", 1, "test"), ("a", 0, "train")]


def test_a_data_set_is_its_classes_and_its_contents_in_any_order() -> None:
    expected = sha256_of_json([["cat", "dog"], [["a", 0, "train"], ["b", 1, "test"]]])
    assert dataset_sha256(("cat", "dog"), SAMPLES) == expected
    assert dataset_sha256(["cat", "dog"], reversed(SAMPLES)) == expected


def test_another_class_label_or_split_is_another_data_set() -> None:
    same = dataset_sha256(("cat", "dog"), SAMPLES)
    assert dataset_sha256(("cat", "wolf"), SAMPLES) != same
    assert dataset_sha256(("cat", "dog"), [("b", 0, "test"), SAMPLES[1]]) != same
    assert dataset_sha256(("cat", "dog"), [("b", 1, "train"), SAMPLES[1]]) != same


def test_images_are_measured_in_the_order_of_their_hashes_copies_in_that_of_their_labels_and_rows() -> None:
    contents = [(0, "c"), (1, "a"), (0, "a"), (1, "b"), (0, "a")]
    assert measuring_order(contents, [0, 1, 2, 4]) == [2, 4, 1, 0]


@given(st.permutations(range(6)))
def test_the_order_does_not_depend_on_that_of_the_rows(rows: list[int]) -> None:
    assert measuring_order([(index % 2, "ab"[index % 2]) for index in range(6)], rows) == [0, 2, 4, 1, 3, 5]
