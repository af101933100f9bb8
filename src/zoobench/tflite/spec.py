"""Is a TFLite file what its variant must be, and where not, what is required and what was found?"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zoobench.matrix.specs import SPECS, VariantSpec
from zoobench.system.units import percent
from zoobench.tflite.contract import Contract, Endpoint, LayerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that a spec requires and that is not so."""

    about: str
    required: str
    found: str


def violations(contract: Contract, spec: VariantSpec) -> tuple[Violation, ...]:
    """Returns where a file is not what a spec requires."""
    return tuple(one for check in _CHECKS for one in check(contract, spec))


def labels_met(contract: Contract) -> tuple[str, ...]:
    """Returns every label whose spec a file meets."""
    return tuple(label for label, spec in SPECS.items() if not violations(contract, spec))


def describe_violations(found: Sequence[Violation], *, label: str, file: object) -> str:
    """Returns violations as text, both sides of each under the other; nothing where there is none."""
    if not found:
        return ""
    sides = (f"  {one.about}\n    required: {one.required}\n    found:    {one.found}" for one in found)
    return "\n".join((f"{file} is not what {label} promises:", *sides))


def _ports(contract: Contract, spec: VariantSpec) -> Iterator[Violation]:
    for about, ports in (("inputs", contract.inputs), ("outputs", contract.outputs)):
        if not ports or any(port.type not in spec.io for port in ports):
            yield Violation(about=about, required=" or ".join(spec.io), found=_types(ports))


def _types(ports: Sequence[Endpoint]) -> str:
    return ", ".join(f"{port.type} ({port.name})" for port in ports) or "none"


def _weights(contract: Contract, spec: VariantSpec) -> Iterator[Violation]:
    share = contract.weight_shares.get(spec.weights, 0.0)
    if share < spec.least_share or not share:
        least = f"at least {percent(spec.least_share)} %" if spec.least_share else "some"
        yield Violation(
            about="weights", required=f"{least} of the bytes {spec.weights}", found=_shares(contract.weight_shares)
        )


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{percent(share)} % {kind}" for kind, share in shares.items()) or "none"


def _computing(contract: Contract, spec: VariantSpec) -> Iterator[Violation]:
    found = {kind.computing for kind in contract.layers}
    if not found <= set(spec.computing) or spec.computing[0] not in found:
        allowed, needed = " or ".join(spec.computing), spec.computing[0]
        yield Violation(
            about="layers",
            required=f"all {allowed}" if allowed == needed else f"all {allowed}, at least one {needed}",
            found=_tally(contract.layers, lambda kind: kind.computing),
        )


def _activations(contract: Contract, spec: VariantSpec) -> Iterator[Violation]:
    if any(kind.activations != spec.activations for kind in contract.layers):
        found = _tally(contract.layers, lambda kind: kind.activations)
        yield Violation(about="activations", required=f"all layers take {spec.activations}", found=found)


def _granularity(contract: Contract, spec: VariantSpec) -> Iterator[Violation]:
    concerned = {kind: count for kind, count in contract.layers.items() if kind.weights == spec.weights}
    if any(kind.granularity not in spec.granularities for kind in concerned):
        yield Violation(
            about=f"scales of {spec.weights} weights",
            required=f"by {' or '.join(spec.granularities)}",
            found=_tally(concerned, lambda kind: f"by {kind.granularity}"),
        )


def _integers(contract: Contract, spec: VariantSpec) -> Iterator[Violation]:
    if spec.only_integers and contract.outside_integer_set:
        found = ", ".join(f"{count} {name}" for name, count in contract.outside_integer_set.items())
        yield Violation(about="operators outside the integer set", required="none", found=found)


def _tally(layers: Mapping[LayerKind, int], name: Callable[[LayerKind], str]) -> str:
    """Returns how many layers have each name."""
    counts: Counter[str] = Counter()
    for kind, count in layers.items():
        counts[name(kind)] += count
    return ", ".join(f"{count} {what}" for what, count in counts.items()) or "no layer"


_CHECKS: tuple[Callable[[Contract, VariantSpec], Iterator[Violation]], ...] = (
    _ports,
    _weights,
    _computing,
    _activations,
    _granularity,
    _integers,
)
