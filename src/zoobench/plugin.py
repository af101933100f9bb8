"""What does pytest learn from zoobench? Options, cells as parameters, fixtures, the results file, the table."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from zoobench.errors import TO_BUILD, DataError, Status, UsageError, ZoobenchError, sanitize
from zoobench.run.options import OPTIONS, bench_folder, refuse_empty
from zoobench.system.keeper import Terminated, heed_signals, status_of
from zoobench.system.processes import quiet_tensorflow
from zoobench.system.terminal import columns, say

# The plugin is loaded in every pytest run of the environment: heavy imports wait until they are needed.
if TYPE_CHECKING:
    from zoobench.matrix.cell import Cell
    from zoobench.run.project import Project
    from zoobench.run.session import BenchSession

CELL = "zoo_cell"
"""The fixture that a benchmark asks for to be run for every cell."""
_BENCH: pytest.StashKey[BenchSession] = pytest.StashKey()
_RESULTS: pytest.StashKey[Path] = pytest.StashKey()
_ABOUT: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
"""What pytest-benchmark says of machine and commit; finding out takes a while, so it is done once."""
_SAID: pytest.StashKey[dict[str, str]] = pytest.StashKey()
"""By the message of an error, the first test that ended with it."""
_PROCESS: pytest.StashKey[int] = pytest.StashKey()
"""The process that the session began in."""
_LAST: pytest.StashKey[dict[str | None, pytest.Item]] = pytest.StashKey()
"""The last test about each cell."""
_ONE_PROCESS = "measuring takes one process"
_CANNOT = "zoobench cannot measure here: "
_TIMER = "time.perf_counter"
_ANOTHER_CLOCK = f"received {{}}; allowed is {_TIMER}, by which each cell's float twin is timed too: leave it out"
_ITS_OPTIONS = ("columns", "sort", "group-by", "name", "time-unit", "histogram", "verbose", "compare", "cprofile")
_THEIR_TABLE = tuple(f"--benchmark-{name}" for name in _ITS_OPTIONS)
"""Options of pytest-benchmark that are about its table, or about what is written with it."""
_SHORT = 100
_BENCHMARK_SESSION = "pytest-benchmark"
_GATE = "zoobench-gate"


class _Given(argparse.Action):
    """Takes an option's text, and refuses nothing, which is what a variable of CI that is not set gives."""

    def __call__(self, _parser: Any, namespace: argparse.Namespace, values: Any, flag: str | None = None) -> None:
        try:
            refuse_empty(flag or self.dest, values)
        except ZoobenchError as error:
            raise pytest.UsageError(str(error)) from error
        setattr(namespace, self.dest, values)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options that `zoobench build` has too."""
    group = parser.getgroup("zoobench", "zoobench: quantized image classifiers")
    for option in OPTIONS:
        if option.metavar:
            asked: dict[str, Any] = {"metavar": option.metavar, "default": None, "action": _Given}
            group.addoption(option.flag, help=option.full_help, **asked)
        else:
            group.addoption(option.flag, action="store_const", const="yes", default=None, help=option.full_help)


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Has a kit's benchmarks run wherever pytest is started, unless a path is given, and writes nothing beside them."""
    known = early_config.known_args_namespace
    if not known.zoo_kit or known.file_or_dir:
        return
    try:
        folder = str(bench_folder())
    except ZoobenchError as error:
        raise pytest.UsageError(str(error)) from error
    args.append(folder)
    known.file_or_dir.append(folder)  # what stands in the folder where pytest was started is none of the kit's
    early_config.pluginmanager.consider_pluginarg("no:cacheprovider")
    sys.dont_write_bytecode = True


