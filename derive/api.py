"""What `import derive` offers: formulas to load, claims to check, derivatives to ask for.

Like `derive.cli` this is a place where symbols and numbers are tied together; nothing else of `derive` knows it.
"""

from collections.abc import Mapping, Sequence
from html import escape
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from derive.answer import Answer
from derive.catalog import read, read_anew
from derive.errors import CatalogError
from derive.expression import Derivative, Element, Node
from derive.formula import Formula, renaming
from derive.judging import QUICK, judged, options, verdict_of
from derive.question import Question, claims, derivative, derivative_of, read_expression
from derive.selection import SHIPPED, select
from derive.verdict import WITNESSES, Verdict, together

if TYPE_CHECKING:
    from derive.compiled import Compiled
    from verify.report import Judged


class Loaded:
    """A formula of a catalog; made by `load`.

    >>> import derive
    >>> f = derive.load("softmax_ce_gradient")
    >>> print(f.latex("x[k]"))
    p_{k} - y_{k}
    >>> bool(f.check())
    True
    """

    def __init__(self, formula: Formula) -> None:
        self._formula = formula

    @property
    def formula(self) -> Formula:
        """What was read, with its own names of bound indices whatever else was read since."""
        return read_anew(self._formula)

    @property
    def name(self) -> str:
        return self._formula.name

    @property
    def title(self) -> str:
        return self._formula.title

    @property
    def claims(self) -> tuple[str, ...]:
        """The texts of its claims."""
        return tuple(claim.text for claim in self.formula.claims if claim.origin == "claim")

    @property
    def target(self) -> Node:
        """What is differentiated in its claims, or its last definition; CatalogError where there is neither."""
        for claim in self.formula.claims:
            if isinstance(claim.left, Derivative):
                return claim.left.body
        scalars = [d for d in self.formula.definitions if not d.indices]
        if not scalars:
            raise CatalogError(f"{self.name} has no natural target; name one, as in derivative('L', 'x[k]')")
        return Element(scalars[-1].tensor, ())

    def asked(self, *words: str) -> Derivative:
        """The derivative that the words name: "x[k]", "L" and "x[k]", or "D(L, x[k])"."""
        if len(words) == 1 and words[0].lstrip().startswith("D("):
            node = read_expression(self.formula, words[0])
            if isinstance(node, Derivative):
                return node
        if len(words) > 1:
            return derivative_of(self.formula, words[0], words[1:])
        if not words:
            raise CatalogError("by what? name an input or an element of one, such as x[k]")
        return derivative_of(self.formula, self.target, words)

    def derivative(self, *words: str) -> Any:
        """A derivative as a SymPy expression, for every size: of the natural target, or of what is named first.

        f.derivative("x[k]"), f.derivative("L", "x[k]") and f.derivative("D(L, x[k])") ask for the same, where L is
        the natural target. It stands in the form that the catalog claims where that is proved, else in a short one.
        Raises CatalogError at the place of a mistake, UnsupportedError where the engine has no rule.
        """
        from derive.exchange.symbols import to_sympy

        return to_sympy(self.form(self.asked(*words)), self.formula)

    def form(self, wanted: Derivative) -> Node:
        """The claimed form of a derivative where the algebra proves it, else the shortest that it finds."""
        from derive.binding import replace
        from derive.calculus import has_derivative
        from derive.forms.shortest import shortest
        from derive.forms.style import cost
        from derive.proof import Algebra

        algebra, forms = Algebra(self.formula), list[Node]()
        for claim in self.formula.claims:
            names = renaming(wanted, claim.left) if claim.operator == "==" else None
            if names is not None and not has_derivative(claim.right) and algebra.prove(claim).equal:
                forms.append(replace(claim.right, names))
        return min(forms, key=cost) if forms else shortest(self.formula, wanted).whole

    def latex(self, *words: str) -> str:
        """The definitions and the claimed derivatives as an align* display; with words, that derivative alone."""
        from derive.derivation.reading import letters
        from derive.printing.latex import Printer
        from derive.show import result

        if not words:
            return result(self.formula).latex()
        wanted = self.asked(*words)
        form = self.form(wanted)
        return Printer([wanted, form], letters(self.formula)).text(form)

    def steps(self) -> str:
        """How the claimed derivatives come about, as LaTeX: the chain of adjoints."""
        from derive.derivation.steps import derivation
        from verify.stepwise import checker

        return derivation(self.formula, checker(self.formula)).latex()

    def function(self, target: str = "numpy", of: str = "") -> "Compiled":
        """The value as a function of arrays, with its gradients; `of` names one where there are several.

        Raises UnsupportedError where a part of the formula has no code.
        """
        from derive.compiled import compiled

        return compiled(self.formula, target, of)

    def check(self, seed: int = 0, witnesses: Sequence[str] = WITNESSES) -> Verdict:
        """What is known of its claims."""
        return check(self, seed=seed, witnesses=witnesses)

    def __repr__(self) -> str:
        return f"<formula {self.name}: {self.title}>"

    def _repr_latex_(self) -> str:
        return self.latex()

    def _repr_html_(self) -> str:
        from derive.show import result

        return f"<p>{escape(self.title)}</p>{result(self.formula).mathml()}"


