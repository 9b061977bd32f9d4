"""What a text means: read, then evaluated by a few lines that know nothing of the reader."""

from fractions import Fraction
from itertools import product
from math import floor, prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.catalog import quick
from derive.errors import CatalogError
from derive.expression import (
    Add,
    Axis,
    Call,
    Compare,
    Delta,
    Derivative,
    Element,
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
    Where,
    axis,
    number,
)  # fmt: skip
from derive.formula import Formula
from derive.language.notation import expression
from derive.language.scope import Scope
from derive.ranges import ends_of, extreme, is_nonnegative, polynomial


class Values:
    """A formula at given sizes and inputs, evaluated from its nodes by the plainest recursion."""

    def __init__(self, formula: Formula, sizes: dict[str, int], **inputs: Any) -> None:
        self.formula, self.sizes, self.inputs = formula, sizes, inputs

    def run(self, over: Axis, around: dict[Node, int]) -> range:
        start = int(self.of(over.start, around))
        return range(start, start + int(self.of(over.size, around)))

    def of(self, node: Node, around: dict[Node, int] | None = None) -> Any:
        around = around or {}
        match node:
            case Number():
                return node.value
            case Size(name):
                return self.sizes[name]
            case Index():
                return around[node]
            case Add(parts):
                return sum(self.of(part, around) for part in parts)
            case Multiply(parts):
                return prod(self.of(part, around) for part in parts)
            case Power(base, exponent):
                return Fraction(self.of(base, around)) ** self.of(exponent, around)
            case Call("floor", argument):
                return floor(self.of(argument, around))
            case Call("abs", argument):
                return abs(self.of(argument, around))
            case Extremum(kind, parts):
                return {"max": max, "min": min}[kind](self.of(part, around) for part in parts)
            case Where(condition, then, otherwise):
                return self.of(then if self.holds(condition, around) else otherwise, around)
            case Delta(left, right):
                return int(self.of(left, around) == self.of(right, around))
            case Table(entries, places):
                for place in places:
                    entries = entries[int(self.of(place, around))]
                return self.of(entries, around)
            case Element(tensor, places):
                return self.element(tensor, [int(self.of(place, around)) for place in places])
            case Reduce(kind, body, bound):
                spans = product(*(self.run(index.axis, around) for index in bound))
                values = [self.of(body, around | dict(zip(bound, at, strict=True))) for at in spans]
                kinds = {"sum": sum, "prod": prod, "max": max, "min": min, "mean": lambda v: Fraction(sum(v)) / len(v)}
                return kinds[kind](values)
        raise AssertionError(node)

    def holds(self, node: Node, around: dict[Node, int]) -> bool:
        match node:
            case Compare(operator, left, right):
                a, b = self.of(left, around), self.of(right, around)
                return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[operator]
            case Logic("and", parts):
                return all(self.holds(part, around) for part in parts)
            case Logic("or", parts):
                return any(self.holds(part, around) for part in parts)
            case Logic("not", (part,)):
                return not self.holds(part, around)
        raise AssertionError(node)

    def element(self, tensor: Any, at: list[int]) -> Any:
        definition = self.formula.definition(tensor)
        if definition is None:
            value = self.inputs[tensor.name]
            for place, over in zip(at, tensor.axes, strict=True):
                position = place - int(self.of(over.start, {}))
                assert 0 <= position < int(self.of(over.size, {})), "outside its axis"
                value = value[position]
            return value
        for places, body in definition.bases:
            if all(not isinstance(p, Number) or p.numerator == here for p, here in zip(places, at, strict=True)):
                return self.of(body, dict(zip(places, at, strict=True)))
        return self.of(definition.body, dict(zip(definition.indices, at, strict=True)))


def value(text: str, define: dict[str, str] | None = None, sizes: dict[str, int] | None = None, at: Any = None,
          inputs: dict[str, str] | None = None, **numbers: Any) -> Any:  # fmt: skip
    """The value of an expression of one free index at most, at `at`."""
    formula = quick(f"{text} == {text}", define, **(inputs or {}))
    (claim,) = formula.claims
    return Values(formula, sizes or {}, **numbers).of(claim.left, dict.fromkeys(claim.indices, at))