def pytest_configure(config: pytest.Config) -> None:
    """Refuses options that make no sense before anything is collected."""
    config.stash[_PROCESS] = os.getpid()
    if hasattr(config, "workerinput"):
        return
    config.pluginmanager.register(_Refusals())
    if config.getoption("dist", "no") != "no":
        return  # which of pytest-xdist's tests are about cells is known when its workers collect them
    if _given(config):
        _bench(config)
    if config.getoption("--zoo-gate"):
        _register_gate(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a benchmark for every cell; the parameter is the cell's id."""
    if CELL in metafunc.fixturenames:
        if reason := _unfit(metafunc.config):
            raise pytest.Collector.CollectError(_CANNOT + reason)
        try:
            ids = [cell.id for cell in _bench(metafunc.config).plan.cells]
        except pytest.UsageError as error:  # of the project's options: those of the command line were read before
            raise pytest.Collector.CollectError(_CANNOT + str(error)) from error
        metafunc.parametrize(CELL, ids, ids=ids, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts all questions about one cell next to each other, so that it is finished before the next begins."""
    if any(map(_cell_id, items)):
        order = {cell.id: position for position, cell in enumerate(_bench(config).plan.cells)}
        items.sort(key=lambda item: order.get(_cell_id(item) or "", -1))
    timers = (one.kwargs.get("timer") for item in filter(_cell_id, items) for one in item.iter_markers("benchmark"))
    if other := next((one for one in timers if one not in (None, time.perf_counter)), None):
        name = f"@pytest.mark.benchmark(timer={getattr(other, '__name__', other)})"
        raise pytest.UsageError(_CANNOT + _ANOTHER_CLOCK.format(name))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepares data and weights once it is known that cells will run, and says what they are."""
    config, items = session.config, session.items
    ids = set(filter(None, map(_cell_id, items)))
    if not ids or config.getoption("collectonly"):
        return
    from zoobench.results.file import check_writable

    bench = _bench(config)
    cells = [cell for cell in bench.plan.cells if cell.id in ids]
    config.stash[_LAST] = {_cell_id(item): item for item in items}
    timed = {_cell_id(item) for item in items if "benchmark" in getattr(item, "fixturenames", ())}
    config.pluginmanager.register(_Ending(), "zoobench-signals")
    with _uncaptured(config):
        try:
            check_writable(_results_folder(bench))
            lines = bench.prepare(cells, timed=[cell for cell in cells if cell.id in timed])
        except ZoobenchError as error:
            raise pytest.UsageError(str(error)) from error
        if gate := config.pluginmanager.get_plugin(_GATE):
            known = {cell.id: bench.expected(cell) for cell in cells if not bench.unavailable_reason(cell)}
            gate.foresee(session, known)
    if reporter := config.pluginmanager.get_plugin("terminalreporter"):
        for line in lines:
            reporter.write_line(f"zoobench: {sanitize(line)}")


@pytest.fixture(scope="session")
def zoo(pytestconfig: pytest.Config) -> BenchSession:
    """The session that makes, measures and remembers."""
    return _bench(pytestconfig)


@pytest.fixture
def zoo_cell(request: pytest.FixtureRequest, zoo: BenchSession) -> Generator[Cell]:
    """The cell that a benchmark is about, its model made; afterwards everything known so far is saved."""
    if os.getpid() != request.config.stash[_PROCESS]:
        pytest.fail(f"{_CANNOT}{_ONE_PROCESS}, and this test runs in one of its own", pytrace=False)
    cell = zoo.cell(request.param)
    if reason := zoo.unavailable_reason(cell):
        pytest.skip(sanitize(reason))
    with _uncaptured(request.config):
        try:
            refusal = zoo.refusal(cell)
            if refusal and not zoo.is_made(cell):
                _save(request.config)
                pytest.xfail(sanitize(f"{refusal.by}: {refusal.reason}"))
        except ZoobenchError as error:
            raise _failed(request.node, error) from None
    if line := zoo.begin(cell):
        with _uncaptured(request.config):
            say(f"zoobench: {line}", error=True)
    yield cell
    try:
        _save(request.config)
    except ZoobenchError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leaves our cells out of pytest-benchmark's table, unless one of its options is about that: ours is complete."""
    config = session.config
    timings: Any = config.pluginmanager.get_plugin(_BENCHMARK_SESSION)
    given = (*config.invocation_params.args, *config.getini("addopts"), *os.environ.get("PYTEST_ADDOPTS", "").split())
    is_asked_for = any(str(one).startswith(_THEIR_TABLE) for one in given)
    if _BENCH not in config.stash or not (timings and timings.groups) or is_asked_for:
        return
    from zoobench.results.file import BLOCK

    groups = ((name, [one for one in rows if BLOCK not in one["extra_info"]]) for name, rows in timings.groups)
    timings.groups = [(name, rows) for name, rows in groups if rows]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Lets progress reach the terminal, and shows our own errors as messages without a traceback."""
    if not _cell_id(pyfuncitem):
        return (yield)
    with _uncaptured(pyfuncitem.config):
        try:
            outcome = yield
            _complete(pyfuncitem)
        except ZoobenchError as error:
            _fail(pyfuncitem, error)
    return outcome


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Brings each cell's block up to date, and adds the records of cells that have no rounds."""
    bench = config.stash.get(_BENCH, None)
    if bench is None:
        return
    from zoobench.results.file import BLOCK
    from zoobench.results.schema import SCHEMA, to_json

    untimed = dict(bench.records)
    last: dict[str, Any] = {}
    for benchmark in reversed(output_json["benchmarks"]):
        if benchmark["fullname"] in last:
            continue  # the same test was run again
        last[benchmark["fullname"]] = benchmark
        if block := benchmark["extra_info"].get(BLOCK):
            record = untimed.pop(block["cell"]["id"], None)  # that of the cell's last timing
            others = {name: value for name, value in benchmark["extra_info"].items() if name != BLOCK}
            benchmark["extra_info"] = others | ({BLOCK: to_json(record)} if record else {})
    output_json["benchmarks"] = list(last.values())[::-1]
    records = [to_json(record) for record in untimed.values()]
    output_json[BLOCK] = {"schema": SCHEMA, "records": records, **bench.provenance()}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints the table and where it is kept."""
    bench = config.stash.get(_BENCH, None)
    if bench is None or not bench.records:
        return
    from zoobench.show.records import view
    from zoobench.show.terminal import write

    records = [bench.records[cell.id] for cell in bench.plan.cells if cell.id in bench.records]
    terminalreporter.section("zoobench")
    width, colours = columns(is_terminal=bool(terminalreporter.isatty)), terminalreporter.hasmarkup
    terminalreporter.write(write(view(records), width=width, colours=colours))
    if _RESULTS in config.stash:
        path = config.stash[_RESULTS]
        terminalreporter.write_line(
            sanitize(f"saved in {path}; show it again with: zoobench show {shlex.quote(str(path))}")
        )


class _Ending:
    """Has SIGTERM and SIGHUP end the session as Ctrl-C does, with a status of their own."""

    def __init__(self) -> None:
        self._by: KeyboardInterrupt | None = None
        heed_signals()

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if isinstance(excinfo.value, Terminated):
            self._by = excinfo.value

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._by:
            session.exitstatus = status_of(self._by)


def _bench(config: pytest.Config) -> BenchSession:
    if _BENCH not in config.stash:
        if not config.pluginmanager.has_plugin("benchmark"):
            raise pytest.UsageError("benchmarks need pytest-benchmark; leave out -p no:benchmark")
        quiet_tensorflow()
        try:
            from zoobench.run.plan import make_plan
            from zoobench.run.session import BenchSession

            config.stash[_BENCH] = BenchSession(make_plan(_texts(config)))
        except DataError as error:  # a kit that is refused
            pytest.exit(str(error), returncode=Status.UNUSABLE.in_pytest)
        except ZoobenchError as error:
            raise pytest.UsageError(_placed(config, error)) from error
        except ModuleNotFoundError as error:
            raise pytest.UsageError(
                f"benchmarks build models and need {error.name}, which is not installed: {TO_BUILD}"
            ) from error
    return config.stash[_BENCH]


def _unfit(config: pytest.Config) -> str:
    """Returns why nothing can be measured in this session, '' where it can."""
    if hasattr(config, "workerinput"):
        return f"{_ONE_PROCESS}, and pytest-xdist shares the tests among several; add -n 0"
    if config.getoption("forked", False):
        return f"{_ONE_PROCESS}, and --forked runs each test in one of its own; leave it out"
    if str(config.getoption("parallel_threads", "1")) not in ("0", "1"):
        return "measuring takes one thread, and --parallel-threads runs each test in several at once; leave it out"
    if not config.pluginmanager.has_plugin(_BENCHMARK_SESSION):
        return (
            "its rounds are timed by pytest-benchmark, and another plug-in stands in for it, such as pytest-codspeed; "
            "leave out --codspeed, and unset CODSPEED_ENV"
        )
    timer = config.getoption("benchmark_timer")
    return "" if timer == _TIMER else _ANOTHER_CLOCK.format(f"--benchmark-timer={timer}")


class _Refusals:
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Ends the session at the first report that nothing can be measured, perhaps from a worker of pytest-xdist."""
        if report.failed and (text := str(report.longrepr)).startswith(_CANNOT):
            raise pytest.UsageError(text)


def _given(config: pytest.Config) -> dict[str, str]:
    found = ((option.name, config.getoption(option.flag)) for option in OPTIONS)
    return {name: text for name, text in found if text is not None}


def _project(config: pytest.Config) -> Project:
    """Returns what the project asks for in which pytest was started; a kit is asked for nothing of it."""
    from zoobench.run.project import Project, read_project

    return Project() if config.getoption("--zoo-kit") else read_project(config.invocation_params.dir)


def _placed(config: pytest.Config, error: ZoobenchError) -> str:
    """Returns what an error says, with the place of options that came from the project."""
    try:
        return _project(config).placed(str(error), _given(config))
    except ZoobenchError:  # that is what went wrong
        return str(error)


def _results_folder(bench: BenchSession) -> Path:
    return bench.plan.artifacts / "results" / bench.machine


def _texts(config: pytest.Config) -> dict[str, str]:
    return _project(config).under(_given(config))


def _register_gate(config: pytest.Config) -> None:
    from zoobench.commands.gatekeeper import Gatekeeper, gate_request

    try:
        texts = _texts(config)
        request = gate_request(texts, pyproject=_project(config).path)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    except ZoobenchError as error:
        pytest.exit(str(error), returncode=Status.UNUSABLE.in_pytest)
    keeper = Gatekeeper(
        request, results=lambda: config.stash.get(_RESULTS, None), uncaptured=lambda: _uncaptured(config), texts=texts
    )
    config.pluginmanager.register(keeper, _GATE)


def _cell_id(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get(CELL) if callspec else None


def _fail(item: pytest.Function, error: ZoobenchError) -> NoReturn:
    """Ends a test with our own error: as expected where the cell's runtime is known to refuse its file."""
    bench = _bench(item.config)
    refusal = bench.refusal(bench.cell(_cell_id(item) or ""))
    if refusal and bench.is_expected(refusal):
        pytest.xfail(str(error))
    raise _failed(item, error) from None


def _failed(item: pytest.Item, error: ZoobenchError) -> BaseException:
    """Returns what ends a test with our own error; what an earlier test said is not said again."""
    said = item.config.stash.setdefault(_SAID, {})
    text = str(error)
    if (first := said.setdefault(text, item.name)) != item.name:
        text = f"as {first}: {shorten(text, _SHORT, placeholder=' ...')}"
    return pytest.fail.Exception(text, pytrace=False)


def _complete(item: pytest.Function) -> None:
    """Measures of the cell what is left out with the tests that would have: by `--benchmark-only`, or before a gate."""
    config, bench = item.config, _bench(item.config)
    cell = bench.cell(_cell_id(item) or "")
    is_judged = config.pluginmanager.has_plugin(_GATE) and config.stash[_LAST].get(cell.id) is item
    if not config.getoption("benchmark_only", False) and not is_judged:
        return
    if bench.records[cell.id].accuracy is None:
        bench.measure_accuracy(cell)
    if bench.records[cell.id].startup is None:
        bench.measure_memory(cell)


def _save(config: pytest.Config) -> None:
    """Writes all results so far; what was interrupted in the middle of its rounds is not among them."""
    from zoobench.results.file import BLOCK, reserve_results_path, write_results

    bench = _bench(config)
    if not bench.records:
        return  # a file without one would be the newest of this machine
    timings: Any = config.pluginmanager.get_plugin(_BENCHMARK_SESSION)
    if _RESULTS not in config.stash:
        config.stash[_ABOUT] = {
            "machine_info": timings.get_machine_info(),
            "commit_info": config.hook.pytest_benchmark_generate_commit_info(config=config),
        }
        config.stash[_RESULTS] = reserve_results_path(_results_folder(bench), now=datetime.now())
    finished = [
        one for one in timings.benchmarks if one and (BLOCK in one.extra_info or CELL not in (one.params or {}))
    ]
    content = config.hook.pytest_benchmark_generate_json(
        config=config, benchmarks=finished, include_data=True, **config.stash[_ABOUT]
    )
    config.hook.pytest_benchmark_update_json(config=config, benchmarks=finished, output_json=content)
    write_results(config.stash[_RESULTS], content)


@contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    capture = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        if reporter := config.pluginmanager.get_plugin("terminalreporter"):
            reporter.ensure_newline()
            reporter.flush()
        yield
