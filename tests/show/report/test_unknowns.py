"""Does the report say what its figures cannot tell, and only what is true of them?"""

from dataclasses import replace

import pytest

from fakes import a_disturbance, an_interval
from reportparts import FLOAT, INTEGER, refused, run_of, timed
from resultfiles import EPYC
from zoobench.results.schema import Record
from zoobench.show.report.unknowns import fewest_flips, unknowns_of
from zoobench.stats.paired import mcnemar_mid_p


def told(*records: Record) -> str:
    return "\n".join(unknowns_of(run_of(*records)))


def test_the_machine_is_named_and_that_others_differ() -> None:
    assert "this machine's (AMD EPYC, 2 cores)" in told(FLOAT)
    assert "unknown machine, unknown number of cores" in told(replace(FLOAT, environment={}))


def test_a_virtual_machine_and_a_container_are_told_only_where_they_are() -> None:
    inside = {**EPYC, "virtualization": {"virtual_machine": True, "hypervisor": None, "container": "docker"}}
    assert "It is a virtual machine and a container (docker)" in told(replace(FLOAT, environment=inside))
    outside = {**EPYC, "virtualization": {"virtual_machine": False, "hypervisor": None, "container": None}}
    assert "It is a" not in told(replace(FLOAT, environment=outside))


@pytest.mark.parametrize(
    ("governor", "phrase"), [("powersave", "(governor: powersave)"), (None, "(governor: not known)")]
)
def test_a_frequency_that_was_free_is_told(governor: str | None, phrase: str) -> None:
    assert phrase in told(replace(FLOAT, environment={**EPYC, "governor": governor}))


def test_a_fixed_frequency_is_not() -> None:
    assert "governor" not in told(replace(FLOAT, environment={**EPYC, "governor": "performance"}))


def test_the_smallest_loss_that_is_no_chance_is_reckoned_from_the_samples() -> None:
    assert fewest_flips() == 5
    assert mcnemar_mid_p(5, 0) < 0.05 <= mcnemar_mid_p(4, 0)
    assert "fewer than 5 lost with none won (62.5 points) may be chance" in told(FLOAT)  # 5 of 8


def test_accuracy_of_random_weights_is_not_quoted() -> None:
    text = told(timed("float32", 0.01, weights="random"))
    assert "Random weights in mobilenet: its accuracy means nothing" in text
    assert "best top-1" not in text


def test_drawn_images_say_nothing_of_photos() -> None:
    drawn = replace(FLOAT, dataset=replace(FLOAT.dataset, name="drawn"))
    assert "The images are drawn" in told(drawn)
    assert "come from one collection" in told(FLOAT)


def test_disturbed_and_unwatched_cells_are_named() -> None:
    assert FLOAT.latency is not None
    watched = a_disturbance(an_interval())
    quiet = replace(FLOAT, latency=replace(FLOAT.latency, disturbance=watched))
    assert "disturb" not in told(quiet)
    assert f"was not watched in {FLOAT.cell.id}, {INTEGER.cell.id}." in told(FLOAT, INTEGER)


def test_parts_that_were_not_measured_are_told_and_refused_cells_are_not_among_them() -> None:
    bare = replace(INTEGER, accuracy=None, memory=None)
    text = told(FLOAT, bare, refused())
    assert f"Accuracy was not measured in {INTEGER.cell.id}." in text
    assert f"Memory was not measured in {INTEGER.cell.id}." in text
    assert "Time was not measured" not in text
    assert "Accuracy was not measured in the only cell." in told(bare)


def test_what_was_not_timed_or_answered_is_not_explained() -> None:
    text = told(replace(FLOAT, accuracy=None, latency=None))
    assert "One process timed" not in text
    assert "test samples" not in text