# A text and its value, put together side by side: the oracle is Python's own arithmetic.
_NUMBERS = st.one_of(
    st.integers(0, 99).map(lambda v: (str(v), Fraction(v))),
    st.decimals(0, 99, places=3).map(lambda v: (f"{v}", Fraction(v))),
    st.sampled_from([("1e-5", Fraction(1, 100_000)), (".5", Fraction(1, 2)), ("2.5E2", Fraction(250))]),
)


def _combined(parts: st.SearchStrategy[tuple[str, Fraction]]) -> st.SearchStrategy[tuple[str, Fraction]]:
    def joined(left: tuple[str, Fraction], operator: str, right: tuple[str, Fraction]) -> tuple[str, Fraction]:
        (a, x), (b, y) = left, right
        if operator in ["/", "//", "%"] and y == 0:
            operator = "+"
        results = {
            "+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y, "/": lambda: x / y, "//": lambda: x // y,
            "%": lambda: x % y, "** 2": lambda: x**2, "< max": lambda: max(x, y), "abs": lambda: abs(x - y),
            "where": lambda: x if x < y else y, "neg": lambda: -x,
        }  # fmt: skip
        texts = {"** 2": f"({a})**2", "< max": f"max({a}, {b})", "abs": f"abs({a} - ({b}))", "neg": f"-({a})",
                 "where": f"where({a} < {b}, {a}, {b})"}  # fmt: skip
        return texts.get(operator, f"({a}) {operator} ({b})"), Fraction(results[operator]())

    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "** 2", "< max", "abs", "where", "neg"])
    return st.builds(joined, parts, operators, parts)


@settings(deadline=None)
@given(st.recursive(_NUMBERS, _combined, max_leaves=12))
def test_arithmetic_means_what_it_means_in_exact_numbers(pair: tuple[str, Fraction]):
    text, expected = pair
    if len(text) < 1500 and abs(expected.numerator).bit_length() < 4000:
        assert Values(quick("1 == 1"), {}).of(expression(text, Scope())) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 + 3*4", 14), ("(2 + 3)*4", 20), ("2 - 3 - 4", -5), ("12/3/2", 2), ("12/3*2", 8), ("-2**2", -4),
        ("(-2)**2", 4), ("2**3**2", 512), ("2**-1", Fraction(1, 2)), ("7 // 2", 3), ("-7 // 2", -4), ("7 % 3", 1),
        ("-7 % 3", 2), ("2*7 % 3", 2), ("0.1 + 0.2 - 0.3", 0), ("1e-400*1e400", 1), ("where(0 < 1 < 2, 1, 0)", 1),
        ("where(0 < 1 > 2, 1, 0)", 0), ("where(not 1 > 2 and (1 == 2 or 1 != 2), 1, 0)", 1), ("+3", 3),
        ("sum(i*j, (i, 1, 3), (j, 1, 2))", 18), ("prod(i, (i, 1, 5))", 120), ("mean(i, (i, 1, 4))", Fraction(5, 2)),
        ("max(i*(4 - i), (i, 0, 4))", 4), ("sum(sum(j, (j, 1, i)), (i, 1, 3))", 10), ("sum(i, (i, 1, 0))", 0),
        ("prod(i, (i, 1, 0))", 1), ("sum([[1, 2], [3, 4]][i, j]*10**i, i, j)", 73), ("delta(2, 2) + delta(2, 3)", 1),
    ],
)  # fmt: skip
def test_precedence_bounds_and_cases(text: str, expected: int):
    assert value(text) == expected


def test_an_index_runs_over_the_axis_that_it_subscripts():
    # (A B)[i, k] = sum over j of A[i, j] B[j, k]
    A, B = [[1, 2, 3], [4, 5, 6]], [[7, 8], [9, 10], [11, 12]]
    inputs = {"A": "real[p, q]", "B": "real[q, r]"}
    read = value("sum(C[i, k]*10**(2*i + k), i, k)", {"C[i, k]": "sum(A[i, j]*B[j, k], j)"}, {"p": 2, "q": 3, "r": 2},
                 inputs=inputs, A=A, B=B)  # fmt: skip
    rows = [[sum(A[i][j] * B[j][k] for j in range(3)) for k in range(2)] for i in range(2)]
    assert read == sum(rows[i][k] * 10 ** (2 * i + k) for i in range(2) for k in range(2))


