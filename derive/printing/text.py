"""An expression in the language again: text that reads back as the identical expression."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import TypeGuard

from derive.binding import walk
from derive.expression import (
    HALF,
    MINUS_ONE,
    ZERO,
    Add,
    Axis,
    Binder,
    Call,
    Compare,
    Constant,
    Delta,
    Derivative,
    Element,
    Expect,
    Extremum,
    Index,
    Logic,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Table,
    Tensor,
    Variable,
    Where,
    axis,
    multiply,
    number,
)
from derive.language.scope import CALLABLE, CONSTANTS, KEPT
from derive.ranges import last_of

# How tightly each form binds; one that binds less than its place asks for stands in brackets.
OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(9)
_LETTERS = tuple("ijklpqrsuvwabcdefgh")
_RESERVED = frozenset((*CALLABLE, *CONSTANTS, *KEPT))


def text(node: Node, taken: Collection[str] = ()) -> str:
    """The text of an expression. taken: names that no bound index may get, besides those in the expression."""
    return _Writer(node, taken).shown(node, OR)


def axis_text(over: Axis) -> str:
    """An axis as it is declared: n, or 1..T."""
    return text(over.size) if over.start is ZERO else f"{text(over.start)}..{text(last_of(over))}"


class _Writer:
    """The rules, one for each node type; `names` holds the names of what is bound around the place."""

    def __init__(self, node: Node, taken: Collection[str]) -> None:
        self.names: dict[Node, str] = {}
        self.taken = {*taken, *_RESERVED}
        self.taken |= {part.name for part in walk(node) if isinstance(part, Size | Tensor)}
        self.taken |= {leaf.name for leaf in node.free if _is_name(leaf.name)}
        for leaf in sorted(node.free, key=lambda leaf: leaf.serial):
            self.names[leaf] = leaf.name if _is_name(leaf.name) else self.new_name(None)

    def shown(self, node: Node, level: int) -> str:
        """The text of a node for a place that asks for a level."""
        own, written = self.written(node)
        return written if own >= level else f"({written})"

    def listed(self, nodes: tuple[Node, ...]) -> str:
        return ", ".join(self.shown(node, OR) for node in nodes)

    def written(self, node: Node) -> tuple[int, str]:
        match node:
            case Number(numerator, denominator):
                return self.quotient(numerator, denominator)
            case Constant(name) | Size(name):
                return ATOM, name
            case Index() | Variable():
                return ATOM, self.names[node]
            case Element(tensor, subscripts):
                return ATOM, tensor.name + (f"[{self.listed(subscripts)}]" if subscripts else "")
            case Table(entries, subscripts):
                return ATOM, f"{self.entries(entries)}[{self.listed(subscripts)}]"
            case Add(terms):
                return SUM, self.sum(terms)
            case Multiply(factors):
                return PRODUCT, self.product(factors)
            case Power(base, exponent):
                return self.power(base, exponent)
            case Call(function, argument):
                return ATOM, f"{function}({self.shown(argument, OR)})"
            case Extremum(kind, arguments):
                return ATOM, self.extremum(kind, arguments)
            case Compare(operator, left, right):
                return COMPARISON, f"{self.shown(left, SUM)} {operator} {self.shown(right, SUM)}"
            case Logic(operator, conditions):
                return self.logic(operator, conditions)
            case Where(condition, then, otherwise):
                return ATOM, f"where({self.listed((condition, then, otherwise))})"
            case Delta(left, right):
                return ATOM, f"delta({self.listed((left, right))})"
            case Derivative(body, by):
                return ATOM, f"D({self.listed((body, *by))})"
            case Reduce():
                return ATOM, self.reduction(node)
            case Expect():
                return ATOM, self.expectation(node)
        raise TypeError(f"{type(node).__name__} is not an expression")

    def quotient(self, numerator: int, denominator: int) -> tuple[int, str]:
        if denominator != 1:
            return PRODUCT, f"{numerator}/{denominator}"
        return (ATOM if numerator >= 0 else SIGN), str(numerator)

    def entries(self, entries: object) -> str:
        if isinstance(entries, Node):
            return self.shown(entries, OR)
        assert isinstance(entries, tuple)
        return f"[{', '.join(map(self.entries, entries))}]"

    def sum(self, terms: tuple[Node, ...]) -> str:
        written = self.shown(terms[0], PRODUCT)
        for term in terms[1:]:
            if _is_negative(term):
                written += f" - {self.shown(multiply(MINUS_ONE, term), PRODUCT)}"
            else:
                written += f" + {self.shown(term, PRODUCT)}"
        return written

    def product(self, factors: tuple[Node, ...]) -> str:
        """The numerator of a number in front and its denominator behind, so that x/2 reads as written."""
        coefficient = factors[0].value if isinstance(factors[0], Number) else number(1).value
        rest = factors[1:] if isinstance(factors[0], Number) else factors
        written = "-" if coefficient < 0 else ""
        numerator = abs(coefficient.numerator)
        pending = str(numerator) if numerator != 1 or _divisor(rest[0]) else ""
        written += pending
        for position, factor in enumerate(rest):
            divisor = _divisor(factor)
            if divisor is not None:
                written += f"/{self.shown(divisor, POWER)}"
            else:
                written += ("*" if position or pending else "") + self.shown(factor, POWER)
        return written + (f"/{coefficient.denominator}" if coefficient.denominator != 1 else "")

    def power(self, base: Node, exponent: Node) -> tuple[int, str]:
        if exponent is HALF:
            return ATOM, f"sqrt({self.shown(base, OR)})"
        if exponent is MINUS_ONE:
            return PRODUCT, f"1/{self.shown(base, POWER)}"
        return POWER, f"{self.shown(base, ATOM)}**{self.shown(exponent, SIGN)}"

    def extremum(self, kind: str, arguments: tuple[Node, ...]) -> str:
        # max(x, i) is the maximum over i; with a sign before it, i is a number like any other.
        sign = "+" if all(isinstance(argument, Index) for argument in arguments[1:]) else ""
        first, *rest = (self.shown(argument, OR) for argument in arguments)
        return f"{kind}({first}, {sign}{', '.join(rest)})"

    def logic(self, operator: str, conditions: tuple[Node, ...]) -> tuple[int, str]:
        if operator == "not":
            return NOT, f"not {self.shown(conditions[0], NOT)}"
        links = [condition for condition in conditions if isinstance(condition, Compare)]
        if operator == "and" and len(links) == len(conditions) and _is_chain(links):
            steps = (f" {link.operator} {self.shown(link.right, SUM)}" for link in links)
            return COMPARISON, self.shown(links[0].left, SUM) + "".join(steps)
        own = AND if operator == "and" else OR
        return own, f" {operator} ".join(self.shown(condition, own + 1) for condition in conditions)

    # ---------------------------------------------------------------------------------- binders

    def reduction(self, node: Reduce) -> str:
        bounds = [None if _is_told(index, node.body) else self.bounds(index.axis) for index in node.bound]
        with self.bound(node) as names:
            body = self.shown(node.body, OR)
        shown = (name if ends is None else f"({name}, {ends})" for name, ends in zip(names, bounds, strict=True))
        return f"{node.kind}({body}, {', '.join(shown)})"

    def bounds(self, over: Axis) -> str:
        return f"{self.shown(over.start, OR)}, {self.shown(last_of(over), OR)}"

    def expectation(self, node: Expect) -> str:
        law = f"Normal({self.listed((node.mean, node.deviation))})"
        with self.bound(node) as names:
            return f"expect({self.shown(node.body, OR)}, {names[0]}, {law})"

    @contextmanager
    def bound(self, node: Binder) -> Iterator[list[str]]:
        """Names for what a node binds, its own if they are free."""
        around = dict(self.names)
        names = []
        for position, leaf in enumerate(node.bound):
            name = self.new_name(node.hint[position] if node.hint else None)
            self.names[leaf] = name
            names.append(name)
        yield names
        self.names = around

    def new_name(self, hint: str | None) -> str:
        used = self.taken | set(self.names.values())
        first = [hint] if hint and _is_name(hint) else []
        letters = [*first, *_LETTERS, *(f"i{count}" for count in range(1, len(used) + 2))]
        return next(letter for letter in letters if letter not in used)


def _is_name(name: object) -> TypeGuard[str]:
    """Whether a name is one in the language; what the engine has named is none."""
    return isinstance(name, str) and name.isidentifier()


def _is_negative(term: Node) -> bool:
    head = term.factors[0] if isinstance(term, Multiply) else term
    return isinstance(head, Number) and head.numerator < 0


def _is_chain(links: list[Compare]) -> bool:
    """Whether they are what 0 < x < 6 is read as."""
    return all(one.right is other.left for one, other in pairwise(links))


def _divisor(factor: Node) -> Node | None:
    return factor.base if isinstance(factor, Power) and factor.exponent is MINUS_ONE else None


def _is_told(index: Index, body: Node) -> bool:
    """Whether what the index alone subscripts in the body tells its axis when the text is read."""
    axes = set()
    for part in walk(body):
        if isinstance(part, Element):
            axes |= {over for over, place in zip(part.tensor.axes, part.subscripts, strict=True) if place is index}
        elif isinstance(part, Table):
            axes |= {axis(count) for count, place in zip(_shape(part.entries), part.subscripts, strict=True)
                     if place is index}  # fmt: skip
    return axes == {index.axis}


def _shape(entries: object) -> list[int]:
    return [len(entries), *_shape(entries[0])] if isinstance(entries, tuple) else []
