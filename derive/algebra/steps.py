"""The steps of a proof: each says that two expressions are equal (or ordered) by a named rule.

Whoever doubts a proof evaluates both sides of every step; nothing of the search is needed for that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from derive.expression import ONE, ZERO, Compare, Logic, Node, Where

# The laws that relate the factors of a product, and those by which a sum over indices goes on.
LAWS = {
    "relation_of_element": "powers and products of -1, 0 and 1",
    "relation_of_delta": "delta joins two indices",
    "relation_of_compare": "one condition implies another",
    "relation_of_sum_atom": "whole power of a sum",
    "relation_of_number": "power of a number",
    "relation_of_call": "square of a sine or of an absolute value",
    "relation_of_choice": "one-hot picks a term",
    "contract_delta": "sum contracts with delta",
    "merge_inner_sums": "product of sums as a double sum",
    "contract_in_range": "sum contracts with delta where that is in range",
    "pick_largest": "one of the values is the largest",
    "drop_simplex": "the elements of a simplex add up to 1",
    "cancel_normalizer": "a sum over its own normalizer is 1",
    "divide_by_normalizer": "a sum over its own normalizer and more is 1 less the rest",
    "split_index": "an index in digits",
    "divide": "fraction divided under a sum",
    "halve_pairs": "pairs in order are half of all pairs",
    "count_below": "as many values as meet a linear condition",
}


@dataclass(frozen=True)
class Step:
    """before OP after, for every value of the free indices, wherever before has a value.

    rule: the name of the law.  operator: "==" or ">=".
    """

    rule: str
    before: Node
    after: Node
    operator: str = "=="


class Steps:
    """The steps taken so far in order, each once."""

    def __init__(self) -> None:
        self._taken: dict[Step, None] = {}

    def add(self, rule: str, before: Node, after: Node, operator: str = "==") -> None:
        before, after = _as_value(before), _as_value(after)
        if before is not after:
            self._taken.setdefault(Step(rule, before, after, operator))

    def extend(self, more: "Steps") -> None:
        """Take over the steps of an attempt that came to something."""
        self._taken |= more._taken

    def __iter__(self) -> Iterator[Step]:
        return iter(self._taken)

    def __len__(self) -> int:
        return len(self._taken)


def law_of(rule: Callable[..., Any]) -> str:
    """What a function of the algebra states, in words."""
    return LAWS.get(rule.__name__, rule.__name__)


def _as_value(node: Node) -> Node:
    """A condition as the number that stands for it: 1 where it holds, else 0."""
    return Where(node, ONE, ZERO) if isinstance(node, Compare | Logic) else node