def test_one_name_may_be_bound_over_two_axes_one_after_the_other():
    inputs = {"x": "real[n]", "y": "real[m]"}
    assert value("sum(x[i], i) + sum(y[i], i)", inputs=inputs, sizes={"n": 2, "m": 3}, x=[1, 2], y=[3, 4, 5]) == 15


def test_an_affine_subscript_reads_a_strided_window():
    x = list(range(10, 17))
    read = value("y[u]", {"y[u:U]": "sum(w[a]*x[s*u + a], a)"}, {"s": 2, "U": 3, "A": 3}, at=1,
                 inputs={"w": "real[A]", "x": "real[s*(U - 1) + A]"}, w=[1, 10, 100], x=x)  # fmt: skip
    assert read == 12 + 130 + 1400


def test_a_range_axis_starts_where_it_says():
    assert value("sum(t*g[t], t)", inputs={"g": "real[1..T]"}, sizes={"T": 3}, g=[5, 7, 11]) == 5 + 14 + 33


def test_a_recurrence_starts_from_its_first_step():
    define = {"m[0]": "c", "m[t]": "b*m[t - 1] + (1 - b)*g[t]"}
    g, b, m = [5, 7, 11], Fraction(1, 3), Fraction(2)
    for gradient in g:
        m = b * m + (1 - b) * gradient
    inputs = {"g": "real[1..T]", "b": "unit", "c": "real"}
    assert value("m[T]", define, {"T": 3}, inputs=inputs, g=g, b=b, c=2) == m
    assert quick("m[t] == m[t]", define, **inputs).definitions[0].tensor.axes == (axis(Size("T") + 1),)


def test_a_recurrence_may_start_from_two_steps_and_read_both():
    define = {"F[0]": "0", "F[1]": "1", "F[t:2..T]": "F[t - 1] + F[t - 2]"}
    assert value("F[T]", define, {"T": 10}) == 55


def test_a_recurrence_may_run_along_one_axis_of_several():
    define = {"h[0, j]": "0", "h[t, j]": "sum(U[j, k]*h[t - 1, k], k) + x[t, j]"}
    inputs = {"U": "real[d, d]", "x": "real[1..T, d]"}
    read = value("h[T, 0]", define, {"T": 2, "d": 2}, inputs=inputs, U=[[1, 2], [3, 4]], x=[[1, 10], [100, 1000]])
    assert read == 1 * 1 + 2 * 10 + 100


def test_a_recurrence_may_sum_over_all_its_earlier_steps():
    define = {"c[0]": "1", "c[t:1..T]": "sum(c[s]*c[t - 1 - s], (s, 0, t - 1))"}
    assert value("c[T]", define, {"T": 5}) == 42  # Catalan numbers


def test_an_index_over_a_recurrence_and_its_gradients_runs_over_the_gradients_steps():
    define = {"m[0]": "0", "m[t]": "m[t - 1] + g[t]"}
    formula = quick(["m[t] == m[t - 1] + g[t]", "m[t] == m[t]"], define, g="real[1..T]")
    first, second = (claim.indices[0].axis for claim in formula.claims)
    assert (first.start, second.start) == (number(1), number(0))


def test_a_literal_array_is_read_row_by_row():
    define = {"H": "[[2*a, 3], [5, a**2]]"}
    read = [value(f"H[{i}, {j}]", define, inputs={"a": "real"}, a=7) for i in range(2) for j in range(2)]
    assert read == [14, 3, 5, 49]


def test_max_with_a_declared_name_compares_and_with_a_free_one_runs():
    inputs = {"x": "real[n]", "b": "real"}
    assert value("max(x[i], i)", inputs=inputs, sizes={"n": 3}, x=[1, 9, 4]) == 9
    assert value("max(x[0], b)", inputs=inputs, sizes={"n": 1}, x=[1], b=5) == 5


def test_an_explicit_bound_may_name_a_free_index_or_a_new_size():
    inputs = {"x": "real[1..T]"}
    assert value("sum(x[s], (s, 1, t)) + 0*x[t]", inputs=inputs, sizes={"T": 3}, at=2, x=[1, 10, 100]) == 11
    assert [size.name for size in quick("sum(t, (t, 1, N)) == N*(N + 1)/2").sizes] == ["N"]


