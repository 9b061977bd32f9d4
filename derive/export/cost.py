"""What a program costs, counted roughly, and where it may lose everything: how one of several equal forms is chosen."""

from collections.abc import Iterable

from derive.export.program import Value, reached
from derive.export.sums import length

_DEAR = {"exp": 8, "expm1": 10, "log": 8, "log1p": 10, "pow": 20, "tanh": 10, "sigmoid": 15, "logistic_density": 14,
         "softplus": 20, "erf": 60, "sin": 8, "cos": 8, "sinh": 10, "cosh": 10, "sqrt": 2, "div": 2}  # fmt: skip


def _area(extents: Iterable[object]) -> int:
    result = 1
    for extent in extents:
        result *= length(extent)  # type: ignore[arg-type]
    return result


class Cost:
    """Counts operations on elements at typical sizes; what is computed already costs nothing more."""

    def __init__(self, done: list[Value]) -> None:
        self.done = set(reached(done))

    def add(self, value: Value) -> None:
        self.done |= set(reached([value]))

    def of(self, value: Value) -> float:
        return sum(self._one(v) for v in reached([value]) if v not in self.done)

    @staticmethod
    def _one(value: Value) -> float:
        if value.is_static:
            return 0.0
        match value.op:
            case "input" | "number" | "constant" | "size" | "state":
                return 0.0
            case "contract" if len(value.operands) == 2:
                return 0.3 * _area(value.extents) + 1
            case "map":
                return _DEAR.get(value.detail, 1) * _area(value.extents) + 1
            case "loop":
                return 4.0 * _area(value.extents) + 1
            case "read":
                return 3.0 * _area(value.extents) + 1
        return _area(value.extents) + 1

    def hazards(self, value: Value) -> int:
        """How many quotients and logarithms of what may have vanished, and powers of e that may be too large."""
        return sum(_is_hazard(v) for v in reached([value]) if v not in self.done)


def _is_hazard(value: Value) -> bool:
    if value.op != "map":
        return False
    match value.detail:
        case "div":
            return vanishes(value.operands[1][0])
        case "log":
            return vanishes(value.operands[0][0])
        case "exp":
            return not is_bounded(value.operands[0][0])
    return False


def vanishes(value: Value) -> bool:
    """Whether it is a product of what decays like an exponential, so that it may be rounded to 0."""
    match value.op, value.detail:
        case "map", ("exp" | "sigmoid" | "logistic_density"):
            return True
        case "map", ("mul" | "square" | "pow" | "sqrt"):
            return any(vanishes(operand) for operand, _ in value.operands)
        case "map", "div":
            return vanishes(value.operands[0][0])
        case "map", "sub":  # 1 - p
            return vanishes(value.operands[1][0])
    return False


def is_bounded(value: Value) -> bool:
    """Whether an exponent is shown to be at most 0: less than a maximum, or minus a square or an absolute value."""
    match value.op, value.detail:
        case "map", "sub":
            less = value.operands[1][0]
            return less.op == "fold" and less.detail == "max"
        case "map", "neg":
            inner = value.operands[0][0]
            return inner.op == "map" and (
                inner.detail in ("square", "abs")
                or (inner.detail in ("div", "mul") and any(_is_square(o) for o, _ in inner.operands))
            )
    return False


def _is_square(value: Value) -> bool:
    return value.op == "map" and value.detail in ("square", "abs")
