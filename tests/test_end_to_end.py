"""Do the numbers hold on real photos with real weights?"""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from runs import SMALL, bench, load, records, results, zoobench
from zoobench.results.answers import decode

QUANTIZED = ("dynamic_range", "float_fallback", "integer_only")

pytestmark = pytest.mark.slow


def by_variant(artifacts: Path) -> dict[str, dict[str, Any]]:
    """Returns the newest run's records by variant."""
    return {record["cell"]["variant"]: record for record in records(load(results(artifacts)[-1])).values()}


@pytest.fixture(scope="module")
def spoilt(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred real photos of each class, and with them one that was cut short and a renamed text."""
    folder = tmp_path_factory.mktemp("spoilt") / "my photos"
    for animal in sorted(path for path in photos.iterdir() if path.is_dir()):
        (folder / animal.name).mkdir(parents=True)
        for photo in sorted(animal.iterdir())[:100]:
            (folder / animal.name / photo.name).symlink_to(photo)
    (folder / "cat" / "cut.jpg").write_bytes(next((photos / "cat").iterdir()).read_bytes()[:3000])
    (folder / "dog" / "été à l'eau.jpg").write_text("not an image")
    return folder


@pytest.fixture(scope="module")
def options(spoilt: Path, imagenet_weights: Path) -> tuple[str, ...]:
    network = ("--zoo-backbones", "mobilenet_050", "--zoo-image-size", "160")
    return (*network, "--zoo-data", str(spoilt), "--zoo-skip-bad-images", "--zoo-weights", str(imagenet_weights))


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory, options: tuple[str, ...]) -> Path:
    """The artifacts of a run on the photos that can be used: all cells' sizes and answers, two cells' time and memory.

    What it printed is beside them.
    """
    folder = tmp_path_factory.mktemp("photos") / "artifacts"
    done = bench(*options, "--zoo-rounds", "64", "-k", "accuracy or size or float32 or integer_only", artifacts=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder.parent / "printed").write_text(done.stdout)
    return folder


def test_keras_and_its_float32_file_answer_alike(artifacts: Path) -> None:
    found = by_variant(artifacts)
    assert found["keras"]["accuracy"]["top1"] == found["float32"]["accuracy"]["top1"]
    assert found["keras"]["accuracy"]["agreement_with_float"] == 1.0
    assert found["keras"]["accuracy"]["loss"] == pytest.approx(found["float32"]["accuracy"]["loss"], abs=1e-4)


def test_the_float32_classifier_is_right_four_times_in_five(artifacts: Path) -> None:
    accuracy = by_variant(artifacts)["float32"]["accuracy"]
    assert accuracy["total"] == 150
    assert accuracy["top1"] >= 0.80


def test_every_record_tells_how_its_classifier_was_trained(artifacts: Path) -> None:
    trainings = [record["training"] for record in by_variant(artifacts).values()]
    assert all(one == trainings[0] for one in trainings)
    assert trainings[0]["loss"][-1] < trainings[0]["loss"][0]
    assert trainings[0]["kept_epoch"] in trainings[0]["validated"]
    assert trainings[0]["seconds"] > 0


def test_a_baseline_of_five_cells_is_small_enough_for_git(artifacts: Path) -> None:
    done = zoobench(
        "baseline", "save", "main", "--partial", "--from", str(results(artifacts)[0]), folder=artifacts.parent
    )
    assert done.returncode == 0, done.stderr
    path = artifacts / "baselines" / "main.json"
    assert len(records(load(path))) == 5
    assert path.stat().st_size < 80_000


def test_quantized_variants_lose_at_most_three_points(artifacts: Path) -> None:
    """AI Edge's quantizer is taken for all of them unless another is asked for."""
    assert_little_is_lost(by_variant(artifacts))


def test_so_do_those_that_tensorflow_quantizes(artifacts: Path, options: tuple[str, ...]) -> None:
    done = bench(*options, "--zoo-quantizer", "tensorflow", "-k", "accuracy or size", artifacts=artifacts)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_little_is_lost(by_variant(artifacts))


def assert_little_is_lost(found: dict[str, dict[str, Any]]) -> None:
    for variant in QUANTIZED:
        assert found[variant]["accuracy"]["top1"] >= found["float32"]["accuracy"]["top1"] - 0.03, variant
        assert found[variant]["accuracy"]["agreement_with_float"] > 0.95, variant
        ratio = found[variant]["model"]["size_bytes"] / found["float32"]["model"]["size_bytes"]
        assert 0.25 < ratio < 0.30, variant


def timed(artifacts: Path) -> list[dict[str, Any]]:
    """Returns the records of the cells that were timed."""
    found = [record for record in records(load(results(artifacts)[0])).values() if record["latency"]]
    assert [record["cell"]["variant"] for record in found] == ["float32", "integer_only"]
    return found


def test_every_cell_has_percentiles_and_a_paired_speedup(artifacts: Path) -> None:
    for record in timed(artifacts):
        latency = record["latency"]
        assert latency["samples"] == 64
        assert latency["disturbance"]["intervals"]
        assert sum(one["rounds"] for one in latency["disturbance"]["intervals"]) == 64
        assert latency["p90_seconds"] >= latency["p50_seconds"] > 0
        low, high = latency["speedup_over_float"]["interval"]
        assert low <= latency["speedup_over_float"]["point"] <= high


def test_every_cell_was_started_in_processes_of_its_own(artifacts: Path) -> None:
    for record in timed(artifacts):
        for phase in (record["startup"]["initialization"], record["startup"]["first_inference"]):
            assert len(phase["observed_seconds"]) == 6
            assert min(phase["observed_seconds"]) > 0
        memory = record["memory"]
        assert len(memory["observed_peak_rss_bytes"]) == 6
        assert memory["interval"] is not None
        assert memory["peak_rss_bytes"] - memory["base_rss_bytes"] > record["model"]["size_bytes"]


def test_every_prediction_is_kept(artifacts: Path) -> None:
    for record in by_variant(artifacts).values():
        kept = record["accuracy"]["predictions"]
        predicted, truth = decode(kept["classes"]), decode(kept["truth"])
        assert len(predicted) == len(truth) == len(decode(kept["probabilities"])) == 150
        right = sum(one == other for one, other in zip(predicted, truth, strict=True))
        assert right == record["accuracy"]["correct"]


def test_some_validation_images_are_pictured(artifacts: Path) -> None:
    (picture,) = (artifacts / "models").glob("mobilenet_050-160-keras-*/predictions.png")
    with Image.open(picture) as image:
        assert image.width > 1000
        assert len(image.getcolors(1 << 24) or ()) > 10_000


def test_build_makes_what_the_benchmark_then_finds(artifacts: Path, options: tuple[str, ...]) -> None:
    plain = (one.replace("--zoo-", "--") for one in (*options, "--zoo-artifacts", str(artifacts)))
    done = zoobench("build", *plain, folder=artifacts.parent)
    assert done.returncode == 0, done.stderr
    assert "Making" not in done.stderr
    listed = dict(line.split("\t") for line in done.stdout.splitlines())
    assert len(listed) == 5
    assert all(Path(path).is_file() for path in listed.values())


def test_photos_that_cannot_be_used_stop_the_run_and_are_named(spoilt: Path, tmp_path: Path) -> None:
    done = bench(*SMALL, "--zoo-data", str(spoilt), "--zoo-variants", "float32", artifacts=tmp_path / "artifacts")
    output = done.stdout + done.stderr
    assert done.returncode == 4
    assert "cat/cut.jpg: " in output
    assert "dog/été à l'eau.jpg: " in output
    assert "--zoo-skip-bad-images" in output
    assert "Traceback" not in output


def test_photos_that_are_left_out_are_counted_in_header_table_and_record(artifacts: Path) -> None:
    printed = (artifacts.parent / "printed").read_text()
    assert "left out" in printed.partition("zoobench: weights")[0]
    assert "2 images could not be used and were left out." in printed
    for record in by_variant(artifacts).values():
        assert (record["dataset"]["left_out"], record["dataset"]["name"]) == (2, "my photos")
