"""Does a file keep what its label promises, and where not, what was promised and what is there?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zoobench.matrix.promises import PROMISES, Promise
from zoobench.system.units import percent
from zoobench.tflite.contract import Contract, Layers, Port


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing that was promised and is not so."""

    about: str
    promised: str
    found: str


def breaches(contract: Contract, promise: Promise) -> tuple[Breach, ...]:
    """Returns where a file breaks a promise; nothing where it keeps it."""
    return tuple(breach for check in _CHECKS for breach in check(contract, promise))


def labels_kept(contract: Contract) -> tuple[str, ...]:
    """Returns every label whose promise a file keeps."""
    return tuple(label for label, promise in PROMISES.items() if not breaches(contract, promise))


def explained(found: Sequence[Breach], *, label: str, file: object) -> str:
    """Returns breaches as text, both sides of each under the other; nothing where there is none."""
    if not found:
        return ""
    sides = (f"  {one.about}\n    promised: {one.promised}\n    found:    {one.found}" for one in found)
    return "\n".join((f"{file} is not what {label} promises:", *sides))


def _ports(contract: Contract, promise: Promise) -> Iterator[Breach]:
    for about, ports in (("inputs", contract.inputs), ("outputs", contract.outputs)):
        if not ports or any(port.type not in promise.io for port in ports):
            yield Breach(about=about, promised=" or ".join(promise.io), found=_types(ports))


def _types(ports: Sequence[Port]) -> str:
    return ", ".join(f"{port.type} ({port.name})" for port in ports) or "none"


def _weights(contract: Contract, promise: Promise) -> Iterator[Breach]:
    share = contract.weight_shares.get(promise.weights, 0.0)
    if share < promise.least_share or not share:
        least = f"at least {percent(promise.least_share)} %" if promise.least_share else "some"
        yield Breach(
            about="weights", promised=f"{least} of the bytes {promise.weights}", found=_shares(contract.weight_shares)
        )


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{percent(share)} % {kind}" for kind, share in shares.items()) or "none"


def _computing(contract: Contract, promise: Promise) -> Iterator[Breach]:
    found = {layers.kind.computing for layers in contract.layers}
    if not found <= set(promise.computing) or promise.computing[0] not in found:
        allowed, needed = " or ".join(promise.computing), promise.computing[0]
        yield Breach(
            about="layers",
            promised=f"all {allowed}" if allowed == needed else f"all {allowed}, at least one {needed}",
            found=_tally(contract.layers, lambda layers: layers.kind.computing),
        )


def _activations(contract: Contract, promise: Promise) -> Iterator[Breach]:
    if any(layers.kind.activations != promise.activations for layers in contract.layers):
        found = _tally(contract.layers, lambda layers: layers.kind.activations)
        yield Breach(about="activations", promised=f"all layers take {promise.activations}", found=found)


def _granularity(contract: Contract, promise: Promise) -> Iterator[Breach]:
    concerned = [layers for layers in contract.layers if layers.kind.weights == promise.weights]
    if any(layers.kind.granularity not in promise.granularities for layers in concerned):
        yield Breach(
            about=f"scales of {promise.weights} weights",
            promised=f"by {' or '.join(promise.granularities)}",
            found=_tally(concerned, lambda layers: f"by {layers.kind.granularity}"),
        )


def _integers(contract: Contract, promise: Promise) -> Iterator[Breach]:
    if promise.only_integers and contract.outside_integer_set:
        found = ", ".join(f"{count} {name}" for name, count in contract.outside_integer_set.items())
        yield Breach(about="operators outside the integer set", promised="none", found=found)


def _tally(layers: Sequence[Layers], name: Callable[[Layers], str]) -> str:
    """Returns how many layers have each name."""
    counts: dict[str, int] = {}
    for one in layers:
        counts[name(one)] = counts.get(name(one), 0) + one.count
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "no layer"


_CHECKS: tuple[Callable[[Contract, Promise], Iterator[Breach]], ...] = (
    _ports,
    _weights,
    _computing,
    _activations,
    _granularity,
    _integers,
)
