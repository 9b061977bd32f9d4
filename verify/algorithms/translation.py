"""BLEU, which compares a translation with those of people."""

from collections import Counter
from collections.abc import Sequence
from math import exp, log, prod
from random import Random
from typing import Any

from verify.algorithms.domain import require, whole
from verify.algorithms.laws import Case, Run, Subject, brute_force, law, unlike

ORDER = 4


def clipped_precision(candidate: str, references: Sequence[str], order: int = 1) -> float:
    """The share of the candidate's n-grams that the references have, each counted as often as one of them has it.

    candidate, references: words with spaces between them; capitals count.  order: n, at least 1.
    Returns a number from 0 to 1.  Raises DomainError without references or if the candidate has no n-gram.
    Source: Papineni, Roukos, Ward and Zhu 2002, section 2.1.

    >>> clipped_precision("the the the", ["the cat", "the dog and the cat"])
    0.6666666666666666
    """
    count = whole(order, "order")
    found = _grams(candidate, count)
    require(len(references), "there is no reference")
    require(found, f"the candidate has fewer than {count} words")
    most: Counter[tuple[str, ...]] = Counter()
    for reference in references:
        most |= _grams(reference, count)
    return (found & most).total() / found.total()


def _grams(text: str, order: int) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter(tuple(words[start : start + order]) for start in range(len(words) - order + 1))


def bleu(candidate: str, references: Sequence[str], order: int = ORDER) -> float:
    """BLEU of one sentence, without smoothing.

    With p[n] the clipped precision of n-grams, N the order, c the candidate's length and r the length of the
    reference closest to it (of two the shorter):

        BLEU = min(1, exp(1 - r/c)) * (p[1] * ... * p[N]) ** (1/N)

    candidate, references, errors: see `clipped_precision`.  Returns a number from 0 to 1.
    Source: Papineni, Roukos, Ward and Zhu 2002, section 2.3.

    >>> bleu("a cat sat on the mat", ["a cat sat on the mat"])
    1.0
    """
    precisions = [clipped_precision(candidate, references, n) for n in range(1, whole(order, "order") + 1)]
    length = len(candidate.split())
    closest = min((abs(len(text.split()) - length), len(text.split())) for text in references)[1]
    if min(precisions) == 0:
        return 0.0
    return exp(min(0.0, 1 - closest / length) + sum(map(log, precisions)) / len(precisions))


# ------------------------------------------------------------------------------------------------- laws

_WORDS = ["a", "b", "c"]


def _text(random: Random, length: int) -> str:
    return " ".join(random.choice(_WORDS) for _ in range(length))


def _draw(random: Random, size: int) -> Case:
    order = random.randint(1, 3)
    candidate = _text(random, order + size)
    near = candidate.replace(random.choice(_WORDS), random.choice(_WORDS))
    references = [near if random.random() < 0.5 else _text(random, random.randint(1, size + 4)) for _ in range(2)]
    return {"candidate": candidate, "references": references, "order": order}


@law("it is a number from 0 to 1")
def bounds(run: Run, **case: Any) -> str | None:
    found = run(**case)
    return None if 0 <= found <= 1 + 1e-12 else f"{found:g}"


@law("a candidate that is one of the references gets 1")
def identity(run: Run, candidate: str, references: list[str], order: int) -> str | None:
    return unlike(run(candidate, [*references, candidate], order), 1.0)


@law("the order of the references does not matter")
def references_permuted(run: Run, candidate: str, references: list[str], order: int) -> str | None:
    return unlike(run(candidate, references[::-1], order), run(candidate, references, order))


@law("a further reference never lowers it")
def more_references(run: Run, candidate: str, references: list[str], order: int) -> str | None:
    less, more = run(candidate, references[:1], order), run(candidate, references, order)
    return None if more >= less else f"{more:g} after {less:g}"


@law("a word said n times, where no reference has it more than once, counts once: 1/n")
def repetition(run: Run, candidate: str, references: list[str], order: int) -> str | None:
    count = len(candidate)
    return unlike(run(" ".join(["x"] * count), ["x y", "y x z"], 1), 1 / count)


def _matched(candidate: str, references: list[str], order: int) -> float:
    """By crossing out, in each reference, what was used: the most n-grams of a kind that one reference pays for."""
    pieces = [text.split() for text in (candidate, *references)]
    wanted, *offered = [[words[at : at + order] for at in range(len(words) - order + 1)] for words in pieces]
    used = 0
    for kind in {tuple(gram) for gram in wanted}:
        paid = []
        for grams in offered:
            left, got = [tuple(gram) for gram in grams], 0
            for gram in wanted:
                if tuple(gram) == kind and kind in left:
                    left.remove(kind)
                    got += 1
            paid.append(got)
        used += max(paid)
    return used / len(wanted)


@law("a candidate that is the start of its only reference gets exp(1 - r/c)")
def brevity(run: Run, candidate: str, references: list[str], order: int) -> str | None:
    length = len(candidate.split())
    return unlike(run(candidate, [f"{candidate} d e"], order), exp(1 - (length + 2) / length))


@law("a candidate that is longer than its reference is not punished for its length")
def no_bonus(run: Run, candidate: str, references: list[str], order: int) -> str | None:
    words = candidate.split()
    longer = f"{candidate} {' '.join(words)}"
    right = 1.0
    for n in range(1, order + 1):
        right *= _matched(longer, [candidate], n) ** (1 / order)
    return unlike(run(longer, [candidate], order), right)


def _slow_bleu(candidate: str, references: list[str], order: int) -> float:
    precisions = [_matched(candidate, references, n) for n in range(1, order + 1)]
    product = prod(precisions)
    length = len(candidate.split())
    closest = sorted((len(text.split()) for text in references), key=lambda one: (abs(one - length), one))[0]
    return float(product ** (1 / order)) * (1 if length > closest else exp(1 - closest / length))


SUBJECTS = (
    Subject(
        clipped_precision,
        _draw,
        (
            bounds,
            identity,
            references_permuted,
            more_references,
            repetition,
            brute_force("it is what is matched when every n-gram of a reference pays only once", _matched),
        ),
        ((("references", 0),),),
    ),
    Subject(
        bleu,
        _draw,
        (
            bounds,
            identity,
            references_permuted,
            brevity,
            no_bonus,
            brute_force("it is the geometric mean of the matched shares times the brevity penalty", _slow_bleu),
        ),
        ((("references", 0),),),
    ),
)
