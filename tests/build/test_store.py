"""Is a product made once, kept whole, and made again when it is damaged?"""

import errno
import json
import multiprocessing
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoobench.build import store
from zoobench.build.store import FORMAT, MANIFEST, Facts, Product, Stored, find, obtain
from zoobench.errors import ModelError
from zoobench.files import sha256_of_file

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


def visible(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if not path.name.endswith(".lock"))


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as caught:
        call()
    return str(caught.value)


def altered_manifest(folder: Path, **changes: Any) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "artifacts" / "models"


@pytest.fixture
def kept(root: Path) -> Stored:
    return obtain(root, PRODUCT, Maker())


# Made once


def test_a_product_is_made_once(root: Path) -> None:
    maker = Maker()
    first, second = obtain(root, PRODUCT, maker), obtain(root, PRODUCT, maker)
    assert maker.calls == 1
    assert first == second
    assert first.path == root / PRODUCT.folder_name / "head.keras"
    assert first.path.read_bytes() == b"weights"
    assert (first.size_bytes, first.sha256) == (7, sha256_of_file(first.path))
    assert (first.inputs, first.facts) == (PRODUCT.inputs, {"accuracy": 0.5})


def test_only_the_product_stands_in_the_store(root: Path, kept: Stored) -> None:
    assert visible(root) == [PRODUCT.folder_name]
    assert sorted(path.name for path in kept.path.parent.iterdir()) == ["head.keras", MANIFEST, "picture.png"]
    assert kept.path.parent.stat().st_mode & 0o777 == 0o755


def test_the_manifest_tells_all_about_it(kept: Stored) -> None:
    manifest = json.loads((kept.path.parent / MANIFEST).read_text())
    assert manifest.pop("made").endswith("+00:00")
    assert manifest.pop("seconds") >= 0
    assert manifest == {
        "format": FORMAT,
        "file": "head.keras",
        "sha256": kept.sha256,
        "size_bytes": 7,
        "inputs": {"seed": 0, "epochs": [1, 2]},
        "facts": {"accuracy": 0.5},
    }


def test_finding_makes_nothing(root: Path) -> None:
    assert find(root, PRODUCT) is None
    assert not root.exists()


def test_a_store_that_was_moved_still_holds_its_products(root: Path, kept: Stored) -> None:
    moved = find(root.rename(root.with_name("moved")), PRODUCT)
    assert moved == replace(kept, path=root.with_name("moved") / PRODUCT.folder_name / "head.keras")


# Its name


@pytest.mark.parametrize(
    "inputs",
    [{"seed": 1, "epochs": [1, 2]}, {"seed": 0, "epochs": [2, 1]}, {"seed": 0}, {"seed": None, "epochs": [1, 2]}],
)
def test_other_inputs_are_another_product(root: Path, kept: Stored, inputs: Mapping[str, Any]) -> None:
    other = replace(PRODUCT, inputs=inputs)
    assert other.key != PRODUCT.key
    maker = Maker()
    assert obtain(root, other, maker).path != kept.path
    assert maker.calls == 1


