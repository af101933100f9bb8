"""Which quantizer's file is a variant's? With `auto` the first that keeps the variant's spec, else the default's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten

from zoobench.build import recipe
from zoobench.build.recipe import BuildRequest
from zoobench.matrix.variants import SPECS, Variant
from zoobench.results.schema import Refusal
from zoobench.store.product import Stored, find
from zoobench.tflite.contract import Contract, brief_violations, read_contract, violations

_LONGEST = 400
"""Characters of a sentence on what another quantizer made: its own words may be those of its compiler."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a quantizer made of a classifier for a variant: a file, or the reason why there is none.

    Attributes:
        contract: What was read from the file; None where it is no TFLite file.
        fault: In what it falls short of its variant, '' if in nothing: it has no file, the file violates the spec, or
            LiteRT does not take it.
        others: In what the attempts of other quantizers fell short, a sentence each.
    """

    quantizer: str | None
    stored: Stored | None = None
    contract: Contract | None = None
    refusal: Refusal | None = None
    fault: str = ""
    others: tuple[str, ...] = ()


def chosen(request: BuildRequest, variant: Variant, *, problem: str = "") -> Attempt | None:
    """Returns the attempt that stands for a variant, None if one that decides it is not in the store.

    Which one stands is not written down: it follows from what the store holds, so a run that was killed leaves nothing
    half decided.

    Args:
        request: What is made; with a quantizer that was asked for there is one attempt.
        variant: Of it.
        problem: Why attempts could not be made: those that are missing then count as failed by it, but for the first.
    """
    failed: list[Attempt] = []
    for one in recipe.alternatives(request, variant):
        attempt = _found(one, variant)
        if attempt is None:
            if not (problem and failed):
                return None
            attempt = Attempt(quantizer=one.conversion.quantizer_of(variant), fault=f"fails: {problem}")
        if not attempt.fault:
            return replace(attempt, others=_sentences(failed))
        failed.append(attempt)
    return _default_of(failed)


def fault_of(request: BuildRequest, variant: Variant) -> str:
    """Returns in what the attempt of the request's quantizer falls short, '' if in nothing or if it was not made."""
    attempt = _found(request, variant)
    return attempt.fault if attempt else ""


def _default_of(failed: Sequence[Attempt]) -> Attempt:
    first, others = failed[0], _sentences(failed[1:])
    if first.refusal and others:
        first = replace(first, refusal=replace(first.refusal, reason="; ".join((first.refusal.reason, *others))))
    return replace(first, others=others)


def _sentences(failed: Sequence[Attempt]) -> tuple[str, ...]:
    return tuple(shorten(f"{one.quantizer} {one.fault}", _LONGEST, placeholder=" ...") for one in failed)


def _found(request: BuildRequest, variant: Variant) -> Attempt | None:
    quantizer = request.conversion.quantizer_of(variant)
    if stored := find(request.root, recipe.variant_model(request, variant)):
        contract = read_contract(stored.path.read_bytes()) if variant.suffix == ".tflite" else None
        fault = _fault(stored, contract, variant)
        return Attempt(quantizer=quantizer, stored=stored, contract=contract, fault=fault)
    if refused := find(request.root, recipe.refusal(request, variant)):
        refusal = Refusal(**json.loads(refused.path.read_bytes()))
        return Attempt(quantizer=quantizer, refusal=refusal, fault=f"refuses it: {refusal.reason}")
    return None


def _fault(stored: Stored, contract: Contract | None, variant: Variant) -> str:
    spec = variant.spec or SPECS.get(variant.name)
    if contract and spec and (violated := violations(contract, spec)):
        return f"does not keep the spec of {variant.name}: {brief_violations(violated)}"
    refused = stored.facts.get("refused")
    return f"makes a file that {refused['by']} does not take: {refused['reason']}" if refused else ""
