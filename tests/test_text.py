"""What is printed reads back as the identical expression."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive import catalog
from derive.binding import expectation, opened, reduce, replace
from derive.expression import (  # fmt: skip
    Axis,
    Call,
    Compare,
    Delta,
    Derivative,
    Extremum,
    Index,
    Logic,
    Node,
    Number,
    Size,
    Table,
    Tensor,
    Variable,
    Where,
    add,
    axis,
    element,
    multiply,
    number,
    power,
)
from derive.formula import mentioned
from derive.language.notation import expression
from derive.language.scope import Scope
from derive.printing.text import text

n, m, T = Size("n"), Size("m"), Size("T")
over_n, over_m, over_steps, over_pair = axis(n), axis(m), axis(T, 1), axis(2)
x = Tensor("x", (over_n,), "real")
W = Tensor("W", (over_n, over_m), "real")
g = Tensor("g", (over_steps,), "real")
a = Tensor("a", (), "positive")
FREE = {"f": Index("f", over_n), "h": Index("h", over_m), "t": Index("t", over_steps), "e": Index("e", over_pair)}

KINDS = ("leaf", "add", "multiply", "power", "divide", "call", "extremum", "where", "delta", "reduce", "expect", "D")


def scope() -> Scope:
    return Scope(
        tensors={tensor.name: tensor for tensor in (x, W, g, a)},
        sizes={size.name: size for size in (n, m, T)},
        declared={"x": "real[n]", "W": "real[n, m]", "g": "real[1..T]", "a": "positive"},
    )


@st.composite
def nodes(draw: st.DrawFn, around: tuple[Index | Variable, ...] = tuple(FREE.values()), depth: int = 4) -> Node:
    def indices(over: Axis) -> list[Node]:
        return [leaf for leaf in around if isinstance(leaf, Index) and leaf.axis is over]

    def below(count: int, inner: tuple[Index | Variable, ...] = around) -> tuple[Node, ...]:
        return tuple(draw(nodes(inner, depth - 1)) for _ in range(count))

    def place(over: Axis) -> Node:
        return draw(st.sampled_from([*indices(over), *([number(0)] if over is not over_steps else [T])]))

    def leaf() -> Node:
        match draw(st.sampled_from(["x", "W", "g", "a", "number", "size", "leaf", "table", "reversed"])):
            case "x":
                return element(x, place(over_n))
            case "W":
                return element(W, place(over_n), place(over_m))
            case "g":
                return element(g, place(over_steps))
            case "reversed":
                return element(x, n - 1 - place(over_n))
            case "number":
                return number(Fraction(draw(st.integers(-9, 9)), draw(st.integers(1, 9))))
            case "size":
                return draw(st.sampled_from([n, m, T]))
            case "leaf":
                return draw(st.sampled_from(around))
            case "table":
                return Table((element(a), number(draw(st.integers(0, 3)))), (place(over_pair),))
        return element(a)

    def condition(levels: int) -> Node:
        kind = draw(st.sampled_from(["compare", "and", "or", "not"])) if levels else "compare"
        if kind == "compare":
            return Compare(draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="])), *below(2))
        return Logic(kind, tuple(condition(levels - 1) for _ in range(1 if kind == "not" else 2)))

    if depth == 0:
        return leaf()
    match draw(st.sampled_from(KINDS)):
        case "add":
            return add(*below(draw(st.integers(2, 3))))
        case "multiply":
            return multiply(*below(draw(st.integers(2, 3))))
        case "power":
            (base,) = below(1)
            exponents = [
                number(2),
                number(-1),
                number(-2),
                number(Fraction(1, 2)),
                number(Fraction(-3, 2)),
                element(a),
                -n,
            ]
            return power(base, draw(st.sampled_from(exponents))) if not isinstance(base, Number) else base
        case "divide":
            left, right = below(2)
            return left / right if not isinstance(right, Number) else left
        case "call":
            return Call(draw(st.sampled_from(["exp", "abs", "floor"])), *below(1))
        case "extremum":
            return Extremum(draw(st.sampled_from(["max", "min"])), below(draw(st.integers(2, 3))))
        case "where":
            return Where(condition(2), *below(2))
        case "delta":
            return Delta(place(over_n), add(place(over_m), 1))
        case "reduce":
            kind = draw(st.sampled_from(["sum", "mean", "prod", "max", "min"]))
            over = draw(st.sampled_from([over_n, over_m, over_steps, axis(n, 1), axis(T + 1)]))
            # the name may be one that is free inside or bound outside: nodes have no names to capture
            index = Index(draw(st.sampled_from(["i", "j", "f", "x", "z"])), over)
            return reduce(kind, *below(1, (*around, index)), index)
        case "expect":
            variable = Variable(draw(st.sampled_from(["z", "f", "a"])))
            (body,) = below(1, (*around, variable))
            return expectation(body, variable, *below(2))
        case "D":
            (body,) = below(1)
            by = draw(st.sampled_from([element(a), element(x, place(over_n)), element(W, place(over_n), number(0))]))
            return Derivative(body, (by,)) if mentioned(body) else body
    return leaf()


@settings(max_examples=400, deadline=None)
@given(nodes())
def test_text_reads_back_as_the_identical_expression(node: Node):
    written = text(node, taken=[*scope().tensors, *scope().sizes])
    if len(written) < 3000:
        free = {name: index for name, index in FREE.items() if index in node.free}
        assert expression(written, scope(), free) is node, written


# The number 11 keeps these apart from what is generated above: a node keeps the first names that it was read with.
@pytest.mark.parametrize(
    "written",
    [
        "-x[f]/2",
        "x[f] - (a - 3)",
        "1/(1 + exp(-a))",
        "-a**2 + (-a)**2",
        "a**(-1/2) + 1/sqrt(a)",
        "(a**2)**3 + a**2**a",
        "sum(x[i]**11, i)",
        "sum(11, (i, 1, n))",
        "sum(x[i]*sum(x[j]/(11 + n), j), i)",
        "max(x[f], 0)",
        "max(x[f], +f)",
        "max(11*x[i], i)",
        "where(0 < a <= 6 and not (a == 3 or a > 5), 1, 0)",
        "D(sum(11*x[i], i), x[f], x[0])",
        "[[a, 1], [0, 2*a]][e, 1]",
        "expect(max(11, z), z, Normal(a, 2))",
        "3*x[f]/a/2",
    ],
)
def test_what_was_read_prints_as_it_was_written(written: str):
    free = {name: index for name, index in FREE.items() if f"[{name}" in written or f", {name}]" in written}
    assert text(expression(written, scope(), free)) == written


def test_a_bound_index_takes_another_name_where_its_own_is_in_use():
    row = Index("row", over_n)
    node = reduce("sum", element(x, row) ** 12, row)
    assert text(node) == "sum(x[row]**12, row)"
    assert text(node, taken={"row"}) == "sum(x[i]**12, i)"
    assert text(node * element(x, row)) == "sum(x[i]**12, i)*x[row]"


def test_every_side_of_the_shipped_catalog_reads_back():
    for formula in catalog.read(catalog.shipped()).formulas.values():
        known = catalog.scope_of(formula)
        names = {tensor.name for tensor in formula.tensors()} | {size.name for size in formula.sizes}
        for claim in formula.claims:
            for side in (claim.left, claim.right):
                free = {index.name: index for index in side.free if isinstance(index, Index)}
                assert expression(text(side, names), known, free) is side, formula.name


def test_an_index_that_the_engine_named_gets_a_letter():
    # a name that cannot be read would make the text no text of the language
    left = catalog.quick("sum(x[i]**2, i) == 0", x="real[n]").claims[0].left
    body, (index,) = opened(left)
    named = Index("#000.000", index.axis)
    assert text(reduce("sum", replace(body, {index: named}) ** 3, named)) == "sum((x[i]**2)**3, i)"
