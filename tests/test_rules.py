"""Each rule of the calculus and of the normal form: a law it must prove, and a wrong twin it must not.

The oracle is the exact witness, which uses none of these rules: it must agree with the law and refute
the twin.
"""

import pytest

from derive.catalog import quick
from derive.expression import arena
from derive.proof import prove
from verify import exact
from verify.testimony import Settings

V = {"x": "real[n]", "y": "real[n]"}
POSITIVE = {"x": "positive[n]", "y": "positive[n]"}
W = {"W": "real[m, n]", "x": "real[n]", "u": "real[m]"}

# rule, inputs, law, wrong twin
RULES = [
    # derivatives, one for each node type
    ("sum", V, "D(sum(x[i]**2, i), x[k]) == 2*x[k]", "D(sum(x[i]**2, i), x[k]) == 2.002*x[k]"),
    ("mean", V, "D(mean(x[i]**3, i), x[k]) == 3*x[k]**2/n", "D(mean(x[i]**3, i), x[k]) == 3*x[k]**2"),
    (
        "product",
        V,
        "D(x[i]*y[i]*x[j], x[k]) == y[i]*(delta(i, k)*x[j] + x[i]*delta(j, k))",
        "D(x[i]*y[i]*x[j], x[k]) == y[i]*(delta(i, k)*x[j] - x[i]*delta(j, k))",
    ),
    (
        "quotient",
        V,
        "D(x[i]/(x[i]**2 + 1), x[i]) == (1 - x[i]**2)/(x[i]**2 + 1)**2",
        "D(x[i]/(x[i]**2 + 1), x[i]) == (1 - x[i]**2)/(x[i]**2 + 1)",
    ),
    ("power", {**POSITIVE, "p": "positive"}, "D(x[i]**p, x[i]) == p*x[i]**(p - 1)", "D(x[i]**p, x[i]) == p*x[i]**p"),
    ("exponent", {**POSITIVE, "p": "positive"}, "D(x[i]**p, p) == x[i]**p*log(x[i])", "D(x[i]**p, p) == x[i]**p"),
    (
        "root",
        V,
        "D(sqrt(x[i]**2 + 1), x[i]) == x[i]/sqrt(x[i]**2 + 1)",
        "D(sqrt(x[i]**2 + 1), x[i]) == x[i]/(2*sqrt(x[i]**2 + 1))",
    ),
    (
        "exp",
        V,
        "D(exp(-x[i]**2), x[k]) == -2*x[i]*exp(-x[i]**2)*delta(i, k)",
        "D(exp(-x[i]**2), x[k]) == -x[i]*exp(-x[i]**2)*delta(i, k)",
    ),
    (
        "log",
        POSITIVE,
        "D(log(sum(x[i]**2, i)), x[k]) == 2*x[k]/sum(x[i]**2, i)",
        "D(log(sum(x[i]**2, i)), x[k]) == 2/x[k]",
    ),
    (
        "sin",
        V,
        "D(sin(x[i])*cos(x[i]), x[i]) == 1 - 2*sin(x[i])**2",
        "D(sin(x[i])*cos(x[i]), x[i]) == 1 - sin(x[i])**2",
    ),
    ("erf", V, "D(erf(x[i]), x[i]) == 2*exp(-x[i]**2)/sqrt(pi)", "D(erf(x[i]), x[i]) == exp(-x[i]**2)/sqrt(pi)"),
    ("tanh", V, "D(tanh(2*x[i]), x[i]) == 2 - 2*tanh(2*x[i])**2", "D(tanh(2*x[i]), x[i]) == 1 - tanh(2*x[i])**2"),
    (
        "max",
        V,
        "D(max(x[i], y[i]), x[i]) == where(x[i] > y[i], 1, 0)",
        "D(max(x[i], y[i]), x[i]) == where(x[i] < y[i], 1, 0)",
    ),
    (
        "min of three",
        V,
        "D(min(x[i], y[i], 2), x[i]) == where(x[i] < y[i] and x[i] < 2, 1, 0)",
        "D(min(x[i], y[i], 2), x[i]) == where(x[i] < max(y[i], 2), 1, 0)",
    ),
    (
        "where",
        V,
        "D(where(x[i] > y[i], x[i]**2, x[i]), x[i]) == where(x[i] > y[i], 2*x[i], 1)",
        "D(where(x[i] > y[i], x[i]**2, x[i]), x[i]) == where(x[i] > y[i], 1, 2*x[i])",
    ),
    ("prod", POSITIVE, "D(prod(x[i], i), x[k]) == prod(x[i], i)/x[k]", "D(prod(x[i], i), x[k]) == prod(x[i], i)*x[k]"),
    (
        "expectation",
        {"m": "real", "s": "positive"},
        "D(expect(z**3, z, Normal(m, s)), s) == 6*m*s",
        "D(expect(z**3, z, Normal(m, s)), s) == 3*m*s",
    ),
    (
        "second order",
        V,
        "D(sum(x[i]**2*x[j], i, j), x[k], x[l]) == 2*delta(k, l)*sum(x[i], i) + 2*x[k] + 2*x[l]",
        "D(sum(x[i]**2*x[j], i, j), x[k], x[l]) == 2*delta(k, l)*sum(x[i], i) + 2*x[k] + x[l]",
    ),
    # sums
    (
        "a constant summand times the size",
        V,
        "sum(x[k] + y[i], i, k) == n*sum(x[i], i) + n*sum(y[i], i)",
        "sum(x[k] + y[i], i, k) == sum(x[i], i) + n*sum(y[i], i)",
    ),
    (
        "nested sums merge",
        W,
        "sum(u[r]*sum(W[r, i]*x[i], i), r) == sum(x[i]*sum(W[r, i]*u[r], r), i)",
        "sum(u[r]*sum(W[r, i]*x[i], i), r) == sum(x[i]*sum(W[r, i], r), i)*sum(u[r], r)",
    ),
    (
        "squares of sums",
        V,
        "sum((x[i] - mean(x[j], j))**2, i) == sum(x[i]**2, i) - n*mean(x[j], j)**2",
        "sum((x[i] - mean(x[j], j))**2, i) == sum(x[i]**2, i) - mean(x[j], j)**2",
    ),
    (
        "delta contracts",
        V,
        "sum(delta(i, k)*x[i]*y[i], i) == x[k]*y[k]",
        "sum(delta(i, k)*x[i]*y[i], i) == x[k]*sum(y[i], i)",
    ),
    ("delta carries indices", V, "delta(i, k)*x[i] == delta(i, k)*x[k]", "delta(i, k)*x[i] == delta(i, k)*y[k]"),
    (
        "names of bound indices do not matter",
        W,
        "sum(W[r, i]*W[r, j]*x[i], i, j, r) == sum(W[r, j]*x[i]*W[r, i], r, i, j)",
        "sum(W[r, i]*W[r, j]*x[i], i, j, r) == sum(W[r, i]**2*x[i], i, r)*n",
    ),
    (
        "fractions under a sum",
        V,
        "sum(exp(x[i])/(1 + exp(x[i])), i) == n - sum(1/(1 + exp(x[i])), i)",
        "sum(exp(x[i])/(1 + exp(x[i])), i) == n - 1 - sum(1/(1 + exp(x[i])), i)",
    ),
    (
        "a normalizer inside a sum",
        {"z": "real[m, n]", "u": "real[m]"},
        "sum(u[r]*exp(z[r, i])/sum(exp(z[r, j]), j), r, i) == sum(u[r], r)",
        "sum(u[r]*exp(z[r, i])/sum(exp(z[s, i]), s), r, i) == sum(u[r], r)",
    ),
    (
        "a normalizer with more in it",
        {"z": "real[m, n]", "u": "real[m]"},
        "sum(u[r]*exp(z[r, i])/(sum(exp(z[r, j]), j) + 1), r, i) == sum(u[r] - u[r]/(sum(exp(z[r, j]), j) + 1), r)",
        "sum(u[r]*exp(z[r, i])/(sum(exp(z[r, j]), j) + 1), r, i) == sum(u[r] + u[r]/(sum(exp(z[r, j]), j) + 1), r)",
    ),
    (
        "a simplex sums to one",
        {"q": "simplex[m, n]", "u": "real[m]"},
        "sum(q[r, i]*u[r], r, i) == sum(u[r], r)",
        "sum(q[r, i]*u[r], i, r) == sum(u[r], r)*n",
    ),
    (
        "digits of an index",
        {"g": "real[R]", "x": "real[w*R]"},
        "sum(x[w*r + i]*g[r], (i, 0, w - 1), r) == sum(x[u]*g[u//w], u)",
        "sum(x[w*r + i]*g[r], (i, 0, w - 1), r) == sum(x[u]*g[u//w], u)/w",
    ),
    (
        "a delta of two digits",
        {"g": "real[R]", "x": "real[w*R]"},
        "x[u]*sum(g[r]*delta(w*r + i, u), r, (i, 0, w - 1)) == x[u]*g[u//w]",
        "x[u]*sum(g[r]*delta(w*r + i, u), r, (i, 0, w - 1)) == x[u]*g[u//w]/w",
    ),
    (
        "a sum to a step",
        {"g": "real[1..T]"},
        "g[t]*sum(2, (s, 1, t)) == 2*t*g[t]",
        "g[t]*sum(2, (s, 1, t)) == 2*(t - 1)*g[t]",
    ),
    (
        "a short axis is written out",
        {"x": "real[2]"},
        "sum(x[i]**2, i) == x[0]**2 + x[1]**2",
        "sum(x[i]**2, i) == x[0]**2",
    ),
    (
        "products over an index",
        POSITIVE,
        "prod(x[i]*y[i]**2, i) == prod(x[i], i)*prod(y[i], i)**2",
        "prod(x[i]*y[i]**2, i) == prod(x[i], i)*prod(y[i], i)",
    ),
    (
        "the log of a product",
        POSITIVE,
        "log(prod(x[i], i)) == sum(log(x[i]), i)",
        "log(prod(x[i], i)) == log(sum(x[i], i))",
    ),
    ("the largest of the opposite", V, "min(x[i], i) == -max(-x[i], i)", "min(x[i], i) == max(-x[i], i)"),
    # powers, exp, log
    ("exp of a sum", V, "exp(x[i] - 2*y[i]) == exp(x[i])/exp(y[i])**2", "exp(x[i] - 2*y[i]) == exp(x[i])/exp(y[i]**2)"),
    (
        "log of exp",
        V,
        "log(exp(x[i])/sum(exp(x[j]), j)) == x[i] - log(sum(exp(x[j]), j))",
        "log(exp(x[i])/sum(exp(x[j]), j)) == x[i] - sum(x[j], j)",
    ),
    (
        "roots of positive factors",
        POSITIVE,
        "sqrt(4*x[i]*y[i]**2) == 2*y[i]*sqrt(x[i])",
        "sqrt(4*x[i]*y[i]**2) == 4*y[i]*sqrt(x[i])",
    ),
    ("roots of squares", V, "sqrt(x[i]**2) == abs(x[i])", "sqrt(x[i]**2) == x[i]"),
    ("roots of numbers", V, "sqrt(8)*x[i] == 2*sqrt(2)*x[i]", "sqrt(8)*x[i] == 3*sqrt(2)*x[i]"),
    (
        "symbolic exponents",
        {**POSITIVE, "p": "positive"},
        "sum(x[i]**p, i)**(1/p)/sum(x[i]**p, i) == sum(x[i]**p, i)**((1 - p)/p)",
        "sum(x[i]**p, i)**(1/p)/sum(x[i]**p, i) == sum(x[i]**p, i)**(1 - p)",
    ),
    (
        "denominators clear",
        V,
        "1/(x[i]**2 + 1) + 1/(y[i]**2 + 1) == (x[i]**2 + y[i]**2 + 2)/((x[i]**2 + 1)*(y[i]**2 + 1))",
        "1/(x[i]**2 + 1) + 1/(y[i]**2 + 1) == 2/((x[i]**2 + 1)*(y[i]**2 + 1))",
    ),
    (
        "factors cancel",
        V,
        "(x[i]**3 + 1)/(x[i]**2 - x[i] + 1) == x[i] + 1",
        "(x[i]**3 + 1)/(x[i]**2 - x[i] + 1) == x[i] - 1",
    ),
    (
        "one less a fraction",
        V,
        "log(1 - sigmoid(x[i])) == -log(1 + exp(x[i]))",
        "log(1 - sigmoid(x[i])) == -log(1 + exp(-x[i]))",
    ),
    # cases
    ("abs by cases", V, "abs(x[i])*sign(x[i]) == x[i]", "abs(x[i])*sign(x[i]) == abs(x[i])"),
    (
        "order of two thresholds",
        V,
        "min(max(0, x[i]), 6) == max(0, x[i]) - max(0, x[i] - 6)",
        "min(max(0, x[i]), 6) == max(0, x[i]) - max(0, x[i] + 6)",
    ),
    (
        "a threshold of known sign",
        {**V, "c": "positive"},
        "max(-c, min(c, x[i])) == where(abs(x[i]) < c, x[i], c*sign(x[i]))",
        "max(-c, min(c, x[i])) == where(abs(x[i]) < c, x[i], c)",
    ),
    (
        "functions case by case",
        V,
        "exp(max(x[i], 0)) == where(x[i] > 0, exp(x[i]), 1)",
        "exp(max(x[i], 0)) == where(x[i] > 0, exp(x[i]), 0)",
    ),
    (
        "chains of comparisons",
        V,
        "where(0 < x[i] < 1, 1, 0) == where(x[i] > 0, 1, 0)*where(x[i] < 1, 1, 0)",
        "where(0 < x[i] < 1, 1, 0) == where(x[i] > 0, 1, 0)*where(x[i] > 1, 1, 0)",
    ),
    (
        "not and or",
        V,
        "where(not (x[i] > 0 or y[i] > 0), 1, 0) == where(x[i] <= 0 and y[i] <= 0, 1, 0)",
        "where(not (x[i] > 0 or y[i] > 0), 1, 0) == where(x[i] <= 0 or y[i] <= 0, 1, 0)",
    ),
    # side relations
    ("a sign squared", {"s": "sign[n]", "x": "real[n]"}, "s[i]**3*x[i] == s[i]*x[i]", "s[i]**3*x[i] == x[i]"),
    ("a one-hot squared", {"y": "onehot[n]"}, "sum(y[i]**2, i) == 1", "sum(y[i]**2, i) == n"),
    (
        "symmetry",
        {"A": "symmetric[n, n]", "x": "real[n]"},
        "sum(A[i, j]*x[j], j) == sum(A[j, i]*x[j], j)",
        "sum(A[i, j]*x[j], j) == sum(A[j, i]*x[i], j)",
    ),
    (
        "moments",
        {"m": "real", "s": "positive"},
        "expect(z**4, z, Normal(m, s)) == m**4 + 6*m**2*s**2 + 3*s**4",
        "expect(z**4, z, Normal(m, s)) == m**4 + 6*m**2*s**2 + s**4",
    ),
    (
        "sin and cos",
        V,
        "sin(x[i])**4 - cos(x[i])**4 == sin(x[i])**2 - cos(x[i])**2",
        "sin(x[i])**4 - cos(x[i])**4 == 1",
    ),
    (
        "a one-hot picks",
        {"t": "onehot[m, n]", "z": "real[m, n]"},
        "exp(-sum(t[r, i]*z[r, i], i)) == sum(t[r, i]*exp(-z[r, i]), i)",
        "exp(-sum(t[r, i]*z[r, i], i)) == sum(t[r, i]*exp(z[r, i]), i)",
    ),
    (
        "only one is hot",
        {"t": "onehot[n]", "z": "real[n]"},
        "sum(t[i]*z[i], i)**2 == sum(t[i]*z[i]**2, i)",
        "sum(t[i]*z[i], i)**2 == sum(t[i]*z[i], i)",
    ),
    (
        "the hot element of a choice",
        {"t": "onehot[n]", "z": "positive[n]"},
        "t[k]/sum(t[i]*z[i], i) == t[k]/z[k]",
        "t[k]/sum(t[i]*z[i], i) == t[k]*z[k]",
    ),
    (
        "max turns as relu does",
        {"W": "real[m, n]", "x": "real[n]"},
        "D(max(0, sum(W[r, i]*tanh(x[i]), i)), W[s, j]) =="
        " where(sum(W[r, i]*tanh(x[i]), i) > 0, tanh(x[j]), 0)*delta(r, s)",
        "D(max(0, sum(W[r, i]*tanh(x[i]), i)), W[s, j]) == where(sum(W[r, i]*tanh(x[i]), i) > 0, x[j], 0)*delta(r, s)",
    ),
    (
        "a product over a short axis",
        {"x": "real[3]"},
        "prod(1 + x[i], i) == (1 + x[0])*(1 + x[1])*(1 + x[2])",
        "prod(1 + x[i], i) == 1 + x[0]*x[1]*x[2]",
    ),
    ("floor of an integer", {"h": "natural"}, "(2*h + 1)//2 == h", "(2*h + 1)//2 == h + 1"),
    ("floor of a floor", {"h": "natural"}, "(h//2 + 6)//2 == h//4 + 3", "(h//2 + 6)//2 == h//4 + 2"),
    # the largest over an index
    (
        "the slope of the largest",
        V,
        "D(max(3*x[i] + sum(y[k], k), i), x[j]) == 3*prod(where(i == j, 1, where(x[j] > x[i], 1, 0)), i)",
        "D(max(3*x[i] + sum(y[k], k), i), x[j]) == 3*prod(where(i == j, 1, where(x[j] < x[i], 1, 0)), i)",
    ),
    (
        "the slope of the smallest",
        V,
        "D(min(x[i]*exp(y[k]), i), x[j]) == exp(y[k])*prod(where(i == j, 1, where(x[j] < x[i], 1, 0)), i)",
        "D(min(x[i]*exp(y[k]), i), x[j]) == exp(y[k])*prod(where(i == j, 1, where(x[j] > x[i], 1, 0)), i)",
    ),
    (
        "one of the values is the largest",
        V,
        "sum(D(max(y[k] - x[i], i), x[j]), j) == -1",
        "sum(D(max(y[k] - x[i], i), x[j]), j) == -n",
    ),
    (
        "the largest is one of the values",
        V,
        "sum(where(x[k] == max(x[i], i), 2*x[k] + y[j], 0), k) == 2*max(x[i], i) + y[j]",
        "sum(where(x[k] == max(x[i], i), 2*x[k] + y[j], 0), k) == 2*max(x[i], i) + n*y[j]",
    ),
    (
        "what all values share leaves the largest",
        {**V, "c": "positive"},
        "max(2*c*x[i] + y[k], i) == 2*c*max(x[i], i) + y[k]",
        "max(-2*c*x[i] + y[k], i) == -2*c*max(x[i], i) + y[k]",
    ),
    (
        "the largest in a window",
        {"x": "real[w*P]", "g": "real[P]"},
        "D(sum(g[p]*max(x[w*p + i], (i, 0, w - 1)), p), x[u]) =="
        " g[u//w]*prod(where(w*(u//w) + i == u, 1, where(x[u] > x[w*(u//w) + i], 1, 0)), (i, 0, w - 1))",
        "D(sum(g[p]*max(x[w*p + i], (i, 0, w - 1)), p), x[u]) =="
        " g[u//w]*prod(where(i == u, 1, where(x[u] > x[i], 1, 0)), i)",
    ),
    # conditions on integers
    (
        "an order of integers",
        V,
        "x[i]*y[j]*where(2*i + 1 > 2*j, 1, 0) == x[i]*y[j]*(1 - where(j - i > 1/3, 1, 0))",
        "x[i]*y[j]*where(2*i + 1 > 2*j, 1, 0) == x[i]*y[j]*(1 - where(j - i > 3/2, 1, 0))",
    ),
    (
        "integers that are equal",
        V,
        "x[i]*y[j]*where(i == j, 1, 0) == x[i]*y[i]*delta(2*j, 2*i)",
        "x[i]*y[j]*where(i == j, 1, 0) == x[i]*y[i]*delta(2*j, i)",
    ),
    (
        "a sum to a step by one of its terms",
        {"x": "real[1..T]", "g": "real[1..T]"},
        "g[t]*D(sum(x[s]**2, (s, 1, t)), x[r]) == 2*g[t]*x[r]*where(r < t + 1/2, 1, 0)",
        "g[t]*D(sum(x[s]**2, (s, 1, t)), x[r]) == 2*g[t]*x[r]*where(r < t - 1/2, 1, 0)",
    ),
    (
        "a sum over a part of an axis",
        {"x": "real[1..h + d]"},
        "D(sum(x[a], (a, h + 1, h + d)), x[b]) == where(b > h + 1/2, 1, 0)",
        "D(sum(x[a], (a, h + 1, h + d)), x[b]) == where(b > h - 1/2, 1, 0)",
    ),
    (
        "the digits of an index",
        {"x": "real[C*P*Q]", "y": "real[C, P, Q]"},
        "x[u]*y[c, p, q]*delta(u//(P*Q), c)*delta((u//Q) % P, p)*delta(u % Q, q) =="
        " x[u]*y[c, p, q]*delta(u, (c*P + p)*Q + q)",
        "x[u]*y[c, p, q]*delta(u//(P*Q), c)*delta((u//Q) % P, p)*delta(u % Q, q) =="
        " x[u]*y[c, p, q]*delta(u, (c*Q + p)*P + q)",
    ),
    (
        "floor of a floor by sizes",
        {"x": "real[P*Q*R]"},
        "x[u]*((u//Q)//P) == x[u]*(u//(P*Q))",
        "x[u]*((u//Q)//P) == x[u]*(u//(P + Q))",
    ),
    (
        "a remainder of an index over a short axis",
        {"y": "real[8]"},
        "where(i % 3 < 1/2, y[i], 0) == y[i]*(delta(i, 0) + delta(i, 3) + delta(i, 6))",
        "where(i % 3 < 1/2, y[i], 0) == y[i]*(delta(i, 0) + delta(i, 3) + delta(i, 5))",
    ),
    # inequalities
    ("no negative term", V, "sum(x[i]**2, i) >= 0", "sum(x[i]**3, i) >= 0"),
    ("no negative factor", {"x": "real", "p": "unit"}, "p*(1 - p) <= 1/4", "p*(1 - p) <= 1/5"),
    ("a positive fraction", {"x": "real"}, "tanh(x) <= 1", "tanh(x) <= 1/2"),
    ("squares before they are multiplied out", V, "sum((x[i] - y[i])**2, i) >= 0", "sum((x[i] - y[i])**3, i) >= 0"),
    ("an extreme and what it is of", V, "max(x[i], y[i]) >= x[i]", "min(x[i], y[i]) >= x[i]"),
    (
        "terms of different shape",
        {"p": "unit", "y": "unit"},
        "y/p**2 + (1 - y)/(1 - p)**2 >= 0",
        "y/p**2 - (1 - y)/(1 - p)**2 >= 0",
    ),
    (
        "the largest and one of its values",
        V,
        "3*x[k] + y[k] <= max(3*x[i], i) + y[k]",
        "3*x[k] + y[k] <= max(3*x[i], i) + 2*y[k]",
    ),
    ("a factor below one", {"p": "unit", "q": "unit"}, "p >= p*q**2", "p*q**2 >= p*q"),
    (
        "a sum and one of its terms",
        V,
        "exp(x[k]) + y[k] <= sum(exp(x[i]), i) + y[k]",
        "2*exp(x[k]) + y[k] <= sum(exp(x[i]), i) + y[k]",
    ),
    (
        "the logarithm of what is below one",
        {"p": "unit", "c": "positive"},
        "c*(1 - p)*log(p) <= 0",
        "c*(1 - p)*log(p)**2 <= 0",
    ),
    (
        "a product of what is bounded",
        {"x": "real[n]"},
        "prod(sigmoid(x[i])*(1 - sigmoid(x[i])), i) <= 4**(-n)",
        "prod(sigmoid(x[i])*(1 - sigmoid(x[i])), i) <= 40**(-n)",
    ),
    # counting
    (
        "as many values as are below a bound",
        {"x": "real[m, K, S]"},
        "sum(where(S*r < m + K, 1, 0), (r, 0, m + K - 1)) == floor((m + K - 1)/S) + 1",
        "sum(where(S*r < m + K, 1, 0), (r, 0, m + K - 1)) == floor((m + K)/S) + 1",
    ),
    (
        "as many values as are above a bound",
        {"x": "real[m, K]"},
        "sum(where(r > m, 1, 0), (r, 1, m + K)) == K",
        "sum(where(r > m, 1, 0), (r, 1, m + K)) == K + 1",
    ),
    (
        "pairs in order are half of all pairs",
        {"x": "real[n]", "v": "real[n, m]"},
        "sum(where(i < j, x[i]*x[j], 0), i, j) == (sum(x[i], i)**2 - sum(x[i]**2, i))/2",
        "sum(where(i < j, x[i]*x[j], 0), i, j) == (sum(x[i], i)**2 + sum(x[i]**2, i))/2",
    ),
    (
        "pairs in order and those of one index with itself",
        {"x": "real[n]"},
        "sum(where(i <= j, x[i]*x[j], 0), i, j) == (sum(x[i], i)**2 + sum(x[i]**2, i))/2",
        "sum(where(i <= j, x[i]*x[j]**2, 0), i, j) == (sum(x[i], i)*sum(x[i]**2, i) + sum(x[i]**3, i))/2",
    ),
    # order by parts, by cases, term by term
    ("an extreme against each value", {"x": "real"}, "min(max(x, 0), 6) <= 6", "min(max(x, 0), 6) <= 5"),
    ("the largest of values", {"x": "unit[n]"}, "max(x[i]**2, i) <= 1", "max(x[i]**2, i) <= 1/4"),
    ("the slope of a line below", {"x": "real", "s": "unit"}, "max(0, x) >= s*x", "max(0, x) >= 2*s*x"),
    (
        "whichever way a condition goes",
        {"x": "real[n]"},
        "where(abs(x[i]) < 1, x[i]**2/2, abs(x[i]) - 1/2) >= 0",
        "where(abs(x[i]) < 1/4, x[i]**2/2, abs(x[i]) - 1/2) >= 0",
    ),
    (
        "term by term",
        {"q": "unit[n]", "a": "positive", "b": "positive"},
        "sum(where(q[s]*b > a, a, q[s]*b), s) <= sum(b*q[s], s)",
        "sum(where(q[s]*b < a, a, q[s]*b), s) <= sum(b*q[s], s)",
    ),
    (
        "a sum of parts of what another sums",
        {"p": "unit[n]", "t": "binary[n]", "c": "positive"},
        "2*sum(p[i]*t[i], i) <= sum(p[i] + t[i], i)",
        "2*sum(p[i]*t[i], i) <= sum(p[i], i)",
    ),
    (
        "no more than their number",
        {"y": "onehot[m, n]", "x": "real[m, n]"},
        "sum(where(x[i, j] > 0, y[i, j], 0), i, j) <= m*n",
        "sum(where(x[i, j] > 0, y[i, j], 0), i, j) <= m*n - n*m",
    ),
    (
        "a mean of what is below one",
        {"y": "simplex[n]", "p": "unit[n]"},
        "sum(y[i]*p[i], i) <= 1",
        "sum(y[i]*p[i], i) <= 1/2",
    ),
    (
        "the logarithm of what is above one",
        {"x": "real[n]"},
        "sum(log(1 + exp(x[i])), i) >= 0",
        "sum(log(exp(x[i]) + 1/2), i) >= 0",
    ),
    # absolute values
    (
        "the absolute value of a product",
        {"x": "real[n]", "c": "positive"},
        "abs(c*x[i]*(1 - tanh(x[i])**2)) <= c*abs(x[i])",
        "abs(c*x[i]*(1 + tanh(x[i])**2)) <= c*abs(x[i])",
    ),
    (
        "the absolute value of a product over an index",
        V,
        "abs(prod(x[i]*y[i], i)) <= prod(abs(x[i]), i)*prod(abs(y[i]), i)",
        "abs(prod(x[i]*y[i], i)) <= prod(abs(x[i]), i)*prod(y[i], i)",
    ),
    (
        "the absolute value of a sum",
        V,
        "abs(sum(x[i] - 2*y[i], i)) <= sum(abs(x[i]), i) + 2*sum(abs(y[i]), i)",
        "abs(sum(x[i] - 2*y[i], i)) <= sum(abs(x[i]), i) + sum(abs(y[i]), i)",
    ),
    # what is known of a function, and of sums
    ("rounded down", {"x": "real", "b": "positive"}, "b*floor(x/b) <= x", "b*floor(x/b) <= x - b/2"),
    ("rounded down by less than 1", {"x": "real", "b": "positive"}, "b*floor(x/b) >= x - b", "b*floor(x/b) >= x - b/2"),
    (
        "a fraction of integers rounded down",
        {"N": "natural", "B": "natural"},
        "B*floor(N/B) >= N - B + 1",
        "B*floor(N/B) >= N - B + 2",
    ),
    (
        "an integer between -1 and 1",
        {"N": "natural", "B": "natural"},
        "floor((N + B - 1)/B) == -floor(-N/B)",
        "floor((N + B)/B) == -floor(-N/B)",
    ),
    (
        "an integer above -1",
        {"N": "natural", "B": "natural"},
        "floor((N + B)/(B + 1)) <= floor((N + B - 1)/B)",
        "floor((N + B)/(B + 1)) <= floor((N - 1)/B)",
    ),
    ("an exponential above its tangent", {"x": "real"}, "exp(-3*x) >= 1 - 3*x", "exp(-3*x) >= 1 - 2*x"),
    (
        "a logarithm below its tangent",
        {"q": "unit", "c": "positive"},
        "-(1 - q)**c*log(q) <= (1 - q)**(c + 1)/q",
        "-(1 - q)**c*log(q) <= (1 - q)**(c + 1)",
    ),
    (
        "the tangent of the logarithm of a power",
        {"s": "positive[n]"},
        "sum(s[i]**2 - 1 - 2*log(s[i]), i) >= 0",
        "sum(s[i] - 1 - 2*log(s[i]), i) >= 0",
    ),
    (
        "Gibbs' inequality",
        {"p": "simplex[m]", "x": "real[m]"},
        "log(sum(exp(x[i]), i)) >= sum(p[i]*(x[i] - log(p[i])), i)",
        "log(sum(exp(x[i]), i)) >= sum(p[i]*(x[i] - 2*log(p[i])), i)",
    ),
    (
        "Gibbs' inequality for two outcomes",
        {"a": "unit", "t": "unit"},
        "t*log(t/a) + (1 - t)*log((1 - t)/(1 - a)) >= 0",
        "t*log(t/a) + (1 - t)*log((1 - t)/(1 - a)) >= 1/100",
    ),
    (
        "the divergence from the mean of two distributions",
        {"p": "simplex[m]", "q": "simplex[m]"},
        "sum(p[i]*log(2*p[i]/(p[i] + q[i])), i) + sum(q[i]*log(2*q[i]/(p[i] + q[i])), i) >= 0",
        "sum(p[i]*log(2*p[i]/(p[i] + q[i])), i) + sum(q[i]*log(q[i]/(p[i] + q[i])), i) >= 0",
    ),
    (
        "a mean is below the largest value",
        {"p": "simplex[m]", "x": "real[m]"},
        "sum(p[i]*x[i], i) <= max(x[i], i)",
        "sum(p[i]*x[i], i) <= max(x[i], i)/2",
    ),
    (
        "Cauchy's inequality",
        V,
        "sum(x[i]*y[i], i) <= sqrt(sum(x[i]**2, i))*sqrt(sum(y[i]**2, i))",
        "sum(x[i]*y[i], i) <= sqrt(sum(x[i]**2, i))*sqrt(sum(y[i]**2, i))/4",
    ),
]


