"""Which runtimes are there, what do they take, and how is each to be measured? No runtime is imported here."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

from zoobench.matrix.registry import Package, Table

REFERENCE = "litert"
"""What other runtimes of TFLite files are compared with."""
_REFERENCES = {".tflite": REFERENCE, ".keras": "keras"}
"""By the ending of the files that a runtime takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What executes a model file.

    Attributes:
        module: Has the function that opens a file, `(path, *, threads)`, and `open_graph_session` where batches are
            answered faster so.
        packages: What it imports, under the names by which Python finds them.
        libraries: The same as package registries know them: with their versions answers and times may change.
        install: What to give `pip install` where one of these is missing.
        opens: Name of the function of `module` that opens a file.
        suffix: Ending of the files that it takes.
        reference: The runtime of the same files that its answers, and its time, are compared with; itself for that one.
        answers_in_batches: Whether accuracy is measured faster in batches on all cores than in sessions side by side.
        fixes_threads: Whether a process that has used it once cannot change its number of threads.
        least_rounds: The fewest timed rounds of a cell.
        replay_seconds: How long a gate's process replays a cell.
        sittings: How often both files are opened anew in a replay: where a model lies in memory changes its time by up
            to 1 %, and several places even that out.
        settles: Whether each timed invocation of a replay follows an untimed one: a few milliseconds depend on what is
            in the processor's caches, Keras's many do not.
        first_seconds: How long a small file may take to be opened and run for the first time, or it hangs.
        processes: How many fresh processes tell its start-up and memory, unless asked otherwise; 6 are the fewest of
            which the median has a 95 % interval without assuming a distribution.
        package: What adds it to the table; None for our own.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    libraries: tuple[str, ...]
    install: str
    opens: str = "open_session"
    suffix: str = ".tflite"
    reference: str = REFERENCE
    answers_in_batches: bool = False
    fixes_threads: bool = False
    least_rounds: int = 64
    replay_seconds: float = 0.8
    sittings: int = 4
    settles: bool = True
    first_seconds: float = 120.0
    processes: int = 6
    package: Package | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that it needs and that are not installed; none is imported to find out."""
        return tuple(name for name in self.packages if find_spec(name) is None)

    @property
    def to_install(self) -> str:
        """The command that brings them."""
        return f"pip install {shlex.join(self.install.split())}"

    @property
    def unavailable_reason(self) -> str:
        """What is missing and how to install it; '' where nothing is."""
        needs = ", ".join(self.missing)
        how = f"not installed here: {self.to_install}"
        return f"the runtime {self.name} needs {needs}, {how}" if needs else ""

    def added(self, package: Package) -> "Runtime":
        """Returns it as what a package adds: answers and times may change with the package's version too."""
        if self.suffix not in _REFERENCES:
            raise ValueError(f"suffix is {self.suffix!r}; allowed is one of {', '.join(_REFERENCES)}")
        if dotted := [name for name in self.packages if not name.isidentifier()]:
            raise ValueError(f"packages has {dotted[0]!r}; expected names that Python imports, without a dot")
        expected = _REFERENCES[self.suffix]
        if self.reference != expected:
            raise ValueError(f"reference is {self.reference!r}; expected {expected!r}, which runs {self.suffix} files")
        return replace(self, package=package, libraries=tuple(dict.fromkeys((*self.libraries, package.name))))


def _of_keras(name: str, *, opens: str = "open_session") -> Runtime:
    return Runtime(
        name=name,
        module="zoobench.measure.runtimes.keras",
        opens=opens,
        packages=("tensorflow", "keras"),
        libraries=("keras", "numpy", "tensorflow"),
        install="tensorflow",
        suffix=".keras",
        reference="keras",
        answers_in_batches=True,
        fixes_threads=True,
        least_rounds=24,
        replay_seconds=2.5,
        sittings=1,
        settles=False,
        processes=3,  # its import alone takes seconds
    )


RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Runtime(
            name="litert",
            module="zoobench.measure.runtimes.litert",
            packages=("ai_edge_litert",),
            libraries=("ai-edge-litert", "numpy"),
            install="ai-edge-litert",
            first_seconds=20.0,
        ),
        _of_keras("keras"),
        _of_keras("keras_graph", opens="open_graph_session"),
        Runtime(
            name="litert_compiled",
            module="zoobench.measure.runtimes.litert_compiled",
            packages=("ai_edge_litert",),
            libraries=("ai-edge-litert", "numpy"),
            install="ai-edge-litert",
            first_seconds=20.0,
        ),
        Runtime(
            name="openvino",
            module="zoobench.measure.runtimes.openvino",
            packages=("openvino",),
            libraries=("openvino", "numpy"),
            install="openvino",
        ),
        Runtime(
            name="onnxruntime",
            module="zoobench.measure.runtimes.onnxruntime",
            packages=("onnxruntime", "tf2onnx", "tensorflow"),
            libraries=("onnxruntime", "tf2onnx", "numpy"),
            install="onnxruntime tf2onnx tensorflow",
        ),
    )
}
ALIASES = {"tflite": "litert", "tensorflow_lite": "litert", "onnx": "onnxruntime", "tensorflow": "keras"}
"""What else runtimes are called."""
TABLE = Table(what="runtime", kind=Runtime, own=RUNTIMES, aliases=ALIASES)
"""With what packages add."""


def find_runtime(name: str) -> Runtime:
    """Returns the runtime of a name, ours or one that a package adds.

    Raises:
        UsageError: If there is none, or the package that adds it is broken.
    """
    return TABLE.find(name)


def find_runtimes(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of these runtimes, ours in the order of the table first; see `Table.select`."""
    found = TABLE.select(names)
    return tuple(name for name in TABLE.names() if name in found)


def runtimes_of(suffix: str) -> tuple[str, ...]:
    """Returns the names of our runtimes that take files of an ending, in the order of the table."""
    return tuple(name for name, runtime in RUNTIMES.items() if runtime.suffix == suffix)
