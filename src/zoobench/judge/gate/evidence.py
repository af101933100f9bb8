"""What do a gate's two sides come to, cell by cell and metric by metric? Evidence laid before the judge."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from zoobench.errors import UsageError
from zoobench.judge.evidence import Finding, paired_flips
from zoobench.judge.gate.decide import (
    Test,
    decide,
    exact_finding,
    joint_test,
    processes_test,
    replay_test,
    samples_test,
    stored_test,
    unmeasured_test,
)
from zoobench.judge.gate.noise import Noise
from zoobench.judge.gate.rules import advice
from zoobench.judge.metrics import GATED, LATENCY_P50, MEMORY, Metric
from zoobench.matrix.runtimes import find_runtime
from zoobench.results.answers import decode
from zoobench.results.conditions import changes_of_own_models, changes_of_quantizers, have_own_model
from zoobench.results.disturbed import is_disturbed
from zoobench.results.schema import Record
from zoobench.stats.sequential import Rates
from zoobench.system.units import few

Values = tuple[Sequence[float], Sequence[float]]
"""Of the baseline's processes and the candidate's."""
Records = Mapping[str, Record]
"""Of one side, by cell id."""
_REPLAYED = (LATENCY_P50, MEMORY)
"""What a replay measures."""
_LEAST_SECONDS, _MOST_SECONDS = 1e-12, 1e9
"""Between which a ratio of two medians is a number, too."""
_NAMED = 5
_OWN_FILE = "; only a whole model of your own (--zoo-backbones FILE) is judged by its weights"
_ALTERED = "a file was altered, so measure both again"


class ReplayedTimes(Protocol):
    """What processes saw that ran both sides' files."""

    @property
    def log_ratios(self) -> Sequence[float]:
        """The logarithm of candidate / baseline of each process, in the order in which they came."""

    @property
    def medians(self) -> Values:
        """Each process's median seconds of the baseline, and of the candidate."""

    @property
    def peaks(self) -> Values:
        """Of memory, in bytes; both are empty where the system does not tell."""

    @property
    def versions(self) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """Python and libraries that ran the baseline, and the candidate; None where no process counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEvidence:
    """All that is known of a cell that both sides have a file of.

    Attributes:
        machines: Keys of those that the two records are of.
        replayed: None where that was not done.
        names: Of the test images, where they are known.
    """

    baseline: Record
    candidate: Record
    machines: tuple[str, str]
    replayed: ReplayedTimes | None = None
    names: Sequence[str] = ()

    @property
    def cell(self) -> str:
        """Its id."""
        return self.candidate.cell.id

    def both(self, metric: Metric) -> Values | None:
        """Returns what both sides observed, or None where one did not; with random weights accuracy means nothing."""
        return _both(metric, self.baseline, self.candidate)

    @property
    def records(self) -> tuple[Record, Record]:
        """Both sides'."""
        return self.baseline, self.candidate

    @property
    def is_same_file(self) -> bool:
        """Whether both sides measured the very same model file."""
        ours, theirs = (record.model for record in self.records)
        return bool(ours and theirs and ours.sha256 == theirs.sha256)

    @property
    def unseen(self) -> str:
        """What its replay, which ran both sides by the same versions, cannot see; '' where there is no such thing."""
        versions = self.replayed.versions if self.replayed else None
        if versions is None:
            return ""
        ours, theirs = (_versions(self.candidate, one) for one in versions)
        if ours != theirs:
            return ""  # by two interpreters, as was asked for
        recorded = [_versions(one, one.environment) for one in self.records]
        found = [
            f"{name} {' / '.join(str(one.get(name)) for one in recorded)} and {version} in the replay"
            for name, version in ours.items()
            if any(one.get(name) not in (None, version) for one in recorded)
        ]
        return few(found, most=_NAMED)


def number_of_tests(records: Sequence[tuple[Record, Record]]) -> int:
    """Returns among how many tests the error rate is shared: what a replay measures always counts."""
    weighed = [metric for metric in GATED.values() if metric.test != "exact"]
    return sum(metric in _REPLAYED or _both(metric, *both) is not None for both in records for metric in weighed)


