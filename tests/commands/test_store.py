"""Do the commands around the store list, check and free what they should, and teach how?"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kept_store import HEAD, filled, foreign, set_aside, unfinished
from zoobench.cli import main
from zoobench.store.product import MANIFEST, Stored


@pytest.fixture
def stored(tmp_path: Path) -> dict[str, Stored]:
    return filled(tmp_path)


def run(*arguments: str, artifacts: Path) -> Result:
    return CliRunner().invoke(main, ["store", *arguments, "--artifacts", str(artifacts)])


@pytest.mark.usefixtures("stored")
def test_list_shows_a_table_or_json(tmp_path: Path) -> None:
    assert run("list", artifacts=tmp_path).output.splitlines()[-1].startswith("3 products")
    assert len(json.loads(run("list", "--format", "json", artifacts=tmp_path).output)) == 3


@pytest.mark.usefixtures("stored")
def test_verify_names_what_is_left_and_set_aside_and_ends_well_on_a_sound_store(tmp_path: Path) -> None:
    foreign(tmp_path)
    done = run("verify", artifacts=tmp_path)
    assert (done.exit_code, done.stdout) == (0, "3 products, 3 files: all as they were made\n")
    left, aside = unfinished(tmp_path), set_aside(tmp_path)
    done = run("verify", artifacts=tmp_path)
    assert done.exit_code == 0
    assert f"unfinished: {left}: left by a run that was killed\n" in done.stdout
    assert f"set aside: {aside} (0.00200 MB)\n" in done.stdout


def test_verify_names_what_is_damaged_and_ends_with_status_1(tmp_path: Path, stored: dict[str, Stored]) -> None:
    stored["models"].path.write_bytes(bytes(1001))
    (stored["datasets"].path.parent / MANIFEST).unlink()
    done = run("verify", artifacts=tmp_path)
    assert done.exit_code == 1
    folder = stored["models"].path.parent
    assert f"damaged: {folder}: head.keras has 1001 bytes instead of 1000\n" in done.stdout
    assert f"damaged: {stored['datasets'].path.parent}: {MANIFEST} cannot be read" in done.stdout
    assert done.stdout.endswith("3 products, 2 files: 2 damaged\n")


def test_prune_says_what_it_removed_and_how_much_that_freed(tmp_path: Path, stored: dict[str, Stored]) -> None:
    left = unfinished(tmp_path)
    done = run("prune", "--keep-days", "0", artifacts=tmp_path)
    assert done.exit_code == 0
    assert f"removed {stored['models'].path.parent} (0.00" in done.stdout
    assert f"removed {left} (0.00100 MB): left by a run that was killed\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("freed 0.00")
    assert not any(path.is_dir() for path in tmp_path.glob("*/*"))


def test_a_dry_run_only_says_what_would_go(tmp_path: Path, stored: dict[str, Stored]) -> None:
    done = run("prune", "--keep-days", "0", "--dry-run", artifacts=tmp_path)
    assert done.stdout.startswith("would remove ")
    assert done.stdout.splitlines()[-1].startswith("would free 0.00")
    assert all(one.path.exists() for one in stored.values())


@pytest.mark.usefixtures("stored")
def test_prune_frees_nothing_where_all_is_in_use(tmp_path: Path) -> None:
    assert run("prune", "--keep-days", "20000", artifacts=tmp_path).stdout == "freed 0 MB\n"


@pytest.mark.parametrize("arguments", [(), ("--keep-days", "-1"), ("--keep-days", "many")])
def test_prune_removes_nothing_unless_it_is_told_what_to_keep(
    tmp_path: Path, stored: dict[str, Stored], arguments: tuple[str, ...]
) -> None:
    assert run("prune", *arguments, artifacts=tmp_path).exit_code == 2
    assert all(one.path.exists() for one in stored.values())


def test_path_prints_the_store_or_a_products_file(tmp_path: Path, stored: dict[str, Stored]) -> None:
    assert run("path", artifacts=tmp_path).stdout == f"{tmp_path}\n"
    assert run("path", HEAD.name, artifacts=tmp_path).stdout == f"{stored['models'].path}\n"


@pytest.mark.parametrize("command", [("list",), ("verify",), ("prune", "--keep-days", "1"), ("path", "x")])
def test_a_missing_store_is_named_without_a_traceback(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run(*command, artifacts=tmp_path / "none")
    assert done.exit_code == 2
    assert done.output.startswith(f"zoobench: there is no store in {tmp_path / 'none'}; ")
