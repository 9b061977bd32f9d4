"""Claims that every numerical witness must judge rightly: each formula with what is true of it and its wrong twins."""

from typing import NamedTuple

import pytest

from derive.catalog import quick
from derive.formula import Formula


class Case(NamedTuple):
    name: str
    inputs: dict[str, str]
    define: dict[str, str]
    right: tuple[str, ...]
    wrong: tuple[str, ...]

    def formula(self, *claims: str) -> Formula:
        return quick(claims, define=self.define, **self.inputs)


CASES = (
    Case(
        "softmax cross-entropy",
        {"x": "real[K]", "y": "simplex[K]"},
        {"p[i]": "exp(x[i])/sum(exp(x[j]), j)", "L": "-sum(y[i]*log(p[i]), i)"},
        (
            "D(L, x[k]) == p[k] - y[k]",
            "D(p[i], x[k]) == p[i]*(delta(i, k) - p[k])",
            "D(L, p[k]) == -y[k]/p[k]",
            "sum(D(L, x[k]), k) == 0",
        ),
        (
            "D(L, x[k]) == p[k] + y[k]",
            "D(L, x[k]) == (p[k] - y[k])/K",
            "D(p[i], x[k]) == p[i]*(1 - p[k])",
            "D(p[i], x[k]) == p[k]*(delta(i, k) - p[k])",
            "D(L, p[k]) == y[k]/p[k]",
        ),
    ),
    Case(
        "batch norm",
        {"x": "real[n]", "gamma": "real", "beta": "real", "epsilon": "positive", "g": "real[n]"},
        {
            "mu": "mean(x[i], i)",
            "var": "mean((x[i] - mu)**2, i)",
            "xhat[i]": "(x[i] - mu)/sqrt(var + epsilon)",
            "y[i]": "gamma*xhat[i] + beta",
            "L": "sum(g[i]*y[i], i)",
        },
        (
            "D(L, x[k]) == gamma/sqrt(var + epsilon)*(g[k] - mean(g[i], i) - xhat[k]*mean(g[i]*xhat[i], i))",
            "D(L, var) == -sum(D(L, xhat[i])*(x[i] - mu), i)*(var + epsilon)**(-3/2)/2",
            "D(L, mu) == -gamma*sum(g[i], i)/sqrt(var + epsilon)",
            "D(L, gamma) == sum(g[i]*xhat[i], i)",
            "D(L, beta) == sum(g[i], i)",
        ),
        (
            "D(L, x[k]) == gamma/sqrt(var)*(g[k] - mean(g[i], i) - xhat[k]*mean(g[i]*xhat[i], i))",
            "D(L, x[k]) == gamma/sqrt(var + epsilon)*(g[k] - sum(g[i], i)/(n - 1) - xhat[k]*mean(g[i]*xhat[i], i))",
            "D(L, x[k]) == gamma/sqrt(var + epsilon)*(g[k] - mean(g[i], i))",
            "D(L, var) == sum(D(L, xhat[i])*(x[i] - mu), i)*(var + epsilon)**(-3/2)/2",
            "D(L, gamma) == sum(g[i]*x[i], i)",
        ),
    ),
    Case(
        "p-pool",
        {"x": "positive[n]", "p": "positive"},
        {"y": "mean(x[i]**p, i)**(1/p)"},
        (
            "D(y, x[k]) == y**(1 - p)*x[k]**(p - 1)/n",
            "D(y, p) == y*(sum(x[i]**p*log(x[i]), i)/sum(x[i]**p, i) - log(mean(x[i]**p, i))/p)/p",
        ),
        ("D(y, x[k]) == y**(1 - p)*x[k]**p/n", "D(y, x[k]) == y**(1 - p)*x[k]**(p - 1)", "D(y, x[k]) == x[k]/(n*y)"),
    ),
    Case(
        "attention",
        {"Q": "real[m, d]", "K": "real[n, d]", "V": "real[n, h]", "G": "real[m, h]"},
        {
            "S[i, j]": "sum(Q[i, a]*K[j, a], a)/sqrt(d)",
            "P[i, j]": "exp(S[i, j])/sum(exp(S[i, k]), k)",
            "L": "sum(G[i, b]*P[i, j]*V[j, b], i, j, b)",
            "dP[i, j]": "sum(G[i, b]*V[j, b], b)",
            "dS[i, j]": "P[i, j]*(dP[i, j] - sum(P[i, k]*dP[i, k], k))",
        },
        (
            "D(L, Q[i, a]) == sum(dS[i, j]*K[j, a], j)/sqrt(d)",
            "D(L, V[j, b]) == sum(P[i, j]*G[i, b], i)",
            "D(L, S[i, j]) == dS[i, j]",
        ),
        (
            "D(L, Q[i, a]) == sum(dS[i, j]*K[j, a], j)/sqrt(n)",
            "D(L, Q[i, a]) == sum(P[i, j]*dP[i, j]*K[j, a], j)/sqrt(d)",
            "D(L, S[i, j]) == P[i, j]*dP[i, j]",
        ),
    ),
    Case(
        "convolution with stride",
        {"x": "real[C, s*(U-1)+A]", "w": "real[F, C, A]", "g": "real[F, U]"},
        {"y[f, u:U]": "sum(w[f, c, a]*x[c, s*u + a], c, a)", "L": "sum(g[f, u]*y[f, u], f, u)"},
        (
            "D(L, w[f, c, a]) == sum(g[f, u]*x[c, s*u + a], u)",
            "D(L, x[c, r]) == sum(g[f, u]*w[f, c, a]*delta(s*u + a, r), f, u, a)",
        ),
        (
            "D(L, w[f, c, a]) == sum(g[f, u]*x[c, u + a], u)",
            "D(L, x[c, r]) == sum(g[f, u]*w[f, c, a]*delta(u + a, r), f, u, a)",
        ),
    ),
    Case(
        "relu6",
        {"x": "real[n]", "g": "real[n]"},
        {"y[i]": "min(max(0, 3*x[i]), 6)", "L": "sum(g[i]*y[i], i)"},
        ("D(L, x[k]) == where(0 < 3*x[k] < 6, 3*g[k], 0)", "y[i] == relu(3*x[i]) - relu(3*x[i] - 6)"),
        ("D(L, x[k]) == where(0 < 3*x[k] < 6, g[k], 0)", "D(L, x[k]) == where(x[k] > 0, g[k], 3*g[k])"),
    ),
    Case(
        "Hessian",
        {"A": "real[n, n]", "x": "real[n]", "c": "positive"},
        {"f": "sum(A[i, j]*x[i]*x[j], i, j)/2 + sum(exp(c*x[i]), i)"},
        (
            "D(f, x[k], x[l]) == (A[k, l] + A[l, k])/2 + c**2*exp(c*x[k])*delta(k, l)",
            "D(f, x[k], c) == exp(c*x[k])*(1 + c*x[k])",
            "sum(D(f, x[i], x[i]), i) == sum(A[i, i] + c**2*exp(c*x[i]), i)",
        ),
        (
            "D(f, x[k], x[l]) == A[k, l] + c**2*exp(c*x[k])*delta(k, l)",
            "D(f, x[k], x[l]) == (A[k, l] + A[l, k])/2 + c*exp(c*x[k])*delta(k, l)",
            "D(f, x[k], c) == exp(c*x[k])*c*x[k]",
        ),
    ),
    Case(
        "exponential moving average",
        {"x": "real[1..T]", "b": "unit"},
        {"m[0]": "0", "m[t]": "b*m[t-1] + (1 - b)*x[t]"},
        (
            "m[T] == (1 - b)*sum(b**(T - s)*x[s], s)",
            "D(m[T], x[s]) == (1 - b)*b**(T - s)",
            "D(m[t], x[t]) == 1 - b",
        ),
        (
            "m[T] == sum(b**(T - s)*x[s], s)",
            "D(m[T], x[s]) == (1 - b)*b**(T - s + 1)",
            "D(m[T], x[s]) == (1 - b)*b**s",
        ),
    ),
    Case(
        "layer norm",
        {"x": "real[s, n]", "gamma": "real[n]", "epsilon": "positive", "g": "real[s, n]"},
        {
            "mu[r]": "mean(x[r, i], i)",
            "var[r]": "mean((x[r, i] - mu[r])**2, i)",
            "h[r, i]": "(x[r, i] - mu[r])/sqrt(var[r] + epsilon)",
            "L": "sum(g[r, i]*gamma[i]*h[r, i], r, i)",
        },
        (
            "D(L, x[r, k]) == (g[r, k]*gamma[k] - mean(g[r, i]*gamma[i], i)"
            " - h[r, k]*mean(g[r, i]*gamma[i]*h[r, i], i))/sqrt(var[r] + epsilon)",
            "D(L, gamma[k]) == sum(g[r, k]*h[r, k], r)",
        ),
        (
            "D(L, x[r, k]) == gamma[k]*(g[r, k] - mean(g[r, i], i)"
            " - h[r, k]*mean(g[r, i]*h[r, i], i))/sqrt(var[r] + epsilon)",
            "D(L, gamma[k]) == mean(g[r, k]*h[r, k], r)",
        ),
    ),
    Case(
        "Gaussian divergence",
        {"m": "real", "s": "positive"},
        {"E": "expect((z - 1)**2 + z**4, z, Normal(m, s))"},
        (
            "E == (m - 1)**2 + s**2 + m**4 + 6*m**2*s**2 + 3*s**4",
            "D(E, m) == 2*(m - 1) + 4*m**3 + 12*m*s**2",
            "D(E, s) == 2*s + 12*m**2*s + 12*s**3",
        ),
        ("E == (m - 1)**2 + s**2 + m**4 + 6*m**2*s**2 + s**4", "D(E, s) == 2*s + 12*m**2*s"),
    ),
    Case(
        "literal Hessian and its inverse",
        {"a": "positive", "b": "unit", "c": "positive"},
        {"H": "[[2*a + 2, b], [b, 2*c]]", "d": "H[0, 0]*H[1, 1] - H[0, 1]*H[1, 0]"},
        ("d == 4*(a + 1)*c - b**2", "D(d, H[0, 0]) == H[1, 1]", "D(H[i, j], b) == 1 - delta(i, j)"),
        ("d == 4*(a + 1)*c + b**2", "D(d, H[0, 0]) == H[0, 0]", "D(H[i, j], b) == delta(i, j)"),
    ),
    Case(
        "maximum and running sum",
        {"x": "real[n]"},
        {"M": "max(x[i], i)", "c[t:n]": "sum(x[s], (s, 0, t))"},
        (
            "D(M, x[k]) == where(x[k] == M, 1, 0)",
            "sum(D(M, x[k]), k) == 1",
            "D(c[t], x[k]) == where(k <= t, 1, 0)",
        ),
        ("D(M, x[k]) == where(x[k] == M, 0, 1)", "D(c[t], x[k]) == where(k < t, 1, 0)"),
    ),
)

RIGHT = [pytest.param(case, claim, id=f"{case.name}: {claim}") for case in CASES for claim in case.right]
WRONG = [pytest.param(case, claim, id=f"{case.name}: {claim}") for case in CASES for claim in case.wrong]
each_right_claim = pytest.mark.parametrize(("case", "claim"), RIGHT)
each_wrong_claim = pytest.mark.parametrize(("case", "claim"), WRONG)
