"""Are archives that could do harm told from those that Keras writes?"""

import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from zoobench.system import archive
from zoobench.system.archive import check_archive

Write = Callable[[zipfile.ZipFile], object]


def crafted(folder: Path, *writes: Write, compression: int = zipfile.ZIP_STORED) -> Path:
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", compression) as opened:
        for write in writes:
            write(opened)
    return path


def member(name: str, content: bytes = b"{}", *, mode: int = 0) -> Write:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return lambda opened: opened.writestr(info, content, opened.compression)


def refusal(path: Path) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        check_archive(path)
    return str(caught.value)


def test_what_keras_writes_is_let_through(tmp_path: Path) -> None:
    names = ("metadata.json", "config.json", "model.weights.h5", "assets/vocabulary.txt", "assets/empty/", "été.txt")
    check_archive(crafted(tmp_path, *(member(name, b"" if name.endswith("/") else b"x" * 99) for name in names)))


def test_files_and_folders_with_their_rights_are_let_through(tmp_path: Path) -> None:
    check_archive(
        crafted(tmp_path, member("a", mode=stat.S_IFREG | 0o644), member("b/", b"", mode=stat.S_IFDIR | 0o755))
    )


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "..", "/etc/passwd", "\\evil", "..\\evil", "a\\..\\..\\evil", "C:\\evil", "c:evil"],
)
def test_a_member_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = crafted(tmp_path, member("config.json"), member(name))
    assert refusal(path) == f"the archive's member {name!r} leads out of the folder that it is unpacked into"


@pytest.mark.parametrize("name", ["a//b", "./a", "a/./b"])
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(crafted(tmp_path, member(name))) == f"the archive's member {name!r} has a name that is not plain"


def test_a_name_with_a_hidden_end_is_refused(tmp_path: Path) -> None:
    path = crafted(tmp_path, member("config.json_hidden"))
    path.write_bytes(path.read_bytes().replace(b"json_hidden", b"json\0hidden"))
    assert "has a name that is not plain" in refusal(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    path = crafted(tmp_path, member("assets/link", b"/etc/passwd", mode=kind | 0o777))
    assert refusal(path) == "the archive's member 'assets/link' is a link or a device, not a file"


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("twin", ["config.json", "CONFIG.json"])
def test_a_member_that_is_there_twice_is_refused(tmp_path: Path, twin: str) -> None:
    path = crafted(tmp_path, member("config.json", b"{}"), member(twin, b"[]"))
    assert refusal(path).startswith("the archive's member 'config.json' is there twice")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = crafted(tmp_path, member("config.json"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert refusal(path) == "the archive's member 'config.json' is encrypted"


def test_a_bomb_is_refused_without_unpacking_it(tmp_path: Path) -> None:
    path = crafted(tmp_path, member("config.json", b"0" * 70_000_000), compression=zipfile.ZIP_DEFLATED)
    packed = path.stat().st_size
    assert packed < 100_000
    assert refusal(path) == (
        f"the archive would grow from {packed:,} bytes to 70,000,000; at most 200 times its size is unpacked"
    )


def test_many_small_members_together_are_a_bomb_too(tmp_path: Path) -> None:
    parts = [member(f"assets/{number}", b"0" * 10_000_000) for number in range(8)]
    assert "would grow from" in refusal(crafted(tmp_path, *parts, compression=zipfile.ZIP_DEFLATED))


def test_a_configuration_that_was_compressed_well_is_no_bomb(tmp_path: Path) -> None:
    check_archive(crafted(tmp_path, member("config.json", b"0" * 5_000_000), compression=zipfile.ZIP_DEFLATED))


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = crafted(tmp_path, member("a", b"x" * 1000), member("b", b"x" * 1000))
    content = path.read_bytes()
    entry = content.rindex(b"PK\x01\x02")
    start = struct.unpack_from("<I", content, entry + 42)[0]
    shorter = bytearray(content[:start] + content[content.index(b"PK\x01\x02") :])  # the bytes of b are cut out
    shift = content.index(b"PK\x01\x02") - start
    entry = shorter.rindex(b"PK\x01\x02")
    struct.pack_into("<I", shorter, entry + 42, 0)  # and its entry points to those of a
    end = shorter.rindex(b"PK\x05\x06")
    struct.pack_into("<I", shorter, end + 16, struct.unpack_from("<I", shorter, end + 16)[0] - shift)
    path.write_bytes(shorter)
    assert refusal(path).endswith(": they overlap")


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    path = crafted(tmp_path, *(member(str(number)) for number in range(4)))
    assert refusal(path) == "the archive has 4 members; at most 3 are opened"


@pytest.mark.parametrize("content", [b"", b"what is this?", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    assert refusal(path) == "it is no .keras archive (File is not a zip file)"


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_archive(tmp_path / "model.keras")
