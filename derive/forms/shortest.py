"""The short form of a derivative: forms made in several ways, the shortest that the algebra proves equal."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from derive.adjoints import Reverse
from derive.binding import walk
from derive.derivation.deltas import contracted
from derive.derivation.reading import folded as gathered
from derive.derivation.reading import tidy
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import (
    Add,
    Binder,
    Call,
    Derivative,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Tensor,
)
from derive.forms.grouping import DEPTH, Grouping
from derive.forms.names import Names, Short, inlined, short
from derive.forms.style import cost, everywhere, folded, in_one_quotient, settled
from derive.formula import Claim, Definition, Formula
from derive.proof import Algebra

MOST_PROOFS = 4  # forms that are tried to be proved, the shortest first
MEDIUM = 300  # characters of a form that is put together in every way that is tried
LONG = 2000  # characters of a form beyond which nothing shorter is sought
ALIKE = 8  # characters more that a form in reading order may have
ENOUGH = 24  # characters that nobody asks to be fewer
FEW = 4  # terms of a normal form that is put together first

_FAILURES = (UnsupportedError, UndefinedError, RecursionError)


def shortest(formula: Formula, wanted: Derivative, most: int = sys.maxsize) -> Short:
    """The shortest form found that is proved to be the derivative; the engine's own where no other is.

    most: characters of the engine's own form beyond which none is sought, and UnsupportedError is raised.
    Raises UnsupportedError or UndefinedError where the engine has no form at all.
    """
    algebra = Algebra(formula)
    own = algebra.ring(False)
    plain = tidy(own.canonical(wanted))
    if any(isinstance(part, Tensor) and part.domain == "adjoint" for part in plain.mentions):
        raise UnsupportedError("the derivative of a recurrence is a recurrence, which has no form in one line")
    forms: dict[Node, int] = {plain: cost(plain)}
    if forms[plain] > most:
        raise UnsupportedError("the form of the derivative is long")
    depth = DEPTH if forms[plain] <= MEDIUM else 1
    for form in _forms(formula, wanted, algebra, depth) if forms[plain] <= LONG else ():
        forms.setdefault(form, cost(form))
        if min(forms.values()) <= ENOUGH:
            break
    best = plain
    for form in islice(sorted(forms, key=cost), MOST_PROOFS):
        if form is plain or algebra.prove(Claim(wanted, "==", form, "", formula.place)).equal:
            best = form
            break
    better = in_one_quotient(everywhere(best))
    if (
        better is not best
        and cost(better) <= cost(best) + ALIKE
        and algebra.prove(Claim(wanted, "==", better, "", formula.place)).equal
    ):
        best = better
    return short(formula, wanted, best)


def _forms(formula: Formula, wanted: Derivative, algebra: Algebra, depth: int) -> Iterator[Node]:
    """Forms in the order in which they are likely to be short; a long normal form is put together last."""
    rings = [algebra.ring(False), algebra.ring(True)] if formula.definitions else [algebra.ring(False)]
    named = [d for d in formula.definitions if not d.bases and d.tensor is not wanted.by[0].tensor]
    ways: list[Callable[[], Node]] = [lambda ring=ring: Grouping(ring, depth)(ring(wanted)) for ring in rings]  # type: ignore[misc]
    if not formula.definitions and len(wanted.by) == 1:
        ways.append(lambda: _by_the_rules(wanted))
    programs: dict[frozenset[Node], _Program] = {}
    if not any(definition.bases for definition in formula.definitions):
        for kinds in _KINDS:
            program = _Program(formula, wanted, kinds, depth)
            programs.setdefault(program.bodies, program)
    programs.pop(frozenset(), None)
    later = [program.form for program in programs.values()]
    is_long = len(rings[0](wanted).terms) > FEW
    for way in (*later, *ways) if is_long else (*ways, *later):
        try:
            form = settled(way(), algebra.ring(True))
            forms = [everywhere(form), form]
        except _FAILURES:
            continue
        yield from forms
        if named:
            yield everywhere(folded(form, named))


def _by_the_rules(wanted: Derivative) -> Node:
    """The derivative as the rules leave it, sums over deltas gone: cases stay the cases that they were."""
    return tidy(gathered(contracted(Reverse(wanted.body, ()).by(wanted.by[0]))))


class _Program:
    """The formula with definitions of its own for parts of these kinds, through which the derivative is taken."""

    def __init__(self, formula: Formula, wanted: Derivative, kinds: Iterable["Kind"], depth: int) -> None:
        self.depth = depth
        names, chosen = Names(), tuple(kinds)

        def is_named(part: Node) -> bool:
            return any(kind(part) for kind in chosen)

        program: list[Definition] = []
        for definition in formula.definitions:
            body = names.named(definition.body, is_named)
            program += [made for made in names.definitions if made not in program]
            program.append(replace(definition, body=body))
        self.wanted = Derivative(names.named(wanted.body, is_named), wanted.by)
        program += [made for made in names.definitions if made not in program]
        self.formula = replace(formula, definitions=tuple(program), claims=())
        self.made = {made.tensor: made for made in names.definitions}
        self.bodies = frozenset(names.made)

    def form(self) -> Node:
        """The derivative, the definitions put in again for their names."""
        ring = Algebra(self.formula).ring(False)
        return inlined(Grouping(ring, self.depth)(ring(self.wanted)), self.made)


# ------------------------------------------------------------------------- what may get a name

Kind = Callable[[Node], bool]
_PRIMITIVE = ("exp", "log", "abs")


def is_function(node: Node) -> bool:
    """A function whose slope its own value tells: tanh, sigmoid."""
    return isinstance(node, Call) and node.function not in _PRIMITIVE


def is_inside(node: Node) -> bool:
    """A sum that something is done to: the residual in a square, the argument of a function."""
    return isinstance(node, Add) and bool(node.free or node.mentions) and _reads(node)


def is_reduced(node: Node) -> bool:
    return isinstance(node, Reduce)


def is_root(node: Node) -> bool:
    """A power that is no integer."""
    return isinstance(node, Power) and not (isinstance(node.exponent, Number) and node.exponent.denominator == 1)


def is_quotient(node: Node) -> bool:
    """A quotient of two expressions."""
    return isinstance(node, Multiply) and any(
        isinstance(f, Power) and isinstance(f.exponent, Number) and f.exponent.value < 0 and _reads(f)
        for f in node.factors
    )


def is_linear(node: Node) -> bool:
    """A sum of products, such as sum(w[j]*x[i, j], j)."""
    return isinstance(node, Reduce) and node.kind == "sum" and isinstance(node.body, Multiply) and bool(node.free)


def is_mean(node: Node) -> bool:
    return isinstance(node, Reduce) and node.kind == "mean"


def _reads(node: Node) -> bool:
    return any(isinstance(part, Element) for part in walk(node)) and not isinstance(node, Binder | Index)


_KINDS: tuple[tuple[Kind, ...], ...] = (
    (is_function,),
    (is_root,),
    (is_inside,),
    (is_linear,),
    (is_reduced,),
    (is_function, is_linear),
    (is_quotient,),
    (is_inside, is_root),
    (is_root, is_mean),
    (is_function, is_inside, is_root, is_reduced),
)
