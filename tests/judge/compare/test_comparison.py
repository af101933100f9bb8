"""Are cells paired by id, is nothing lost on the way, and is nothing judged that cannot be?"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import a_cell, a_memory, a_record, disturbed
from resultfiles import EPYC, a_plain_run, a_run, a_side, a_timed_run, answered, rounds_around
from zoobench.judge.compare.comparison import Comparison, compare, run_differences
from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.metrics import METRICS
from zoobench.matrix.interface import WARNING, Interface
from zoobench.results.run import Provenance, Run, Side, Timing
from zoobench.results.schema import Record, RecordedModel, Refusal

CELL = a_record().cell.id


def changes(comparison: Comparison, cell: str = CELL) -> dict[str, Finding]:
    (found,) = (one for one in comparison.cells if one.id == cell)
    return {finding.metric: finding for finding in found.findings}


def named(name: str, **parts: Any) -> Record:
    return a_record(cell=a_cell(id=name), **parts)


def test_a_side_against_itself_has_not_changed() -> None:
    side = a_side(a_timed_run(0.004))
    comparison = compare(side, side)
    measured = [finding for finding in comparison.cells[0].findings if finding.baseline is not None]
    assert {finding.verdict for finding in measured} == {Verdict.UNCHANGED}
    assert len(measured) >= 9
    assert comparison.environment == comparison.only_baseline == comparison.only_candidate == comparison.notes == ()


def test_other_weights_of_a_model_of_ones_own_are_compared_and_those_of_a_known_network_are_not() -> None:
    def side(backbone: str, digit: str) -> Side:
        return a_side(a_run(a_record(cell=a_cell(backbone=backbone, weights=f"file:{digit * 64}"))))

    own, known = (compare(side(name, "a"), side(name, "b")) for name in ("mine", "mobilenet"))
    assert own.cells[0]["top1"].verdict is Verdict.UNCHANGED
    assert own.notes == ("other weights in mine (file:aaaaaaaaaaaa / file:bbbbbbbbbbbb): these are compared",)
    assert [one.name for one in own.environment] == ["weights"]
    assert known.cells[0]["top1"].verdict is None
    assert known.cells[0].differences == ("weights: file:aaaaaaaaaaaa / file:bbbbbbbbbbbb",)


def test_cells_of_one_side_that_have_the_same_file_are_named() -> None:
    old, new = (a_side(a_run(a_record(cell=a_cell(backbone=name)))) for name in ("old", "new"))
    comparison = compare(old, new)
    ids = [f"{name}-integer_only-litert-t1" for name in ("old", "new")]
    assert comparison.notes == (f"the same file by two names: {' and '.join(ids)}; join them by --rename OLD=NEW",)
    assert [*comparison.only_baseline, *comparison.only_candidate] == ids


def test_every_cell_has_every_metric_in_the_same_order() -> None:
    comparison = compare(a_side(a_timed_run(0.004)), a_side(a_run(a_record(latency=None, model=None))))
    assert [finding.metric for finding in comparison.cells[0].findings] == list(METRICS)


def test_cells_of_both_sides_are_compared_and_announced_and_those_of_one_side_listed() -> None:
    steps: list[tuple[int, str]] = []
    ours, theirs = (a_side(a_run(*map(named, names))) for names in ("abc", "dbe"))
    comparison = compare(ours, theirs, advance=lambda count, cell: steps.append((count, cell)))
    assert [(1, cell.id) for cell in comparison.cells] == steps == [(1, "b")]
    assert (comparison.only_baseline, comparison.only_candidate) == (("a", "c"), ("d", "e"))


def test_times_of_different_machines_are_told_but_not_judged() -> None:
    other = a_timed_run(0.012, environment={**EPYC, "cpu": "Cortex-A76"})
    comparison = compare(a_side(a_timed_run(0.004)), a_side(other))
    found = changes(comparison)
    assert not comparison.same_machine
    assert found["latency_p50"].change == pytest.approx(2)
    assert found["latency_p50"].verdict is found["speedup"].verdict is None
    assert found["size"].verdict == Verdict.UNCHANGED


def test_a_cell_of_another_image_size_is_not_judged_at_all() -> None:
    other = a_timed_run(0.008, cell=a_cell(image_size=128))
    comparison = compare(a_side(a_timed_run(0.004)), a_side(other))
    assert comparison.cells[0].differences == ("image size: 224 / 128",)
    assert {finding.verdict for finding in comparison.cells[0].findings} == {None}


def test_other_data_leaves_times_and_size_to_be_judged() -> None:
    other = a_timed_run(0.008, dataset=replace(a_record().dataset, sha256="00" * 32))
    found = {key: one.verdict for key, one in changes(compare(a_side(a_timed_run(0.004)), a_side(other))).items()}
    assert (found["latency_p50"], found["size"]) == (Verdict.REGRESSED, Verdict.UNCHANGED)
    assert found["top1"] is found["loss"] is None


def accuracies(base: str, new: str, *, cells: int) -> Comparison:
    """Returns a comparison of cells of which only the first answers differently."""
    names = [f"cell{index}" for index in range(cells)]
    ours = a_run(*(named(name, accuracy=answered(base)) for name in names))
    theirs = a_run(*(named(name, accuracy=answered(new if name == "cell0" else base)) for name in names))
    return compare(a_side(ours), a_side(theirs))


def test_a_loss_of_accuracy_is_worse_where_mcnemar_says_so() -> None:
    found = changes(accuracies("+" * 20, "-" * 8 + "+" * 12, cells=1), "cell0")["top1"]
    assert found.p == pytest.approx(1 / 256)
    assert found.verdict == Verdict.REGRESSED
    assert changes(accuracies("-" * 8 + "+" * 12, "+" * 20, cells=1), "cell0")["top1"].verdict == Verdict.IMPROVED


def test_the_same_loss_among_many_cells_is_unclear() -> None:
    comparison = accuracies("+" * 20, "-" * 8 + "+" * 12, cells=20)
    found = changes(comparison, "cell0")["top1"]
    assert found.p == pytest.approx(20 / 256)
    assert found.verdict == Verdict.INCONCLUSIVE
    assert changes(comparison, "cell7")["top1"].verdict == Verdict.UNCHANGED


def test_it_is_told_whether_both_sides_measured_the_same_file_and_who_refuses_it() -> None:
    base = a_record()
    assert base.model is not None
    other = replace(base, model=replace(base.model, sha256="00" * 32))
    refused = replace(base, model=None, refusal=Refusal(by="litert", reason="no kernel"))
    for new, expected in ((base, True), (other, False), (refused, None)):
        (cell,) = compare(a_side(a_run(base)), a_side(a_run(new))).cells
        assert cell.same_file is expected
        assert cell.refusals == (("candidate: litert refuses it: no kernel",) if new.refusal else ())


def test_runs_of_different_files_on_one_side_are_named() -> None:
    model = a_record().model
    assert model is not None
    mixed = a_side(a_timed_run(0.004), a_timed_run(0.004, model=replace(model, sha256="00" * 32)), name="mixed")
    (note,) = compare(a_side(a_timed_run(0.004)), mixed).notes
    assert note.startswith(f"mixed: its runs measured 2 different files of {CELL}")


def test_plain_files_are_compared_by_their_times() -> None:
    sides = [a_side(a_plain_run(test_sort=rounds_around(seconds))) for seconds in (0.004, 0.012)]
    found = changes(compare(*sides), "test_sort")
    assert (found["latency_p50"].verdict, found["size"].baseline) == (Verdict.REGRESSED, None)


def summarized(median: float, spread: tuple[float, int] | None) -> Side:
    timing = Timing(median_seconds=median, rounds=(), spread=spread)
    return a_side(replace(a_plain_run(), rounds={"test_sort": timing}))


def test_plain_files_without_rounds_are_compared_by_what_they_say_of_them_and_say_so() -> None:
    base = summarized(0.00081, (0.00003, 5))
    for median, verdict in ((0.0085, "regressed"), (0.0004, "improved"), (0.00085, "inconclusive")):
        found = compare(base, summarized(median, (0.0002, 500)))
        assert str(changes(found, "test_sort")["latency_p50"].verdict) == verdict
        assert "no single rounds of 1 benchmarks, as --benchmark-save-data would keep them" in found.notes[0]
    assert changes(compare(base, base), "test_sort")["latency_p50"].verdict is Verdict.UNCHANGED


def test_plain_files_that_hold_a_median_alone_are_no_verdict() -> None:
    found = changes(compare(summarized(0.1, None), summarized(0.1, None)), "test_sort")["latency_p50"]
    assert (found.change, found.interval, found.verdict) == (0, None, Verdict.INCONCLUSIVE)


def test_the_number_of_runs_decides_what_the_unit_is() -> None:
    one, five = a_side(a_timed_run(0.004)), a_side(*(a_timed_run(0.004 + index * 1e-5) for index in range(5)))
    assert compare(one, one).by_rounds
    assert not compare(five, five).by_rounds
    assert changes(compare(five, five))["latency_p50"].basis == "processes"
    assert changes(compare(one, five))["latency_p50"].basis is None


def test_a_side_that_was_disturbed_is_noted() -> None:
    quiet, loud = a_run(a_record()), a_run(disturbed(a_record()))
    assert compare(a_side(quiet), a_side(quiet)).notes == ()
    (note,) = compare(a_side(quiet), a_side(loud)).notes
    assert note == (f"results.json: {CELL}: 12 of 30 rounds were disturbed: waited for a CPU up to 29.0 % of the time")


def test_one_file_is_neither_better_nor_worse_by_disturbed_runs() -> None:
    def side(seconds: float, *peaks: int, of: Callable[[Record], Record] = lambda one: one, digit: str = "a") -> Side:
        run = a_timed_run(seconds, speedup=0.01 / seconds, memory=a_memory(*peaks))
        model = RecordedModel(sha256=digit * 64, size_bytes=8, float_twin_size_bytes=8)
        return a_side(replace(run, records={CELL: of(replace(run.records[CELL], model=model))}))

    quiet = side(0.004, *range(60_000_000, 60_000_006))
    slow = (0.008, *range(90_000_000, 90_000_006))
    metrics = ("latency_p50", "speedup", "memory")
    worse, disturbed_, other = (
        changes(compare(quiet, one))
        for one in (side(*slow), side(*slow, of=disturbed), side(*slow, of=disturbed, digit="b"))
    )
    assert {one[metric].verdict for one in (worse, other) for metric in metrics} == {Verdict.REGRESSED}
    assert {disturbed_[metric].verdict for metric in metrics} == {Verdict.INCONCLUSIVE}
    assert "the files are the same" in disturbed_["memory"].remark


def test_a_warning_of_a_model_of_one_s_own_is_repeated() -> None:
    warned = Interface(taken_as="classifier", remarks=("seen.", f"{WARNING}look at its classes."))
    model = RecordedModel(sha256="ab" * 32, size_bytes=8, float_twin_size_bytes=8, interface=warned)
    side = a_side(a_run(a_record(model=model)))
    note = f"results.json: {WARNING}mobilenet: look at its classes."
    assert compare(side, side).notes == (note, note)


def run(*records: Record, **provenance: object) -> Run:
    return Run(
        path=Path("results/pi/0001_x.json"),
        records={one.cell.id: one for one in records},
        provenance=Provenance(**provenance),
    )  # type: ignore[arg-type]


def found(one: Run, other: Run) -> set[tuple[str, str, str, str]]:
    return {(about, *each) for about, those in run_differences(one, other).items() for each in those}


REFUSED = a_record(model=None, accuracy=None, latency=None, refusal=Refusal(by="litert", reason="NEG"))
OTHER_MODEL = RecordedModel(sha256="ef" * 32, size_bytes=3_400_004, float_twin_size_bytes=12_800_000)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([a_record()], set()),
        ([a_record(), named("more")], {("more", "cell", "absent", "measured")}),
        ([a_record(), replace(REFUSED, cell=a_cell(id="more"))], {("more", "cell", "absent", "refused")}),
        (
            [a_record(model=OTHER_MODEL)],
            {(CELL, "model", "abababababab", "efefefefefef"), (CELL, "bytes", "3,400,000", "3,400,004")},
        ),
        ([a_record(latency=replace(a_record().latency, p50_seconds=0.005))], {(CELL, "p50 ms", "4.00", "5.00")}),
    ],
    ids=["none", "a cell", "a refused cell", "a model", "a median"],
)
def test_what_differs_is_named_with_both_values_and_no_verdict(
    other: list[Record], expected: set[tuple[str, ...]]
) -> None:
    assert found(run(a_record()), run(*other)) == expected
    assert found(run(*other), run(a_record())) == {(about, what, there, here) for about, what, here, there in expected}


def test_what_was_not_measured_or_refused_is_absent() -> None:
    differing = found(run(a_record()), run(REFUSED))
    assert {one[1] for one in differing} == {"model", "bytes", "top-1 %", "loss", "p50 ms", "× float", "refused by"}
    assert (CELL, "refused by", "–", "litert: NEG") in differing


def test_another_data_set_is_told_once_for_the_run() -> None:
    dataset = replace(a_record().dataset, sha256="12" * 32)
    both = ("pets, 3 test samples, cdcdcdcdcdcd", "pets, 3 test samples, 121212121212")
    runs = (run(*(named(name, **changed) for name in "ab")) for changed in ({}, {"dataset": dataset}))
    assert found(*runs) == {("the run", "data set", *both)}


def test_environment_machine_and_options_are_told_key_by_key() -> None:
    here = a_record(environment={"cpu": "A", "cores": 2, "libraries": {"numpy": "2.4", "keras": None}})
    there = a_record(environment={"cpu": "A", "cores": 4, "libraries": {"numpy": "2.5", "keras": None}})
    assert found(run(here, machine="a", options={"epochs": "3"}), run(there, machine="b")) == {
        ("the run", "cores", "2", "4"),
        ("the run", "libraries numpy", "2.4", "2.5"),
        ("the run", "machine", "a", "b"),
        ("the run", "option epochs", "3", "–"),
    }


def test_cells_that_were_measured_in_several_environments_show_them_all() -> None:
    two, one = (run(*(named(str(n), environment={"cores": cores(n)}) for n in (2, 4))) for cores in (int, lambda _: 2))
    assert found(two, one) == {("the run", "cores", "2; 4", "2")}
