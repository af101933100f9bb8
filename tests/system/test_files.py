"""Is a file whole or not there at all?"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.system.files import sha256_of_file, sha256_of_json, sync, write_bytes, write_json, writing


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
def test_a_failing_block_leaves_the_old_file_and_no_temporary(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), writing(path) as handle:
        fail_after(handle.write(b"half of the ne"), error)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_a_failing_block_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), writing(tmp_path / "file.bin"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_permissions_follow_the_umask_and_not_the_temporary_file(tmp_path: Path, umask: int) -> None:
    write_bytes(tmp_path / "file.bin", b"")
    assert mode(tmp_path / "file.bin") == 0o666 & ~umask == 0o640


def test_the_umask_is_left_as_it_was(tmp_path: Path, umask: int) -> None:
    write_bytes(tmp_path / "file.bin", b"")
    assert os.umask(umask) == umask


def test_a_folder_in_the_place_of_the_file_is_an_os_error_and_leaves_no_temporary(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_bytes(tmp_path / "taken", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_file_in_the_place_of_the_folder_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OSError, match="taken"):
        write_bytes(tmp_path / "taken" / "file.bin", b"content")


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


def test_what_is_missing_cannot_be_flushed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "missing")
