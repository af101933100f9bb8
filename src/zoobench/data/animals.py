"""What does each animal look like? Simple shapes, about 1000 units across, facing right, y downwards."""

from collections.abc import Callable, Mapping, Sequence

from zoobench.data.shapes import (
    BLACK,
    BRIGHTS,
    FURS,
    GREYS,
    WHITE,
    Colour,
    Point,
    Random,
    Shape,
    between,
    both_sides,
    colours,
    curve,
    ellipse,
    moved,
    near,
    one_in,
    one_of,
    polar,
    polygon,
    scaled,
    shade,
    somewhere,
    stroke,
)

_PINK, _HORN = colours("e29696 ded0aa")
_FEATHERS = colours("e8e4da aa5a28 3c3232 d2a05a 78503c")
_SPIDERS = (BLACK, *colours("5a3824 786854 966e28 46464e"))
_WOOLS = (WHITE, *colours("e2d6be beb4aa 6e6058"))
_EYES = colours("78be46 e6be32 5aa0d2")


def butterfly(random: Random) -> list[Shape]:
    """From above with open wings, or from the side with folded ones."""
    edge = one_of(random, (BLACK, *colours("462c1e")))
    wings = _wings(random, edge)
    open_to = between(random, 620, 1000)
    body = ellipse(edge, (26, 180), (0, 40)) + ellipse(shade(edge, 150), (34, 60), (0, -90))
    feeler = stroke(edge, (10, 14), curve((0, -150), (20, -280), (110, -330)))
    if one_in(random, 4):
        return moved(wings + feeler + body, to=(-180, 60), turn=between(random, -30, 10))
    far = scaled(wings, by=(-open_to * between(random, 450, 1000) // 1000, 1000))
    return far + scaled(wings, by=(open_to, 1000)) + both_sides(feeler) + body


def _wings(random: Random, edge: Colour) -> list[Shape]:
    colour, mark = one_of(random, BRIGHTS), one_of(random, BRIGHTS)
    tip, tail = somewhere(random, (-40, 60), (-40, 60))
    upper = [(20, -60), (150, -300 - tip), (330, -390 - tip), (430, -330), (420, -180), (330, -40), (30, 30)]
    lower = [(20, 0), (250, 30), (350, 130), (320, 270), (230, 340 + tail), (120, 280), (30, 110)]
    inner = scaled(polygon(colour, *upper) + polygon(colour, *lower), by=(860, 870))
    marks = ellipse(mark, (60, 72), (260, -220), tilt=30) + ellipse(mark, (34, 46), (140, -120), tilt=30)
    marks += ellipse(mark, (48, 60), (210, 160)) + ellipse(edge, (26, 30), (260, -220))
    dots = ellipse(WHITE, (13, 13), (395, -300), (405, -230), (310, 220), (270, 275))
    return polygon(edge, *upper) + polygon(edge, *lower) + inner + marks + dots


def cat(random: Random) -> list[Shape]:
    """Standing or sitting, its round face towards us."""
    fur = one_of(random, FURS)
    head = moved(_cat_head(random, fur), to=(0, between(random, -20, 20)), turn=between(random, -15, 15))
    if one_in(random, 3):
        return _sitting_cat(random, fur) + moved(head, to=(between(random, 0, 60), -150))
    legs = _four_legs(random, hips=(-190, 130), heights=(80, 330), widths=(80, 52), colours=(fur, shade(fur, 105)))
    tip = somewhere(random, (-480, -300), (-330, -120))
    tail = stroke(shade(fur, 90), (64, 40), curve((-240, 10), (-480, between(random, -60, 120)), tip))
    body = ellipse(fur, (250, 115), (-40, 60)) + ellipse(fur, (110, 110), (130, 20))
    lines = [[(x, y), (x - 10, y + 110)] for x, y in ((-180, -20), (-100, -40), (-20, -45), (60, -40))]
    coat = _sometimes(random, stroke(shade(fur, 65), (30, 8), *lines))
    return legs[0] + tail + body + legs[1] + coat + moved(head, to=(220, between(random, -120, -50)))


def _sitting_cat(random: Random, fur: Colour) -> list[Shape]:
    tail = stroke(shade(fur, 88), (66, 40), curve((-120, 300), (-420, 380), (-330, between(random, 40, 240))))
    body = ellipse(fur, (150, 230), (-20, 130), tilt=10) + ellipse(fur, (150, 110), (-70, 240))
    chest = ellipse(shade(fur, 118), (60, 120), (50, 80))
    legs = stroke(shade(fur, 94), (80, 60), [(20, 130), (30, 330)], [(100, 130), (110, 330)])
    paws = ellipse(shade(fur, 110), (52, 26), (36, 340), (116, 340))
    stripes = stroke(shade(fur, 65), (30, 8), *([(-165, y), (-105, y)] for y in (90, 160, 230)))
    return tail + body + chest + legs + paws + _sometimes(random, stripes)


def _cat_head(random: Random, fur: Colour) -> list[Shape]:
    ear = polygon(shade(fur, 92), (20, -80), (105, -210), (118, -20)) + polygon(
        _PINK, (50, -90), (95, -170), (102, -60)
    )
    face = ellipse(fur, (130, 112), (0, 0)) + ellipse(shade(fur, 130), (64, 46), (0, 50))
    eye = ellipse(one_of(random, _EYES), (30, 26), (52, -16)) + ellipse(BLACK, (9, 24), (52, -16))
    nose = polygon(one_of(random, (_PINK, BLACK)), (-20, 24), (20, 24), (0, 46))
    hair = shade(fur, 45) if sum(fur) > 360 else WHITE
    whiskers = stroke(hair, (9, 5), *([(40, 50), (200, 45 + rise)] for rise in (-40, 5, 50)))
    return both_sides(ear) + face + both_sides(eye + whiskers) + nose


def chicken(random: Random) -> list[Shape]:
    """Standing, walking or pecking."""
    feather, skin = one_of(random, _FEATHERS), one_of(random, colours("e6a028 d2823c"))
    stride, pecking = between(random, 10, 90), one_in(random, 3)
    legs = _bird_leg((-30, 200), (-40 - stride, 400), colour=shade(skin, 80))
    legs += _bird_leg((40, 200), (40 + stride, 400), colour=skin)
    body = polygon(feather, (-240, 60), (-330, -110), (-60, -60)) + ellipse(feather, (240, 175), (-20, 60), tilt=12)
    rest, end = ((30, 60), (320, 140)) if pecking else ((-15, 15), (215, -225))
    nape = near(random, end, within=(40, 50))
    neck = stroke(feather, (190, 100), curve((110, 20), (240, -60), nape))
    head = moved(_chicken_head(random, feather=feather, skin=skin), to=nape, turn=between(random, *rest))
    tail: list[Shape] = []
    for i in range(4):
        tail += ellipse(shade(feather, 62 + 9 * i), (170, 44), (-270, -90 + 40 * i), tilt=70 - 24 * i)
    wing: list[Shape] = []
    for i in range(3):
        wing += ellipse(shade(feather, 86 - 8 * i), (140 - 22 * i, 76 - 16 * i), (-70 - 20 * i, 60 + 22 * i), tilt=10)
    return tail + legs + body + wing + neck + head


def _bird_leg(hip: Point, foot: Point, *, colour: Colour) -> list[Shape]:
    knee = ((hip[0] + foot[0]) // 2 - 20, (hip[1] + foot[1]) // 2)
    toes = [[foot, (foot[0] + reach, foot[1] + 26)] for reach in (-50, 40, 85)]
    return stroke(colour, (44, 24), [hip, knee, foot]) + stroke(colour, (24, 12), *toes)


def _chicken_head(random: Random, *, feather: Colour, skin: Colour) -> list[Shape]:
    red, height = one_of(random, colours("ce2424")), between(random, 34, 60)
    comb = ellipse(red, (28, height), (-46, -70), tilt=-23) + ellipse(red, (28, height), (0, -84))
    comb += ellipse(red, (28, height), (44, -74), tilt=22)
    beak = ellipse(red, (22, 42), (44, 74)) + polygon(skin, (62, -24), (150, 12), (60, 36))
    return comb + beak + ellipse(feather, (76, 70), (0, 0)) + ellipse(BLACK, (16, 16), (26, -14))


def cow(random: Random) -> list[Shape]:
    """Standing or grazing, patched, with horns and udder."""
    hide = one_of(random, (WHITE, WHITE, *colours("966034 cea068")))
    patch = one_of(random, (BLACK, *colours("6e3e24")) if sum(hide) > 600 else (WHITE,))
    far, close = _four_legs(random, hips=(-270, 180), heights=(90, 350), widths=(84, 54), colours=(hide, BLACK))
    tuft = (between(random, -440, -340), 180)
    tail = stroke(shade(hide, 85), (26, 18), curve((-330, -100), (-430, 0), tuft)) + ellipse(patch, (26, 56), tuft)
    udder = ellipse(_PINK, (80, 62), (-170, 150)) + ellipse(shade(_PINK, 88), (13, 28), (-200, 205), (-150, 205))
    back = [(-360, 0), (-340, -110), (-200, -140), (60, -125), (220, -150), (270, -60)]
    body = polygon(hide, *back, (240, 90), (130, 160), (-180, 150), (-320, 110))
    rest, at = ((10, 35), (385, 160)) if one_in(random, 3) else ((-25, 10), (340, -180))
    nape = near(random, at, within=(30, 45))
    neck = stroke(hide, (210, 120), [(190, -50), nape])
    head = moved(_cow_head(hide, patch), to=nape, turn=between(random, *rest))
    patches: list[Shape] = []
    for x in (-230, -50, 130):
        place, radii = somewhere(random, (x - 40, x + 40), (-50, 40)), somewhere(random, (45, 95), (40, 70))
        patches += ellipse(patch, radii, place, tilt=between(random, 0, 90))
    return far + tail + udder + body + close + patches + neck + head


def _cow_head(hide: Colour, patch: Colour) -> list[Shape]:
    side = stroke(_HORN, (34, 12), curve((50, -80), (120, -110), (105, -190)))
    side += ellipse(shade(patch, 130), (62, 28), (120, -50), tilt=-15)
    face = polygon(hide, (-80, -90), (80, -90), (84, 0), (60, 130), (-60, 130), (-84, 0))
    cheek = ellipse(patch, (38, 58), (49, -30)) + ellipse(BLACK, (17, 17), (54, -14))
    muzzle = ellipse(_PINK, (82, 54), (0, 135)) + ellipse(shade(_PINK, 50), (13, 17), (-32, 130), (32, 130))
    return both_sides(side) + face + both_sides(cheek) + muzzle


def dog(random: Random) -> list[Shape]:
    """Standing or sitting, its long snout in profile, its ear hanging."""
    fur, band = one_of(random, FURS), one_of(random, BRIGHTS)
    head = moved(_dog_head(random, fur), to=(0, between(random, -40, 40)), turn=between(random, -20, 25))
    if one_in(random, 3):
        return _sitting_dog(random, fur=fur, band=band) + moved(head, to=(130, -200))
    legs = _four_legs(random, hips=(-210, 140), heights=(60, 340), widths=(84, 54), colours=(fur, shade(fur, 105)))
    tip = somewhere(random, (-470, -330), (-280, -60))
    tail = stroke(shade(fur, 92), (52, 22), curve((-250, -40), (-350, -60), tip))
    body = ellipse(fur, (165, 135), (90, 20)) + ellipse(fur, (165, 105), (-120, 10))
    body += polygon(fur, (-160, -92), (90, -110), (90, 120), (-160, 100))
    neck = stroke(fur, (180, 130), [(140, -20), (210, -130)]) + stroke(band, (34, 34), [(140, -110), (250, -60)])
    coat = _spots(random, fur=fur, around=(-100, 0))
    return legs[0] + tail + body + coat + legs[1] + neck + moved(head, to=(220, -150))


def _sitting_dog(random: Random, *, fur: Colour, band: Colour) -> list[Shape]:
    tip = somewhere(random, (-420, -340), (120, 280))
    tail = stroke(shade(fur, 90), (52, 24), curve((-170, 300), (-330, 330), tip))
    body = polygon(fur, (60, -150), (170, -60), (150, 200), (40, 320), (-190, 320), (-210, 200), (-60, -20))
    body += ellipse(shade(fur, 94), (135, 115), (-100, 230))
    legs = stroke(shade(fur, 96), (90, 56), [(70, 60), (80, 320)], [(120, 60), (130, 320)])
    paws = ellipse(shade(fur, 106), (56, 26), (-60, 335), (100, 335), (150, 335))
    collar = stroke(band, (36, 36), [(40, -110), (160, -90)])
    return tail + body + legs + paws + _spots(random, fur=fur, around=(-40, 120)) + collar


def _dog_head(random: Random, fur: Colour) -> list[Shape]:
    length = between(random, 170, 240)
    tongue = stroke(colours("e0606e")[0], (44, 40), [(length - 50, 50), (length - 40, between(random, 50, 160))])
    skull = polygon(shade(fur, 108), (20, -40), (length, -14), (length + 10, 40), (length - 30, 76), (0, 90))
    skull += ellipse(fur, (125, 108), (0, 0)) + ellipse(BLACK, (32, 26), (length, -6))
    eye = ellipse(WHITE, (20, 20), (58, -34)) + ellipse(BLACK, (15, 15), (62, -32))
    drop = between(random, 105, 150)
    return tongue + skull + eye + ellipse(shade(fur, 66), (52, drop), (-60, 50), tilt=between(random, 0, 25))


def _spots(random: Random, *, fur: Colour, around: Point) -> list[Shape]:
    places = [near(random, around, within=(90, 50)) for _ in range(3)]
    radii = somewhere(random, (25, 60), (25, 45))
    return _sometimes(random, ellipse(shade(fur, 55 if sum(fur) > 300 else 190), radii, *places))


def elephant(random: Random) -> list[Shape]:
    """Walking, its trunk hanging or raised."""
    hide = one_of(random, GREYS)
    feet = (hide, shade(hide, 130))
    far, close = _four_legs(random, hips=(-210, 110), heights=(60, 370), widths=(135, 120), colours=feet)
    tail = stroke(shade(hide, 80), (24, 14), curve((-330, -60), (-400, 40), (-380, 160)))
    body = ellipse(hide, (290, 210), (-70, -30)) + ellipse(hide, (180, 190), (100, -20))
    nape = somewhere(random, (230, 280), (-170, -90))
    return far + tail + body + close + moved(_elephant_head(random, hide), to=nape, turn=between(random, -12, 12))


def _elephant_head(random: Random, hide: Colour) -> list[Shape]:
    raised = one_in(random, 3)
    bend, end = ((220, 260), (260, -200)) if raised else ((180, 120), (between(random, 40, 260), 420))
    trunk = stroke(shade(hide, 94), (130, 50), curve((80, 10), bend, end, steps=9))
    skull = ellipse(hide, (150, 160), (20, 0)) + ellipse(BLACK, (18, 18), (84, -50))
    tusk = stroke(WHITE, (44, 14), curve((90, 80), (130, 210), (270, 190)))
    flap = between(random, 110, 190)
    ear = ellipse(shade(hide, 78), (flap, 190), (-100, 20), tilt=between(random, -10, 20))
    ear += ellipse(shade((200, 150, 150), 50 + sum(hide) // 12), (flap - 34, 150), (-100, 24), tilt=10)
    return trunk + skull + tusk + ear


def horse(random: Random) -> list[Shape]:
    """Standing, trotting or grazing, on long legs."""
    fur, mane = one_of(random, FURS), one_of(random, (BLACK, *colours("462e1e dcc8a0")))
    legs = _four_legs(random, hips=(-220, 150), heights=(10, 420), widths=(86, 36), colours=(fur, BLACK), swing=110)
    flow = ((between(random, -480, -400), -60), (between(random, -460, -360), 260))
    tail = stroke(mane, (50, 90), curve((-290, -90), *flow))
    body = ellipse(fur, (270, 125), (-40, -40)) + ellipse(fur, (125, 115), (-190, -60))
    body += ellipse(fur, (115, 120), (150, -40))
    rest, at = ((5, 25), (445, 110)) if one_in(random, 4) else ((-20, 15), (330, -380))
    poll = near(random, at, within=(35, 50))
    neck = stroke(fur, (220, 100), [(160, -70), poll])
    crest = [(100, -150), ((60 + poll[0]) // 2, (poll[1] - 190) // 2), (poll[0] - 30, poll[1] - 40)]
    head = moved(_horse_head(fur, mane), to=poll, turn=between(random, *rest))
    return legs[0] + tail + body + legs[1] + neck + stroke(mane, (70, 70), crest) + head


def _horse_head(fur: Colour, mane: Colour) -> list[Shape]:
    ears = polygon(shade(fur, 52), (-30, -40), (-16, -140), (22, -44))
    ears += polygon(shade(fur, 96), (14, -40), (28, -140), (66, -44))
    brow, chin = [(-60, -40), (40, -66), (110, 10), (215, 150)], [(190, 215), (120, 210), (20, 100), (-50, 70)]
    muzzle = ellipse(shade(fur, 74), (52, 46), (165, 175)) + ellipse(BLACK, (11, 11), (184, 160))
    forelock = polygon(mane, (-40, -70), (50, -70), (80, 20), (10, -20))
    return ears + polygon(fur, *brow, *chin) + muzzle + forelock + ellipse(BLACK, (17, 17), (56, 22))


def sheep(random: Random) -> list[Shape]:
    """A cloud of wool on thin legs, standing or grazing."""
    wool, skin = one_of(random, _WOOLS), one_of(random, (BLACK, *colours("3c3230 d6bea0")))
    legs = _four_legs(random, hips=(-150, 120), heights=(150, 350), widths=(52, 40), colours=(skin, skin), swing=40)
    rest, at = ((0, 20), (305, 160)) if one_in(random, 3) else ((-35, -5), (265, -85))
    nape = near(random, at, within=(30, 30))
    fleece = _fleece(random, wool)
    return legs[0] + legs[1] + fleece + moved(_sheep_head(wool, skin), to=nape, turn=between(random, *rest))


def _fleece(random: Random, wool: Colour) -> list[Shape]:
    first = between(random, 0, 29)
    puffs: list[Shape] = []
    for angle in range(first, first + 360, 30):
        x, y = polar((0, 0), radius=100, degrees=angle)
        puffs += ellipse(shade(wool, 96 - y // 9), (80, 74), (-30 + 26 * x // 10, 30 + 16 * y // 10))
    curls = [somewhere(random, (-220, 150), (-70, 120)) for _ in range(between(random, 6, 10))]
    arcs = ([polar(curl, radius=34, degrees=angle) for angle in (200, 245, 290, 340)] for curl in curls)
    return puffs + ellipse(wool, (265, 165), (-30, 30)) + stroke(shade(wool, 82), (13, 13), *arcs)


def _sheep_head(wool: Colour, skin: Colour) -> list[Shape]:
    ear = ellipse(shade(skin, 125), (58, 26), (98, -30), tilt=20)
    skull = ellipse(skin, (76, 118), (0, 20)) + ellipse(_PINK, (30, 16), (0, 108))
    tuft = ellipse(wool, (46, 42), (-46, -80), (44, -80), (0, -104))
    eye = ellipse(WHITE, (17, 17), (36, 0)) + ellipse(BLACK, (9, 11), (36, 2))
    return both_sides(ear) + skull + tuft + both_sides(eye)


def spider(random: Random) -> list[Shape]:
    """From above, on eight jointed legs."""
    skin = one_of(random, _SPIDERS)
    mark = one_of(random, colours("c82828 e6c850 dcd6c8 282424"))
    reach, thick = between(random, 84, 116), between(random, 24, 40)
    legs = _spider_legs(random, reach=reach, thick=thick, colour=shade(skin, 84))
    legs += scaled(_spider_legs(random, reach=reach, thick=thick, colour=shade(skin, 84)), by=(-1000, 1000))
    feelers = stroke(skin, (28, 20), *([(x, -120), (x * 5 // 3, -200)] for x in (-30, 30)))
    girth = between(random, 120, 175)
    rear = ellipse(skin, (girth, girth + 40), (0, 150))
    for i in range(between(random, 1, 4)):
        rear += ellipse(mark, (girth * (60 - 14 * i) // 100, 20), (0, 80 + 60 * i))
    eyes = ellipse(WHITE, (13, 13), *((x, -130) for x in (-50, -18, 18, 50)))
    return legs + feelers + rear + ellipse(shade(skin, 118), (96, 104), (0, -60)) + eyes


def _spider_legs(random: Random, *, reach: int, thick: int, colour: Colour) -> list[Shape]:
    lines = []
    for place, (angle, length, bend) in enumerate(((-76, 220, -20), (-40, 190, -20), (0, 190, 52), (38, 220, 52))):
        heading = angle + between(random, -9, 9)
        hip = (60, -90 + place * 34)
        knee = polar(hip, radius=length * reach // 100, degrees=heading)
        lines.append([hip, knee, polar(knee, radius=230 * reach // 100, degrees=heading + bend)])
    return stroke(colour, (thick + 8, thick // 3), *lines)


def squirrel(random: Random) -> list[Shape]:
    """Upright with a nut or on all fours, the bushy tail behind its back."""
    fur = one_of(random, FURS)
    head = moved(_squirrel_head(fur), to=(0, 0), turn=between(random, -20, 25))
    if one_in(random, 3):
        return _running_squirrel(random, fur) + moved(head, to=(270, -10))
    lean = between(random, -50, 50)
    tail = curve((-120, 280), (-430, 250), (-310 + lean, -60), steps=7)
    tail += curve((-310 + lean, -60), (-250 + lean, -330), (-430 + lean, -330), steps=4)[1:]
    body = ellipse(fur, (150, 220), (-20, 150), tilt=14) + ellipse(shade(WHITE, 96), (84, 160), (50, 160), tilt=10)
    thigh = ellipse(shade(fur, 92), (125, 100), (-40, 270)) + ellipse(shade(fur, 84), (110, 30), (40, 352))
    nut = ellipse((130, 84, 40), (38, 44), (188, 56)) + ellipse((84, 56, 30), (40, 18), (188, 24))
    arms = ([(40, 60 + low), (110, 120 + low), (170, 60 + low)] for low in (20, 0))
    paws = stroke(shade(fur, 94), (62, 40), *arms)
    return _brush(tail, fur) + body + thigh + moved(head, to=(80, -90)) + nut + paws


def _running_squirrel(random: Random, fur: Colour) -> list[Shape]:
    feet = (fur, shade(fur, 84))
    far, close = _four_legs(random, hips=(-150, 150), heights=(120, 260), widths=(70, 40), colours=feet)
    lift = between(random, -330, -200)
    tail = curve((-190, 80), (-430, 120), (-400, lift // 2), steps=6)
    tail += curve((-400, lift // 2), (-400, lift), (between(random, -300, -160), lift), steps=5)[1:]
    body = ellipse(fur, (240, 110), (-20, 90), tilt=-8) + ellipse(fur, (120, 110), (-130, 120))
    return _brush(tail, fur) + far + body + ellipse(shade(WHITE, 96), (150, 44), (20, 160)) + close


def _brush(spine: Sequence[Point], fur: Colour) -> list[Shape]:
    tufts: list[Shape] = []
    for i, point in enumerate(spine):
        bushy = 7 * min(i, len(spine) - 1 - i)
        tufts += ellipse(shade(fur, 84 + 3 * (i % 3)), (80 + bushy, 76 + bushy), point)
    return tufts + stroke(shade(fur, 122), (40, 60), spine[1:-1])


def _squirrel_head(fur: Colour) -> list[Shape]:
    ears = polygon(shade(fur, 40), (-60, -60), (-66, -170), (2, -70))
    ears += polygon(shade(fur, 75), (10, -60), (4, -170), (72, -70))
    face = ellipse(fur, (118, 96), (0, 0)) + ellipse(fur, (62, 48), (90, 26), tilt=15)
    face += ellipse(shade(WHITE, 94), (52, 34), (70, 44)) + ellipse(BLACK, (16, 14), (146, 18))
    return ears + face + ellipse(BLACK, (24, 26), (40, -20)) + ellipse(WHITE, (8, 8), (46, -28))


def _four_legs(
    random: Random, *, hips: Point, heights: Point, widths: Point, colours: tuple[Colour, Colour], swing: int = 70
) -> tuple[list[Shape], list[Shape]]:
    """Returns four legs, as (far pair, near pair), caught at some moment of a step of at most `swing` either way.

    `hips` are the x of the hind and of the fore legs, `heights` the y of hips and ground, `widths` and `colours` those
    at hip and foot.
    """
    step, (top, ground) = between(random, -swing, swing), heights
    pairs: tuple[list[Shape], list[Shape]] = ([], [])
    for pair, side, light in zip(pairs, (-1, 1), (72, 94), strict=True):
        for x, reach in zip(hips, (step, -step), strict=True):
            hip, foot = (x + 24 * side, top), (x + (24 + reach) * side, ground)
            knee = ((hip[0] + foot[0]) // 2 + 14, (hip[1] + foot[1]) // 2)
            pair.extend(stroke(shade(colours[0], light), widths, [hip, knee, foot]))
            pair.extend(ellipse(colours[1], (widths[1] * 6 // 10, 24), (foot[0] + 8, foot[1])))
    return pairs


def _sometimes(random: Random, shapes: list[Shape]) -> list[Shape]:
    return [] if one_in(random, 2) else shapes


ANIMALS: Mapping[str, Callable[[Random], list[Shape]]] = {
    one.__name__: one for one in (butterfly, cat, chicken, cow, dog, elephant, horse, sheep, spider, squirrel)
}
