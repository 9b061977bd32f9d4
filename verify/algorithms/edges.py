"""The masks that find edges, and what an image answers to them."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers
from verify.algorithms.filters import compass, correlate
from verify.algorithms.laws import Case, Run, Subject, brute_force, integers, law, unlike

PREWITT = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype=float)
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=float)
LAPLACIAN = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], dtype=float)
KIRSCH = np.array([[5, 5, 5], [-3, 0, -3], [-3, -3, -3]], dtype=float)


def prewitt(image: ArrayLike) -> Numbers:
    """The answers to the two Prewitt masks: brighter to the right, brighter upwards.

    image: shape (n, m), at least 3 by 3, rows from the top.  Returns shape (2, n - 2, m - 2).
    Raises DomainError otherwise.  Source: Prewitt 1970.

    >>> prewitt([[0, 1, 2], [0, 1, 2], [0, 1, 2]]).tolist()
    [[[6.0]], [[0.0]]]
    """
    return _answers(image, [PREWITT, np.rot90(PREWITT)])


def sobel(image: ArrayLike) -> Numbers:
    """The answers to the two Sobel masks: brighter to the right, brighter upwards.

    image, shapes, errors: see `prewitt`.  Source: Sobel and Feldman 1968; Gonzalez and Woods 2018, section 10.2.

    >>> sobel([[0, 1, 2], [0, 1, 2], [0, 1, 2]]).tolist()
    [[[8.0]], [[0.0]]]
    """
    return _answers(image, [SOBEL, np.rot90(SOBEL)])


def laplacian(image: ArrayLike) -> Numbers:
    """The answer to the Laplacian mask of eight neighbours: 8 times a cell minus those around it.

    image: shape (n, m), at least 3 by 3.  Returns shape (n - 2, m - 2).  Raises DomainError otherwise.
    Source: Gonzalez and Woods 2018, section 3.6.

    >>> laplacian([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    array([[8.]])
    """
    return correlate(image, LAPLACIAN)


def robinson(image: ArrayLike) -> Numbers:
    """The strongest of the answers to the eight Robinson masks.

    image, shapes, errors: see `laplacian`.  Source: Robinson 1977.

    >>> robinson([[0, 0, 1], [0, 0, 1], [0, 0, 1]])
    array([[4.]])
    """
    return _strongest_answer(image, SOBEL)


def kirsch(image: ArrayLike) -> Numbers:
    """The strongest of the answers to the eight Kirsch masks.

    image, shapes, errors: see `laplacian`.  Source: Kirsch 1971.

    >>> kirsch([[0, 0, 1], [0, 0, 1], [0, 0, 1]])
    array([[15.]])
    """
    return _strongest_answer(image, KIRSCH)


def _answers(image: ArrayLike, masks: Any) -> Numbers:
    return np.stack([correlate(image, mask) for mask in masks])


def _strongest_answer(image: ArrayLike, mask: Numbers) -> Numbers:
    strongest: Numbers = _answers(image, compass(mask)).max(axis=0)
    return strongest


# ------------------------------------------------------------------------------------------------- laws


def _draw(random: Random, size: int) -> Case:
    return {"image": integers(random, random.randint(3, size + 3), random.randint(3, size + 3))}


def _draw_ramp(random: Random, size: int) -> Case:
    a, b, c = (float(number) for number in integers(random, 3))
    return {"image": integers(random, 3, size + 3), "a": a, "b": b, "c": c}


def _grid(image: Numbers) -> tuple[Numbers, Numbers]:
    rows, columns = np.indices(image.shape).astype(float)
    return rows, columns


def _ramp(slope: float) -> Any:
    @law(f"on a*column + b*row + c the answers are {slope:g}*a and -{slope:g}*b", _draw_ramp)
    def ramp(run: Run, image: Numbers, a: float, b: float, c: float) -> str | None:
        rows, columns = _grid(image)
        found = run(a * columns + b * rows + c)
        return unlike(found, np.stack([np.full(found[0].shape, slope * a), np.full(found[0].shape, -slope * b)]))

    return ramp


@law("the image upside down changes the sign of the second answer alone")
def reflection(run: Run, image: Numbers) -> str | None:
    right, up = run(image)
    return unlike(run(image[::-1]), np.stack([right[::-1], -up[::-1]]))


@law("a quarter turn of the image takes the first answer to the second")
def turned_edges(run: Run, image: Numbers) -> str | None:
    return unlike(run(np.rot90(image))[1], np.rot90(run(image)[0]))


def _smoothed(weights: list[int]) -> Run:
    """Smooth across, then take the difference along: cell by cell."""

    def slow(image: Numbers) -> list[Any]:
        rows, columns = image.shape

        def right(p: int, q: int) -> float:
            return float(sum(w * (image[p + k, q + 2] - image[p + k, q]) for k, w in enumerate(weights)))

        def up(p: int, q: int) -> float:
            return float(sum(w * (image[p, q + k] - image[p + 2, q + k]) for k, w in enumerate(weights)))

        return [[[of(p, q) for q in range(columns - 2)] for p in range(rows - 2)] for of in (right, up)]

    return slow


@law("it is -3 times the Laplacian of a*x**2 + b*y**2 + c*x*y, which is 2*a + 2*b", _draw_ramp)
def quadratics(run: Run, image: Numbers, a: float, b: float, c: float) -> str | None:
    rows, columns = _grid(image)
    found = run(a * columns**2 + b * rows**2 + c * rows * columns)
    return unlike(found, np.full(found.shape, -3 * (2 * a + 2 * b)))


@law("a plane image gives 0", _draw_ramp)
def plane(run: Run, image: Numbers, a: float, b: float, c: float) -> str | None:
    rows, columns = _grid(image)
    found = run(a * columns + b * rows + c)
    return unlike(found, np.zeros(found.shape))


@law("an image of one brightness gives 0")
def flat(run: Run, image: Numbers) -> str | None:
    return unlike(run(np.full((3, 4), 5.0)), np.zeros((1, 2)))


@law("a quarter turn of the image turns the answer")
def turned(run: Run, image: Numbers) -> str | None:
    return unlike(run(np.rot90(image)), np.rot90(run(image)))


@law("the negative of the image gives the same")
def negative(run: Run, image: Numbers) -> str | None:
    return unlike(run(-image), run(image))


def _nine(image: Numbers) -> list[list[float]]:
    """Nine times a cell minus its block."""
    rows, columns = image.shape
    return [
        [
            float(9 * image[p, q] - sum(sum(image[p + i, q - 1 : q + 2]) for i in (-1, 0, 1)))
            for q in range(1, columns - 1)
        ]
        for p in range(1, rows - 1)
    ]


def _strongest(answer: Callable[[list[float]], float]) -> Run:
    """The largest answer over the eight starts on the ring of neighbours, which are told from one on clockwise."""
    ring = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))

    def slow(image: Numbers) -> list[list[float]]:
        def at(p: int, q: int) -> float:
            cells = [float(image[p + i, q + j]) for i, j in ring]
            return max(answer(cells[start:] + cells[:start]) for start in range(8))

        return [[at(p, q) for q in range(1, image.shape[1] - 1)] for p in range(1, len(image) - 1)]

    return slow


def _robinson(ring: list[float]) -> float:
    return ring[0] + 2 * ring[1] + ring[2] - ring[4] - 2 * ring[5] - ring[6]


def _kirsch(ring: list[float]) -> float:
    return 5 * sum(ring[:3]) - 3 * sum(ring[3:])


_SHARED = ((("image", 0),), (("image", 1),))

SUBJECTS = (
    Subject(
        prewitt,
        _draw,
        (
            reflection,
            turned_edges,
            _ramp(6),
            brute_force("it is a difference along of sums across, cell by cell", _smoothed([1, 1, 1])),
        ),
        _SHARED,
    ),
    Subject(
        sobel,
        _draw,
        (
            reflection,
            turned_edges,
            _ramp(8),
            brute_force("it is a difference along of sums with weights 1, 2, 1 across", _smoothed([1, 2, 1])),
        ),
        _SHARED,
    ),
    Subject(
        laplacian,
        _draw,
        (plane, quadratics, turned, brute_force("it is 9 times a cell minus the block around it", _nine)),
        _SHARED,
    ),
    Subject(
        robinson,
        _draw,
        (
            flat,
            turned,
            negative,
            brute_force("it is the largest difference of sums with weights 1, 2, 1 on opposite sides",
                        _strongest(_robinson)),
        ),
        _SHARED,
    ),
    Subject(
        kirsch,
        _draw,
        (
            flat,
            turned,
            brute_force("it is the largest of 5 times three neighbours in a row minus 3 times the other five",
                        _strongest(_kirsch)),
        ),
        _SHARED,
    ),
)  # fmt: skip
