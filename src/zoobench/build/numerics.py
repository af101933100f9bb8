"""How far are a variant's answers from those of the Keras classifier that it was made of?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float32]
_LEAST = 1e-7
"""Probabilities are clipped to this before a logarithm, as `keras.backend.epsilon()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numerics:
    """The numerical contract: a variant's answers to calibration images against Keras's.

    Attributes:
        images: How many were compared.
        top1_agreement: Share of images on which both have the same most probable class.
        mean_probability_difference: Mean absolute difference over images and classes.
        max_probability_difference: The largest one.
        kl_divergence_nats: Mean over images of the sum of p log(p / q), p Keras's probabilities and q the variant's.
            S. Kullback and R. A. Leibler, "On information and sufficiency", Ann. Math. Statist. 22 (1951).
    """

    images: int
    top1_agreement: float
    mean_probability_difference: float
    max_probability_difference: float
    kl_divergence_nats: float


def compared(reference: Probabilities, answers: Probabilities) -> Numerics:
    """Compares a variant's probabilities [images, classes] with Keras's for the same images.

    For the divergence each row is clipped and divided by its sum, since quantized outputs do not sum to one.

    Raises:
        ValueError: Unless both have the same shape and at least one image.
    """
    if reference.shape != answers.shape or reference.ndim != 2 or not len(reference):
        raise ValueError(
            f"received shapes {reference.shape} and {answers.shape}; expected two alike, [images, classes]"
        )
    difference = np.abs(reference.astype(np.float64) - answers)
    expected, found = _shares(reference), _shares(answers)
    return Numerics(
        images=len(reference),
        top1_agreement=float(np.mean(reference.argmax(1) == answers.argmax(1))),
        mean_probability_difference=float(difference.mean()),
        max_probability_difference=float(difference.max()),
        kl_divergence_nats=float((expected * np.log(expected / found)).sum(1).mean()),
    )


def _shares(values: Probabilities) -> npt.NDArray[np.float64]:
    clipped = np.clip(values.astype(np.float64), _LEAST, None)
    shares: npt.NDArray[np.float64] = clipped / clipped.sum(1, keepdims=True)
    return shares
