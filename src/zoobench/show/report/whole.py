"""What does a report show? Every part of it in the order of reading."""

from dataclasses import dataclass

from zoobench.show.report.answerparts import Answered, Photo
from zoobench.show.report.contents import Changes, Decision, Fact, Figure, Sheet
from zoobench.show.report.matrixparts import Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of it, in the order of reading.

    Attributes:
        title: What was measured.
        facts: On what, where and when, in short.
        decision: What to take.
        matrix: Every cell.
        changes: Against a baseline; None without one.
        figures: Trade-off, latencies, speed-ups.
        answered: Every distinct set of answers.
        answers_notes: Why some are missing, if so.
        photos: Every image that is shown.
        training: The curves of each head that was trained.
        training_notes: Why there are none, if so.
        confusion: Of the recommended cell as a drawing, which the page does not show; None where there is none.
        environment: Machine, libraries and data.
        method: How it was measured.
        limits: What it cannot tell.
        version: Of zoobench that wrote it.
    """

    title: str
    facts: tuple[Fact, ...]
    decision: Decision
    matrix: Matrix
    changes: Changes | None
    figures: tuple[Figure, ...]
    answered: tuple[Answered, ...]
    answers_notes: tuple[str, ...]
    photos: tuple[Photo, ...]
    training: tuple[Figure, ...]
    training_notes: tuple[str, ...]
    confusion: Figure | None
    environment: tuple[Sheet, ...]
    method: tuple[str, ...]
    limits: tuple[str, ...]
    version: str
