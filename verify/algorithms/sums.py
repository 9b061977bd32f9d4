"""The integral image, which gives the sum over any box from four of its numbers."""

from random import Random

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import DomainError, Numbers, numbers, require
from verify.algorithms.laws import Case, Run, Subject, brute_force, integers, law, unlike


def integral_image(image: ArrayLike) -> Numbers:
    """The sums over all boxes that start in the first corner.

        y[i, j] = sum(x[a, b] over a <= i and b <= j)

    image: x, shape (n, m).  Returns shape (n, m).  Raises DomainError for another number of axes.
    Source: Crow 1984; Viola and Jones 2001, section 2.1.

    >>> integral_image([[1, 2], [3, 4]])
    array([[ 1.,  3.],
           [ 4., 10.]])
    """
    return numbers(image, "image", 2).cumsum(axis=0).cumsum(axis=1)


def box_sum(integral: ArrayLike, box: ArrayLike) -> float:
    """The sum of the image over a box, from the corners of its integral image.

        y[bottom, right] - y[top - 1, right] - y[bottom, left - 1] + y[top - 1, left - 1], 0 outside

    integral: see `integral_image`, shape (n, m).  box: top, left, bottom, right, rows and columns that belong to it.
    Returns a number.  Raises DomainError for a box that is empty or not inside.
    Source: Crow 1984; Viola and Jones 2001, section 2.1.

    >>> box_sum([[1, 3], [4, 10]], [0, 1, 1, 1])
    6.0
    """
    sums, places = numbers(integral, "integral", 2), numbers(box, "box", 1)
    if places.shape != (4,) or (places != np.round(places)).any():
        raise DomainError("box is four whole numbers")
    top, left, bottom, right = map(int, places)
    require(0 <= top <= bottom < len(sums) and 0 <= left <= right < sums.shape[1], "box is inside the image")
    framed = np.pad(sums, ((1, 0), (1, 0)))
    found = framed[bottom + 1, right + 1] - framed[top, right + 1] - framed[bottom + 1, left] + framed[top, left]
    return float(found)


# ------------------------------------------------------------------------------------------------- laws


def _draw(random: Random, size: int) -> Case:
    return {"image": integers(random, random.randint(1, size + 1), random.randint(1, size + 1))}


def _draw_box(random: Random, size: int) -> Case:
    image = _draw(random, size)["image"]
    rows, columns = (sorted(random.choices(range(length), k=2)) for length in image.shape)
    return {"integral": image.cumsum(0).cumsum(1), "box": np.array([rows[0], columns[0], rows[1], columns[1]])}


def _summed(image: Numbers) -> list[list[float]]:
    rows, columns = image.shape
    return [
        [float(sum(image[a, b] for a in range(i + 1) for b in range(j + 1))) for j in range(columns)]
        for i in range(rows)
    ]


@law("y[i, j] = y[i, j-1] + y[i-1, j] - y[i-1, j-1] + x[i, j], 0 outside")
def recurrence(run: Run, image: Numbers) -> str | None:
    y = np.pad(run(image), ((1, 0), (1, 0)))
    return unlike(y[1:, 1:], y[1:, :-1] + y[:-1, 1:] - y[:-1, :-1] + image)


@law("its last number is the sum of the image")
def last(run: Run, image: Numbers) -> str | None:
    return unlike(run(image)[-1, -1], image.sum())


@law("the transposed image gives the transposed result")
def transposition(run: Run, image: Numbers) -> str | None:
    return unlike(run(image.T), run(image).T)


def _image(integral: Numbers) -> Numbers:
    return np.diff(np.diff(integral, axis=0, prepend=0), axis=1, prepend=0)


@law("the box of the whole image has the last number of the integral image")
def whole_box(run: Run, integral: Numbers, box: Numbers) -> str | None:
    rows, columns = integral.shape
    return unlike(run(integral, np.array([0, 0, rows - 1, columns - 1])), integral[-1, -1])


@law("two halves of a box have together what the box has")
def halves(run: Run, integral: Numbers, box: Numbers) -> str | None:
    top, left, bottom, right = box
    if top == bottom:
        return None
    upper, lower = np.array([top, left, top, right]), np.array([top + 1, left, bottom, right])
    return unlike(run(integral, upper) + run(integral, lower), run(integral, box))


def _cell_by_cell(integral: Numbers, box: Numbers) -> float:
    top, left, bottom, right = map(int, box)
    image = _image(integral)
    return float(sum(image[i, j] for i in range(top, bottom + 1) for j in range(left, right + 1)))


SUBJECTS = (
    Subject(
        integral_image,
        _draw,
        (recurrence, last, transposition, brute_force("it is the sum of all that is above and to the left", _summed)),
        ((("image", 0),), (("image", 1),)),
    ),
    Subject(
        box_sum,
        _draw_box,
        (whole_box, halves, brute_force("it is the sum over the box, cell by cell", _cell_by_cell)),
    ),
)
