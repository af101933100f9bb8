"""Is there a picture of every network, short, long or without any error?"""

import io

import pytest
from PIL import Image

from layers import layer, report
from zoobench.measure.layers import LayerError
from zoobench.show.layerpicture import write_picture


def picture(*layers: LayerError) -> Image.Image:
    buffer = io.BytesIO()
    write_picture(report(*layers), buffer, worst_count=3)
    return Image.open(buffer)


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    return {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}  # type: ignore[misc]


def test_a_long_network_has_a_wider_picture() -> None:
    short, long = (picture(*(layer(one, 40.0 - one / 20) for one in range(count))) for count in (5, 400))
    assert short.height == long.height
    assert short.width < long.width


def test_the_worst_layers_are_marked_and_exact_ones_are_not() -> None:
    red, blue = (0xB0, 0x00, 0x20), (0x00, 0x72, 0xB2)
    exact = picture(layer(0, None, max_error=0.0, cosine=1.0))
    assert red not in colours(exact)
    assert {red, blue} <= colours(picture(layer(0, 40.0), layer(1, 20.0)))


@pytest.mark.parametrize("kinds", [1, 9, 12])
def test_any_number_of_operations_can_be_told(kinds: int) -> None:
    assert picture(*(layer(one, 30.0, kind=f"KIND_{one}") for one in range(kinds))).format == "PNG"


def test_a_layer_without_signal_is_drawn_too() -> None:
    assert picture(layer(0, None, cosine=None), layer(1, 30.0)).format == "PNG"
