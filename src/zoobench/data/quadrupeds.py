"""What do the grazing and the furry animals look like? About 1000 units across, facing right, y downwards."""

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
    curve,
    ellipse,
    ellipses,
    moved,
    one_of,
    polar,
    polygon,
    shade,
    stroke,
    strokes,
)

_PINK: Colour = (226, 150, 150)
_HORN: Colour = (222, 208, 170)
_WOOLS: tuple[Colour, ...] = (WHITE, (226, 214, 190), (190, 180, 170), (110, 96, 88))
_EYES: tuple[Colour, ...] = ((120, 190, 70), (230, 190, 50), (90, 160, 210))


def cat(random: Random) -> list[Shape]:
    """Standing or sitting, its round face towards us."""
    fur = one_of(random, FURS)
    head = moved(_cat_head(random, fur), to=(0, between(random, -20, 20)), turn=between(random, -15, 15))
    if between(random, 0, 2) == 0:
        return _sitting_cat(random, fur) + moved(head, to=(between(random, 0, 60), -150))
    far, near = four_legs(random, hips=(-190, 130), heights=(80, 330), widths=(80, 52), colours=(fur, shade(fur, 105)))
    tip = (between(random, -480, -300), between(random, -330, -120))
    tail = stroke(curve((-240, 10), (-480, between(random, -60, 120)), tip), widths=(64, 40), colour=shade(fur, 90))
    body = [ellipse((-40, 60), (250, 115), colour=fur), ellipse((130, 20), (110, 110), colour=fur)]
    stripes = [[(x, y), (x - 10, y + 110)] for x, y in ((-180, -20), (-100, -40), (-20, -45), (60, -40))]
    return (
        far
        + tail
        + body
        + near
        + _stripes(random, lines=stripes, fur=fur)
        + moved(head, to=(220, between(random, -120, -50)))
    )


def _sitting_cat(random: Random, fur: Colour) -> list[Shape]:
    tip = (-330, between(random, 40, 240))
    tail = stroke(curve((-120, 300), (-420, 380), tip), widths=(66, 40), colour=shade(fur, 88))
    body = [ellipse((-20, 130), (150, 230), colour=fur, tilt=10), ellipse((-70, 240), (150, 110), colour=fur)]
    chest = [ellipse((50, 80), (60, 120), colour=shade(fur, 118))]
    legs = strokes([[(20, 130), (30, 330)], [(100, 130), (110, 330)]], widths=(80, 60), colour=shade(fur, 94))
    paws = ellipses([(36, 340), (116, 340)], (52, 26), colour=shade(fur, 110))
    stripes = [[(-165, y), (-105, y)] for y in (90, 160, 230)]
    return tail + body + chest + legs + paws + _stripes(random, lines=stripes, fur=fur)


def _stripes(random: Random, *, lines: list[list[Point]], fur: Colour) -> list[Shape]:
    return _sometimes(random, strokes(lines, widths=(30, 8), colour=shade(fur, 65)))


def _cat_head(random: Random, fur: Colour) -> list[Shape]:
    ear = [polygon((20, -80), (105, -210), (118, -20), colour=shade(fur, 92))]
    ear += [polygon((50, -90), (95, -170), (102, -60), colour=_PINK)]
    face = [ellipse((0, 0), (130, 112), colour=fur), ellipse((0, 50), (64, 46), colour=shade(fur, 130))]
    eye = [ellipse((52, -16), (30, 26), colour=one_of(random, _EYES)), ellipse((52, -16), (9, 24), colour=BLACK)]
    nose = [polygon((-20, 24), (20, 24), (0, 46), colour=one_of(random, (_PINK, BLACK)))]
    lines = [[(40, 50), (200, 45 + rise)] for rise in (-40, 5, 50)]
    whiskers = strokes(lines, widths=(9, 5), colour=shade(fur, 45) if sum(fur) > 360 else WHITE)
    return both_sides(ear) + face + both_sides(eye + whiskers) + nose


