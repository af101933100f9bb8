"""Does `pytest bench/` do what users of pytest and pytest-benchmark expect?"""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runs import QUICK, ROOT, SMALL, bench, environment, load, records, results, run, zoobench
from sessions import CELLS, FLOAT, INTEGER, NOT_MADE, ScriptedRuntimes, a_session
from zoobench import plugin
from zoobench.errors import ModelError, Status
from zoobench.results.run import read_recorded

IDS = [
    "mobilenet_025-keras-keras-t1",
    "mobilenet_025-float32-litert-t1",
    "mobilenet_025-dynamic_range-litert-t1",
    "mobilenet_025-float_fallback-litert-t1",
    "mobilenet_025-integer_only-litert-t1",
]
INTERRUPTIBLE = """
import signal, sys, pytest
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(pytest.main(sys.argv[1:]))
"""
"""Runs pytest so that SIGINT reaches it: in the background of a shell it would inherit that it is ignored."""
FAST = ("--zoo-variants", "float32,integer_only")
Whole = tuple[Path, subprocess.CompletedProcess[str]]

whole = pytest.mark.slow
"""A test of runs of real models, in processes of their own."""


@pytest.fixture(scope="module")
def first(real_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The artifacts and the outcome of a complete run, on a store that has some of its models already."""
    artifacts = shutil.copytree(real_runs, tmp_path_factory.mktemp("first") / "artifacts")
    shutil.rmtree(artifacts / "results")
    options = ("--zoo-processes", "1", "--benchmark-json", str(artifacts.parent / "saved.json"))  # Keras starts slowly
    return artifacts, bench(*SMALL, *options, artifacts=artifacts)


@pytest.fixture
def warm(first: Whole) -> Path:
    """A store that holds all models; its results are removed before each test."""
    artifacts, _ = first
    shutil.rmtree(artifacts / "results", ignore_errors=True)
    return artifacts


@whole
def test_a_run_measures_size_accuracy_latency_and_memory_of_every_cell(first: Whole) -> None:
    artifacts, done = first
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 passed" in done.stdout
    (path,) = results(artifacts)
    content = load(path)
    found = records(content)
    assert list(found) == IDS
    for cell_id, record in found.items():
        assert record["schema"] == 1
        assert record["cell"]["weights"] == "random"
        assert record["model"]["size_bytes"] > 0
        contract = record["model"]["contract"]
        assert contract is None if "keras" in cell_id else contract["size_bytes"] == record["model"]["size_bytes"]
        assert record["accuracy"]["total"] == record["dataset"]["samples"] == 10
        assert record["latency"]["samples"] == 6
        assert record["latency"]["p90_seconds"] is None
        assert record["memory"]["peak_rss_bytes"] > record["memory"]["base_rss_bytes"] > 10_000_000
        assert len(record["memory"]["observed_peak_rss_bytes"]) == 1
        assert record["startup"]["initialization"]["p50_seconds"] > 0
        assert "keras" in cell_id or record["startup"]["threads_started"] == 0
        assert record["latency"]["speedup_over_float"]["twin"] == "mobilenet_025-float32-litert-t1", cell_id
        assert record["refusal"] is None
        numerics = record["model"]["numerics"]
        assert numerics is None if "keras" in cell_id else numerics["images"] == 8
        if numerics:
            assert 0 <= numerics["mean_probability_difference"] <= numerics["max_probability_difference"] < 0.1
    assert content["zoobench"]["records"] == []
    assert [one["params"] for one in content["benchmarks"]] == [{"zoo_cell": cell_id} for cell_id in IDS]
    assert "UNSERIALIZABLE" not in json.dumps(content)


@whole
def test_a_run_says_what_it_is_about_shows_progress_and_no_noise_of_native_libraries(first: Whole) -> None:
    done = first[1]
    header = done.stdout.partition("bench/test_")[0]
    assert "zoobench: data: drawn, 60 images, 10 classes" in header
    assert "zoobench: weights: mobilenet_025: random" in header
    assert "Making integer_only of mobilenet_025" in done.stderr
    for noise in ("XNNPACK", "oneDNN", "cuda", "fully_quantize", "absl", "s/step"):
        assert noise not in done.stdout + done.stderr


@whole
def test_the_table_is_printed_and_shown_again_by_zoobench_show_which_imports_no_runtime(first: Whole) -> None:
    artifacts, done = first
    command = (sys.executable, "-X", "importtime", "-m", "zoobench", "show", str(results(artifacts)[0]))
    shown = run(*command, folder=artifacts.parent)
    assert shown.returncode == 0
    assert shown.stdout in done.stdout
    assert "RANDOM WEIGHTS in mobilenet_025" in shown.stdout
    table = shown.stdout.partition("× float:")[0]  # of a busy machine longer lines follow
    assert 100 < max(map(len, table.splitlines())) <= 128
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in shown.stderr.splitlines()}
    assert "zoobench" in imported
    assert not imported & {"tensorflow", "keras", "ai_edge_litert", "scipy"}


@whole
def test_the_results_are_read_by_pytest_benchmark_and_pandas(first: Whole) -> None:
    artifacts, _ = first
    path = results(artifacts)[0]
    program = shutil.which("pytest-benchmark") or str(Path(sys.executable).parent / "pytest-benchmark")
    compared = run(program, "compare", str(path), "--columns=median,rounds", folder=artifacts.parent)
    assert compared.returncode == 0, compared.stderr
    assert all(f"test_latency[{cell_id}]" in compared.stdout for cell_id in IDS)
    frame = pd.json_normalize(pd.read_json(path, typ="series")["benchmarks"])
    assert list(frame["extra_info.zoobench.cell.id"]) == IDS
    assert (frame["extra_info.zoobench.model.size_bytes"] > 0).all()


@whole
def test_a_second_run_makes_nothing_again_and_benchmark_json_and_compare_work_as_ever(
    warm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = warm.parent / "saved.json"
    assert set(records(load(saved))) == set(IDS)
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    again = bench(*SMALL, *FAST, f"--benchmark-compare={saved}", artifacts=warm)
    assert again.returncode == 0, again.stdout
    for word in ("Making", "Converting", "Training", "Features", "Decoding"):
        assert word not in again.stderr
    imported = {line.rpartition("|")[2].strip() for line in again.stderr.splitlines()}
    assert "zoobench.run.session" in imported
    assert not imported & {"tensorflow", "keras"}
    assert re.search(r"test_latency\[mobilenet_025-float32-litert-t1\] \(.*saved\)", again.stdout)
    assert "(NOW)" in again.stdout


@whole
def test_an_interrupted_run_keeps_what_it_has(warm: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTIBLE, str(ROOT / "bench"), *QUICK, *SMALL]
    options = ["--zoo-artifacts", str(warm), "--zoo-variants", "float32,integer_only", "--zoo-rounds", "2000000"]
    running = subprocess.Popen(
        [*command, *options], cwd=warm.parent, env=environment(warm.parent), stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not results(warm) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "KeyboardInterrupt" in output
    (record,) = records(load(results(warm)[0])).values()
    assert record["accuracy"]["total"] == 10
    assert record["latency"] is None
    assert not list(warm.rglob("*.part"))


@whole
def test_what_the_quantizer_does_not_make_and_what_the_runtime_refuses_are_expected_failures(warm: Path) -> None:
    """Random weights make features of 1e-16, and LiteRT's int16 kernels cannot rescale to numbers so small."""
    options = ("--zoo-quantizer", "tensorflow", "--zoo-variants", "float32,weight_only_int8,int16x8")
    done = bench(*SMALL, *options, "-rx", artifacts=warm)
    assert done.returncode == 0, done.stdout
    assert "5 passed, 7 xfailed" in done.stdout
    assert f"XFAIL {IDS[0].replace('keras-keras', 'int16x8-litert')}: litert refuses it: " in done.stdout
    _, unmade, unrun = records(load(results(warm)[0])).values()
    assert (unmade["refusal"]["by"], unmade["model"]) == ("tensorflow", None)
    assert (unrun["refusal"]["by"], unrun["model"]["size_bytes"] > 0) == ("litert", True)
    assert "no_integer_overflow_from_quantization" in unrun["refusal"]["reason"]
    assert (unrun["model"]["numerics"], unrun["accuracy"], unrun["latency"]) == (None, None, None)
    shown = zoobench("show", str(results(warm)[0]), folder=warm.parent)
    assert "tensorflow makes no weight_only_int8; use --zoo-quantizer ai_edge, or auto" in shown.stdout


@whole
def test_the_plugin_stays_out_of_other_peoples_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n"
        "def test_nothing_heavy_is_loaded(request):\n"
        "    assert not {'zoobench.run.session', 'tensorflow', 'numpy'} & set(sys.modules)\n"
        "    assert 'zoobench' in str(request.config.pluginmanager.list_name_plugin())\n"
    )
    done = pytester.runpytest_subprocess("-p", "no:hypothesispytest")
    done.assert_outcomes(passed=1)
    assert "zoobench:" not in done.stdout.str()


