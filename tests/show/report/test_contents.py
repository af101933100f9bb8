"""Are numbers of things and lists of names put into sentences as one says them?"""

from zoobench.show.report.contents import MOST_NAMED, counted, named, spread


def test_one_is_not_in_the_plural() -> None:
    assert (counted(1, "cell"), counted(0, "cell"), counted(1200, "cell")) == ("1 cell", "0 cells", "1,200 cells")


def test_equal_counts_are_one_and_others_a_range() -> None:
    assert (spread([64, 64]), spread([200, 64, 100])) == ("64", "64 to 200")


def test_few_cells_are_named_and_of_many_the_first() -> None:
    assert named(["a", "b"]) == "a, b"
    many = [f"cell{number}" for number in range(MOST_NAMED + 1)]
    assert named(many) == f"{', '.join(many[:MOST_NAMED])} and 1 more cell"


def test_all_cells_need_no_names() -> None:
    assert named(["a", "b"], of=2) == "any of the 2 cells"
    assert named(["a"], of=1) == "the only cell"
