"""Does what belongs into a kit get there, and nothing else?"""

from dataclasses import replace
from pathlib import Path

import pytest

from kitfiles import contents
from zoobench.commands.kit import export_kit, is_tflite, schema_of
from zoobench.errors import UsageError
from zoobench.matrix.cell import matrix
from zoobench.matrix.interface import Interface

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
