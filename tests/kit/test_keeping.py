"""Is a kit unpacked once, and whole or not at all?"""

from pathlib import Path

import pytest

from kitfiles import LIMIT, a_kit, members, repacked, with_manifest
from zoobench.errors import DataError
from zoobench.kit.contents import MANIFEST
from zoobench.kit.keeping import find_kept, keep_kit, verify_shown
from zoobench.kit.opening import open_kit

IMAGES = "images-32.npy"


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    return a_kit(tmp_path)


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


def unpacked(artifacts: Path) -> list[Path]:
    """Returns what is in the folder of kits, but for locks."""
    return [path for path in (artifacts / "kits").iterdir() if not path.name.endswith(".lock")]


def test_a_kit_is_unpacked_into_the_store_by_its_hash(kit: Path, artifacts: Path) -> None:
    kept = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    assert unpacked(artifacts) == [kept.folder]
    assert kept.folder.name.startswith(f"kit-{kept.sha256[:12]}-")
    assert {name: (kept.folder / name).read_bytes() for name in members(kit)} == members(kit)


def test_what_was_unpacked_is_used_again(kit: Path, artifacts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    capsys.readouterr()
    assert keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT) == first
    assert capsys.readouterr().err == ""


def test_what_was_unpacked_is_found_by_the_kits_hash(kit: Path, artifacts: Path) -> None:
    kept = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    found = find_kept(kept.sha256, artifacts=artifacts)
    assert found is not None
    assert (found.sha256, found.manifest, found.folder) == (kept.sha256, kept.manifest, kept.folder)
    assert find_kept("0" * 64, artifacts=artifacts) is None


def test_what_was_changed_since_is_not_found(kit: Path, artifacts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    (kept.folder / IMAGES).write_bytes(b"x")
    assert find_kept(kept.sha256, artifacts=artifacts) is None
    assert "is damaged and not used" in capsys.readouterr().err


def test_what_was_changed_since_is_set_aside_and_unpacked_again(kit: Path, artifacts: Path) -> None:
    kept = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    (kept.folder / IMAGES).write_bytes(b"x")
    keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    assert (kept.folder / IMAGES).read_bytes() == members(kit)[IMAGES]
    assert sorted(path.name[:9] for path in unpacked(artifacts)) == [".damaged-", kept.folder.name[:9]]


def test_two_kits_have_a_folder_each(kit: Path, artifacts: Path) -> None:
    first = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    other = with_manifest(kit, lambda manifest: manifest["dataset"].update(name="birds"))
    assert keep_kit(other, artifacts=artifacts, limit_bytes=LIMIT).folder != first.folder


def test_a_kit_that_turns_out_to_be_damaged_leaves_nothing(kit: Path, artifacts: Path) -> None:
    content = members(kit)
    last = "mobilenet-32-integer_only.tflite"
    repacked(kit, content | {last: content[last][:-1] + b"!"})
    with pytest.raises(DataError, match="has the SHA-256"):
        keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    assert unpacked(artifacts) == []


def test_a_kit_that_is_refused_at_once_leaves_no_folder(kit: Path, artifacts: Path) -> None:
    repacked(kit, members(kit) | {MANIFEST: b"{}"})
    with pytest.raises(DataError, match="schema"):
        keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    assert not artifacts.exists()


def test_a_store_that_cannot_be_written_to_is_told(kit: Path, artifacts: Path) -> None:
    artifacts.write_text("a file")
    with pytest.raises(DataError, match="cannot keep kit-"):
        keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)


def test_a_check_shows_how_far_it_is(kit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_kit(kit, limit_bytes=LIMIT) as opened:
        verify_shown(opened)
    assert capsys.readouterr().err.splitlines()[-1].startswith("Checking kit.zip, MB: 1 in ")