def find_all(
    cells: Sequence[CellEvidence],
    *,
    tolerances: Callable[[str], Mapping[str, float]],
    noise: Callable[[str], Noise | None],
    rates: Rates,
) -> tuple[Finding, ...]:
    """Returns all findings, by cell, those of exact numbers last.

    Tolerances are asked for by a cell's id and given by the metric's key; noise is asked for by a machine's key.
    """
    tests: list[Test] = []
    rest: list[Finding] = []
    for one in cells:
        for key, tolerance in tolerances(one.cell).items():
            metric = GATED[key]
            found = _weighed(one, metric, tolerance=tolerance, noise=noise, rates=rates)
            if isinstance(found, Test):
                tests.append(found)
            else:
                rest.append(found)
    order = {one.cell: place for place, one in enumerate(cells)}
    return tuple(sorted((*decide(tests, rates), *rest), key=lambda finding: order[finding.cell]))


def _weighed(
    one: CellEvidence, metric: Metric, *, tolerance: float, noise: Callable[[str], Noise | None], rates: Rates
) -> Test | Finding:
    """Returns the test of a metric, or what is found without one: of exact numbers, and where nothing can be judged."""
    key, both = metric.key, one.both(metric)
    if metric.test == "rounds":
        return _latency(one, tolerance=tolerance, noise=noise, rates=rates)
    if metric.test == "processes" and (values := _processes(one, metric)):
        return processes_test(one.cell, key, values, tolerance=tolerance, rates=rates)
    if metric.test == "exact" and both:
        return exact_finding(one.cell, key, (both[0][0], both[1][0]), tolerance=tolerance)
    if metric.test == "samples" and both and (flips := paired_flips(one.baseline, one.candidate, names=one.names)):
        return samples_test(one.cell, key, flips, tolerance=tolerance, rates=rates)
    before, after = metric.value(one.baseline), metric.value(one.candidate)
    bare = Finding(cell=one.cell, metric=key, baseline=before, candidate=after, tolerance=tolerance)
    if metric.of_samples and one.candidate.cell.has_random_weights:
        return replace(bare, remark="not judged, as the weights are random")
    if before is None:
        why = "neither side has" if after is None else "the baseline has not"
        return replace(bare, remark=f"not judged, as {why} measured it")
    why = "the candidate has not measured it; measure it by the whole of `pytest bench/`"
    if after is not None:
        why = f"measured on {' and on '.join(one.machines)}, and no replayed process that counted told it of both sides"
    return Test(finding=replace(bare, remark=why))


def _both(metric: Metric, baseline: Record, candidate: Record) -> Values | None:
    before, after = metric.read(baseline), metric.read(candidate)
    if not before or not after or (metric.of_samples and candidate.cell.has_random_weights):
        return None
    return before, after


def _latency(one: CellEvidence, *, tolerance: float, noise: Callable[[str], Noise | None], rates: Rates) -> Test:
    if not (seen := one.replayed):
        return _stored(one, tolerance=tolerance, noise=noise, rates=rates)
    replayed = replay_test(one.cell, seen.log_ratios, seconds=seen.medians, tolerance=tolerance, rates=rates)
    if not one.unseen:
        return replayed
    return joint_test(replayed, _stored(one, tolerance=tolerance, noise=noise, rates=rates), unseen=one.unseen)


def _stored(one: CellEvidence, *, tolerance: float, noise: Callable[[str], Noise | None], rates: Rates) -> Test:
    both = one.both(LATENCY_P50)
    if both is None:
        return unmeasured_test(one.cell, tolerance=tolerance, why="one side has no times")
    seconds = (both[0][0], both[1][0])
    machine, other = one.machines
    if machine != other:
        why = f"measured on {machine} and on {other}: times of two machines are no verdict"
        return unmeasured_test(one.cell, tolerance=tolerance, seconds=seconds, why=why)
    known = noise(machine)
    test = stored_test(
        one.cell, seconds, noise=known.cells.get(one.cell) if known else None, tolerance=tolerance, rates=rates
    )
    if (
        min(test.p_worse, test.p_better) == 1
        or not one.is_same_file
        or not any(is_disturbed(record.latency) for record in one.records)
    ):
        return test
    why = "the files are the same, and times were disturbed: a difference is the machine's, and is no verdict"
    return replace(test, p_worse=1.0, p_better=1.0, finding=replace(test.finding, remark=why))


