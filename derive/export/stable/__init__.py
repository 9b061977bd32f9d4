"""Numerically stable forms: named rewritings, each an equation that the algebra proves before it is used.

Every rule takes a node and returns what it may be replaced by, or None. What it returns is equal wherever the node is
defined; `Stable` has each single replacement proved in the formula at hand, and leaves out those that are not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from derive.binding import rebuilt
from derive.export.stable.differences import (
    centred_variance,
    complement_of_sigmoid,
    complement_of_tanh,
    expm1_of_exp,
    one_power_less,
)
from derive.export.stable.exponentials import shifted_quotient, sigmoid_of_quotient, tanh_of_quotient
from derive.export.stable.forms import Body, Rule
from derive.export.stable.logarithms import (
    log1p_of_log,
    log_of_exponential,
    log_of_product,
    log_of_sigmoid,
    log_sum_exp,
    softplus_of_log,
)
from derive.expression import Element, Index, Node, Tensor

CHEAPER: tuple[Rule, ...] = (one_power_less,)
"""Rules that pay only where a part of the result is computed anyway."""
RULES: tuple[Rule, ...] = (
    tanh_of_quotient,
    sigmoid_of_quotient,
    log_of_product,
    log_of_exponential,
    log_of_sigmoid,
    softplus_of_log,
    log_sum_exp,
    shifted_quotient,
    complement_of_sigmoid,
    complement_of_tanh,
    log1p_of_log,
    expm1_of_exp,
    centred_variance,
)


@dataclass(frozen=True)
class Rewriting:
    """One use of a rule: before and after, equal for every value of what is free in them."""

    rule: str
    before: Node
    after: Node


class Stable:
    """Rewrites expressions by the rules, each use proved.

    body: what an element of a definition stands for, as the formula says.  proved: whether two expressions are equal.
    used: every rewriting that was made.  rules: those of RULES, or others.
    """

    def __init__(
        self,
        body: Body,
        proved: Callable[[Node, Node], bool],
        rules: tuple[Rule, ...] = RULES,
    ) -> None:
        self.body, self.proved, self.rules = body, proved, rules
        self.used: list[Rewriting] = []
        self._memo: dict[Node, Node] = {}
        self._seen: dict[Element, Node | None] = {}

    def __call__(self, node: Node) -> Node:
        found = self._memo.get(node)
        if found is None:
            found = self._memo[node] = self._rewritten(node)
        return found

    def _rewritten(self, node: Node) -> Node:
        # From outside in first: a logarithm sees the exponential before that is shifted.
        changed = self._step(node)
        if changed is not None:
            return self(changed)
        return rebuilt(node, self) if node.children() and not isinstance(node, (Index, Tensor)) else node

    def _step(self, node: Node) -> Node | None:
        for rule in self.rules:
            after = rule(node, self._plain)
            if after is not None and after is not node and self.proved(node, after):
                self.used.append(Rewriting(rule.__name__, node, after))
                return after
        return None

    def _plain(self, part: Element) -> Node | None:
        """A definition's body as far as the rules speak of it: an exponential or sigmoid quotient, or a sum of such."""
        if part not in self._seen:
            found = self.body(part)
            for rule in (sigmoid_of_quotient, tanh_of_quotient):
                if found is not None:
                    found = rule(found, self.body) or found
            self._seen[part] = found
        return self._seen[part]
