"""Where are the benchmarks? In the package, so that a device needs no checkout; in a checkout beside it."""

from pathlib import Path

import zoobench
from zoobench.errors import UsageError

_ONE_OF_THEM = "test_latency.py"


def bench_folder() -> Path:
    """Returns the folder of the files that `pytest bench/` runs.

    Raises:
        UsageError: If this installation lacks them.
    """
    package = Path(zoobench.__file__).resolve().parent
    places = (package / "bench", package.parent.parent / "bench")
    for place in places:
        if (place / _ONE_OF_THEM).is_file():
            return place
    raise UsageError(f"this zoobench has no {_ONE_OF_THEM} in {places[0]}; install it again: pip install zoobench")
