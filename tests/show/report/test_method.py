"""Is it told how a run was measured, as far as its records say?"""

from dataclasses import replace

from reportparts import FLOAT, INTEGER
from zoobench.show.report.method import method_of


def test_rounds_samples_and_processes_are_those_of_the_records() -> None:
    text = "\n".join(method_of([FLOAT, INTEGER]))
    assert "Rounds of a cell: 64." in text
    assert "every one of 8 test samples" in text
    assert "6 a cell" in text


def test_what_was_not_done_is_not_explained() -> None:
    bare = replace(FLOAT, accuracy=None, latency=None, memory=None, startup=None)
    assert method_of([bare]) == ()
    untimed = "\n".join(method_of([replace(FLOAT, latency=None)]))
    assert "× float" not in untimed
    assert "Accuracy" in untimed


def test_a_kit_is_told() -> None:
    assert "came in a kit" in "\n".join(method_of([replace(FLOAT, kit="ab" * 32)]))
    assert "kit" not in "\n".join(method_of([FLOAT]))
