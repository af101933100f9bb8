"""Which weights does a backbone get for each form of `--zoo-weights`, and what if they cannot be had?"""

import hashlib
import io
from http.client import BadStatusLine
from pathlib import Path

import pytest

from messages import message_of
from zoobench.build.weights import Weights, find_weights, keras_cache, parse_request
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.backbones import BACKBONES, Backbone

HDF5 = b"\x89HDF\r\n\x1a\n and the rest"
MOBILENET = BACKBONES["mobilenet"]
FILE = "mobilenet_1_0_224_tf_no_top.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/{FILE}"


class Response(io.BytesIO):
    """What a server answers."""

    def __init__(self, content: bytes, *, told: int | None = None) -> None:
        super().__init__(content)
        self.headers = {"Content-Length": str(len(content) if told is None else told)}


class Network:
    """Stands for `urlopen`: gives one answer and remembers what was asked for."""

    def __init__(self) -> None:
        self.answer: Response | Exception = OSError("network is unreachable")
        self.asked: list[str] = []

    def __call__(self, url: str, *, timeout: float) -> Response:
        assert timeout > 0
        self.asked.append(url)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of Keras, the only one that is looked at."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """A network that is down unless a test says otherwise."""
    down = Network()
    monkeypatch.setattr("urllib.request.urlopen", down)
    return down


def put(path: Path, content: bytes = HDF5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(text: str, *, backbone: Backbone = MOBILENET, image_size: int = 224) -> Weights:
    return find_weights(backbone, image_size=image_size, request=parse_request(text))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# What was asked for


@pytest.mark.parametrize("keyword", ["auto", "imagenet", "random"])
def test_a_keyword_holds_for_every_backbone(keyword: str) -> None:
    assert parse_request(keyword) == {"": keyword}


def test_pairs_hold_for_their_backbones_and_leave_the_others_automatic(tmp_path: Path) -> None:
    path = put(tmp_path / "mine.h5")
    request = parse_request(f"mobilenet={path},xception=random")
    assert request == {"": "auto", "mobilenet": str(path), "xception": "random"}
    assert find_weights(BACKBONES["xception"], image_size=299, request=request).identity == "random"
    assert find_weights(MOBILENET, image_size=224, request=request).path == path
    assert find_weights(BACKBONES["resnet50"], image_size=224, request=request).remark


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *[(text, f"{text!r} is neither auto, imagenet, random nor an existing") for text in ("imagnet", "no/file", "")],
        ("vgg16=random", "'vgg16=random' is not a pair backbone=FILE; known are mobilenet, mobilenet_075, "),
        ("mobilenet=random,xception", "'xception' is not a pair backbone=FILE; known are mobilenet, "),
        ("mobilenet=nowhere.h5", "'nowhere.h5' is neither auto, imagenet, random nor an existing folder or file; "),
        ("mobilenet=", "'' is neither auto, imagenet, random nor an existing folder or file; give one of these, or "),
    ],
)
def test_what_is_no_keyword_no_path_and_no_pair_is_refused(text: str, told: str) -> None:
    assert message_of(UsageError, lambda: parse_request(text)).startswith(f"--zoo-weights: {told}")


# Random weights and files of one's own


def test_random_weights_have_no_file() -> None:
    assert found("random") == Weights(identity="random", path=None, sha256=None, remark="")


def test_a_file_is_known_by_its_content_and_kept_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "mine.h5")
    expected = Weights(identity=f"file:{sha256(HDF5)}", path=path, sha256=sha256(HDF5))
    assert found(str(path)) == expected
    monkeypatch.chdir(tmp_path)
    assert found("mine.h5") == expected


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.h5")
    text = message_of(ModelError, lambda: find_weights(MOBILENET, image_size=224, request={"": gone}))
    assert text == f"cannot read {gone}: No such file or directory; give a file that can be read"


def test_a_model_of_ones_own_brings_its_weights_whatever_is_asked_for(tmp_path: Path) -> None:
    own = Backbone(name="mine", path=put(tmp_path / "mine.keras", b"a model"))
    assert found("random", backbone=own).identity == f"file:{sha256(b'a model')}"


# Folders


@pytest.mark.parametrize(
    ("name", "image_size", "file"),
    [
        ("mobilenet", 224, "mobilenet_1_0_224_tf_no_top.h5"),
        ("mobilenet", 200, "mobilenet_1_0_224_tf_no_top.h5"),
        ("mobilenet", 224, "mobilenet_1_0_224_tf_no_top.weights.h5"),
        ("mobilenet", 200, "mobilenet_1_0_200_tf_no_top.weights.h5"),
        ("mobilenet_075", 192, "mobilenet_7_5_192_tf_no_top.weights.h5"),
        ("mobilenet_050", 160, "mobilenet_5_0_160_tf_no_top.weights.h5"),
        ("mobilenet_025", 128, "mobilenet_2_5_128_tf_no_top.weights.h5"),
        ("mobilenet_v2", 96, "mobilenet_v2_1_0_96_tf_no_top.weights.h5"),
        ("mobilenet_v2", 96, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5"),
        ("xception", 299, "xception_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ],
)
def test_a_folder_holds_files_of_known_names(tmp_path: Path, name: str, image_size: int, file: str) -> None:
    path = put(tmp_path / "weights" / file)
    weights = found(str(path.parent), backbone=BACKBONES[name], image_size=image_size)
    assert (weights.path, weights.identity) == (path, f"file:{sha256(HDF5)}")
    first = put(path.with_name(BACKBONES[name].weights_name(image_size)))  # the name that Keras uses comes first
    assert found(str(path.parent), backbone=BACKBONES[name], image_size=image_size).path == first


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("mobilenet_025", "mobilenet_2_5_160_tf_no_top.h5 and mobilenet_2_5_160_tf_no_top.weights.h5"),
        ("resnet50", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ],
)
def test_a_folder_without_the_file_is_an_error_that_names_what_was_looked_for(
    tmp_path: Path, name: str, files: str
) -> None:
    put(tmp_path / "mobilenet_2_5_128_tf_no_top.weights.h5")
    text = message_of(ModelError, lambda: found(str(tmp_path), backbone=BACKBONES[name], image_size=160))
    assert text.startswith(f"no weights of {name} at 160 px in {tmp_path}; looked for {files}. Put one there, ")
    assert text.endswith(f"or name each: --zoo-weights {name}=FILE (or =random)")


@pytest.mark.parametrize(
    ("name", "image_size", "digest"),
    [
        ("mobilenet", 224, "7eb3a54f13c63e980ea7960a0583f308590970970a71f08908d5a41da3606ad1"),
        ("mobilenet_050", 160, "d041f77fc9585d3282ed3a46add871ed2b7eaf896512cb2f1258845f3ef307b9"),
        ("mobilenet_025", 128, "89792f3ae032b689a578434a4d4bdc54a67d228cfa6478d5fbc863d9a147720b"),
    ],
)
def test_the_real_weights_are_found(imagenet_weights: Path, name: str, image_size: int, digest: str) -> None:
    weights = found(str(imagenet_weights), backbone=BACKBONES[name], image_size=image_size)
    assert weights.identity == f"file:{digest}"


# ImageNet's weights


def test_the_cache_is_in_the_home_folder_unless_keras_is_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_HOME")
    assert keras_cache() == Path.home() / ".keras" / "models"


@pytest.mark.parametrize("text", ["imagenet", "auto"])
def test_imagenet_weights_in_the_cache_are_taken_without_asking_the_network(
    cache: Path, network: Network, text: str
) -> None:
    path = put(cache / FILE)
    assert found(text) == Weights(identity="imagenet", path=path, sha256=sha256(HDF5))
    assert network.asked == []


@pytest.mark.parametrize("text", ["imagenet", "auto"])
def test_imagenet_weights_are_fetched_into_the_cache(
    cache: Path, network: Network, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    network.answer = Response(HDF5 * 100_000)  # several chunks
    weights = found(text)
    assert (weights.identity, weights.path, weights.remark) == ("imagenet", cache / FILE, "")
    assert (cache / FILE).read_bytes() == HDF5 * 100_000
    assert network.asked == [URL]
    assert capsys.readouterr().err.startswith(f"Fetching {FILE} (bytes): ")


def test_without_them_imagenet_is_an_error_that_says_what_to_do_and_auto_takes_random_weights(cache: Path) -> None:
    told = (
        f"the ImageNet weights of mobilenet are not in {cache} and could not be fetched (network is unreachable). "
        f"Get {FILE} from {URL} where there is a network and put it at {cache / FILE}, or use --zoo-weights random"
    )
    assert message_of(ModelError, lambda: found("imagenet")) == told
    expected = Weights(identity="random", remark=f"RANDOM WEIGHTS, accuracy means nothing: {told}")
    assert found("auto") == expected


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(HDF5, told=1000), f"received {len(HDF5)} of 1000 bytes"),
        (Response(b"<html>log in first</html>"), f"what is at {URL} is not an HDF5 file"),
        (Response(b""), "received 0 of 0 bytes"),
        (TimeoutError("timed out"), "timed out"),
        (BadStatusLine("hello"), "hello"),
    ],
    ids=["short", "a page", "empty", "late", "nonsense"],
)
def test_a_failed_fetch_leaves_nothing(
    cache: Path, network: Network, answer: Response | Exception, reason: str
) -> None:
    network.answer = answer
    assert f"could not be fetched ({reason}). Get " in message_of(ModelError, lambda: found("imagenet"))
    assert not cache.exists() or list(cache.iterdir()) == []


def test_a_full_disk_leaves_nothing(cache: Path, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    network.answer = Response(HDF5)
    monkeypatch.setattr("os.fsync", full)
    assert "could not be fetched ([Errno 28] No space left on device)" in message_of(
        ModelError, lambda: found("imagenet")
    )
    assert list(cache.iterdir()) == []


def test_an_interrupted_fetch_leaves_nothing(cache: Path, network: Network) -> None:
    class Interrupted(Response):
        def read(self, _size: int | None = -1) -> bytes:
            raise KeyboardInterrupt

    network.answer = Interrupted(HDF5)
    with pytest.raises(KeyboardInterrupt):
        found("auto")
    assert list(cache.iterdir()) == []


def test_weights_that_nobody_publishes_are_random_or_a_file(tmp_path: Path) -> None:
    tiny = Backbone(name="tiny", builder="tiny:build")
    unpublished = "no weights of tiny are published; name a file, --zoo-weights tiny=FILE, or use tiny=random"
    remark = f"RANDOM WEIGHTS, accuracy means nothing: {unpublished}"
    assert found("auto", backbone=tiny) == Weights(identity="random", remark=remark)
    for text in ("imagenet", str(tmp_path)):
        assert message_of(ModelError, lambda text=text: found(text, backbone=tiny)) == unpublished
