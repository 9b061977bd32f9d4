"""The sympy witness: the formula written out at small sizes as plain scalars, differentiated by `sympy.diff`."""

from collections.abc import Iterator
from itertools import count

import sympy

from derive import functions
from derive.binding import walk
from derive.domains import TABLE as DOMAINS
from derive.errors import UnsupportedError
from derive.exchange.counterparts import FACTORED, RELATIONS, Scalar
from derive.exchange.places import Names
from derive.exchange.scalars import Scalars
from derive.expression import ZERO, Compare, Extremum, Logic, Node, Size, Tensor, Where
from derive.formula import Claim, Formula
from verify.digits import Comparison, Finding
from verify.nearness import BoundaryError, Nearness
from verify.points import there
from verify.sampling import Draw, draw, fits
from verify.testimony import Settings, Testimony

STEPS = 4000
COSTLY = 120
"""Steps after two components beyond which the third is left out."""
POINTS = 3


def testify(formula: Formula, claim: Claim, settings: Settings) -> Testimony:
    """Compare a few components of both sides at a point of simple rationals, sizes 2, 3 and 4.

    Everything but the element differentiated by is a number, so no rule for sums, indices or cases is used.
    Rationals are compared exactly, other numbers to 45 digits. Where both sides are 0 another point is tried.
    """
    findings: list[Finding] = []
    sizes = []
    reason = "no component has a value on both sides"
    for at in points(formula, settings):
        try:
            found, is_zero = compared(at, claim, settings)
        except BoundaryError as problem:
            reason = str(problem)
            continue
        except UnsupportedError as problem:
            return Testimony("sympy", "cannot tell", str(problem))
        findings += found
        sizes.append({size.name: value for size, value in at.sizes.items()})
        if not is_zero or claim.right is ZERO:
            break
    facts = {"sizes": sizes}
    if "other" in findings:
        return Testimony("sympy", "differs", "the two sides are different numbers", facts)
    if "same" not in findings or findings.count("unknown") > len(findings) / 2:
        return Testimony("sympy", "cannot tell", reason)
    return Testimony("sympy", "agrees", "", facts)


def compared(at: "Point", claim: Claim, settings: Settings) -> tuple[list[Finding], bool]:
    """What is found at a point, and whether both sides are 0 there."""
    comparison, findings, is_zero = Comparison(at.symbols), list[Finding](), True
    at.steps = count(1)
    for names in components(at, claim, settings):
        left, right = at(claim.left, names), at(claim.right, names)
        is_zero = is_zero and left == right == 0
        findings.append(comparison.found(claim.operator, left, right))
        if len(findings) == 2 and next(at.steps) > COSTLY:
            break
    return findings, is_zero


