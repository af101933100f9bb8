"""Is what stands in the way of a comparison said, in words that tell what to do?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from fakes import a_cell, a_memory, a_record, disturbed
from zoobench.judge.gate.evidence import CellEvidence, find_all, obstacles, unjudged
from zoobench.judge.gate.noise import CellNoise, Noise
from zoobench.judge.gate.rules import DEFAULTS
from zoobench.judge.metrics import GATED
from zoobench.matrix.interface import Interface
from zoobench.results.answers import encode
from zoobench.results.schema import Record, Refusal
from zoobench.stats.sequential import Rates

CELL = "mobilenet-integer_only-litert-t1"
OTHER_CELL = "mobilenet-float32-litert-t1"
OTHER_DATA = "ef" * 32


def by_id(*records: Record) -> dict[str, Record]:
    return {record.cell.id: record for record in records}


def named(*ids: str, image_size: int = 224, **parts: Any) -> dict[str, Record]:
    return by_id(*(a_record(cell=a_cell(id=one, image_size=image_size), **parts) for one in ids))


def with_dataset(*, accuracy: bool = True, **changes: Any) -> Record:
    record = a_record() if accuracy else a_record(accuracy=None)
    return replace(record, dataset=replace(record.dataset, **changes))


def with_answers(record: Record, *, classes: Sequence[int], truth: Sequence[int]) -> Record:
    assert record.accuracy is not None
    predictions = replace(record.accuracy.predictions, classes=encode(classes), truth=encode(truth))
    return replace(record, accuracy=replace(record.accuracy, predictions=predictions))


def altered(part: str, **values: Any) -> Record:
    record = a_record()
    return replace(record, **{part: replace(getattr(record, part), **values)})


def refused(by: str = "LiteRT") -> Record:
    return a_record(model=None, accuracy=None, latency=None, refusal=Refusal(by=by, reason="NEG"))


RANDOM = a_cell(weights="random")
MANY = [f"cell-{number}" for number in range(8)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (a_record(), a_record()),
        (a_record(), with_answers(a_record(environment={"cpu": "A76"}), classes=[1, 1, 1], truth=[0, 1, 0])),
        (a_record(), altered("model", sha256=OTHER_DATA, size_bytes=1)),
        (a_record(accuracy=None), a_record(accuracy=None)),
        (a_record(cell=RANDOM), a_record(cell=RANDOM, accuracy=None)),
        (a_record(), a_record(latency=None)),
    ],
    ids=[
        *("itself", "other answers on another machine", "another file", "accuracy that neither side has"),
        *("accuracy of random weights", "times, which can be replayed"),
    ],
)
def test_what_is_judged_or_need_not_be_known_is_no_obstacle(before: Record, after: Record) -> None:
    assert obstacles(by_id(before), by_id(after)) == ()


def mine(digit: str, *, backbone: str = "mine", **interface: Any) -> dict[str, Record]:
    """Returns a record of a model of one's own, whose file has a hash of these digits."""
    record = a_record(cell=a_cell(backbone=backbone, weights=f"file:{digit * 64}"))
    assert record.model
    known = Interface(taken_as="classifier", **interface) if interface else None
    return by_id(replace(record, model=replace(record.model, interface=known)))


def test_other_weights_of_a_model_of_ones_own_are_what_is_judged_and_a_note() -> None:
    before, after = mine("a"), mine("b")
    assert obstacles(before, after) == ()
    assert unjudged(before, after) == (
        "other weights in mine (file:aaaaaaaaaaaa / file:bbbbbbbbbbbb): these are judged",
    )
    assert unjudged(before, before) == ()


def test_a_model_of_ones_own_by_the_name_of_a_known_network_is_told_by_what_it_is_taken_as() -> None:
    named = {"backbone": "mobilenet", "pixels": "0..1"}
    assert obstacles(mine("a", **named), mine("b", **named)) == ()
    (refused,) = obstacles(mine("a", backbone="mobilenet"), mine("b", backbone="mobilenet"))
    assert refused.startswith("other weights in mobilenet: the baseline has file:aaa")
    assert refused.endswith("; only a whole model of your own (--zoo-backbones FILE) is judged by its weights")
    (one_sided,) = obstacles(mine("a", backbone="mobilenet"), mine("b", **named))
    assert one_sided.startswith("other weights in mobilenet")


