"""`zoobench inspect`: what is in a TFLite file, and is it what it is labelled?"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from zoobench.commands.options import PATH, output_options, present
from zoobench.errors import ModelError, Status, UsageError
from zoobench.matrix.variants import SPECS, TABLE, VARIANTS, spec_of
from zoobench.show.document import Block, Document, Grid, Lines, View
from zoobench.store.product import read_manifest
from zoobench.system.units import percent, size, three_digits
from zoobench.tflite.contract import (
    Contract,
    Endpoint,
    LayerKind,
    Violation,
    labels_met,
    plain,
    read_contract,
    violations,
)

_NONE = "none"


@click.command()
@click.argument("file", type=PATH)
@click.option("--as", "label", metavar="LABEL", help="Compare with this variant's spec; status 1 if it is violated.")
@output_options
def inspect(*, file: Path, label: str | None, form: str, output: Path | None) -> None:
    """Print what a TFLite file takes, stores and computes in, and which variant it is."""
    found = inspect_file(file, label=label)
    present(view(found), form=form, output=output)
    sys.exit(Status.FAILED if found.violations else Status.PASSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found in a file.

    Attributes:
        path: The file.
        contract: What is in it.
        label: What it was held to; None if nothing.
        violations: Where it breaks that label's spec.
        labels_met: All of our labels whose spec it meets.
    """

    path: Path
    contract: Contract
    label: str | None
    violations: tuple[Violation, ...]
    labels_met: tuple[str, ...]


def inspect_file(path: Path, *, label: str | None = None) -> Inspection:
    """Returns what is in a TFLite file and whether it keeps a label's spec.

    Args:
        path: The file.
        label: What to hold it to; without one, what the manifest beside a model of ours says that it is.

    Raises:
        UsageError: If the label promises nothing of a TFLite file.
        ModelError: If the file cannot be read, is not a TFLite file, is cut off or is damaged.
    """
    if label is not None and label not in _labels():
        raise UsageError(f"--as: received {label!r}; allowed is one of {', '.join(_labels())}")
    try:
        contract = read_contract(path.read_bytes())
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give a TFLite file") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    label = label or _label_in_store(path)
    return Inspection(
        path=path,
        contract=contract,
        label=label,
        violations=violations(contract, spec) if label and (spec := spec_of(label)) else (),
        labels_met=labels_met(contract),
    )


def view(inspection: Inspection) -> View:
    """Returns an inspection for every writer."""
    facts = _facts(inspection.contract)
    return View(
        document=lambda: document(inspection),
        plain=lambda: _plain(inspection),
        rows=lambda: [{"about": about, "found": line} for about, lines in facts for line in lines],
    )


def document(inspection: Inspection) -> Document:
    """Returns the facts of a file with a verdict under them."""
    head = f"{inspection.path}, {size(inspection.contract.size_bytes)}"
    rows = (
        (about if position == 0 else "", line)
        for about, lines in _facts(inspection.contract)
        for position, line in enumerate(lines or [_NONE])
    )
    facts = Grid(heads=(), rows=tuple(rows), words=frozenset({1}))
    return Document(title=inspection.path.name, blocks=(Lines(lines=(head,)), facts, *_verdict(inspection)))


def _plain(inspection: Inspection) -> dict[str, Any]:
    return {
        "file": str(inspection.path),
        "label": inspection.label,
        "violations": [
            {"about": one.about, "required": one.required, "found": one.found} for one in inspection.violations
        ],
        "labels_met": inspection.labels_met,
        "contract": plain(inspection.contract),
    }


def _label_in_store(path: Path) -> str | None:
    """Returns the variant that the manifest beside a file of our store says that it is, or None."""
    try:
        manifest = read_manifest(path.parent)
    except ValueError:
        return None
    label = manifest.inputs.get("variant") if manifest.file == path.name else None
    return label if isinstance(label, str) and label in _labels() else None


def _labels() -> tuple[str, ...]:
    """Returns every variant that is a TFLite file, as all that packages add are."""
    return tuple(dict.fromkeys((*SPECS, *(name for name in TABLE.names() if name not in VARIANTS))))


def _facts(contract: Contract) -> tuple[tuple[str, Sequence[str]], ...]:
    return (
        ("inputs", [_port(port) for port in contract.inputs]),
        ("outputs", [_port(port) for port in contract.outputs]),
        ("weights", _shares(contract)),
        ("biases", _sizes(contract.bias_bytes)),
        ("other constants", _sizes(contract.other_constant_bytes)),
        ("layers", [_layers(kind, count) for kind, count in contract.layers.items()]),
        ("operators", _counts(contract.operators)),
        ("QUANTIZE", _counts(contract.quantize)),
        ("DEQUANTIZE", _counts(contract.dequantize)),
        ("outside integers", _counts(contract.outside_integer_set)),
        ("tensors", _counts(contract.tensors)),
    )


def _port(port: Endpoint) -> str:
    shape = " × ".join("?" if side < 0 else str(side) for side in port.shape)
    scale = "" if port.scale is None else f", scale {three_digits(port.scale)}, zero point {port.zero_point or 0}"
    return f"{port.name}: {port.type}, {shape or 'a number'}{scale}"


def _shares(contract: Contract) -> list[str]:
    sizes, shares = contract.weight_bytes, contract.weight_shares
    return [f"{kind}: {percent(shares[kind])} %, {size(count)}" for kind, count in sizes.items()]


def _sizes(sizes: Mapping[str, int]) -> list[str]:
    return [f"{kind}: {size(count)}" for kind, count in sizes.items()]


def _layers(kind: LayerKind, count: int) -> str:
    scales = "" if kind.granularity == "none" else f", a scale for each {kind.granularity}"
    return f"{count:3} {kind.operator}: {kind.computing}, {kind.activations} × {kind.weights}{scales}"


def _counts(counts: Mapping[str, int]) -> list[str]:
    return [", ".join(f"{count} {name}" for name, count in counts.items())] if counts else []


def _verdict(inspection: Inspection) -> tuple[Block, ...]:
    if inspection.violations:
        line = f"{inspection.path} does not meet the spec of {inspection.label}."
        rows = tuple((one.about, one.required, one.found) for one in inspection.violations)
        grid = Grid(heads=("violated", "required", "found"), rows=rows, words=frozenset({1, 2}))
        return (Lines(lines=(line,), tone="bad"), grid)
    if inspection.label:
        return (Lines(lines=(f"It meets the spec of {inspection.label}.",), tone="good"),)
    met = " and ".join(inspection.labels_met)
    return (Lines(lines=(f"It meets the spec of {met}." if met else f"It meets no spec: {', '.join(SPECS)}.",)),)
