"""Is a kit read whole or refused, and unpacked once?"""

import json
from pathlib import Path

import numpy as np
import pytest

from kitfiles import HASHES, LIMIT, VARIANTS, a_kit, a_tflite, members, repacked, with_manifest
from zoobench.errors import DataError
from zoobench.kit import reader as opening
from zoobench.kit.contents import MANIFEST
from zoobench.kit.reader import extract, find_kept, keep_kit, open_kit, unpack, verify

IMAGES = "images-32.npy"
MODEL = "mobilenet-32-integer_only.tflite"


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    return a_kit(tmp_path)


def spoiled(path: Path, name: str, content: bytes) -> Path:
    return repacked(path, members(path) | {name: content})


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught, open_kit(path, limit_bytes=LIMIT) as opened:
        verify(opened)
    return str(caught.value)


def test_what_was_packed_is_read(kit: Path) -> None:
    with open_kit(kit, limit_bytes=LIMIT) as opened:
        manifest = opened.manifest
    assert manifest.dataset.classes == ("cat", "dog")
    assert [one.sha256 for one in manifest.samples] == list(HASHES)
    assert [cell.variant for cell in manifest.cells] == list(VARIANTS)
    assert manifest.size_bytes == sum(len(one) for name, one in members(kit).items() if name != MANIFEST)


def test_what_was_packed_is_unpacked(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with open_kit(kit, limit_bytes=LIMIT) as opened:
        unpack(opened, tmp_path / "there")
    assert {path.name: path.read_bytes() for path in (tmp_path / "there").iterdir()} == members(kit)
    assert np.load(tmp_path / "there" / IMAGES, allow_pickle=False).shape == (3, 32, 32, 3)


def test_one_member_can_be_unpacked_alone(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with open_kit(kit, limit_bytes=LIMIT) as opened:
        path = extract(opened, "images-32.npy", tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == [path]
    assert path.read_bytes() == members(kit)["images-32.npy"]


def test_nothing_is_written_over_what_is_there(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / MODEL).symlink_to(tmp_path / "elsewhere")
    with open_kit(kit, limit_bytes=LIMIT) as opened, pytest.raises(FileExistsError):
        unpack(opened, tmp_path / "there")
    assert not (tmp_path / "elsewhere").exists()


def test_the_hash_is_that_of_the_manifest_however_the_kit_is_packed(kit: Path) -> None:
    with open_kit(kit, limit_bytes=LIMIT) as opened:
        before = opened.sha256
    with open_kit(repacked(kit, members(kit)), limit_bytes=LIMIT) as opened:
        assert opened.sha256 == before


def test_the_hash_is_another_where_anything_is(kit: Path) -> None:
    with open_kit(kit, limit_bytes=LIMIT) as opened:
        before = opened.sha256
    other = with_manifest(kit, lambda manifest: manifest["cells"][0].update(weights="imagenet"))
    with open_kit(other, limit_bytes=LIMIT) as opened:
        assert opened.sha256 != before


@pytest.mark.parametrize("name", [IMAGES, MODEL])
def test_a_member_of_another_hash_is_refused(kit: Path, name: str) -> None:
    content = members(kit)[name]
    told = refusal(spoiled(kit, name, content[:-1] + bytes([content[-1] ^ 1])))
    assert f"its member '{name}' has the SHA-256 " in told
    assert "; kit.json says " in told


def test_a_member_of_another_size_is_refused(kit: Path) -> None:
    told = refusal(spoiled(kit, MODEL, members(kit)[MODEL] + b"x"))
    assert f"its member '{MODEL}' has 609 bytes; kit.json says 608" in told


def test_a_missing_member_is_named(kit: Path) -> None:
    content = members(kit)
    del content[MODEL]
    assert f"its member '{MODEL}' is missing; kit.json names it" in refusal(repacked(kit, content))


def test_a_member_that_the_manifest_does_not_name_is_refused(kit: Path) -> None:
    assert "its member 'evil.so' is not named in kit.json" in refusal(spoiled(kit, "evil.so", b"x"))


def test_images_that_may_hold_a_pickle_are_refused_before_anything_is_unpacked(kit: Path) -> None:
    content = members(kit)[IMAGES].replace(b"'|u1'", b"'|O' ", 1)
    told = refusal(spoiled(kit, IMAGES, content))
    assert f"its member '{IMAGES}' cannot be used: it begins with \"{{'descr': '|O'" in told


def test_a_model_that_is_no_tflite_file_is_refused(kit: Path) -> None:
    content = a_tflite("integer_only").replace(b"TFL3", b"EVIL")
    assert f"its member '{MODEL}' is no TFLite file" in refusal(spoiled(kit, MODEL, content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"\xff\xfe{}",
        b"{",
        b"[" * 100_000,
        b'{"schema": 1, "schema": 1}',
        b'{"schema": NaN}',
        b'{"schema": 1e999}',
        b'{"schema": ' + b"9" * 5_000 + b"}",
        b"[]",
        b"null",
        b'"kit"',
    ],
)
def test_a_manifest_that_is_no_json_or_no_object_is_refused(kit: Path, content: bytes) -> None:
    told = refusal(spoiled(kit, MANIFEST, content))
    assert told.startswith(f"the kit {kit}: kit.json")
    assert "export the kit again" in told


def test_a_manifest_that_is_too_large_is_refused_before_it_is_read(kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LARGEST_MANIFEST_BYTES", 100)
    assert "bytes; at most 100 are read" in refusal(kit)


def test_a_manifest_of_too_many_values_is_refused_before_it_is_parsed(kit: Path) -> None:
    content = json.dumps([0] * (opening.LARGEST_VALUES + 1), separators=(",", ":")).encode()
    assert "received more than 2,000,000 values; expected fewer" in refusal(spoiled(kit, MANIFEST, content))


def test_what_fails_while_a_kit_is_open_is_not_taken_for_a_damaged_kit(kit: Path) -> None:
    with pytest.raises(OSError, match="No space left"), open_kit(kit, limit_bytes=LIMIT):
        raise OSError("No space left")


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
        verify(opened)
    assert capsys.readouterr().err.splitlines()[-1].startswith("Checking kit.zip, MB: 1 in ")
