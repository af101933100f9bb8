"""What is known of one cell in one run? Schema 1, with the bounds that every reader may rely on.

What has to hold between two values stands in `answers.py`. What may be None may be absent in a file.

History of the schema:
    1 (2026-11): the first. `latency` used to hold `initialization_seconds` and `first_inference_seconds` of the process
        that measured all; since `startup` and `memory` came, which older files lack, fresh processes tell both.
        `training` and `model.quantizer` came later too, and `96x160` as an image size, which older versions refuse.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from msgspec import Meta

from zoobench.matrix.interface import Interface

SCHEMA = 1
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Amount = Annotated[float, Meta(ge=0)]
Seconds = Amount
Share = Annotated[float, Meta(ge=0, le=1)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
QuantizerName = Annotated[str, Meta(pattern=r"^(ai_edge|tensorflow)\Z")]
Weights = Annotated[str, Meta(pattern=r"^(imagenet|random|file:[0-9a-f]{64})\Z")]
SizeText = Annotated[str, Meta(pattern=r"^(?!([0-9]+)x\1\Z)[1-9][0-9]{0,4}x[1-9][0-9]{0,4}\Z")]
"""Height and width of images that are not square, as `96x160`."""
CAUSE_KINDS = ("steal", "waiting", "others", "throttled", "frequency")
CauseKind = Annotated[str, Meta(pattern=rf"^({'|'.join(CAUSE_KINDS)})\Z")]
MOST_EPOCHS = 40
"""Of a training that a record shows."""
Interval = tuple[Amount, Amount]
Epochs = Annotated[tuple[Positive, ...], Meta(max_length=MOST_EPOCHS)]
_AT_LEAST_ONE = Meta(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCell:
    """Which cell: `id` joins results and is `<backbone>-<variant>-<runtime>-t<threads>`."""

    id: str
    backbone: str
    variant: str
    runtime: str
    threads: Positive
    image_size: Positive | SizeText
    weights: Weights

    @property
    def has_random_weights(self) -> bool:
        """Whether the accuracy means nothing."""
        return self.weights == "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedNumerics:
    """A variant's answers to calibration images against the Keras classifier's.

    Attributes:
        top1_agreement: Share of images on which both have the same most probable class.
        mean_probability_difference: Mean absolute difference of probabilities over images and classes.
        max_probability_difference: Largest absolute difference of a probability.
        kl_divergence_nats: Mean Kullback-Leibler divergence of the variant's probabilities from Keras's; rounding may
            take it a little below 0.
    """

    images: Positive
    top1_agreement: Share
    mean_probability_difference: Amount
    max_probability_difference: Amount
    kl_divergence_nats: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedModel:
    """The file that was measured and the size of its float twin's.

    Attributes:
        float_twin_size_bytes: None where there is no float32 file, as of a quantized file of a user's own.
        contract: What stands in a TFLite file; None for others.
        numerics: How near its answers are to Keras's; None for Keras itself and where the runtime refuses the file.
        quantizer: `ai_edge` or `tensorflow`, which made it; None where none of them did, or that is not known.
        interface: What a model of one's own is taken as; None for the networks that zoobench or a package has.
    """

    sha256: Sha256
    size_bytes: Count
    float_twin_size_bytes: Count | None = None
    contract: Mapping[str, Any] | None = None
    numerics: RecordedNumerics | None = None
    quantizer: QuantizerName | None = None
    interface: Interface | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A quantizer that does not make a variant of this backbone, or a runtime that does not take it, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDataset:
    """What it was measured on.

    Attributes:
        name: The folder's name, or `drawn`.
        sha256: Hash of classes, contents, labels and splits: the same only if the samples are.
        classes: Names of the classes, in the order of the model's outputs.
        samples: Number of test samples.
        left_out: Number of images that could not be used, in all splits.
    """

    name: str
    sha256: Sha256
    classes: Annotated[tuple[str, ...], _AT_LEAST_ONE]
    samples: Positive
    left_out: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Every test sample's predicted class, its probability, and the truth, in the order of the test split.

    Each is base64 of little-endian unsigned 16-bit numbers; probabilities are in units of 1/65535.
    """

    classes: str
    probabilities: str
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceAgreement:
    """How far two cells that run the same file answer the same.

    Attributes:
        cell: Id of the other cell: the same file on LiteRT, or on Keras called eagerly.
        share: Of samples on which both predict the same class; 1 where the two always agree.
        max_probability_difference: Largest absolute difference of the probability of that class; None where the two
            never agree, and in older files.
        mean_probability_difference: Its mean over the samples on which both predict the same class.
    """

    cell: str
    share: Share
    max_probability_difference: Amount | None = None
    mean_probability_difference: Amount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAccuracy:
    """How often it was right.

    Attributes:
        loss: Mean categorical cross-entropy in nats.
        interval: Wilson interval of top1, 95 %.
        agreement_with_float: Share of samples on which it predicts what the float twin predicts; None without one.
        invocation_p50_seconds: Median invocation, where samples were run one by one.
        agreement_with_reference: Agreement with the same file's answers on the runtime that others are compared with,
            because runtimes round differently; None where the cell is that one.
    """

    top1: Share
    loss: Amount
    correct: Count
    total: Positive
    interval: tuple[Share, Share]
    agreement_with_float: Share | None = None
    invocation_p50_seconds: Seconds | None = None
    predictions: Predictions
    agreement_with_reference: ReferenceAgreement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speedup:
    """How many times faster than another cell, paired by round.

    Attributes:
        twin: Id of the other cell.
        point: Median over the rounds of twin's seconds / own seconds.
        interval: 95 % interval of that median over the rounds of this process; what changes between processes is not
            in it.
    """

    twin: str
    point: Amount
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedInterval:
    """What the system counted from one look to the next, on the CPUs that this process may use; None if not told.

    Attributes:
        rounds: Timed rounds that ended in the interval.
        seconds: Length of the interval.
        busy_seconds: CPU time that any process used.
        own_seconds: CPU time that this process used.
        steal_seconds: CPU time that was wanted and that the hypervisor gave to others.
        waiting_seconds: Time that this process's threads were ready to run and had no CPU.
        involuntary_switches: Times that a thread of this process was made to yield.
        major_faults: Times that this process waited for a page from the disk.
        frequency_share: Highest frequency of a CPU at the end, as a share of what its policy allows.
        temperature_celsius: Temperature of the hottest sensor at the end.
        throttled: What slowed the machine down: names such as `under-voltage`.
    """

    rounds: Count
    seconds: Seconds
    busy_seconds: Seconds | None = None
    own_seconds: Seconds
    steal_seconds: Seconds | None = None
    waiting_seconds: Seconds | None = None
    involuntary_switches: Count | None = None
    major_faults: Count | None = None
    frequency_share: Amount | None = None
    temperature_celsius: float | None = None
    throttled: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What disturbed a cell's rounds: one of `CAUSE_KINDS`, and how much of it at worst."""

    kind: CauseKind
    worst: Amount
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDisturbance:
    """What else happened on the machine while a cell was timed.

    Attributes:
        cpus: How many CPUs this process may use.
        look_seconds: Median cost of one look at the counters, outside the timed invocations.
        load_before: Load average of the last minute before the cell.
        available_memory_bytes: Memory that was available before the cell.
        before: What was counted during opening and warm-up.
        intervals: What was counted during the rounds, from look to look.
        disturbed_rounds: Rounds in intervals in which something was above its limit.
        causes: What disturbed the rounds; empty unless they are so many that the cell is marked.
    """

    cpus: Positive
    look_seconds: Seconds
    load_before: Amount | None = None
    available_memory_bytes: Count | None = None
    before: RecordedInterval
    intervals: tuple[RecordedInterval, ...]
    disturbed_rounds: Count
    causes: tuple[Cause, ...]

    @property
    def rounds(self) -> int:
        """How many rounds were watched."""
        return sum(interval.rounds for interval in self.intervals)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLatency:
    """How long one invocation took.

    Attributes:
        p50_seconds: Median of the rounds.
        p50_interval: 95 % interval of that median, over this process's rounds.
        p90_seconds: None below 64 rounds.
        samples: Number of rounds.
        speedup_over_float: Speed-up over the float twin.
        disturbance: What else happened on the machine; None where it was not watched.
        speedup_over_reference: Speed-up over the same file on LiteRT, or on Keras called eagerly; None where the cell
            is that.
        threads_reported: On how many threads the runtime said that it ran; None where it does not tell.
    """

    p50_seconds: Seconds
    p50_interval: Interval | None = None
    p90_seconds: Seconds | None = None
    mean_seconds: Seconds
    samples: Positive
    speedup_over_float: Speedup | None = None
    disturbance: RecordedDisturbance | None = None
    speedup_over_reference: Speedup | None = None
    threads_reported: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPhase:
    """How long a phase took that every process goes through once.

    Attributes:
        p50_seconds: Median of the processes.
        interval: 95 % interval of that median, by order statistics; None below 6 processes.
        observed_seconds: Seconds of each process.
    """

    p50_seconds: Seconds
    interval: Interval | None = None
    observed_seconds: Annotated[tuple[Seconds, ...], _AT_LEAST_ONE]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStartup:
    """What fresh processes, in which nothing else ran before, took until the steady state.

    Attributes:
        initialization: Opening of the file, the runtime being imported and the file in the system's page cache.
        first_inference: The first invocation.
        threads_started: The fewest threads that a process had more after it had run the file; None where the system
            does not tell. LiteRT starts one less than it is to run on, and more where kernels outside XNNPACK keep
            some of their own.
    """

    initialization: RecordedPhase
    first_inference: RecordedPhase
    threads_started: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMemory:
    """How much memory a fresh process takes that opens the file and runs it.

    Each value is the median of the processes, of an even number the lower of the middle two.

    Attributes:
        peak_rss_bytes: The most that was resident, Python and libraries with it.
        interval: 95 % interval of the peak's median, by order statistics; None below 6 processes.
        base_rss_bytes: What was resident before the file was opened, the runtime being imported: the same for every
            file of a runtime. None where the system does not tell, as is `anonymous_bytes`.
        anonymous_bytes: What of the resident memory was in no file in the end, so that it cannot be read again.
    """

    peak_rss_bytes: Positive
    interval: tuple[Positive, Positive] | None = None
    base_rss_bytes: Positive | None = None
    anonymous_bytes: Count | None = None
    observed_peak_rss_bytes: Annotated[tuple[Positive, ...], _AT_LEAST_ONE]
    observed_base_rss_bytes: tuple[Positive, ...]
    observed_anonymous_bytes: tuple[Count, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTraining:
    """How a cell's classifier was trained: the curves of its epochs, which are counted from 1.

    Attributes:
        epochs: Number of epochs that were run.
        kept_epoch: Epoch whose weights were kept; None where that is not known.
        shown: Epochs of the curves, ascending: all, or of more than `MOST_EPOCHS` as many, evenly spread.
        loss: Mean categorical cross-entropy in nats on the training split, at each shown epoch.
        accuracy: Share of the training samples that were right, at each shown epoch.
        learning_rate: Learning rate at each shown epoch; empty where it is not known.
        validated: Epochs after which it was validated, ascending, at most `MOST_EPOCHS`.
        validation_loss: Loss on the validation split after each validated epoch.
        validation_accuracy: Accuracy on the validation split after each validated epoch.
        seconds: How long the training took; None where that is not known.
    """

    epochs: Positive
    kept_epoch: Positive | None = None
    shown: Epochs
    loss: tuple[Amount, ...]
    accuracy: tuple[Share, ...]
    learning_rate: tuple[Amount, ...]
    validated: Epochs
    validation_loss: tuple[Amount, ...]
    validation_accuracy: tuple[Share, ...]
    seconds: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is known of one cell in one run; a part that was not measured is None.

    Attributes:
        kit: SHA-256 of the kit that file and samples came in; None where the machine that measured made the file.
        training: Of the classifier that the file was made from; None where it came trained.
    """

    schema: Positive
    cell: RecordedCell
    model: RecordedModel | None = None
    dataset: RecordedDataset
    accuracy: RecordedAccuracy | None = None
    latency: RecordedLatency | None = None
    environment: Mapping[str, Any]
    refusal: Refusal | None = None
    kit: Sha256 | None = None
    startup: RecordedStartup | None = None
    memory: RecordedMemory | None = None
    training: RecordedTraining | None = None


def to_json(record: Record) -> dict[str, Any]:
    """Returns a record as plain JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(record), allow_nan=False))
    return plain
