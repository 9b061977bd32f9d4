"""Average precision of ranked detections, and its mean over classes."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require, whole
from verify.algorithms.laws import Case, Run, Subject, brute_force, integers, law, unlike

ELEVEN = np.arange(11) / 10


def precision_and_recall(scores: ArrayLike, correct: ArrayLike, positives: int) -> tuple[Numbers, Numbers]:
    """Precision and recall of the first 1, 2, … detections from the best score down.

    scores: shape (n,), of equal ones the first is better.  correct: shape (n,), 1 for a true detection, 0 for a
    false one.  positives: how many objects there are, found or not, at least as many as are correct.
    Returns two arrays of shape (n,).  Raises DomainError otherwise.

    >>> precision_and_recall([0.9, 0.8, 0.7], [1, 0, 1], 4)
    (array([1.        , 0.5       , 0.66666667]), array([0.25, 0.25, 0.5 ]))
    """
    ranking, hits = numbers(scores, "scores", 1), numbers(correct, "correct", 1)
    require(ranking.shape == hits.shape, "scores and correct have the same length")
    require((hits == 0) | (hits == 1), "correct is 1 or 0")
    count = whole(positives, "positives")
    require(hits.sum() <= count, "more are correct than there are positives")
    found = np.cumsum(hits[np.argsort(-ranking, kind="stable")])
    return found / np.arange(1, len(hits) + 1), found / count


def _interpolated(precision: Numbers) -> Numbers:
    """At each rank the best precision from there on; 0 behind the last."""
    return np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)


def average_precision(scores: ArrayLike, correct: ArrayLike, positives: int) -> float:
    """The area under the interpolated curve of precision over recall.

    With p(r) the best precision at a recall of r or more, 0 where none is reached:

        AP = integral of p(r) for r from 0 to 1

    Arguments and errors: see `precision_and_recall`.  Returns a number from 0 to 1.
    Source: Everingham et al. 2015 (The PASCAL Visual Object Classes challenge: a retrospective), section 3.

    >>> average_precision([0.9, 0.8, 0.7], [1, 1, 0], 4)
    0.5
    """
    precision, recall = precision_and_recall(scores, correct, positives)
    return float(np.sum(np.diff(recall, prepend=0.0) * _interpolated(precision)[:-1]))


def eleven_point_precision(scores: ArrayLike, correct: ArrayLike, positives: int) -> float:
    """Average precision as the mean over eleven recalls.

    With p(r) the best precision at a recall of r or more, 0 where none is reached:

        AP = (p(0) + p(0.1) + ... + p(1)) / 11

    Arguments and errors: see `precision_and_recall`.  Returns a number from 0 to 1.
    Source: Everingham, Van Gool, Williams, Winn and Zisserman 2010, section 4.2.

    >>> 11 * eleven_point_precision([0.9, 0.8, 0.7], [1, 1, 0], 4)
    6.0
    """
    precision, recall = precision_and_recall(scores, correct, positives)
    # A recall is a quotient of counts, and 0.3 is no number of binary digits: 3/10 has to reach it.
    return float(_interpolated(precision)[np.searchsorted(recall, ELEVEN - 1e-9)].mean())


def mean_average_precision(
    scores: Sequence[ArrayLike], correct: Sequence[ArrayLike], positives: Sequence[int]
) -> float:
    """The mean over classes of the average precision of each (area under the interpolated curve).

    scores, correct: one list of detections for each class.  positives: shape (classes,).
    Returns a number from 0 to 1.  Raises DomainError without classes, and see `precision_and_recall`.
    Source: Everingham et al. 2010, section 4.2.

    >>> mean_average_precision([[0.9], [0.8, 0.7]], [[1], [1, 0]], [1, 2])
    0.75
    """
    require(len(scores) == len(correct) == len(positives) > 0, "scores, correct and positives have an item a class")
    return float(np.mean([average_precision(*one) for one in zip(scores, correct, positives, strict=True)]))


# ------------------------------------------------------------------------------------------------- laws


def _draw(random: Random, size: int) -> Case:
    correct = integers(random, size, low=0, high=1)
    scores = np.array(random.sample(range(100), size)) / 100
    return {"scores": scores, "correct": correct, "positives": max(int(correct.sum()) + random.choice([0, 0, 1, 3]), 1)}


def _draw_classes(random: Random, size: int) -> Case:
    classes = [_draw(random, size) for _ in range(random.randint(1, 4))]
    return {name: [one[name] for one in classes] for name in classes[0]}


def _is_ranked(case: Case) -> bool:
    """Whether no scores tie, which laws on the order of the detections take for granted."""
    lists = case["scores"] if isinstance(case["scores"], list) else [case["scores"]]
    return all(len(set(scores)) == len(scores) for scores in lists)


@law("it is a number from 0 to 1")
def bounds(run: Run, **case: Any) -> str | None:
    found = run(**case)
    return None if -1e-12 <= found <= 1 + 1e-12 else f"{found:g}"


@law("it is 1 exactly if every object is found before anything false")
def perfection(run: Run, scores: Numbers, correct: Numbers, positives: int) -> str | None:
    best = correct[np.argsort(-scores)][:positives].sum() == positives
    found = run(scores, correct, positives)
    return None if (abs(found - 1) < 1e-12) == best else f"{found:g}"


@law("it depends on the order of the scores alone")
def order(run: Run, scores: Numbers, correct: Numbers, positives: int) -> str | None:
    return unlike(run(np.exp(3 * scores) - 7, correct, positives), run(scores, correct, positives))


@law("the order in which detections are given does not matter")
def permutation(run: Run, scores: Numbers, correct: Numbers, positives: int) -> str | None:
    return unlike(run(scores[::-1], correct[::-1], positives), run(scores, correct, positives))


@law("false detections behind all others change nothing")
def tail(run: Run, scores: Numbers, correct: Numbers, positives: int) -> str | None:
    longer = run(np.append(scores, [-1.0, -2.0]), np.append(correct, [0.0, 0.0]), positives)
    return unlike(longer, run(scores, correct, positives))


@law("a true detection that overtakes a false one never lowers it")
def overtaking(run: Run, scores: Numbers, correct: Numbers, positives: int) -> str | None:
    before = run(scores, correct, positives)
    places = np.argsort(-scores)
    for first, second in pairwise(places):
        if correct[first] < correct[second]:
            swapped = correct.copy()
            swapped[[first, second]] = 1, 0
            if run(scores, swapped, positives) < before - 1e-12:
                return f"{run(scores, swapped, positives):g} after {before:g}"
    return None


def _best_precision(scores: Numbers, correct: Numbers, recall: float, positives: int) -> float:
    """Over all cut-offs that reach the recall, with counts made by comparing scores."""
    best = 0.0
    for threshold in scores:
        chosen = [hit for score, hit in zip(scores, correct, strict=True) if score >= threshold]
        if sum(chosen) / positives >= recall - 1e-9:
            best = max(best, sum(chosen) / len(chosen))
    return best


def _area(scores: Numbers, correct: Numbers, positives: int) -> float:
    """A step of 1/positives under the curve for each object."""
    steps = range(1, positives + 1)
    return sum(_best_precision(scores, correct, step / positives, positives) for step in steps) / positives


def _eleven(scores: Numbers, correct: Numbers, positives: int) -> float:
    return sum(_best_precision(scores, correct, tenth / 10, positives) for tenth in range(11)) / 11


def _mean_area(scores: list[Numbers], correct: list[Numbers], positives: list[int]) -> float:
    return sum(map(_area, scores, correct, positives)) / len(scores)


@law("the order of the classes does not matter")
def classes(run: Run, scores: list[Numbers], correct: list[Numbers], positives: list[int]) -> str | None:
    return unlike(run(scores[::-1], correct[::-1], positives[::-1]), run(scores, correct, positives))


@law("a class that is there twice counts twice")
def weights(run: Run, scores: list[Numbers], correct: list[Numbers], positives: list[int]) -> str | None:
    count = len(scores)
    total = count * run(scores, correct, positives) + run(scores[:1], correct[:1], positives[:1])
    return unlike(run([*scores, scores[0]], [*correct, correct[0]], [*positives, positives[0]]), total / (count + 1))


_RANKED = (bounds, perfection, order, permutation, tail, overtaking)
_SHARED = ((("scores", 0), ("correct", 0)),)

SUBJECTS = (
    Subject(
        average_precision,
        _draw,
        (*_RANKED, brute_force("it is the mean over the objects of the best precision that still finds so many of "
                               "them, by trying every cut-off", _area)),
        _SHARED,
        _is_ranked,
    ),
    Subject(
        eleven_point_precision,
        _draw,
        (*_RANKED, brute_force("it is the mean over eleven recalls of the best precision that reaches them, by trying "
                               "every cut-off", _eleven)),
        _SHARED,
        _is_ranked,
    ),
    Subject(
        mean_average_precision,
        _draw_classes,
        (bounds, classes, weights, brute_force("it is the mean over classes of the best precisions, by trying every "
                                               "cut-off", _mean_area)),
        ((("scores", 0), ("correct", 0), ("positives", 0)),),
        _is_ranked,
    ),
)  # fmt: skip