def test_a_quotient_is_a_product_with_a_power_and_a_difference_a_sum():
    a, b = (element for element in (expression(name, _scope()) for name in "ab"))
    assert expression("a/b", _scope()) is a * b**-1
    assert expression("a - b", _scope()) is a + (-1) * b
    assert expression("sqrt(a)", _scope()) is Power(a, number(Fraction(1, 2)))
    assert expression("a % b", _scope()) is a - b * Call("floor", a / b)
    assert expression("D(a, b)", _scope()) is Derivative(a, (b,))  # type: ignore[arg-type]


def _scope() -> Scope:
    from derive.language.program import read_input
    from derive.language.source import written

    scope = Scope()
    for name in "ab":
        read_input(written(name), written("real"), scope)
    return scope


def test_an_expression_may_be_written_over_several_lines():
    assert value("1 +\n  2\n  + 3") == 6


def test_free_indices_may_be_missing_on_the_right_only_where_it_is_a_constant():
    quick("D(sum(x[i], i)/n, x[k]) == 1/n", x="real[n]")
    with pytest.raises(CatalogError, match="index k is free on the left only"):
        quick("D(sum(x[i]**2, i), x[k]) == sum(x[i], i)", x="real[n]")


# ------------------------------------------------------------------------------ shown of ranges


_SIZES = (Size("n"), Size("m"))
_I = Index("i", axis(Size("n")))
_J = Index("j", Axis(number(1), _I + 1))  # 1..i+1: an axis that names another index
_MONOMIALS = [(), *((size,) for size in _SIZES), (_I,), (_J,), (_I, _SIZES[1]), (_SIZES[0], _SIZES[0])]
_LINEAR = st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(_MONOMIALS)), max_size=5)


def _points():
    for n, m in product(range(1, 5), repeat=2):
        for i in range(n):
            for j in range(1, i + 2):
                yield {_SIZES[0]: n, _SIZES[1]: m, _I: i, _J: j}


@given(_LINEAR)
def test_what_is_shown_of_a_range_is_so_at_every_small_size(terms):
    node = sum((c * prod(symbols, start=number(1)) for c, symbols in terms), start=number(0))
    poly = polynomial(node)
    values = [sum(c * prod(at[s] for s in symbols) for c, symbols in terms) for at in _points()]
    if is_nonnegative(poly):
        assert min(values) >= 0
    for side in (-1, 1):
        bound = extreme(poly, side)
        if bound is not None:
            ends = [sum(c * prod(at[s] for s in monomial) for monomial, c in bound.items()) for at in _points()]
            assert all((value - end) * side <= 0 for value, end in zip(values, ends, strict=True))


def test_the_ends_of_an_axis_are_its_first_and_last_integer():
    assert ends_of(axis(Size("n"))) == (polynomial(number(0)), polynomial(Size("n") - 1))
    assert ends_of(_J.axis) == (polynomial(number(1)), polynomial(1 + _I))


@pytest.mark.parametrize("text", [
    "x[i + 1]*x[i]", "x[i - 1]*x[i]", "x[2*i]*x[i]", "x[n]", "x[-1]", "x[1]", "x[i*i]*x[i]",
    "sum(x[i], (i, 1, n))", "sum(x[i], (i, 0, m))",
])  # fmt: skip
def test_a_subscript_that_may_leave_its_axis_is_refused(text: str):
    with pytest.raises(CatalogError, match="may leave its axis"):
        quick(f"{text} == {text}", x="real[n]", y="real[m]")


@pytest.mark.parametrize("text", [
    "x[n - 1 - i]*x[i]", "x[0]", "x[n - 1]", "sum(x[i - 1], (i, 1, n))", "x[i // 2]*x[i]", "x[(i + 1) % n]*x[i]",
    "sum(sum(x[i - j]*x[j], (j, 0, i)), (i, 0, n - 1))",
])  # fmt: skip
def test_a_subscript_that_is_shown_to_stay_is_read(text: str):
    quick(f"{text} == {text}", x="real[n]")
