"""Which cell is exported, is what is written whole, and does its program answer as the record says?"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from fakes import a_record, write_results_file
from messages import message_of
from runs import results, run
from zoobench.cli import main
from zoobench.commands.export import chosen, find_file
from zoobench.errors import ModelError, UsageError
from zoobench.results.answers import answers_of
from zoobench.results.run import read_run
from zoobench.results.schema import Refusal
from zoobench.run.locate import find_pixels

FLOAT, FALLBACK = "mobilenet_025-float32-litert-t1", "mobilenet_025-float_fallback-litert-t1"


def exported(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, words)])


def a_file(folder: Path, **changes: Any) -> Path:
    return write_results_file(folder / "results.json", a_record(**changes))


def test_a_cell_is_named_where_there_are_several_and_those_that_cannot_be_are_not_listed(own_runs: Path) -> None:
    one = read_run(results(own_runs)[0])
    assert FALLBACK in message_of(UsageError, lambda: chosen(one, None))
    assert FALLBACK in message_of(UsageError, lambda: chosen(one, "mobilenet"))
    assert chosen(one, FLOAT).cell.id == FLOAT


def test_what_was_refused_or_is_no_tflite_file_cannot_be_exported(tmp_path: Path) -> None:
    plain = read_run(a_file(tmp_path))
    cell = next(iter(plain.records))
    assert "no TFLite file" in message_of(UsageError, lambda: chosen(plain, cell))
    refused = read_run(a_file(tmp_path, refusal=Refusal(by="litert", reason="no kernel"), latency=None))
    assert "no kernel" in message_of(UsageError, lambda: chosen(refused, cell))


def test_a_file_that_is_gone_is_named_by_its_hash(tmp_path: Path) -> None:
    assert "abababababab" in message_of(ModelError, lambda: find_file(a_record(), tmp_path))


@pytest.mark.slow
def test_the_exported_program_gives_the_answers_of_the_record(own_runs: Path, tmp_path: Path) -> None:
    file, folder = results(own_runs)[-1], tmp_path / "ship it"
    done = exported(FALLBACK, "--from", file, "-o", folder, "--artifacts", own_runs)
    assert done.exit_code == 0, done.output
    assert "random" in done.stderr
    again = exported(FALLBACK, "--from", file, "-o", folder, "--artifacts", own_runs)
    assert again.exit_code == 2
    assert "--force" in again.stderr
    measured = read_run(file)
    samples = find_pixels(measured.provenance, image_size=64, artifacts=own_runs)
    answers = answers_of(measured.records[FALLBACK])
    assert samples
    assert answers
    images = np.load(samples.path)[samples.rows]
    paths = [tmp_path / f"{index}.png" for index in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        Image.fromarray(image).save(path)
    answered = run(sys.executable, str(folder / "classify.py"), *map(str, paths), folder=tmp_path)
    assert answered.returncode == 0, answered.stderr
    lines = [line.split("\t") for line in answered.stdout.splitlines()]
    classes = measured.records[FALLBACK].dataset.classes
    assert [label for _, label, _ in lines] == [classes[one] for one in answers.predicted]
    np.testing.assert_allclose([float(share) for *_, share in lines], answers.probability, atol=2e-5)
