"""Do real files give the errors that an independent implementation gives?"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from zoobench.errors import MeasurementError
from zoobench.matrix.interface import Interface
from zoobench.measure import layerwise
from zoobench.measure.layers import LayerError
from zoobench.measure.layerwise import Layer, ObservedModel, match, measure_layers, open_comparison, read_layers
from zoobench.measure.runtimes import open_session

pytestmark = pytest.mark.slow
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 24, 24, 3), np.uint8)


def one_by_one(images: npt.NDArray[np.uint8] = IMAGES) -> Iterator[npt.NDArray[np.uint8]]:
    for position in range(len(images)):
        yield images[position : position + 1]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny classifier in float32 and as each quantizer makes it."""
    import keras

    from modelfiles import labelled
    from zoobench.build import conversion

    calibrated = conversion.calibrated(labelled("float32"), one_by_one)
    other = keras.Sequential([keras.Input((24, 24, 3)), keras.layers.MaxPooling2D()])
    contents = {label: labelled(label) for label in ("float32", "dynamic_range", "float_fallback", "integer_only")}
    contents |= {"tensorflow": conversion.integer(calibrated, io="uint8"), "other": conversion.float32(other)}
    folder = tmp_path_factory.mktemp("models")
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
    return {name: folder / f"{name}.tflite" for name in contents}


def measured(files: dict[str, Path], name: str, images: npt.NDArray[np.uint8] = IMAGES) -> tuple[LayerError, ...]:
    comparison = open_comparison(files[name], files["float32"])
    assert comparison[2].unmatched == ()
    return measure_layers(comparison, one_by_one(images), advance=lambda _steps, _note: None)


def test_a_file_against_itself_has_no_error(files: dict[str, Path]) -> None:
    assert all(layer.exact for layer in measured(files, "float32"))


