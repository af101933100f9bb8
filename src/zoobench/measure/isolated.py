"""How is work done so that its memory, threads and libraries do not stay in the measuring process?"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from zoobench.errors import ZoobenchError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_fresh_process(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Returns what `function` returns in a Python process that is started for it and ends with it.

    Errors it raises are raised here; what it prints goes where this process prints.

    Raises:
        ZoobenchError: If the process dies, as it does when memory runs out.
    """
    spawn = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
            return pool.submit(function, *args, **kwargs).result()
    except BrokenProcessPool as error:
        raise ZoobenchError(
            f"the process that ran {function.__name__} died without a word; the usual cause is too little memory "
            "(InceptionResNetV2 takes 6 GB to convert). Free some, or leave out the largest backbone"
        ) from error
