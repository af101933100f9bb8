"""Is every method of timing a file found, and is it said what is missing?"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crosschecks import TARGET
from zoobench.commands.crosscheck import methods
from zoobench.commands.crosscheck.methods import END_TO_END, REFERENCE, find_methods
from zoobench.data.photos import Photos
from zoobench.errors import MeasurementError
from zoobench.measure.programs import Repetitions
from zoobench.measure.target import Samples


def test_our_interpreter_comes_first_and_programs_that_are_there_after_our_runtimes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(methods, "find_program", lambda name: Path("/bin") / name)
    found, absent = find_methods(replace(TARGET, photos=Photos(source="photos of pets", contents=(b"",))))
    names = [method.name for method in found]
    assert names[0] == REFERENCE
    assert names[-3:] == ["litert-benchmark", "benchmark_app", END_TO_END]
    assert found[-1].what.endswith("photos of pets")
    assert absent == {}


def test_what_is_not_there_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "find_program", lambda _name: None)
    found, reasons = find_methods(TARGET)
    assert reasons["benchmark_app"] == "it is not installed: pip install openvino"
    assert "pip install 'ai-edge-litert" in reasons["litert-benchmark"]
    assert reasons[END_TO_END] == "there are none"
    assert not {method.name for method in found} & reasons.keys()


def test_a_program_is_asked_for_the_subjects_file_and_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "litert-benchmark"
    script.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        "given = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
        "latency = {'num_runs': int(given['--num_runs']), 'num_warmup_runs': int(given['--warmup_runs'])}\n"
        "report = {'num_threads': int(given['--num_threads']), 'latency': {**latency, 'median_ms': 2.5}}\n"
        "assert given['--model'] == 'model.tflite'\n"
        "json.dump(report, open(given['--result_json'], 'w'))\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(methods, "find_program", lambda name: script if name == script.name else None)
    found, _ = find_methods(replace(TARGET, threads=3))
    (program,) = (method for method in found if method.name == script.name)
    assert program.take(Repetitions(warmups=1, runs=5), 60.0).seconds == pytest.approx(2.5e-3)
    assert program.resolution_seconds == 1e-5


def test_a_file_that_our_interpreter_cannot_open_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"none")
    np.save(tmp_path / "pixels.npy", np.zeros((1, 8, 8, 3), np.uint8))
    samples = Samples(path=tmp_path / "pixels.npy", rows=np.arange(1), labels=np.zeros(1, np.int64))
    found, _ = find_methods(replace(TARGET, model=tmp_path / "model.tflite", samples=samples))
    with pytest.raises(MeasurementError, match="LiteRT cannot open"):
        found[0].take(Repetitions(warmups=1, runs=1), 60.0)
