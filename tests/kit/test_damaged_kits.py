"""Do damaged kits ever give anything but our own error? Bytes, members and values are spoiled at random."""

import json
import os
import random
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from damage import changed, places
from kitfiles import LIMIT, a_kit, members, repacked
from zoobench.errors import DataError
from zoobench.kit.contents import MANIFEST
from zoobench.kit.reader import open_kit, unpack

INPUTS = int(os.environ.get("ZOOBENCH_FUZZ_INPUTS", "60"))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
FUZZ = settings(max_examples=INPUTS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(path: Path, folder: Path) -> str:
    """Returns what becomes of a kit: unpacked, or refused by our own error; anything else is raised."""
    try:
        with open_kit(path, limit_bytes=LIMIT) as kit:
            unpack(kit, folder)
    except DataError as error:
        return "refused" if str(error).isprintable() else "refused in words that steer a terminal"
    return "unpacked"


@FUZZ
@given(seed=st.integers(0, 2**32), count=st.integers(1, 4))
def test_damaged_bytes(tmp_path_factory: Any, seed: int, count: int) -> None:
    folder = tmp_path_factory.mktemp("kit")
    path, chance = a_kit(folder), random.Random(seed)
    before, content = members(path), bytearray(path.read_bytes())
    for _ in range(count):
        at = chance.choice([chance.randrange(len(content)), len(content) - chance.randrange(1, 700)])
        content[at] = chance.randrange(256)
    path.write_bytes(content[: chance.choice([len(content)] * 9 + [chance.randrange(len(content))])])
    (folder / "there").mkdir()
    if (found := outcome(path, folder / "there")) != "refused":
        assert found == "unpacked"
        assert {one.name: one.read_bytes() for one in (folder / "there").iterdir()} == before


@FUZZ
@given(data=st.data())
def test_values_of_any_kind_anywhere_in_the_manifest(tmp_path_factory: Any, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("kit")
    path = a_kit(folder)
    content = members(path)
    manifest = json.loads(content[MANIFEST])
    place = data.draw(st.sampled_from([(), *places(manifest)]))
    spoiled = changed(place, data.draw(JSON), manifest) if place else data.draw(JSON)
    repacked(path, content | {MANIFEST: json.dumps(spoiled).encode()})
    (folder / "there").mkdir()
    assert outcome(path, folder / "there") in {"refused", "unpacked"}


@FUZZ
@given(name=st.text(max_size=12), content=st.binary(max_size=200))
def test_members_of_any_name_and_content(tmp_path_factory: Any, name: str, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("kit")
    path = a_kit(folder)
    try:
        repacked(path, members(path) | {name: content})
    except (UnicodeEncodeError, ValueError):
        return  # not even Python would write that name
    (folder / "there").mkdir()
    assert outcome(path, folder / "there") == "refused"
