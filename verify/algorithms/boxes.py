"""Overlap of boxes, and the suppression of detections that overlap a better one."""

from itertools import combinations
from random import Random
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require, scalar
from verify.algorithms.laws import Case, Run, Subject, brute_force, law, reals, unlike


def iou(a: ArrayLike, b: ArrayLike) -> float:
    """Intersection over union of two boxes.

    With w and h the width and height that the boxes share, or 0:

        iou = w*h / (area(a) + area(b) - w*h)

    a, b: corners (left, top, right, bottom), shape (4,), left < right, top < bottom.
    Returns a number from 0 to 1.  Raises DomainError for a box without an area.
    Source: Jaccard 1912; Everingham et al. 2010, section 4.2.

    >>> iou([0, 0, 3, 1], [1, 0, 4, 1])
    0.5
    """
    one, other = _box(a, "a"), _box(b, "b")
    width, height = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    shared = max(width, 0.0) * max(height, 0.0)
    return float(shared / (area(one) + area(other) - shared))


def area(box: Numbers) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _box(value: ArrayLike, name: str) -> Numbers:
    box = numbers(value, name, 1)
    require(box.shape == (4,), f"{name} is a box: four numbers")
    require(box[:2] < box[2:], f"{name} is a box: left < right, top < bottom")
    return box


def non_max_suppression(boxes: ArrayLike, scores: ArrayLike, discard: float = 0.6, overlap: float = 0.5) -> list[int]:
    """The boxes that remain when each is dropped that overlaps a better one.

    Boxes with a score below `discard` go first. Then, again and again, the box with the highest score is kept and
    all whose intersection over union with it exceeds `overlap` go. Of equal scores the box given first is better.

    boxes: shape (n, 4).  scores: shape (n,).  discard: any number.  overlap: from 0 to 1.
    Returns the places of the boxes kept, best first.  Raises DomainError for a box without an area.
    Source: Felzenszwalb, Girshick, McAllester and Ramanan 2010, section 5; Redmon et al. 2016.

    >>> non_max_suppression([[0, 0, 4, 1], [1, 0, 5, 1], [7, 0, 9, 1]], [0.8, 0.9, 0.7])
    [1, 2]
    """
    corners, ranking = numbers(boxes, "boxes", 2), numbers(scores, "scores", 1)
    require(corners.shape == (len(ranking), 4), "boxes has a row of four numbers for each score")
    discard, overlap = scalar(discard, "discard"), scalar(overlap, "overlap", 0, 1)
    waiting = [int(place) for place in np.argsort(-ranking, kind="stable") if ranking[place] >= discard]
    kept = []
    while waiting:
        best = waiting.pop(0)
        kept.append(best)
        waiting = [place for place in waiting if iou(corners[best], corners[place]) <= overlap]
    return kept


# ------------------------------------------------------------------------------------- laws of the overlap


def _corners(random: Random, side: int) -> list[float]:
    """A box on a grid, so that it is made of unit cells."""
    (left, right), (top, bottom) = (sorted(random.sample(range(side + 1), 2)) for _ in range(2))
    return [float(left), float(top), float(right), float(bottom)]


def _draw_pair(random: Random, size: int) -> Case:
    return {"a": np.array(_corners(random, size + 1)), "b": np.array(_corners(random, size + 1))}


def _cells(box: Numbers) -> set[tuple[int, int]]:
    left, top, right, bottom = map(int, box)
    return {(x, y) for x in range(left, right) for y in range(top, bottom)}


def _counted(a: Numbers, b: Numbers) -> float:
    """The overlap of boxes on a grid, by counting unit cells."""
    return len(_cells(a) & _cells(b)) / len(_cells(a) | _cells(b))


@law("the overlap of a with b is that of b with a")
def symmetry(run: Run, a: Numbers, b: Numbers) -> str | None:
    return unlike(run(a, b), run(b, a))


@law("the overlap is a number from 0 to 1")
def bounds(run: Run, a: Numbers, b: Numbers) -> str | None:
    found = run(a, b)
    return None if 0 <= found <= 1 else f"{found:g}"


@law("the overlap is 1 for equal boxes and for no others")
def identity(run: Run, a: Numbers, b: Numbers) -> str | None:
    if run(a, a) != 1:
        return f"{run(a, a):g} for a with itself"
    return "1 for different boxes" if run(a, b) == 1 and not np.array_equal(a, b) else None


@law("two unit squares, one shifted by s, overlap by (1 - s)/(1 + s)", lambda random, _: {"s": random.random() * 0.99})
def shifted_squares(run: Run, s: float) -> str | None:
    found = [run(np.array([0, 0, 1, 1]), np.array(other)) for other in ([s, 0, 1 + s, 1], [0, -s, 1, 1 - s])]
    return unlike(found, [(1 - s) / (1 + s)] * 2)


