"""Do Keras files depend on the model alone, and are unsafe ones refused?"""

import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from networks import noise
from zoobench.build import kerasfile
from zoobench.errors import ModelError


def trained() -> keras.Model:
    """Returns a trained network with an optimizer, in which two layers share an initializer."""
    keras.utils.set_random_seed(0)
    shared = keras.initializers.GlorotUniform(seed=1)
    layers = [
        keras.Input((8, 8, 3), name="pixels"),
        keras.layers.Conv2D(4, 3, kernel_initializer=shared, name="first"),
        keras.layers.Conv2D(4, 3, kernel_initializer=shared, name="second"),
        keras.layers.GlobalAveragePooling2D(name="pooling"),
        keras.layers.Dense(2, activation="softmax", name="probabilities"),
    ]
    network = keras.Sequential(layers, name="small")
    network.compile(keras.optimizers.Adam(name="adam"), "categorical_crossentropy")
    network.fit(noise(4, side=8).astype(np.float32), np.eye(2)[[0, 1, 0, 1]], verbose=0)
    return network


@pytest.fixture
def model() -> keras.Model:
    return trained()


def saved(model: keras.Model, folder: Path) -> Path:
    folder.mkdir()
    path = folder / "model.keras"
    kerasfile.save(model, path)
    assert [one.name for one in folder.iterdir()] == ["model.keras"]
    return path


def test_a_model_comes_back_as_it_was(model: keras.Model, tmp_path: Path) -> None:
    images = noise(3, side=8).astype(np.float32)
    back = kerasfile.load(saved(model, tmp_path / "one"))
    np.testing.assert_array_equal(back(images), model(images))


def test_keras_itself_loads_it_with_its_optimizer(model: keras.Model, tmp_path: Path) -> None:
    back = keras.saving.load_model(saved(model, tmp_path / "one"))
    assert int(back.optimizer.iterations) == 1


def test_the_same_model_gives_the_same_bytes_on_another_day(
    model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = saved(model, tmp_path / "one").read_bytes()
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert saved(model, tmp_path / "two").read_bytes() == first


def test_the_same_model_built_again_gives_the_same_bytes(model: keras.Model, tmp_path: Path) -> None:
    assert saved(trained(), tmp_path / "two").read_bytes() == saved(model, tmp_path / "one").read_bytes()


def test_no_address_of_this_process_stands_in_it(model: keras.Model, tmp_path: Path) -> None:
    raw = tmp_path / "raw.keras"
    model.save(raw)
    with zipfile.ZipFile(raw) as archive:
        assert b"shared_object_id" in archive.read("config.json")  # else there is nothing to number here
    with zipfile.ZipFile(saved(model, tmp_path / "one")) as archive:
        numbers = archive.read("config.json").decode().split('"shared_object_id": ')[1:]
    assert all(int(text[: text.index("}")]) < 100 for text in numbers)


def test_another_model_gives_other_bytes(model: keras.Model, tmp_path: Path) -> None:
    first = saved(model, tmp_path / "one").read_bytes()
    model.layers[0].bias.assign([0.5] * 4)
    assert saved(model, tmp_path / "two").read_bytes() != first


def test_an_interrupted_save_leaves_nothing(tmp_path: Path) -> None:
    class Interrupted:
        def save(self, path: Path) -> None:
            path.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kerasfile.save(Interrupted(), tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_leads_out_of_its_folder_is_refused(model: keras.Model, tmp_path: Path) -> None:
    path = saved(model, tmp_path / "one")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../evil.txt", "here I am")
    with pytest.raises(ModelError) as caught:
        kerasfile.load(path)
    assert str(caught.value) == (
        f"cannot load {path}: the archive's member '../../evil.txt' leads out of the folder that it is unpacked into"
    )


def test_custom_code_is_refused(tmp_path: Path) -> None:
    network = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda values: values * 2)])
    path = saved(network, tmp_path / "one")
    with pytest.raises(ModelError, match="Requested the deserialization of a `Lambda` layer"):
        kerasfile.load(path)
