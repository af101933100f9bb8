"""`zoobench export`: how does a cell leave the store as files that an application is built with?"""

import shutil
from pathlib import Path

import click

from zoobench.commands.baseline import find_run
from zoobench.commands.options import PATH, artifacts_option
from zoobench.errors import ModelError, ResultsError, UsageError
from zoobench.kit.reader import find_kept
from zoobench.results.run import Run, read_recorded
from zoobench.results.schema import Record
from zoobench.run.locate import find_models
from zoobench.run.options import defaults
from zoobench.show.model_card import to_card
from zoobench.show.snippets import KOTLIN, PYTHON, Exported, to_kotlin, to_labels, to_python
from zoobench.system.files import sha256_of_file, write_bytes, writing
from zoobench.system.terminal import say
from zoobench.system.units import few, megabytes, short_hash
from zoobench.tflite.ports import read_ports

MODEL, LABELS, CARD = "model.tflite", "labels.txt", "model-card.md"
_NAMED = 12


@click.command()
@click.argument("cell", required=False)
@click.option("-o", "--output", required=True, metavar="DIR", type=PATH, help="The folder to write; it must be empty.")
@click.option("--from", "source", metavar="RUN", help="The run that has the cell. Default: the newest of this machine.")
@click.option("--force", is_flag=True, help="Write into a folder that holds something.")
@artifacts_option
def export(*, cell: str | None, output: Path, source: str | None, force: bool, artifacts: Path) -> None:
    """Write CELL of a run as files to build an application with, into DIR.

    \b
    model.tflite    the file that was measured
    labels.txt      the class of each output
    model-card.md   its record in words, what it takes and gives
    classify.py     Python that answers photos as the run did
    Classifier.kt   Kotlin for Android

    CELL is an id of the run's table, such as mobilenet-integer_only-litert-t1; `zoobench recommend` says which holds
    your limits. It may be left out where there is only one.
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    run = read_recorded(find_run(source, artifacts=artifacts))
    record = chosen(run, cell)
    written = export_cell(run, record, folder=output, artifacts=artifacts, overwriting=force)
    size, sha256 = record.model.size_bytes if record.model else None, sha256_of_file(written)
    say(f"wrote {output}: {record.cell.id}, {megabytes(size)} MB, SHA-256 {short_hash(sha256)}")
    say(f"try it with: python {output / PYTHON} PHOTO")
    if record.cell.has_random_weights:
        say("its weights are random: its answers mean nothing", error=True)


def chosen(run: Run, cell: str | None) -> Record:
    """Returns the record of the cell that is asked for, or of the only one with a file that can be exported.

    Raises:
        UsageError: If there is none, or several and none is asked for.
    """
    able = {name: one for name, one in run.records.items() if one.model and one.model.contract and not one.refusal}
    listed = few(list(able), most=_NAMED) if able else "none"
    if cell is None and len(able) == 1:
        return next(iter(able.values()))
    if cell is None:
        raise UsageError(
            f"received no cell; name one of {run.name}: {listed}. `zoobench recommend` says which holds your limits"
        )
    if cell not in run.records:
        raise UsageError(f"{run.name} has no cell {cell!r}; cells that can be exported are {listed}")
    if cell not in able:
        record = run.records[cell]
        why = record.refusal.reason if record.refusal else "it has no TFLite file"
        raise UsageError(f"{cell} cannot be exported: {why}; cells that can be are {listed}")
    return able[cell]


def export_cell(run: Run, record: Record, *, folder: Path, artifacts: Path, overwriting: bool = False) -> Path:
    """Writes a cell's files into a folder and returns the model's.

    Raises:
        UsageError: If the folder is none, or holds something.
        ModelError: If the model's file is not there any more.
        ResultsError: If they cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or (not overwriting and any(folder.iterdir()))):
        raise UsageError(f"{folder} is there already; name another folder, or write into it with --force")
    file = find_file(record, artifacts)
    taken, given = read_ports(file)
    texts = {**defaults(), **run.provenance.options}
    own = {"interface": record.model.interface} if record.model and record.model.interface else {}
    exported = Exported(
        run=run,
        record=record,
        taken=taken,
        given=given,
        resize=texts["resize"],
        upright=texts["exif"] == "apply",
        **own,
    )
    writers = {LABELS: to_labels, CARD: to_card, PYTHON: to_python, KOTLIN: to_kotlin}
    try:
        with file.open("rb") as source, writing(folder / MODEL) as copy:
            shutil.copyfileobj(source, copy)
        for name, write in writers.items():
            write_bytes(folder / name, write(exported).encode())
    except OSError as error:
        raise ResultsError(f"cannot write {folder}: {error.strerror}; name another folder with -o") from error
    return folder / MODEL


def find_file(record: Record, artifacts: Path) -> Path:
    """Returns the very file that was measured, in the store or in the kit that it came in.

    Raises:
        ModelError: If neither has it.
    """
    sha256 = record.model.sha256 if record.model else ""
    if found := find_models([record], artifacts=artifacts).get(sha256):
        return found
    kept = find_kept(record.kit, artifacts=artifacts) if record.kit else None
    for name, known in kept.manifest.files.items() if kept else ():
        if known.sha256 == sha256 and kept:
            return kept.folder / name
    raise ModelError(
        f"the file of {record.cell.id} (SHA-256 {short_hash(sha256)}) is not in {artifacts} any more; name the folder "
        "that the run used with --artifacts, or measure again with the same options"
    )