def _processes(one: CellEvidence, metric: Metric) -> Values | None:
    """Returns what replaying processes observed, or else what those of both runs did on one machine.

    Either way each is a fresh process, and from one run to another they differ no more than within one. What runs of
    both sides by the same versions do not see, their own processes do.
    """
    if one.replayed and metric is MEMORY and not one.unseen and all(one.replayed.peaks):
        return one.replayed.peaks
    return one.both(metric) if len(set(one.machines)) == 1 else None


def _versions(record: Record, environment: Mapping[str, Any]) -> dict[str, str]:
    """Returns the versions that times and memory of a cell depend on, as far as an environment names them."""
    try:
        names = find_runtime(record.cell.runtime).libraries
    except UsageError:  # a package that is not installed here adds it
        names = ()
    known = environment.get("libraries") or {}
    python = ".".join(str(environment.get("python") or "").split(".")[:2])
    found = {"Python": python, **{name: str(known.get(name) or "") for name in names}}
    return {name: version for name, version in found.items() if version}


def obstacles(baseline: Records, candidate: Records) -> tuple[str, ...]:
    """Returns why cells cannot be judged: missing on one side, or measured on or made from something else.

    Empty only if there is a cell to judge: a gate that has nothing to say must not pass.
    """
    pairs = [(cell, baseline[cell], candidate[cell]) for cell in measured_on_both(baseline, candidate)]
    found = (
        *_unpaired_cells(baseline, candidate),
        *_newly_refused(baseline, candidate),
        *dict.fromkeys(text for _, before, after in pairs for text in _differences(before, after)),
        *(text for check in (_incomplete, _impossible, _unpaired) for pair in pairs for text in check(*pair)),
    )
    return found if found or pairs else ("no cell was measured on both sides, so there is nothing to judge",)


def foreseeable(baseline: Records, candidate: Records) -> tuple[str, ...]:
    """Returns why cells could not be judged of which the candidate's are known, its data and its weights, but no more.

    Whether a model of one's own is the same is not: its weights are what would be judged.
    """
    found = list(_unpaired_cells(baseline, candidate))
    for cell in measured_on_both(baseline, candidate):
        before, after = baseline[cell], candidate[cell]
        if have_own_model(before):
            after = replace(after, cell=replace(after.cell, weights=before.cell.weights))
        found += _differences(before, after)
    return tuple(dict.fromkeys(found))


def _unpaired_cells(baseline: Records, candidate: Records) -> Iterator[str]:
    yield from _missing(baseline, candidate, "the candidate has no record of {}; measure it, or gate the others alone")
    yield from _missing(
        candidate, baseline, "the baseline has no record of {}; save a new one, or gate the others alone"
    )
    yield from advice(baseline, candidate)


def unjudged(baseline: Records, candidate: Records) -> tuple[str, ...]:
    """Returns what of the shared cells a gate is silent on, a note for each kind: it stands in nothing's way.

    That the weights of a model of one's own differ, which are what is judged, is a note, too; so are other quantizers.
    """
    refused = [
        f"{cell} (by {' and '.join(dict.fromkeys((before.by, after.by)))})"
        for cell in baseline
        if cell in candidate and (before := baseline[cell].refusal) and (after := candidate[cell].refusal)
    ]
    pairs = [(baseline[cell], candidate[cell]) for cell in measured_on_both(baseline, candidate)]
    silent = [f"nothing is judged where both sides are refused: {few(refused, most=_NAMED)}"] if refused else []
    own = (f"{change}: these are judged" for change in changes_of_own_models(pairs))
    return (*own, *changes_of_quantizers(pairs), *silent)


def measured_on_both(baseline: Records, candidate: Records) -> list[str]:
    """Returns the ids of the cells that neither side lacks or was refused, in the baseline's order."""
    shared = [cell for cell in baseline if cell in candidate]
    return [cell for cell in shared if not baseline[cell].refusal and not candidate[cell].refusal]


def _missing(there: Records, here: Records, message: str) -> Iterator[str]:
    if absent := [cell for cell in there if cell not in here]:
        yield message.format(few(absent, most=_NAMED))


