"""How are model files made again that are gone, and nothing else in their place?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobench.errors import ModelError
from zoobench.results.provenance import RecordedProduct
from zoobench.run.locate import WantedModel
from zoobench.run.options import defaults

# Only what is gone must be made again, and only that needs the libraries that build.
if TYPE_CHECKING:
    from zoobench.matrix.cell import Cell
    from zoobench.run.plan import Plan
    from zoobench.run.workshop import Workshop

_SHOWN = 60
"""Characters of a manifest's value in a message."""


def rebuild(missing: Sequence[WantedModel], *, options: Mapping[str, str], artifacts: Path) -> dict[str, Path]:
    """Makes files again from what their manifests say, and returns where they are by SHA-256.

    What each would be made from is compared with its manifest first. TensorFlow is not imported in this process.

    Args:
        missing: From `wanted_models`.
        options: `Provenance.options` of the run that had them.
        artifacts: The folder of the store.

    Raises:
        ModelError: If one would be made from anything else than it was, which is named, or comes out otherwise.
        DataError: If the images are not there any more.
        ModuleNotFoundError: Where the libraries that build are not installed.
    """
    if not missing:
        return {}
    kept = [_kept(one) for one in missing]  # before anything is prepared, which may take minutes
    from zoobench.run.plan import make_plan
    from zoobench.run.workshop import open_workshop

    plan = make_plan({**_known(options), "artifacts": str(artifacts)})
    cells = [_cell(plan, one) for one in missing]
    workshop = open_workshop(plan, cells)
    for made_from, cell in zip(kept, cells, strict=True):
        _check_inputs(made_from, workshop, cell)
    return {one.sha256: _made(one, workshop, cell) for one, cell in zip(missing, cells, strict=True)}


def _kept(wanted: WantedModel) -> RecordedProduct:
    if wanted.made_from is None:
        raise ModelError(
            f"it was not kept what {wanted.cell.id} was made from, so its file cannot be made again; name a folder "
            f"that holds it (SHA-256 {wanted.sha256})"
        )
    return wanted.made_from


def _known(options: Mapping[str, str]) -> Mapping[str, str]:
    if strange := [name for name in options if name not in defaults()]:
        raise ModelError(
            f"the run had the option {strange[0]}, which this version of zoobench does not know; make its models "
            "again with the version that made them, or name a folder that holds them"
        )
    return options


def _cell(plan: "Plan", wanted: WantedModel) -> "Cell":
    found = next((cell for cell in plan.cells if cell.id == wanted.cell.id), None)
    if found is None:
        given = ", ".join(f"{name}={text}" for name, text in plan.options.items()) or "none"
        raise ModelError(
            f"the options that were kept of the run ({given}) do not make {wanted.cell.id}; name a folder that holds "
            f"its file (SHA-256 {wanted.sha256})"
        )
    return found


def _check_inputs(made_from: RecordedProduct, workshop: "Workshop", cell: "Cell") -> None:
    """Refuses to make anything else than what was measured."""
    from zoobench.build.recipe import variant_model
    from zoobench.matrix.variants import find_variant

    now = variant_model(workshop.request(cell), find_variant(cell.variant)).inputs
    if found := _differences(made_from.inputs, json.loads(json.dumps(now))):
        raise ModelError(
            f"{cell.id} would be made from other things than what was measured: {'; '.join(found)}. Set these as they "
            "were, or name a folder that holds its file (--baseline-models DIR)"
        )


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    one, other = dict(_flat(then)), dict(_flat(now))
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return [f"{name} was {_brief(one.get(name))}, is {_brief(other.get(name))}" for name in names]


def _flat(inputs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in inputs.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _brief(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _made(wanted: WantedModel, workshop: "Workshop", cell: "Cell") -> Path:
    stored = workshop.file(cell)
    if stored.sha256 != wanted.sha256:
        raise ModelError(
            f"{cell.id} was made from the same as what was measured and came out otherwise: SHA-256 {stored.sha256} "
            f"instead of {wanted.sha256}, as another CPU may do; name a folder that holds the file that was measured"
        )
    return stored.path
