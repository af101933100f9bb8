"""Is a request read as it was meant, and one that makes no sense refused in words that help?"""

import json
import zipfile
from pathlib import Path

import pytest

from messages import message_of
from modelfiles import labelled
from tflitefiles import tiny, written
from zoobench.build.recipe import ConversionConfig, TrainingConfig
from zoobench.data.dataset import DatasetConfig
from zoobench.data.split import SHARES
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.backbones import BACKBONES, unsized_name
from zoobench.matrix.runtimes import RUNTIMES
from zoobench.matrix.variants import Quantizer
from zoobench.measure.latency import RoundsConfig
from zoobench.run.options import OPTIONS
from zoobench.run.plan import Building, Plan, make_plan

WHOLE = "received 'x'; allowed is a whole number"
ABOVE = "received 0; allowed is 1 or more"
COUNTS = ("drawn", "image-size", "calibration", "epochs", "validation-every", "patience", "batch-size", "processes")
COUNTS += ("rounds", "workers", "threads", "head-layers")
FREE = {"data", "classes", "calibration-data", "artifacts", "machine", "skip-bad-images", "signature"}
"""Options that take any text."""
REFUSED = [
    *((name, "x", f"--zoo-{name}: {WHOLE}") for name in (*COUNTS, "seed", "early-stopping-from")),
    *((name, "0", f"--zoo-{name}: {ABOVE}") for name in COUNTS),
    ("threads", "1,0", f"--zoo-threads: {ABOVE}"),
    ("calibration", "1.5", "--zoo-calibration: received '1.5'"),
    ("epochs", "", "--zoo-epochs: received ''"),
    ("drawn", "29", "29 drawn images were asked for; ask for at least 30, 3 for each of the 10 classes"),
    ("split", "70/30", "the split '70/30' cannot be read; give three numbers"),
    ("resize", "squash", "--zoo-resize: received 'squash'; allowed are stretch, crop, pad"),
    ("exif", "yes", "--zoo-exif: received 'yes'; allowed are ignore, apply"),
    ("seed", "-1", "--zoo-seed: received -1; allowed is 0 or more"),
    ("seed", "4294967296", "--zoo-seed: received 4294967296; allowed is 2147483647 or less"),
    ("early-stopping-from", "-1", "--zoo-early-stopping-from: received -1; allowed is 0 or more"),
    ("backbones", "mobilnet", "unknown backbone: mobilnet (did you mean mobilenet?); known are "),
    (
        "variants",
        "float32,int4",
        "unknown variant: int4 (did you mean dynamic_range_int4?); known are keras, float32, ",
    ),
    ("runtimes", "litert,tvm", "unknown runtime: tvm; known are litert, keras, "),
    *(
        (name, text, f"--zoo-{name}: received nothing; allowed are names separated by commas")
        for name, text in (("backbones", " , "), ("variants", ""), ("runtimes", ""))
    ),
    ("image-size", "96,x", f"--zoo-image-size: {WHOLE}"),
    ("image-size", " ,", "--zoo-image-size: received nothing; allowed are whole numbers separated by commas"),
    ("threads", "", "--zoo-threads: received nothing; allowed are whole numbers separated by commas"),
    ("weights", "nowhere.h5", "--zoo-weights: 'nowhere.h5' is neither auto, imagenet, random nor an existing folder"),
    (
        "weights",
        "mobilnet=random",
        "--zoo-weights: 'mobilnet=random' (did you mean mobilenet?) is not a pair backbone=FILE; known are ",
    ),
    (
        "quantizer",
        "tensrflow",
        "--zoo-quantizer: received 'tensrflow' (did you mean tensorflow?); allowed are auto, tensorflow, ai_edge",
    ),
    ("learning-rate", "fast", "--zoo-learning-rate: received 'fast'; allowed is a number"),
    ("learning-rate", "0", "--zoo-learning-rate: received 0.0; allowed is a number above 0"),
    ("learning-rate", "nan", "--zoo-learning-rate: received nan; allowed is a number above 0"),
    ("decay", "-0.1", "--zoo-decay: received -0.1; allowed is 0 or more"),
    ("model", "mine=backbone", "--zoo-model: received 'mine=backbone', but no backbone is a model of your own"),
    ("pixels", "0..1", "--zoo-pixels: received '0..1', but no backbone is a model of your own"),
    ("custom-objects", "a b", "--zoo-custom-objects: received 'a b'; allowed are modules as Python imports them"),
    ("dropout", "1", "--zoo-dropout: received 1.0; allowed is at least 0 and below 1"),
]


