"""Is a product made once, kept whole, and made again when it is damaged?"""

import errno
import json
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from messages import message_of
from zoobench.errors import DataError, ModelError
from zoobench.store import product as store
from zoobench.store.product import (
    DAMAGED,
    FORMAT,
    MAKING,
    MANIFEST,
    Facts,
    Product,
    Stored,
    check_files,
    describe,
    find,
    locked,
    obtain,
    read_manifest,
)
from zoobench.system.files import sha256_of_file, sha256_of_json

PRODUCT = Product(name="cat-32-head", file_name="head.keras", inputs={"seed": 0, "epochs": [1, 2]})


class Maker:
    """Makes the product and counts how often it had to."""

    def __init__(self, content: bytes = b"weights", *, error: BaseException | None = None) -> None:
        self.calls = 0
        self.content = content
        self.error = error

    def __call__(self, folder: Path) -> Facts:
        self.calls += 1
        (folder / PRODUCT.file_name).write_bytes(self.content)
        (folder / "picture.png").write_bytes(b"a picture")
        if self.error:
            raise self.error
        return {"accuracy": 0.5}


def standing(root: Path) -> list[str]:
    """Returns what stands in the store but locks; what was set aside without its time."""
    names = (path.name for path in root.iterdir() if not path.name.endswith(".lock"))
    return sorted(name.rpartition("-")[0] if name.startswith(DAMAGED) else name for name in names)


message = partial(message_of, ModelError)


def altered_manifest(folder: Path, **changes: Any) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def warned(capsys: pytest.CaptureFixture[str], kept: Stored, reason: str) -> bool:
    """Tells whether standard error names the damaged product, what is wrong with it and where it went."""
    folder = kept.path.parent
    told = capsys.readouterr().err
    aside = f"; set aside as {DAMAGED}{folder.name}-"
    named = told.startswith(f"zoobench: {folder} is damaged: {reason}") and aside in told
    return named and told.endswith(", made again\n") and told.count("\n") == 1


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "artifacts" / "models"


@pytest.fixture
def kept(root: Path) -> Stored:
    return obtain(root, PRODUCT, Maker())


# Made once


def test_a_product_is_made_once_and_stands_there_alone(root: Path) -> None:
    maker = Maker()
    first, second = obtain(root, PRODUCT, maker), obtain(root, PRODUCT, maker)
    assert maker.calls == 1
    assert first == second
    assert first.path == root / PRODUCT.folder_name / "head.keras"
    assert first.path.read_bytes() == b"weights"
    assert (first.size_bytes, first.sha256) == (7, sha256_of_file(first.path))
    assert (first.inputs, first.facts) == (PRODUCT.inputs, {"accuracy": 0.5})
    assert standing(root) == [PRODUCT.folder_name]
    assert sorted(path.name for path in first.path.parent.iterdir()) == ["head.keras", MANIFEST, "picture.png"]
    assert first.path.parent.stat().st_mode & 0o777 == 0o755


def test_finding_makes_nothing(root: Path) -> None:
    assert find(root, PRODUCT) is None
    assert not root.exists()


def test_a_store_that_was_moved_still_holds_its_products(root: Path, kept: Stored) -> None:
    moved = find(root.rename(root.with_name("moved")), PRODUCT)
    assert moved == replace(kept, path=root.with_name("moved") / PRODUCT.folder_name / "head.keras")


# Its name


