"""Is everything in the store listed as what it is?"""

import hashlib
import shutil
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from kept_store import ANSWERS, DAY, HEAD, NOW, PIXELS, filled, foreign, set_aside, unfinished, used
from views import content, table, text
from zoobench.errors import UsageError
from zoobench.show.inventory import store_view
from zoobench.store import inventory
from zoobench.store.inventory import (
    Removal,
    damages,
    is_being_made,
    main_files,
    main_sha256,
    products,
    remnants,
    removals,
    remove,
    size_of,
)
from zoobench.store.product import DAMAGED, KINDS, MANIFEST, REMOVING, Stored, locked, obtain


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


def test_a_store_that_holds_nothing_is_no_error_and_a_missing_one_is(tmp_path: Path) -> None:
    assert products(tmp_path) == remnants(tmp_path) == ()
    with pytest.raises(UsageError, match=rf"there is no store in {tmp_path / 'none'}; name .*--artifacts DIR"):
        products(tmp_path / "none")


def test_sizes_are_those_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(bytes(7))
    (tmp_path / "file").write_bytes(bytes(5))
    assert size_of(tmp_path) == 12
    assert size_of(tmp_path / "file") == 5
    assert size_of(tmp_path / "gone") == 0


def test_the_files_of_a_beginning_are_found_and_those_of_a_whole_name_alone(artifacts: Path) -> None:
    longer = replace(HEAD, name=f"{HEAD.name}-int8")
    obtain(artifacts / "models", longer, lambda folder: {"size": (folder / "head.keras").write_bytes(b"other")})
    found = products(artifacts)
    assert main_files(found, prefix=HEAD.name) == (artifacts / "models" / HEAD.folder_name / "head.keras",)
    assert len(main_files(found, prefix=HEAD.name[:-1])) == 2
    known = ", ".join(sorted(one.name for one in found))
    with pytest.raises(UsageError, match=f"no product's name begins with 'xception'; the store holds {known}"):
        main_files(found, prefix="xception")


def test_the_table_has_a_line_for_each_product_and_a_total(artifacts: Path) -> None:
    (artifacts / "models" / HEAD.folder_name / MANIFEST).write_bytes(b"{}")
    lines = [line.rstrip() for line in text(store_view(products(artifacts)), width=60).splitlines()]
    assert lines[0].split() == ["product", "kind", "MB", "made", "last", "used", "made", "in", "s"]
    assert lines[2].startswith("pets-224-")
    assert " data set " in lines[2]
    assert f"{datetime.fromtimestamp(NOW - 10 * DAY, timezone.utc).astimezone():%Y-%m-%d %H:%M}" in lines[2]
    assert "– (damaged)" in lines[3]
    assert lines[-1].startswith("3 products, 0.00")


def test_json_holds_what_determined_each_product_and_csv_all_else(artifacts: Path) -> None:
    model = content(store_view(products(artifacts)))[1]
    assert model["product"] == HEAD.folder_name
    assert model["kind"] == "model"
    assert model["file"] == "head.keras"
    assert model["inputs"] == {"seed": 0}
    assert model["last_used"] == "2023-11-13T22:13:20+00:00"
    assert model["seconds"] >= 0
    assert [(row["product"], row["file"]) for row in table(store_view(products(artifacts)))][1] == (
        HEAD.folder_name,
        "head.keras",
    )


def test_a_folder_of_somebody_elses_is_no_product(tmp_path: Path) -> None:
    """Photos kept below the artifacts are neither judged nor removed, whatever they are called or hold."""
    for name in ("photos", "photos-202401151030"):
        (tmp_path / "datasets" / name).mkdir(parents=True)
        (tmp_path / "datasets" / name / "manifest.json").write_text('{"name": "my photos"}')
    assert products(tmp_path) == ()


def test_the_hash_of_a_main_file_is_known_without_reading_it(artifacts: Path) -> None:
    model = products(artifacts)[1]
    assert main_sha256(model) == hashlib.sha256(bytes(1000)).hexdigest()
    assert main_sha256(replace(model, manifest=None)) is None


@pytest.fixture
def stored(tmp_path: Path) -> dict[str, Stored]:
    return filled(tmp_path)


def planned(artifacts: Path, *, keep_days: int) -> list[Path]:
    return [one.folder for one in removals(artifacts, keep_days=keep_days, now=NOW)]


# Damage


@pytest.mark.usefixtures("stored")
def test_a_sound_store_has_no_damage_and_every_file_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    assert list(damages(products(tmp_path), on_file=told.append)) == []
    assert told == ["pixels.npy", "head.keras", "evaluation.npz"]


def test_a_flipped_bit_is_found(tmp_path: Path, stored: dict[str, Stored]) -> None:
    stored["models"].path.write_bytes(bytes(999) + b"\1")
    told: list[str] = []
    assert list(damages(products(tmp_path), on_file=told.append)) == [
        (stored["models"].path.parent, f"the SHA-256 of head.keras is not the one in {MANIFEST}")
    ]
    assert told == ["pixels.npy", "evaluation.npz"]


@pytest.mark.usefixtures("stored")
def test_what_is_being_made_is_told_from_what_was_left(tmp_path: Path) -> None:
    unfinished(tmp_path)
    (left,) = remnants(tmp_path)
    assert is_being_made(left) is False
    with locked(tmp_path / "models", HEAD.folder_name):
        assert is_being_made(left) is True


