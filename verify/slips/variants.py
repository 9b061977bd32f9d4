"""What is easily taken for a part of an expression: its neighbours, without words for what they are."""

from collections.abc import Iterator

from derive.binding import replace, walk
from derive.expression import Add, Delta, Element, Index, Multiply, Node, add, element, multiply

PAIRS = (
    ("sin", "cos"), ("sinh", "cosh"), ("cosh", "tanh"), ("sinh", "tanh"), ("exp", "expm1"), ("log", "log1p"),
    ("exp", "log"), ("sigmoid", "tanh"), ("sigmoid", "softplus"), ("softplus", "relu"), ("sigmoid", "exp"),
    ("abs", "sign"), ("erf", "tanh"), ("sum", "mean"), ("sum", "prod"), ("max", "min"), ("sum", "max"),
)  # fmt: skip
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "!=", "!=": "=="}


def neighbours(name: str) -> Iterator[str]:
    """The functions or reductions that one is taken for."""
    for pair in PAIRS:
        if name in pair:
            yield pair[0] if name == pair[1] else pair[1]


def without_one(part: Add | Multiply) -> Iterator[tuple[Node, Node]]:
    """Each term or factor, and the sum or product without it."""
    parts = part.terms if isinstance(part, Add) else part.factors
    for at, extra in enumerate(parts):
        rest = (*parts[:at], *parts[at + 1 :])
        yield extra, add(*rest) if isinstance(part, Add) else multiply(*rest)


def transposed(part: Element) -> Iterator[tuple[Node, Node, Element]]:
    """Every two subscripts over the same axis, and the element with them swapped."""
    axes, subscripts = part.tensor.axes, part.subscripts
    for at, one in enumerate(subscripts):
        for later in range(at + 1, len(subscripts)):
            if axes[at] is axes[later] and one is not subscripts[later]:
                swapped = list(subscripts)
                swapped[at], swapped[later] = subscripts[later], one
                yield one, subscripts[later], element(part.tensor, *swapped)


def reindexed(part: Element | Delta, scope: tuple[Index, ...]) -> Iterator[Node]:
    """The element or delta with one of its indices, also one inside a subscript, put in place of another."""
    fields = part.subscripts if isinstance(part, Element) else (part.left, part.right)
    for at, whole in enumerate(fields):
        for index in (leaf for leaf in walk(whole) if isinstance(leaf, Index)):
            for other in scope:
                if other is not index and other.axis is index.axis:
                    new = (*fields[:at], replace(whole, {index: other}), *fields[at + 1 :])
                    yield element(part.tensor, *new) if isinstance(part, Element) else Delta(*new)
