"""The reference witness: libraries that others wrote beside the definitions of the catalog, and what it catches."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from unittest.mock import Mock

import jsonschema
import numpy as np
import pytest

from derive.binding import walk
from derive.catalog import read, shipped
from derive.language.editing import json_schema
from derive.language.operators import operators
from verify import judge
from verify.references import libraries, witness
from verify.references.values import Point
from verify.report import Entry, decoded, encoded, report, schema
from verify.sampling import draw
from verify.testimony import Settings, Testimony

OWN = Path(__file__).with_name("references.yaml")
CATALOG, FURTHER = read(shipped()), read(OWN)
PAIRS = [
    pytest.param(formula, reference, id=f"{formula.name}-{reference.call}-{number}")
    for catalog in (CATALOG, FURTHER)
    for formula in catalog.formulas.values()
    for number, reference in enumerate(formula.references)
]
SETTINGS = Settings(witnesses=("exact", "reference"))


def needed(call):
    """Skip a test whose library is not installed, and say which."""
    return pytest.importorskip(operators()[call].library, exc_type=ImportError)


def entry(reference, define="y[i]: x[i]**2", claim="D(y[i], x[i]) == 2*x[i]", inputs="x: 'real[n]'", more=""):
    """A formula of one definition with one reference."""
    return read(
        "squares:\n  title: Squares\n  group: mine\n  source: my own\n"
        f"  inputs: {{{inputs}}}\n  define:\n    {define}\n  claims:\n    - {claim}\n"
        f"  reference:\n    - {reference}\n{more}"
    )


def judged(catalog, settings=SETTINGS):
    assert catalog.errors == []
    (formula,) = catalog.formulas.values()
    (found,) = judge.judged(formula, settings)
    return found


def compared(formula, reference, seed=0):
    return witness.compared(formula, reference, Settings(seed=seed))


# ------------------------------------------------------------------------------------ the catalog


def test_a_hundred_and_fifty_entries_name_a_library_that_computes_what_they_define():
    assert CATALOG.errors == FURTHER.errors == []
    assert sum(bool(formula.references) for formula in CATALOG.formulas.values()) >= 150


@pytest.mark.parametrize(("formula", "reference"), PAIRS)
def test_what_an_entry_says_of_a_library_is_so(formula, reference):
    needed(reference.call)
    found = compared(formula, reference)
    assert found.is_as_recorded, found.reason
    assert found.says == ("differs" if reference.differs else "agrees")


def test_gradients_are_compared_wherever_a_library_has_them():
    needed("torch.matmul")
    by_library = {"torch": 0, "jax": 0}
    for formula in list(CATALOG.formulas.values())[::9]:
        for reference in formula.references:
            operator = operators()[reference.call]
            if operator.has_gradient and reference.results and not reference.differs:
                needed(reference.call)
                facts = compared(formula, reference).facts
                has_momentum = "momentum" in reference.arguments
                assert has_momentum or any(what.startswith("gradient by") for what in facts["compared"])
                by_library[operator.library] += 1
    assert min(by_library.values()) > 0


def test_every_operator_of_the_table_is_used_by_some_entry():
    used = {r.call for catalog in (CATALOG, FURTHER) for f in catalog.formulas.values() for r in f.references}
    assert used == set(operators())


@pytest.mark.parametrize("name", [name for name in operators() if name.startswith("torch.nn.functional.")])
def test_an_operator_of_the_table_is_one_of_its_library(name):
    needed(name)
    module, _, function = name.rpartition(".")
    assert callable(getattr(import_module(module), function))


# ------------------------------------------------------------------------------------ wrong twins


def twins(formula, reference):
    """The reference with each of its real arrays bent in turn: a + 3*a**2 + a**3 in the place of a."""
    operator = operators()[reference.call]
    for name, definition in reference.arguments.items():
        body = definition.body
        if name in operator.arrays and name not in operator.whole and (body.free or body.mentions):
            bent = replace(definition, body=body + 3 * body**2 + body**3)
            yield replace(reference, arguments={**reference.arguments, name: bent})


@pytest.mark.parametrize(
    ("formula", "reference"),
    [p for p in PAIRS if not p.values[1].differs and any(True for _ in twins(*p.values))][::4],
)
def test_an_argument_that_is_bent_is_found_out(formula, reference):
    # One of them: a variance does not depend on where its distribution lies. What is no probability raises.
    needed(reference.call)
    assert any(compared(formula, twin).says in ("differs", "cannot tell") for twin in twins(formula, reference))


TWINS = {
    "transposed": (
        "dense: {title: t, group: g, source: s, inputs: {x: 'real[d, d]', W: 'real[d, d]'}, "
        "define: {'y[s, j]': 'sum(x[s, i]*W[j, i], i)'}, claims: ['y[s, j] == sum(W[j, i]*x[s, i], i)'], "
        "reference: [{call: torch.nn.functional.linear, gives: y, with: {input: x, %s}}]}",
        "weight: W",
        "'weight[j, i]': 'W[i, j]'",
    ),
    "without epsilon": (
        "norm: {title: t, group: g, source: s, inputs: {x: 'real[m, d]', e: positive}, "
        "define: {'r[s]': 'mean(x[s, i]**2, i)', 'y[s, i]': 'x[s, i]/sqrt(r[s] + e)'}, "
        "claims: ['r[s] >= 0'], "
        "reference: [{call: torch.nn.functional.rms_norm, gives: r, with: {input: x, normalized_shape: d%s}}]}".replace(
            "gives: r", "gives: y"
        ),
        ", eps: e",
        "",
    ),
    "mean for a sum": (
        "loss: {title: t, group: g, source: s, inputs: {p: 'real[n]', y: 'real[n]'}, "
        "define: {L: 'sum((p[i] - y[i])**2, i)'}, claims: ['D(L, p[k]) == 2*(p[k] - y[k])'], "
        "reference: [{call: torch.nn.functional.mse_loss, gives: L, with: {input: p, target: y, reduction: %s}}]}",
        "sum",
        "mean",
    ),
    "another axis": (
        "soft: {title: t, group: g, source: s, inputs: {x: 'real[n, m]'}, "
        "define: {'p[i, j]': 'exp(x[i, j])/sum(exp(x[i, k]), k)'}, claims: ['sum(p[i, j], j) == 1'], "
        "reference: [{call: torch.nn.functional.softmax, gives: p, with: {input: x, dim: %s}}]}",
        "1",
        "0",
    ),
    "one part in a million": (
        "elu: {title: t, group: g, source: s, inputs: {x: 'real[n]', a: positive}, "
        "define: {'y[i]': 'where(x[i] > 0, x[i], a*(exp(x[i]) - 1))'}, claims: ['y[i] >= -a'], "
        "reference: [{call: torch.nn.functional.elu, gives: y, with: {input: x, alpha: %s}}]}",
        "a",
        "1.000001*a",
    ),
}


@pytest.mark.parametrize("case", TWINS)
def test_a_wrong_mapping_differs_and_the_right_one_agrees(case):
    needed("torch.matmul")
    text, right, wrong = TWINS[case]
    for mapping, says in ((right, "agrees"), (wrong, "differs")):
        catalog = read(text % mapping)
        assert catalog.errors == []
        (formula,) = catalog.formulas.values()
        found = compared(formula, formula.references[0])
        assert found.says == says, found.reason
        assert (" here and " in found.reason) == (says == "differs")


def test_a_result_of_another_shape_differs():
    needed("torch.matmul")
    catalog = entry("{call: torch.nn.functional.relu, gives: y, with: {'input[i, j:2]': 'x[i]'}}")
    formula = catalog.formulas["squares"]
    found = compared(formula, formula.references[0])
    assert found.says == "differs"
    assert "shape (2, 2), y has (2,)" in found.reason


def test_a_gradient_that_the_library_loses_differs_though_the_value_agrees(monkeypatch):
    # PyTorch detaches the first momentum buffer: the value is right, its gradient by the first step is not.
    needed("torch.optim.SGD")
    from verify.references import optimizers, torch_operators

    formula = CATALOG.formulas["momentum"]
    monkeypatch.setitem(
        torch_operators._OPERATORS, "torch.optim.SGD", lambda given: optimizers._stepped("SGD", given, {})
    )
    found = compared(formula, formula.references[0])
    assert found.says == "differs"
    assert "gradient by g[0]" in found.reason


def test_an_argument_that_the_library_does_not_take_cannot_tell_and_is_not_as_expected():
    needed("torch.matmul")
    found = judged(entry("{call: torch.matmul, gives: y, with: {input: x, 'other[i:3*n]': 1}}"))
    assert (found.verdict, found.as_expected) == ("agrees", False)
    assert found.witnesses.reference.says == "cannot tell"
    assert "it raises RuntimeError" in found.reason


# ---------------------------------------------------------------------------- what becomes of it


RIGHT = "{call: torch.nn.functional.relu, gives: y, with: {'input[i]': 'x[i]**2'}}"
WRONG = "{call: torch.nn.functional.relu, gives: y, with: {input: x}}"


def test_a_library_that_agrees_is_in_the_report_with_its_version():
    needed("torch.matmul")
    found = judged(entry(RIGHT))
    said = found.witnesses.reference
    assert (found.verdict, found.as_expected, found.reason) == ("agrees", True, None)
    assert said.says == "agrees"
    assert said.max_error <= said.allowed < 1e-12
    (operator,) = said.more["operators"]
    assert operator["operator"] == "torch.nn.functional.relu"
    assert operator["version"] == libraries.version_of("torch")
    assert operator["compared"] == ["y", "gradient by x"]


def test_a_library_that_differs_changes_no_verdict_but_is_not_as_expected():
    needed("torch.matmul")
    alone, found = (judged(entry(WRONG), Settings(witnesses=("exact", *more))) for more in ((), ("reference",)))
    assert found.verdict == alone.verdict == "agrees"
    assert (alone.as_expected, found.as_expected) == (True, False)
    assert re.search(
        r"torch.nn.functional.relu \(torch .*\) differs: y\[.\] is .* here and .* there at n = ", found.reason
    )


def test_a_difference_that_the_entry_records_is_as_expected():
    needed("torch.matmul")
    found = judged(entry(WRONG.replace("}}", "}, differs: it does not square}")))
    assert found.as_expected
    assert found.witnesses.reference.says == "differs"
    assert "(it does not square)" in found.witnesses.reference.reason
    assert found.reason is None


def test_a_recorded_difference_that_is_none_is_not_as_expected():
    needed("torch.matmul")
    found = judged(entry(RIGHT.replace("}}", "}, differs: it does not square}")))
    assert not found.as_expected
    assert "agrees, where the entry says that it differs" in found.reason


def test_where_a_library_is_absent_the_witness_says_so_and_the_verdict_stands(monkeypatch):
    monkeypatch.setattr(witness, "is_installed", lambda library: False)
    found = judged(entry(WRONG))
    assert (found.verdict, found.as_expected) == ("agrees", True)
    assert found.witnesses.reference.says == "not run"
    assert found.witnesses.reference.reason == "torch is not installed"


def test_a_library_that_cannot_be_imported_is_as_good_as_absent(monkeypatch):
    monkeypatch.setattr(witness, "is_installed", lambda library: True)
    monkeypatch.setattr(witness, "compare", Mock(side_effect=ImportError("libgomp.so.1 is missing")))
    found = judged(entry(WRONG))
    assert found.as_expected
    assert found.witnesses.reference.says == "not run"
    assert found.witnesses.reference.reason == "torch cannot be imported: libgomp.so.1 is missing"


def test_a_value_that_the_library_does_not_have_differs():
    # the root of a negative number is no number there; here it is a square
    needed("scipy.special.expit")
    catalog = entry("{call: scipy.stats.norm.logpdf, gives: y, with: {x: x, 'loc[i:n]': 0, 'scale[i:n]': -1}}")
    assert judged(catalog).witnesses.reference.says == "differs"


def test_without_being_asked_the_witness_is_silent():
    found = judged(entry(WRONG), Settings(witnesses=("exact",)))
    assert found.witnesses.reference is None
    assert found.as_expected


def test_a_claim_hears_of_what_it_reads_alone():
    needed("torch.matmul")
    catalog = entry(WRONG, "y[i]: x[i]**2\n    z: sum(x[i], i)", "D(z, x[k]) == 1\n    - sum(y[i], i) >= 0")
    formula = catalog.formulas["squares"]
    of_z, of_y = judge.judged(formula, SETTINGS)
    assert (of_z.witnesses.reference.says, of_z.as_expected) == ("not run", True)
    assert (of_y.witnesses.reference.says, of_y.as_expected) == ("differs", False)


def test_what_no_claim_reads_is_told_with_every_claim():
    needed("torch.matmul")
    found = judged(entry(WRONG, "y[i]: x[i]**2\n    z: sum(x[i], i)", "D(z, x[k]) == 1"))
    assert (found.witnesses.reference.says, found.as_expected) == ("differs", False)


def test_an_example_hears_of_what_it_computes():
    needed("torch.matmul")
    more = "  examples:\n    - given: {x: [2]}\n      then: {y: [4]}\n"
    *_, found = judge.judged(entry(WRONG, more=more).formulas["squares"], SETTINGS)
    assert (found.origin, found.verdict, found.as_expected) == ("example", "agrees", False)


@pytest.mark.parametrize("says", ["agrees", "differs", "cannot tell", "not run"])
def test_a_verdict_never_rests_on_a_library(monkeypatch, says):
    # whatever it says, of a claim that holds and of one that does not
    monkeypatch.setattr(witness, "testify", lambda *_: Testimony("reference", says, "so it is said"))
    for claim, verdict in (("D(y[i], x[i]) == 2*x[i]", "agrees"), ("D(y[i], x[i]) == x[i]", "refuted")):
        found = judged(entry(RIGHT, claim=claim))
        assert found.verdict == verdict
        assert found.as_expected == (verdict == "agrees" and says in ("agrees", "not run"))


def test_a_report_with_references_follows_its_schema_and_comes_back_the_same():
    needed("torch.matmul")
    found = [judged(entry(reference)) for reference in (RIGHT, WRONG)]
    whole = report(0, [Entry("squares", "mine", "x:1:1", found)])
    text = encoded(whole)
    jsonschema.validate(json.loads(text), schema())
    assert decoded(text) == whole


def test_the_schema_of_catalogs_knows_references():
    jsonschema.validate(
        {"f": {"title": "t", "group": "g", "source": "s", "reference": [
            {"call": "torch.amax", "gives": {"r[i]": "y[i]"}, "with": {"input": "x", "dim": 0}, "differs": "so"}]}},
        json_schema(),
    )  # fmt: skip
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {"f": {"title": "t", "group": "g", "source": "s", "reference": [{"call": "x"}]}}, json_schema()
        )


# --------------------------------------------------------------------------------- hostile catalogs


@pytest.mark.parametrize(
    "call",
    ["os.system", "torch.load", "torch.nn.functional.__import__", "numpy.load", "builtins.eval", "subprocess.run", ""],
)
def test_what_is_not_listed_is_refused_by_name(call):
    catalog = entry(f"{{call: '{call}', gives: y, with: {{input: x}}}}")
    (error,) = catalog.errors
    assert re.search("is no operator that a reference can name|call is empty", str(error))
    assert error.place.line == 11


def check(*words):
    """`derive check` in a process of its own, which forks workers: this one has libraries loaded that run threads."""
    code = "import sys; from derive.cli import run_command; sys.exit(run_command(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", code, "check", *words], capture_output=True, text=True, check=False)


def test_a_catalog_that_names_a_command_is_refused_with_status_2(tmp_path):
    file = tmp_path / "hostile.yaml"
    file.write_text(
        "f: {title: t, group: g, source: s, inputs: {x: real}, define: {y: x}, claims: [y == x],\n"
        "  reference: [{call: os.system, gives: y, with: {command: touch pwned}}]}\n"
    )
    run = check(str(file), "--witness", "exact,reference", "--jobs", "1")
    assert run.returncode == 2
    assert "os.system is no operator that a reference can name" in run.stderr
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("{call: torch.nn.functional.relu, gives: y, with: {input: '__import__(1)'}}", "not a name"),
        ("{call: torch.nn.functional.relu, gives: y, with: {input: 'x.sum()'}}", "not part of the language"),
        (
            "{call: torch.nn.functional.relu, gives: y, with: {inputs: x}}",
            r"no argument of .* \(did you mean input\?\)",
        ),
        ("{call: torch.nn.functional.relu, gives: y}", "needs input"),
        ("{call: torch.nn.functional.rleu, gives: y}", r"did you mean torch.nn.functional.relu\?"),
        ("{call: torch.nn.functional.relu, gives: z, with: {input: x}}", "z is no definition of this formula"),
        ("{call: torch.nn.functional.relu, gives: x, with: {input: x}}", "x is no definition of this formula"),
        ("{call: torch.nn.functional.relu, gives: y, with: {'input[i:k]': 1}}", "k is no size of this formula"),
        ("{call: torch.nn.functional.relu, gives: y, with: {input: x, 'input[i]': 'x[i]'}}", "given twice"),
        ("{call: torch.nn.functional.gelu, gives: y, with: {input: x, approximate: fast}}", "one of none, tanh"),
        ("{call: torch.amax, gives: y, with: {input: x, 'dim[i, j:2]': 'x[i]'}}", "a number or a list of numbers"),
        ("{call: torch.nn.functional.relu, gives: y, with: {input: x}, run: yes}", "unknown field run"),
        ("{gives: y, with: {input: x}}", "lacks call"),
        ("torch.nn.functional.relu", "has fields"),
    ],
)
def test_a_mistake_in_a_reference_is_shown_at_its_place(reference, message):
    catalog = entry(reference)
    assert re.search(message, str(catalog.errors[0])), catalog.errors
    assert catalog.errors[0].place.line == 11


def test_names_of_a_reference_stay_out_of_the_formula():
    catalog = entry("{call: scipy.special.kl_div, gives: y, with: {x: x, 'y[q]': 'x[q]'}}", claim="y[q] == x[q]**2")
    assert catalog.errors == []
    formula = catalog.formulas["squares"]
    assert [tensor.name for tensor in formula.tensors()] == ["x", "y"]
    assert not any("argument" in str(part) for claim in formula.claims for part in walk(claim.left))


# ---------------------------------------------------------------------------------- our own side


def test_our_gradient_is_that_of_the_definition_contracted_with_what_comes_in():
    # d/dx[k] sum g[i]*x[i]**2 = 2*g[k]*x[k]; the library's, here half of it, is pulled back through x**2 to the input
    formula = entry(RIGHT).formulas["squares"]
    at = Point(formula, formula.references[0], draw(formula, 0, 0))
    x = np.array([float(value) for value in at.draw.values[formula.inputs[0]]])
    g = np.arange(1.0, 1.0 + len(x))
    ((ours, theirs),) = at.gradients(list(formula.inputs), [g], {"input": g / 2})
    assert np.allclose(ours.value, 2 * g * x, rtol=1e-15)
    assert np.allclose(theirs.value, g * x, rtol=1e-15)
    assert (ours.radius > 0).all()
    assert (ours.radius < 1e-14 * np.abs(ours.value)).all()


def test_the_allowance_grows_with_what_cancels():
    # 1e9 + x - 1e9 has lost nine digits in any float64 library, and the 53 bits of balls know it
    plain, cancelling = (
        entry(RIGHT, define=f"y[i]: {body}").formulas["squares"] for body in ("x[i]**2", "(x[i] + 10**9)**2 - 10**18")
    )
    radii = []
    for formula in (plain, cancelling):
        at = Point(formula, formula.references[0], draw(formula, 0, 0))
        (known,) = at.known(formula.references[0].results)
        radii.append(float((known.radius / np.abs(known.value)).max()))
    assert radii[0] < 1e-15
    assert 1e-10 < radii[1] < 1e-3


def test_the_report_is_the_same_for_any_number_of_workers():
    needed("torch.matmul")
    arguments = ["relu", "mse", "--witness", "exact,reference", "--output-format", "json", "--jobs"]
    one, two = check(*arguments, "1"), check(*arguments, "2")
    assert one.returncode == two.returncode == 0
    assert one.stdout == two.stdout
    said = [
        claim["witnesses"]["reference"] for entry in json.loads(one.stdout)["formulas"] for claim in entry["claims"]
    ]
    assert "agrees" in [found["says"] for found in said if found]
