"""Are files that are gone made again bit by bit, and nothing else in their place?"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs

from fakes import a_cell, a_record
from runs import load, results, run, zoobench
from zoobench.errors import ModelError
from zoobench.matrix.cell import Cell
from zoobench.measure.target import ModelFile
from zoobench.results.answers import decode
from zoobench.results.run import Origin, Provenance, RecordedProduct, Run, read_recorded
from zoobench.results.schema import Record, RecordedModel
from zoobench.run import workshop
from zoobench.run.locate import find_models, find_pixels
from zoobench.run.plan import Building, Plan
from zoobench.run.replay import rebuild

GONE = "mobilenet_025-float_fallback-litert-t1"


@pytest.fixture(scope="module")
def artifacts(real_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifacts of a small run that was saved as the baseline `main`, without its float_fallback model."""
    folder = shutil.copytree(real_runs, tmp_path_factory.mktemp("rebuilding") / "artifacts")
    saved = zoobench("baseline", "save", "main", folder=folder.parent)
    assert saved.returncode == 0, saved.stderr
    for path in (folder / "models").glob("[!.]*-float_fallback-*"):
        shutil.rmtree(path)
    return folder


@pytest.fixture
def baseline(artifacts: Path) -> Run:
    return read_recorded(artifacts / "baselines" / "main.json")


@pytest.fixture
def gone(artifacts: Path, baseline: Run) -> Record:
    found = find_models(baseline.records.values(), artifacts=artifacts)
    (missing,) = (one for one in baseline.records.values() if one.model and one.model.sha256 not in found)
    assert missing.cell.id == GONE
    return missing


@pytest.mark.slow
def test_a_run_says_what_a_rebuild_and_a_replay_need(artifacts: Path, baseline: Run) -> None:
    own = load(results(artifacts)[-1])["zoobench"]
    assert own["options"] == {
        "drawn": "60",
        "backbones": "mobilenet_025",
        "variants": "float32,float_fallback",
        "image-size": "64",
        "weights": "random",
        "calibration": "8",
        "epochs": "3",
    }
    assert own["cells"] == [record.cell.id for record in baseline.records.values()]
    assert baseline.provenance.options == own["options"]
    for sha256, product in own["products"].items():
        assert baseline.provenance.manifests[sha256].product == product


@pytest.mark.slow
def test_the_pixels_of_a_run_are_its_test_images_in_order(artifacts: Path, baseline: Run) -> None:
    found = find_pixels(baseline.provenance, image_size=64, artifacts=artifacts)
    assert found is not None
    accuracy = next(iter(baseline.records.values())).accuracy
    assert accuracy is not None
    decoded = json.loads((found.path.parent / "rows.json").read_text())["rows"]
    assert tuple(decoded[row][1] for row in found.rows) == decode(accuracy.predictions.truth)[: len(found)]


@pytest.mark.slow
def test_other_settings_are_named_and_nothing_is_made(artifacts: Path, baseline: Run, gone: Record) -> None:
    before = sorted((artifacts / "models").iterdir())
    options = {**baseline.provenance.options, "epochs": "5", "calibration": "7"}
    other = replace(baseline, provenance=structs.replace(baseline.provenance, options=options))
    with pytest.raises(ModelError, match=rf"{GONE} would be made from other things") as caught:
        rebuild([gone], other, artifacts=artifacts)
    for told in ("training.epochs was 3, is 5", "compared_images was 8, is 7", "calibration_images was 8, is 7"):
        assert told in str(caught.value)
    assert sorted((artifacts / "models").iterdir()) == before


INPUTS = {"tensorflow": "2.21.0", "training": {"seed": 0}}
SCRIPTED = SimpleNamespace(
    inputs=lambda _cell: INPUTS, file=lambda _cell: ModelFile(path=Path("model.tflite"), sha256="ab" * 32, size_bytes=8)
)
"""A workshop whose file has the hash `ab...`."""


