"""Are numbers of things, lists of names and tables put as one says and reads them?"""

from zoobench.show.report.contents import MOST_NAMED, named, spread, table, without_empty


def test_equal_counts_are_one_and_others_a_range() -> None:
    assert (spread([64, 64]), spread([200, 64, 100])) == ("64", "64 to 200")


def test_few_cells_are_named_and_of_many_the_first_and_all_need_no_names() -> None:
    assert named(["a", "b"]) == "a, b"
    many = [f"cell{number}" for number in range(MOST_NAMED + 1)]
    assert named(many) == f"{', '.join(many[:MOST_NAMED])} and 1 more cell"
    assert named([*many, "cell"]).endswith(" and 2 more cells")
    assert (named(["a", "b"], of=2), named(["a"], of=1)) == ("any of the 2 cells", "the only cell")


def test_a_table_without_rows_is_none_and_columns_in_which_nothing_stands_are_left_out() -> None:
    assert table("Nothing", ("a",), ()) is without_empty(None) is None
    found = without_empty(table("Some", ("a", "b", "c"), (("1", "", "x"), ("2", "", "")), words={2}))
    assert found == table("Some", ("a", "c"), (("1", "x"), ("2", "")), words={1})
