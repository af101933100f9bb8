"""Is the split stratified, decided by content, and calm when images are added?"""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoobench.data.split import (
    SHARES,
    Shares,
    Split,
    assign,
    cut,
    dataset_sha256,
    homes,
    measuring_order,
    parse_shares,
    shares_of,
    split_contents,
    stratified,
)
from zoobench.errors import UsageError
from zoobench.system.files import sha256_of_json

Contents = list[tuple[int, str]]


def contents(label: int, count: int, *, start: int = 0) -> Contents:
    return [(label, f"{label}-{number}") for number in range(start, start + count)]


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (20, (14, 3, 3)),  # exactly 70, 15 and 15 per cent
        (40, (28, 6, 6)),
        (10, (7, 1, 2)),  # 7, 1.5, 1.5: where remainders are equal the test split gets more
        (11, (8, 1, 2)),  # 7.7, 1.65, 1.65: floors 7, 1, 1 leave two, for the remainders .7 and the later .65
        (3, (1, 1, 1)),  # 2.1, 0.45, 0.45: each split gets one
        (4, (2, 1, 1)),
    ],
)
def test_shares_are_cut_by_largest_remainders(total: int, expected: tuple[int, int, int]) -> None:
    assert cut(total, SHARES) == expected


def test_a_share_of_nothing_gets_nothing() -> None:
    assert cut(7, parse_shares("0/0/100")) == (0, 0, 7)
    assert cut(1, parse_shares("0/0/1")) == (0, 0, 1)
    assert cut(10, parse_shares("80/0/20")) == (8, 0, 2)


def test_what_is_not_given_is_cut_by_the_ratio_of_the_shares() -> None:
    assert shares_of(["train", "test"], shares=(0.6, 0.2, 0.2)) == {
        "train": pytest.approx((0.75, 0.25, 0)),
        "test": (0, 0, 1),
    }
    assert shares_of(["train", "validation"], shares=(0, 0, 1)) == {"train": (1, 0, 0), "validation": (0, 0, 1)}
    found = contents(0, 20) + contents(1, 4, start=50)
    assert assign(found, ["train"] * 20 + ["test"] * 4, shares=SHARES, seed=0).count("validation") == 4


@given(
    total=st.integers(3, 400),
    shares=st.tuples(*[st.integers(1, 98)] * 3).map(lambda parts: parse_shares("/".join(map(str, parts)))),
)
def test_every_split_gets_its_share_to_within_one(total: int, shares: Shares) -> None:
    counts = cut(total, shares)
    exact = [total * share for share in shares]
    assert sum(counts) == total
    assert min(counts) >= 1
    if min(exact) >= 1:
        assert all(abs(count - quota) < 1 for count, quota in zip(counts, exact, strict=True))


@settings(max_examples=50, deadline=None)
@given(first=st.integers(3, 80), second=st.integers(3, 80), seed=st.integers(0, 1000))
def test_each_class_is_split_by_itself(first: int, second: int, seed: int) -> None:
    split = split_contents(contents(0, first) + contents(1, second), shares=SHARES, seed=seed)
    for label, total in ((0, first), (1, second)):
        sizes = Counter(split[sha256] for _, sha256 in contents(label, total))
        assert (sizes["train"], sizes["validation"], sizes["test"]) == cut(total, SHARES)


@settings(max_examples=50, deadline=None)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_the_order_of_the_files_plays_no_part(data: st.DataObject, seed: int) -> None:
    ordered = contents(0, 12) + contents(1, 9)
    shuffled = data.draw(st.permutations(ordered))
    assert split_contents(ordered, shares=SHARES, seed=seed) == split_contents(shuffled, shares=SHARES, seed=seed)


@settings(max_examples=100, deadline=None)
@given(before=st.integers(3, 120), added=st.integers(1, 40), seed=st.integers(0, 1000))
def test_an_added_image_moves_one_other_at_most_across_each_cut(before: int, added: int, seed: int) -> None:
    old = contents(0, before) + contents(1, 30)
    new = old + contents(0, added, start=before)
    split_before = split_contents(old, shares=SHARES, seed=seed)
    split_after = split_contents(new, shares=SHARES, seed=seed)
    moved = [sha256 for sha256 in split_before if split_after[sha256] != split_before[sha256]]
    assert len(moved) <= 2 * added
    assert all(sha256.startswith("0-") for sha256 in moved)


def test_another_seed_is_another_split_and_another_stratified_order() -> None:
    one, other = (split_contents(contents(0, 50), shares=SHARES, seed=seed) for seed in (0, 1))
    assert one != other
    assert one == split_contents(contents(0, 50), shares=SHARES, seed=0)
    assert stratified(contents(0, 30), seed=0) != stratified(contents(0, 30), seed=1)


def test_a_content_in_two_classes_belongs_to_the_first() -> None:
    assert homes([(1, "a"), (0, "b"), (0, "a"), (1, "a")]) == {"a": 0, "b": 0}


def test_copies_do_not_count_twice() -> None:
    once = split_contents(contents(0, 20), shares=SHARES, seed=0)
    assert split_contents(contents(0, 20) * 3, shares=SHARES, seed=0) == once


def test_every_beginning_of_a_stratified_order_holds_the_classes_evenly() -> None:
    order = stratified(contents(0, 5) + contents(1, 3) + contents(2, 4), seed=0)
    labels = [int(sha256[0]) for sha256 in order]
    assert labels == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 2, 0]
    assert len(set(order)) == 12


@pytest.mark.parametrize("text", ["70/15/15", "14/3/3", "0.7/0.15/0.15", " 70 / 15 / 15 "])
def test_shares_are_read_in_any_unit(text: str) -> None:
    assert parse_shares(text) == pytest.approx((0.70, 0.15, 0.15))


@pytest.mark.parametrize(
    "text", ["", "70", "70/30", "70/15/10/5", "70/15/x", "100/0/0", "120/-10/-10", "nan/1/1", "inf/1/1", "70-15-15"]
)
def test_shares_that_are_not_three_numbers_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_shares(text)
    assert str(caught.value).startswith(
        f"the split {text!r} cannot be read; give three numbers for train/validation/test"
    )


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