def test_another_quantizer_is_a_note() -> None:
    before, after = (by_id(altered("model", quantizer=one)) for one in ("ai_edge", "tensorflow"))
    (note,) = unjudged(before, after)
    assert note == "integer_only of mobilenet by another quantizer (ai_edge / tensorflow)"
    assert unjudged(by_id(a_record()), after) == (), "an older file does not say which"


def test_what_else_a_model_of_ones_own_is_taken_as_is_a_note() -> None:
    notes = unjudged(mine("a", pixels="0..1"), mine("a", pixels="-1..1"))
    assert notes == ("mine has another pixels (0..1 / -1..1): these are judged",)


DATA, BOTH, AGAIN = (
    "another data set or split:",
    "though both name one data set",
    "a file was altered, so measure both again",
)


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        (a_record(cell=a_cell(image_size=160)), "another image size in mobilenet: the baseline has 224, the candidate"),
        (a_record(cell=RANDOM), "other weights in mobilenet: the baseline has imagenet, the candidate random;"),
        (with_dataset(sha256=OTHER_DATA, classes=("cat", "eel")), f"{DATA} the baseline's classes are cat, dog, the"),
        (with_dataset(sha256=OTHER_DATA, samples=9, name="zoo"), f"{DATA} the baseline has 3 test samples (pets), the"),
        (
            with_answers(with_dataset(sha256=OTHER_DATA), classes=[0, 1, 1], truth=[0, 1, 1]),
            f"{DATA} of 3 test samples in pets cat has 1 instead of 2, dog has 2 instead of 1; measure both on",
        ),
        (with_dataset(sha256=OTHER_DATA), f"{DATA} pets and pets have as many test samples of each class, but not the"),
        (refused(), f"{CELL} was measured in the baseline; now LiteRT refuses it: NEG"),
        (a_record(accuracy=None), f"the candidate has no accuracy of {CELL}, the other side has; measure it"),
        (a_record(model=None), f"the candidate has no file of {CELL}, the other side has; measure it"),
        (
            with_answers(a_record(), classes=[0, 1, 1], truth=[0, 1, 1]),
            f"the samples of {CELL} have other labels in the candidate, {BOTH}; {AGAIN}",
        ),
        (
            with_dataset(classes=("cat",)),
            f"{CELL}: the baseline's classes are cat, dog, the candidate's cat, {BOTH}; {AGAIN}",
        ),
        (
            with_dataset(samples=9),
            f"{CELL}: the baseline has 3 test samples (pets), the candidate 9 (pets), {BOTH}; {AGAIN}",
        ),
        *(
            (altered("latency", p50_seconds=one), f"the candidate has a median of {one} seconds of {CELL}; {AGAIN}")
            for one in (0.0, -0.004, 5e-324, 1e308)
        ),
        (altered("model", size_bytes=0), f"the candidate has 0 bytes of {CELL}; {AGAIN}"),
    ],
)
def test_what_makes_two_records_incomparable_is_named_with_both_and_what_to_do(candidate: Record, said: str) -> None:
    (message,) = obstacles(by_id(a_record()), by_id(candidate))
    assert message.startswith(said)
    assert len(obstacles(by_id(candidate), by_id(a_record()))) == 1


def test_a_split_without_answers_that_differs_in_nothing_else_is_named_by_its_hash() -> None:
    both = (with_dataset(accuracy=False), with_dataset(accuracy=False, sha256=OTHER_DATA))
    (message,) = obstacles(*map(by_id, both))
    assert "(SHA-256 cdcdcdcdcdcd and efefefefefef)" in message


def test_what_the_baseline_lacks_or_refuses_asks_for_a_new_one() -> None:
    for lacking, said in (
        (a_record(accuracy=None), f"the baseline has no accuracy of {CELL}, the other side has; measure it"),
        (refused(), f"{CELL} was refused by LiteRT in the baseline and runs now; save a new baseline"),
    ):
        (message,) = obstacles(by_id(lacking), by_id(a_record()))
        assert message.startswith(said)


