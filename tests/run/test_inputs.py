"""Is it told of a kit's cells what measuring needs?"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from fakes import a_training
from kitfiles import HASHES, SIDE, a_kit, a_tflite, members, repacked, with_manifest
from messages import message_of
from packages import put
from zoobench.build import conversion
from zoobench.errors import ModelError, UsageError
from zoobench.kit.contents import PIXELS_HEADER_BYTES
from zoobench.kit.reader import KeptKit
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import Interface
from zoobench.measure.accuracy import measure_accuracy
from zoobench.results.schema import Refusal
from zoobench.run import inputs
from zoobench.run.inputs import Inputs, open_inputs
from zoobench.run.options import OPTIONS
from zoobench.run.plan import Plan, make_plan


def plan_of(path: Path, **options: str) -> Plan:
    artifacts = str(path.parent / "artifacts")
    return make_plan({"kit": str(path), "artifacts": artifacts, **options})


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_of(a_kit(tmp_path), rounds="9", workers="3", machine="pi5", **{"kit-limit": "1"})


def kit_of(plan: Plan) -> KeptKit:
    assert isinstance(plan.source, KeptKit)
    return plan.source


@pytest.fixture
def source(plan: Plan) -> Inputs:
    return open_inputs(plan, plan.cells)


@pytest.fixture
def cell(plan: Plan) -> Cell:
    return plan.cells[1]


def test_the_cells_are_the_kits_and_the_options_those_of_measuring(plan: Plan) -> None:
    assert [one.id for one in plan.cells] == ["mobilenet-float32-litert-t1", "mobilenet-integer_only-litert-t1"]
    assert (plan.workers, plan.machine, plan.options) == (3, "pi5", {})
    assert plan.rounds["litert"].most == 9


def test_options_that_the_kit_has_decided_are_named_together_before_it_is_unpacked(tmp_path: Path) -> None:
    message = r"received --zoo-backbones, --zoo-threads together with --zoo-kit; .* pytest's -k"
    with pytest.raises(UsageError, match=message):
        plan_of(a_kit(tmp_path), threads="4", backbones="xception")
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize(
    "name", ["gate", *(one.name for one in OPTIONS if not one.measuring and one.name != "artifacts")]
)
def test_what_concerns_building_and_gates_does_not_go_with_a_kit(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"received --zoo-{name} together with --zoo-kit; the kit decides"):
        plan_of(tmp_path / "KIT.zip", **{name: "other"})


def test_an_option_that_makes_no_sense_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    for name, text in (("rounds", "0"), ("workers", "many"), ("machine", "../pi"), ("kit-limit", "0")):
        with pytest.raises(UsageError, match=f"--zoo-{name}: received"):
            plan_of(a_kit(tmp_path / name), **{name: text})
        assert not (tmp_path / name / "artifacts").exists()


def test_the_samples_come_in_the_order_of_measuring_and_are_recorded_as_at_home(source: Inputs, cell: Cell) -> None:
    split = source.split(cell)
    samples, recorded = split.samples, split.dataset
    assert (samples.labels.tolist(), samples.contents) == ([1, 0, 1], HASHES)
    assert samples.images(0, 3).tobytes() == samples.path.read_bytes()[PIXELS_HEADER_BYTES:]
    assert samples.images(1, 2).shape == (1, SIDE, SIDE, 3)
    assert (recorded.name, recorded.sha256, recorded.classes) == ("pets", "cd" * 32, ("cat", "dog"))
    assert (recorded.samples, recorded.left_out) == (3, 1)


@pytest.mark.usefixtures("fitting")
def test_the_training_is_that_of_the_kit_and_older_kits_have_none(source: Inputs, cell: Cell, tmp_path: Path) -> None:
    def older(manifest: dict[str, Any]) -> None:
        del manifest["models"][1]["training"], manifest["models"][1]["quantizer"]

    assert source.target(cell).file.training == a_training(seconds=None)
    other = plan_of(with_manifest(a_kit(tmp_path / "older"), older))
    assert open_inputs(other, other.cells).target(cell).file.training is None


def test_results_are_bound_to_the_kit_and_a_reader_is_told_of_it(plan: Plan, source: Inputs) -> None:
    kit = kit_of(plan)
    assert source.kit == kit.sha256
    assert source.provenance["kit"] == {"sha256": kit.sha256, "file": "kit.zip"}
    assert source.provenance["cells"] == [one.id for one in plan.cells]
    assert source.described() == (
        f"kit: {kit.path}, {kit.sha256[:12]}, written by zoobench 0.1.0",
        "data: pets, 3 test samples, 2 classes",
        "weights: mobilenet: random",
    )


def test_other_pixels_are_other_samples(source: Inputs, cell: Cell, tmp_path: Path) -> None:
    def relabel(manifest: dict[str, Any]) -> None:
        manifest["samples"][0]["label"] = 0

    other = plan_of(with_manifest(a_kit(tmp_path / "other"), relabel))
    assert open_inputs(other, other.cells).split(cell).identity != source.split(cell).identity


Shape = tuple[int, ...]


def of_shapes(taken: Shape, given: Shape) -> Any:
    """Returns what reads files as if each took and gave tensors of these shapes."""
    ports = SimpleNamespace(inputs=(SimpleNamespace(shape=taken),), outputs=(SimpleNamespace(shape=given),))
    return lambda _content: ports


@pytest.fixture
def fitting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are classifiers of the kit's samples, by their ports."""
    monkeypatch.setattr(inputs, "read_contract", of_shapes((1, SIDE, SIDE, 3), (1, 2)))


