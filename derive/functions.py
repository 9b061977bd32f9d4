"""The table of functions: to add one is to add its line here.

Value, slope, NumPy form, ball form and domain are independent statements; tests/test_functions.py
sets each against the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from derive.expression import ZERO, Call, Compare, Constant, Extremum, Node, Variable, Where, number, power

x, y = Variable("x"), Variable("y")
pi = Constant("pi")


def exp(argument: Node) -> Node:
    return Call("exp", argument)


def log(argument: Node) -> Node:
    return Call("log", argument)


def step(argument: Node) -> Node:
    return Where(Compare(">", argument, ZERO), number(1), ZERO)


@dataclass(frozen=True)
class Function:
    """One function of one real argument x with value y.

    value: in terms of exp, log, powers and cases; None for a primitive, which then has a `ball` form.
    slope: the derivative in terms of x and y.
    numpy: the name in NumPy, or a function of (numpy, x) that is accurate for every float64.
    domain: of x, a name of derive.domains.  ball: the method of flint's arb and arb_series.
    latex: {} stands for the argument.  sign: "+" if y > 0 on the domain.
    """

    name: str
    value: Node | None
    slope: Node
    numpy: str | Callable[[Any, Any], Any]
    domain: str = "real"
    ball: str | None = None
    latex: str = ""
    sign: str = ""


TABLE = {
    f.name: f
    for f in (
        Function("exp", None, y, "exp", ball="exp", latex=r"e^{{{}}}", sign="+"),
        Function("log", None, 1 / x, "log", domain="positive", ball="log", latex=r"\log {}"),
        Function("sin", None, Call("cos", x), "sin", ball="sin", latex=r"\sin {}"),
        Function("cos", None, -Call("sin", x), "cos", ball="cos", latex=r"\cos {}"),
        Function("erf", None, 2 * exp(-(x**2)) / power(pi, Fraction(1, 2)), lambda np, v: _erf(np, v), ball="erf",
                 latex=r"\operatorname{{erf}} {}"),
        Function("abs", Extremum("max", (x, -x)), Call("sign", x), "abs", latex=r"\left|{}\right|"),
        Function("sign", Where(Compare(">", x, ZERO), number(1), Where(Compare("<", x, ZERO), number(-1), ZERO)),
                 ZERO, "sign", latex=r"\operatorname{{sign}} {}"),
        Function("floor", None, ZERO, "floor", ball="floor", latex=r"\left\lfloor {} \right\rfloor"),
        Function("tanh", (exp(x) - exp(-x)) / (exp(x) + exp(-x)), 1 - y**2, "tanh", latex=r"\tanh {}"),
        Function("sinh", (exp(x) - exp(-x)) / 2, Call("cosh", x), "sinh", latex=r"\sinh {}"),
        Function("cosh", (exp(x) + exp(-x)) / 2, Call("sinh", x), "cosh", latex=r"\cosh {}", sign="+"),
        Function("sigmoid", 1 / (1 + exp(-x)), y * (1 - y), lambda np, v: _sigmoid(np, v),
                 latex=r"\sigma\left({}\right)", sign="+"),
        Function("softplus", log(1 + exp(x)), 1 / (1 + exp(-x)), lambda np, v: np.logaddexp(0, v),
                 latex=r"\operatorname{{softplus}} {}", sign="+"),
        Function("relu", Extremum("max", (ZERO, x)), step(x), lambda np, v: np.maximum(0, v),
                 latex=r"\operatorname{{ReLU}} {}"),
        Function("log1p", log(1 + x), 1 / (1 + x), "log1p", domain="positive", latex=r"\operatorname{{log1p}} {}"),
        Function("expm1", exp(x) - 1, y + 1, "expm1", latex=r"\operatorname{{expm1}} {}"),
    )
}  # fmt: skip


def _sigmoid(np: Any, v: Any) -> Any:
    """1/(1 + exp(-v)) by the exponential that cannot overflow, so that both tails keep every digit."""
    tail = np.exp(-np.abs(v))
    return np.where(v >= 0, 1, tail) / (1 + tail)


def _erf(np: Any, v: Any) -> Any:
    """erf in the precision of v: by its all-positive series below 2, above as 1 - erfc by its continued fraction."""
    v = np.asarray(v)
    root_of_pi = 2 * np.sqrt(np.arctan(v.dtype.type(1)))
    # 1 - erf(10) is 2e-45, below the last digit of every float; the bound keeps an infinity out of the fraction.
    size = np.minimum(np.abs(v), 10)
    near, far = np.minimum(size, 2), np.maximum(size, 2)
    term = series = near
    for n in range(1, 48):
        term = term * (2 * near * near / (2 * n + 1))
        series = series + term
    fraction = far
    for n in range(90, 0, -1):
        fraction = far + n / (2 * fraction)
    below = 2 * np.exp(-near * near) * series
    above = root_of_pi - np.exp(-far * far) / fraction
    return np.sign(v) * np.where(size < 2, below, above) / root_of_pi