def cow(random: Random) -> list[Shape]:
    """Standing or grazing, patched, with horns and udder."""
    hide = one_of(random, (WHITE, WHITE, (150, 96, 52), (206, 160, 104)))
    patch = one_of(random, (BLACK, (110, 62, 36)) if sum(hide) > 600 else (WHITE,))
    far, near = four_legs(random, hips=(-270, 180), heights=(90, 350), widths=(84, 54), colours=(hide, BLACK))
    tuft = (between(random, -440, -340), 180)
    tail = stroke(curve((-330, -100), (-430, 0), tuft), widths=(26, 18), colour=shade(hide, 85))
    udder = ellipses([(-170, 150)], (80, 62), colour=_PINK)
    udder += ellipses([(-200, 205), (-150, 205)], (13, 28), colour=shade(_PINK, 88))
    back = [(-360, 0), (-340, -110), (-200, -140), (60, -125), (220, -150), (270, -60)]
    body = [polygon(*back, (240, 90), (130, 160), (-180, 150), (-320, 110), colour=hide)]
    rest, at = ((10, 35), (385, 160)) if between(random, 0, 2) == 0 else ((-25, 10), (340, -180))
    nape = (at[0] + between(random, -30, 30), at[1] + between(random, -45, 45))
    neck = stroke([(190, -50), nape], widths=(210, 120), colour=hide)
    head = moved(_cow_head(hide, patch), to=nape, turn=between(random, *rest))
    brush = [ellipse(tuft, (26, 56), colour=patch)]
    return far + tail + brush + udder + body + near + _patches(random, patch) + neck + head


def _patches(random: Random, colour: Colour) -> list[Shape]:
    return [
        ellipse(
            (x + between(random, -40, 40), between(random, -50, 40)),
            (between(random, 45, 95), between(random, 40, 70)),
            colour=colour,
            tilt=between(random, 0, 90),
        )
        for x in (-230, -50, 130)
    ]


def _cow_head(hide: Colour, patch: Colour) -> list[Shape]:
    side = stroke(curve((50, -80), (120, -110), (105, -190)), widths=(34, 12), colour=_HORN)
    side += [ellipse((120, -50), (62, 28), colour=shade(patch, 130), tilt=-15)]
    face = [polygon((-80, -90), (80, -90), (84, 0), (60, 130), (-60, 130), (-84, 0), colour=hide)]
    cheek = [ellipse((49, -30), (38, 58), colour=patch), ellipse((54, -14), (17, 17), colour=BLACK)]
    muzzle = [ellipse((0, 135), (82, 54), colour=_PINK)]
    nostrils = ellipses([(-32, 130), (32, 130)], (13, 17), colour=shade(_PINK, 50))
    return both_sides(side) + face + both_sides(cheek) + muzzle + nostrils


def dog(random: Random) -> list[Shape]:
    """Standing or sitting, its long snout in profile, its ear hanging."""
    fur, band = one_of(random, FURS), one_of(random, BRIGHTS)
    head = moved(_dog_head(random, fur), to=(0, between(random, -40, 40)), turn=between(random, -20, 25))
    if between(random, 0, 2) == 0:
        return _sitting_dog(random, fur=fur, band=band) + moved(head, to=(130, -200))
    far, near = four_legs(random, hips=(-210, 140), heights=(60, 340), widths=(84, 54), colours=(fur, shade(fur, 105)))
    tip = (between(random, -470, -330), between(random, -280, -60))
    tail = stroke(curve((-250, -40), (-350, -60), tip), widths=(52, 22), colour=shade(fur, 92))
    body = [ellipse((90, 20), (165, 135), colour=fur), ellipse((-120, 10), (165, 105), colour=fur)]
    body += [polygon((-160, -92), (90, -110), (90, 120), (-160, 100), colour=fur)]
    neck = stroke([(140, -20), (210, -130)], widths=(180, 130), colour=fur)
    collar = stroke([(140, -110), (250, -60)], widths=(34, 34), colour=band)
    coat = _spots(random, fur=fur, around=(-100, 0))
    return far + tail + body + coat + near + neck + collar + moved(head, to=(220, -150))


def _sitting_dog(random: Random, *, fur: Colour, band: Colour) -> list[Shape]:
    tip = (between(random, -420, -340), between(random, 120, 280))
    tail = stroke(curve((-170, 300), (-330, 330), tip), widths=(52, 24), colour=shade(fur, 90))
    chest = [(60, -150), (170, -60), (150, 200), (40, 320)]
    body = [polygon(*chest, (-190, 320), (-210, 200), (-60, -20), colour=fur)]
    body += [ellipse((-100, 230), (135, 115), colour=shade(fur, 94))]
    legs = strokes([[(70, 60), (80, 320)], [(120, 60), (130, 320)]], widths=(90, 56), colour=shade(fur, 96))
    paws = ellipses([(-60, 335), (100, 335), (150, 335)], (56, 26), colour=shade(fur, 106))
    collar = stroke([(40, -110), (160, -90)], widths=(36, 36), colour=band)
    return tail + body + legs + paws + _spots(random, fur=fur, around=(-40, 120)) + collar


