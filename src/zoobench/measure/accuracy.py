"""How often is a model right, and how sure is it of the truth?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError
from zoobench.measure.inference import OpenSession, run_all
from zoobench.measure.samples import Samples
from zoobench.system.terminal import progress

EPSILON = 1e-7
"""As `keras.backend.epsilon()`: probabilities are clipped to [EPSILON, 1 - EPSILON] before the logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A model's answers to the test samples, held against the truth.

    Attributes:
        predicted: [n] class index of the largest probability; the first of equals.
        probability: [n] that probability.
        truth: [n] class index of the label.
        loss: Mean categorical cross-entropy in nats.
        invocation_seconds: [n], or None where samples were not run one by one.
    """

    predicted: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float32]
    truth: npt.NDArray[np.int64]
    loss: float
    invocation_seconds: npt.NDArray[np.float64] | None

    @property
    def correct(self) -> int:
        """Number of samples whose predicted class is the true one."""
        return int((self.predicted == self.truth).sum())

    @property
    def total(self) -> int:
        """Number of samples."""
        return len(self.truth)


def evaluate(
    open_session: OpenSession, samples: Samples, *, name: str, workers: int = 1, batch_size: int = 1
) -> Evaluation:
    """Runs the test samples through a model and scores its answers.

    With one worker and a batch size of one it goes sample by sample as in real use, the invocation alone timed. More
    workers or larger batches give the same predictions faster.

    Args:
        open_session: Opens the model; each worker opens its own.
        samples: The test split.
        name: Shown beside the progress bar.
        workers: Sessions that work side by side, each in its thread.
        batch_size: Samples in one invocation, for runtimes that take more than one.

    Raises:
        MeasurementError: If an invocation fails, or the model's outputs are not one probability for each class.
    """
    done = right = 0
    with progress(f"Accuracy of {name}", total=len(samples)) as advance:

        def count(position: int, values: npt.NDArray[np.float32]) -> None:
            nonlocal done, right
            done += len(values)
            right += int((values.argmax(axis=1) == samples.labels[position : position + len(values)]).sum())
            advance(len(values), f"top-1 {right / done:.3f}")

        outputs = run_all(open_session, samples, workers=workers, batch_size=batch_size, on_batch=count)
    return scored(outputs.values, samples.labels, invocation_seconds=outputs.invocation_seconds)


def scored(
    probabilities: npt.NDArray[np.float32],
    truth: npt.NDArray[np.int64],
    *,
    invocation_seconds: npt.NDArray[np.float64] | None = None,
) -> Evaluation:
    """Scores probabilities [n, classes] against class indices [n].

    The loss is that of `keras.losses.categorical_crossentropy`: each row divided by its sum (quantized outputs do not
    sum to one), clipped to [EPSILON, 1 - EPSILON], minus the logarithm of the true class's share, averaged.

    Raises:
        MeasurementError: If a label has no column.
    """
    if truth.size and truth.max() >= probabilities.shape[1]:
        raise MeasurementError(
            f"the model gives {probabilities.shape[1]} classes, the data has {truth.max() + 1} or more"
        )
    predicted = probabilities.argmax(axis=1)
    sums = probabilities.sum(axis=1, dtype=np.float64)
    true_shares = probabilities[np.arange(len(truth)), truth] / np.maximum(sums, EPSILON)
    loss = -np.log(np.clip(true_shares, EPSILON, 1 - EPSILON)).mean()
    return Evaluation(
        predicted=predicted,
        probability=probabilities.max(axis=1),
        truth=truth,
        loss=float(loss),
        invocation_seconds=invocation_seconds,
    )
