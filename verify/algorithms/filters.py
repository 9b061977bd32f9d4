"""What an image answers to a mask, and the eight directions of one."""

from random import Random

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require
from verify.algorithms.laws import Case, Run, Subject, brute_force, integers, law, unlike

CLOCKWISE = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
"""The border of a mask, cell after cell."""


def correlate(image: ArrayLike, mask: ArrayLike) -> Numbers:
    """The sum of mask times image at every place where the mask is inside.

        y[p, q] = sum(mask[i, j]*image[p + i, q + j], i, j)

    image: shape (n, m).  mask: shape (a, b), no larger.  Returns shape (n - a + 1, m - b + 1).
    Raises DomainError otherwise.
    Source: Gonzalez and Woods 2018, section 3.4. (A convolution has the mask turned by 180 degrees.)

    >>> correlate([[1, 2, 4]], [[-1, 1]])
    array([[1., 2.]])
    """
    values, weights = numbers(image, "image", 2), numbers(mask, "mask", 2)
    require(np.array(weights.shape) <= values.shape, "the mask is larger than the image")
    require(weights.size > 0, "the mask is empty")
    found: Numbers = np.einsum("pqij,ij->pq", sliding_window_view(values, weights.shape), weights)
    return found


def compass(mask: ArrayLike) -> Numbers:
    """A mask in its eight directions, each the one before turned clockwise by 45 degrees.

    mask: shape (3, 3).  Returns shape (8, 3, 3), the mask itself first.  Raises DomainError for another shape.
    Source: Robinson 1977; Kirsch 1971.

    >>> compass([[1, 2, 3], [8, 0, 4], [7, 6, 5]])[1]
    array([[8., 1., 2.],
           [7., 0., 3.],
           [6., 5., 4.]])
    """
    weights = numbers(mask, "mask", 2)
    require(weights.shape == (3, 3), "mask is 3 by 3")
    directions = np.tile(weights, (8, 1, 1))
    for turn in range(8):
        for place, cell in enumerate(CLOCKWISE):
            directions[turn][cell] = weights[CLOCKWISE[place - turn]]
    return directions


# ----------------------------------------------------------------------------------- laws of the correlation


def _draw(random: Random, size: int) -> Case:
    return {"image": integers(random, random.randint(3, size + 3), random.randint(3, size + 3))}


def _draw_mask(random: Random, size: int) -> Case:
    mask = integers(random, random.randint(1, 3), random.randint(1, 3))
    return {**_draw(random, size), "mask": mask}


def _by_cells(image: Numbers, mask: Numbers) -> list[list[float]]:
    (rows, columns), (height, width) = image.shape, mask.shape
    return [
        [
            float(sum(mask[i, j] * image[p + i, q + j] for i in range(height) for j in range(width)))
            for q in range(columns - width + 1)
        ]
        for p in range(rows - height + 1)
    ]


@law("an image of a single 1 gives the mask turned by 180 degrees")
def impulse(run: Run, image: Numbers, mask: Numbers) -> str | None:
    point = np.zeros((2 * mask.shape[0] - 1, 2 * mask.shape[1] - 1))
    point[mask.shape[0] - 1, mask.shape[1] - 1] = 1
    return unlike(run(point, mask), mask[::-1, ::-1])


@law("an image of one brightness gives it times the sum of the mask")
def constant(run: Run, image: Numbers, mask: Numbers) -> str | None:
    found = run(np.full(image.shape, 3.0), mask)
    return unlike(found, np.full(found.shape, 3 * mask.sum()))


@law("the answer to a sum of masks is the sum of the answers")
def linearity(run: Run, image: Numbers, mask: Numbers) -> str | None:
    return unlike(run(image, mask) + run(image, 2 * mask - 1), run(image, 3 * mask - 1))


@law("an image that is moved by a cell gives the same answer moved")
def equivariance(run: Run, image: Numbers, mask: Numbers) -> str | None:
    if image.shape[0] == mask.shape[0] or image.shape[1] == mask.shape[1]:
        return None
    return unlike(run(image[1:, 1:], mask), run(image, mask)[1:, 1:])


# ----------------------------------------------------------------------------------------- laws of the turns


@law("the first is the mask itself, and the sum and the middle of each are those of the mask")
def kept(run: Run, mask: Numbers) -> str | None:
    found = run(mask)
    return unlike(
        [found[0], found.sum(axis=(1, 2)), found[:, 1, 1]], [mask, np.full(8, mask.sum()), np.full(8, mask[1, 1])]
    )


@law("two turns of 45 degrees are one of 90")
def quarter_turn(run: Run, mask: Numbers) -> str | None:
    found = run(mask)
    return unlike(found[2:], [np.rot90(one, -1) for one in found[:6]])


@law("a turned mask has the same directions, from the next one on")
def circle(run: Run, mask: Numbers) -> str | None:
    found = run(mask)
    return unlike(run(found[1]), np.roll(found, -1, axis=0))


@law("of a mask with one 1 on the border the 1 goes round to every neighbour of the middle")
def round_trip(run: Run, mask: Numbers) -> str | None:
    corner = np.zeros((3, 3))
    corner[0, 0] = 1
    found = [tuple(map(int, np.argwhere(one)[0])) for one in run(corner)]
    steps = [abs(a - c) + abs(b - d) for (a, b), (c, d) in zip(found, found[1:] + found[:1], strict=True)]
    return None if len({*found} - {(1, 1)}) == 8 and steps == [1] * 8 else f"it goes {found}"


_SHARED = ((("image", 0),), (("image", 1),))

SUBJECTS = (
    Subject(
        correlate,
        _draw_mask,
        (impulse, constant, linearity, equivariance, brute_force("it is the sum of products, cell by cell", _by_cells)),
        _SHARED,
    ),
    Subject(
        compass,
        lambda random, size: {"mask": integers(random, 3, 3)},
        (kept, quarter_turn, circle, round_trip),
    ),
)