def _dog_head(random: Random, fur: Colour) -> list[Shape]:
    length = between(random, 170, 240)
    licked = (length - 40, between(random, 50, 160))
    tongue = stroke([(length - 50, 50), licked], widths=(44, 40), colour=(224, 96, 110))
    jaw = [(length, -14), (length + 10, 40), (length - 30, 76)]
    skull = [polygon((20, -40), *jaw, (0, 90), colour=shade(fur, 108)), ellipse((0, 0), (125, 108), colour=fur)]
    nose = [ellipse((length, -6), (32, 26), colour=BLACK)]
    eye = [ellipse((58, -34), (20, 20), colour=WHITE), ellipse((62, -32), (15, 15), colour=BLACK)]
    drop = between(random, 105, 150)
    ear = [ellipse((-60, 50), (52, drop), colour=shade(fur, 66), tilt=between(random, 0, 25))]
    return tongue + skull + nose + eye + ear


def _spots(random: Random, *, fur: Colour, around: Point) -> list[Shape]:
    places = [(around[0] + between(random, -90, 90), around[1] + between(random, -50, 50)) for _ in range(3)]
    radii, contrast = (between(random, 25, 60), between(random, 25, 45)), 55 if sum(fur) > 300 else 190
    return _sometimes(random, ellipses(places, radii, colour=shade(fur, contrast)))


def elephant(random: Random) -> list[Shape]:
    """Walking, its trunk hanging or raised."""
    hide = one_of(random, GREYS)
    colours = (hide, shade(hide, 130))
    far, near = four_legs(random, hips=(-210, 110), heights=(60, 370), widths=(135, 120), colours=colours)
    tail = stroke(curve((-330, -60), (-400, 40), (-380, 160)), widths=(24, 14), colour=shade(hide, 80))
    body = [ellipse((-70, -30), (290, 210), colour=hide), ellipse((100, -20), (180, 190), colour=hide)]
    nape = (between(random, 230, 280), between(random, -170, -90))
    head = moved(_elephant_head(random, hide), to=nape, turn=between(random, -12, 12))
    return far + tail + body + near + head


