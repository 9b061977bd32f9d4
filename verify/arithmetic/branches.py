"""Which way every comparison went at a point: ties are noted, and where the two ways meet can be found.

A comparison of what is made of sizes, indices and integers alone is decided exactly and has no boundary; nor
has one of a number with itself (one object, read twice) or of two exact balls, as these are the same nearby.
Elsewhere both sides meet at a boundary, and there no claim is judged.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flint import arb, fmpq

from derive.errors import UnsupportedError
from derive.expression import Call, Compare, Extremum, Logic, Node, Power, Reduce
from verify.arithmetic import balls
from verify.arithmetic.balls import DOUBTFUL, Array, Label

Pair = tuple[Node, Node]
_TIE, _UNKNOWN = 2, 3
MOST_TIED = 3  # of many elements that are the largest: with more, they stay a tie


@dataclass
class Truths:
    """What was seen at one point.

    signs: of left - right, by the two sides of a comparison or an elementwise maximum.  outcomes: the
    truths of a discrete comparison, the positions that won a maximum.  ties: where nothing may be judged.
    log: where every decision is noted in turn.  guide: decisions noted beside this point, which are taken at its ties.
    taken: which way the ties of a node go, by number (see `verify.arithmetic.ties`); then they are none.
    """

    at_ties: bool = False
    signs: dict[Pair, set[int]] = field(default_factory=dict)
    outcomes: dict[Node, set[int]] = field(default_factory=dict)
    ties: set[Node] = field(default_factory=set)
    log: list[Any] | None = None
    guide: Iterator[Any] | None = None
    taken: Mapping[Node, int] = field(default_factory=dict)

    def _decided(self, own: Any, is_tie: Any) -> Any:
        """The decisions here; at a tie those of the guide. Elsewhere both must be the same, or it is too far away."""
        if self.log is not None:
            self.log.append(own)
        if self.guide is None:
            return own
        beside: Any = next(self.guide, None)
        if np.shape(beside) != np.shape(own) or not np.all((beside == own) | is_tie):
            raise UnsupportedError("which way a case goes beside this point is not clear")
        taken: Any = np.where(is_tie, beside, own)
        return taken[()]

    def condition(self, node: Node, value: Callable[[Node], Array], active: Array | None) -> Array:
        """1 where the condition holds, -1 where it does not, 0 where it is undefined or a tie."""
        match node:
            case Compare():
                return self._comparison(node, value, active)
            case Logic("not", (condition,)):
                truth = self.condition(condition, value, active)
                return Array(-truth.data, truth.labels, exact=True)
            case Logic(operator, conditions):
                first, *others = [self.condition(condition, value, active) for condition in conditions]
                for other in others:
                    x, y, labels = balls.fit(first, other)
                    first = Array(np.minimum(x, y) if operator == "and" else np.maximum(x, y), labels, exact=True)
                return first
        raise UnsupportedError(f"no truth for the condition {type(node).__name__}")

    def _comparison(self, node: Compare, value: Callable[[Node], Array], active: Array | None) -> Array:
        left, right = value(node.left), value(node.right)
        x, y, labels = balls.fit(left, right)
        signs = np.asarray(np.frompyfunc(_sign, 2, 1)(x, y), dtype=np.int8)
        if not (left.exact and right.exact):
            signs = self._decided(signs, (signs == 0) | (signs == _TIE))
        truth = np.where(_HOLDS[node.operator](signs), np.int8(1), np.int8(-1))
        if node in self.taken:
            truth = np.where(signs == _TIE, np.int8(-1 if self.taken[node] else 1), truth)
            signs = np.where(signs == _TIE, np.int8(0), signs)
        found = Array(np.where(signs < _TIE, truth, np.int8(0)), labels, exact=True)
        self.outcomes.setdefault(node, set()).update(_seen(found, active) - {0})
        if not (left.exact and right.exact):
            seen = _seen(Array(signs, labels, exact=True), active)
            self.signs.setdefault((node.left, node.right), set()).update(seen & {1, -1})
            if _TIE in seen or (self.at_ties and 0 in seen):
                self.ties.add(node)
        return found

    def extremum(self, node: Extremum, arguments: Sequence[Array], active: Array | None) -> list[tuple[Array, Array]]:
        """A case for each argument that is the largest (or smallest) somewhere."""
        is_exact = all(argument.exact for argument in arguments)
        labels = tuple(sorted({label for argument in arguments for label in argument.labels}))
        data = [balls.spread(a.data if is_exact else a.balls(), a.labels, labels) for a in arguments]
        choose = np.frompyfunc(lambda *values: self._best(values, node, is_exact), len(data), 1)
        chosen = np.asarray(choose(*data), dtype=int)
        chosen = chosen if is_exact else self._decided(chosen, chosen < 0)
        places = self._noted(node, Array(chosen, labels, exact=True), active)
        if not is_exact:
            self._note_pairs(node)
        found = [(Array(places.data == at, labels, exact=True), a) for at, a in enumerate(arguments)]
        return [(mask, argument) for mask, argument in found if np.any(mask.data)]

    def _note_pairs(self, node: Extremum) -> None:
        """Which of two arguments was the larger, as far as who won tells."""
        won, sign = self.outcomes[node], 1 if node.kind == "max" else -1
        for at, first in enumerate(node.arguments):
            for other in range(at + 1, len(node.arguments)):
                signs = self.signs.setdefault((first, node.arguments[other]), set())
                signs.update(([sign] if at in won else []) + ([-sign] if other in won else []))

    def largest(self, node: Reduce, value: Array, labels: Sequence[Label], active: Array | None) -> list[Array]:
        """The position, along each of the labels that value has, of its largest (or smallest) element."""
        kept = tuple(label for label in value.labels if label not in labels)
        slots = [label for label in value.labels if label in labels]
        if not slots:
            return []
        order = [value.labels.index(label) for label in (*kept, *slots)]
        lengths = tuple(label[1] for label in slots)
        rows = value.data.transpose(order).reshape(*(label[1] for label in kept), -1)
        best = np.empty(rows.shape[:-1], dtype=int)
        for row in np.ndindex(best.shape):
            best[row] = self._best(tuple(rows[row]), node, value.exact)
        over = _any_along(active, [label for label in slots if active is not None and label in active.labels])
        best = best if value.exact else self._decided(best, best < 0)
        places = self._noted(node, Array(best, kept, exact=True), over).data
        return [Array(np.asarray(place), kept, exact=True) for place in np.unravel_index(places, lengths)]

    def _best(self, values: tuple[Any, ...], node: Extremum | Reduce, is_exact: bool) -> int:
        """The place of the largest (or smallest), or of what is undefined; -1 - place if another may be as large.

        Two that are exactly the same are the same nearby as well, so that either will do.
        """
        best, is_largest = 0, node.kind == "max"
        for at, value in enumerate(values):
            if not is_exact and not value.is_finite():
                return at
            if value > values[best] if is_largest else value < values[best]:
                best = at
        if is_exact:
            return best
        top = values[best]
        apart = {1 if is_largest else -1} if self.at_ties else {1 if is_largest else -1, 0}
        rivals = [at for at, value in enumerate(values) if at != best and _sign(top, value) not in apart]
        tied = sorted((best, *rivals))
        if rivals and node in self.taken and (isinstance(node, Extremum) or len(tied) <= MOST_TIED):
            return tied[min(self.taken[node], len(tied) - 1)]
        return -1 - best if rivals else best

    def _noted(self, node: Node, places: Array, active: Array | None) -> Array:
        """Record who won; a tie is coded as -1 - place."""
        seen = _seen(places, active)
        if any(place < 0 for place in seen):
            self.ties.add(node)
        self.outcomes.setdefault(node, set()).update(place for place in seen if place >= 0)
        return Array(np.where(places.data < 0, -1 - places.data, places.data), places.labels, exact=True)

    def floor(self, node: Call, a: Array, active: Array | None) -> Array:
        """The floor, exact; a jump is a boundary."""
        if a.exact:
            return Array(np.frompyfunc(lambda v: fmpq(v.p // v.q), 1, 1)(a.data), a.labels, exact=True)
        jumps = np.frompyfunc(self._is_jump, 1, 1)(a.data)
        if 1 in _seen(Array(np.asarray(jumps, dtype=int), a.labels, exact=True), active):
            self.ties.add(node)
        data = np.frompyfunc(_floor, 1, 1)(a.data)
        data = self._decided(data, np.asarray(jumps, dtype=bool))
        if all(isinstance(v, fmpq) for v in np.atleast_1d(data).ravel()):
            return Array(data, a.labels, exact=True)
        return Array(np.frompyfunc(arb, 1, 1)(data), a.labels, trouble=a.trouble or DOUBTFUL)

    def _is_jump(self, v: arb) -> int:
        return int(v.is_finite() and v.contains_integer() and (self.at_ties or not v.is_exact()))

    def note_zero(self, node: Power, base: Array, active: Array | None) -> None:
        """A base that may be 0 is at the end of the domain of a power that is no integer's.

        An exact 0 is a constant, like the start of a recurrence, and no such end.
        """
        is_end = np.frompyfunc(lambda v: int(not (v > 0 or v < 0 or v.is_zero()) and v.is_finite()), 1, 1)(base.data)
        if 1 in _seen(Array(np.asarray(is_end, dtype=int), base.labels, exact=True), active):
            self.ties.add(node)


_HOLDS: dict[str, Callable[[Any], Any]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
}


def _sign(x: Any, y: Any) -> int:
    """Of x - y: 1 or -1, 0 if they are the same, here and nearby; _TIE if they may meet just here; _UNKNOWN."""
    if x > y:
        return 1
    if x < y:
        return -1
    if isinstance(x, fmpq):
        return 0
    difference = x - y
    if not difference.is_finite():
        return _UNKNOWN
    return 0 if x is y or difference.is_zero() else _TIE


def _floor(v: arb) -> fmpq | arb:
    whole = v.floor().unique_fmpz() if v.is_finite() else None
    return balls.NAN if whole is None else fmpq(whole)


def _seen(codes: Array, active: Array | None) -> set[int]:
    """The codes at positions that matter."""
    if active is None or not (codes.labels or active.labels):
        return set(np.unique(codes.data).tolist()) if active is None or active.data else set()
    x, y, labels = balls.fit(codes, active)
    shape = tuple(label[1] for label in labels)
    return set(np.unique(np.broadcast_to(x, shape)[np.broadcast_to(y, shape)]).tolist())


def _any_along(active: Array | None, labels: Sequence[Label]) -> Array | None:
    if active is None or not labels:
        return active
    axes = tuple(active.labels.index(label) for label in labels)
    return Array(active.data.any(axis=axes), tuple(label for label in active.labels if label not in labels), exact=True)