def test_a_model_of_one_s_own_is_fed_the_range_that_it_takes(files: dict[str, Path]) -> None:
    taken_as = Interface(taken_as="classifier", pixels="0..1")
    observed = ObservedModel(files["float32"], taken_as)
    observed.run(IMAGES[:1])
    with open_session(files["float32"], runtime="litert", threads=1, interface=taken_as) as session:
        session.load(IMAGES[:1])
        session.invoke()
        expected = session.read()
    assert observed.values(read_layers(files["float32"])[-1]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", ["dynamic_range", "float_fallback", "integer_only", "tensorflow"])
def test_every_layer_of_every_quantizer_is_found_and_near(files: dict[str, Path], name: str) -> None:
    layers = measured(files, name)
    assert [layer.kind for layer in layers][-3:] == ["MEAN", "FULLY_CONNECTED", "SOFTMAX"]
    assert not layers[-1].exact
    assert all(layer.exact or (layer.sqnr_db is not None and layer.sqnr_db > 20) for layer in layers)


@pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors")
def test_errors_agree_with_the_validator_of_ai_edge_quantizer(files: dict[str, Path]) -> None:
    from litert_quantizer import model_validator
    from litert_quantizer.utils.validation_utils import ValidationErrorMetric as Metric

    data = {"serving_default": [{"image": image.astype(np.float32)} for image in one_by_one(IMAGES[:1])]}
    content, reference = (files[name].read_bytes() for name in ("float_fallback", "float32"))
    known = model_validator.compare_model(
        reference, content, data, [Metric.MSE, Metric.COSINE_SIMILARITY], use_xnnpack=False, num_threads=1
    ).get_all_tensor_results()
    layers = measured(files, "float_fallback", IMAGES[:1])
    assert len(layers) >= 6
    for layer in layers:
        assert layer.error_rms**2 == pytest.approx(known[layer.name]["mse"], rel=1e-3, abs=1e-12)
        assert layer.cosine == pytest.approx(known[layer.name]["cosine_similarity"], abs=1e-5)


def test_an_image_more_is_only_added(files: dict[str, Path]) -> None:
    single = [measured(files, "integer_only", IMAGES[one : one + 1])[-1] for one in range(2)]
    both = measured(files, "integer_only", IMAGES[:2])[-1]
    assert both.max_error == max(one.max_error for one in single)
    assert both.error_rms**2 == pytest.approx(sum(one.error_rms**2 for one in single) / 2)


def test_files_without_a_common_layer_say_what_to_do(files: dict[str, Path]) -> None:
    with pytest.raises(MeasurementError, match=r"no layer of .*other\.tflite is known in .*give with --float"):
        open_comparison(files["other"], files["float32"])


def test_no_image_is_no_measurement(files: dict[str, Path]) -> None:
    with pytest.raises(MeasurementError, match="at least one"):
        measured(files, "float32", IMAGES[:0])


def test_values_that_are_no_numbers_are_named(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ObservedModel, "values", lambda _self, _layer: np.array([np.nan]))
    with pytest.raises(MeasurementError, match="infinite or no numbers"):
        measured(files, "float32")


def test_channels_may_have_scales_of_their_own() -> None:
    detail: dict[str, Any] = {
        "shape": np.array([1, 2, 3]),
        "quantization_parameters": {"scales": [1.0, 2.0, 4.0], "zero_points": [0, 1, 2], "quantized_dimension": 2},
    }
    scale = layerwise._scale(detail)
    assert scale is not None
    factors, zero_points = scale
    stored = np.full((1, 2, 3), 3.0)
    assert ((stored - zero_points) * factors)[0].tolist() == [[3.0, 4.0, 4.0]] * 2


def test_a_file_that_was_cut_off_is_an_error_and_no_traceback(files: dict[str, Path], tmp_path: Path) -> None:
    path = next(iter(files.values()))
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(MeasurementError, match=r"cut\.tflite"):
        open_comparison(cut, path)


def layer(name: str, *, inputs: tuple[int, ...] = (-1,), **changes: Any) -> Layer:
    usual: dict[str, Any] = {"kind": "CONV_2D", "tensor": 0, "shape": (1, 4), "is_float": True}
    return Layer(**{**usual, "name": name, "inputs": inputs, **changes})


CHAIN = (layer("a"), layer("b", inputs=(0,)))


@pytest.mark.parametrize(
    ("ours", "theirs", "by", "pairs", "unmatched"),
    [
        (CHAIN, (layer("b"), layer("new"), layer("a")), "name", ["a", "b"], []),
        (CHAIN, (layer("x"), layer("y", inputs=(0,))), "structure", ["x", "y"], []),
        (CHAIN, (layer("a"), layer("other", kind="ADD"), layer("more", kind="ADD")), "name", ["a"], ["b"]),
        # layers of whole numbers have no error
        ((layer("a"), layer("best", is_float=False)), (layer("a"), layer("best", is_float=False)), "name", ["a"], []),
    ],
)
def test_layers_are_found_by_name_wherever_they_stand_or_by_structure(
    ours: Sequence[Layer], theirs: Sequence[Layer], by: str, pairs: list[str], unmatched: list[str]
) -> None:
    found = match(ours, theirs)
    assert found is not None
    assert found.by == by
    assert [(position, one, other.name) for position, one, other in found.pairs] == [
        (position, ours[position], name) for position, name in enumerate(pairs)
    ]
    assert [one.name for one in found.unmatched] == unmatched


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ((layer("a"),), (layer("a", shape=(1, 9)),)),  # a name alone does not make two layers the same
        ((layer("a"),), (layer("a", kind="ADD"),)),
        ((layer("a"),), (layer("a"), layer("a"))),  # two layers of one name are not guessed between
        (CHAIN, (layer("x"), layer("y"))),  # another wiring is another structure
    ],
)
def test_layers_that_may_be_others_are_not_matched(ours: Sequence[Layer], theirs: Sequence[Layer]) -> None:
    assert match(ours, theirs) is None


@pytest.mark.parametrize("content", [None, b"", b"a text that is no model"])
def test_what_is_no_tflite_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MeasurementError, match=r"model\.tflite.*[gG]ive a"):
        read_layers(path)


def test_a_layer_that_litert_does_not_show_or_gives_in_another_shape_is_named(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = Layer(kind="CONV_2D", name="conv", tensor=9999, shape=(1,), is_float=False, inputs=())
    with pytest.raises(MeasurementError, match=r"does not show layer conv \(CONV_2D\), tensor 9999: .*damaged"):
        ObservedModel(files["integer_only"]).values(damaged)
    comparison = open_comparison(files["integer_only"], files["float32"])
    monkeypatch.setattr(comparison[1], "values", lambda _layer: np.zeros(3))
    with pytest.raises(MeasurementError, match=r"in the float file and \(3,\) in the other, which says .*damaged"):
        measure_layers(comparison, one_by_one(), advance=lambda _steps, _note: None)
