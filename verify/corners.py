"""Points beyond the planned ones: whole numbers again, reals of one sign or close together, sizes that are equal."""

from collections.abc import Iterator

from derive.formula import Formula
from verify.elements import ALIKE
from verify.sampling import MOST, PLANNED, SMALL, Draw, draw, fits, has_room_for_one, sizes_of

AGAIN = 3  # times that the plan is drawn again for whole numbers
CORNERS = 2_000  # the first number of the draws at corners of the domain
_WHOLE = ("", "small", "far")  # how whole numbers are drawn each time
_WIDE = 11  # beyond the sizes of all other draws
_MOST_WIDE = 2  # sizes, that arrays may have so many axes
FAR = ("high 4", "low 4")  # of those below, what is told from others by what is rounded
_SIDED = ("below", "below", "above", "close", *FAR)


def again(formula: Formula, seed: int) -> Iterator[Draw]:
    """The plan three times more, for inputs of whole numbers: of few values, six draws may all miss the one that tells.

    In six draws of a one-hot vector or of bits the last place may never be 1, and of integers the floors of two
    unlike quotients be the same. So once they are 0, 1, -1 and their neighbours, once up to a thousand, then all alike.
    """
    for number in range(AGAIN * len(PLANNED)):
        round_, place = divmod(number, len(PLANNED))
        yield draw(
            formula, seed, MOST + number, sizes_of(formula, number), PLANNED[place], _WHOLE[round_ % len(_WHOLE)]
        )
    last = MOST + AGAIN * len(PLANNED)
    for number, whole in enumerate(ALIKE * bool(AGAIN), last):
        yield draw(formula, seed, number, sizes_of(formula, number), "generic", whole)
        if has_room_for_one(formula):
            yield draw(formula, seed, number + len(ALIKE), sizes_of(formula, SMALL), "generic", whole)


def sided(formula: Formula, seed: int) -> Iterator[Draw]:
    """Points at which all reals are below 0, or above, or nearly the same, or far away: few draws have them by chance.

    max(a*x) is not max(a)*max(x) where every x is below 0, floor(x/1000) is no sign far from 0.
    """
    for number, stratum in enumerate(_SIDED):
        yield draw(formula, seed, CORNERS + number, sizes_of(formula, number), stratum)
    if has_room_for_one(formula):  # x**(1/n) is x there
        for number, stratum in enumerate(("below", "above"), CORNERS + len(_SIDED)):
            yield draw(formula, seed, number, sizes_of(formula, SMALL), stratum)


def level(formula: Formula, seed: int) -> Iterator[Draw]:
    """Points at which all sizes are equal, which they are in no other draw: 1, and more; and one of larger sizes."""
    count = len(formula.sizes)
    equal = [[(1,) * count], [(size,) * count for size in (3, 2, 4, 5)]] if count > 1 else []
    wide = [tuple(range(_WIDE + count - 1, _WIDE - 1, -1))] if count <= _MOST_WIDE else []
    for choice in (*equal, wide):
        for lengths in choice:
            sizes = dict(zip(formula.sizes, lengths, strict=True))
            if fits(formula, sizes):
                yield draw(formula, seed, CORNERS, sizes, "generic")
                break
