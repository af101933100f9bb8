"""How is a target measured? Four scenarios: size, accuracy, latency, memory; each returns what was observed, raw."""

from contextlib import ExitStack
from functools import partial
from typing import Any

from zoobench.errors import ModelError
from zoobench.matrix.cell import Cell
from zoobench.matrix.runtimes import find_runtime
from zoobench.matrix.variants import spec_of
from zoobench.measure.accuracy import Evaluation, evaluate
from zoobench.measure.disturbance import Sampler
from zoobench.measure.latency import WARMUP_ROUNDS, Interleaving, Latency, RoundsConfig, opened
from zoobench.measure.runtimes import open_answering_session, open_session, threads_reported
from zoobench.measure.startup import Start, observe_starts
from zoobench.measure.target import Target
from zoobench.results.schema import RecordedDisturbance, RecordedModel
from zoobench.system.processes import in_fresh_process
from zoobench.system.terminal import capture_native_output, progress
from zoobench.tflite.contract import describe_violations, plain, violations

BATCH = 8
"""Images in one invocation where only the answers matter, of runtimes that answer in batches."""


def measure_size(target: Target, *, twin: Target) -> RecordedModel:
    """Returns the size of a file beside its float twin's, and what stands in it."""
    file = target.file
    return RecordedModel(
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        float_twin_size_bytes=twin.file.size_bytes,
        contract=plain(file.contract) if file.contract else None,
        numerics=file.numerics,
    )


def violations_of(target: Target) -> str:
    """Returns where a file violates its variant's spec, both sides shown; nothing where it does not.

    Raises:
        ModelError: If it is a TFLite file though its variant is none.
    """
    variant, contract = target.cell.variant, target.file.contract
    spec = spec_of(variant)
    if contract is None:
        return ""
    if spec is None:
        raise ModelError(f"{variant} promises nothing of a TFLite file; export a kit of TFLite variants")
    return describe_violations(violations(contract, spec), label=variant, file=target.file.path)


def measure_accuracy(target: Target, *, workers: int) -> Evaluation:
    """Runs the whole test split; with one worker sample by sample, each invocation timed.

    Args:
        target: What is run.
        workers: Sessions side by side, or threads of one session that answers in batches.

    Raises:
        MeasurementError: If the file cannot be run, or its answers are not one probability for each class.
    """
    cell, path = target.cell, target.file.path
    if not find_runtime(cell.runtime).answers_in_batches:
        opener = partial(open_session, path, runtime=cell.runtime, threads=cell.threads if workers == 1 else 1)
        return evaluate(opener, target.samples, name=cell.id, workers=workers)
    if workers == 1:
        opener, batch = partial(open_session, path, runtime=cell.runtime, threads=cell.threads), 1
    else:
        opener, batch = partial(open_answering_session, path, runtime=cell.runtime, threads=workers), BATCH
    return in_fresh_process(evaluate, opener, target.samples, name=cell.id, batch_size=batch)


def answers_alike(cell: Cell, *, workers: int) -> tuple[int, int]:
    """Returns on how many threads and in which batches several workers have a cell answer."""
    return (workers, BATCH) if find_runtime(cell.runtime).answers_in_batches else (1, 1)


def measure_latency(
    target: Target, twin: Target, reference: Target | None = None, *, benchmark: Any, rounds: RoundsConfig
) -> tuple[Latency, RecordedDisturbance] | None:
    """Times a cell's rounds on pytest-benchmark's clock, those of its float twin and of its reference in between.

    Args:
        target: What is timed.
        twin: Its float twin.
        reference: The same file on the runtime that others are compared with; None for its own.
        benchmark: The fixture of pytest-benchmark.
        rounds: How many are timed.

    Returns:
        None under `--benchmark-disable`, where each target runs once and nothing is timed.

    Raises:
        MeasurementError: If a file cannot be run.
    """
    sampler = Sampler()
    with ExitStack() as stack:
        with capture_native_output():
            session, *others = (
                stack.enter_context(opened(_opener(one), target.samples)) for one in (target, twin, reference) if one
            )
        running = Interleaving(
            cell=session, twin=others[0], samples=target.samples, reference=others[1] if reference else None
        )
        number = 1 if benchmark.disabled else rounds.number(running.warm_up(WARMUP_ROUNDS))
        running.sampler = sampler
        sampler.begin()
        benchmark.pedantic(running.invoke, setup=running.before, teardown=running.after, rounds=number)
        disturbance = sampler.end()
    if benchmark.stats is None:
        return None
    seconds = tuple(benchmark.stats.stats.data)
    # --benchmark-cprofile runs the target once more, and the twin perhaps with it
    latency = Latency(
        seconds=seconds,
        twin_seconds=tuple(running.twin_seconds[: len(seconds)]),
        reference_seconds=tuple(running.reference_seconds[: len(seconds)]) if reference else None,
        threads_reported=threads_reported(session),
    )
    return latency, disturbance


def measure_memory(target: Target, *, processes: int) -> tuple[Start, ...]:
    """Has fresh processes open a file and run it, one after the other; shows progress meanwhile.

    Raises:
        MeasurementError: If one dies, hangs, or cannot open or run the file.
    """
    with progress("Starting processes", total=processes) as advance:
        return observe_starts(target, processes=processes, advance=advance)


def _opener(target: Target) -> Any:
    return partial(open_session, target.file.path, runtime=target.cell.runtime, threads=target.cell.threads)
