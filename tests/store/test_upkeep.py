"""Is damage found, and does only that go which nobody needs?"""

from pathlib import Path

import pytest

from kept_store import HEAD, NOW, PIXELS, filled, foreign, set_aside, unfinished, used
from zoobench.store import upkeep
from zoobench.store.inventory import products, remnants
from zoobench.store.manifest import MANIFEST
from zoobench.store.store import DAMAGED, REMOVING, Stored, locked
from zoobench.store.upkeep import Damage, damages, is_being_made, removals, remove


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
        Damage(folder=stored["models"].path.parent, reason=f"the SHA-256 of head.keras is not the one in {MANIFEST}")
    ]
    assert told == ["pixels.npy", "evaluation.npz"]


def test_a_missing_manifest_is_damage(tmp_path: Path, stored: dict[str, Stored]) -> None:
    (stored["models"].path.parent / MANIFEST).unlink()
    (damage,) = damages(products(tmp_path), on_file=lambda _name: None)
    assert damage.reason == f"{MANIFEST} cannot be read (No such file or directory)"


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


@pytest.mark.parametrize(("days", "kinds"), [(101, []), (100, ["evaluations"]), (9, ["datasets", "evaluations"])])
def test_only_what_was_not_used_for_so_long_is_planned(
    tmp_path: Path, stored: dict[str, Stored], days: int, kinds: list[str]
) -> None:
    assert planned(tmp_path, keep_days=days) == [stored[kind].path.parent for kind in kinds]


def test_nothing_is_kept_for_no_days(tmp_path: Path, stored: dict[str, Stored]) -> None:
    assert len(planned(tmp_path, keep_days=0)) == len(stored)


@pytest.mark.usefixtures("stored")
def test_remnants_go_at_any_age_and_what_is_foreign_never(tmp_path: Path) -> None:
    gone = [set_aside(tmp_path), unfinished(tmp_path)]
    kept = foreign(tmp_path)
    assert planned(tmp_path, keep_days=1000) == gone
    for one in removals(tmp_path, keep_days=0, now=NOW):
        assert remove(one).obstacle is None
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in gone)


@pytest.mark.usefixtures("stored")
def test_each_removal_says_why_and_how_much_it_frees(tmp_path: Path) -> None:
    set_aside(tmp_path), unfinished(tmp_path)
    found = [(one.why, one.size_bytes) for one in removals(tmp_path, keep_days=50, now=NOW)]
    (days, size), *rest = found
    assert days == "not used for 50 days"
    assert size > 1000
    assert rest == [("set aside for its damage", 2000), ("left by a run that was killed", 1000)]


@pytest.mark.usefixtures("stored")
def test_planning_removes_nothing(tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    removals(tmp_path, keep_days=0, now=NOW)
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

    monkeypatch.setattr(upkeep.shutil, "rmtree", refuse)
    (done,) = map(remove, removals(tmp_path, keep_days=50, now=NOW))
    assert done.obstacle == "[Errno 13] Permission denied"
    (half,) = remnants(tmp_path)
    assert half.folder.name.startswith(f"{REMOVING}{stored['evaluations'].path.parent.name}-")


@pytest.mark.usefixtures("stored")
def test_a_file_that_was_set_aside_goes_too(tmp_path: Path) -> None:
    file = tmp_path / "models" / f"{DAMAGED}{HEAD.folder_name}-20260101T000000000000"
    file.write_bytes(b"what is this?")
    for one in removals(tmp_path, keep_days=1000, now=NOW):
        assert remove(one).obstacle is None
    assert not file.exists()
