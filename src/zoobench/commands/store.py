"""What can be done with the store? `zoobench store list | verify | prune | path`; each command only calls."""

import sys
import time
from pathlib import Path

import click

from zoobench.commands.options import artifacts_option, output_options, present
from zoobench.errors import Status
from zoobench.show.inventory import store_view
from zoobench.store.inventory import (
    Removal,
    damages,
    is_being_made,
    main_files,
    products,
    remnants,
    removals,
    remove,
)
from zoobench.system.terminal import progress, say
from zoobench.system.units import megabytes

_UNFINISHED = {
    True: "being made by a run",
    False: "left by a run that was killed",
    None: "whether a run is making it cannot be told without the right to write here",
}


@click.group()
def store() -> None:
    """List, verify and prune the artifact store: decoded images, models and evaluations that runs have kept.

    Everything is kept by the hash of all that determines it. What the store holds is not made again, what is damaged is
    set aside and made again, and all of it can be removed at any time: the next run makes what it needs.
    """


@store.command(name="list", short_help="List every product of the store.")
@artifacts_option
@output_options
def list_(*, artifacts: Path, form: str, output: Path | None) -> None:
    """List every product: kind, size, when it was made and last used, how long making it took.

    `--format json` adds what determined it.
    """
    present(store_view(products(artifacts)), form=form, output=output)


@store.command(short_help="Check the hash of every file.")
@artifacts_option
def verify(artifacts: Path) -> None:
    """Check the hash of every file; ends with status 1 if anything is damaged.

    Damaged products are only named: the next run that needs one sets it aside and makes it again. Named too is what
    was set aside, and what runs left that were killed; `zoobench store prune` removes both.
    """
    entries = products(artifacts)
    files = sum(len(entry.manifest.files) for entry in entries if entry.manifest)
    with progress("Checking files", total=files) as advance:
        found = list(damages(entries, on_file=lambda name: advance(1, name)))
    for folder, reason in found:
        say(f"damaged: {folder}: {reason}")
    for one in remnants(artifacts):
        if one.set_aside:
            say(f"set aside: {one.folder} ({megabytes(one.size_bytes)} MB)")
        else:
            say(f"unfinished: {one.folder}: {_UNFINISHED[is_being_made(one)]}")
    say(f"{len(entries)} products, {files} files: {f'{len(found)} damaged' if found else 'all as they were made'}")
    if found:
        sys.exit(Status.FAILED)


@store.command(short_help="Remove what was not used for N days.")
@artifacts_option
@click.option(
    "--keep-days",
    type=click.IntRange(min=0),
    required=True,
    metavar="N",
    help="Keep what was used within the last N days; 0 keeps nothing.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def prune(artifacts: Path, keep_days: int, dry_run: bool) -> None:
    """Remove what was not used for N days, what was set aside, and what killed runs left.

    Results are not touched. What a run is making stays. With a small N, do not prune while a benchmark measures: it
    may be about to open what goes.
    """
    planned = removals(artifacts, keep_days=keep_days, now=time.time())
    done = planned if dry_run else [remove(one) for one in planned]
    for one in done:
        say(_described(one, verb="would remove" if dry_run else "removed"))
    total = megabytes(sum(one.size_bytes for one in done if one.obstacle is None))
    say(f"{'would free' if dry_run else 'freed'} {total} MB")


@store.command(short_help="Print the folder, or the files of a product.")
@artifacts_option
@click.argument("name_prefix", required=False)
def path(artifacts: Path, name_prefix: str | None) -> None:
    """Print the store's folder, or the file of every product whose name begins with NAME_PREFIX.

    For example: cp "$(zoobench store path mobilenet-224-integer_only)" .
    """
    if name_prefix is None:
        say(artifacts.resolve())
        return
    for file in main_files(products(artifacts), prefix=name_prefix):
        say(file)


def _described(removal: Removal, *, verb: str) -> str:
    if removal.obstacle:
        return f"kept {removal.folder}: {removal.obstacle}"
    return f"{verb} {removal.folder} ({megabytes(removal.size_bytes)} MB): {removal.why}"