def test_a_cell_that_one_side_lacks_is_named_with_the_side_and_of_many_five() -> None:
    one, both = named(CELL), named(CELL, OTHER_CELL)
    assert obstacles(both, one) == (
        f"the candidate has no record of {OTHER_CELL}; measure it, or gate the others alone",
    )
    assert obstacles(one, both) == (
        f"the baseline has no record of {OTHER_CELL}; save a new one, or gate the others alone",
    )
    (message, *_) = obstacles(named(*MANY), one)
    assert "no record of cell-0, cell-1, cell-2, cell-3, cell-4 and 3 more;" in message


def test_a_difference_that_several_cells_share_is_told_once() -> None:
    assert len(obstacles(named(CELL, OTHER_CELL), named(CELL, OTHER_CELL, image_size=160))) == 1


def test_refused_cells_alone_are_nothing_to_judge_but_do_not_stand_in_the_way_of_another() -> None:
    assert obstacles(by_id(refused()), by_id(refused())) == (
        "no cell was measured on both sides, so there is nothing to judge",
    )
    side = by_id(refused()) | named(OTHER_CELL)
    assert obstacles(side, side) == ()


@pytest.mark.parametrize(
    ("baseline", "candidate", "note"),
    [
        (by_id(refused()), {}, f"nothing is judged where both sides are refused: {CELL} (by LiteRT)"),
        (by_id(refused()), by_id(refused("tflite")), f"nothing is judged where both sides are refused: {CELL} (by "),
    ],
)
def test_cells_that_both_sides_are_refused_are_a_note(
    baseline: dict[str, Record], candidate: dict[str, Record], note: str
) -> None:
    (found,) = unjudged(baseline, candidate or baseline)
    assert found.startswith(note)


def test_what_is_judged_or_has_a_row_that_says_why_not_is_no_note() -> None:
    assert unjudged(by_id(a_record(cell=RANDOM)), by_id(a_record(cell=RANDOM))) == ()
    for candidate in (named(CELL), named(CELL, accuracy=None), by_id(refused()), {}):
        assert unjudged(named(CELL), candidate) == ()


KNOWN = Noise(
    machine="a76",
    cells={
        CELL: CellNoise(
            run_scatter=0.002,
            runs=40,
            process_scatter=0.002,
            processes=240,
            error_rate=0.01,
            replay_tolerance=0.02,
            stored_tolerance=0.02,
        )
    },
)


class Replay:
    """What a replay saw: no change, both sides run by the versions of today unless the baseline's own are named."""

    def __init__(self, *, baseline: str = "2.3.0", processes: int = 12, change: float = 0.0) -> None:
        self.log_ratios = [change + 0.0005 * (-1) ** number for number in range(processes)]
        self.medians = ([0.01] * processes, [0.01] * processes)
        self.peaks = ([60e6 + number for number in range(processes)],) * 2
        sides = [{"python": "3.12.7", "libraries": {"ai-edge-litert": one}} for one in (baseline, "2.3.0")]
        self.versions = (sides[0], sides[1]) if processes else None


def by_versions(litert: str, *, python: str = "3.12.1", **parts: Any) -> Record:
    environment = {"cpu": "A76", "cores": 4, "python": python, "libraries": {"ai-edge-litert": litert, "numpy": None}}
    return a_record(environment=environment, memory=a_memory(*range(60_000_000, 60_000_006)), **parts)


def judged(before: Record, after: Record, replay: Replay, *, machine: str = "a76", noise: Any = None) -> dict[str, Any]:
    evidence = CellEvidence(baseline=before, candidate=after, machines=("a76", machine), replayed=replay)
    found = find_all([evidence], tolerances=lambda _: DEFAULTS, noise=lambda _: noise, rates=Rates())
    return {one.metric: one for one in found}