@pytest.mark.parametrize(("rule", "inputs", "law", "twin"), RULES, ids=[row[0] for row in RULES])
def test_a_law_is_proved_and_its_wrong_twin_is_not(rule: str, inputs: dict[str, str], law: str, twin: str) -> None:
    with arena():
        formula = quick(law, **inputs)
        proof = prove(formula, formula.claims[0])
        assert proof.equal, proof.reason
        assert exact.testify(formula, formula.claims[0], Settings()).says == "agrees"
        wrong = quick(twin, **inputs)
        assert not prove(wrong, wrong.claims[0]).equal
        assert exact.testify(wrong, wrong.claims[0], Settings()).says == "differs"


def test_the_slope_of_a_largest_value_that_many_reach_is_not_counted_many_times() -> None:
    """Where c is above every x, all n values are c: the largest moves with c by 1, not by n."""
    with arena():
        right = "where(c > max(x[i], i), 1, 0)"
        formula = quick(f"D(max(max(x[i], c), i), c) == {right}", x="real[n]", c="real")
        assert exact.testify(formula, formula.claims[0], Settings()).says == "agrees"
        reached = "where(max(x[i], c) == max(max(x[j], c), j), where(x[i] > c, 0, 1), 0)"
        wrong = quick(f"D(max(max(x[i], c), i), c) == sum({reached}, i)", x="real[n]", c="real")
        assert not prove(wrong, wrong.claims[0]).equal
        assert exact.testify(wrong, wrong.claims[0], Settings()).says == "differs"