@law(
    "moving and stretching both boxes alike changes no overlap",
    lambda random, size: {**_draw_pair(random, size), "move": reals(random, 2), "stretch": reals(random, 2, low=0.1)},
)
def affine(run: Run, a: Numbers, b: Numbers, move: Numbers, stretch: Numbers) -> str | None:
    change = np.tile(stretch, 2), np.tile(move, 2)
    return unlike(run(a * change[0] + change[1], b * change[0] + change[1]), run(a, b))


# --------------------------------------------------------------------------------- laws of the suppression


def _draw_detections(random: Random, size: int) -> Case:
    """Boxes and scores on a grid: ties of scores, and overlaps and scores that are just the threshold."""
    return {
        "boxes": np.array([_corners(random, 4) for _ in range(size)]).reshape(size, 4),
        "scores": np.array([random.randint(2, 8) / 8 for _ in range(size)]),
        "discard": random.choice([0.0, 0.25, 0.5, 0.75]),
        "overlap": random.choice([0.25, 0.5, 0.75]),
    }


def _ranks(scores: Numbers) -> list[tuple[float, int]]:
    """What a box is better by: the lower, the better."""
    return [(-score, place) for place, score in enumerate(scores)]


@law("what suppression keeps never overlaps beyond the threshold")
def kept_apart(run: Run, boxes: Numbers, overlap: float, **more: Any) -> str | None:
    for one, other in combinations(run(boxes=boxes, overlap=overlap, **more), 2):
        if _counted(boxes[one], boxes[other]) > overlap:
            return f"boxes {one} and {other} overlap by {_counted(boxes[one], boxes[other]):g}"
    return None


@law("everything removed scores below the threshold or overlaps a better kept box")
def removed_for_a_reason(run: Run, boxes: Numbers, scores: Numbers, discard: float, overlap: float) -> str | None:
    kept, ranks = run(boxes, scores, discard, overlap), _ranks(scores)
    for place in set(range(len(boxes))) - set(kept):
        better = [one for one in kept if ranks[one] < ranks[place]]
        if scores[place] >= discard and all(_counted(boxes[place], boxes[one]) <= overlap for one in better):
            return f"box {place} is removed, and {shown_list(kept)} kept"
    return None


def shown_list(places: list[int]) -> str:
    return ", ".join(map(str, places)) or "nothing"


@law("nothing that scores below the threshold is kept")
def kept_above(run: Run, boxes: Numbers, scores: Numbers, discard: float, overlap: float) -> str | None:
    low = [place for place in run(boxes, scores, discard, overlap) if scores[place] < discard]
    return f"box {low[0]} is kept" if low else None


@law("what is kept is told from the best score down")
def kept_in_order(run: Run, boxes: Numbers, scores: Numbers, discard: float, overlap: float) -> str | None:
    kept, ranks = run(boxes, scores, discard, overlap), _ranks(scores)
    return unlike(kept, sorted(kept, key=lambda place: ranks[place]))


@law("suppression of what was kept removes nothing")
def idempotence(run: Run, boxes: Numbers, scores: Numbers, discard: float, overlap: float) -> str | None:
    kept = run(boxes, scores, discard, overlap)
    return unlike(run(boxes[kept], scores[kept], discard, overlap), list(range(len(kept))))


def _only_subset(boxes: Numbers, scores: Numbers, discard: float, overlap: float) -> list[int]:
    """By looking at every subset: a box is in it exactly if its score is enough and no better one in it overlaps."""
    ranks, count = _ranks(scores), len(boxes)

    def is_due(place: int, kept: tuple[int, ...]) -> bool:
        better = [one for one in kept if ranks[one] < ranks[place]]
        return scores[place] >= discard and not any(_counted(boxes[place], boxes[one]) > overlap for one in better)

    (only,) = (
        kept
        for number in range(count + 1)
        for kept in combinations(range(count), number)
        if all((place in kept) == is_due(place, kept) for place in range(count))
    )
    return sorted(only, key=lambda place: ranks[place])


SUBJECTS = (
    Subject(
        iou,
        _draw_pair,
        (
            symmetry,
            bounds,
            identity,
            shifted_squares,
            affine,
            brute_force("the overlap of boxes on a grid is the share of cells that they have in common", _counted),
        ),
    ),
    Subject(
        non_max_suppression,
        _draw_detections,
        (
            kept_apart,
            removed_for_a_reason,
            kept_above,
            kept_in_order,
            idempotence,
            brute_force("of all subsets, the one kept is the only one that keeps a box exactly if no better one "
                        "in it overlaps", _only_subset),
        ),
        shared=((("boxes", 0), ("scores", 0)),),
    ),
)  # fmt: skip