def plan(**given: str) -> Plan:
    """Returns the plan of options, `-` written as `_`."""
    return make_plan({name.replace("_", "-"): text for name, text in given.items()})


def building(**given: str) -> Building:
    source = plan(**given).source
    assert isinstance(source, Building)
    return source


@pytest.mark.parametrize(("name", "text", "message"), REFUSED)
def test_a_text_that_makes_no_sense_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_plan({name: text})
    assert str(caught.value).startswith(message)


def test_every_option_that_can_be_wrong_is_tried_above() -> None:
    tried_elsewhere = {option.name for option in OPTIONS if option.name.startswith(("gate", "kit"))}
    assert {name for name, _, _ in REFUSED} == {option.name for option in OPTIONS} - FREE - tried_elsewhere


def test_a_matrix_without_any_cell_is_refused() -> None:
    with pytest.raises(UsageError, match="--zoo-runtimes: received openvino, of which none runs keras; keras and "):
        plan(runtimes="openvino", variants="keras")


def test_without_options_everything_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    made = plan()
    assert [cell.id for cell in made.cells] == [
        f"{backbone}-{variant}-t1"
        for backbone in ("mobilenet", "inception_resnet_v2")
        for variant in (
            *("keras-keras", "float32-litert", "dynamic_range-litert", "float_fallback-litert", "integer_only-litert"),
        )
    ]
    assert {cell.image_size for cell in made.cells} == {224}
    assert made.source == Building(
        backbones={name: BACKBONES[name] for name in ("mobilenet", "inception_resnet_v2")},
        requested={},
        data=DatasetConfig(folder=None, drawn_images=300, shares=SHARES, seed=0),
        weights={"": "auto"},
        training=TrainingConfig(),
        conversion=ConversionConfig(quantizer=None, calibration_images=100),
    )
    assert made.rounds == {
        **dict.fromkeys(("litert", "litert_compiled", "openvino", "onnxruntime"), RoundsConfig(least=64, most=200)),
        **dict.fromkeys(("keras", "keras_graph"), RoundsConfig(least=24, most=200)),
    }
    assert (made.workers, made.processes, made.artifacts, made.machine) == (6, None, Path("artifacts"), "")


def test_every_option_of_training_and_data_is_read() -> None:
    counts = {"epochs": 7, "validation_every": 2, "early_stopping_from": 0, "patience": 4, "batch_size": 16, "seed": 5}
    rates = {"learning_rate": 0.01, "decay": 0.0, "dropout": 0.25}
    texts = {name: str(value) for name, value in (counts | rates).items()}
    data = {"data": "photos", "drawn": "60", "split": "8/1/1", "skip_bad_images": "yes", "calibration_data": "more.csv"}
    data |= {"classes": "dog,cat", "resize": "crop", "exif": "apply"}
    made = building(**texts, **data, head_layers="64")
    assert made.training == TrainingConfig(**counts, **rates, head_layers=(64,))  # type: ignore[arg-type]
    assert made.data == DatasetConfig(
        folder=Path("photos"),
        drawn_images=60,
        shares=(0.8, 0.1, 0.1),
        seed=5,
        skip_bad_images=True,
        calibration=Path("more.csv"),
        classes="dog,cat",
        resizing="crop",
        upright=True,
    )


def test_what_measuring_needs_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    made = plan(rounds="6", workers="2", artifacts="/tmp/kept", machine="pi", processes="12")
    assert made.rounds == {runtime: RoundsConfig(least=6, most=6) for runtime in RUNTIMES}
    assert (made.workers, made.artifacts, made.machine, made.processes) == (2, Path("/tmp/kept"), "pi", 12)
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert plan().workers == 1, "cores cannot be counted"