def _newly_refused(baseline: Records, candidate: Records) -> Iterator[str]:
    for cell in (one for one in baseline if one in candidate):
        before, after = baseline[cell].refusal, candidate[cell].refusal
        if after and not before:
            yield f"{cell} was measured in the baseline; now {after.by} refuses it: {after.reason}"
        if before and not after:
            yield f"{cell} was refused by {before.by} in the baseline and runs now; save a new baseline"


def _incomplete(cell: str, before: Record, after: Record) -> Iterator[str]:
    """Yields what one side knows and the other does not, of what can only be judged from both records."""
    judged: dict[str, tuple[object, object]] = {"file": (before.model, after.model)}
    if not after.cell.has_random_weights:
        judged["accuracy"] = (before.accuracy, after.accuracy)
    for name, parts in judged.items():
        if (parts[0] is None) != (parts[1] is None):
            side = "baseline" if parts[0] is None else "candidate"
            yield f"the {side} has no {name} of {cell}, the other side has; measure it by the whole of `pytest bench/`"


def _impossible(cell: str, before: Record, after: Record) -> Iterator[str]:
    for side, record in (("baseline", before), ("candidate", after)):
        if record.latency and not _LEAST_SECONDS <= record.latency.p50_seconds <= _MOST_SECONDS:
            yield f"the {side} has a median of {record.latency.p50_seconds} seconds of {cell}; {_ALTERED}"
        if record.model and record.model.size_bytes <= 0:
            yield f"the {side} has {record.model.size_bytes} bytes of {cell}; {_ALTERED}"


def _unpaired(cell: str, before: Record, after: Record) -> Iterator[str]:
    if before.accuracy is None or after.accuracy is None or before.dataset.sha256 != after.dataset.sha256:
        return
    if before.dataset.classes != after.dataset.classes or before.dataset.samples != after.dataset.samples:
        yield f"{cell}: {_data_difference(before, after)}, though both name one data set; {_ALTERED}"
        return
    truth, its_truth = (decode(side.predictions.truth) for side in (before.accuracy, after.accuracy))
    if truth != its_truth:
        yield f"the samples of {cell} have other labels in the candidate, though both name one data set; {_ALTERED}"


def _differences(before: Record, after: Record) -> Iterator[str]:
    ours, theirs = before.cell, after.cell
    if ours.image_size != theirs.image_size:
        yield _unlike("another image size", ours.image_size, theirs.image_size, of=theirs.backbone)
    if ours.weights != theirs.weights and not have_own_model(before, after):
        are_files = ours.weights.startswith("file:") and theirs.weights.startswith("file:")
        said = _unlike("other weights", ours.weights, theirs.weights, of=theirs.backbone)
        yield said + (_OWN_FILE if are_files else "")
    if before.dataset.sha256 != after.dataset.sha256:
        yield f"another data set or split: {_data_difference(before, after)}; measure both on the same images"


def _unlike(what: str, ours: object, theirs: object, *, of: str) -> str:
    found = f"{what} in {of}: the baseline has {ours}, the candidate {theirs}"
    return f"{found}; compare like with like, or save a new baseline"


def _data_difference(before: Record, after: Record) -> str:
    one, other = before.dataset, after.dataset
    if one.classes != other.classes:
        ours, theirs = few(one.classes, most=_NAMED), few(other.classes, most=_NAMED)
        return f"the baseline's classes are {ours}, the candidate's {theirs}"
    if one.samples != other.samples:
        return f"the baseline has {one.samples} test samples ({one.name}), the candidate {other.samples} ({other.name})"
    if moved := _moved(before, after):
        return f"of {one.samples} test samples in {other.name} {moved}"
    return (
        f"{one.name} and {other.name} have as many test samples of each class, but not the same images, labels or "
        f"splits (SHA-256 {one.sha256[:12]} and {other.sha256[:12]})"
    )


def _moved(before: Record, after: Record) -> str:
    if before.accuracy is None or after.accuracy is None:
        return ""
    one, other = (Counter(decode(side.accuracy.predictions.truth)) for side in (before, after) if side.accuracy)
    classes = before.dataset.classes
    changed = [
        f"{classes[label]} has {other[label]} instead of {one[label]}"
        for label in range(len(classes))
        if one[label] != other[label]
    ]
    return few(changed, most=_NAMED)
