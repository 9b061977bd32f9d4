"""Beam search over sequences of tokens."""

from itertools import pairwise, product
from random import Random

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require, whole
from verify.algorithms.laws import Case, Run, Subject, integers, law, unlike

Beam = tuple[list[list[int]], list[float]]


def beam_search(first: ArrayLike, steps: ArrayLike, width: int) -> Beam:
    """The sequences that remain when after each token only the best few are extended.

    A sequence s of tokens scores

        first[s[0]] + steps[0, s[0], s[1]] + steps[1, s[1], s[2]] + ...

    and of the extensions of what it holds the beam keeps the `width` best. Of equal scores the sequence that
    comes first in the dictionary is better.

    first: log-probability of the first token, shape (V,).  steps: those of the next one given the last, shape
    (T-1, V, V).  width: at least 1.  Returns the sequences, each of T tokens, and their scores, best first.
    Raises DomainError for other shapes.
    Source: Lowerre 1976; Sutskever, Vinyals and Le 2014, section 3.2.

    >>> beam_search([-1, -2], [[[-3, -3], [-1, -4]]], 2)
    ([[1, 0], [0, 0]], [-3.0, -4.0])
    """
    start, moves, most = numbers(first, "first", 1), numbers(steps, "steps", 3), whole(width, "width")
    count = len(start)
    require(count > 0, "there are no tokens")
    require(moves.shape[1:] == (count, count), "steps has a square table of log-probabilities for each step")
    beam = _best([(float(score), [token]) for token, score in enumerate(start)], most)
    for table in moves:
        longer = [(score + float(table[tokens[-1], token]), [*tokens, token])
                  for score, tokens in beam for token in range(count)]  # fmt: skip
        beam = _best(longer, most)
    return [tokens for _, tokens in beam], [score for score, _ in beam]


def _best(sequences: list[tuple[float, list[int]]], width: int) -> list[tuple[float, list[int]]]:
    return sorted(sequences, key=lambda one: (-one[0], one[1]))[:width]


# ------------------------------------------------------------------------------------------------- laws


def _draw(random: Random, size: int) -> Case:
    """Eighths, whose sums are exact: a tie is a tie however it comes about."""
    count, length = random.randint(1, 3), size % 4
    first, steps = (integers(random, *shape, low=-40, high=0) / 8 for shape in ((count,), (length, count, count)))
    return {"first": first, "steps": steps, "width": random.randint(1, 5)}


def _score(first: Numbers, steps: Numbers, tokens: list[int]) -> float:
    return float(first[tokens[0]] + sum(steps[at, last, token] for at, (last, token) in enumerate(pairwise(tokens))))


@law("each sequence comes with the sum of its log-probabilities")
def sums(run: Run, first: Numbers, steps: Numbers, width: int) -> str | None:
    sequences, scores = run(first, steps, width)
    return unlike(scores, [_score(first, steps, tokens) for tokens in sequences])


@law("the sequences are told from the best down, none twice, all of full length, no more than the width")
def form(run: Run, first: Numbers, steps: Numbers, width: int) -> str | None:
    sequences, scores = run(first, steps, width)
    is_right = (
        scores == sorted(scores, reverse=True)
        and len({tuple(tokens) for tokens in sequences}) == len(sequences) == min(width, len(first) ** (len(steps) + 1))
        and all(len(tokens) == len(steps) + 1 for tokens in sequences)
    )
    return None if is_right else f"{sequences} with {scores}"


@law("a beam of width 1 takes the best token at each step")
def greed(run: Run, first: Numbers, steps: Numbers, width: int) -> str | None:
    tokens = [int(np.argmax(first))]
    for table in steps:
        tokens.append(int(np.argmax(table[tokens[-1]])))
    return unlike(run(first, steps, 1)[0], [tokens])


@law("what the beam holds are the best extensions of what it held one token before")
def extension(run: Run, first: Numbers, steps: Numbers, width: int) -> str | None:
    if not len(steps):
        return None
    before, after = run(first, steps[:-1], width)[0], run(first, steps, width)
    extended = [[*tokens, token] for tokens in before for token in range(len(first))]
    if any(tokens not in extended for tokens in after[0]):
        return f"{after[0]} extends more than {before}"
    best = sorted((_score(first, steps, tokens) for tokens in extended), reverse=True)[:width]
    return unlike(after[1], best)


@law("adding a number to every log-probability of a step changes no sequence")
def shift(run: Run, first: Numbers, steps: Numbers, width: int) -> str | None:
    return unlike(run(first - 2, steps + 1, width)[0], run(first, steps, width)[0])


@law("a beam that is wide enough finds all sequences, the best first")
def completeness(run: Run, first: Numbers, steps: Numbers, width: int) -> str | None:
    every = [list(tokens) for tokens in product(range(len(first)), repeat=len(steps) + 1)]
    every.sort(key=lambda tokens: -_score(first, steps, tokens))
    found = run(first, steps, len(every))
    return unlike(found, (every, [_score(first, steps, tokens) for tokens in every]))


SUBJECTS = (
    Subject(
        beam_search,
        _draw,
        (
            sums,
            form,
            greed,
            extension,
            shift,
            completeness,
        ),
        ((("steps", 0),), (("first", 0), ("steps", 1), ("steps", 2))),
    ),
)
