"""Is a cell marked when its rounds were disturbed, and left alone on a quiet machine?"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import a_disturbance, a_record, an_interval
from zoobench.matrix.interface import WARNING, Interface
from zoobench.results.disturbed import busy, cautions, judged, taken_as, told
from zoobench.results.schema import (
    Cause,
    Record,
    RecordedDisturbance,
    RecordedInterval,
    RecordedModel,
    ReferenceAgreement,
)
from zoobench.system.units import three_digits

QUIET = an_interval()
"""Half a second of a single thread on a quiet machine of two CPUs, as it was measured."""


def marked(*intervals: RecordedInterval, threads: int = 1, governor: str | None = None) -> RecordedDisturbance:
    return judged(a_disturbance(*intervals), threads=threads, governor=governor)


def kinds(*intervals: RecordedInterval, **changes: Any) -> list[str]:
    return [cause.kind for cause in marked(*intervals, **changes).causes]


def test_a_quiet_machine_disturbs_nothing() -> None:
    found = marked(QUIET, QUIET, QUIET)
    assert (found.disturbed_rounds, found.causes) == (0, ())


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"steal_seconds": 0.02}, "steal"),
        ({"waiting_seconds": 0.03}, "waiting"),
        ({"busy_seconds": 1.0}, "others"),
        ({"throttled": ("under-voltage",)}, "throttled"),
    ],
)
def test_what_is_above_its_limit_marks_the_cell(changes: dict[str, Any], kind: str) -> None:
    assert kinds(replace(QUIET, **changes)) == [kind]


@pytest.mark.parametrize(
    "changes",
    [
        {"steal_seconds": 0.01},
        {"waiting_seconds": 0.02},
        {"busy_seconds": 0.49 + 0.1},
        {"busy_seconds": 0.45},
        {"busy_seconds": None, "steal_seconds": None, "waiting_seconds": None},
        {"involuntary_switches": 900, "major_faults": 900, "temperature_celsius": 95.0},
        {"frequency_share": 0.3},
        {"seconds": 0.064, "busy_seconds": 0.06, "own_seconds": 0.063, "steal_seconds": 0.01},  # the counter's rounding
    ],
)
def test_what_is_below_its_limit_or_has_none_does_not(changes: dict[str, Any]) -> None:
    assert kinds(replace(QUIET, **changes)) == []


def test_where_no_cpu_is_left_free_others_may_take_little() -> None:
    busy = replace(QUIET, busy_seconds=1.07, own_seconds=0.98)
    assert kinds(busy, threads=2) == ["others"]
    assert kinds(replace(busy, busy_seconds=1.01), threads=2) == []


def test_the_performance_governor_promises_the_highest_frequency() -> None:
    slow = replace(QUIET, frequency_share=0.8)
    assert kinds(slow, governor="performance") == ["frequency"]
    assert kinds(slow, governor="powersave") == []


def test_under_another_governor_the_frequency_is_held_against_that_of_the_other_intervals() -> None:
    fast, slow = replace(QUIET, frequency_share=0.9), replace(QUIET, frequency_share=0.6)
    (cause,) = marked(fast, slow, governor="schedutil").causes
    assert cause == Cause(kind="frequency", worst=pytest.approx(1 / 3))


def test_a_tenth_of_the_rounds_may_be_disturbed() -> None:
    waited = replace(QUIET, waiting_seconds=0.2)
    few = marked(*[QUIET] * 9, waited)
    assert (few.disturbed_rounds, few.rounds, few.causes) == (30, 300, ())
    assert [cause.kind for cause in marked(*[QUIET] * 8, waited).causes] == ["waiting"]


def test_the_worst_of_each_kind_is_told() -> None:
    found = marked(
        replace(QUIET, steal_seconds=0.03, throttled=("throttled",)),
        replace(QUIET, steal_seconds=0.51, waiting_seconds=0.49, throttled=("throttled", "under-voltage")),
        replace(QUIET, busy_seconds=1.1),
    )
    assert told(found) == (
        "90 of 90 rounds were disturbed: the hypervisor took up to 50.5 % of the CPU time; the machine slowed itself "
        "down (throttled, under-voltage); waited for a CPU up to 50.0 % of the time; other processes kept up to 1.18 "
        "of 2 CPUs busy"
    )


def test_a_lower_frequency_is_told() -> None:
    found = marked(replace(QUIET, frequency_share=0.6), governor="performance")
    assert told(found) == "30 of 30 rounds were disturbed: the frequency fell by up to 40.0 %"


seconds = st.floats(0, 2)


@given(
    intervals=st.lists(
        st.builds(
            lambda **changes: replace(QUIET, **changes),
            rounds=st.integers(0, 100),
            busy_seconds=seconds,
            steal_seconds=seconds,
            waiting_seconds=seconds,
        ),
        max_size=8,
    )
)
def test_the_order_of_the_intervals_changes_no_count(intervals: list[RecordedInterval]) -> None:
    one, other = marked(*intervals), marked(*reversed(intervals))
    assert one.disturbed_rounds == other.disturbed_rounds <= one.rounds
    assert set(one.causes) == set(other.causes)


SEEN = "its outputs sum to one on 32 photos."
LOUD = f"{WARNING}its classes look permuted."


def of(interface: Interface | None, *, name: str = "mine") -> Record:
    record, model = a_record(), RecordedModel(sha256="ab" * 32, size_bytes=8, float_twin_size_bytes=8)
    cell = replace(record.cell, backbone=name)
    return replace(record, cell=cell, model=replace(model, interface=interface))


def test_what_a_model_is_taken_as_is_said_once_for_all_its_cells() -> None:
    interface = Interface(taken_as="classifier", scores="logits", pixels="0..1", remarks=(SEEN, LOUD))
    records = [of(interface), of(interface), of(None, name="mobilenet"), replace(a_record(), model=None)]
    assert taken_as(records) == ["mine: taken as a classifier: logits, pixels 0..1.", f"mine: {SEEN}"]
    assert cautions(records) == [f"{WARNING}mine: its classes look permuted."]


def test_networks_that_are_not_of_one_s_own_have_nothing_to_say() -> None:
    assert taken_as([of(None)]) == cautions([of(None)]) == []


def apart(variant: str, *, largest: float | None, mean: float | None) -> Record:
    record = a_record()
    assert record.accuracy
    agreement = ReferenceAgreement(
        cell="the-other", share=1.0, max_probability_difference=largest, mean_probability_difference=mean
    )
    cell = replace(record.cell, variant=variant, runtime="openvino", id=f"mobilenet-{variant}-openvino-t1")
    return replace(record, cell=cell, accuracy=replace(record.accuracy, agreement_with_reference=agreement))


@pytest.mark.parametrize(
    ("variant", "largest", "mean", "is_named"),
    [
        ("float32", 0.043, 0.002, True),
        ("float32", 0.0000053, 0.0000009, False),
        ("float16", 0.0011, 0.0001, True),
        ("keras", 0.0011, 0.0001, True),
        ("integer_only", 0.145, 0.014, False),
        ("dynamic_range", 0.047, 0.008, False),
        ("integer_only", 0.4, 0.06, True),
        ("w4_of_a_package", 0.043, 0.002, False),
        ("float32", None, None, False),
    ],
)
def test_a_runtime_that_computes_otherwise_is_named_though_no_class_differs(
    variant: str, largest: float | None, mean: float | None, is_named: bool
) -> None:
    found = cautions([apart(variant, largest=largest, mean=mean)])
    assert bool(found) is is_named
    for one in found:
        assert one.startswith(f"{WARNING}mobilenet-{variant}-openvino-t1 computes otherwise than the-other")
        assert f"up to {three_digits(largest)}" in one


@pytest.mark.parametrize(
    ("others", "quota", "told"),
    [
        (0.1, None, []),
        (1.3, None, [f"{WARNING}other processes keep 1.30 of 2 CPUs busy"]),
        (0.0, 0.5, [f"{WARNING}the control group may use 0.500 CPUs, fewer than the 1 of an invocation"]),
        (0.0, 2.0, []),
    ],
)
def test_a_machine_without_a_cpu_to_spare_is_warned_of_before_anything_is_timed(
    others: float, quota: float | None, told: list[str]
) -> None:
    found = busy(others, threads=1, cpus=2, quota=quota)
    assert len(found) == len(told)
    assert all(one.startswith(start) for one, start in zip(found, told, strict=True))
