"""Is the nearest of known names offered, and none where none is near?"""

import pytest

from zoobench.errors import did_you_mean


@pytest.mark.parametrize(
    ("received", "near"),
    [
        ("Resnet-50", "resnet50"),
        ("efficient", "efficientnet_b0"),
        ("b0", None),  # two letters are a part of much
        ("vgg", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_offered_however_it_is_spelled(received: str, near: str | None) -> None:
    hint = f" (did you mean {near}?)" if near else ""
    assert did_you_mean(received, ["resnet50", "efficientnet_b0", "efficientnet_v2_b0"]) == hint
