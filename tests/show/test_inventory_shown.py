"""Can a person see what is in a kit?"""

from pathlib import Path
from typing import Any

from kitfiles import LIMIT, a_kit, with_manifest
from views import content, table, text
from zoobench.kit.reader import open_kit
from zoobench.show.inventory import kit_view


def test_cells_files_samples_and_refusals_are_shown(tmp_path: Path) -> None:
    def refuse(manifest: dict[str, Any]) -> None:
        cell = manifest["cells"][1] | {"id": "mobilenet-int16x8-litert-t1", "variant": "int16x8"}
        manifest["cells"].append(cell | {"refusal": {"by": "ai_edge", "reason": "no [bold] kernel"}})
        manifest["dataset"]["classes"][0] = "[red]cat"

    path = with_manifest(a_kit(tmp_path), refuse)
    with open_kit(path, limit_bytes=LIMIT) as kit:
        shown = kit_view(kit, size_bytes=1234)
        lines = [line.rstrip() for line in text(shown).splitlines()]
        rows, found = table(shown), content(shown)
    assert lines[0] == f"{path}, 1.23 kB, unpacked 10.3 kB, every hash as it should be"
    assert lines[1] == f"kit {kit.sha256}, written by zoobench 0.1.0"
    assert lines[2] == "pets: 3 test samples of 2 classes: [red]cat, dog"
    assert [line.split()[:4] for line in lines if line.startswith("mobilenet-")][:2] == [
        ["mobilenet-float32-litert-t1", "random", "32", "0.000358"],
        ["mobilenet-integer_only-litert-t1", "random", "32", "0.000608"],
    ]
    assert lines[-1].endswith("ai_edge: no [bold] kernel")
    assert (found["sha256"], found["size_bytes"], len(found["cells"])) == (kit.sha256, 1234, len(rows))
    assert (rows[0]["id"], rows[0]["size_bytes"]) == ("mobilenet-float32-litert-t1", "358")
    assert rows[-1]["refusal"] == "ai_edge: no [bold] kernel"


def test_what_its_models_are_taken_as_stands_below_its_cells(tmp_path: Path) -> None:
    taken_as = {"taken_as": "classifier", "scores": "logits", "remarks": ["WARNING: its classes look permuted."]}
    path = with_manifest(a_kit(tmp_path), lambda manifest: manifest["models"][1].update(interface=taken_as))
    with open_kit(path, limit_bytes=LIMIT) as kit:
        lines = [line.rstrip() for line in text(kit_view(kit, size_bytes=1234)).splitlines()]
    assert lines[-2:] == [
        "WARNING: mobilenet: its classes look permuted.",
        "mobilenet: taken as a classifier: logits, pixels 0..255.",
    ]
