"""Is there a picture of what gates catch, with and without true gates?"""

import io

from PIL import Image

from aareports import OF_BOTH, OF_SLOWED
from zoobench.judge.aa.falsealarms import AAReport
from zoobench.show.powerpicture import write_picture

BLUE, GREEN, ORANGE = (0x00, 0x72, 0xB2), (0x00, 0x9E, 0x73), (0xD5, 0x5E, 0x00)


def colours(of: AAReport) -> set[tuple[int, ...]]:
    buffer = io.BytesIO()
    write_picture(of, buffer)
    image = Image.open(buffer)
    assert image.format == "PNG"
    return {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}  # type: ignore[misc]


def test_some_cell_every_cell_and_pytest_benchmark_have_colours_of_their_own() -> None:
    assert {BLUE, GREEN, ORANGE} <= colours(OF_BOTH)


def test_without_true_gates_there_are_points_alone() -> None:
    found = colours(OF_SLOWED)
    assert {BLUE, GREEN} <= found
    assert ORANGE not in found
