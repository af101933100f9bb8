"""`zoobench inspect`: what is in a TFLite file, is it what it is labelled, and if not, what keeps it from that?"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from zoobench.commands.options import PATH, output_options, present, signature_option
from zoobench.errors import ModelError, Status, UsageError, did_you_mean
from zoobench.matrix.variants import SPECS, TABLE, VARIANTS, VariantSpec, spec_of
from zoobench.run.locate import manifest_beside
from zoobench.show.document import Block, Document, Grid, Lines, View
from zoobench.system.files import read_file
from zoobench.system.units import percent, size, three_digits
from zoobench.tflite.contract import (
    Contract,
    Violation,
    foreign_operators,
    labels_met,
    plain,
    read_contract,
    violations,
)
from zoobench.tflite.edit import describe_signatures, one_signature
from zoobench.tflite.labels import read_labels
from zoobench.tflite.ports import closest_range, pixel_range_taken
from zoobench.tflite.read import Tensor, read_graphs, signatures

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What is found in a file.

    Attributes:
        label: Whose spec it is to meet; None where that is not said.
        signatures: What it can be called for, by name, as text.
        classes: Names of classes that are embedded, or why they cannot be read; None where there are none.
        held: The lowest and highest value that its input holds as it is quantized; None where it is not.
    """

    contract: Contract
    label: str | None
    signatures: Mapping[str, str]
    classes: tuple[str, ...] | str | None
    held: tuple[float, float] | None


@click.command()
@click.argument("file", type=PATH)
@click.option("--as", "label", metavar="LABEL", help="Compare with this variant's spec; status 1 if it is violated.")
@signature_option
@output_options
def inspect(*, file: Path, label: str | None, signature: str | None, form: str, output: Path | None) -> None:
    """Print what a TFLite file takes, stores and computes in, and which variant it is."""
    found = inspect_file(file, label=label, signature=signature)
    present(view(file, found), form=form, output=output)
    sys.exit(Status.FAILED if _violations(found.contract, found.label) else Status.PASSED)


def inspect_file(path: Path, *, label: str | None = None, signature: str | None = None) -> Inspection:
    """Returns what is in a TFLite file, and the label whose spec it is to meet.

    That is, unless another is given, what the manifest beside a model of ours says that it is; None of any other file.

    Raises:
        UsageError: If there is no such label.
        ModelError: If the file cannot be read, or has several signatures and none is named.
    """
    known = dict.fromkeys((*SPECS, *(name for name in TABLE.names() if name not in VARIANTS)))
    label = label and TABLE.resolve(label)
    if label is not None and label not in known:
        raise UsageError(f"--as: received {label!r}{did_you_mean(label, known)}; allowed is one of {', '.join(known)}")
    try:
        content = read_file(path)
        alone = one_signature(content, signature)
        contract = read_contract(alone)
        named = {name: describe_signatures({name: one}) for name, one in signatures(content).items()}
        held = pixel_range_taken(read_graphs(alone)[0])
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give a TFLite file") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    if label is None:
        with suppress(ModelError):  # what stands beside a file need not be of our store
            manifest = manifest_beside(path)
            variant = manifest.inputs.get("variant") if manifest else None
            label = variant if isinstance(variant, str) and variant in known else None
    whole = replace(contract, size_bytes=len(content))
    return Inspection(contract=whole, label=label, signatures=named, classes=_classes(content), held=held)


def view(path: Path, found: Inspection) -> View:
    """Returns for every writer what is in a file, with a verdict on its label or on all of ours."""
    contract, label = found.contract, found.label
    near, violated = nearest_label(contract)
    return View(
        document=lambda: _document(path, found),
        plain=lambda: {
            "file": str(path),
            "label": label,
            "violations": [asdict(one) for one in _violations(contract, label)],
            "labels_met": labels_met(contract),
            "nearest": {"label": near, "violations": [asdict(one) for one in violated]},
            "remarks": _remarks(contract, label),
            "signatures": list(found.signatures),
            "classes": found.classes,
            "input_holds": found.held,
            "contract": plain(contract),
        },
        rows=lambda: [{"about": about, "found": line} for about, lines in _facts(found).items() for line in lines],
    )


