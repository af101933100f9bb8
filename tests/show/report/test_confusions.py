"""Is the table of confusions readable, and are its numbers those of the answers?"""

from zoobench.show.report.confusion import Confusion
from zoobench.show.report.confusions import MOST_CLASSES, OTHERS, confusion_table


def test_every_count_stands_in_its_row_and_column_with_words_for_a_pointer() -> None:
    table = confusion_table(Confusion(classes=("cat", "dog"), counts=((3, 1), (0, 4))))
    assert table.heads == ("cat", "dog")
    assert [[field.text for field in row.fields] for row in table.rows] == [["3", "1"], ["", "4"]]
    told = [[field.told for field in row.fields] for row in table.rows]
    assert told == [
        ["cat, right: 3 of 4 (75.0 %)", "cat taken for dog: 1 of 4 (25.0 %)"],
        ["", "dog, right: 4 of 4 (100.0 %)"],
    ]
    assert table.note == ""


def test_larger_shares_of_a_class_are_darker() -> None:
    (row, _) = confusion_table(Confusion(classes=("cat", "dog"), counts=((9, 1), (0, 4)))).rows
    assert row.fields[0].shade > row.fields[1].shade > 0


def test_of_many_classes_those_with_the_most_mistakes_are_shown_and_the_rest_is_counted() -> None:
    count = MOST_CLASSES + 5
    counts = [[4 if row == column else 0 for column in range(count)] for row in range(count)]
    counts[count - 1][0] = 3
    counts[count - 1][1] = 2
    counts[2][MOST_CLASSES + 1] = 1
    found = Confusion(classes=tuple(f"class {place}" for place in range(count)), counts=tuple(map(tuple, counts)))
    table = confusion_table(found)
    assert len(table.rows) == MOST_CLASSES
    assert table.heads[-1] == OTHERS
    assert f"class {count - 1}" in table.heads
    assert f"class {count - 2}" not in table.heads
    assert table.note == f"The {MOST_CLASSES} classes with the most mistakes, of {count}."
    for row in table.rows:
        place = found.classes.index(row.name)
        assert sum(int(field.text or 0) for field in row.fields) == sum(counts[place])