def test_what_determines_a_product_gives_it_its_name(root: Path, kept: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    for inputs in ({"seed": 1, "epochs": [1, 2]}, {"seed": 0, "epochs": [2, 1]}, {"seed": 0}, {"seed": None}):
        other = replace(PRODUCT, inputs=inputs)
        assert other.key != PRODUCT.key
        assert obtain(root, other, maker := Maker()).path != kept.path
        assert maker.calls == 1
    assert replace(PRODUCT, inputs={"epochs": [1, 2], "seed": 0}).key == PRODUCT.key
    assert replace(PRODUCT, name="dog").folder_name == f"dog-{PRODUCT.key[:12]}"
    keys = {PRODUCT.key, replace(PRODUCT, file_name="head.tflite").key}
    monkeypatch.setattr(store, "FORMAT", FORMAT + 1)
    assert len(keys | {PRODUCT.key}) == 3


# Unfinished


@pytest.mark.parametrize("error", [ModelError("no weights"), KeyboardInterrupt(), ValueError("a bug")])
def test_what_could_not_be_finished_leaves_nothing(root: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        obtain(root, PRODUCT, Maker(error=error))
    assert standing(root) == []
    maker = Maker()
    obtain(root, PRODUCT, maker)
    assert maker.calls == 1


def test_an_interrupted_repair_leaves_what_was_set_aside(root: Path, kept: Stored) -> None:
    kept.path.write_bytes(b"altered")
    with pytest.raises(KeyboardInterrupt):
        obtain(root, PRODUCT, Maker(error=KeyboardInterrupt()))
    assert standing(root) == [f"{DAMAGED}{PRODUCT.folder_name}"]
    assert (next(root.glob(f"{DAMAGED}*")) / "head.keras").read_bytes() == b"altered"


def test_what_a_killed_run_left_is_cleared_away(root: Path) -> None:
    other = root / f"{MAKING}{replace(PRODUCT, inputs={}).folder_name}-abcd"
    for left in (root / f"{MAKING}{PRODUCT.folder_name}-abcd", other):
        left.mkdir(parents=True)
        (left / "head.keras").write_bytes(b"weig")
    obtain(root, PRODUCT, Maker())
    assert standing(root) == sorted([other.name, PRODUCT.folder_name])


def test_a_maker_that_writes_no_file_is_an_error(root: Path) -> None:
    assert "No such file or directory" in message(lambda: obtain(root, PRODUCT, lambda _folder: {}))
    assert standing(root) == []


def test_facts_that_are_no_json_leave_nothing(root: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        obtain(root, PRODUCT, lambda folder: {**Maker()(folder), "loss": float("nan")})
    assert standing(root) == []


def test_a_disk_that_is_full_is_an_error_that_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")

    def sync(_descriptor: int) -> None:
        raise full

    expected = f"cannot keep cat-32-head in {root}: [Errno 28] No space left on device; free some space or mend"
    assert message(lambda: obtain(root, PRODUCT, Maker(error=full))).startswith(expected)
    monkeypatch.setattr("os.fsync", sync)  # on the last file
    assert message(lambda: obtain(root, PRODUCT, Maker())).startswith(expected)
    assert standing(root) == []


def test_a_store_that_is_a_file_is_an_error_that_says_so(root: Path) -> None:
    root.parent.mkdir(parents=True)
    root.write_bytes(b"")
    expected = f"cannot keep cat-32-head in {root}: [Errno 17] File exists: '{root}'; free some space or mend"
    assert message(lambda: obtain(root, PRODUCT, Maker())).startswith(expected)


def test_the_caller_says_what_kind_of_error_it_is(root: Path) -> None:
    with pytest.raises(DataError, match=r"^cannot keep cat-32-head in "):
        obtain(root, PRODUCT, Maker(error=OSError("no")), error=DataError)


# Damaged


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("head.keras", b"altered", f"the SHA-256 of head.keras is not the one in {MANIFEST}"),  # as long as before
        ("picture.png", b"A picture", f"the SHA-256 of picture.png is not the one in {MANIFEST}"),
        *(("head.keras", one, f"head.keras has {len(one)} bytes instead of 7") for one in (b"", b"weights and more")),
        *((name, None, f"{name} is missing") for name in ("head.keras", "picture.png")),
        (MANIFEST, None, f"{MANIFEST} cannot be read (No such file or directory)"),
        *((MANIFEST, one, f"{MANIFEST} is no JSON object (") for one in (b"", b"{", b"[]", b"null", b"\xff\xfe")),
        *((MANIFEST, one, f"{MANIFEST} has the format None; this") for one in (b"{}", b'{"file": 3}')),
    ],
)
def test_what_is_damaged_is_named_set_aside_and_made_again(
    root: Path, kept: Stored, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, reason: str
) -> None:
    path = kept.path.with_name(name)
    path.unlink() if content is None else path.write_bytes(content)
    maker = Maker()
    assert obtain(root, PRODUCT, maker) == kept
    assert (maker.calls, kept.path.read_bytes()) == (1, b"weights")
    assert warned(capsys, kept, reason)
    assert standing(root) == [f"{DAMAGED}{PRODUCT.folder_name}", PRODUCT.folder_name]
    aside = next(root.glob(f"{DAMAGED}*")) / name
    assert (aside.read_bytes() if aside.exists() else None) == content


def test_finding_names_what_is_damaged_and_leaves_it(
    root: Path, kept: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.path.unlink()
    assert find(root, PRODUCT) is None
    assert capsys.readouterr().err == (f"zoobench: {kept.path.parent} is damaged and not used: head.keras is missing\n")
    assert standing(root) == [PRODUCT.folder_name]


def test_another_product_in_its_folder_is_not_taken_for_it(
    root: Path, kept: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    (kept.path.parent / MANIFEST).unlink()
    describe(kept.path.parent, file="head.keras", inputs={"seed": 9}, facts={}, seconds=0)
    assert obtain(root, PRODUCT, Maker()) == kept
    assert warned(capsys, kept, f"{MANIFEST} is that of another product")


def test_a_file_that_nobody_wrote_down_is_no_damage(root: Path, kept: Stored) -> None:
    (kept.path.parent / ".DS_Store").write_bytes(b"a file manager was here")
    assert find(root, PRODUCT) == kept


@pytest.mark.parametrize(
    "changes",
    [{"format": FORMAT + 1}, {"files": {}}, {"file": "picture.png"}, {"file": None}, {"facts": {"accuracy": 0.9}}],
    ids=str,
)
def test_a_manifest_that_does_not_fit_is_written_again(root: Path, kept: Stored, changes: dict[str, Any]) -> None:
    altered_manifest(kept.path.parent, **changes)
    maker = Maker()
    assert obtain(root, PRODUCT, maker) == kept
    assert maker.calls == 1


def test_a_file_in_the_place_of_the_folder_is_set_aside(root: Path) -> None:
    root.mkdir(parents=True)
    (root / PRODUCT.folder_name).write_bytes(b"what is this?")
    assert obtain(root, PRODUCT, Maker()).path.read_bytes() == b"weights"
    assert next(root.glob(f"{DAMAGED}*")).read_bytes() == b"what is this?"


# In use


def test_the_time_of_use_is_noted_at_the_manifest(root: Path, kept: Stored) -> None:
    manifest = kept.path.parent / MANIFEST
    os.utime(manifest, (1000, 1000))
    find(root, PRODUCT)
    assert manifest.stat().st_mtime > 1_000_000


def test_a_store_that_cannot_be_written_to_is_used_all_the_same(
    root: Path, kept: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise PermissionError(errno.EROFS, "Read-only file system")

    def open_to_read(path: str | Path, flags: int, **_options: object) -> int:
        return refuse() if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else opened(path, flags)

    opened = os.open
    for name in ("utime", "mkdir"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(os, "open", open_to_read)
    assert obtain(root, PRODUCT, Maker()) == kept


@pytest.mark.parametrize("name", [".hidden", "a" * 300, "ä [x] *?"])
def test_any_name_makes_a_folder_that_is_seen(root: Path, name: str) -> None:
    product = replace(PRODUCT, name=name)
    stored = obtain(root, product, Maker())
    stored.path.write_bytes(b"altered")
    (root / f"{MAKING}{product.folder_name}-abcd").mkdir()
    assert obtain(root, product, Maker()) == stored
    assert not product.folder_name.startswith(".")
    assert len(standing(root)) == 2


# Several at once


def test_threads_that_ask_at_once_have_it_made_once(root: Path) -> None:
    barrier = threading.Barrier(4)
    maker = Maker()

    def ask() -> Stored:
        barrier.wait()
        return obtain(root, PRODUCT, maker)

    with ThreadPoolExecutor(4) as pool:
        answers = [future.result() for future in [pool.submit(ask) for _ in range(4)]]
    assert maker.calls == 1
    assert len({answer.path for answer in answers}) == 1


def test_who_waits_for_another_run_is_told_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root.mkdir(parents=True)
    with ThreadPoolExecutor(1) as pool:
        with locked(root, PRODUCT.folder_name):
            waiting = pool.submit(obtain, root, PRODUCT, Maker())
            told = ""
            while not told:
                told = capsys.readouterr().err
        assert waiting.result().path.read_bytes() == b"weights"
    assert told == f"zoobench: another run makes {PRODUCT.folder_name}; waiting for it\n"


def test_a_lock_that_another_holds_is_not_waited_for_if_so_asked(root: Path) -> None:
    root.mkdir(parents=True)
    with locked(root, "one") as first, locked(root, "one", waiting=False) as second, locked(root, "two") as third:
        assert (first, second, third) == (True, False, True)
    with locked(root, "one", waiting=False) as again:
        assert again


@pytest.mark.parametrize("said", [OSError(errno.ENOLCK, "x"), OSError(errno.EOPNOTSUPP, "x"), NotImplementedError("x")])
def test_a_file_system_without_locks_is_told_once_and_gone_on_without(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: Exception
) -> None:
    def acquire(*_args: object, **_options: object) -> None:
        raise said

    monkeypatch.setattr("zoobench.store.product.FileLock.acquire", acquire)
    others = root / f".making-{PRODUCT.folder_name}-other"
    others.mkdir(parents=True)
    for product in (PRODUCT, replace(PRODUCT, name="another")):
        assert obtain(root, product, Maker()).path.read_bytes() == b"weights"
    told = capsys.readouterr().err
    assert (told.count("without locks"), told.count(str(root.parent))) == (1, 1)
    assert "free some space" not in told
    assert others.is_dir()  # another run may be at it
    with pytest.raises(OSError, match="remove it by hand"), locked(root, "one", waiting=False):
        pass


def test_what_another_run_made_meanwhile_where_there_are_no_locks_is_used(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def acquire(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    def make_twice(folder: Path) -> Facts:
        if not calls:
            calls.append("")
            obtain(root, PRODUCT, make_twice)
        return Maker()(folder)

    calls: list[str] = []
    monkeypatch.setattr("zoobench.store.product.FileLock.acquire", acquire)
    assert obtain(root, PRODUCT, make_twice).path.read_bytes() == b"weights"
    assert [one.name for one in root.iterdir()] == [PRODUCT.folder_name]


def make_noting(folder: Path) -> Facts:
    """Makes the product and leaves a note that counts, beside the store, where every process sees it."""
    with (folder.parent.parent / "calls").open("a") as handle:
        handle.write("made\n")
    return Maker()(folder)


def ask_from_another_process(root: Path) -> str:
    return obtain(root, PRODUCT, make_noting).sha256


def test_processes_that_ask_at_once_have_it_made_once(root: Path) -> None:
    root.parent.mkdir(parents=True)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        answers = list(pool.map(ask_from_another_process, [root] * 4))
    assert len(set(answers)) == 1
    assert (root.parent / "calls").read_text() == "made\n"


def test_two_products_are_made_at_the_same_time(root: Path) -> None:
    inside = threading.Barrier(2, timeout=20)

    def make(folder: Path) -> Facts:
        inside.wait()  # passes only if the other is being made too
        return Maker()(folder)

    products = [PRODUCT, replace(PRODUCT, inputs={})]
    with ThreadPoolExecutor(2) as pool:
        assert len(list(pool.map(lambda product: obtain(root, product, make), products))) == 2


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


def test_a_true_manifest_of_another_shape_is_refused(folder: Path) -> None:
    kept = content(folder) | {"files": {"head.keras": {"sha256": "0", "size_bytes": 7}}}
    del kept["manifest_sha256"]
    (folder / MANIFEST).write_text(json.dumps(kept | {"manifest_sha256": sha256_of_json(kept)}))
    assert unreadable(folder).startswith(f"{MANIFEST} lacks what belongs into it (Expected `str` matching regex")


def test_facts_with_numbers_as_keys_are_read_back_as_json_has_them(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    describe(tmp_path, file="file", inputs={}, facts={"by epoch": {10: 0.5, 9: 0.25}}, seconds=0)
    assert read_manifest(tmp_path).facts == {"by epoch": {"10": 0.5, "9": 0.25}}