def load(name: str, file: str | PathLike[str] | None = None) -> Loaded:
    """The formula of that name or alias, from the shipped catalog or from a file.

    Raises CatalogError where the file or the entry is refused, UnknownWord (with the nearest name) where there is none.

    >>> import derive
    >>> derive.load("softmax_ce_gradient")
    <formula softmax_ce_gradient: Softmax cross-entropy and its gradient>
    """
    found = _formulas([name] if file is None else [fspath(file), name])
    if len(found) != 1:
        raise CatalogError(f"{name} is a group of {len(found)} formulas; name one of them")
    return Loaded(found[0])


def _formulas(words: Sequence[str]) -> list[Formula]:
    selection = select(words)
    if selection.errors:
        raise selection.errors[0]
    formulas: list[Formula] = []
    for file in selection.files:
        catalog = read(file.path, file.shown, {entry.name for entry in file.entries})
        if catalog.errors:
            raise catalog.errors[0]
        formulas += catalog.formulas.values()
    return formulas


# -------------------------------------------------------------------------------------- verdicts


def check(
    subject: str | PathLike[str] | Loaded,
    *,
    define: Mapping[str, str] | None = None,
    seed: int = 0,
    witnesses: Sequence[str] = WITNESSES,
    **inputs: str,
) -> Verdict:
    """Judge a claim, a loaded formula, or what a name, a group or the path of a catalog stands for.

    subject: a claim such as "D(L, x[k]) == 2*x[k]", with the inputs as keywords and the definitions as a mapping;
    inputs that are not declared are inferred where that is clear.  Raises CatalogError at the place of a mistake.

    >>> import derive
    >>> derive.check("D(sum(x[i]**2, i), x[k]) == 2*x[k]", x="real[n]").verdict
    'proved'
    >>> verdict = derive.check("D(sum(x[i]**2, i), x[k]) == x[k]", x="real[n]")
    >>> verdict.is_refuted, verdict.counterexample.sizes
    (True, {'n': 1})
    """
    if isinstance(subject, str) and any(sign in subject for sign in ("==", "<=", ">=")):
        question = claims([subject], inputs.items(), (define or {}).items())
        again = [*options([subject], inputs.items(), (define or {}).items(), "--claim")]
        (found,) = judged(question.formula, seed, witnesses)
        return verdict_of(found, again, seed, question.assumed)
    if inputs or define:
        raise CatalogError("inputs and definitions go with a claim, which has ==, <= or >=")
    if isinstance(subject, Loaded):
        return _of_formula(subject.formula, seed, witnesses)
    word = fspath(subject)
    return together(word, tuple(_of_formula(formula, seed, witnesses) for formula in _formulas([word])))


def _of_formula(formula: Formula, seed: int, witnesses: Sequence[str]) -> Verdict:
    file = [] if formula.place.file == SHIPPED else [formula.place.file]
    found = judged(formula, seed, witnesses)
    return together(formula.name, tuple(verdict_of(claim, [*file, formula.name], seed) for claim in found))


# ----------------------------------------------------------------------------------- derivatives


def d(expression: str, *by: str, define: Mapping[str, str] | None = None, seed: int = 0, **inputs: str) -> Answer:
    """The derivative of an expression by an element of an input, or by several in turn, for every size.

    Inputs that are not declared are inferred where that is clear; `assumed` then has them. Raises CatalogError at the
    place of a mistake, UnsupportedError where the engine has no rule, UndefinedError where nothing is defined.

    >>> import derive
    >>> answer = derive.d("sum(log(1 + exp(-y[i]*z[i])), i)", "z[k]")
    >>> print(answer, answer.verdict.verdict, answer.assumed)
    -y[k]*sigmoid(-y[k]*z[k]) proved ('y: real[n]', 'z: real[n]')
    """
    return answered(derivative(expression, by, inputs.items(), (define or {}).items()), seed)


def answered(question: Question, seed: int = 0) -> Answer:
    """The short form of the derivative that a question asks for, and its verdict."""
    return worked_out(question, seed)[0]


def worked_out(question: Question, seed: int = 0) -> "tuple[Answer, Judged]":
    """The answer, and what stands behind its verdict."""
    from derive.forms.shortest import shortest

    assert question.wanted is not None
    asked = question.claiming(shortest(question.formula, question.wanted).whole)
    (found,) = judged(asked.formula, seed, QUICK)
    return answer(asked, found, seed), found


def answer(question: Question, found: "Judged", seed: int) -> Answer:
    """The answer whose one claim was judged so."""
    from derive.forms.names import short

    (claim,), wanted = question.formula.claims, question.wanted
    assert wanted is not None
    form = short(question.formula, wanted, claim.right)
    again = options([claim.text], question.given, question.defined, "--claim")
    return Answer(question.formula, wanted, form, verdict_of(found, again, seed, question.assumed))