@pytest.mark.parametrize(
    ("taken", "given"), [((1, 24, 24, 3), (1, 2)), ((1, SIDE, SIDE, 3), (1, 3)), ((1, SIDE, SIDE, 3), (2,)), ((), ())]
)
def test_a_model_that_does_not_fit_the_samples_is_refused_before_it_is_run(
    source: Inputs, cell: Cell, monkeypatch: pytest.MonkeyPatch, taken: Shape, given: Shape
) -> None:
    monkeypatch.setattr(inputs, "read_contract", of_shapes(taken, given))
    with pytest.raises(ModelError, match=r"expected images of \(1, 32, 32, 3\) and \(1, 2\) probabilities"):
        source.target(cell)


@pytest.mark.parametrize(("taken", "given"), [(1, 1), (-1, -1), (-1, 1), (1, -1)])
def test_a_batch_may_be_left_open_on_either_side(
    source: Inputs, cell: Cell, monkeypatch: pytest.MonkeyPatch, taken: int, given: int
) -> None:
    monkeypatch.setattr(inputs, "read_contract", of_shapes((taken, SIDE, SIDE, 3), (given, 2)))
    assert source.target(cell).file.path.is_file()


def taken_as(**interface: Any) -> Callable[[dict[str, Any]], object]:
    """Returns what has a kit's integer_only file be a model of one's own that is taken for this."""
    return lambda manifest: manifest["models"][1].update(interface={"taken_as": "classifier", **interface})


def test_what_a_kit_s_model_is_taken_as_is_said_before_it_is_measured(tmp_path: Path) -> None:
    change = taken_as(pixels="0..1", remarks=["seen.", "WARNING: its classes look permuted."])
    plan = plan_of(with_manifest(a_kit(tmp_path), change))
    said = open_inputs(plan, plan.cells).described()
    assert said[-3:] == (
        "model: mobilenet: taken as a classifier: probabilities, pixels 0..1.",
        "model: mobilenet: seen.",
        "WARNING: mobilenet: its classes look permuted.",
    )


IMAGE = (1, SIDE, SIDE, 3)