Scripted = Callable[..., pytest.RunResult]


@pytest.fixture
def scripted(pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Runs the benchmarks in this process on a session of scripted models; what it leaves is below `tmp_path`."""
    ScriptedRuntimes(monkeypatch)
    for path in (ROOT / "bench").glob("test_*.py"):
        shutil.copy(path, pytester.path)

    def run_(
        *options: str, failing: Exception | None = None, unmakeable: Exception | None = None, **changes: Any
    ) -> pytest.RunResult:
        session = a_session(tmp_path, **changes)
        for name, error in (("prepare", failing), ("refusal", unmakeable)):
            if error:
                monkeypatch.setattr(session, name, lambda *_, _error=error, **__: (_ for _ in ()).throw(_error))

        class Installed:
            def pytest_configure(self, config: pytest.Config) -> None:
                config.stash[plugin._BENCH] = session

        return pytester.runpytest_inprocess("-p", "no:hypothesispytest", *options, plugins=[Installed()])

    return run_


def test_benchmark_only_loses_neither_accuracy_nor_size_nor_memory(scripted: Scripted, tmp_path: Path) -> None:
    scripted("--benchmark-only").assert_outcomes(passed=3, skipped=9)
    found = records(load(results(tmp_path / "artifacts")[0]))
    assert list(found) == [cell.id for cell in CELLS]
    for record in found.values():
        assert record["accuracy"]["total"] == 3
        assert record["model"]["size_bytes"] > 0
        assert record["latency"]["samples"] == 6
        assert record["memory"]["peak_rss_bytes"] == 90_000_000


def test_their_table_is_printed_where_one_of_its_options_asks_for_it_and_of_other_benchmarks(
    scripted: Scripted, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(test_own="def test_own(benchmark): benchmark.pedantic(len, ('x',), rounds=2)")
    alone = scripted().stdout.str()
    assert "test_own" in alone
    assert "test_latency[" not in alone.partition("benchmark:")[2]
    assert "test_latency[" in scripted("--benchmark-sort=name").stdout.str()


def test_progress_is_told_cell_by_cell_and_before_rounds_what_they_take(
    scripted: Scripted, capfd: pytest.CaptureFixture[str]
) -> None:
    done = scripted()
    told = done.stderr.str() + capfd.readouterr().err
    assert f"{FLOAT.id}: timing 2 x 6 rounds, under 1 s, quiet on purpose" in told
    assert re.search("^zoobench: cell 2 of 3, .* s left if they take as long$", told, re.MULTILINE)
    assert "zoobench: cell 3 of 3, " in told
    assert "cell 1 of 3" not in told


def test_refused_cells_are_expected_failures_and_recorded(scripted: Scripted, tmp_path: Path) -> None:
    done = scripted(unmade=("keras",), refused=(("integer_only", "litert"),))
    done.assert_outcomes(passed=5, xfailed=7)
    found = records(load(results(tmp_path / "artifacts")[0]))
    assert (found[CELLS[0].id]["refusal"]["by"], found[CELLS[0].id]["model"]) == (NOT_MADE.by, None)
    assert (found[INTEGER.id]["refusal"]["reason"], found[INTEGER.id]["model"]["size_bytes"]) == ("no kernel", 200)
    assert found[FLOAT.id]["refusal"] is None


def test_results_that_cannot_be_saved_are_a_message_before_anything_is_measured(
    scripted: Scripted, tmp_path: Path
) -> None:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "results").write_text("in the way")
    done = scripted("test_size.py")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.assert_outcomes()
    assert "ERROR: results could not be written into" in done.stderr.str()
    assert "Traceback" not in done.stdout.str()


def test_a_gate_that_could_not_judge_says_so_before_anything_is_measured(scripted: Scripted, tmp_path: Path) -> None:
    scripted("--benchmark-only")
    baseline = tmp_path / "main.json"
    results(tmp_path / "artifacts")[0].rename(baseline)
    for options, reason in (
        (("-k", "float32"), f"the candidate has no record of {CELLS[0].id}, {CELLS[2].id}; measure it"),
        (("--zoo-gate-cells", "*-x-*"), "the pattern '*-x-*' matches no cell"),
        (("--zoo-gate-baseline-models", "nowhere"), "nowhere is no folder"),
        (("--zoo-gate-baseline-python", "nowhere"), "cannot start nowhere"),
    ):
        done = scripted("--zoo-gate", str(baseline), *options)
        assert done.ret == Status.UNUSABLE.in_pytest, options
        done.assert_outcomes(deselected=8 if "-k" in options else 0)
        assert re.search(f"unusable: .*{re.escape(reason)}", done.stdout.str()), options
    assert results(tmp_path / "artifacts") == []


def test_before_a_gate_a_cell_is_measured_whole_whatever_tests_are_left_out(scripted: Scripted, tmp_path: Path) -> None:
    scripted("--benchmark-only")
    baseline = tmp_path / "main.json"
    results(tmp_path / "artifacts")[0].rename(baseline)
    done = scripted("--zoo-gate", str(baseline), "-k", "size")
    assert "unusable" not in done.stdout.str()
    for record in records(load(results(tmp_path / "artifacts")[0])).values():
        assert record["accuracy"]["total"] == 3
        assert record["memory"]["peak_rss_bytes"] == 90_000_000


REPEATED = """
import pytest
@pytest.fixture(params=[1, 2])
def again(request): return request.param
def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("again")
    metafunc.parametrize("again", [1, 2], indirect=True)
"""
"""Runs each test twice under two names, as pytest-repeat does."""
RERUN = """
from _pytest.runner import runtestprotocol
def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        item._initrequest()
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
"""Runs each test twice under one name, as pytest-rerunfailures does."""
SHUFFLED = """
import pytest, random
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items): random.Random(3).shuffle(items)
"""
BROKEN_OFF = """
import pytest
done = []
def pytest_runtest_logreport(report):
    done.append(report.when)
    if done.count("call") == 5: pytest.exit("interrupted")
"""
TWO_BENCHMARKS = """
def test_first(zoo, zoo_cell, benchmark): zoo.measure_latency(zoo_cell, benchmark)
def test_second(zoo, zoo_cell, benchmark): zoo.measure_latency(zoo_cell, benchmark)
def test_of_ones_own(zoo_cell, benchmark): benchmark.pedantic(len, ("x",), rounds=2)
def test_without_cells(benchmark): benchmark.pedantic(len, ("x",), rounds=2)
"""


@pytest.mark.parametrize(
    ("conftest", "own", "options", "measured"),
    [
        ("", "", (), 3),
        (REPEATED, "", (), 3),
        (RERUN, "", (), 3),
        (SHUFFLED, "", (), 3),
        (SHUFFLED + REPEATED, "", ("--benchmark-only",), 3),
        (BROKEN_OFF, "", (), 2),
        ("", TWO_BENCHMARKS, (), 3),
        (RERUN, TWO_BENCHMARKS, (), 3),
        ("", "", ("-p", "no:terminal"), 3),
        ("", "", ("-p", "no:cacheprovider"), 3),
        ("", "", ("--lf", "--benchmark-skip"), 3),
        ("", "", ("-k", "latency and float32", "--benchmark-disable-gc"), 1),
        ("", "", ("--setup-only",), 0),
        ("", "", ("--setup-plan",), 0),
        ("", "", ("--collect-only",), 0),
    ],
)
def test_what_any_session_leaves_can_be_read_and_its_last_timing_counts(
    scripted: Scripted,
    pytester: pytest.Pytester,
    tmp_path: Path,
    conftest: str,
    own: str,
    options: tuple[str, ...],
    measured: int,
) -> None:
    pytester.makeconftest(conftest)
    pytester.makepyfile(test_own=own)
    scripted(*options, "--benchmark-json=own.json")
    written = results(tmp_path / "artifacts")
    assert len(written) == min(measured, 1)
    json_of_pytest = pytester.path / "own.json"
    for path in (*written, *([json_of_pytest] if measured and json_of_pytest.is_file() else [])):
        found = read_recorded(path)
        assert len(found.records) == measured
        for cell_id, record in found.records.items():
            assert bool(record.latency) == (cell_id in found.rounds)


class Worker:
    """Makes a session look as if pytest-xdist had started it."""

    def pytest_configure(self, config: Any) -> None:
        config.workerinput = {}


@pytest.mark.parametrize(
    ("conftest", "options", "reason"),
    [
        (
            "",
            ("-p", "worker"),
            "measuring takes one process, and pytest-xdist shares the tests among several; add -n 0",
        ),
        ("forked", ("--forked",), "measuring takes one process, and --forked runs each test in one of its own; leave"),
        ("parallel_threads", ("--parallel-threads",), "measuring takes one thread, and --parallel-threads runs each"),
        ("", ("--benchmark-timer=time.process_time",), "received --benchmark-timer=time.process_time; allowed is time"),
        ("marker", (), "received @pytest.mark.benchmark(timer=process_time); allowed is time.perf_counter, by which"),
        ("codspeed", (), "another plug-in stands in for it, such as pytest-codspeed; leave out --codspeed"),
    ],
)
def test_what_would_not_measure_is_refused_with_the_reason_before_anything_is_made(
    pytester: pytest.Pytester, conftest: str, options: tuple[str, ...], reason: str
) -> None:
    known = {
        "marker": "",
        "codspeed": "def pytest_sessionstart(session):"
        " session.config.pluginmanager.unregister(name='pytest-benchmark')",
    }
    flag = f"def pytest_addoption(parser): parser.addoption({options and options[0]!r}, action='store_true')"
    pytester.makeconftest(known.get(conftest, flag if conftest else ""))
    mark = "@pytest.mark.benchmark(timer=time.process_time)\n" if conftest == "marker" else ""
    pytester.makepyfile(f"import time, pytest\n{mark}def test_it(zoo, zoo_cell): raise AssertionError('measured')")
    is_worker = options == ("-p", "worker")
    done = pytester.runpytest_inprocess(
        "-p", "no:hypothesispytest", *([] if is_worker else options), plugins=[Worker()] if is_worker else []
    )
    text = done.stdout.str() + done.stderr.str()
    assert f"zoobench cannot measure here: {'its rounds' if conftest == 'codspeed' else reason}" in text
    assert reason in text
    assert is_worker or done.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in text
    assert "'measured'" not in text.replace("raise AssertionError('measured')", "")


@whole
def test_pytest_xdist_is_refused_once_by_the_session_that_started_its_workers(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile("def test_it(zoo, zoo_cell): pass")
    done = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-n", "1")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: zoobench cannot measure here: measuring takes one process" in done.stdout.str() + done.stderr.str()
    assert not (pytester.path / "artifacts").exists()


def test_a_test_that_another_process_runs_measures_nothing(scripted: Scripted, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from zoobench.plugin import _PROCESS\ndef pytest_runtest_setup(item): item.config.stash[_PROCESS] = 0"
    )
    done = scripted("test_size.py")
    done.assert_outcomes(errors=len(CELLS))
    assert "measuring takes one process, and this test runs in one of its own" in done.stdout.str()


def test_a_model_that_cannot_be_made_is_told_of_once_and_each_further_test_says_where(scripted: Scripted) -> None:
    done = scripted("test_size.py", unmakeable=ModelError(f"no operator for Erf; {'more ' * 40}"))
    done.assert_outcomes(errors=len(CELLS))
    text = done.stdout.str()
    assert text.count("more " * 40) == 1
    assert text.count(f"\nas test_size[{CELLS[0].id}]: no operator for Erf; more") == len(CELLS) - 1
    assert "During handling" not in text
    assert "Traceback" not in text


def test_what_cannot_be_prepared_ends_the_run_with_a_message(scripted: Scripted) -> None:
    done = scripted(failing=ModelError("there are no such weights; name a file"))
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: there are no such weights; name a file"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--zoo-threads", "0"), "--zoo-threads: received 0; allowed is 1 or more"),
        (("--zoo-drawn", "60", "-p", "no:benchmark"), "benchmarks need pytest-benchmark; leave out -p no:benchmark"),
    ],
)
def test_a_wrong_option_ends_the_run_with_a_message(
    pytester: pytest.Pytester, options: tuple[str, ...], message: str
) -> None:
    done = pytester.runpytest_inprocess("-p", "no:hypothesispytest", *options)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}" in done.stdout.str() + done.stderr.str()
    assert "Traceback" not in done.stdout.str() + done.stderr.str()
