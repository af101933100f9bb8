"""`zoobench inspect`: what is in a TFLite file, and is it what it is labelled?"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from zoobench.commands.options import PATH, output_options, present
from zoobench.errors import ModelError, Status, UsageError
from zoobench.matrix.variants import SPECS, TABLE, VARIANTS, spec_of
from zoobench.run.locate import manifest_beside
from zoobench.show.document import Block, Document, Grid, Lines, View
from zoobench.system.units import percent, size, three_digits
from zoobench.tflite.contract import Contract, Violation, labels_met, plain, read_contract, violations
from zoobench.tflite.read import Tensor


@click.command()
@click.argument("file", type=PATH)
@click.option("--as", "label", metavar="LABEL", help="Compare with this variant's spec; status 1 if it is violated.")
@output_options
def inspect(*, file: Path, label: str | None, form: str, output: Path | None) -> None:
    """Print what a TFLite file takes, stores and computes in, and which variant it is."""
    contract, found_label = inspect_file(file, label=label)
    present(view(file, contract, label=found_label), form=form, output=output)
    sys.exit(Status.FAILED if _violations(contract, found_label) else Status.PASSED)


def inspect_file(path: Path, *, label: str | None = None) -> tuple[Contract, str | None]:
    """Returns what is in a TFLite file, and the label whose spec it is to meet.

    That is, unless another is given, what the manifest beside a model of ours says that it is; None of any other file.
    """
    known = dict.fromkeys((*SPECS, *(name for name in TABLE.names() if name not in VARIANTS)))
    if label is not None and label not in known:
        raise UsageError(f"--as: received {label!r}; allowed is one of {', '.join(known)}")
    try:
        contract = read_contract(path.read_bytes())
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give a TFLite file") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    if label is None:
        with suppress(ModelError):  # what stands beside a file need not be of our store
            manifest = manifest_beside(path)
            variant = manifest.inputs.get("variant") if manifest else None
            label = variant if isinstance(variant, str) and variant in known else None
    return contract, label


def view(path: Path, contract: Contract, *, label: str | None = None) -> View:
    """Returns for every writer what is in a file, with a verdict on its label or on all of ours."""
    return View(
        document=lambda: _document(path, contract, label),
        plain=lambda: {
            "file": str(path),
            "label": label,
            "violations": [asdict(one) for one in _violations(contract, label)],
            "labels_met": labels_met(contract),
            "contract": plain(contract),
        },
        rows=lambda: [{"about": about, "found": line} for about, lines in _facts(contract).items() for line in lines],
    )


def _violations(contract: Contract, label: str | None) -> tuple[Violation, ...]:
    return violations(contract, spec) if label and (spec := spec_of(label)) else ()


def _document(path: Path, contract: Contract, label: str | None) -> Document:
    rows = tuple(
        (about if position == 0 else "", line)
        for about, lines in _facts(contract).items()
        for position, line in enumerate(lines or ["none"])
    )
    head = Lines(lines=(f"{path}, {size(contract.size_bytes)}",))
    facts = Grid(heads=(), rows=rows, words=frozenset({1}))
    return Document(title=path.name, blocks=(head, facts, *_verdict(path, contract, label)))


def _facts(contract: Contract) -> Mapping[str, list[str]]:
    shares = contract.weight_shares
    return {
        "inputs": [_port(port) for port in contract.inputs],
        "outputs": [_port(port) for port in contract.outputs],
        "weights": [
            f"{kind}: {percent(shares[kind])} %, {size(count)}" for kind, count in contract.weight_bytes.items()
        ],
        "biases": [f"{kind}: {size(count)}" for kind, count in contract.bias_bytes.items()],
        "other constants": [f"{kind}: {size(count)}" for kind, count in contract.other_constant_bytes.items()],
        "layers": list(_layers(contract)),
        "operators": _counts(contract.operators),
        "QUANTIZE": _counts(contract.quantize),
        "DEQUANTIZE": _counts(contract.dequantize),
        "outside integers": _counts(contract.outside_integer_set),
        "tensors": _counts(contract.tensors),
    }


def _port(port: Tensor) -> str:
    shape = " × ".join("?" if side < 0 else str(side) for side in port.shape)
    scale = "" if port.scale is None else f", scale {three_digits(port.scale)}, zero point {port.zero_point or 0}"
    return f"{port.name}: {port.type}, {shape or 'a number'}{scale}"


def _layers(contract: Contract) -> Iterator[str]:
    for kind, count in contract.layers.items():
        scales = "" if kind.granularity == "none" else f", a scale for each {kind.granularity}"
        yield f"{count:3} {kind.operator}: {kind.computing}, {kind.activations} × {kind.weights}{scales}"


def _counts(counts: Mapping[str, int]) -> list[str]:
    return [", ".join(f"{count} {name}" for name, count in counts.items())] if counts else []


def _verdict(path: Path, contract: Contract, label: str | None) -> tuple[Block, ...]:
    if violated := _violations(contract, label):
        line = f"{path} does not meet the spec of {label}."
        rows = tuple((one.about, one.required, one.found) for one in violated)
        grid = Grid(heads=("violated", "required", "found"), rows=rows, words=frozenset({1, 2}))
        return (Lines(lines=(line,), tone="bad"), grid)
    if label:
        return (Lines(lines=(f"It meets the spec of {label}.",), tone="good"),)
    met = " and ".join(labels_met(contract))
    return (Lines(lines=(f"It meets the spec of {met}." if met else f"It meets no spec: {', '.join(SPECS)}.",)),)