@pytest.mark.parametrize(
    ("interface", "taken", "given"),
    [
        ({}, IMAGE, (1, 2)),
        ({}, IMAGE, (1, 1, 1, 2)),
        ({"layout": "NCHW"}, (1, 3, SIDE, SIDE), (1, 2)),
        ({"channels": 1}, (1, SIDE, SIDE, 1), (-1, 2)),
        ({"scores": "logits"}, IMAGE, (1, 1)),
        ({"scores": "sigmoid"}, IMAGE, (1,)),
    ],
)
def test_a_model_of_one_s_own_may_have_the_ports_that_its_interface_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interface: dict[str, Any], taken: Shape, given: Shape
) -> None:
    plan = plan_of(with_manifest(a_kit(tmp_path), taken_as(**interface)))
    monkeypatch.setattr(inputs, "read_contract", of_shapes(taken, given))
    file = open_inputs(plan, plan.cells).target(plan.cells[1]).file
    assert file.interface == Interface(taken_as="classifier", **interface)


@pytest.mark.parametrize(
    ("interface", "taken", "given"),
    [
        ({"layout": "NCHW"}, IMAGE, (1, 2)),
        ({"channels": 1}, IMAGE, (1, 2)),
        ({}, IMAGE, (1, 1)),
        ({"scores": "logits"}, IMAGE, (1, 3)),
        ({"scores": "logits"}, IMAGE, (1, 2, 2)),
    ],
)
def test_ports_that_are_not_those_of_its_interface_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interface: dict[str, Any], taken: Shape, given: Shape
) -> None:
    plan = plan_of(with_manifest(a_kit(tmp_path), taken_as(**interface)))
    monkeypatch.setattr(inputs, "read_contract", of_shapes(taken, given))
    assert "takes and gives tensors of the shapes" in message_of(
        ModelError, lambda: open_inputs(plan, plan.cells).target(plan.cells[1])
    )


def test_logits_of_pixels_in_0_to_1_are_as_often_right_on_a_device(tmp_path: Path) -> None:
    def of_one_s_own(manifest: dict[str, Any]) -> None:
        taken_as(pixels="0..1", scores="logits", order=[1, 0])(manifest)

    colours = keras.Sequential([keras.Input((SIDE, SIDE, 3)), keras.layers.GlobalAveragePooling2D()])
    colours.add(keras.layers.Dense(2))
    weights = np.array([[40.0, -40.0], [0.0, 0.0], [0.0, 0.0]], np.float32)
    colours.layers[-1].set_weights([weights, np.array([-20.0, 20.0], np.float32)])
    plan = plan_of(with_manifest(a_kit(tmp_path, tflite=conversion.float32(colours)), of_one_s_own))
    target = open_inputs(plan, plan.cells).target(plan.cells[1])
    red = target.samples.images(0, 3)[..., 0].mean(axis=(1, 2)) / 255
    found = measure_accuracy(target, workers=2)
    # of 40 red - 20 and 20 - 40 red the second belongs to the first class
    assert found.predicted.tolist() == (red > 0.5).astype(int).tolist()
    assert found.probability == pytest.approx(1 / (1 + np.exp(-abs(80 * red - 40))), abs=1e-4)


@pytest.mark.usefixtures("fitting")
def test_a_file_is_that_of_the_kit_and_so_is_its_float_twin(plan: Plan, source: Inputs, cell: Cell) -> None:
    for one, variant in ((cell, "integer_only"), (cell.float_twin, "float32")):
        file, content = source.target(one).file, a_tflite(variant)
        assert file.path == kit_of(plan).folder / f"mobilenet-{SIDE}-{variant}.tflite"
        assert (file.path.read_bytes(), file.size_bytes) == (content, len(content))
    assert source.refusal(cell) is None


def test_a_damaged_tflite_file_is_our_own_error_and_never_run(source: Inputs, cell: Cell) -> None:
    for question in (source.find, source.target, source.refusal):
        with pytest.raises(ModelError):
            question(cell)


def test_a_refused_cell_has_its_reason_and_no_file(tmp_path: Path) -> None:
    def refuse(manifest: dict[str, Any]) -> None:
        other = {"id": "mobilenet-int16x8-litert-t1", "variant": "int16x8"}
        manifest["cells"].append(manifest["cells"][1] | other | {"refusal": {"by": "ai_edge", "reason": "no kernel"}})

    plan = plan_of(with_manifest(a_kit(tmp_path), refuse))
    source, refused = open_inputs(plan, plan.cells), plan.cells[2]
    assert source.find(refused) == source.refusal(refused) == Refusal(by="ai_edge", reason="no kernel")
    with pytest.raises(ModelError, match="there is no int16x8 of mobilenet: ai_edge refuses it: no kernel"):
        source.target(refused)