def _classes(content: bytes) -> tuple[str, ...] | str | None:
    try:
        return read_labels(content)
    except ModelError as error:
        return str(error)


def _violations(contract: Contract, label: str | None) -> tuple[Violation, ...]:
    return violations(contract, spec) if label and (spec := spec_of(label)) else ()


def _remarks(contract: Contract, label: str | None) -> tuple[str, ...]:
    spec = spec_of(label) if label else SPECS[nearest_label(contract)[0]]
    return remarks(contract, spec) if spec else ()


def _document(path: Path, found: Inspection) -> Document:
    rows = tuple(
        (about if position == 0 else "", line)
        for about, lines in _facts(found).items()
        for position, line in enumerate(lines or ["none"])
    )
    head = Lines(lines=(f"{path}, {size(found.contract.size_bytes)}",))
    facts = Grid(heads=(), rows=rows, words=frozenset({1}))
    return Document(title=path.name, blocks=(head, facts, *_verdict(path, found.contract, found.label)))


def _facts(found: Inspection) -> Mapping[str, list[str]]:
    contract, shares = found.contract, found.contract.weight_shares
    return {
        "inputs": [_port(port) for port in contract.inputs],
        "open dimensions": list(_open_dimensions(contract)),
        "input holds": [_held(*found.held)] if found.held else [],
        "outputs": [_port(port) for port in contract.outputs],
        "signatures": list(found.signatures.values()),
        "classes": _class_names(found.classes),
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


def _open_dimensions(contract: Contract) -> Iterator[str]:
    for port in contract.inputs:
        if -1 in port.shape[1:]:
            yield f"{port.name}: others than the batch, so it is not known what to run it on"
        elif -1 in port.shape:
            yield "the batch: it is run on one at a time"


def _held(low: float, high: float) -> str:
    pixels = closest_range((low, high))
    return f"{three_digits(low)} to {three_digits(high)}" + (f": pixels {pixels}" if pixels else "")


def _class_names(classes: tuple[str, ...] | str | None) -> list[str]:
    if not classes:
        return []
    if isinstance(classes, str):
        return [classes]
    return [f"{len(classes)}: {', '.join(classes[:_NAMED])}" + (", …" if len(classes) > _NAMED else "")]


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
    near, kept = nearest_label(contract)
    if label and not _violations(contract, label):
        return (Lines(lines=(f"It meets the spec of {label}.",), tone="good"),)
    if not label and (met := labels_met(contract)):
        return (Lines(lines=(f"It meets the spec of {' and '.join(met)}.",)),)
    violated = _violations(contract, label) if label else kept
    rows = tuple((one.about, one.required, one.found) for one in violated)
    grid = Grid(heads=("violated", "required", "found"), rows=rows, words=frozenset({1, 2}))
    line = f"{path} does not meet the spec of {label}." if label else f"It meets no spec; the nearest is {near}."
    said = _remarks(contract, label)
    return (Lines(lines=(line,), tone="bad" if label else "plain"), grid, *((Lines(lines=said),) if said else ()))


_FLEX = "Flex"
"""What names of TensorFlow's own operators begin with in a TFLite file."""

_SMALL = 1_024
"""Values below which TensorFlow's quantizer leaves weights as they are."""


def nearest_label(contract: Contract) -> tuple[str, tuple[Violation, ...]]:
    """Returns the label whose spec a file violates least, and where.

    A violation weighs one, of weights and layers the share that violates. Of equals that which takes what the file
    takes, and whose weights are integers if most of the file's are.
    """
    taken = {port.type for port in contract.inputs}
    most = max(contract.weight_shares, key=contract.weight_shares.__getitem__, default="float32")

    def distance(label: str) -> tuple[float, bool, bool]:
        spec = SPECS[label]
        total = sum(_weight(one, contract, spec) for one in violations(contract, spec))
        return total, not taken <= set(spec.io), ("int" in spec.weights) != ("int" in most)

    label = min(SPECS, key=distance)
    return label, violations(contract, SPECS[label])


def _weight(violation: Violation, contract: Contract, spec: VariantSpec) -> float:
    if violation.about == "weights" and spec.least_share:
        return 1 - contract.weight_shares.get(spec.weights, 0.0) / spec.least_share
    total = sum(contract.layers.values())
    if violation.about == "layers" and spec.computing[0] in _computing(contract):
        return sum(count for kind, count in contract.layers.items() if kind.computing not in spec.computing) / total
    if violation.about == "activations":
        return sum(count for kind, count in contract.layers.items() if kind.activations != spec.activations) / total
    return 1.0


def remarks(contract: Contract, spec: VariantSpec) -> tuple[str, ...]:
    """Returns sentences of what is usually behind a violation of the spec, or of any, and what to do."""
    return tuple(sentence for say in _SAID for sentence in say(contract, spec))


def _foreign(contract: Contract, _spec: VariantSpec) -> Iterator[str]:
    foreign = foreign_operators(contract)
    if flex := _named({name: count for name, count in foreign.items() if name.startswith(_FLEX)}):
        yield (
            f"TensorFlow's own operators (Select TF): {flex}. LiteRT does not run the file without the Flex delegate, "
            "which no runtime here has: replace these operations, and convert with TFLITE_BUILTINS alone."
        )
    if custom := _named({name: count for name, count in foreign.items() if not name.startswith(_FLEX)}):
        yield (
            f"Custom operators: {custom}. LiteRT does not run the file unless a program registers them, as no runtime "
            "here does."
        )


def _forgotten_type(contract: Contract, _spec: VariantSpec) -> Iterator[str]:
    taken, given = ({port.type for port in side} for side in (contract.inputs, contract.outputs))
    is_converted = "integer" in _computing(contract) and not _is_legacy(contract) and not contract.custom_operators
    if len(taken) != 1 or len(given) != 1 or taken == given or not is_converted:
        return
    (one,), (other,) = taken, given
    asked, forgotten, kind = ("output", "input", other) if one == "float32" else ("input", "output", one)
    if "float32" in (one, other):
        yield (
            f"The {asked} is {kind} and the {forgotten} float32: with TensorFlow's converter inference_{asked}_type "
            f"was set and inference_{forgotten}_type was not. Set both for an integer-only file, or neither for "
            "float_fallback."
        )
    else:
        yield f"The input is {one} and the output {other}: give the converter one type for both."


def _legacy(contract: Contract, _spec: VariantSpec) -> Iterator[str]:
    if _is_legacy(contract):
        yield (
            "These are the asymmetric uint8 weights of TensorFlow 1's quantizer, with one scale for each tensor: no "
            "label here has them. Runtimes still run such files; convert the float model again for int8."
        )


def _left_float(contract: Contract, spec: VariantSpec) -> Iterator[str]:
    share = contract.weight_shares.get(spec.weights, 0.0)
    if (
        spec.least_share / 2 < share < spec.least_share
        and "float32" in contract.weight_shares
        and "hybrid" in _computing(contract)
    ):
        yield (
            f"{percent(share)} % of the weights' bytes are {spec.weights}, {percent(spec.least_share - share)} points "
            f"less than required: TensorFlow's quantizer leaves weights of fewer than {_SMALL:,} values in float32, "
            "which is much of a small network."
        )


_SAID: tuple[Callable[[Contract, VariantSpec], Iterator[str]], ...] = (_foreign, _forgotten_type, _legacy, _left_float)


def _is_legacy(contract: Contract) -> bool:
    return any(kind.weights == "uint8" for kind in contract.layers)


def _computing(contract: Contract) -> set[str]:
    return {kind.computing for kind in contract.layers}


def _named(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
