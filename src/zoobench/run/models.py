"""Which file does a cell have, and what is known of it? From the store, or made in a process of its own."""

import json

from zoobench.build import recipe
from zoobench.build.recipe import BuildRequest
from zoobench.errors import ModelError, ZoobenchError
from zoobench.matrix.cell import Cell
from zoobench.matrix.variants import find_variant, spec_of
from zoobench.results.schema import Refusal
from zoobench.run.prepared import Prepared
from zoobench.store.product import Stored, find
from zoobench.system.processes import in_fresh_process
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.contract import Contract, read_contract
from zoobench.tflite.spec import describe_violations, violations


class Models:
    """The model files of a run; each is made, and read, at most once."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._outcomes: dict[tuple[str, str], Stored | Refusal] = {}
        self._failures: dict[str, ZoobenchError] = {}
        self._contracts: dict[str, Contract] = {}

    def file(self, cell: Cell) -> Stored:
        """Returns a cell's file; makes it, and the other variants of its backbone, in a process of its own if need be.

        Raises:
            ModelError: If it cannot be made, or a quantizer refuses it.
        """
        outcome = self._outcome(cell)
        if isinstance(outcome, Refusal):
            raise ModelError(
                f"there is no {cell.variant} of {cell.backbone}: {outcome.by} refuses it: {outcome.reason}"
            )
        return outcome

    def refusal(self, cell: Cell) -> Refusal | None:
        """Returns why a cell's quantizer does not make it or its runtime does not take it, or None if they do.

        Raises:
            ModelError: If it cannot be made for any other reason.
        """
        outcome = self._outcome(cell)
        if isinstance(outcome, Refusal):
            return outcome
        refused = outcome.facts.get("refused")
        return Refusal(**refused) if refused and refused["by"] == cell.runtime else None

    def is_made(self, cell: Cell) -> bool:
        """Tells whether there is a file, whatever its runtime thinks of it."""
        return isinstance(self._outcome(cell), Stored)

    def contract(self, cell: Cell) -> Contract | None:
        """Returns what is read from a cell's file, once; None where it is no TFLite file."""
        model = self.file(cell)
        if model.path.suffix == ".tflite" and model.sha256 not in self._contracts:
            self._contracts[model.sha256] = read_contract(model.path.read_bytes())
        return self._contracts.get(model.sha256)

    def violations(self, cell: Cell) -> str:
        """Returns where a cell's file is not what its variant promises, both sides shown; nothing where it is.

        Raises:
            ModelError: If the file cannot be understood.
        """
        spec, contract = spec_of(cell.variant), self.contract(cell)
        if spec is None or contract is None:
            return ""
        return describe_violations(violations(contract, spec), label=cell.variant, file=self.file(cell).path)

    def _outcome(self, cell: Cell) -> Stored | Refusal:
        key = (cell.backbone, cell.variant)
        if key not in self._outcomes:
            self._outcomes[key] = self._found_or_made(cell)
        return self._outcomes[key]

    def _found_or_made(self, cell: Cell) -> Stored | Refusal:
        request = self.prepared.request(cell)
        found = _found(request, cell)
        if found is None and cell.backbone not in self._failures:
            self._make(request)
            found = _found(request, cell)
        if found is None:
            folder = recipe.variant_model(request, find_variant(cell.variant)).folder_name
            lost = ModelError(f"{folder} was made but is not in {request.root}; does another run remove it?")
            raise self._failures.get(cell.backbone, lost)
        return found

    def _make(self, request: BuildRequest) -> None:
        """Has a process of its own make a backbone's variants: TensorFlow's memory and threads end with it.

        A failure is kept for the cells whose files were not reached; those that were made are measured all the same.
        """
        cells = (cell for cell in self.prepared.cells if cell.backbone == request.backbone.name)
        try:
            in_fresh_process(_make_models, request, tuple(dict.fromkeys(cell.variant for cell in cells)))
        except ZoobenchError as error:
            self._failures[request.backbone.name] = error


def _found(request: BuildRequest, cell: Cell) -> Stored | Refusal | None:
    variant = find_variant(cell.variant)
    stored = find(request.root, recipe.variant_model(request, variant))
    refused = None if stored else find(request.root, recipe.refusal(request, variant))
    return Refusal(**json.loads(refused.path.read_bytes())) if refused else stored


def _make_models(request: BuildRequest, variants: tuple[str, ...]) -> None:
    with capture_native_output():
        from zoobench.build.assembly import make_models  # imports TensorFlow, which belongs to the fresh process alone

    make_models(request, [find_variant(name) for name in variants])