@pytest.mark.usefixtures("fitting")
def test_a_file_that_the_workstations_litert_did_not_take_is_refused_though_only_another_runtimes_cell_is_listed(
    tmp_path: Path,
) -> None:
    def only_openvino(manifest: dict[str, Any]) -> None:
        for one in manifest["cells"]:
            one |= {"runtime": "openvino", "id": one["id"].replace("-litert-", "-openvino-")}
        manifest["models"][1]["numerics"] = None

    plan = plan_of(with_manifest(a_kit(tmp_path), only_openvino))
    source = open_inputs(plan, plan.cells)
    taken, refused = (cell.reference for cell in plan.cells)
    assert taken
    assert refused
    assert source.refusal(refused) == Refusal(by="litert", reason="it did not run the file where the kit was made")
    assert all(source.refusal(cell) is None for cell in plan.cells)


@pytest.mark.usefixtures("fitting")
def test_a_file_that_was_quantized_elsewhere_was_compared_with_none_and_is_not_refused_for_that(tmp_path: Path) -> None:
    def alone(manifest: dict[str, Any]) -> None:
        del manifest["cells"][0]
        manifest["files"].pop(manifest["models"].pop(0)["file"])
        manifest["models"][0] |= {"variant": "prequantized", "numerics": None}
        other = {"variant": "prequantized", "runtime": "openvino", "id": "mobilenet-prequantized-openvino-t1"}
        manifest["cells"][0] |= other

    path = with_manifest(a_kit(tmp_path), alone)
    plan = plan_of(repacked(path, {name: one for name, one in members(path).items() if "float32" not in name}))
    (cell,), source = plan.cells, open_inputs(plan, plan.cells)
    assert cell.reference
    assert source.refusal(cell) is None
    assert source.refusal(cell.reference) is None
    assert source.target(cell.float_twin).cell == cell


def with_additions(manifest: dict[str, Any]) -> None:
    """Has the second cell be of a variant that a package adds, and adds a third of such a runtime."""
    manifest["models"][1]["variant"] = "w4"
    manifest["cells"][1] |= {"variant": "w4", "id": "mobilenet-w4-litert-t1"}
    manifest["cells"].append(manifest["cells"][0] | {"runtime": "fast", "id": "mobilenet-float32-fast-t1"})
    manifest["added"] = [
        {"what": what, "name": name, "package": f"zoobench-{name}", "version": "1.0"}
        for what, name in (("variant", "w4"), ("runtime", "fast"))
    ]


@pytest.mark.usefixtures("beside_us")
def test_a_cell_of_what_is_not_installed_here_lacks_its_package(tmp_path: Path) -> None:
    plan = plan_of(with_manifest(a_kit(tmp_path), with_additions))
    source = open_inputs(plan, plan.cells)
    told = [source.unavailable_reason(cell) if cell.id in source.unknown else "" for cell in plan.cells]
    assert told[0] == ""
    assert told[1].startswith("the variant w4 was added by zoobench-w4 1.0 where the kit was made, and is not known")
    assert told[2].startswith("the runtime fast was added by zoobench-fast 1.0 where the kit was made")
    assert "fast" not in plan.rounds


def test_a_cell_of_what_is_installed_lacks_nothing(tmp_path: Path, beside_us: Path) -> None:
    text = """from zoobench.matrix.runtimes import Runtime
FAST = Runtime(name="fast", module="fast_sessions", packages=(), libraries=(), install="fast", least_rounds=9)"""
    entry_points = {"zoobench.runtimes": "fast = fast_runtime:FAST"}
    put(beside_us, "zoobench-fast", entry_points=entry_points, modules={"fast_runtime.py": text})
    plan = plan_of(with_manifest(a_kit(tmp_path), with_additions))
    assert open_inputs(plan, plan.cells).unknown.keys() == {plan.cells[1].id}
    assert plan.rounds["fast"].least == 9
