"""Which cells of a baseline go by another name in the candidate, as asked for or as their files say?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from zoobench.errors import UsageError
from zoobench.results.schema import Record
from zoobench.system.units import few

_OPTION = "--rename {0} (in pytest --zoo-gate-rename {0})"
_NAMED = 12
_Records = Mapping[str, Record]
"""Of one side, by cell id."""
_Parts = tuple[str, int, str]
"""What a cell's id says besides its backbone: runtime, threads and variant."""


def renamed(baseline: _Records, candidate: _Records, renames: Sequence[str]) -> dict[str, Record]:
    """Returns the baseline's records by the ids that the candidate has for them.

    Args:
        baseline: Records by cell id.
        candidate: As `baseline`.
        renames: `OLD=NEW`, each the name of a backbone, or the id of a cell of the same variant, runtime and threads.

    Raises:
        UsageError: If one is not of that form, a side does not have what it names, or two cells would have one id.
    """
    names: dict[str, str] = {}
    for text, (old, new) in zip(renames, parsed(baseline, renames), strict=True):
        names |= _backbones_of(text, old, new, baseline, candidate) or _cell_of(text, old, new, baseline, candidate)
    found: dict[str, Record] = {}
    for cell_id, record in baseline.items():
        backbone = names.get(cell_id)
        one = _called(record, backbone) if backbone else record
        if one.cell.id in found:
            raise UsageError(
                f"--rename: received {', '.join(renames)}, by which two cells of the baseline would be {one.cell.id}; "
                "name backbones that the candidate has and the baseline does not"
            )
        found[one.cell.id] = one
    return found


def parsed(baseline: _Records, renames: Sequence[str]) -> list[tuple[str, str]]:
    """Returns old and new names, before anything of the candidate is known.

    Raises:
        UsageError: If one is not of the form `OLD=NEW`, or the baseline has no backbone and no cell of that name.
    """
    pairs = []
    for text in renames:
        old, sign, new = (part.strip() for part in text.partition("="))
        if not (sign and old and new):
            raise UsageError(f"--rename: received {text!r}; allowed is OLD=NEW, two backbones or two ids of cells")
        if old not in baseline and old not in _backbones(baseline):
            raise _unknown(text, old, "baseline", baseline)
        pairs.append((old, new))
    return pairs


def same_files(baseline: _Records, candidate: _Records) -> list[tuple[str, str]]:
    """Returns the cells that one side lacks and whose file the other side has by another name: old id, new id."""
    known = {
        (record.model.sha256, *_parts(record)): cell_id
        for cell_id, record in candidate.items()
        if record.model and cell_id not in baseline
    }
    return [
        (cell_id, new)
        for cell_id, record in baseline.items()
        if record.model and cell_id not in candidate and (new := known.get((record.model.sha256, *_parts(record))))
    ]


def by_two_names(pairs: Sequence[tuple[str, str]]) -> str:
    """Returns cells of `same_files` as a part of a sentence."""
    return f"the same file by two names: {few([f'{old} and {new}' for old, new in pairs], most=_NAMED)}"


def advice(baseline: _Records, candidate: _Records) -> Iterator[str]:
    """Yields which cells that one side lacks have the same file on the other, and the option that joins them."""
    ours, theirs = set(_backbones(baseline)), set(_backbones(candidate))
    if pairs := same_files(baseline, candidate):
        texts = (f"{baseline[one].cell.backbone}={candidate[other].cell.backbone}" for one, other in pairs)
        joined = ",".join(dict.fromkeys(texts))
        yield f"{by_two_names(pairs)}; join them by {_OPTION.format(joined)}"
    elif ours - theirs and theirs - ours:
        yield f"if a model goes by another name now, join its cells by {_OPTION.format('OLD=NEW')}"


def _backbones_of(text: str, old: str, new: str, baseline: _Records, candidate: _Records) -> dict[str, str]:
    """Returns the new backbone of each cell, by its id, where `old` and `new` are backbones."""
    ours = {cell_id: new for cell_id, record in baseline.items() if record.cell.backbone == old}
    if ours and new not in (known := _backbones(candidate)):
        raise UsageError(f"--rename: received {text!r}; the candidate's backbones are {few(known, most=_NAMED)}")
    return ours


def _cell_of(text: str, old: str, new: str, baseline: _Records, candidate: _Records) -> dict[str, str]:
    if new not in candidate:
        raise _unknown(text, new, "candidate", candidate)
    if _parts(baseline[old]) != _parts(candidate[new]):
        raise UsageError(
            f"--rename: received {text!r}; the two cells differ in more than the name of the backbone: variant, "
            "runtime and threads must be the same"
        )
    return {old: candidate[new].cell.backbone}


def _unknown(text: str, name: str, side: str, records: _Records) -> UsageError:
    return UsageError(
        f"--rename: received {text!r}; the {side} has no {name}. Its backbones are "
        f"{few(_backbones(records), most=_NAMED)}, its cells {few(list(records), most=_NAMED)}"
    )


def _called(record: Record, backbone: str) -> Record:
    cell = record.cell
    cell_id = f"{backbone}{cell.id.removeprefix(cell.backbone)}"
    return replace(record, cell=replace(cell, id=cell_id, backbone=backbone))


def _parts(record: Record) -> _Parts:
    return record.cell.runtime, record.cell.threads, record.cell.variant


def _backbones(records: _Records) -> list[str]:
    return list(dict.fromkeys(record.cell.backbone for record in records.values()))
