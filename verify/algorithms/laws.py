"""Laws of algorithms: sentences that are tried on random input, and the smallest input that breaks one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from inspect import signature
from random import Random
from typing import Any

import numpy as np

from verify.algorithms.domain import DomainError, Numbers

Run = Callable[..., Any]  # the algorithm, or what is tried in its place
Case = dict[str, Any]  # arguments by name
Draw = Callable[[Random, int], Case]
CASES = 100
TRIES = 600  # smaller inputs tried before one is shown
LARGEST = 6


@dataclass(frozen=True)
class Law:
    """What is always true of an algorithm.

    breach: given the algorithm and a case, None, or in words what is wrong.  draw: its own cases, if not those
    of the algorithm.  largest: the sizes of the cases go from 0 to this.
    """

    text: str
    breach: Callable[..., str | None]
    draw: Draw | None = None
    largest: int = LARGEST


@dataclass(frozen=True)
class Subject:
    """An algorithm with its laws.

    draw: a random case; the number grows with its size.  shared: the axes that get shorter together, each as
    (argument, axis), when a case is made smaller.  apt: whether a case made smaller is still one that the laws
    speak of.
    """

    function: Run
    draw: Draw
    laws: tuple[Law, ...]
    shared: tuple[tuple[tuple[str, int], ...], ...] = ()
    apt: Callable[[Case], bool] = lambda case: True


@dataclass(frozen=True)
class Failure:
    """The smallest case found that breaks a law, and what is wrong there."""

    case: Case
    reason: str


def law(text: str, draw: Draw | None = None, largest: int = LARGEST) -> Callable[[Callable[..., str | None]], Law]:
    """Makes a law of the function below it, which takes the algorithm and the arguments of a case."""
    return lambda breach: Law(text, breach, draw, largest)


def brute_force(text: str, slow: Run, draw: Draw | None = None, largest: int = LARGEST) -> Law:
    """The law that the algorithm returns what a slow and independent one does."""

    def breach(run: Run, **case: Any) -> str | None:
        return unlike(run(**case), slow(**case))

    return Law(text, breach, draw, largest)


def tried(law: Law, subject: Subject, run: Run, seed: str) -> Failure | None:
    """The law on random cases, small ones first: None, or the failure made as small as it gets."""
    random = Random(f"{seed} {law.text}")
    draw = law.draw or subject.draw
    for number in range(CASES):
        case = draw(random, number * (law.largest + 1) // CASES)
        reason, kind = _broken(law, run, case)
        if reason is not None:
            return _shrunk(law, subject, run, Failure(case, reason), kind)
    return None


def _broken(law: Law, run: Run, case: Case) -> tuple[str | None, type[Exception] | None]:
    """How the law fails on a case; an algorithm that breaks down has failed too, and how is told beside."""
    try:
        with np.errstate(all="ignore"):
            return law.breach(run, **case), None
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        return f"{type(error).__name__}: {error}", type(error)


def _shrunk(law: Law, subject: Subject, run: Run, failure: Failure, kind: type[Exception] | None) -> Failure:
    tries, is_smaller = 0, True
    while is_smaller:
        is_smaller = False
        for case in smaller(failure.case, subject.shared):
            tries += 1
            if tries > TRIES:
                return failure
            if not (subject.apt(case) and _is_inside(subject.function, case)):
                continue
            reason, found = _broken(law, run, case)
            if reason is not None and found is kind:
                failure, is_smaller = Failure(case, reason), True
                break
    return failure


def _is_inside(function: Run, case: Case) -> bool:
    """Whether a case that was made smaller is still one that the algorithm has an answer to."""
    arguments = {name: case[name] for name in signature(function).parameters if name in case}
    try:
        with np.errstate(all="ignore"):
            function(**arguments)
    except DomainError:
        return False
    except TypeError:  # a law with cases of its own, from which it makes the arguments
        return len(arguments) < len(signature(function).parameters)
    return True


def smaller(case: Case, shared: Sequence[Sequence[tuple[str, int]]]) -> Iterator[Case]:
    """Cases with less on their axes, then with simpler numbers and fewer words."""
    for axes in shared:
        name, axis = axes[0]
        length = len(case[name]) if axis == 0 else np.shape(case[name])[axis]
        for count in sorted({length // 2, min(length, 1)} - {0}, reverse=True):
            for start in range(0, length - count + 1, count):
                gone = range(start, start + count)
                yield case | {name: _without(case[name], gone, axis) for name, axis in axes}
    for name, value in case.items():
        yield from (case | {name: less} for less in _simpler(value))


def _without(value: Any, gone: range, axis: int) -> Any:
    if isinstance(value, list):
        return [item for place, item in enumerate(value) if place not in gone]
    return np.delete(value, gone, axis)


def _simpler(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        words = value.split()
        yield from (" ".join(words[:place] + words[place + 1 :]) for place in range(len(words)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from ([*value[:place], less, *value[place + 1 :]] for less in _simpler(item))
    elif isinstance(value, np.ndarray):
        for position, number in np.ndenumerate(value):
            for less in _simpler(float(number)):
                changed = value.copy()
                changed[position] = less
                yield changed
    else:
        kind = type(value)
        for number in (0, 1, round(value), round(value, 1), round(value, 2)):
            if _length(number) < _length(value):
                yield kind(number)


def _length(number: float) -> tuple[int, float]:
    return len(f"{number:g}") if number == float(f"{number:g}") else len(repr(number)), abs(number)


# ------------------------------------------------------------------------------------------ comparisons


def unlike(found: Any, right: Any) -> str | None:
    """None where two results are the same up to rounding, else both in words."""
    return None if same(found, right) else f"{shown(found)} instead of {shown(right)}"


def same(found: Any, right: Any) -> bool:
    """Whether two nested results have the same shape and, up to rounding, the same numbers."""
    if isinstance(found, (list, tuple)) or isinstance(right, (list, tuple)):
        is_nested = all(isinstance(one, (list, tuple)) or np.ndim(one) for one in (found, right))
        return is_nested and len(found) == len(right) and all(map(same, found, right))
    one, other = np.asarray(found, dtype=float), np.asarray(right, dtype=float)
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, atol=1e-9))


def shown(value: Any) -> str:
    """A result on one line, with as few digits as tell it.

    >>> shown(([1, 2], np.array([[0.5, 1e-9]])))
    '[[1, 2], [[0.5, 1e-09]]]'
    """
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim):
        return f"[{', '.join(map(shown, value))}]"
    return value if isinstance(value, str) else f"{float(value):.12g}"


# ------------------------------------------------------------------------------------------------ draws


def integers(random: Random, *shape: int, low: int = -5, high: int = 5) -> Numbers:
    """Whole numbers, so that ties are frequent and sums exact."""
    return np.array([random.randint(low, high) for _ in range(int(np.prod(shape)))], dtype=float).reshape(shape)


def reals(random: Random, *shape: int, low: float = -5, high: float = 5) -> Numbers:
    """Numbers of three decimals, which are seldom alike and still easy to read."""
    return np.array([round(random.uniform(low, high), 3) for _ in range(int(np.prod(shape)))]).reshape(shape)
