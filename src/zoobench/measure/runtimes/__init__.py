"""What can run a model file, what is it fed, and what do its outputs stand for? A module for each runtime, by name."""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Protocol

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError, UsageError
from zoobench.matrix.interface import DEVIATION_RGB, MEAN_BGR, MEAN_RGB, Interface, PixelRange
from zoobench.matrix.runtimes import Runtime, find_runtime

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.float32]


class Session(Protocol):
    """An open model. `load`, `invoke` and `read` are apart so that `invoke` alone can be timed.

    What knows on how many threads it runs has `threads_reported` too.
    """

    def load(self, images: Pixels) -> None:
        """Puts images [n, height, width, 3] in place, in the number type that the model takes.

        They are raw pixels, or float32 real values for a model of one's own that takes another range, grey or NCHW.
        """

    def invoke(self) -> None:
        """Runs the model on what was loaded; returns when the result is there."""

    def read(self) -> npt.NDArray[np.float32]:
        """Returns the result as [n, outputs] float32, dequantized."""


class InterfacedSession:
    """An open model of one's own: takes raw RGB images and gives probabilities, as its interface says.

    `invoke` is the inner session's own: nothing is added between two readings of a clock.
    """

    def __init__(self, session: Session, interface: Interface) -> None:
        self.threads_reported: int | None = getattr(session, "threads_reported", None)
        self.invoke = session.invoke
        self._session = session
        self._interface = interface
        self._count = 0

    def load(self, images: Pixels) -> None:
        """Puts raw pixels [n, height, width, 3] in place, as the model takes them."""
        self._count = len(images)
        self._session.load(presented(images.astype(np.uint8, copy=False), self._interface))

    def read(self) -> npt.NDArray[np.float32]:
        """Returns probabilities [n, classes] in the data's order."""
        return probabilities(self._session.read(), self._interface, count=self._count)


OpenSession = Callable[[], AbstractContextManager[Session]]
"""Opens one certain model."""


def open_session(
    path: Path, *, runtime: str, threads: int, interface: Interface | None = None
) -> AbstractContextManager[Session]:
    """Opens a model file; one of a user's own takes raw pixels and gives probabilities as its interface says.

    Raises:
        MeasurementError: If the runtime is unknown, not installed, or does not take the file.
    """
    module = import_runtime(runtime)
    opener = getattr(module, find_runtime(runtime).opens)
    return _interfaced(opener(path, threads=threads), interface)


def open_answering_session(
    path: Path, *, runtime: str, threads: int, interface: Interface | None = None
) -> AbstractContextManager[Session]:
    """Opens a model file where its answers matter and not how long each takes; the runtime may answer in another mode.

    Args and errors are those of `open_session`.
    """
    module = import_runtime(runtime)
    opener = getattr(module, "open_graph_session", None) or module.open_session
    return _interfaced(opener(path, threads=threads), interface)


