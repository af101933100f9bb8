"""Is a file whole or not there at all?"""

import hashlib
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.errors import MeasurementError
from zoobench.system import files as archive
from zoobench.system.files import (
    check_archive,
    mapped_array,
    native_path,
    open_file,
    read_file,
    sha256_of_file,
    sha256_of_json,
    sync,
    write_bytes,
    write_json,
    writing,
)


@pytest.fixture
def umask() -> Iterator[int]:
    """A umask that is not the usual one: others get nothing, the group may read."""
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def fail_after(_done: object, error: type[BaseException]) -> None:
    raise error


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    write_bytes(tmp_path / "new" / "folder" / "file.bin", b"content")
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["file.bin"]
    assert (tmp_path / "new" / "folder" / "file.bin").read_bytes() == b"content"


def test_readers_see_the_old_content_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with writing(path) as handle:
        handle.write(b"new")
        handle.flush()
        assert path.read_bytes() == b"old"
        (other,) = set(tmp_path.iterdir()) - {path}
        assert other.name.startswith(".file.bin.")
        assert other.suffix == ".part"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("old", [b"old", None])
def test_a_failing_block_leaves_what_was_there_and_no_temporary(
    tmp_path: Path, error: type[BaseException], old: bytes | None
) -> None:
    path = tmp_path / "file.bin"
    if old:
        path.write_bytes(old)
    with pytest.raises(error), writing(path) as handle:
        fail_after(handle.write(b"half of the ne"), error)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == ([old] if old else [])


def test_permissions_follow_the_umask_which_is_left_as_it_was(tmp_path: Path, umask: int) -> None:
    write_bytes(tmp_path / "file.bin", b"")
    assert mode(tmp_path / "file.bin") == 0o666 & ~umask == 0o640
    assert os.umask(umask) == umask


def test_what_is_in_the_place_of_the_file_or_its_folder_is_an_os_error_and_leaves_no_temporary(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    for taken in ("folder", "file/file.bin"):
        with pytest.raises(OSError, match=taken.partition("/")[0]):
            write_bytes(tmp_path / taken, b"content")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_json_is_indented_and_keeps_its_letters(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"été": [1]})
    assert (tmp_path / "file.json").read_text(encoding="utf-8") == '{\n  "été": [\n    1\n  ]\n}\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_is_no_number_and_keeps_the_old_file(tmp_path: Path, value: float) -> None:
    path = tmp_path / "file.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"loss": value})
    assert path.read_text() == "old"


def test_the_hash_of_abc_is_that_of_the_standard(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
    assert sha256_of_file(tmp_path / "abc") == expected


@pytest.mark.parametrize("size", [0, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_large_files_are_hashed_whole(tmp_path: Path, size: int) -> None:
    content = b"x" * size
    (tmp_path / "file").write_bytes(content)
    assert sha256_of_file(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_the_hash_of_a_value_is_that_of_its_shortest_json() -> None:
    assert sha256_of_json({"b": [2, None], "a": "é"}) == hashlib.sha256(b'{"a":"\\u00e9","b":[2,null]}').hexdigest()


@given(value=st.dictionaries(st.text(), st.integers()), data=st.data())
def test_the_order_of_keys_does_not_change_the_hash(value: dict[str, int], data: st.DataObject) -> None:
    shuffled = dict(data.draw(st.permutations(list(value.items()))))
    assert sha256_of_json(shuffled) == sha256_of_json(value)


@pytest.mark.parametrize("name", ["file.bin", ""])
def test_files_and_folders_are_flushed_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "file.bin").write_bytes(b"content")
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_ino))
    sync(tmp_path / name)
    assert flushed == [(tmp_path / name).stat().st_ino]
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "missing")


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
    plain = [member(name, b"" if name.endswith("/") else b"x" * 99) for name in names]
    with_rights = (member("a", mode=stat.S_IFREG | 0o644), member("b/", b"", mode=stat.S_IFDIR | 0o755))
    check_archive(crafted(tmp_path, *plain, *with_rights))


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "..", "/etc/passwd", "\\evil", "..\\evil", "a\\..\\..\\evil", "C:\\evil", "c:evil"],
)
def test_a_member_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = crafted(tmp_path, member("config.json"), member(name))
    assert refusal(path) == f"the archive's member {name!r} leads out of the folder that it is unpacked into"


@pytest.mark.parametrize("name", ["a//b", "./a", "a/./b", "a\0b"])
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    path = crafted(tmp_path, member(name.replace("\0", "_")))
    path.write_bytes(path.read_bytes().replace(b"a_b", b"a\0b"))  # of which `zipfile` would cut the end off
    assert refusal(path) == f"the archive's member {name!r} has a name that is not plain"


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


def test_what_is_no_file_is_not_opened_nor_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in ((tmp_path / "pipe", "a pipe or a device"), (Path("/dev/zero"), "a pipe or a device")):
        for call in (open_file, read_file, sha256_of_file):
            with pytest.raises(OSError, match=why):
                call(path)
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none")


def test_no_more_is_read_than_is_allowed(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as handle:
        handle.truncate(6_000_000_000)  # takes no room on the disk
    with pytest.raises(OSError, match="it has 6,000,000,000 bytes; at most 2,147,483,648 are read"):
        read_file(tmp_path / "large")
    (tmp_path / "small").write_bytes(b"abc")
    assert read_file(tmp_path / "small", most=3) == b"abc"


def test_native_code_is_given_the_letters_that_a_locale_lacks() -> None:
    assert native_path(Path("a/é 空")) == "a/é 空"
    for of_the_locale in ("a/\udcc3\udca9", "a/\udce7\udca9\udcba"):  # as Python has them under LC_ALL=C
        assert native_path(Path(of_the_locale)).encode() == os.fsencode(of_the_locale)
    with pytest.raises(MeasurementError, match="a path that is not UTF-8"):
        native_path(Path("a/\udce9"))  # Latin-1


def test_what_is_no_array_is_refused_whatever_its_header_says(tmp_path: Path) -> None:
    np.save(tmp_path / "some.npy", np.arange(6).reshape(2, 3))
    assert mapped_array(tmp_path / "some.npy").tolist() == [[0, 1, 2], [3, 4, 5]]
    np.savez(tmp_path / "several.npz", a=np.zeros(3))
    np.save(tmp_path / "one.npy", np.array(1))
    header = b"{'descr':'|u1','fortran_order':False,'shape':(-1,8,8,3)}".ljust(117) + b"\n"
    (tmp_path / "negative.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"x" * 9
    )
    (tmp_path / "empty.npy").touch()
    for name in ("several.npz", "one.npy", "negative.npy", "empty.npy"):
        with pytest.raises(ValueError, match=r"."):
            mapped_array(tmp_path / name)
