"""Which label is a file nearest to, and what is said of what keeps it from all of them?"""

from collections.abc import Callable, Iterator, Mapping

from zoobench.matrix.variants import SPECS, VariantSpec
from zoobench.system.units import percent
from zoobench.tflite.contract import Contract, Violation, foreign_operators, violations

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
