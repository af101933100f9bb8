"""How is work done so that its memory, threads and libraries do not stay in the measuring process?"""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from zoobench.errors import ZoobenchError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
_PATIENCE_SECONDS = 5


def in_fresh_process(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Returns what `function` returns in a Python process that is started for it and ends with it.

    Our own errors that it raises are raised here; what it prints goes where this process prints. Ctrl-C ends it at
    once, also in the middle of native code.

    Raises:
        ZoobenchError: If the process dies, as it does when memory runs out, or fails with an error that is not ours.
    """
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_work, args=(sender, function, args, kwargs))
    process.start()
    sender.close()
    try:
        outcome = receiver.recv()
        process.join(_PATIENCE_SECONDS)
    except (EOFError, OSError) as error:  # it ended before, or in the middle of, its answer
        process.join(_PATIENCE_SECONDS)
        raise ZoobenchError(_epitaph(function.__name__, process.exitcode)) from error
    finally:
        process.terminate()
        process.join(_PATIENCE_SECONDS)
        receiver.close()
    if isinstance(outcome, ZoobenchError):
        raise outcome
    result: Result = outcome
    return result


def _work(sender: Connection, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends this process
    try:
        outcome = function(*args, **kwargs)
    except ZoobenchError as error:
        outcome = error
    sender.send(outcome)


def _epitaph(name: str, exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0 and -exit_code != signal.SIGKILL:
        return f"the process that ran {name} crashed in native code: {signal.strsignal(-exit_code)} ({-exit_code})"
    if exit_code is not None and exit_code < 0:
        return (
            f"the process that ran {name} was killed by signal {-exit_code}; the usual cause is too little memory "
            "(InceptionResNetV2 takes 6 GB to convert): free some, or leave out the largest backbone"
        )
    return f"the process that ran {name} failed with status {exit_code}; its own message stands above"