@pytest.mark.parametrize(
    ("before", "after", "replay", "verdict"),
    [
        (by_versions("2.3.0"), by_versions("2.3.0"), Replay(), "unchanged"),
        (by_versions("2.3.0", python="3.12.0"), by_versions("2.3.0"), Replay(), "unchanged"),
        (by_versions("2.1.0"), by_versions("2.3.0"), Replay(), "inconclusive"),
        (by_versions("2.1.0"), by_versions("2.1.0"), Replay(), "inconclusive"),
        (by_versions("2.3.0", python="3.11.9"), by_versions("2.3.0"), Replay(), "inconclusive"),
        (by_versions("2.1.0"), by_versions("2.3.0"), Replay(baseline="2.1.0"), "unchanged"),
        (by_versions("2.1.0"), by_versions("2.3.0"), Replay(change=0.3), "regressed"),
        (by_versions("2.1.0"), by_versions("2.3.0"), Replay(change=-0.3), "inconclusive"),
        (by_versions(""), by_versions("2.3.0"), Replay(), "unchanged"),
    ],
)
def test_a_replay_by_other_versions_than_were_measured_by_does_not_call_latency_unchanged(
    before: Record, after: Record, replay: Replay, verdict: str
) -> None:
    found = judged(before, after, replay)["latency_p50"]
    assert str(found.verdict) == verdict
    unseen = before.environment != after.environment or before.environment["libraries"]["ai-edge-litert"] == "2.1.0"
    if verdict == "inconclusive":
        assert unseen
        assert "--baseline-python PATH" in found.remark
        assert "2.1.0" in found.remark or "Python 3.11 / 3.12 and 3.12 in the replay" in found.remark


def test_where_the_noise_is_known_the_recorded_times_say_what_an_upgrade_did() -> None:
    before, noise = by_versions("2.1.0"), KNOWN
    same, slower = (altered_latency(by_versions("2.3.0"), factor) for factor in (1.0, 1.5))
    assert str(judged(before, same, Replay(), noise=noise)["latency_p50"].verdict) == "unchanged"
    found = judged(before, slower, Replay(), noise=noise)["latency_p50"]
    assert (str(found.verdict), found.basis) == ("regressed", "stored")
    assert found.change == pytest.approx(0.5)
    assert "the recorded medians differ by +50.0 %" in judged(before, slower, Replay())["latency_p50"].remark


def altered_latency(record: Record, factor: float) -> Record:
    assert record.latency
    return replace(record, latency=replace(record.latency, p50_seconds=record.latency.p50_seconds * factor))


def test_memory_is_judged_by_the_runs_own_processes_where_the_replay_counted_none_or_cannot_see_an_upgrade() -> None:
    larger = replace(by_versions("2.3.0"), memory=a_memory(*range(90_000_000, 90_000_006)))
    for before, replay in ((by_versions("2.3.0"), Replay(processes=0)), (by_versions("2.1.0"), Replay())):
        assert str(judged(before, larger, replay)["memory"].verdict) == "regressed"
    assert str(judged(by_versions("2.3.0"), larger, Replay())["memory"].verdict) == "unchanged"
    elsewhere = judged(by_versions("2.3.0"), larger, Replay(processes=0), machine="pi")["memory"]
    assert str(elsewhere.verdict) == "inconclusive"
    assert "measured on a76 and on pi, and no replayed process that counted" in elsewhere.remark


def test_every_metric_that_a_gate_knows_has_a_row() -> None:
    bare = by_versions("2.3.0", cell=RANDOM, accuracy=None)
    found = judged(bare, replace(bare, memory=None), Replay(processes=0))
    assert set(found) == set(GATED)
    assert all(one.verdict or one.remark.startswith("not judged") for one in found.values())


def test_stored_times_of_one_file_that_were_disturbed_are_neither_better_nor_worse() -> None:
    slower = altered_latency(by_versions("2.3.0"), 1.5)
    for after, verdict in ((slower, "regressed"), (disturbed(slower), "inconclusive")):
        evidence = CellEvidence(baseline=by_versions("2.3.0"), candidate=after, machines=("a76", "a76"))
        found = find_all([evidence], tolerances=lambda _: DEFAULTS, noise=lambda _: KNOWN, rates=Rates())[0]
        assert str(found.verdict) == verdict
    assert "the files are the same, and times were disturbed" in found.remark
