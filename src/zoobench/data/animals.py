"""What does each animal look like? Simple shapes, about 1000 units across, facing right, y downwards."""

from collections.abc import Callable, Mapping, Sequence

from zoobench.data.quadrupeds import cat, cow, dog, elephant, four_legs, horse, sheep
from zoobench.data.shapes import (
    BLACK,
    BRIGHTS,
    FURS,
    WHITE,
    Colour,
    Point,
    Random,
    Shape,
    between,
    both_sides,
    curve,
    ellipse,
    ellipses,
    moved,
    one_of,
    polar,
    polygon,
    scaled,
    shade,
    stroke,
    strokes,
)

_FEATHERS: tuple[Colour, ...] = ((232, 228, 218), (170, 90, 40), (60, 50, 50), (210, 160, 90), (120, 80, 60))
_SPIDERS: tuple[Colour, ...] = (BLACK, (90, 56, 36), (120, 104, 84), (150, 110, 40), (70, 70, 78))


def butterfly(random: Random) -> list[Shape]:
    """From above with open wings, or from the side with folded ones."""
    edge = one_of(random, (BLACK, (70, 44, 30)))
    wings = _wings(random, edge)
    open_to = between(random, 620, 1000)
    body = ellipses([(0, 40)], (26, 180), colour=edge) + ellipses([(0, -90)], (34, 60), colour=shade(edge, 150))
    feeler = stroke(curve((0, -150), (20, -280), (110, -330)), widths=(10, 14), colour=edge)
    if between(random, 0, 3) == 0:
        return moved(wings + feeler + body, to=(-180, 60), turn=between(random, -30, 10))
    far = scaled(wings, by=(-open_to * between(random, 450, 1000) // 1000, 1000))
    return far + scaled(wings, by=(open_to, 1000)) + both_sides(feeler) + body


def _wings(random: Random, edge: Colour) -> list[Shape]:
    """The right pair."""
    colour, mark = one_of(random, BRIGHTS), one_of(random, BRIGHTS)
    tip, tail = between(random, -40, 60), between(random, -40, 60)
    upper = [(20, -60), (150, -300 - tip), (330, -390 - tip), (430, -330), (420, -180), (330, -40), (30, 30)]
    lower = [(20, 0), (250, 30), (350, 130), (320, 270), (230, 340 + tail), (120, 280), (30, 110)]
    inner = [polygon(*upper, colour=colour), polygon(*lower, colour=colour)]
    marks = [ellipse((x, y), (r, r + 12), colour=mark, tilt=30) for x, y, r in ((260, -220, 60), (140, -120, 34))]
    marks += ellipses([(210, 160)], (48, 60), colour=mark) + ellipses([(260, -220)], (26, 30), colour=edge)
    dots = ellipses([(395, -300), (405, -230), (310, 220), (270, 275)], (13, 13), colour=WHITE)
    return [polygon(*upper, colour=edge), polygon(*lower, colour=edge), *scaled(inner, by=(860, 870)), *marks, *dots]


def chicken(random: Random) -> list[Shape]:
    """Standing, walking or pecking."""
    feather, skin = one_of(random, _FEATHERS), one_of(random, ((230, 160, 40), (210, 130, 60)))
    stride, pecking = between(random, 10, 90), between(random, 0, 2) == 0
    legs = _bird_leg((-30, 200), (-40 - stride, 400), colour=shade(skin, 80))
    legs += _bird_leg((40, 200), (40 + stride, 400), colour=skin)
    body = [polygon((-240, 60), (-330, -110), (-60, -60), colour=feather)]
    body += [ellipse((-20, 60), (240, 175), colour=feather, tilt=12)]
    rest, end = ((30, 60), (320, 140)) if pecking else ((-15, 15), (215, -225))
    nape = (end[0] + between(random, -40, 40), end[1] + between(random, -50, 50))
    neck = stroke(curve((110, 20), (240, -60), nape), widths=(190, 100), colour=feather)
    head = moved(_chicken_head(random, feather=feather, skin=skin), to=nape, turn=between(random, *rest))
    return _tail_feathers(feather) + legs + body + _wing(feather) + neck + head


def _tail_feathers(colour: Colour) -> list[Shape]:
    return [
        ellipse((-270, -90 + 40 * i), (170, 44), colour=shade(colour, 62 + 9 * i), tilt=70 - 24 * i) for i in range(4)
    ]


def _wing(colour: Colour) -> list[Shape]:
    return [
        ellipse((-70 - 20 * i, 60 + 22 * i), (140 - 22 * i, 76 - 16 * i), colour=shade(colour, 86 - 8 * i), tilt=10)
        for i in range(3)
    ]


def _bird_leg(hip: Point, foot: Point, *, colour: Colour) -> list[Shape]:
    knee = ((hip[0] + foot[0]) // 2 - 20, (hip[1] + foot[1]) // 2)
    toes = [[foot, (foot[0] + reach, foot[1] + 26)] for reach in (-50, 40, 85)]
    return stroke([hip, knee, foot], widths=(44, 24), colour=colour) + strokes(toes, widths=(24, 12), colour=colour)


def _chicken_head(random: Random, *, feather: Colour, skin: Colour) -> list[Shape]:
    red, height = one_of(random, ((206, 36, 36),)), between(random, 34, 60)
    comb = [ellipse((x, y), (28, height), colour=red, tilt=x // 2) for x, y in ((-46, -70), (0, -84), (44, -74))]
    beak = [ellipse((44, 74), (22, 42), colour=red), polygon((62, -24), (150, 12), (60, 36), colour=skin)]
    return comb + beak + [ellipse((0, 0), (76, 70), colour=feather), ellipse((26, -14), (16, 16), colour=BLACK)]


def spider(random: Random) -> list[Shape]:
    """From above, on eight jointed legs."""
    skin = one_of(random, _SPIDERS)
    mark = one_of(random, ((200, 40, 40), (230, 200, 80), (220, 214, 200), (40, 36, 36)))
    reach, thick = between(random, 84, 116), between(random, 24, 40)
    legs = _spider_legs(random, reach=reach, thick=thick, colour=shade(skin, 84))
    legs += scaled(_spider_legs(random, reach=reach, thick=thick, colour=shade(skin, 84)), by=(-1000, 1000))
    feelers = strokes([[(x, -120), (x * 5 // 3, -200)] for x in (-30, 30)], widths=(28, 20), colour=skin)
    girth = between(random, 120, 175)
    rear = [ellipse((0, 150), (girth, girth + 40), colour=skin)]
    rear += [
        ellipse((0, 80 + 60 * i), (girth * (60 - 14 * i) // 100, 20), colour=mark) for i in range(between(random, 1, 4))
    ]
    eyes = ellipses([(x, -130) for x in (-50, -18, 18, 50)], (13, 13), colour=WHITE)
    return legs + feelers + rear + [ellipse((0, -60), (96, 104), colour=shade(skin, 118)), *eyes]


def _spider_legs(random: Random, *, reach: int, thick: int, colour: Colour) -> list[Shape]:
    """The right four."""
    lines = []
    for place, (angle, length, bend) in enumerate(((-76, 220, -20), (-40, 190, -20), (0, 190, 52), (38, 220, 52))):
        heading = angle + between(random, -9, 9)
        hip = (60, -90 + place * 34)
        knee = polar(hip, radius=length * reach // 100, degrees=heading)
        foot = polar(knee, radius=230 * reach // 100, degrees=heading + bend)
        lines.append([hip, knee, foot])
    return strokes(lines, widths=(thick + 8, thick // 3), colour=colour)


def squirrel(random: Random) -> list[Shape]:
    """Upright with a nut or on all fours, the bushy tail behind its back."""
    fur = one_of(random, FURS)
    head = moved(_squirrel_head(fur), to=(0, 0), turn=between(random, -20, 25))
    if between(random, 0, 2) == 0:
        return _running_squirrel(random, fur) + moved(head, to=(270, -10))
    lean = between(random, -50, 50)
    tail = curve((-120, 280), (-430, 250), (-310 + lean, -60), steps=7)
    tail += curve((-310 + lean, -60), (-250 + lean, -330), (-430 + lean, -330), steps=4)[1:]
    body = [ellipse((-20, 150), (150, 220), colour=fur, tilt=14)]
    body += [ellipse((50, 160), (84, 160), colour=shade(WHITE, 96), tilt=10)]
    thigh = [ellipse((-40, 270), (125, 100), colour=shade(fur, 92))]
    thigh += [ellipse((40, 352), (110, 30), colour=shade(fur, 84))]
    arms = [[(40, 60 + low), (110, 120 + low), (170, 60 + low)] for low in (20, 0)]
    nut = [ellipse((188, 56), (38, 44), colour=(130, 84, 40)), ellipse((188, 24), (40, 18), colour=(84, 56, 30))]
    paws = strokes(arms, widths=(62, 40), colour=shade(fur, 94))
    return _brush(tail, fur) + body + thigh + moved(head, to=(80, -90)) + nut + paws


def _running_squirrel(random: Random, fur: Colour) -> list[Shape]:
    far, near = four_legs(random, hips=(-150, 150), heights=(120, 260), widths=(70, 40), colours=(fur, shade(fur, 84)))
    lift = between(random, -330, -200)
    tail = curve((-190, 80), (-430, 120), (-400, lift // 2), steps=6)
    tail += curve((-400, lift // 2), (-400, lift), (between(random, -300, -160), lift), steps=5)[1:]
    body = [ellipse((-20, 90), (240, 110), colour=fur, tilt=-8), ellipse((-130, 120), (120, 110), colour=fur)]
    return _brush(tail, fur) + far + body + [ellipse((20, 160), (150, 44), colour=shade(WHITE, 96))] + near


def _brush(spine: Sequence[Point], fur: Colour) -> list[Shape]:
    last = len(spine) - 1
    tufts = [
        ellipse(point, (80 + 7 * min(i, last - i), 76 + 7 * min(i, last - i)), colour=shade(fur, 84 + 3 * (i % 3)))
        for i, point in enumerate(spine)
    ]
    return tufts + stroke(spine[1:-1], widths=(40, 60), colour=shade(fur, 122))


def _squirrel_head(fur: Colour) -> list[Shape]:
    ears = [polygon((x, -60), (x - 6, -170), (x + 62, -70), colour=shade(fur, 70 + x // 2)) for x in (-60, 10)]
    face = [ellipse((0, 0), (118, 96), colour=fur), ellipse((90, 26), (62, 48), colour=fur, tilt=15)]
    face += [ellipse((70, 44), (52, 34), colour=shade(WHITE, 94)), ellipse((146, 18), (16, 14), colour=BLACK)]
    return ears + face + [ellipse((40, -20), (24, 26), colour=BLACK), ellipse((46, -28), (8, 8), colour=WHITE)]


ANIMALS: Mapping[str, Callable[[Random], list[Shape]]] = {
    "butterfly": butterfly,
    "cat": cat,
    "chicken": chicken,
    "cow": cow,
    "dog": dog,
    "elephant": elephant,
    "horse": horse,
    "sheep": sheep,
    "spider": spider,
    "squirrel": squirrel,
}
