"""`derive d`: the derivative of an expression, in one line."""

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from derive.cli.help import Command
from derive.cli.options import BROKEN, SECONDS, TIMEOUT, no_cache
from derive.errors import UndefinedError, UnsupportedError
from derive.fitting import message
from derive.output import columns, complain, screen, write
from verify.patience import OutOfTime, limited

if TYPE_CHECKING:
    from derive.answer import Answer
    from derive.question import Question
    from verify.report import Judged

FORMATS = ("text", "latex", "unicode", "mathml", "markdown", "sympy", "json")
CODE = ("numpy", "torch", "jax", "c")
SCHEMA = "derive-answer/1"
SIGNED = re.compile(r"-\w+\s*[-+*/(\[]")  # -h*x, and not -h
UNKNOWN = 1  # the exit status where the derivative is not known to be right

Lines = tuple[str, ...]
given = click.option("--input", "inputs", multiple=True, metavar="NAME: DOMAIN[AXES]", help="Declare an input.")
defined = click.option("--define", multiple=True, metavar="NAME[i]: EXPRESSION", help="Define a name.")


def pairs(lines: Lines, what: str) -> list[tuple[str, str]]:
    """The two sides of each line."""
    from derive.question import pair

    return [pair(line, what) for line in lines]


class Expressions(Command):
    """A command whose arguments may start with a minus sign, as an expression may and no option does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        short = {name for param in self.get_params(ctx) for name in param.opts if len(name) == 2}

        def is_expression(word: str) -> bool:
            return (
                word[:1] == "-" != word[1:2] and (word[:2] not in short or bool(SIGNED.match(word))) and len(word) > 1
            )

        return super().parse_args(ctx, [f" {word}" if is_expression(word) else word for word in args])


@click.command(cls=Expressions)
@click.argument("expression")
@click.argument("by", nargs=-1, required=True)
@given
@defined
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--code", type=click.Choice(CODE), help="Write code for it instead: the value and the gradient.")
@click.option("--seed", type=int, default=0, show_default=True, help="Chooses the points that are tried.")
@click.option("--timeout", type=SECONDS, default=TIMEOUT, show_default=True,
              help="Seconds for all of it.")  # fmt: skip
@no_cache
@click.pass_context
def d(
    ctx: click.Context, expression: str, by: Lines, inputs: Lines, define: Lines, form: str, code: str | None,
    seed: int, timeout: float, no_cache: bool,
) -> None:  # fmt: skip
    """Differentiate EXPRESSION by BY, an input or an element of one: x, x[k].

    For every size, in one line: the derivative in a short form, its verdict, its LaTeX. Several BY differentiate in
    turn. Inputs that are not declared are inferred where that is clear, and what was assumed is said. The form is
    judged as a claim would be, by the algebra, in exact arithmetic and by differences of the expression itself.

    Exit status: 0 proved, or agrees; 1 not known (the time was over, there is no rule); 2 the question was refused;
    3 the engine contradicts itself.
    """
    from derive.question import derivative

    question = derivative(expression.strip(), by, pairs(inputs, "input"), pairs(define, "define"))
    try:
        answer = answered(question, seed, timeout, no_cache)
    except OutOfTime:
        complain(f"derive: no derivative within {timeout:g} s")
        ctx.exit(UNKNOWN)
    except (UnsupportedError, UndefinedError, MemoryError) as error:
        complain(f"derive: no derivative: {error or 'out of memory'}")
        ctx.exit(UNKNOWN)
    except RecursionError:
        complain("derive: no derivative: the expression is nested too deeply")
        ctx.exit(UNKNOWN)
    is_known = bool(answer.verdict)
    if code and is_known:
        write(written(ctx, question, by, code))
    elif is_known or form in ("text", "json"):
        write(shown(answer, form))
    if code or form not in ("text", "json"):
        for line in answer.told():
            complain(line.strip())
    ctx.exit(0 if is_known else BROKEN if answer.verdict.verdict in ("refuted", "conflict") else UNKNOWN)


def answered(question: "Question", seed: int, timeout: float, no_cache: bool) -> "Answer":
    """The answer, from the store if the same was asked before. Raises OutOfTime."""
    from derive import api
    from derive.judging import QUICK
    from verify import store
    from verify.slot import Kept, Read, is_final
    from verify.testimony import Settings

    if no_cache:
        with limited(timeout):
            return api.answered(question, seed)
    with store.opened(complain) as kept:
        key = kept.key_of(Settings(seed=seed, witnesses=QUICK))(question.formula.text, "derive d")
        known = kept.find([key]).get(key)
        if known is not None:
            asked = reread(question, known.claims)
            if asked is not None:
                return api.answer(asked, known.claims[0], seed)
        with limited(timeout):  # nothing is open inside that has to be closed
            answer, found = api.worked_out(question, seed)
        if is_final(found):
            kept.keep(key, Kept(Read(question.formula.name), [found]))
    return answer


def reread(question: "Question", claims: "list[Judged]") -> "Question | None":
    """The question with the form that an earlier answer has, read from its text; None where that is another's."""
    from derive.catalog import scope_of
    from derive.errors import CatalogError
    from derive.language.notation import claim_sides

    try:
        (found,) = claims
        left, operator, right = claim_sides(found.claim, scope_of(question.formula))
    except (CatalogError, ValueError):
        return None
    if left is not question.wanted or operator != "==":
        return None
    asked = question.claiming(right)
    return asked if asked.formula.claims[0].text == found.claim else None


def shown(answer: "Answer", form: str) -> str:
    if form == "text":
        return message(answer.message(), screen(sys.stdout))
    if form == "json":
        return json.dumps(described(answer), indent=2, ensure_ascii=False) + "\n"
    return answer.written(form, columns())


def written(ctx: click.Context, question: "Question", by: Lines, target: str) -> str:
    """Code for the value of the expression and its gradient by the input that is asked for."""
    from derive.export import Options, source
    from derive.question import program

    if len(by) > 1:
        raise click.UsageError("code is written for first derivatives: name one BY", ctx)
    try:
        formula, value, given = program(question)
        return source(formula, Options(target=target, of=(value,), by=(given,)))
    except UnsupportedError as error:
        complain(f"derive: no {target} code: {error}")
        ctx.exit(UNKNOWN)


def described(answer: "Answer") -> dict[str, Any]:
    """The answer as JSON."""
    (wanted, form), *where = answer.lines
    verdict = answer.verdict
    return {
        "schema": SCHEMA, "derivative": wanted, "is": form, "where": [{"name": n, "is": body} for n, body in where],
        "written_out": answer.text, "latex": answer.latex(), "verdict": verdict.verdict,
        "reason": verdict.reason or None, "witnesses": dict(verdict.witnesses), "assumed": list(verdict.assumed),
    }  # fmt: skip
