"""Is an archive that is not as `zoobench kit export` writes it told from one that is?"""

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kitfiles import LIMIT, a_kit, members, repacked
from zoobench.errors import DataError
from zoobench.kit import container
from zoobench.kit.container import CHUNK_BYTES
from zoobench.kit.contents import MANIFEST
from zoobench.kit.reader import open_kit, verify
from zoobench.system import files as archive
from zoobench.system.terminal import Advance

IMAGES = "images-32.npy"


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    return a_kit(tmp_path)


def refusal(path: Path, *, limit_bytes: int = LIMIT) -> str:
    """Opens a kit that must not be accepted; whatever it is, reading it is an error of ours that names the file."""
    with pytest.raises(DataError) as caught, open_kit(path, limit_bytes=limit_bytes) as opened:
        verify(opened)
    assert str(path) in str(caught.value)
    return str(caught.value)


def add(path: Path, name: str, content: bytes = b"x", *, mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "a") as opened:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        opened.writestr(info, content)
    return path


def edit(path: Path, change: Callable[[bytearray], object]) -> Path:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)
    return path


def directory_entry(content: bytearray, name: str) -> int:
    """Returns where the directory speaks of a member."""
    return content.rindex(name.encode()) - 46


@pytest.mark.parametrize("method", [None, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_sound_kit_is_verified_however_it_is_packed_and_named(kit: Path, tmp_path: Path, method: int | None) -> None:
    (tmp_path / "link.zip").symlink_to(kit if method is None else repacked(kit, members(kit), method=method))
    with open_kit(tmp_path / "link.zip", limit_bytes=LIMIT) as opened:
        verify(opened)


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/etc/passwd", "\\evil", "..\\evil", "C:\\evil", "c:evil", ".."]
)
def test_a_member_that_leaves_the_folder_is_refused(kit: Path, name: str) -> None:
    assert f"the archive's member {name!r} leads out of the folder" in refusal(add(kit, name))


@pytest.mark.parametrize("name", ["folder/file.tflite", "folder/", ".hidden", "-rf", "a b", "a\x1b[2Jb"])
def test_a_member_without_a_plain_name_is_refused(kit: Path, name: str) -> None:
    told = refusal(add(kit, name))
    assert "has no plain name: a kit has no folders" in told
    assert told.isprintable()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kit: Path, kind: int) -> None:
    path = add(kit, "link.tflite", b"/etc/passwd", mode=kind | 0o777)
    assert "the archive's member 'link.tflite' is a link or a device, not a file" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("twin", [IMAGES, IMAGES.upper()])
def test_a_member_that_is_there_twice_is_refused(kit: Path, twin: str) -> None:
    assert "is there twice, so readers may differ about its content" in refusal(add(kit, twin))


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_an_encrypted_member_is_refused(kit: Path, flag: int) -> None:
    def encrypt(content: bytearray) -> None:
        at = directory_entry(content, IMAGES) + 8
        content[at : at + 2] = struct.pack("<H", struct.unpack_from("<H", content, at)[0] | flag)

    assert f"member '{IMAGES}' is encrypted" in refusal(edit(kit, encrypt))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_is_packed_in_another_way_is_refused(kit: Path, method: int) -> None:
    assert f"is packed by method {method}, not stored or deflated" in refusal(
        repacked(kit, members(kit), method=method)
    )


def test_a_bomb_is_refused_by_its_growth_before_it_is_unpacked(kit: Path) -> None:
    path = repacked(kit, members(kit) | {"zeros.tflite": b"\0" * 70_000_000})
    assert "at most 200 times its size is unpacked" in refusal(path, limit_bytes=10**12)


def test_more_than_the_limit_is_refused_with_the_option_that_raises_it(kit: Path) -> None:
    size = sum(map(len, members(kit).values()))
    told = refusal(kit, limit_bytes=size - 1)
    for part in (f"{size:,} bytes; at most {size - 1:,}", "--limit of `zoobench kit show`", "--zoo-kit-limit"):
        assert part in told
    with open_kit(kit, limit_bytes=size):
        pass