def _elephant_head(random: Random, hide: Colour) -> list[Shape]:
    raised = between(random, 0, 2) == 0
    bend, end = ((220, 260), (260, -200)) if raised else ((180, 120), (between(random, 40, 260), 420))
    trunk = stroke(curve((80, 10), bend, end, steps=9), widths=(130, 50), colour=shade(hide, 94))
    skull = [ellipse((20, 0), (150, 160), colour=hide), ellipse((84, -50), (18, 18), colour=BLACK)]
    tusk = stroke(curve((90, 80), (130, 210), (270, 190)), widths=(44, 14), colour=WHITE)
    flap = between(random, 110, 190)
    ear = [ellipse((-100, 20), (flap, 190), colour=shade(hide, 78), tilt=between(random, -10, 20))]
    lining = shade((200, 150, 150), 50 + sum(hide) // 12)
    return trunk + skull + tusk + ear + [ellipse((-100, 24), (flap - 34, 150), colour=lining, tilt=10)]


def horse(random: Random) -> list[Shape]:
    """Standing, trotting or grazing, on long legs."""
    fur, mane = one_of(random, FURS), one_of(random, (BLACK, (70, 46, 30), (220, 200, 160)))
    far, near = four_legs(random, hips=(-220, 150), heights=(10, 420), widths=(86, 36), colours=(fur, BLACK), swing=110)
    flow = ((between(random, -480, -400), -60), (between(random, -460, -360), 260))
    tail = stroke(curve((-290, -90), *flow), widths=(50, 90), colour=mane)
    body = [ellipse((-40, -40), (270, 125), colour=fur), ellipse((-190, -60), (125, 115), colour=fur)]
    body += [ellipse((150, -40), (115, 120), colour=fur)]
    rest, at = ((5, 25), (445, 110)) if between(random, 0, 3) == 0 else ((-20, 15), (330, -380))
    poll = (at[0] + between(random, -35, 35), at[1] + between(random, -50, 50))
    neck = stroke([(160, -70), poll], widths=(220, 100), colour=fur)
    crest = [(100, -150), ((60 + poll[0]) // 2, (poll[1] - 190) // 2), (poll[0] - 30, poll[1] - 40)]
    head = moved(_horse_head(fur, mane), to=poll, turn=between(random, *rest))
    return far + tail + body + near + neck + stroke(crest, widths=(70, 70), colour=mane) + head


def _horse_head(fur: Colour, mane: Colour) -> list[Shape]:
    ears = [polygon((x, -40), (x + 14, -140), (x + 52, -44), colour=shade(fur, 82 + x)) for x in (-30, 14)]
    brow, chin = [(-60, -40), (40, -66), (110, 10), (215, 150)], [(190, 215), (120, 210), (20, 100), (-50, 70)]
    muzzle = [ellipse((165, 175), (52, 46), colour=shade(fur, 74)), ellipse((184, 160), (11, 11), colour=BLACK)]
    forelock = [polygon((-40, -70), (50, -70), (80, 20), (10, -20), colour=mane)]
    return [*ears, polygon(*brow, *chin, colour=fur), *muzzle, *forelock, ellipse((56, 22), (17, 17), colour=BLACK)]


def sheep(random: Random) -> list[Shape]:
    """A cloud of wool on thin legs, standing or grazing."""
    wool, skin = one_of(random, _WOOLS), one_of(random, (BLACK, (60, 50, 48), (214, 190, 160)))
    far, near = four_legs(random, hips=(-150, 120), heights=(150, 350), widths=(52, 40), colours=(skin, skin), swing=40)
    rest, at = ((0, 20), (305, 160)) if between(random, 0, 2) == 0 else ((-35, -5), (265, -85))
    nape = (at[0] + between(random, -30, 30), at[1] + between(random, -30, 30))
    return far + near + _fleece(random, wool) + moved(_sheep_head(wool, skin), to=nape, turn=between(random, *rest))


def _fleece(random: Random, wool: Colour) -> list[Shape]:
    first = between(random, 0, 29)
    rim = [polar((0, 0), radius=100, degrees=angle) for angle in range(first, first + 360, 30)]
    puffs = [
        ellipse((-30 + 26 * x // 10, 30 + 16 * y // 10), (80, 74), colour=shade(wool, 96 - y // 9)) for x, y in rim
    ]
    heart = [ellipse((-30, 30), (265, 165), colour=wool)]
    curls = [(between(random, -220, 150), between(random, -70, 120)) for _ in range(between(random, 6, 10))]
    arcs = [[polar(curl, radius=34, degrees=angle) for angle in (200, 245, 290, 340)] for curl in curls]
    return puffs + heart + strokes(arcs, widths=(13, 13), colour=shade(wool, 82))


def _sheep_head(wool: Colour, skin: Colour) -> list[Shape]:
    ear = [ellipse((98, -30), (58, 26), colour=shade(skin, 125), tilt=20)]
    skull = [ellipse((0, 20), (76, 118), colour=skin), ellipse((0, 108), (30, 16), colour=_PINK)]
    tuft = ellipses([(-46, -80), (44, -80), (0, -104)], (46, 42), colour=wool)
    eye = [ellipse((36, 0), (17, 17), colour=WHITE), ellipse((36, 2), (9, 11), colour=BLACK)]
    return both_sides(ear) + skull + tuft + both_sides(eye)


def four_legs(
    random: Random, *, hips: Point, heights: Point, widths: Point, colours: tuple[Colour, Colour], swing: int = 70
) -> tuple[list[Shape], list[Shape]]:
    """Returns four legs, as (far pair, near pair), caught at some moment of a step.

    Args:
        random: decides how far the feet are apart.
        hips: x of the hind and of the fore legs.
        heights: y of the hips and of the ground.
        widths: at hip and foot.
        colours: of leg and foot.
        swing: how far at most a foot is before or behind its hip.
    """
    step, (top, ground) = between(random, -swing, swing), heights
    far: list[Shape] = []
    near: list[Shape] = []
    behind, before = (shade(colours[0], 72), colours[1]), (shade(colours[0], 94), colours[1])
    for x, reach in zip(hips, (step, -step), strict=True):
        far += _leg((x - 24, top), (x - 24 - reach, ground), widths=widths, colours=behind)
        near += _leg((x + 24, top), (x + 24 + reach, ground), widths=widths, colours=before)
    return far, near


def _leg(hip: Point, foot: Point, *, widths: Point, colours: tuple[Colour, Colour]) -> list[Shape]:
    knee = ((hip[0] + foot[0]) // 2 + 14, (hip[1] + foot[1]) // 2)
    sole = ellipse((foot[0] + 8, foot[1]), (widths[1] * 6 // 10, 24), colour=colours[1])
    return [*stroke([hip, knee, foot], widths=widths, colour=colours[0]), sole]


def _sometimes(random: Random, shapes: list[Shape]) -> list[Shape]:
    return shapes if between(random, 0, 1) else []
