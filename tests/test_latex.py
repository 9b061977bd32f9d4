"""LaTeX of expressions, set against what a textbook prints."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.binding import opened, reduce, total
from derive.expression import (
    ONE,
    ZERO,
    Call,
    Compare,
    Constant,
    Delta,
    Derivative,
    Expect,
    Extremum,
    Index,
    Logic,
    Node,
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
from derive.printing.latex import Printer, latex, written
from derive.printing.layout import Symbol
from derive.printing.letters import GREEK, letter, subscripted

n, m, T, p = Size("n"), Size("m"), Size("T"), Size("p")
over_n, over_m, steps = axis(n), axis(m), axis(T, 1)
i, j, k = (Index(name, over_n) for name in "ijk")
c, t = Index("c", over_m), Index("t", steps)
x, y, g = Tensor("x", (over_n,), "real"), Tensor("y", (over_n,), "real"), Tensor("g", (steps,), "real")
L = element(Tensor("L", (), "defined"))
epsilon, beta1 = element(Tensor("epsilon", (), "positive")), element(Tensor("beta1", (), "unit"))
names = st.from_regex(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", fullmatch=True)
likely = st.builds(
    "".join,
    st.tuples(
        st.sampled_from([*GREEK, "epsilon", "x", "W", "h", "that", "bar"]),
        st.sampled_from(["", "hat", "bar", "_hat", "_bar"]),
        st.sampled_from(["", "1", "12", "_1", "_new", "new", "_k"]),
    ),
)


def x_(index: Node | int) -> Node:
    return element(x, index)


def mean(body: Node, index: Index) -> Node:
    return reduce("mean", body, index)


def call(function: str, argument: Node) -> Node:
    return Call(function, argument)


PRINTED = [
    # sums, means and limits
    (total(x_(i) ** 2, i), r"\sum_{i} x_{i}^{2}"),
    (total(x_(i) * x_(j), i, j), r"\sum_{i,j} x_{i} x_{j}"),
    (total(x_(i) + 1, i), r"\sum_{i} \left(x_{i} + 1\right)"),
    (total(x_(i), i) + 1, r"\sum_{i} x_{i} + 1"),
    (mean(x_(i) ** 7, i), r"\frac{1}{n} \sum_{i} x_{i}^{7}"),
    (mean(x_(i) ** 9, i) * 3 / 2, r"\frac{3}{2 n} \sum_{i} x_{i}^{9}"),
    (total(power(beta1, T - t) * element(g, t), t), r"\sum_{t=1}^{T} \beta_{1}^{T - t} g_{t}"),
    (total(power(beta1, i) * x_(i), i), r"\sum_{i=0}^{n - 1} \beta_{1}^{i} x_{i}"),
    (reduce("prod", x_(i), i), r"\prod_{i} x_{i}"),
    (reduce("max", x_(i) - 1, i), r"\max_{i} \left(x_{i} - 1\right)"),
    # a factor behind a sum, a logarithm or cases must not be swallowed
    (total(x_(i), i) * x_(k), r"x_{k} \sum_{i} x_{i}"),
    (multiply(total(x_(i), i), total(x_(j) ** 13, j)), r"\left(\sum_{i} x_{i}\right) \sum_{j} x_{j}^{13}"),
    (call("log", x_(i)) * x_(j), r"x_{j} \log x_{i}"),
    (call("log", x_(i) + 1) * x_(j), r"\log\left(x_{i} + 1\right) x_{j}"),
    # quotients, roots and powers
    (x_(i) / n, r"\frac{x_{i}}{n}"),
    (-x_(i) / 2, r"-\frac{x_{i}}{2}"),
    (x_(i) * (x_(j) - 1) / n, r"\frac{x_{i} \left(x_{j} - 1\right)}{n}"),
    (power(x_(i), Fraction(1, 2)), r"\sqrt{x_{i}}"),
    (power(x_(i), Fraction(-1, 2)), r"\frac{1}{\sqrt{x_{i}}}"),
    (power(x_(i), Fraction(-3, 2)), r"\frac{1}{x_{i}^{3/2}}"),
    (
        power(total(power(call("abs", x_(i)), p), i), power(p, -1)),
        r"\left(\sum_{i} \left|x_{i}\right|^{p}\right)^{1/p}",
    ),
    (power(-x_(i), 2), r"\left(-x_{i}\right)^{2}"),
    (power(number(-1), i), r"\left(-1\right)^{i}"),
    (multiply(2, power(number(3), i)), r"2 \cdot 3^{i}"),
    (
        x_(k) / power(epsilon + mean(x_(i) ** 2, i), Fraction(1, 2)),
        r"\frac{x_{k}}{\sqrt{\varepsilon + \frac{1}{n} \sum_{i} x_{i}^{2}}}",
    ),
    # signs
    (x_(i) - x_(j), r"x_{i} - x_{j}"),
    (x_(i) + multiply(-1, x_(j) + 1), r"x_{i} - \left(x_{j} + 1\right)"),
    (-total(x_(i), i), r"-\sum_{i} x_{i}"),
    (total(-x_(i), i), r"\sum_{i} \left(-x_{i}\right)"),
    # numbers
    (ZERO, "0"),
    (number(-3), "-3"),
    (number(Fraction(3, 4)), r"\frac{3}{4}"),
    (number(Fraction(9, 10)) * x_(i), r"0.9 x_{i}"),
    (number(Fraction(-44715, 10**6)), "-0.044715"),
    (number(Fraction(1, 10**5)), "10^{-5}"),
    (2 * Constant("pi"), r"2 \pi"),
    # functions
    (call("exp", x_(i)), r"e^{x_{i}}"),
    (call("exp", -(x_(i) ** 2) / 2), r"\exp\left(-\frac{x_{i}^{2}}{2}\right)"),
    (call("exp", x_(i)) ** 2, r"\left(e^{x_{i}}\right)^{2}"),
    (call("tanh", x_(i)) ** 2, r"\tanh^{2}\left(x_{i}\right)"),
    (call("sigmoid", x_(i)) ** 2, r"\sigma\left(x_{i}\right)^{2}"),
    (call("floor", x_(i)), r"\left\lfloor x_{i}\right\rfloor"),
    (Extremum("max", (ZERO, x_(i))), r"\max\left(0, x_{i}\right)"),
    # cases and conditions
    (
        Where(Compare("<", x_(i), ZERO), ZERO, Where(Compare(">=", x_(i), number(6)), number(6), x_(i))),
        r"\begin{cases} 0 & \text{if } x_{i} < 0 \\ 6 & \text{if } x_{i} \ge 6 \\ x_{i} & \text{otherwise} \end{cases}",
    ),
    (Logic("and", (Compare("<", ZERO, x_(i)), Compare("<", x_(i), ONE))), r"0 < x_{i} < 1"),
    (
        Logic("or", (Compare("<", x_(i), ZERO), Logic("not", (Compare("!=", x_(i), ONE),)))),
        r"x_{i} < 0 \text{ or } \left(\lnot \left(x_{i} \ne 1\right)\right)",
    ),
    # deltas, subscripts, arrays
    (Delta(i, k), r"\delta_{ik}"),
    (Delta(i, k + 1), r"\delta_{i, k + 1}"),
    (x_(multiply(2, i) + k), r"x_{2 i + k}"),
    (x_(0), r"x_{0}"),
    (Table(((x_(i), ONE), (ZERO, x_(j))), (i, k)), r"\begin{pmatrix} x_{i} & 1 \\ 0 & x_{j} \end{pmatrix}_{ik}"),
    # derivatives and expectations
    (Derivative(L, (x_(k),)), r"\frac{\partial L}{\partial x_{k}}"),
    (Derivative(L, (x_(k), x_(j))), r"\frac{\partial^{2} L}{\partial x_{k} \, \partial x_{j}}"),
    (Derivative(L, (x_(k), x_(k))), r"\frac{\partial^{2} L}{\partial x_{k}^{2}}"),
    (Derivative(total(x_(i), i), (x_(k),)), r"\frac{\partial}{\partial x_{k}} \left(\sum_{i} x_{i}\right)"),
    (
        Expect(Variable(1) ** 2, (Variable(1),), epsilon, beta1),
        r"\operatorname{E}_{z \sim \mathcal{N}\left(\varepsilon, \beta_{1}^{2}\right)}\left[z^{2}\right]",
    ),
]


@pytest.mark.parametrize(("node", "expected"), PRINTED, ids=[expected for _, expected in PRINTED])
def test_an_expression_prints_as_a_textbook_writes_it(node, expected):
    assert latex(node) == expected


@pytest.mark.parametrize("text", [expected for _, expected in PRINTED])
def test_what_is_printed_is_balanced(text):
    # every { has its }, every \left its \right, every \begin its \end, in order
    opening = {"}": "{", r"\right": r"\left", r"\end": r"\begin"}
    stack = []
    for mark in re.findall(r"\\left|\\right|\\begin|\\end|[{}]", text):
        if mark in opening:
            assert stack.pop() == opening[mark]
        else:
            stack.append(mark)
    assert not stack


@given(first=names | likely, second=names | likely)
def test_two_different_names_never_print_alike(first, second):
    scalars = [element(Tensor(name, (), "real")) for name in (first, second)]
    arrays = [element(Tensor(name, (over_n,), "real"), i) for name in (first, second)]
    for nodes in (scalars, arrays, [scalars[0], element(Tensor(second, (over_n,), "real"), 1)]):
        printer = Printer(nodes)
        assert (printer.text(nodes[0]) == printer.text(nodes[1])) == (nodes[0] is nodes[1])


@pytest.mark.parametrize(
    ("name", "alone", "subscripted_by_i"),
    [
        ("x", "x", "x_{i}"),
        ("mu", r"\mu", r"\mu_{i}"),
        ("xhat", r"\hat{x}", r"\hat{x}_{i}"),
        ("W1", "W_{1}", "W^{(1)}_{i}"),
        ("x_new", r"x_{\mathrm{new}}", r"x^{\mathrm{new}}_{i}"),
        ("grad_out", r"\mathrm{grad\_out}", r"\mathrm{grad\_out}_{i}"),
    ],
)
def test_a_name_is_greek_accented_numbered_or_upright(name, alone, subscripted_by_i):
    assert written(letter(name)) == alone
    assert written(subscripted(name, Symbol("i"))) == subscripted_by_i


def test_two_names_that_would_look_the_same_are_spelled_out_where_both_occur():
    first, second = element(Tensor("beta1", (), "real")), element(Tensor("beta_1", (), "real"))
    assert latex(first) == latex(second) == r"\beta_{1}"
    assert latex(first * second) == r"\mathrm{beta1} \, \mathrm{beta\_1}"


def test_a_numbered_scalar_is_spelled_out_beside_the_array_whose_element_it_looks_like():
    # x[1] and x1 would both be x_{1}
    x1 = element(Tensor("x1", (), "real"))
    assert latex(x1) == "x_{1}"
    assert latex(x1 + x_(1)) == r"\mathrm{x1} + x_{1}"


def test_a_function_is_spelled_out_where_an_input_has_its_letter():
    sigma, e = element(Tensor("sigma", (), "real")), element(Tensor("e", (), "real"))
    assert latex(sigma * call("sigmoid", x_(i))) == r"\sigma \operatorname{sigmoid} x_{i}"
    assert latex(e * call("exp", x_(i))) == r"e \exp\left(x_{i}\right)"


def test_a_kronecker_delta_is_an_indicator_where_an_array_is_called_delta():
    delta = Tensor("delta", (over_n, over_n), "real")
    assert latex(element(delta, i, k) - Delta(i, k)) == r"\delta_{ik} - \mathbf{1}_{i = k}"


def test_a_power_of_a_numbered_array_is_not_a_double_superscript():
    W = Tensor("W1", (over_n, over_m), "real")
    assert latex(element(W, k, c) ** 2) == r"\left(W^{(1)}_{kc}\right)^{2}"


def test_a_bound_index_takes_another_name_where_its_own_is_free_or_bound_outside():
    # the inner sum was read with i as well
    inner = total(element(y, i) * x_(i), i)
    assert latex(inner) == r"\sum_{i} y_{i} x_{i}"
    assert latex(x_(i) * inner) == r"x_{i} \sum_{j} y_{j} x_{j}"
    assert latex(total(x_(i) ** 5 * inner, i)) == r"\sum_{i} x_{i}^{5} \sum_{j} y_{j} x_{j}"


def test_a_bound_index_never_takes_the_name_of_an_input_or_a_size():
    u = Tensor("j", (), "real")
    assert latex(x_(i) * element(u) * total(element(y, i), i)) == r"x_{i} j \sum_{k} y_{k}"


def test_an_index_that_the_engine_has_freed_gets_a_letter():
    body, _ = opened(total(call("tanh", x_(i)), i))
    assert latex(body) == r"\tanh x_{i}"


def test_the_letters_of_an_axis_are_preferred_for_what_has_no_name_of_its_own():
    body, freed = opened(total(call("sin", element(y, i)), i))
    nameless = total(body * 3, *freed)
    assert Printer((nameless,), {over_n: ("u",)}).text(nameless) == r"\sum_{u} 3 \sin y_{u}"


def test_a_name_that_only_the_engine_can_write_is_never_printed():
    # the engine names what it frees "$0" or "#1"
    strange = Index("#000.000", over_n)
    assert latex(total(call("cosh", element(y, strange)), strange)) == r"\sum_{i} \cosh y_{i}"


def test_a_range_with_written_bounds_shows_the_bounds():
    # sum over t from 2 to T: T - 2 + 1 steps from 2 on
    late = Index("t", axis(add(T, -2, 1), 2))
    assert latex(total(element(g, late), late)) == r"\sum_{t=2}^{T} g_{t}"