class Point(Scalars):
    """A formula at one point; each case is decided there, as cases are locally constant off their boundaries."""

    def __init__(self, formula: Formula, point: Draw) -> None:
        self.symbols: dict[Scalar, Scalar] = {}
        self.live: set[Scalar] = set()
        self.near = Nearness(self.symbols)
        self.steps = count(1)
        self._constants: dict[Scalar, Scalar] = {}

        def element(tensor: Tensor, place: tuple[int, ...]) -> Scalar:
            starts = (self.integer(axis.start, {}) for axis in tensor.axes)
            if tensor not in point.values:
                raise UnsupportedError(f"no value of {tensor.name} at this point")
            value = point.values[tensor][tuple(at - start for at, start in zip(place, starts, strict=True))]
            return sympy.Rational(value.numerator, value.denominator)

        super().__init__(formula, point.sizes, element)

    def count(self) -> None:
        if next(self.steps) > STEPS:
            raise UnsupportedError(f"more than {STEPS} steps to write out")

    def new_symbol(self, name: str, value: Scalar, **facts: bool) -> Scalar:
        symbol = super().new_symbol(name, value, **facts)
        self.live.add(symbol)
        if value is not None:
            self.symbols[symbol] = value
        return symbol

    def at_point(self, scalar: Scalar, symbol: Scalar, value: Scalar) -> Scalar:
        others = (scalar.free_symbols - {symbol}) | value.free_symbols
        if (scalar.has(sympy.Function) or has_large_root(scalar)) and self.live.isdisjoint(others):
            # Its digits follow from those of the symbol; to rebuild the expression would be slow.
            return self._named(scalar)
        return super().at_point(scalar, symbol, value)

    def settled(self, scalar: Scalar) -> Scalar:
        """A name for an irrational number: SymPy's own arithmetic on such numbers is slow and decides nothing here."""
        if not isinstance(scalar, sympy.Expr) or scalar.is_Rational or scalar.is_Symbol:
            return scalar
        if not self.live.isdisjoint(scalar.free_symbols) or scalar.has(sympy.nan, sympy.zoo, sympy.I):
            return scalar
        return self._named(scalar)

    def _named(self, scalar: Scalar) -> Scalar:
        name = self._constants.get(scalar)
        if name is None:
            value, error = self.near(scalar)
            sign = {"positive": True} if value > 4 * error else {"negative": True} if value < -4 * error else {}
            name = self._constants[scalar] = sympy.Dummy("c", real=True, **sign)
            self.symbols[name] = scalar
        return name

    def choice(self, node: Where, names: Names) -> Scalar:
        return self(node.then if self._holds(node.condition, names) else node.otherwise, names)

    def _holds(self, condition: Node, names: Names) -> bool:
        match condition:
            case Logic("not", (inner,)):
                return not self._holds(inner, names)
            case Logic("and", conditions):
                return all(self._holds(inner, names) for inner in conditions)
            case Logic("or", conditions):
                return any(self._holds(inner, names) for inner in conditions)
            case Compare(operator, left, right):
                decided = self(condition, names) if self.is_of_indices(condition) else None
                if decided in (sympy.true, sympy.false):  # and no root or logarithm of numbers, which has a name
                    return bool(decided)
                gap = self(left, names) - self(right, names)
                if gap == 0 and not (operator in ("==", "!=") or self._is_of_integers(condition)):
                    raise BoundaryError("every point tried lies on the boundary of a case")
                sign = 0 if gap == 0 else self.near.sign(gap)
                return bool(RELATIONS[operator](sign, 0))
        raise UnsupportedError(f"{type(condition).__name__} as a condition")

    def _is_of_integers(self, condition: Node) -> bool:
        """Whether it compares integers of the data, which may well be equal."""
        read = (t for t in self.depends(condition) if t not in self.definitions)
        return all(DOMAINS[tensor.domain].integer for tensor in read)

    def extremum(self, kind: str, arguments: list[Scalar]) -> Scalar:
        best = arguments[0]
        for other in arguments[1:]:
            if other != best and (self.near.sign(other - best) > 0) == (kind == "max"):
                best = other
        return best

    def call(self, function: str, argument: Scalar) -> Scalar:
        value = functions.TABLE[function].value
        if function == "floor":
            return sympy.Integer(self.near.floor(argument))
        if function == "exp":
            self.near.check_exponent(argument)
        if function == "log":
            self.near.check_real(argument)
        if value is not None and any(isinstance(part, (Where, Extremum)) for part in walk(value)):
            return self(value, {functions.x: argument})
        return super().call(function, argument)

    def power(self, base: Scalar, exponent: Scalar) -> Scalar:
        if not exponent.is_Integer:
            self.near.check_real(base)
        return super().power(base, exponent)


def has_large_root(scalar: Scalar) -> bool:
    """Whether SymPy would try to factor a number of very many digits, if numbers were put in."""
    exponents = (part.exp for part in scalar.atoms(sympy.Pow))
    return any(e.is_Rational and not e.is_Integer and abs(e.p) > FACTORED // 16 for e in exponents)


def points(formula: Formula, settings: Settings) -> Iterator[Point]:
    """The counterexample to speak of, or up to three points, which all claims of a formula share."""
    if settings.at is not None:
        yield Point(formula, there(formula, settings.at))
        return
    if not (_SHARED and _SHARED[0][0] is formula and _SHARED[0][1] == settings.seed):
        _SHARED[:] = [(formula, settings.seed, [])]
    kept = _SHARED[0][2]
    for number in range(POINTS):
        if number == len(kept):
            kept.append(Point(formula, small(formula, settings.seed, number)))
        yield kept[number]


_SHARED: list[tuple[Formula, int, list[Point]]] = []
"""The points of the formula asked for last."""


def small(formula: Formula, seed: int, number: int) -> Draw:
    """A point of simple rationals, whose sizes are 2, 3 and 4 in turn where the formula allows."""
    for more in range(4):
        sizes: dict[Size, int] = {size: 2 + (place + more) % 3 + more for place, size in enumerate(formula.sizes)}
        if fits(formula, sizes):
            return draw(formula, seed, number, sizes, "simple")
    raise UnsupportedError("no small sizes at which every axis has an element")


def components(at: Point, claim: Claim, settings: Settings) -> Iterator[Names]:
    """Values of the free indices: the first and the last of each, first and last in turn; or those asked about."""
    indices = claim.indices
    if settings.at is not None:
        yield {index: settings.at.indices[str(index.name)] for index in indices}
        return
    ranges = [at.range(index, {}) for index in indices]
    first, last, turns = ([0] * len(ranges), [-1] * len(ranges), [-(place % 2) for place in range(len(ranges))])
    if len(ranges) == 1:
        turns = [len(ranges[0]) // 2]
    seen = set()
    for corner in (first, turns, last):
        values = tuple(span[place] for span, place in zip(ranges, corner, strict=True))
        if values not in seen:
            seen.add(values)
            yield dict(zip(indices, values, strict=True))