def test_another_format_or_file_name_is_another_product(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {PRODUCT.key, replace(PRODUCT, file_name="head.tflite").key}
    monkeypatch.setattr(store, "FORMAT", FORMAT + 1)
    assert len(keys | {PRODUCT.key}) == 3


def test_the_order_of_inputs_is_no_matter() -> None:
    assert replace(PRODUCT, inputs={"epochs": [1, 2], "seed": 0}).key == PRODUCT.key


def test_the_readable_name_is_not_what_determines_it() -> None:
    renamed = replace(PRODUCT, name="dog")
    assert renamed.key == PRODUCT.key
    assert renamed.folder_name == f"dog-{PRODUCT.key[:12]}"


# Unfinished


@pytest.mark.parametrize("error", [ModelError("no weights"), KeyboardInterrupt(), ValueError("a bug")])
def test_what_could_not_be_finished_leaves_nothing(root: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        obtain(root, PRODUCT, Maker(error=error))
    assert visible(root) == []
    maker = Maker()
    obtain(root, PRODUCT, maker)
    assert maker.calls == 1


def test_an_interrupted_repair_leaves_what_was_there(root: Path, kept: Stored) -> None:
    kept.path.write_bytes(b"altered")
    with pytest.raises(KeyboardInterrupt):
        obtain(root, PRODUCT, Maker(error=KeyboardInterrupt()))
    assert visible(root) == [PRODUCT.folder_name]
    assert kept.path.read_bytes() == b"altered"


def test_what_a_killed_run_left_is_cleared_away(root: Path) -> None:
    other = root / f".{replace(PRODUCT, inputs={}).folder_name}-abcd"
    for left in (root / f".{PRODUCT.folder_name}-abcd", other):
        left.mkdir(parents=True)
        (left / "head.keras").write_bytes(b"weig")
    obtain(root, PRODUCT, Maker())
    assert visible(root) == sorted([other.name, PRODUCT.folder_name])


def test_a_maker_that_writes_no_file_is_an_error(root: Path) -> None:
    assert "No such file or directory" in message(lambda: obtain(root, PRODUCT, lambda _folder: {}))
    assert visible(root) == []


def test_facts_that_are_no_json_leave_nothing(root: Path) -> None:
    def make(folder: Path) -> Facts:
        Maker()(folder)
        return {"loss": float("nan")}

    with pytest.raises(ValueError, match="not JSON compliant"):
        obtain(root, PRODUCT, make)
    assert visible(root) == []


def test_a_full_disk_is_an_error_that_says_so(root: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert message(lambda: obtain(root, PRODUCT, Maker(error=full))) == (
        f"cannot keep cat-32-head in {root}: [Errno 28] No space left on device; free some space or mend the folder"
    )
    assert visible(root) == []


def test_a_disk_that_fills_up_on_the_last_file_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "[Errno 28] No space left on device" in message(lambda: obtain(root, PRODUCT, Maker()))
    assert visible(root) == []


def test_a_store_that_is_a_file_is_an_error_that_says_so(root: Path) -> None:
    root.parent.mkdir(parents=True)
    root.write_bytes(b"")
    expected = (
        f"cannot keep cat-32-head in {root}: [Errno 17] File exists: '{root}'; free some space or mend the folder"
    )
    assert message(lambda: obtain(root, PRODUCT, Maker())) == expected


# Damaged


def test_an_altered_file_is_named_and_made_again(root: Path, kept: Stored, capsys: pytest.CaptureFixture[str]) -> None:
    kept.path.write_bytes(b"altered")  # as long as before
    maker = Maker()
    assert obtain(root, PRODUCT, maker) == kept
    assert (maker.calls, kept.path.read_bytes()) == (1, b"weights")
    assert capsys.readouterr().err == (
        f"zoobench: {kept.path.parent} does not fit its manifest; it will be made again\n"
    )


@pytest.mark.parametrize("content", [b"", b"weig", b"weights and more"])
def test_a_file_of_another_length_is_made_again(root: Path, kept: Stored, content: bytes) -> None:
    kept.path.write_bytes(content)
    maker = Maker()
    assert obtain(root, PRODUCT, maker) == kept
    assert maker.calls == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'{"file": 3}'])
def test_a_manifest_that_cannot_be_read_is_written_again(root: Path, kept: Stored, content: bytes) -> None:
    (kept.path.parent / MANIFEST).write_bytes(content)
    maker = Maker()
    assert obtain(root, PRODUCT, maker) == kept
    assert maker.calls == 1


@pytest.mark.parametrize(
    "changes",
    [{"format": FORMAT + 1}, {"sha256": "0" * 64}, {"size_bytes": 8}, {"file": "gone.keras"}, {"file": None}],
    ids=str,
)
def test_a_manifest_that_does_not_fit_is_written_again(root: Path, kept: Stored, changes: dict[str, Any]) -> None:
    altered_manifest(kept.path.parent, **changes)
    maker = Maker()
    assert obtain(root, PRODUCT, maker) == kept
    assert maker.calls == 1


@pytest.mark.parametrize("name", ["head.keras", MANIFEST])
def test_a_file_that_is_missing_is_made_again(root: Path, kept: Stored, name: str) -> None:
    (kept.path.parent / name).unlink()
    maker = Maker()
    assert obtain(root, PRODUCT, maker) == kept
    assert maker.calls == 1


def test_a_file_in_the_place_of_the_folder_is_an_error_that_says_so(root: Path) -> None:
    root.mkdir(parents=True)
    (root / PRODUCT.folder_name).write_bytes(b"")
    assert "Not a directory" in message(lambda: obtain(root, PRODUCT, Maker()))


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
