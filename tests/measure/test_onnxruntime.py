"""Is a file converted once, kept by its content, and is a converter that fails told with what it said?"""

from pathlib import Path

import pytest

from zoobench.errors import MeasurementError
from zoobench.store.inventory import products, remnants
from zoobench.store.product import Facts, Product, obtain

pytest.importorskip("onnxruntime")
from zoobench.measure.runtimes import onnxruntime
from zoobench.measure.runtimes.onnxruntime import onnx_form, user_store

COUNTING = """
import sys
from pathlib import Path
Path("count").open("a").write("x")
Path(sys.argv[sys.argv.index("--output") + 1]).write_bytes(b"onnx of " + Path(sys.argv[2]).read_bytes())
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(onnxruntime, "version", lambda _name: "1.0")
    monkeypatch.chdir(tmp_path)


def model(content: bytes = b"tflite") -> Path:
    path = Path("model.tflite")
    path.write_bytes(content)
    return path


def test_a_file_is_converted_once_and_another_content_again() -> None:
    first = onnx_form(model(), converter=("-c", COUNTING))
    assert onnx_form(model(), converter=("-c", COUNTING)) == first
    assert first.read_bytes() == b"onnx of tflite"
    other = onnx_form(model(b"another"), converter=("-c", COUNTING))
    assert other.read_bytes() == b"onnx of another"
    assert Path("count").read_text() == "xx"
    assert first.parent.parent == user_store() / "onnx"


def test_the_form_of_a_stored_file_is_a_product_of_the_same_store(tmp_path: Path) -> None:
    def make(folder: Path) -> Facts:
        (folder / "model.tflite").write_bytes(b"stored")
        return {}

    product = Product(name="mobilenet-224-float32", file_name="model.tflite", inputs={})
    stored = obtain(tmp_path / "artifacts" / "models", product, make)
    converted = onnx_form(stored.path, converter=("-c", COUNTING))
    assert converted.read_bytes() == b"onnx of stored"
    model, form = products(tmp_path / "artifacts")
    assert (form.kind, form.folder, form.name[:-12]) == ("ONNX form", converted.parent, "mobilenet-224-float32-onnx-")
    assert model.kind == "model"


def test_a_damaged_form_is_set_aside_and_converted_again(capsys: pytest.CaptureFixture[str]) -> None:
    onnx_form(model(), converter=("-c", COUNTING)).write_bytes(b"changed")
    assert onnx_form(model(), converter=("-c", COUNTING)).read_bytes() == b"onnx of tflite"
    assert Path("count").read_text() == "xx"
    assert "set aside" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; sys.exit('no such operator')", r"status 1\): no such operator"),
        ("print('done')", r"status 0\): done"),
    ],
)
def test_a_conversion_that_fails_is_told_and_leaves_nothing(program: str, told: str) -> None:
    with pytest.raises(MeasurementError, match=rf"tf2onnx cannot convert model\.tflite \({told}"):
        onnx_form(model(), converter=("-c", program))
    assert products(user_store()) == remnants(user_store()) == ()


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(MeasurementError, match=r"the ONNX form of none\.tflite cannot be made"):
        onnx_form(Path("none.tflite"))
