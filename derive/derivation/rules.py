"""Which rules of differentiation an expression needs, in the words of a textbook."""

from collections.abc import Iterator

from derive.expression import (
    MINUS_ONE,
    Add,
    Call,
    Expect,
    Extremum,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Table,
    Tensor,
    Where,
)

_SUMS = {"sum": "term by term", "mean": "term by term", "prod": "product rule"}


def rules(node: Node, by: Tensor) -> list[str]:
    """The rules by which an expression is differentiated by elements of a tensor, outermost first."""
    return list(dict.fromkeys(_rules(node, by)))


def _rules(node: Node, by: Tensor) -> Iterator[str]:
    parts = [child for child in node.children() if by in child.mentions]
    if not parts:
        return
    match node:
        case Multiply(factors):
            below = [
                f for f in parts if isinstance(f, Power) and isinstance(f.exponent, Number) and f.exponent.value < 0
            ]
            if below and len(factors) > 1:
                yield "quotient rule"
            elif len(parts) > 1:
                yield "product rule"
        case Power(base, exponent):
            if by in base.mentions:
                yield "quotient rule" if exponent is MINUS_ONE else "power rule"
            if by in exponent.mentions:
                yield "derivative of a power by its exponent"
        case Call(function):
            yield f"derivative of {function}"
        case Extremum(kind):
            yield f"the {kind} moves with the argument that it takes"
        case Where():
            yield "case by case"
        case Reduce(kind):
            yield _SUMS.get(kind, f"the {kind} moves with the element that it takes")
        case Expect():
            yield "under the expectation"
        case Add():
            yield "term by term"
        case Table():
            yield "entry by entry"
    for part in parts:
        yield from _rules(part, by)
