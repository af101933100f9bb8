"""`zoobench inspect`: what is in a TFLite file, and is it what it is labelled?"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from zoobench.commands.options import PATH, format_option
from zoobench.errors import ModelError, Status, UsageError
from zoobench.matrix.specs import SPECS
from zoobench.matrix.variants import TABLE, VARIANTS, spec_of
from zoobench.store.product import read_manifest
from zoobench.system.terminal import console_text, text_console
from zoobench.system.units import percent, size, three_digits
from zoobench.tflite.contract import Contract, Endpoint, LayerKind, plain, read_contract
from zoobench.tflite.spec import Violation, describe_violations, labels_met, violations

_WIDTH = 120
_NONE = "none"


@click.command()
@click.argument("file", type=PATH)
@click.option("--as", "label", metavar="LABEL", help="Compare with this variant's spec; status 1 if it is violated.")
@format_option("text", "json")
def inspect(file: Path, label: str | None, form: str) -> None:
    """Print what a TFLite file takes, stores and computes in, and which variant it is."""
    found = inspect_file(file, label=label)
    click.echo(to_json(found) if form == "json" else to_text(found, colours=sys.stdout.isatty()), nl=False)
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


def to_json(inspection: Inspection) -> str:
    """Returns an inspection as JSON text."""
    found = {
        "file": str(inspection.path),
        "label": inspection.label,
        "violations": [
            {"about": one.about, "required": one.required, "found": one.found} for one in inspection.violations
        ],
        "labels_met": inspection.labels_met,
        "contract": plain(inspection.contract),
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def to_text(inspection: Inspection, *, colours: bool = False) -> str:
    """Returns an inspection as a table with a verdict under it.

    Args:
        inspection: What was found.
        colours: Whether the reader is a terminal that knows them.
    """
    console = text_console(width=_WIDTH, colours=colours)
    table = Table.grid(padding=(0, 2))
    for head, lines in _rows(inspection.contract):
        table.add_row(Text(head, style="bold"), "\n".join(lines) or _NONE)
    console.print(f"{inspection.path}, {size(inspection.contract.size_bytes)}", soft_wrap=True)
    console.print(table)
    console.print(_verdict(inspection), soft_wrap=True)
    return "".join(f"{line.rstrip()}\n" for line in console_text(console).splitlines())


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


def _rows(contract: Contract) -> tuple[tuple[str, Sequence[str]], ...]:
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


def _verdict(inspection: Inspection) -> Text:
    if inspection.violations:
        return Text(
            describe_violations(inspection.violations, label=str(inspection.label), file=inspection.path), style="red"
        )
    if inspection.label:
        return Text(f"It is what {inspection.label} promises.", style="green")
    kept = " and ".join(inspection.labels_met)
    return Text(f"It is what {kept} promises." if kept else f"It is what no label promises: {', '.join(SPECS)}.")