def test_a_member_that_holds_more_than_it_claims_is_not_unpacked_beyond_that(kit: Path) -> None:
    honest = members(kit)[IMAGES]
    padded = honest + b"\0" * 10 * CHUNK_BYTES
    path = repacked(kit, members(kit) | {IMAGES: padded})

    def lie(content: bytearray) -> None:
        true, claimed = (struct.pack("<I", len(one)) for one in (padded, honest))
        while (at := content.find(true)) >= 0:
            content[at : at + 4] = claimed

    assert "Bad CRC-32" in refusal(edit(path, lie))


def test_too_many_members_are_refused(kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    assert "the archive has 4 members; at most 3 are opened" in refusal(kit)


def test_a_directory_that_claims_too_much_is_refused_before_it_is_read(kit: Path) -> None:
    def claim(content: bytearray) -> None:
        content[-12:-10] = struct.pack("<H", 60_000)

    assert "its directory claims 60000 members" in refusal(edit(kit, claim))


def test_a_zip64_archive_is_refused(kit: Path) -> None:
    content = kit.read_bytes()
    kit.write_bytes(content[:-22] + b"PK\x06\x07" + b"\0" * 16 + content[-22:])
    assert "it is a ZIP64 archive" in refusal(kit)


def test_a_whole_member_before_the_first_is_refused(kit: Path, tmp_path: Path) -> None:
    other = add(tmp_path / "other.zip", "evil")
    with zipfile.ZipFile(other) as opened:
        hidden = other.read_bytes()[: opened.start_dir]
    kit.write_bytes(hidden + kit.read_bytes())
    assert "does not begin where the one before it ends" in refusal(kit)


def test_something_before_or_after_it_all_is_refused(kit: Path) -> None:
    content = kit.read_bytes()
    kit.write_bytes(b"#!/bin/sh\nexec evil\n" + content)
    assert "something stands before the first member" in refusal(kit)
    for junk in (b"x", b"\0" * 70_000):
        kit.write_bytes(content + junk)
        assert "something stands after the directory" in refusal(kit)
    kit.write_bytes(content)
    with zipfile.ZipFile(kit, "a") as opened:
        opened.comment = b"hello"
    assert "something stands after the directory" in refusal(kit)


def test_something_between_members_is_refused(kit: Path) -> None:
    with zipfile.ZipFile(kit) as opened:
        start = opened.start_dir
    content = kit.read_bytes()
    end = bytearray(content[start:])
    end[-6:-2] = struct.pack("<I", start + 4)  # where the directory begins now
    kit.write_bytes(content[:start] + b"evil" + end)
    assert "its members end at byte" in refusal(kit)


def test_members_that_share_their_bytes_are_refused(kit: Path) -> None:
    def overlap(content: bytearray) -> None:
        at = directory_entry(content, IMAGES) + 42
        content[at : at + 4] = struct.pack("<I", 0)

    assert "is refused" in refusal(edit(kit, overlap))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_kit_that_is_cut_off_is_refused(kit: Path, share: float) -> None:
    content = kit.read_bytes()
    kit.write_bytes(content[: int(share * len(content))])
    assert "it is cut off" in refusal(kit)


def test_what_is_no_archive_or_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "kit.zip"
    assert "No such file or directory; name a file KIT.zip" in refusal(path)
    for content in (b"", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"what is this?" * 9):
        path.write_bytes(content)
        assert "is refused: it " in refusal(path)
    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path, tmp_path / "pipe"):
        assert "it is a folder, a pipe or a device" in refusal(other)


def test_the_manifest_must_be_there(kit: Path) -> None:
    content = members(kit)
    del content[MANIFEST]
    assert "it has no kit.json, so it is no kit" in refusal(repacked(kit, content))


def test_a_step_is_told_for_each_megabyte_that_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, str]] = []
    totals: list[int] = []

    @contextmanager
    def progress(_title: str, *, total: int) -> Iterator[Advance]:
        totals.append(total)
        yield lambda steps, note: told.append((steps, note))

    monkeypatch.setattr(container, "progress", progress)
    with container.shown("Packing", size_bytes=3_500_001) as on_bytes:
        for count in (1, 999_999, 1, 2_500_000):
            on_bytes(count, "file")
    assert told == [(1, "file"), (0, "file"), (1, "file"), (2, "file")]
    assert totals == [sum(steps for steps, _ in told)]