@pytest.mark.parametrize(
    ("define", "law", "twin"),
    [
        (
            {"w[0]": "start", "w[t]": "w[t-1] - (w[t-1] - x[t])/t"},
            "D(w[T], x[s]) == 1/T",
            "D(w[T], x[s]) == 1/s",
        ),
        (
            {"w[0]": "start", "w[t]": "b*w[t-1] + x[t]"},
            "D(w[T], x[s]) == b**(T - s)",
            "D(w[T], x[s]) == b**(T - s + 1)",
        ),
    ],
    ids=["a running mean", "a leaky sum"],
)
def test_the_slope_of_a_recurrence_by_an_input_of_any_step(define: dict[str, str], law: str, twin: str) -> None:
    """No step is moved by a later input, so the claim is shown for the steps up to t one after the other."""
    inputs = {"start": "real", "b": "positive", "x": "real[1..T]"}
    with arena():
        formula = quick(law, define=define, **inputs)
        assert prove(formula, formula.claims[0]).equal
        assert exact.testify(formula, formula.claims[0], Settings()).says == "agrees"
        wrong = quick(twin, define=define, **inputs)
        assert not prove(wrong, wrong.claims[0]).equal
        assert exact.testify(wrong, wrong.claims[0], Settings()).says == "differs"


@pytest.mark.parametrize(
    ("define", "law", "twin"),
    [
        ({"a[0]": "1", "a[t:1..T]": "(1 + b)*a[t-1]"}, "a[t] >= 1 + b*t", "a[t] >= 1 + 2*b*t"),
        ({"a[0]": "1", "a[t:1..T]": "a[t-1] + p[t]*a[t-1]"}, "a[t] >= 1", "a[t] >= 2"),
        ({"a[0]": "1", "a[t:1..T]": "p[t]*a[t-1]"}, "a[T] <= 1", "a[T] <= 1/4"),
        (
            {"a[0]": "w", "a[t:1..T]": "sigmoid(x[t]*a[t-1])"},
            "abs(D(a[T], w)) <= prod(abs(x[t])/4, (t, 1, T))",
            "abs(D(a[T], w)) <= prod(abs(x[t])/40, (t, 1, T))",
        ),
    ],
    ids=["Bernoulli's inequality", "what never falls", "what never rises", "a gradient that vanishes"],
)
def test_an_inequality_is_carried_from_step_to_step(define: dict[str, str], law: str, twin: str) -> None:
    """At each step it is a multiple of what it was before, and more that is not negative."""
    inputs = {"b": "positive", "p": "unit[1..T]", "w": "real", "x": "real[1..T]"}
    with arena():
        formula = quick(law, define=define, **inputs)
        proof = prove(formula, formula.claims[0])
        assert proof.equal, proof.reason
        assert exact.testify(formula, formula.claims[0], Settings()).says == "agrees"
        wrong = quick(twin, define=define, **inputs)
        assert not prove(wrong, wrong.claims[0]).equal
        assert exact.testify(wrong, wrong.claims[0], Settings()).says == "differs"
