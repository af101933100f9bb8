"""Is what others use of the processors told from what we use ourselves?"""

import subprocess
import sys

import pytest

from zoobench.measure.crowding import Mark, crowding, is_crowded, mark

SPIN = "import time\nwhile time.process_time() < {seconds}: pass"
"""Takes processor time and not time on the wall, of which a busy machine gives others some."""


def test_what_is_not_ours_is_the_others() -> None:
    before, after = Mark(at=10.0, busy=100.0, ours=5.0), Mark(at=12.0, busy=103.0, ours=7.0)
    assert crowding(before, after) == 0.5  # 3 s were used in 2 s, 2 of them by us


def test_clocks_that_tick_apart_do_not_make_it_negative_or_undefined() -> None:
    before = Mark(at=10.0, busy=100.0, ours=5.0)
    assert crowding(before, Mark(at=12.0, busy=101.99, ours=7.0)) == 0
    assert crowding(before, before) == 0


def test_the_time_of_a_child_that_has_ended_is_ours() -> None:
    before = mark()
    subprocess.run([sys.executable, "-c", SPIN.format(seconds=0.3)], check=True)
    after = mark()
    assert after.ours - before.ours > 0.25
    assert after.busy - before.busy > 0.25


@pytest.mark.parametrize(
    ("others", "threads", "crowded"),
    [(0.4, 1, False), (0.6, 1, True), (0.08, 2, False), (0.12, 2, True), (0.12, 8, True)],
)
def test_others_may_have_half_of_what_is_free_and_hardly_any_of_what_is_needed(
    others: float, threads: int, crowded: bool
) -> None:
    assert is_crowded(others, threads=threads, processors=2) is crowded
