"""Does a folder's manifest tell a whole product from an altered one?"""

import json
from pathlib import Path
from typing import Any

import pytest

from zoobench.store.manifest import FORMAT, MANIFEST, check_files, contents, describe, read_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A product of three files, one of them in a folder of its own."""
    (tmp_path / "head.keras").write_bytes(b"weights")
    (tmp_path / "picture.png").write_bytes(b"a picture")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "notes.txt").write_bytes(b"")
    describe(tmp_path, file="head.keras", inputs={"layers": (1, 2)}, facts={"loss": 0.25}, seconds=1.23456)
    return tmp_path


def content(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return loaded


def unreadable(folder: Path) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        read_manifest(folder)
    return str(caught.value)


def misfit(folder: Path) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        check_files(folder, read_manifest(folder))
    return str(caught.value)


def test_what_was_described_is_read_back(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.file == "head.keras"
    assert {name: state.size_bytes for name, state in manifest.files.items()} == {
        "head.keras": 7,
        "picture.png": 9,
        "more/notes.txt": 0,
    }
    assert manifest.size_bytes == 16
    assert manifest.made.endswith("+00:00")
    assert manifest.seconds == 1.235
    assert (manifest.inputs, manifest.facts) == ({"layers": [1, 2]}, {"loss": 0.25})


def test_every_whole_file_is_told(folder: Path) -> None:
    told: list[str] = []
    check_files(folder, read_manifest(folder), on_file=told.append)
    assert sorted(told) == ["head.keras", "more/notes.txt", "picture.png"]


def test_the_contents_leave_out_the_manifest_alone(folder: Path) -> None:
    assert list(contents(folder)) == ["head.keras", "more/notes.txt", "picture.png"]


@pytest.mark.parametrize("name", ["head.keras", "picture.png", "more/notes.txt"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert misfit(folder) == f"{name} is missing"


def test_a_file_of_another_size_is_named(folder: Path) -> None:
    (folder / "more" / "notes.txt").write_bytes(b"x")
    assert misfit(folder) == "more/notes.txt has 1 bytes instead of 0"


def test_a_file_of_the_same_size_is_told_by_its_hash(folder: Path) -> None:
    (folder / "picture.png").write_bytes(b"A picture")
    assert misfit(folder) == f"the SHA-256 of picture.png is not the one in {MANIFEST}"


def test_a_manifest_leads_to_no_file_outside_its_folder(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_bytes(b"weights")
    (folder / MANIFEST).unlink()
    (folder / "head.keras").rename(outside)
    (folder / "head.keras").write_bytes(b"weights")
    describe(folder, file="../outside", inputs={}, facts={}, seconds=0)
    assert misfit(folder) == "../outside is missing"


@pytest.mark.parametrize("key", ["file", "files", "made", "seconds", "inputs", "facts"])
def test_an_altered_manifest_is_refused(folder: Path, key: str) -> None:
    (folder / MANIFEST).write_text(json.dumps(content(folder) | {key: "another"}))
    assert unreadable(folder) == f"{MANIFEST} was altered"


def test_a_manifest_without_its_own_hash_is_refused(folder: Path) -> None:
    kept = content(folder)
    del kept["manifest_sha256"]
    (folder / MANIFEST).write_text(json.dumps(kept))
    assert unreadable(folder) == f"{MANIFEST} was altered"


def test_another_format_is_named(folder: Path) -> None:
    (folder / MANIFEST).write_text(json.dumps(content(folder) | {"format": FORMAT + 1}))
    assert unreadable(folder) == f"{MANIFEST} has the format {FORMAT + 1}; this version reads {FORMAT}"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[]", "lacks what belongs into it (pop expected at most 1 argument, got 2)"),
        (b"{}", "lacks what belongs into it ('format')"),
        (b"null", "lacks what belongs into it ('NoneType' object has no attribute 'pop')"),
    ],
)
def test_what_is_no_manifest_is_refused(folder: Path, written: bytes, reason: str) -> None:
    (folder / MANIFEST).write_bytes(written)
    assert unreadable(folder) == f"{MANIFEST} {reason}"


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    assert unreadable(tmp_path) == f"{MANIFEST} cannot be read (No such file or directory)"


def test_facts_with_numbers_as_keys_are_read_back_as_json_has_them(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    describe(tmp_path, file="file", inputs={}, facts={"by epoch": {10: 0.5, 9: 0.25}}, seconds=0)
    assert read_manifest(tmp_path).facts == {"by epoch": {"10": 0.5, "9": 0.25}}
