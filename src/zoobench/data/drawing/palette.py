"""Which colours are there, and which of them is it this time?"""

from collections.abc import Sequence

import numpy as np

from zoobench.data.drawing.shapes import Colour

Random = np.random.RandomState
"""The one generator whose stream NumPy never changes (NEP 19)."""

BLACK: Colour = (24, 22, 24)
WHITE: Colour = (240, 238, 232)
FURS: tuple[Colour, ...] = (
    (150, 96, 52),
    (96, 62, 40),
    (206, 150, 84),
    (58, 52, 52),
    (232, 228, 218),
    (138, 134, 132),
    (200, 112, 50),
)
GREYS: tuple[Colour, ...] = ((150, 150, 156), (112, 112, 120), (128, 118, 112), (92, 96, 104))
BRIGHTS: tuple[Colour, ...] = (
    (232, 120, 32),
    (60, 110, 210),
    (236, 208, 60),
    (200, 52, 60),
    (130, 70, 170),
    (240, 240, 236),
)


def between(random: Random, low: int, high: int) -> int:
    """Returns a whole number from low to high, both included; the width is named as the default depends on the OS."""
    return int(random.randint(low, high + 1, dtype=np.int64))


def one_of(random: Random, colours: Sequence[Colour], *, spread: int = 18) -> Colour:
    """Returns one of the colours, each channel off by up to `spread`."""
    chosen = colours[between(random, 0, len(colours) - 1)]
    red, green, blue = (min(255, max(0, channel + between(random, -spread, spread))) for channel in chosen)
    return red, green, blue
