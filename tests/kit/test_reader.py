"""Is a kit read whole or refused, and unpacked once?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kitfiles import HASHES, LIMIT, VARIANTS, a_kit, members, repacked, with_manifest
from zoobench.errors import DataError
from zoobench.kit import reader as opening
from zoobench.kit.contents import MANIFEST
from zoobench.kit.reader import extract, find_kept, keep_kit, open_kit, unpack, verify

IMAGES = "images-32.npy"
MODEL = "mobilenet-32-integer_only.tflite"


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    return a_kit(tmp_path)


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


def test_one_member_can_be_unpacked_alone_and_nothing_is_written_over_what_is_there(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with open_kit(kit, limit_bytes=LIMIT) as opened:
        path = extract(opened, IMAGES, tmp_path / "there")
        assert list((tmp_path / "there").iterdir()) == [path]
        assert path.read_bytes() == members(kit)[IMAGES]
        path.unlink()
        (tmp_path / "there" / MODEL).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(FileExistsError):
            unpack(opened, tmp_path / "there")
    assert not (tmp_path / "elsewhere").exists()


def test_the_hash_is_that_of_the_manifest_however_the_kit_is_packed(kit: Path) -> None:
    found = []
    for changes in ({}, {}, {"weights": "imagenet"}):
        path = with_manifest(kit, lambda manifest, one=changes: manifest["cells"][0].update(one))
        with open_kit(path, limit_bytes=LIMIT) as opened:
            found.append(opened.sha256)
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        *((name, lambda content: content[:-1] + b"!", "has the SHA-256 ") for name in (IMAGES, MODEL)),
        (MODEL, lambda content: content + b"x", "has 609 bytes; kit.json says 608"),
        (MODEL, None, "is missing; kit.json names it"),
        ("evil.so", lambda _none: b"x", "is not named in kit.json"),
        (
            IMAGES,
            lambda content: content.replace(b"'|u1'", b"'|O' ", 1),
            "cannot be used: it begins with \"{'descr': '|O'",
        ),
        (MODEL, lambda content: content.replace(b"TFL3", b"EVIL"), "is no TFLite file"),
    ],
)
def test_a_member_that_is_not_what_the_manifest_says_is_refused(kit: Path, name: str, change: Any, why: str) -> None:
    content = members(kit)
    before = content.pop(name, b"")
    told = refusal(repacked(kit, content | ({name: change(before)} if change else {})))
    assert f"its member '{name}' {why}" in told
    assert "SHA-256" not in why or "; kit.json says " in told


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
    told = refusal(repacked(kit, members(kit) | {MANIFEST: content}))
    assert told.startswith(f"the kit {kit}: kit.json")
    assert "export the kit again" in told


def test_a_manifest_that_is_too_large_is_refused_before_it_is_read(kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LARGEST_MANIFEST_BYTES", 100)
    assert "bytes; at most 100 are read" in refusal(kit)


def test_a_manifest_of_too_many_values_is_refused_before_it_is_parsed(kit: Path) -> None:
    content = json.dumps([0] * (opening.LARGEST_VALUES + 1), separators=(",", ":")).encode()
    assert "received more than 2,000,000 values; expected fewer" in refusal(
        repacked(kit, members(kit) | {MANIFEST: content})
    )


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


def test_what_was_unpacked_is_used_and_found_again(
    kit: Path, artifacts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    capsys.readouterr()
    assert keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT) == first
    assert find_kept(first.sha256, artifacts=artifacts) == replace(first, path=first.folder)
    assert find_kept("0" * 64, artifacts=artifacts) is None
    assert capsys.readouterr().err == ""


def test_what_was_changed_since_is_not_found_but_set_aside_and_unpacked_again(
    kit: Path, artifacts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    (kept.folder / IMAGES).write_bytes(b"x")
    assert find_kept(kept.sha256, artifacts=artifacts) is None
    assert "is damaged and not used" in capsys.readouterr().err
    keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    assert (kept.folder / IMAGES).read_bytes() == members(kit)[IMAGES]
    assert sorted(path.name[:9] for path in unpacked(artifacts)) == [".damaged-", kept.folder.name[:9]]


def test_two_kits_have_a_folder_each(kit: Path, artifacts: Path) -> None:
    first = keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    other = with_manifest(kit, lambda manifest: manifest["dataset"].update(name="birds"))
    assert keep_kit(other, artifacts=artifacts, limit_bytes=LIMIT).folder != first.folder


def test_a_kit_that_is_refused_leaves_nothing(kit: Path, artifacts: Path) -> None:
    content = members(kit)
    repacked(kit, content | {MANIFEST: b"{}"})
    with pytest.raises(DataError, match="schema"):
        keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    assert not artifacts.exists()
    repacked(kit, content | {MODEL: content[MODEL][:-1] + b"!"})  # which is found as it is unpacked
    with pytest.raises(DataError, match="has the SHA-256"):
        keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)
    assert unpacked(artifacts) == []


def test_a_store_that_cannot_be_written_to_is_told(kit: Path, artifacts: Path) -> None:
    artifacts.write_text("a file")
    with pytest.raises(DataError, match="cannot keep kit-"):
        keep_kit(kit, artifacts=artifacts, limit_bytes=LIMIT)


def test_a_check_shows_how_far_it_is(kit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_kit(kit, limit_bytes=LIMIT) as opened:
        verify(opened)
    assert capsys.readouterr().err.splitlines()[-1].startswith("Checking kit.zip, MB: 1 in ")
