"""How does a Keras model become a file, the same bytes for the same model, and come back without risk?"""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

import keras

from zoobench.errors import ModelError
from zoobench.system.archive import check_archive
from zoobench.system.files import writing

_CONFIG = "config.json"
_METADATA = "metadata.json"
_SAVED = "1980-01-01@00:00:00"  # the oldest date that a ZIP archive knows, in the format of Keras
_SHARED = "shared_object_id"


def save(model: keras.Model, path: Path) -> None:
    """Writes a `.keras` file that depends on nothing but the model: no date, no address in memory."""
    with tempfile.TemporaryDirectory(prefix=".saving-", dir=path.parent) as folder:
        raw = Path(folder) / path.name
        model.save(raw)
        with writing(path) as handle:
            _rewrite(raw, handle)


def load(path: Path) -> keras.Model:
    """Returns a Keras model without its optimizer, custom code refused (`safe_mode`).

    Raises:
        ModelError: If the archive is not safe or Keras cannot load it.
    """
    try:
        check_archive(path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"cannot load {path}: {error}") from error


def _rewrite(source: Path, target: IO[bytes]) -> None:
    """Copies an archive, its members sorted and without times, what varies in them made uniform."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            member = zipfile.ZipInfo(name)  # of 1980-01-01
            if name in _UNIFORM:
                new.writestr(member, json.dumps(_UNIFORM[name](json.loads(old.read(name)))))
                continue
            member.file_size = old.getinfo(name).file_size
            with old.open(name) as reader, new.open(member, "w") as writer:
                shutil.copyfileobj(reader, writer, 1 << 20)


def _without_date(metadata: dict[str, Any]) -> dict[str, Any]:
    return metadata | {"date_saved": _SAVED}


def _renumbered(config: Any) -> Any:
    """Numbers shared objects as they come: Keras tells them apart by their addresses.

    Number types are left out of it. They are values, and which layers share one depends on what the process did before.
    """
    numbers: dict[int, int] = {}

    def renumber(value: dict[str, Any]) -> dict[str, Any]:
        if str(value.get("class_name")).endswith("DTypePolicy"):
            value.pop(_SHARED, None)
        if _SHARED in value:
            value[_SHARED] = numbers.setdefault(value[_SHARED], len(numbers) + 1)
        return value

    return json.loads(json.dumps(config), object_hook=renumber)


_UNIFORM = {_CONFIG: _renumbered, _METADATA: _without_date}
