"""Does what belongs into a kit get there, and nothing else?"""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kitfiles import contents
from runs import load, records, results, zoobench
from zoobench.commands.kit import check_weights, export_kit, is_tflite, schema_of
from zoobench.errors import UsageError
from zoobench.kit.reader import open_kit
from zoobench.matrix.cell import matrix
from zoobench.matrix.interface import Interface
from zoobench.run.inputs import Inputs

CELLS = matrix(
    backbones=[("mobilenet", 224)],
    variants=["keras", "float32", "integer_only"],
    threads=[1, 4],
    runtimes=("litert", "keras"),
)


def test_keras_cells_are_no_tflite_cells() -> None:
    assert [cell.variant for cell in CELLS if is_tflite(cell)] == ["float32", "integer_only"] * 2


def test_a_kit_of_keras_cells_alone_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    given = {"backbones": "mobilenet", "artifacts": str(tmp_path / "artifacts")}
    with pytest.raises(UsageError, match="only cells that a device cannot run without TensorFlow: mobilenet-keras-"):
        export_kit(tmp_path / "kit.zip", given, patterns=["*-keras-*"])
    assert not (tmp_path / "artifacts").exists()


def test_a_name_that_is_taken_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    path = tmp_path / "kit.zip"
    path.write_text("mine")
    with pytest.raises(UsageError, match="replace it with --force"):
        export_kit(path, {"artifacts": str(tmp_path / "artifacts")})
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize(
    ("interface", "schema"),
    [
        (None, 1),
        (Interface(taken_as="classifier", remarks=("seen",)), 1),
        (Interface(taken_as="classifier", scores="logits"), 2),
        (Interface(taken_as="backbone", pixels="0..1"), 2),
    ],
)
def test_a_version_that_would_feed_raw_pixels_cannot_read_a_kit_of_a_model_that_takes_others(
    tmp_path: Path, interface: Interface | None, schema: int
) -> None:
    plain = contents(tmp_path)[0].models[0]
    assert schema_of([plain, replace(plain, interface=interface)]) == schema
    assert schema_of([plain, replace(plain, interface=interface, image_size="24x32")]) == 2


@pytest.mark.slow
def test_a_kit_of_a_run_has_the_files_that_it_measured_and_the_run_decides_all(own_runs: Path, tmp_path: Path) -> None:
    run = str(results(own_runs)[-1])
    done = zoobench("kit", "export", "kit.zip", "--from", run, "--artifacts", str(own_runs), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    with open_kit(tmp_path / "kit.zip", limit_bytes=10**9) as kit:
        held = {one.sha256 for one in kit.manifest.files.values()}
    assert {record["model"]["sha256"] for record in records(load(Path(run))).values()} <= held
    done = zoobench("kit", "export", "b.zip", "--from", run, "--epochs", "1", folder=tmp_path)
    assert (done.returncode, "received --epochs together with --from" in done.stderr) == (2, True)


def test_random_weights_are_exported_only_where_they_were_asked_for() -> None:
    inputs = cast(Inputs, SimpleNamespace(weights={"mobilenet": "random", "xception": "imagenet"}))
    check_weights(inputs, "random")
    with pytest.raises(UsageError, match=r"mobilenet are random, .* --weights random"):
        check_weights(inputs, "auto")
