"""Integer expressions of sizes and indices: which indices run in them, and their simplest form."""

from fractions import Fraction

from derive.binding import rebuilt
from derive.expression import Add, Index, Multiply, Node, Number, Power, number, power
from derive.ranges import polynomial

_STEP = "step "


def step_named(serial: int, like: Index) -> Index:
    """The index that a loop over steps fixes."""
    return Index(f"{_STEP}{serial}", like.axis)


def is_step(index: Index) -> bool:
    """Whether a loop fixes the index, so that it is a number and no axis."""
    return str(index.name).startswith(_STEP)


def running(node: Node) -> tuple[Index, ...]:
    """The indices that run over their axes in an expression, in a settled order."""
    free = (i for i in node.free if isinstance(i, Index) and not is_step(i))
    return tuple(sorted(free, key=lambda i: i.serial))


def tidy(node: Node) -> Node:
    """A polynomial written out; what is none stays as it is."""
    form = polynomial(node)
    return node if form is None else form.node()


def rational(node: Node) -> Fraction | None:
    """The number that sums and products of numbers come to, None for anything else."""
    match node:
        case Number():
            return node.value
        case Add(terms):
            parts = [rational(term) for term in terms]
            return None if None in parts else sum((p for p in parts if p is not None), Fraction(0))
        case Multiply(factors):
            whole = Fraction(1)
            for part in map(rational, factors):
                if part is None:
                    return None
                whole *= part
            return whole
    return None


def simplified(node: Node) -> Node:
    """Exponents that are sums of numbers added up, as a derivative leaves them."""
    if not node.children():
        return node
    node = rebuilt(node, simplified)
    match node:
        case Power(base, exponent):
            value = rational(exponent)
            return node if value is None else power(base, number(value))
    return node