@pytest.mark.parametrize("name", ["tensorflow", "ai_edge"])
def test_a_quantizer_can_be_named_and_hidden_layers_may_be_of_the_same_width(name: Quantizer) -> None:
    made = building(quantizer=name, calibration="8", head_layers="128,128")
    assert made.conversion == ConversionConfig(quantizer=name, calibration_images=8)
    assert made.training.head_layers == (128, 128)


@pytest.mark.parametrize(
    ("texts", "cell", "said"),
    [
        (
            {"variants": "int8"},
            "mobilenet-integer_only_int8-litert-t1",
            "int8 is taken as integer_only_int8: weights int8",
        ),
        ({"variants": "TFLite"}, "mobilenet-float32-litert-t1", "the variant TFLite is taken as float32"),
        ({"variants": "dr"}, "mobilenet-dynamic_range-litert-t1", "dr is taken as dynamic_range: weights int8, comp"),
        ({"variants": "IO,integer-only"}, "mobilenet-integer_only-litert-t1", "IO is taken as integer_only"),
        ({"backbones": "MobileNetV2"}, "mobilenet_v2-float32-litert-t1", "MobileNetV2 is taken as mobilenet_v2"),
        ({"backbones": "EfficientNetV2-B0"}, "efficientnet_v2_b0-float32-litert-t1", "EfficientNetV2-B0 is taken as"),
        ({"backbones": "MobileNet_0.25"}, "mobilenet_025-float32-litert-t1", "MobileNet_0.25 is taken as"),
        ({"runtimes": "TFLite"}, "mobilenet-float32-litert-t1", "the runtime TFLite is taken as litert"),
    ],
)
def test_what_people_call_things_is_taken_as_ours_and_said(texts: dict[str, str], cell: str, said: str) -> None:
    made = make_plan({"backbones": "mobilenet", "variants": "float32", **texts})
    assert [one.id for one in made.cells] == [cell]
    assert isinstance(made.source, Building)
    assert said in made.source.remarks[0]
    assert not {*texts.values()} & {*made.options.values()}, "the names of ours are recorded"


def test_every_builder_of_keras_applications_is_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    builders = dict.fromkeys(one.builder for one in BACKBONES.values())
    made = plan(backbones=",".join(builders), variants="float32")
    assert len(made.cells) == len(builders)


def test_cells_are_made_once_though_asked_for_twice() -> None:
    made = plan(backbones="mobilenet, mobilenet", variants="float32,float32,", threads="1, 01,1")
    assert [cell.id for cell in made.cells] == ["mobilenet-float32-litert-t1"]


def test_native_is_each_backbones_own_size() -> None:
    made = plan(image_size="native", variants="float32", backbones="inception_v3,mobilenet")
    assert [cell.image_size for cell in made.cells] == [299, 224]


def test_several_image_sizes_are_a_dimension_and_a_part_of_what_cells_call_the_backbone() -> None:
    made = plan(image_size="96, 128,96", variants="float32,integer_only", backbones="mobilenet")
    assert [(cell.id, cell.image_size) for cell in made.cells] == [
        (f"mobilenet_{size}px-{variant}-litert-t1", size)
        for size in (96, 128)
        for variant in ("float32", "integer_only")
    ]
    assert isinstance(made.source, Building)
    assert set(made.source.backbones.values()) == {BACKBONES["mobilenet"]}, "the same products as of one size"
    assert [unsized_name(cell.backbone) for cell in made.cells] == ["mobilenet"] * 4


def test_sizes_that_come_to_one_leave_the_names_as_they_are() -> None:
    made = plan(image_size="native,224", variants="float32", backbones="inception_v3,mobilenet")
    assert [(cell.id, cell.image_size) for cell in made.cells] == [
        ("inception_v3_299px-float32-litert-t1", 299),
        ("inception_v3_224px-float32-litert-t1", 224),
        ("mobilenet-float32-litert-t1", 224),
    ]


