"""Proof by lemmas: a claim that reads a derivative which another claim of the formula has in closed form."""

from collections.abc import Callable, Sequence

from derive.algebra.normal import Normalizer
from derive.algebra.steps import Steps
from derive.algebra.zero import is_zero
from derive.binding import replace
from derive.calculus import has_derivative
from derive.expression import Derivative, Element, Node
from derive.formula import Claim, renaming


def is_lemma(claim: Claim) -> bool:
    """Whether a claim says what a derivative is, without derivatives and of nothing that the left has not."""
    return (
        claim.operator == "=="
        and isinstance(claim.left, Derivative)
        and not has_derivative(claim.right)
        and claim.right.free <= claim.left.free
    )


def by_lemmas(
    claim: Claim,
    lemmas: Sequence[tuple[Claim, tuple[str, ...]]],
    expansion: Callable[[Element], Node | None],
    resolve: Callable[[Derivative], Node],
    steps: Steps | None = None,
) -> tuple[str, ...] | None:
    """The facts of a proof that reads derivatives off the lemmas, which are proved (each with its facts)."""
    used: dict[str, None] = {}

    def told(node: Derivative) -> Node:
        for lemma, facts in lemmas:
            names = renaming(node, lemma.left)
            if names is not None and all(old.axis is new.axis for old, new in names.items()):
                used.update(dict.fromkeys((f"with {lemma.text}", *facts)))
                return replace(lemma.right, names)
        return resolve(node)

    if not lemmas:
        return None
    ring = Normalizer(expansion, told, steps)
    holds = is_zero(ring, ring(claim.left - claim.right))
    return tuple(dict.fromkeys((*ring.facts, *used))) if holds and used else None