def import_runtime(runtime: str) -> ModuleType:
    """Imports a runtime's libraries, so that opening a file later does not take their time; returns its module.

    Raises:
        MeasurementError: If the runtime is unknown or not installed.
    """
    try:
        known = find_runtime(runtime)
    except UsageError as error:
        raise MeasurementError(f"{error} ({sys.executable})") from error
    try:
        module = _imported(known)
    except MeasurementError:
        raise
    except Exception as error:  # foreign code may fail with anything; the message names it
        if known.package is None:
            raise
        raise MeasurementError(
            f"the runtime {runtime} of {known.package} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if known.package and not callable(getattr(module, known.opens, None)):
        raise MeasurementError(
            f"the runtime {runtime} of {known.package} has no function {known.module}.{known.opens}(path, *, threads)"
        )
    return module


@contextmanager
def imported_meanwhile(runtimes: Iterable[str]) -> Iterator[None]:
    """Imports runtimes beside the block and ends when both are done.

    What the block prints still reaches the terminal, by copies of both streams; what is written past Python goes into a
    temporary file meanwhile, as TensorFlow tells of the processor there.

    Args:
        runtimes: Names; one that cannot be imported is told where a file is opened by it.
    """
    names = tuple(runtimes)
    if not names:
        yield
        return

    def import_all() -> None:
        for runtime in names:
            with suppress(MeasurementError):
                import_runtime(runtime)

    with ExitStack() as stack:
        sink = stack.enter_context(tempfile.TemporaryFile())
        for number, stream, redirect in ((1, sys.stdout, redirect_stdout), (2, sys.stderr, redirect_stderr)):
            stream.flush()
            copy = stack.enter_context(os.fdopen(os.dup(number), "w", buffering=1, encoding="utf-8", errors="replace"))
            stack.callback(os.dup2, copy.fileno(), number)
            os.dup2(sink.fileno(), number)
            stack.enter_context(redirect(copy))
        importing = Thread(target=import_all)
        importing.start()
        stack.callback(importing.join)
        yield


def _interfaced(
    opening: AbstractContextManager[Session], interface: Interface | None
) -> AbstractContextManager[Session]:
    return opening if interface is None or interface.changes_nothing else _opened_by(opening, interface)


@contextmanager
def _opened_by(opening: AbstractContextManager[Session], interface: Interface) -> Iterator[Session]:
    with opening as session:
        yield InterfacedSession(session, interface)


def _imported(known: Runtime) -> ModuleType:
    """Imports a module, the garbage collector kept off what that makes: TensorFlow's takes a third longer with it.

    Modules stay until the process ends, so looking through them for garbage finds none.
    """
    is_new, was_enabled = known.module not in sys.modules, gc.isenabled()
    if is_new:
        gc.disable()
    try:
        return import_module(known.module)
    except ModuleNotFoundError as error:
        raise MeasurementError(
            f"the runtime {known.name} needs {error.name}, which is not installed: {known.to_install}"
        ) from error
    except ImportError as error:
        raise MeasurementError(
            f"the runtime {known.name} is installed but cannot be imported: {error}; install it anew: "
            f"{known.to_install} --force-reinstall"
        ) from error
    finally:
        if is_new:
            gc.freeze()
        if is_new and was_enabled:
            gc.enable()


Floats = npt.NDArray[np.float32]
_LUMINANCE = (19595, 38470, 7471)
"""Of red, green and blue, in units of 1/65536: ITU-R 601."""

_RANGES: dict[PixelRange, tuple[float, float]] = {"0..255": (1.0, 0.0), "0..1": (255.0, 0.0), "-1..1": (127.5, 1.0)}
"""By what pixels are divided, and what is taken from that."""


def presented(images: npt.NDArray[np.uint8], interface: Interface) -> npt.NDArray[np.uint8] | Floats:
    """Returns what a model is fed for RGB images [n, height, width, 3]: [n, height, width, channels], or NCHW.

    float32 real values in the model's range; raw pixels stay uint8.

    Raises:
        MeasurementError: If a grey model is to take the channels of ImageNet.
    """
    shown: npt.NDArray[np.uint8] | Floats = _grey(images) if interface.channels == 1 else images
    if interface.pixels != "0..255":
        if interface.pixels == "imagenet-caffe":
            shown = shown[..., ::-1]
        table = _table(interface.pixels, interface.channels)
        shown = table[shown, np.arange(interface.channels)]
    return np.ascontiguousarray(shown.transpose(0, 3, 1, 2)) if interface.layout == "NCHW" else shown


def probabilities(outputs: npt.NDArray[np.float32], interface: Interface, *, count: int) -> Floats:
    """Returns probabilities [count, classes] in the data's order of classes, from a model's outputs for `count` images.

    Sigmoids that are one for each class stay as they are: their rows need not sum to one.

    Raises:
        MeasurementError: If the outputs are not one row for each image, or there is none for a class.
    """
    rows = flattened(outputs, count=count).astype(np.float64)
    if rows.shape[1] == 1:
        second = _logistic(rows) if interface.scores == "logits" else rows
        rows = np.hstack([1 - second, second])
    elif interface.scores == "logits":
        powers = np.exp(rows - rows.max(axis=1, keepdims=True))
        rows = powers / powers.sum(axis=1, keepdims=True)
    if interface.order:
        if max(interface.order) >= rows.shape[1]:
            raise MeasurementError(
                f"the model gives {rows.shape[1]} classes; a class of the data is to be its output "
                f"{max(interface.order)}, counted from 0"
            )
        rows = rows[:, list(interface.order)]
    return rows.astype(np.float32)


def flattened(outputs: npt.NDArray[np.float32], *, count: int) -> Floats:
    """Returns a model's outputs for `count` images as [count, outputs]: a map of one pixel is as good as a vector.

    Raises:
        MeasurementError: If there is more than one answer to an image, as in a map of several pixels.
    """
    of_one = outputs.shape[1:] if outputs.shape[:1] == (count,) else outputs.shape if count == 1 else (0,)
    if outputs.size == 0 or max(of_one, default=1) * count != outputs.size:
        raise MeasurementError(
            f"the model's answer to {count} {'image' if count == 1 else 'images'} has the shape {outputs.shape}; "
            f"expected ({count}, classes), one number for each class"
        )
    return outputs.reshape(count, -1)


def _grey(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    weighted = images.astype(np.uint32) @ np.array(_LUMINANCE, np.uint32)
    return ((weighted + (1 << 15)) >> 16).astype(np.uint8)[..., np.newaxis]


@cache
def _table(pixels: PixelRange, channels: int) -> Floats:
    """Returns the real value of each pixel in each channel [256, channels], in the model's order of channels."""
    values = np.repeat(np.arange(256.0)[:, np.newaxis], channels, axis=1)
    if pixels in _RANGES:
        divisor, less = _RANGES[pixels]
        return (values / divisor - less).astype(np.float32)
    if channels != len(MEAN_BGR):
        raise MeasurementError(f"a grey model cannot take {pixels}; allowed is one of {', '.join(_RANGES)}")
    if pixels == "imagenet-caffe":
        return (values - MEAN_BGR).astype(np.float32)
    return ((values / 255 - MEAN_RGB) / DEVIATION_RGB).astype(np.float32)


def _logistic(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.exp(-np.logaddexp(0, -logits))
