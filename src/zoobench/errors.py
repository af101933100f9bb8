"""What can go wrong, one class for each thing a caller may want to handle.

    ZoobenchError
    ├── UsageError          an option or argument that makes no sense
    ├── DataError           images that are missing, unreadable or contradictory
    ├── ModelError          weights, backbones and conversions that cannot be had
    ├── MeasurementError    a runtime that cannot open or run a model
    └── ResultsError        a results file that cannot be read, understood or written

Every message says what was received, what is allowed, and what to do next.
"""


class ZoobenchError(Exception):
    """Base of all errors that zoobench raises on purpose; its message is meant for people."""


class UsageError(ZoobenchError):
    """An option or argument that makes no sense."""


class DataError(ZoobenchError):
    """Images that are missing, unreadable or contradictory."""


class ModelError(ZoobenchError):
    """Weights, backbones or conversions that cannot be had."""


class MeasurementError(ZoobenchError):
    """A runtime that cannot open or run a model."""


class ResultsError(ZoobenchError):
    """A results file that cannot be read, understood or written."""
