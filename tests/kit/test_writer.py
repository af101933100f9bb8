"""Does the same content give the same kit, whole or not at all?"""

import os
import stat
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kitfiles import LIMIT, a_cell, a_kit, contents
from zoobench.errors import DataError, UsageError
from zoobench.kit.contents import MANIFEST
from zoobench.kit.reader import open_kit
from zoobench.kit.writer import of_file, write_kit


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = a_kit(tmp_path).read_bytes()
    monkeypatch.setattr(time, "time", lambda: 2e9)
    mask = os.umask(0o077)
    try:
        write_kit(tmp_path / "again.zip", *contents(tmp_path))
        assert (tmp_path / "again.zip").read_bytes() == first
    finally:
        os.umask(mask)


def test_members_are_plain_files_without_a_date_the_manifest_first(tmp_path: Path) -> None:
    with zipfile.ZipFile(a_kit(tmp_path)) as archive:
        found = archive.infolist()
    assert found[0].filename == MANIFEST
    assert {(one.date_time, one.external_attr >> 16) for one in found} == {
        ((1980, 1, 1, 0, 0, 0), stat.S_IFREG | 0o644)
    }


def test_what_was_written_is_told(tmp_path: Path) -> None:
    written = write_kit(tmp_path / "kit.zip", *contents(tmp_path))
    with open_kit(tmp_path / "kit.zip", limit_bytes=LIMIT) as kit:
        assert written == (kit.sha256, kit.manifest.size_bytes)


def test_a_file_of_that_name_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "kit.zip"
    path.write_text("mine")
    with pytest.raises(UsageError, match="already; name another file, or replace it with --force"):
        write_kit(path, *contents(tmp_path))
    assert path.read_text() == "mine"
    write_kit(path, *contents(tmp_path), overwriting=True)
    with open_kit(path, limit_bytes=LIMIT):
        pass


def test_what_the_reader_would_refuse_is_not_written(tmp_path: Path) -> None:
    good, chunks = contents(tmp_path)
    steering = replace(good, dataset=replace(good.dataset, classes=("cat", "d\x1bog")))
    with pytest.raises(DataError, match=r"dataset.classes\[1\]: received 'd\\x1bog'; expected"):
        write_kit(tmp_path / "kit.zip", steering, chunks)
    with pytest.raises(DataError, match="no float32 file"):
        write_kit(
            tmp_path / "kit.zip",
            replace(good, cells=(a_cell("integer_only"),), models=good.models[1:]),
            {name: one for name, one in chunks.items() if "float32" not in name},
        )
    assert not (tmp_path / "kit.zip").exists()


def test_a_file_that_changes_while_it_is_packed_leaves_nothing(tmp_path: Path) -> None:
    (good, chunks), asked = contents(tmp_path), []

    def changing() -> Iterator[bytes]:
        asked.append(1)
        yield b"....TFL3" + bytes([len(asked)])

    there = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(DataError, match="changed while it was being packed"):
        write_kit(tmp_path / "kit.zip", good, {**chunks, good.models[0].file: changing})
    assert sorted(path.name for path in tmp_path.iterdir()) == there


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write"):
        write_kit(tmp_path / "file" / "kit.zip", *contents(tmp_path))


def test_a_file_is_a_members_content_twice_over(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"x" * 3_000_000)
    chunks = of_file(path)
    assert b"".join(chunks()) == b"".join(chunks()) == path.read_bytes()
