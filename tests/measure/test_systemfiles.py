"""Is a file of the system read as what it holds, and is one that is not there nothing?"""

from pathlib import Path

import pytest

from systemtrees import a_system
from zoobench.measure.systemfiles import HERE


def test_a_text_comes_without_what_surrounds_it(tmp_path: Path) -> None:
    files = a_system(tmp_path, {"proc/device-tree/model": "Raspberry Pi 5\0\n"})
    assert files.text("proc/device-tree/model") == "Raspberry Pi 5"


@pytest.mark.parametrize(("text", "base", "number"), [("4700000\n", 10, 4_700_000), ("50005", 16, 0x50005)])
def test_a_number_is_read_in_its_base(tmp_path: Path, text: str, base: int, number: int) -> None:
    assert a_system(tmp_path, {"one": text}).number("one", base=base) == number


def test_what_is_not_there_or_no_number_is_nothing(tmp_path: Path) -> None:
    files = a_system(tmp_path, {"word": "<unsupported>"})
    assert files.text("absent") is files.number("absent") is files.number("word") is None
    assert files.names("absent") == files.found("absent/*") == ()
    assert files.text(".") is None
    assert not files.has("absent")


def test_files_are_found_by_a_pattern_in_the_order_of_their_names(tmp_path: Path) -> None:
    files = a_system(tmp_path, {"zone1/temp": "", "zone0/temp": "", "other/temp": ""})
    assert files.found("zone*/temp") == ("zone0/temp", "zone1/temp")
    assert files.names("zone1") == ("temp",)


def test_here_is_this_machine() -> None:
    assert HERE.has("proc/self")