@pytest.mark.usefixtures("stored")
def test_without_the_right_to_lock_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(30, "Read-only file system")

    unfinished(tmp_path)
    (left,) = remnants(tmp_path)
    monkeypatch.setattr("os.open", refuse)
    assert is_being_made(left) is None


# What can go


@pytest.mark.parametrize(
    ("days", "kinds"), [(101, []), (100, ["evaluations"]), (9, ["datasets", "evaluations"]), (0, [*KINDS][:3])]
)
def test_only_what_was_not_used_for_so_long_is_planned(
    tmp_path: Path, stored: dict[str, Stored], days: int, kinds: list[str]
) -> None:
    assert planned(tmp_path, keep_days=days) == [stored[kind].path.parent for kind in kinds]


@pytest.mark.usefixtures("stored")
def test_remnants_go_at_any_age_and_what_is_foreign_never(tmp_path: Path) -> None:
    file = tmp_path / "models" / f"{DAMAGED}{HEAD.folder_name}-20260102T000000000000"
    gone, kept = [set_aside(tmp_path), file, unfinished(tmp_path)], foreign(tmp_path)
    file.write_bytes(b"what is this?")
    assert planned(tmp_path, keep_days=1000) == gone
    for one in removals(tmp_path, keep_days=0, now=NOW):
        assert remove(one).obstacle is None
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in gone)


@pytest.mark.usefixtures("stored")
def test_each_removal_says_why_and_how_much_it_frees_and_planning_removes_nothing(tmp_path: Path) -> None:
    set_aside(tmp_path), unfinished(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    (days, size), *rest = [(one.why, one.size_bytes) for one in removals(tmp_path, keep_days=50, now=NOW)]
    assert days == "not used for 50 days"
    assert size > 1000
    assert rest == [("set aside for its damage", 2000), ("left by a run that was killed", 1000)]
    assert sorted(tmp_path.rglob("*")) == before


# How it goes


def test_what_is_removed_is_gone_and_the_rest_is_whole(tmp_path: Path, stored: dict[str, Stored]) -> None:
    for one in removals(tmp_path, keep_days=50, now=NOW):
        assert remove(one) == one
    assert [entry.kind for entry in products(tmp_path)] == ["data set", "model"]
    assert not stored["evaluations"].path.parent.exists()
    assert list(damages(products(tmp_path), on_file=lambda _name: None)) == []
    assert remnants(tmp_path) == ()


def test_what_a_run_is_making_stays(tmp_path: Path, stored: dict[str, Stored]) -> None:
    left = unfinished(tmp_path)
    with locked(tmp_path / "models", HEAD.folder_name):
        done = [remove(one) for one in removals(tmp_path, keep_days=0, now=NOW)]
    assert {one.folder for one in done if one.obstacle == "a run is making it"} == {stored["models"].path.parent, left}
    assert left.exists()
    assert stored["models"].path.exists()


def test_what_was_used_since_it_was_planned_stays(tmp_path: Path, stored: dict[str, Stored]) -> None:
    plan = removals(tmp_path, keep_days=5, now=NOW)
    used(stored["datasets"].path.parent, days=0)
    assert {one.product: one.obstacle for one in map(remove, plan)}[PIXELS.folder_name] == "it was used just now"
    assert stored["datasets"].path.exists()


def test_what_cannot_be_removed_is_told(
    tmp_path: Path, stored: dict[str, Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(inventory.shutil, "rmtree", refuse)
    (done,) = map(remove, removals(tmp_path, keep_days=50, now=NOW))
    assert done.obstacle == "[Errno 13] Permission denied"
    (half,) = remnants(tmp_path)
    assert half.folder.name.startswith(f"{REMOVING}{stored['evaluations'].path.parent.name}-")


def found_in(artifacts: Path) -> dict[str, str]:
    return {folder.name: reason for folder, reason in damages(products(artifacts), on_file=lambda _: None)}


def test_a_file_that_does_not_belong_to_a_product_is_named(artifacts: Path) -> None:
    (artifacts / "models" / HEAD.folder_name / "extra.py").write_text("print()")
    assert found_in(artifacts) == {HEAD.folder_name: "extra.py does not belong to it; remove it"}


def test_what_stands_in_the_place_of_a_product_is_damaged_and_goes(artifacts: Path) -> None:
    folder = artifacts / "models" / HEAD.folder_name
    shutil.rmtree(folder)
    folder.write_text("x")
    assert found_in(artifacts) == {HEAD.folder_name: f"{MANIFEST} cannot be read (Not a directory)"}
    assert not remove(removal_of(artifacts)).obstacle
    assert not folder.exists()


def test_of_a_link_in_the_place_of_a_product_the_link_alone_is_removed(artifacts: Path, tmp_path: Path) -> None:
    folder, elsewhere = artifacts / "models" / HEAD.folder_name, tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert not remove(removal_of(artifacts)).obstacle
    assert not folder.is_symlink()
    assert (elsewhere / MANIFEST).is_file()


def test_a_manifest_nested_without_end_is_damaged(artifacts: Path) -> None:
    (artifacts / "models" / HEAD.folder_name / MANIFEST).write_text("[" * 100_000)
    assert "is no JSON object" in found_in(artifacts)[HEAD.folder_name]


def removal_of(artifacts: Path) -> Removal:
    (one,) = (
        one for one in removals(artifacts, keep_days=0, now=NOW + 10_000 * DAY) if one.product == HEAD.folder_name
    )
    return replace(one, unused_since=None)