def test_a_model_of_ones_own_has_its_own_image_size(tmp_path: Path) -> None:
    own_model = tmp_path / "pets.keras"
    with zipfile.ZipFile(own_model, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": [{"batch_shape": [None, 96, 96, 3]}]}}))
    wide = tmp_path / "wide.tflite"
    wide.write_bytes(written(tiny((1, 96, 160, 3))))
    made = plan(backbones=f"mobilenet,{own_model},{wide}", variants="integer_only", image_size="128")
    assert [(cell.id, cell.image_size) for cell in made.cells] == [
        ("mobilenet-integer_only-litert-t1", 128),
        ("pets-integer_only-litert-t1", 96),
        ("wide-prequantized-litert-t1", "96x160"),
    ]
    assert isinstance(made.source, Building)
    assert made.source.backbones["pets"].path == own_model


def test_all_models_that_cannot_be_taken_are_named_at_once(tmp_path: Path) -> None:
    for name, shape in (("one", (1, 7)), ("two", (1, 5)), ("good", (1, 24, 24, 3))):
        (tmp_path / f"{name}.tflite").write_bytes(written(tiny(shape)))
    paths = ",".join(str(tmp_path / f"{name}.tflite") for name in ("one", "good", "two"))
    first, second = message_of(ModelError, lambda: plan(backbones=paths)).splitlines()
    assert "one.tflite takes [1, 7]" in first
    assert "two.tflite takes [1, 5]" in second


def test_a_model_of_ones_own_may_have_a_comma_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "pets, v2.keras"
    path.write_bytes(b"")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    made = building(backbones=f"mobilenet,{path}", variants="float32")
    assert [one.path for one in made.backbones.values()] == [None, path]


def test_a_tflite_file_has_no_keras_variant_and_one_that_came_quantized_only_itself(tmp_path: Path) -> None:
    for name, label in (("float", "float32"), ("small", "integer_only")):
        (tmp_path / f"{name}.tflite").write_bytes(labelled(label))
    paths = ",".join(str(tmp_path / f"{name}.tflite") for name in ("float", "small"))
    made = plan(backbones=paths, variants="keras,float32,integer_only,prequantized")
    assert [(cell.id, cell.image_size) for cell in made.cells] == [
        ("float-float32-litert-t1", 24),
        ("float-integer_only-litert-t1", 24),
        ("small-prequantized-litert-t1", 24),
    ]
    assert isinstance(made.source, Building)
    assert made.source.remarks == (
        "float: no keras variant, it came as TFLite; float: no prequantized, it came as float32",
        "small: measured as it came, as the one variant prequantized: uint8 input, int8 weights; quantizers start from "
        "a float32 file",
    )
    with pytest.raises(UsageError, match=r"of which none runs keras; .*; float: no keras variant, it came as TFLite$"):
        plan(backbones=str(tmp_path / "float.tflite"), variants="keras")


def test_a_signature_is_that_of_a_model_of_ones_own_that_can_have_several() -> None:
    told = message_of(UsageError, lambda: plan(backbones="mobilenet", signature="serve"))
    assert told.startswith(
        "--zoo-signature: received 'serve', but no backbone is a TFLite file or a SavedModel of your"
    )


def test_all_variants_are_without_that_of_a_file_that_came_quantized() -> None:
    made = plan(backbones="mobilenet", variants="all")
    assert "prequantized" not in {cell.variant for cell in made.cells}
    assert building(backbones="mobilenet", variants="float32,prequantized").remarks == (
        "mobilenet: no prequantized, which is for a TFLite file that came quantized",
    )


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", ".hidden", "a b"])
def test_a_machine_is_named_like_a_folder_of_its_own(name: str) -> None:
    with pytest.raises(UsageError, match=r"^--zoo-machine: received .*; allowed are letters, digits"):
        plan(machine=name)


def test_the_options_of_a_plan_make_the_same_plan() -> None:
    given = {"epochs": "3", "backbones": "mobilenet_025", "split": "60/20/20", "skip-bad-images": "yes"}
    plan = make_plan({**given, "rounds": "6", "machine": "pi"})
    assert plan.options == given
    again = make_plan(plan.options)
    assert (again.cells, again.source) == (plan.cells, plan.source)
