"""A derivative that is written with its deltas taken is the derivative that is written with them."""

import pytest

from derive import calculus
from derive.adjoints import Reverse
from derive.algebra.steps import Step
from derive.binding import replace, walk
from derive.catalog import quick
from derive.expression import Delta, Derivative, Reduce, element
from derive.formula import Definition
from derive.proof import Algebra
from verify.steps import checked

# What is differentiated, by what, and how many deltas are left under sums: those of other axes, or further inside.
PROGRAMS = [
    ("D(sum(a[i]*x[i]**2, i), x[k])", {"a": "real[n]", "x": "real[n]"}, 0),
    ("D(mean(sin(x[i])*x[i], i), x[k])", {"x": "real[n]"}, 0),
    ("D(sum(W[i, j]*x[i]*x[j], i, j), x[k])", {"W": "real[n, n]", "x": "real[n]"}, 0),
    ("D(sum((x[i] - y[j])**2, i, j), x[k])", {"x": "real[n]", "y": "real[m]"}, 0),
    ("D(mean(exp(W[i, j]), i, j), W[k, l])", {"W": "real[m, n]"}, 0),
    ("D(sum(W[i, i]**3, i), W[k, l])", {"W": "real[n, n]"}, 0),
    ("D(sum((x[i+1] - x[i])**2, (i, 0, n - 2)), x[k])", {"x": "real[n]"}, 2),
    ("D(sum(x[i]**2, (i, 1, n - 1)), x[k])", {"x": "real[n]"}, 1),
    ("D(sum(c[i]*sum(x[j]*exp(x[i]), j), i), x[k])", {"c": "real[n]", "x": "real[n]"}, 1),
    ("D(sum(where(x[i] > a[i], x[i]*a[i], 2*x[i]), i), x[k])", {"a": "real[n]", "x": "real[n]"}, None),
    ("D(prod(x[i] + 2, i), x[k])", {"x": "positive[n]"}, None),
]


def derivative(claim, inputs):
    formula = quick(f"{claim} == 0", **inputs)
    return formula, next(part for part in walk(formula.claims[0].left) if isinstance(part, Derivative))


def written(formula, node, is_contracted):
    reverse = Reverse(node.body, formula.definitions, is_contracted=is_contracted)
    return reverse.by(node.by[0])


@pytest.mark.parametrize(("claim", "inputs", "left"), PROGRAMS, ids=[p[0] for p in PROGRAMS])
def test_the_value_is_that_of_the_sum_over_the_delta(claim, inputs, left):
    formula, node = derivative(claim, inputs)
    plain, short = (written(formula, node, is_contracted) for is_contracted in (False, True))
    found = checked(formula, [], [Step("sum over a delta", plain, short)])
    assert found.right == 1, found
    if left is not None:
        summed = [p for p in walk(short) if isinstance(p, Reduce) and any(isinstance(q, Delta) for q in walk(p.body))]
        deltas = {q for p in summed for q in walk(p.body) if isinstance(q, Delta)}
        assert len(deltas) == left


def test_a_delta_of_another_axis_keeps_its_sum():
    # sum over i of 1..n-1 of delta(i, k)*f(i) is 0 at k = 0, so it is not f(k)
    formula, node = derivative("D(sum(x[i]**2, (i, 1, n - 1)), x[k])", {"x": "real[n]"})
    plain, short = (written(formula, node, is_contracted) for is_contracted in (False, True))
    assert short is plain
    (total,) = (part for part in walk(plain) if isinstance(part, Reduce))
    (delta,) = (part for part in walk(total.body) if isinstance(part, Delta))
    taken = replace(calculus.multiply(2, node.body.body.base), {node.body.bound[0]: node.by[0].subscripts[0]})
    assert delta.left.axis is not delta.right.axis
    assert checked(formula, [], [Step("sum over a delta", plain, taken)]).wrong


def test_through_definitions_the_adjoints_have_no_deltas_of_their_own_axes():
    define = {"p[i]": "exp(x[i])/sum(exp(x[j]), j)", "L": "-sum(t[i]*log(p[i]), i)"}
    formula = quick("D(L, x[k]) == 0", define=define, x="real[n]", t="real[n]")
    node = next(part for part in walk(formula.claims[0].left) if isinstance(part, Derivative))
    pairs = []
    for is_contracted in (False, True):
        reverse = Reverse(node.body, formula.definitions, "AB"[is_contracted], is_contracted)
        body = reverse.by(node.by[0])
        made = [Definition(a.tensor, (*a.outer, *a.indices), a.body, "", formula.place) for a in reverse.made.values()]
        pairs.append((body, made))
    (plain, one), (short, other) = pairs
    assert any(isinstance(part, Delta) for definition in one for part in walk(definition.body))
    assert not any(isinstance(part, Delta) for definition in other for part in walk(definition.body))
    assert checked(formula, [*one, *other], [Step("sum over a delta", plain, short)]).right == 1


def test_a_wrong_term_kept_is_seen_by_the_check():
    # the mean over a delta is f(k)/n, not f(k)
    formula, node = derivative("D(mean(x[i]**2, i), x[k])", {"x": "real[n]"})
    plain = written(formula, node, False)
    wrong = calculus.multiply(2, element(node.by[0].tensor, *node.by[0].subscripts))
    assert checked(formula, [], [Step("sum over a delta", plain, wrong)]).wrong


def test_what_reads_too_much_at_first_is_left_for_the_names():
    # Twenty layers, each read twice by the next: written out they have 2**20 terms, by their names two.
    layers = {f"h{n}[i]": f"h{n - 1}[i]*sum(h{n - 1}[j], j)" for n in range(1, 21)}
    define = {"h0[i]": "x[i]**2", **layers, "L": "sum(h20[i], i)", "a": "sum(h20[i], i)"}
    formula = quick("D(L, h20[k]) == a/a", define=define, x="positive[n]")
    proof = Algebra(formula).prove(formula.claims[0])
    assert proof.equal
    assert proof.opened == frozenset()
