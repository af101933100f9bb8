"""Does every megabyte move the bar by one step?"""

from zoobench.kit.steps import in_megabytes, megabytes_begun


def test_a_megabyte_that_has_begun_counts() -> None:
    assert [megabytes_begun(size) for size in (0, 1, 1_000_000, 1_000_001)] == [0, 1, 1, 2]


def test_all_steps_together_are_the_megabytes_begun() -> None:
    told: list[tuple[int, str]] = []
    on_bytes = in_megabytes(lambda steps, note: told.append((steps, note)))
    for count in (1, 999_999, 1, 2_500_000):
        on_bytes(count, "file")
    assert told == [(1, "file"), (0, "file"), (1, "file"), (2, "file")]
    assert sum(steps for steps, _ in told) == megabytes_begun(3_500_001)
