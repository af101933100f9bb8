"""Does `pytest bench/` do what users of pytest and pytest-benchmark expect?"""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from runs import ROOT, SMALL, SMALL_BUILD, bench, environment, load, plain, records, results, run, zoobench

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

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The artifacts and the outcome of a first, complete run."""
    artifacts = tmp_path_factory.mktemp("first") / "artifacts"
    return artifacts, bench(*SMALL, artifacts=artifacts)


@pytest.fixture
def warm(first: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    """A store that holds all models; its results are removed before each test."""
    artifacts, _ = first
    shutil.rmtree(artifacts / "results", ignore_errors=True)
    return artifacts


def test_a_run_measures_size_accuracy_latency_and_memory_of_every_cell(
    first: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
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
        assert len(record["memory"]["observed_peak_rss_bytes"]) == 2
        assert record["startup"]["initialization"]["p50_seconds"] > 0
        assert "keras" in cell_id or record["startup"]["threads_started"] == 0
        twin = "mobilenet_025-float32-litert-t1"
        assert record["latency"]["speedup_over_float"]["twin"] == twin, cell_id
        assert record["refusal"] is None
        numerics = record["model"]["numerics"]
        assert numerics is None if "keras" in cell_id else numerics["images"] == 8
        if numerics:
            assert 0 <= numerics["mean_probability_difference"] <= numerics["max_probability_difference"] < 0.1
    assert content["zoobench"]["records"] == []


def test_params_are_short_ids_and_nothing_is_unserializable(
    first: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    content = load(results(first[0])[0])
    assert [one["params"] for one in content["benchmarks"]] == [{"zoo_cell": cell_id} for cell_id in IDS]
    assert "UNSERIALIZABLE" not in json.dumps(content)


def test_the_table_is_printed_and_shown_again_by_zoobench_show(
    first: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    artifacts, done = first
    shown = zoobench("show", str(results(artifacts)[0]), folder=artifacts.parent)
    assert shown.returncode == 0
    assert shown.stdout in done.stdout
    assert "RANDOM WEIGHTS in mobilenet_025" in shown.stdout
    table = shown.stdout.partition("× float:")[0]  # of a busy machine longer lines follow
    assert 100 < max(map(len, table.splitlines())) <= 128


def test_random_weights_are_said_loudly_in_the_header(first: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    header = first[1].stdout.partition("bench/test_")[0]
    assert "zoobench: data: drawn, 60 images, 10 classes" in header
    assert "zoobench: weights: mobilenet_025: random" in header


def test_progress_and_noise_of_native_libraries(first: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    done = first[1]
    assert "Making integer_only of mobilenet_025" in done.stderr
    for noise in ("XNNPACK", "oneDNN", "cuda", "fully_quantize", "absl", "s/step"):
        assert noise not in done.stdout + done.stderr


def test_the_results_are_read_by_pytest_benchmark_and_pandas(
    first: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    artifacts, _ = first
    path = results(artifacts)[0]
    program = shutil.which("pytest-benchmark") or str(Path(sys.executable).parent / "pytest-benchmark")
    compared = run(program, "compare", str(path), "--columns=median,rounds", folder=artifacts.parent)
    assert compared.returncode == 0, compared.stderr
    assert all(f"test_latency[{cell_id}]" in compared.stdout for cell_id in IDS)
    frame = pd.json_normalize(pd.read_json(path, typ="series")["benchmarks"])
    assert list(frame["extra_info.zoobench.cell.id"]) == IDS
    assert (frame["extra_info.zoobench.model.size_bytes"] > 0).all()


def test_benchmark_only_loses_neither_accuracy_nor_size_nor_memory(warm: Path) -> None:
    done = bench(*SMALL, *FAST, "--benchmark-only", artifacts=warm)
    assert "2 passed, 6 skipped" in done.stdout
    for record in records(load(results(warm)[0])).values():
        assert record["accuracy"]["total"] == 10
        assert record["model"]["size_bytes"] > 0
        assert record["latency"]["samples"] == 6
        assert record["memory"]["peak_rss_bytes"] > 10_000_000


def test_a_second_run_makes_nothing_again_and_benchmark_json_and_compare_work_as_ever(
    warm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = warm.parent / "saved.json"
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    again = bench(*SMALL, *FAST, "--benchmark-json", str(saved), artifacts=warm)
    assert again.returncode == 0, again.stdout
    for word in ("Making", "Converting", "Training", "Features", "Decoding"):
        assert word not in again.stderr
    monkeypatch.delenv("PYTHONPROFILEIMPORTTIME")
    imported = {line.rpartition("|")[2].strip() for line in again.stderr.splitlines()}
    assert "zoobench.run.session" in imported
    assert not imported & {"tensorflow", "keras"}
    assert set(records(load(saved))) == {IDS[1], IDS[4]}
    done = bench(*SMALL, *FAST, f"--benchmark-compare={saved}", artifacts=warm)
    assert done.returncode == 0
    assert re.search(r"test_latency\[mobilenet_025-float32-litert-t1\] \(.*saved\)", done.stdout)
    assert "(NOW)" in done.stdout


def test_an_interrupted_run_keeps_what_it_has(warm: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTIBLE, str(ROOT / "bench"), "-p", "no:cacheprovider", *SMALL]
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


def test_a_wrong_option_ends_the_run_with_a_message(tmp_path: Path) -> None:
    done = bench(*SMALL, "--zoo-threads", "0", artifacts=tmp_path / "artifacts")
    assert done.returncode == 4
    assert "ERROR: --zoo-threads: received 0; allowed is 1 or more" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_missing_imagenet_weights_name_the_file_its_source_and_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    done = bench(*SMALL, "--zoo-weights", "imagenet", artifacts=tmp_path / "artifacts")
    assert done.returncode == 4
    output = done.stdout + done.stderr
    assert "mobilenet_2_5_224_tf_no_top.h5" in output
    assert "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/" in output
    assert str(tmp_path / "keras" / "models") in output


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


def test_without_pytest_benchmark_the_run_says_what_it_needs(tmp_path: Path) -> None:
    done = bench(*SMALL, "-p", "no:benchmark", artifacts=tmp_path / "artifacts")
    assert done.returncode == 4
    assert "benchmarks need pytest-benchmark; leave out -p no:benchmark" in done.stdout + done.stderr


def test_results_that_cannot_be_saved_are_a_message(warm: Path) -> None:
    (warm / "results").write_text("in the way")
    try:
        done = bench(*SMALL, *FAST, artifacts=warm, paths=("test_size.py",))
    finally:
        (warm / "results").unlink()
    assert done.returncode == 1
    assert "cannot make a results file in" in done.stdout
    assert "Traceback" not in done.stdout


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


def test_build_names_what_is_not_made(warm: Path) -> None:
    options = ("--zoo-quantizer", "tensorflow", "--zoo-variants", "weight_only_int8", "--zoo-artifacts", str(warm))
    done = zoobench("build", *plain(*SMALL_BUILD, *options), folder=warm.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "mobilenet_025-weight_only_int8-litert-t1 is not made: tensorflow refuses it: " in done.stderr


def test_showing_results_imports_neither_tensorflow_nor_a_runtime(real_runs: Path) -> None:
    path = results(real_runs)[-1]
    done = run(sys.executable, "-X", "importtime", "-m", "zoobench", "show", str(path), folder=real_runs.parent)
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "zoobench" in imported
    assert not imported & {"tensorflow", "keras", "ai_edge_litert", "scipy"}
