"""Does `zoobench inspect` show what is in a file, and say by its status whether the file is what it is labelled?"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from click.testing import CliRunner, Result

from modelfiles import labelled, small_classifier
from tflitefiles import edited, tiny, with_labels, with_open_batch, written
from zoobench.cli import main
from zoobench.commands.inspect import inspect_file, nearest_label, remarks
from zoobench.matrix.variants import SPECS
from zoobench.store.product import MANIFEST, describe
from zoobench.tflite.contract import Contract, labels_met, read_contract, violations


def inspected(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["inspect", *map(str, arguments)])


@pytest.fixture
def integer_file(tmp_path: Path) -> Path:
    path = tmp_path / "integer [1].tflite"
    path.write_bytes(labelled("integer_only"))
    return path


@pytest.fixture
def float_file(tmp_path: Path) -> Path:
    path = tmp_path / "float.tflite"
    path.write_bytes(labelled("float32"))
    return path


def with_int8_output(model: schema.ModelT) -> None:
    graph = model.subgraphs[0]
    output = graph.tensors[graph.outputs[0]]
    output.type, output.quantization.zeroPoint = schema.TensorType.INT8, [-128]


def put_manifest(file: Path, *, variant: str, of: str = "") -> None:
    named = file.with_name(of or file.name)
    named.touch()
    describe(file.parent, file=named.name, inputs={"variant": variant}, facts={}, seconds=0)


def test_without_a_label_it_says_which_one_fits(integer_file: Path) -> None:
    done = inspected(integer_file)
    assert done.exit_code == 0
    assert done.output.startswith(f"{integer_file}, 13.")
    assert "uint8, 1 × 24 × 24 × 3, scale 1.00, zero point 0" in done.output
    assert "1 DEPTHWISE_CONV_2D: integer, int8 × int8, a scale for each channel" in done.output
    assert done.output.endswith("\nIt meets the spec of integer_only.\n")


def test_a_violated_spec_is_status_1_with_both_sides(float_file: Path, integer_file: Path) -> None:
    assert inspected(integer_file, "--as", "integer_only").exit_code == 0
    done = inspected(float_file, "--as", "integer_only")
    assert done.exit_code == 1
    assert f"{float_file} does not meet the spec of integer_only.\n" in done.output
    assert re.search(r"^layers +all integer +4 float +$", done.output, flags=re.MULTILINE)


def test_json_holds_all_of_it(float_file: Path) -> None:
    done = inspected(float_file, "--as", "float16", "--format", "json")
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert found["labels_met"] == ["float32"]
    assert found["label"] == "float16"
    assert {
        "about": "weights",
        "required": "at least 90.0 % of the bytes float16",
        "found": "100.0 % float32",
    } in found["violations"]
    assert found["contract"]["inputs"][0]["type"] == "float32"


def test_a_model_of_ours_is_held_to_what_its_manifest_says(float_file: Path) -> None:
    put_manifest(float_file, variant="integer_only")
    assert inspected(float_file).exit_code == 1
    assert inspected(float_file, "--as", "float32").exit_code == 0


@pytest.mark.parametrize(("variant", "of"), [("integer_only", "another.tflite"), ("keras", ""), ("unheard_of", "")])
def test_a_manifest_that_says_nothing_of_the_file_is_passed_over(float_file: Path, variant: str, of: str) -> None:
    put_manifest(float_file, variant=variant, of=of)
    assert inspect_file(float_file).label is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"file": "float.tflite", "inputs": {"variant": []}}'])
def test_a_strange_manifest_is_passed_over(float_file: Path, content: str) -> None:
    float_file.with_name(MANIFEST).write_text(content)
    assert inspect_file(float_file).label is None


def test_an_unknown_label_is_status_2_and_names_the_known(float_file: Path) -> None:
    done = inspected(float_file, "--as", "int2")
    assert done.exit_code == 2
    assert done.output.startswith("zoobench: --as: received 'int2'; allowed is one of float32, float16, dynamic_range")


def test_a_file_that_is_missing_cut_off_or_something_else_is_status_2(tmp_path: Path, float_file: Path) -> None:
    cut, keras_file = tmp_path / "cut.tflite", tmp_path / "model.keras"
    cut.write_bytes(float_file.read_bytes()[:5000])
    small_classifier().save(keras_file)
    for path, words in (
        (tmp_path / "none.tflite", "cannot read"),
        (tmp_path, "cannot read"),
        (cut, "cut off, damaged or too new"),
        (keras_file, "this is not a TFLite file"),
    ):
        done = inspected(path)
        assert done.exit_code == 2
        assert done.output.startswith("zoobench: ")
        assert str(path) in done.output
        assert words in done.output


def test_a_file_that_no_label_fits_is_shown_with_the_nearest_and_what_keeps_it_from_that(tmp_path: Path) -> None:
    path = tmp_path / "mixed.tflite"
    path.write_bytes(edited(labelled("integer_only"), with_int8_output))
    done = inspected(path)
    assert done.exit_code == 0
    assert "It meets no spec; the nearest is integer_only.\n" in done.output
    assert re.search(r"^outputs +uint8 +int8 ", done.output, flags=re.MULTILINE)
    assert "The input is uint8 and the output int8" in done.output
    found = json.loads(inspected(path, "--format", "json").output)
    assert (found["labels_met"], found["nearest"]["label"]) == ([], "integer_only")
    assert [one["about"] for one in found["nearest"]["violations"]] == ["outputs"]
    assert len(found["remarks"]) == 1


def test_what_it_can_be_called_for_and_for_which_classes_is_shown(tmp_path: Path) -> None:
    path, names = tmp_path / "mine.tflite", "".join(f"class {number}\n" for number in range(7))
    content = edited(labelled("integer_only_int8"), with_open_batch)
    path.write_bytes(with_labels(content, {"labels.txt": names.encode()}))
    done = inspected(path)
    assert "open dimensions   the batch: it is run on one at a time" in done.output
    assert "input holds       0 to 255: pixels 0..255" in done.output
    assert "signatures        serving_default (image [?, 24, 24, 3] -> probabilities [?, 3])" in done.output
    assert "classes           7: class 0, class 1, class 2, class 3, class 4, …" in done.output
    found = json.loads(inspected(path, "--format", "json").output)
    assert (found["signatures"], len(found["classes"])) == (["serving_default"], 7)
    assert found["input_holds"] == pytest.approx([0, 255], abs=0.1)


def test_labels_that_cannot_be_read_are_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(with_labels(labelled("float32"), {"../labels.txt": b"cat"}))
    assert "leads out of the folder" in inspected(path).output.replace("\n", " ").replace("  ", "")


def test_several_signatures_are_listed_until_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "two.tflite"
    path.write_bytes(written(tiny(signatures=("classify", "embed"))))
    done = inspected(path)
    assert done.exit_code == 2
    assert "the file has 2 signatures: classify (" in done.output
    assert "1 NEG" in inspected(path, "--signature", "embed").output
    assert inspected(path, "--signature", "detect").exit_code == 2


Edit = Callable[[schema.ModelT], object]


def setting(owner: Callable[[schema.ModelT], Any], **fields: Any) -> Edit:
    return lambda model: vars(owner(model)).update(fields)


def with_graph(**fields: Any) -> Edit:
    return setting(lambda model: model.subgraphs[0], **fields)


def with_input(**fields: Any) -> Edit:
    return setting(lambda model: model.subgraphs[0].tensors[0], **fields)


def scaled(scale: float, zero_points: list[int]) -> Edit:
    return with_input(quantization=schema.QuantizationParametersT(scale=[scale], zeroPoint=zero_points))


def with_signature(**fields: Any) -> Edit:
    return setting(lambda model: model.signatureDefs[0], **fields)


DAMAGE: dict[str, Edit] = {
    "no input": with_graph(inputs=[]),
    "no output": with_graph(outputs=[]),
    "an input that is not there": with_graph(inputs=[999]),
    "an input that is left out": with_graph(inputs=[-1]),
    "an output that is the input": with_graph(outputs=[0]),
    "no operator": with_graph(operators=[]),
    "no name": with_input(name=None),
    "a name that does not print": with_input(name=b"\x1b[31m\n\xc8\xc9"),
    "a long name": with_input(name=b"n" * 5000),
    "no shape": with_input(shape=None),
    "an empty batch": with_input(shape=[0, 4, 4, 3]),
    "a shape beyond memory": with_input(shape=[1, 2_000_000_000, 48, 3]),
    "a signature of a shape that is longer": with_input(shapeSignature=[-1, 4, 4, 3, 7]),
    "a signature that is more negative": with_input(shapeSignature=[-5, 4, 4, 3]),
    "a scale of zero": scaled(0.0, [0]),
    "a scale below zero": scaled(-1.0, [5]),
    "a scale that is no number": scaled(float("nan"), [0]),
    "no zero point": scaled(0.5, []),
    "a signature without a name": with_signature(signatureKey=None),
    "a signature of nothing": with_signature(inputs=[], outputs=[]),
    "a signature twice": lambda model: model.signatureDefs.append(model.signatureDefs[0]),
    "metadata that are not there": setting(lambda model: model, metadata=[schema.MetadataT(name=b"m", buffer=777)]),
    "metadata without a name": setting(lambda model: model, metadata=[schema.MetadataT(buffer=0)]),
    "a graph many times": lambda model: model.subgraphs.extend(model.subgraphs * 11),
    "an operator of the future": setting(lambda model: model.operatorCodes[0], builtinCode=5000),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_is_wrong_with_a_file_it_is_shown_or_refused_in_a_sentence(damage: str, tmp_path: Path) -> None:
    path, sound, numbers = tmp_path / "damaged.tflite", tmp_path / "sound.tflite", tmp_path / "numbers.npy"
    content = written(tiny(signatures=("serving_default",)))
    sound.write_bytes(content)
    path.write_bytes(edited(content, DAMAGE[damage]))
    np.save(numbers, np.zeros((1, 4, 4, 3), np.float32))
    picture = tmp_path / "layers.svg"
    for command in (["inspect", path], ["layers", path, "--float", sound, "--images", numbers, "--picture", picture]):
        done = CliRunner().invoke(main, list(map(str, command)))
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert done.exit_code == 0 or (done.exit_code == 2 and done.output.startswith("zoobench: "))


def test_an_open_height_is_named(tmp_path: Path) -> None:
    path = tmp_path / "open.tflite"
    path.write_bytes(written(tiny((-1, -1, -1, 3))))
    assert "input0: others than the batch, so it is not known what to run it on" in inspected(path).output


def test_every_format_holds_the_verdict_and_csv_the_facts(float_file: Path) -> None:
    for form, start in (("markdown", "- "), ("html", "<!doctype html>"), ("json", "{")):
        done = inspected(float_file, "--as", "integer_only", "--format", form)
        assert done.exit_code == 1
        assert done.output.startswith(start)
        assert "integer_only" in done.output.replace("\\", "")
    rows = inspected(float_file, "--format", "csv").output.splitlines()
    assert rows[0] == "about,found"
    assert any(row.startswith("weights,") for row in rows)


def contract(label: str) -> Contract:
    return read_contract(labelled(label))


def with_types(label: str, *, taken: str, given: str) -> Contract:
    found = contract(label)
    inputs, outputs = ((replace(side[0], type=kind),) for side, kind in ((found.inputs, taken), (found.outputs, given)))
    return replace(found, inputs=inputs, outputs=outputs)


def with_custom(name: bytes) -> Contract:
    """Returns the float32 file with a custom operator in the place of its softmax."""

    def edit(model: schema.ModelT) -> None:
        for code in model.operatorCodes:
            if code.builtinCode == schema.BuiltinOperator.SOFTMAX:
                code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
                code.customCode = name
        for operator in model.subgraphs[0].operators:
            if operator.builtinOptionsType == schema.BuiltinOptions.SoftmaxOptions:
                operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.NONE, None

    return read_contract(edited(labelled("float32"), edit))


def said(found: Contract) -> str:
    return " ".join(remarks(found, SPECS[nearest_label(found)[0]]))


@pytest.mark.parametrize("label", SPECS)
def test_a_file_that_meets_a_spec_is_nearest_to_it_and_nothing_is_said(label: str) -> None:
    found = contract(label)
    assert nearest_label(found) == (label, ())
    assert said(found) == ""


@pytest.mark.parametrize(
    ("taken", "given", "label", "words"),
    [
        ("uint8", "float32", "integer_only", "inference_input_type was set and inference_output_type was not"),
        ("int8", "float32", "integer_only_int8", "inference_input_type was set and inference_output_type was not"),
        ("float32", "uint8", "float_fallback", "inference_output_type was set and inference_input_type was not"),
        ("int8", "uint8", "integer_only_int8", "The input is int8 and the output uint8"),
    ],
)
def test_a_type_that_was_set_on_one_side_alone_is_named(taken: str, given: str, label: str, words: str) -> None:
    found = with_types("integer_only", taken=taken, given=given)
    near, violated = nearest_label(found)
    assert (labels_met(found), near, [one.about for one in violated]) == ((), label, ["outputs"])
    assert words in said(found)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"FlexAdjustHue", "(Select TF): 1 FlexAdjustHue. LiteRT does not run the file"),
        (b"Glimpse", "1 Glimpse. LiteRT"),
    ],
)
def test_operators_that_litert_does_not_have_violate_every_spec(name: bytes, words: str) -> None:
    found = with_custom(name)
    assert labels_met(found) == ()
    assert nearest_label(found)[0] == "float32"
    assert violations(found, SPECS["float32"])[0].about == "operators that LiteRT does not have"
    assert words in said(found)


def test_a_custom_operator_that_litert_has_does_not() -> None:
    found = replace(contract("float32"), custom_operators={"TFLite_Detection_PostProcess": 1})
    assert labels_met(found) == ("float32",)


def test_of_equals_the_nearest_has_integer_weights_where_the_file_has() -> None:
    found = replace(contract("weight_only_int8"), weight_shares={"int4": 0.9, "float32": 0.1})
    assert nearest_label(found)[0] == "weight_only_int8"


def test_weights_of_tensorflow_1_get_a_word() -> None:
    found = contract("integer_only")
    layers = {replace(kind, weights="uint8", activations="uint8"): count for kind, count in found.layers.items()}
    legacy = replace(found, layers=layers, weight_bytes={"uint8": 9}, weight_shares={"uint8": 1.0})
    assert nearest_label(legacy)[0] == "integer_only"
    assert "uint8 weights of TensorFlow 1's quantizer" in said(legacy)


def test_a_file_with_one_layer_of_another_kind_is_nearest_to_what_the_others_are() -> None:
    found = contract("float_fallback")
    first, *rest = found.layers
    layers = {replace(first, computing="float", activations="float32"): 1, **dict.fromkeys(rest, 9)}
    mixed = replace(found, layers=layers, weight_shares={"int8": 0.75, "float32": 0.25})
    near, violated = nearest_label(mixed)
    assert near == "float_fallback"
    assert [one.about for one in violated] == ["weights", "layers", "activations"]


def test_what_tensorflow_1_or_a_detector_gives_is_no_forgotten_type() -> None:
    found = with_types("integer_only", taken="uint8", given="float32")
    assert "inference_" not in said(replace(found, custom_operators={"TFLite_Detection_PostProcess": 1}))


def test_a_small_network_of_dynamic_range_is_said_to_be_below_by_how_much() -> None:
    found = replace(contract("dynamic_range"), weight_shares={"int8": 0.61, "float32": 0.39})
    assert nearest_label(found)[0] == "dynamic_range"
    assert said(found).startswith("61.0 % of the weights' bytes are int8, 9.0 points less than required: TensorFlow's")