@pytest.mark.parametrize(
    ("sha256", "inputs", "options", "message"),
    [
        (
            "ab" * 32,
            {"tensorflow": "2.20.0"},
            {},
            r"would be made from .*: tensorflow was 2\.20\.0, is ",
        ),
        ("ab" * 32, None, {}, "it was not kept what mobilenet-integer_only-litert-t1 was made from"),
        ("ab" * 32, {}, {"backbones": "xception"}, r"of the run \(backbones=xception\) do not make mobilenet-integer"),
        (
            "ab" * 32,
            {},
            {"colour": "red"},
            "had the option colour, which is none that this version of zoobench builds by",
        ),
        (
            "ab" * 32,
            {},
            {"kit": "some.zip"},
            "had the option kit, which is none that this version of zoobench builds by",
        ),
        ("00" * 32, INPUTS, {}, "came out otherwise: SHA-256 abab.* instead of 0000"),
    ],
)
def test_what_cannot_be_made_as_it_was_is_not_made_and_it_is_said_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sha256: str, inputs: Any, options: dict[str, str], message: str
) -> None:
    monkeypatch.setattr(workshop, "open_workshop", lambda *_: SCRIPTED)
    kept = {} if inputs is None else {sha256: RecordedProduct(product="a", file="model.tflite", inputs=inputs)}
    record = a_record(model=RecordedModel(sha256=sha256, size_bytes=8, float_twin_size_bytes=9))
    origin = Origin(name="main", saved="", source="", manifests=kept)
    run = Run(path=tmp_path, records={}, provenance=Provenance(options=options, baseline=origin))
    with pytest.raises(ModelError, match=message):
        rebuild([record], run, artifacts=tmp_path)


def test_each_file_is_made_again_by_the_quantizer_that_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which `auto` may have chosen, and would choose otherwise now."""
    cells = {"float32": None, "float_fallback": "ai_edge", "integer_only": "tensorflow"}
    hashes = dict(zip(cells, ("ab" * 32, "cd" * 32, "ef" * 32), strict=True))
    asked: dict[str, Any] = {}

    def opened(plan: Plan, opening: Sequence[Cell]) -> Any:
        assert isinstance(plan.source, Building)
        asked.update({cell.variant: plan.source.conversion.quantizer for cell in opening})

        def file(cell: Cell) -> ModelFile:
            return ModelFile(path=tmp_path / cell.variant, sha256=hashes[cell.variant], size_bytes=8)

        return SimpleNamespace(inputs=lambda cell: {"quantizer": cells[cell.variant]}, file=file)

    monkeypatch.setattr(workshop, "open_workshop", opened)
    kept = {
        hashes[name]: RecordedProduct(product="a", file="model.tflite", inputs={"quantizer": quantizer})
        for name, quantizer in cells.items()
    }
    origin = Origin(name="main", saved="", source="", manifests=kept)
    run = Run(path=tmp_path, records={}, provenance=Provenance(options={}, baseline=origin))
    records = [
        a_record(
            cell=a_cell(variant=name),
            model=RecordedModel(sha256=hashes[name], size_bytes=8, float_twin_size_bytes=9),
        )
        for name in cells
    ]
    assert rebuild(records, run, artifacts=tmp_path) == {hashes[name]: tmp_path / name for name in cells}
    assert asked == {"float32": "ai_edge", "float_fallback": "ai_edge", "integer_only": "tensorflow"}


PROGRAM = """
import sys
from pathlib import Path
from zoobench.results.run import Origin, Provenance, RecordedProduct, Run, read_recorded
from zoobench.run.replay import rebuild
from zoobench.run.locate import find_models

if __name__ == "__main__":
    artifacts = Path(sys.argv[1])
    one = read_recorded(Path(sys.argv[2]))
    found = find_models(one.records.values(), artifacts=artifacts)
    missing = [record for record in one.records.values() if record.model.sha256 not in found]
    for sha256, path in rebuild(missing, one, artifacts=artifacts).items():
        print(sha256, path)
    print("tensorflow" in sys.modules)
"""


def rebuilt(program: Path, artifacts: Path, baseline: Path) -> subprocess.CompletedProcess[str]:
    program.write_text(PROGRAM)
    return run(sys.executable, str(program), str(artifacts), str(baseline), folder=program.parent)


@pytest.mark.slow
def test_the_file_is_made_again_without_tensorflow_in_this_process(
    artifacts: Path, gone: Record, tmp_path: Path
) -> None:
    done = rebuilt(tmp_path / "program.py", artifacts, artifacts / "baselines" / "main.json")
    (path,) = (artifacts / "models").glob("[!.]*-float_fallback-*/model.tflite")
    assert gone.model
    assert done.stdout == f"{gone.model.sha256} {path}\nFalse\n", done.stderr
    shutil.rmtree(path.parent)


@pytest.mark.slow
def test_a_baseline_alone_is_enough_to_make_its_models(artifacts: Path, baseline: Run, tmp_path: Path) -> None:
    done = rebuilt(tmp_path / "program.py", tmp_path / "empty", artifacts / "baselines" / "main.json")
    made = [line.split()[0] for line in done.stdout.splitlines()[:-1]]
    assert made == [record.model.sha256 for record in baseline.records.values() if record.model], done.stderr


def test_nothing_missing_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "open_workshop", lambda *_: pytest.fail("nothing is to be prepared"))
    assert rebuild([], Run(path=tmp_path, records={}), artifacts=tmp_path) == {}
