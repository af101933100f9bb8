"""Where do real photos come from? Kaggle's Animals-10, by the package that Kaggle keeps for it."""

from importlib import import_module
from pathlib import Path

from zoobench.errors import DataError

_HANDLES = {"animals10": ("alessiocorrado99/animals10", "raw-img")}
_BY_HAND = (
    "without it: download https://www.kaggle.com/datasets/alessiocorrado99/animals10 in a browser, unpack it, "
    "and give --zoo-data PATH/raw-img"
)


def fetch(name: str) -> Path:
    """Returns the folder of class folders of a data set, downloading it if it is not there yet.

    Raises:
        DataError: If kagglehub is not installed, the download fails, or it does not hold what is expected.
    """
    handle, inside = _HANDLES[name]
    try:
        kagglehub = import_module("kagglehub")
    except ModuleNotFoundError as error:
        raise DataError(f"{name} is fetched by kagglehub: pip install 'zoobench[fetch]'; {_BY_HAND}") from error
    own = vars(import_module("kagglehub.exceptions")).values()
    failures: tuple[type[Exception], ...] = (OSError, ValueError, RuntimeError)
    failures += tuple(one for one in own if isinstance(one, type) and issubclass(one, Exception))
    try:
        folder = Path(kagglehub.dataset_download(handle)) / inside
    except failures as error:
        raise DataError(f"{name} could not be downloaded: {error}; {_BY_HAND}") from error
    if not folder.is_dir():
        raise DataError(f"{name} was downloaded but holds no folder {inside}: {folder.parent}; {_BY_HAND}")
    return folder
