"""Is everything in the store listed as what it is?"""

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from kept_store import ANSWERS, DAY, HEAD, NOW, PIXELS, filled, foreign, set_aside, unfinished
from zoobench.errors import UsageError
from zoobench.store.inventory import as_json, main_files, main_sha256, products, remnants, render, size_of
from zoobench.store.manifest import MANIFEST
from zoobench.store.store import REMOVING, obtain


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    filled(tmp_path)
    return tmp_path


def test_products_are_listed_by_kind_with_size_and_time_of_use(artifacts: Path) -> None:
    found = products(artifacts)
    assert [(one.name, one.kind) for one in found] == [
        (PIXELS.folder_name, "data set"),
        (HEAD.folder_name, "model"),
        (ANSWERS.folder_name, "evaluation"),
    ]
    assert [NOW - one.used for one in found] == [10 * DAY, DAY, 100 * DAY]
    for one in found:
        assert one.size_bytes == 1000 + (one.folder / MANIFEST).stat().st_size


def test_what_is_no_product_is_not_listed(artifacts: Path) -> None:
    before = products(artifacts)
    unfinished(artifacts), set_aside(artifacts), foreign(artifacts)
    assert products(artifacts) == before


def test_a_product_that_lost_its_manifest_is_listed_all_the_same(artifacts: Path) -> None:
    folder = artifacts / "models" / HEAD.folder_name
    (folder / MANIFEST).unlink()
    (lost,) = (one for one in products(artifacts) if one.kind == "model")
    assert (lost.folder, lost.manifest, lost.size_bytes) == (folder, None, 1000)


def test_remnants_are_what_was_set_aside_left_or_half_removed(artifacts: Path) -> None:
    left, aside = unfinished(artifacts), set_aside(artifacts)
    half = artifacts / "models" / f"{REMOVING}{HEAD.folder_name}-20260101T000000000000"
    half.mkdir()
    foreign(artifacts)
    found = remnants(artifacts)
    assert [(one.folder, one.set_aside, one.size_bytes) for one in found] == [
        (aside, True, 2000),
        (left, False, 1000),
        (half, False, 0),
    ]
    assert {one.product for one in found} == {HEAD.folder_name}


def test_a_store_that_holds_nothing_is_no_error(tmp_path: Path) -> None:
    assert products(tmp_path) == remnants(tmp_path) == ()


def test_a_missing_store_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        products(tmp_path / "none")
    assert str(caught.value) == (
        f"there is no store in {tmp_path / 'none'}; name the folder that the runs used: --artifacts DIR"
    )


def test_sizes_are_those_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(bytes(7))
    (tmp_path / "file").write_bytes(bytes(5))
    assert size_of(tmp_path) == 12
    assert size_of(tmp_path / "file") == 5
    assert size_of(tmp_path / "gone") == 0


def test_the_files_of_a_beginning_are_found(artifacts: Path) -> None:
    found = products(artifacts)
    assert main_files(found, prefix="mobilenet-224-head") == (artifacts / "models" / HEAD.folder_name / "head.keras",)
    assert len(main_files(found, prefix="mobilenet")) == 2


def test_a_beginning_of_nothing_is_an_error_that_lists_the_products(artifacts: Path) -> None:
    with pytest.raises(UsageError) as caught:
        main_files(products(artifacts), prefix="xception")
    known = ", ".join(sorted((ANSWERS.folder_name, HEAD.folder_name, PIXELS.folder_name)))
    assert str(caught.value) == f"no product's name begins with 'xception'; the store holds {known}"


@pytest.mark.parametrize("width", [60, 200])
def test_the_table_has_a_line_for_each_product_and_a_total(artifacts: Path, width: int) -> None:
    (artifacts / "models" / HEAD.folder_name / MANIFEST).write_bytes(b"{}")
    lines = [line.rstrip() for line in render(products(artifacts), width=width, colours=False).splitlines()]
    assert lines[0].split() == ["product", "kind", "MB", "made", "last", "used", "made", "in", "s"]
    assert lines[2].startswith("pets-224-")
    assert " data set " in lines[2]
    assert f"{datetime.fromtimestamp(NOW - 10 * DAY, timezone.utc).astimezone():%Y-%m-%d %H:%M}" in lines[2]
    assert "– (damaged)" in lines[3]
    assert lines[-1].startswith("3 products")


def test_names_are_cut_where_the_terminal_is_narrow_and_numbers_are_not(artifacts: Path) -> None:
    table = render(products(artifacts), width=10, colours=False)
    assert "0.00" in table
    assert max(map(len, table.splitlines())) <= 100


def test_json_holds_what_determined_each_product(artifacts: Path) -> None:
    found = as_json(products(artifacts))
    assert json.loads(json.dumps(found)) == found
    model = found[1]
    assert model["product"] == HEAD.folder_name
    assert model["kind"] == "model"
    assert model["file"] == "head.keras"
    assert model["inputs"] == {"seed": 0}
    assert model["last_used"] == "2023-11-13T22:13:20+00:00"
    assert model["seconds"] >= 0


def test_a_folder_of_somebody_elses_is_no_product(tmp_path: Path) -> None:
    """Photos kept below the artifacts are neither judged nor removed, whatever they are called or hold."""
    for name in ("photos", "photos-202401151030"):
        (tmp_path / "datasets" / name).mkdir(parents=True)
        (tmp_path / "datasets" / name / "manifest.json").write_text('{"name": "my photos"}')
    assert products(tmp_path) == ()


def test_a_whole_name_means_that_product_alone(artifacts: Path) -> None:
    longer = replace(HEAD, name=f"{HEAD.name}-int8")
    obtain(artifacts / "models", longer, lambda folder: {"size": (folder / "head.keras").write_bytes(b"other")})
    found = products(artifacts)
    assert len(main_files(found, prefix=HEAD.name)) == 1
    assert len(main_files(found, prefix=HEAD.name[:-1])) == 2


def test_the_hash_of_a_main_file_is_known_without_reading_it(artifacts: Path) -> None:
    model = products(artifacts)[1]
    assert main_sha256(model) == hashlib.sha256(bytes(1000)).hexdigest()
    assert main_sha256(replace(model, manifest=None)) is None
