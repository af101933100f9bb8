"""Is it read back what a rebuild and a replay need, and is nothing doubtful taken for it?"""

import json
from pathlib import Path
from typing import Any

import pytest

from zoobench.errors import ResultsError
from zoobench.results.file import read_file
from zoobench.results.provenance import Origin, Provenance, RecordedPixels, RecordedProduct, origin_of, provenance_of

FULL: dict[str, Any] = {
    "schema": 1,
    "records": [],
    "machine": "pi-4c",
    "cells": ["a", "b"],
    "options": {"epochs": "3"},
    "pixels": {"224": {"product": "pets-224-0123456789ab", "rows": [5, 2]}},
    "products": {"ab": "a-224-float32-0123456789ab"},
    "baseline": {
        "name": "main",
        "saved": "2026-11-25T03:00:00+00:00",
        "from": "results/pi-4c/0001_x.json",
        "manifests": {"ab": {"product": "a-224-float32-0123456789ab", "file": "model.tflite", "inputs": {"seed": 0}}},
    },
}

ORIGIN = Origin(name="main", saved="2026-11-25T03:00:00+00:00", source="results/pi-4c/0001_x.json")


def read(folder: Path, block: Any) -> Provenance:
    path = folder / "results.json"
    path.write_text(json.dumps({"benchmarks": [], "zoobench": block}))
    content = read_file(path)
    found = provenance_of(content.block, path)
    assert (origin_of(content.block, path) == ORIGIN) is (block.get("baseline") == FULL["baseline"])
    return found


def test_everything_is_read_back(tmp_path: Path) -> None:
    assert read(tmp_path, FULL) == Provenance(
        machine="pi-4c",
        cells=("a", "b"),
        options={"epochs": "3"},
        pixels={224: RecordedPixels(product="pets-224-0123456789ab", rows=(5, 2))},
        products={"ab": "a-224-float32-0123456789ab"},
        manifests={
            "ab": RecordedProduct(product="a-224-float32-0123456789ab", file="model.tflite", inputs={"seed": 0})
        },
    )


def test_files_of_before_this_was_written_down_have_nothing_of_it(tmp_path: Path) -> None:
    assert read(tmp_path, {"schema": 1, "records": []}) == Provenance()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("options", {"epochs": 3}, "zoobench.options.epochs: received 3; expected a text"),
        ("cells", "a", "zoobench.cells: received 'a'; expected a list"),
        (
            "pixels",
            {"big": {"product": "p", "rows": []}},
            "zoobench.pixels: received 'big'; expected an image size",
        ),
        ("pixels", {"²": {"product": "p", "rows": []}}, "expected an image size in pixels"),
        ("pixels", {"9" * 5_000: {"product": "p", "rows": []}}, "pixels: received '999.*expected an image size"),
        ("pixels", {"064": {"product": "p", "rows": []}}, "pixels: received '064'; expected an image size"),
        ("pixels", {"0": {"product": "p", "rows": []}}, "pixels: received '0'; expected an image size"),
        ("pixels", {"64": {"product": "p", "rows": [0.5]}}, r"pixels.64.rows\[0\]: received 0.5; expected a whole"),
        ("pixels", {"64": {"rows": [1]}}, "pixels.64.product is missing; expected a text"),
        ("machine", 7, "zoobench.machine: received 7; expected a text"),
        ("products", ["ab"], "zoobench.products: received"),
        ("baseline", {"name": "main", "saved": "now"}, "zoobench.baseline.from: received None; expected a text"),
        ("baseline", {**FULL["baseline"], "manifests": {"ab": {}}}, "baseline.manifests.ab.product is missing"),
        ("baseline", [], r"zoobench.baseline: received \[\]; expected an object"),
    ],
)
def test_damage_is_named_by_file_and_key(tmp_path: Path, key: str, value: Any, message: str) -> None:
    with pytest.raises(ResultsError, match=message) as caught:
        read(tmp_path, {**FULL, key: value})
    assert str(tmp_path / "results.json") in str(caught.value)


def test_a_block_that_is_no_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"zoobench: received \[\]; expected an object"):
        read(tmp_path, [])
