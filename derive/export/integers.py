"""Integer expressions of sizes, steps and loop axes as code."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from derive.errors import UnsupportedError
from derive.export.program import place_of
from derive.expression import Add, Call, Extremum, Index, Multiply, Node, Number, Power, Size, multiply, power


class Integers:
    """Prints subscripts and lengths.

    sizes, steps: their names.  loops: the text of each loop axis (an index array, or a loop variable).  larger,
    smaller: templates for the extremum of a bound and an expression; outer: the same where no loop axis runs in it.
    divided: a template for the quotient rounded down, "" for the operator.
    """

    divided = ""
    outer: Mapping[str, str] = MappingProxyType({"max": "max({0}, {1})", "min": "min({0}, {1})"})
    larger, smaller = "max({0}, {1})", "min({0}, {1})"

    def __init__(self, sizes: Mapping[Size, str], steps: Mapping[Index, str], loops: Sequence[str]) -> None:
        self.sizes, self.steps, self.loops = sizes, steps, loops

    def text(self, node: Node) -> str:
        return self._at(node, 0)

    def held(self, node: Node) -> str:
        """The expression for a place between stronger operators."""
        return self._at(node, 2)

    def _at(self, node: Node, strength: int) -> str:
        """strength: 0 loose, 1 inside a sum, 2 inside a product."""
        match node:
            case Number(value, 1):
                return str(value) if value >= 0 or strength == 0 else f"({value})"
            case Size():
                return self.sizes[node]
            case Index():
                return self._index(node, strength)
            case Add(terms):
                text = ""
                for term in sorted(terms, key=_is_negative):
                    if _is_negative(term) and text:
                        text += f" - {self._at(multiply(-1, term), 2)}"
                    else:
                        text += f"{' + ' if text else ''}{self._at(term, 1)}"
                return f"({text})" if strength else text
            case Multiply():
                return self._product(node, strength)
            case Power(base, Number(exponent, 1)) if 0 < exponent <= 4:
                text = " * ".join([self._at(base, 2)] * exponent)
                return f"({text})" if strength > 1 else text
            case Call("floor", argument):
                return self._floor(argument, strength)
            case Extremum(_, (first, *rest)):
                text = self._at(first, 0)
                for other in rest:
                    text = self._extremum(node, text, self._at(other, 0))
                return text
        raise UnsupportedError(f"{type(node).__name__} in a subscript")

    def _index(self, node: Index, strength: int) -> str:
        k = place_of(node)
        if k is not None:
            return self.loops[k]
        return self.steps[node]

    def _product(self, node: Multiply, strength: int) -> str:
        above, below = split(node)
        if below:
            raise UnsupportedError("a quotient in a subscript")
        text = " * ".join(self._at(f, 2) for f in above)
        return f"({text})" if strength > 1 else text

    def _floor(self, argument: Node, strength: int) -> str:
        above, below = split(argument)
        if not below:
            return self._at(argument, strength)
        if not self.divided:
            text = f"{self._at(multiply(*above), 1)} // {self._at(multiply(*below), 2)}"
            return f"({text})" if strength else text
        return self.divided.format(self._at(multiply(*above), 0), self._at(multiply(*below), 0))

    def _extremum(self, node: Extremum, left: str, right: str) -> str:
        if any(isinstance(i, Index) and place_of(i) is not None for i in node.free):
            return (self.larger if node.kind == "max" else self.smaller).format(left, right)
        return self.outer[node.kind].format(left, right)


def split(node: Node) -> tuple[list[Node], list[Node]]:
    """The factors above and below the line of a quotient of integers; a sum over one denominator counts as one."""
    match node:
        case Multiply(factors):
            above: list[Node] = []
            below: list[Node] = []
            for factor in factors:
                match factor:
                    case Number(numerator, denominator) if denominator != 1:
                        above.append(Number(numerator, 1))
                        below.append(Number(denominator, 1))
                    case Power(base, Number(exponent, 1)) if exponent < 0:
                        below.append(power(base, -exponent))
                    case _:
                        above.append(factor)
            return above, below
        case Number(numerator, denominator) if denominator != 1:
            return [Number(numerator, 1)], [Number(denominator, 1)]
        case Power(base, Number(exponent, 1)) if exponent < 0:
            return [], [power(base, -exponent)]
        case Add(terms):
            parts = [split(term) for term in terms]
            under = next((below for _, below in parts if below), [])
            if under and all(below == under or not below for _, below in parts):
                total = [multiply(*above, *(under if not below else ())) for above, below in parts]
                from derive.expression import add

                return [add(*total)], under
    return [node], []


def _is_negative(node: Node) -> bool:
    match node:
        case Number(value, _):
            return value < 0
        case Multiply((Number(value, _), *_)):
            return value < 0
    return False
