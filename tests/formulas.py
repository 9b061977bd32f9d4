"""Random formulas whose claims are known to be true, or to be a slip away from it: trees written in two ways.

A tree is written as text by `plain`, or by `rewritten`, which takes identities that hold for all real numbers at
random, and may take one that does not hold. Made from a seed and a number alone, so that any formula is found again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from derive.algebra.steps import Step
from derive.catalog import quick
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import arena
from derive.formula import Claim, Formula
from derive.proof import Algebra
from verify.differences import compare
from verify.floats.arrays import Reads
from verify.judge import decide, hear, summoned
from verify.points import points
from verify.steps import checked
from verify.testimony import Settings

SETTINGS = Settings(draws=2, digits=40, is_shown=False, witnesses=("algebra", "exact", "differences"))

INPUTS = {
    "x": "real[n]", "y": "real[n]", "W": "real[m, n]", "q": "simplex[n]", "o": "onehot[n]", "s": "sign[n]",
    "p": "positive[n]", "z": "real[2*n+1]", "u": "real[1..T]", "a": "positive", "b": "unit", "c": "real",
}  # fmt: skip
OVER_N, OVER_M, OVER_T = "ijkl", "r", "t"
KINDS = ("forms", "forms", "gradients", "gradients", "derived", "derived", "second", "recurrence", "slip", "slip",
         "slip in a gradient", "slip in a gradient")  # fmt: skip
SIGNS = {"add": "+", "sub": "-", "mul": "*"}
Tree = tuple[Any, ...]


@dataclass(frozen=True)
class Asked:
    """What is judged. is_true: the claim holds by the way it was made; otherwise it has a slip, which may be harmless.

    derived: the right side is not in the claim, but what the algebra derives of the left.
    """

    kind: str
    define: dict[str, str]
    claim: str
    is_true: bool
    derived: bool = False


def judged_at(asked: Asked, is_whole: bool = False) -> tuple[str, str]:
    """What algebra, exact and differences find, in a word, and why.

    is_whole: by the panel that `derive check` asks, which decides. Otherwise at fewer points, for the sake of numbers:
    the proof, every step of it and the claim in balls at two points, and differences at one. "conflict" where one
    denies what another says; a claim that is not proved is "refuted" or "agrees", as the balls find.
    """
    with arena():
        formula = formula_of(asked)
        claim = formula.claims[0]
        if asked.derived:
            try:
                claim = replace(claim, right=Algebra(formula).ring(True).canonical(claim.left))
            except (UnsupportedError, UndefinedError) as problem:
                return "unsupported", str(problem)
        return _by_all(formula, claim) if is_whole else _quickly(formula, claim)


def _by_all(formula: Formula, claim: Claim) -> tuple[str, str]:
    verdict, reason = decide(hear(summoned(formula, SETTINGS), claim, SETTINGS))
    return verdict, reason or ""


def _quickly(formula: Formula, claim: Claim) -> tuple[str, str]:
    algebra = Algebra(formula, is_recorded=True)
    try:
        is_equal = algebra.prove(claim).equal
    except (UnsupportedError, UndefinedError):
        is_equal = False
    program = list(algebra.derivatives.values())
    here = Step("claim", claim.left, claim.right, claim.operator)
    in_balls = checked(formula, program, [*(algebra.steps or ()), here], points=1 if is_equal else 2)
    by_differences = _differences(formula, claim)
    found = f"balls: {in_balls.wrong or 'no difference'}; differences: {by_differences}"
    if in_balls.wrong and not in_balls.wrong.startswith("claim:"):
        return "conflict", f"a step is wrong: {in_balls.wrong}"
    if is_equal:
        return ("conflict" if in_balls.wrong or by_differences == "differs" else "proved"), found
    if (by_differences, bool(in_balls.wrong)) in (("agrees", True), ("differs", False)):
        return _by_all(formula, claim)  # at points of their own: asked anew about the same one
    return ("refuted" if in_balls.wrong else "agrees" if in_balls.right else "open"), found


def _differences(formula: Formula, claim: Claim) -> str:
    try:
        for at in points(formula, claim, SETTINGS, 1):
            return compare(formula, claim, at, Reads(formula)).says
    except (UnsupportedError, UndefinedError):
        pass
    return "open"


def formula_of(asked: Asked) -> Formula:
    return quick(asked.claim, asked.define, **_read_in(asked))


def _read_in(asked: Asked) -> dict[str, str]:
    """The inputs that the texts read: the fewer there are, the quicker a point is drawn."""
    words = set(re.findall(r"[A-Za-z]+", " ".join((asked.claim, *asked.define.values()))))
    return {name: domain for name, domain in INPUTS.items() if name in words or name == "x"}


def made(seed: int, number: int) -> Asked:
    """The formula of this number."""
    random = Random(f"{seed} {number}")
    return _MADE[kind](random) if (kind := random.choice(KINDS)) else None  # type: ignore[return-value]


# ------------------------------------------------------------------------------------ trees


def tree(random: Random, indices: str, depth: int) -> Tree:
    """An expression at these indices, as a tree: (kind, parts…); the bound index of a sum is its first part."""
    if depth == 0 or random.random() < 0.08:
        return _leaf(random, indices)
    kind = random.choice(("add", "add", "sub", "mul", "mul", "mul", "div", "call", "call", "square", "root", "sum",
                          "sum", "mean", "case", "max", "delta", "prod", "window"))  # fmt: skip
    free = [i for i in OVER_N if i not in indices]
    below = depth - 1
    if kind in ("add", "sub", "mul", "div", "max"):
        return kind, tree(random, indices, below), tree(random, indices, below)
    if kind == "call":
        name = random.choice(("exp", "sigmoid", "tanh", "relu", "abs", "softplus", "sin", "cos", "log"))
        return "call", name, tree(random, indices, below)
    if kind in ("square", "root"):
        return kind, tree(random, indices, below)
    if kind == "case":
        one, other = _leaf(random, indices), _leaf(random, indices)
        return "case", one, other, tree(random, indices, below), tree(random, indices, below)
    if not free:
        return _leaf(random, indices)
    if kind == "delta":
        here = [i for i in indices if i in OVER_N]
        body = tree(random, indices + free[0], below)
        return "sum", free[0], ("mul", ("delta", here[0], free[0]), body) if here else body
    if kind == "prod":
        return "prod", free[0], ("square", _leaf(random, free[0]))
    if kind == "window":
        return "sum", free[0], ("mul", ("element", f"z[2*{free[0]}+1]"), tree(random, indices + free[0], below))
    return kind, free[0], tree(random, indices + free[0], below)


def _leaf(random: Random, indices: str) -> Tree:
    choices = ["a", "b", "c", "n", "1", "2", "1/2", "-1"]
    for i in indices:
        if i in OVER_N:
            choices += [f"x[{i}]"] * 4 + [f"y[{i}]"] * 2 + [f"q[{i}]", f"o[{i}]", f"s[{i}]", f"p[{i}]", f"z[2*{i}]",
                                                            f"z[{i}+n]"]  # fmt: skip
            choices += [f"W[r, {i}]"] * 2 if "r" in indices else []
        if i == "t":
            choices += ["u[t]"] * 4
    return "element", random.choice(choices)


def has_binder(node: Tree) -> bool:
    return node[0] in ("sum", "mean", "prod") or any(has_binder(part) for part in node[1:] if isinstance(part, tuple))


def is_over(node: Tree, index: str) -> bool:
    """Whether the expression reads an index (no name is bound twice along a path)."""
    if node[0] in ("element", "delta"):
        return any(index in part.partition("[")[2] if "[" in part else part == index for part in node[1:])
    return any(is_over(part, index) for part in node[1:] if isinstance(part, tuple))


# ---------------------------------------------------------------------------------- writing


def plain(node: Tree) -> str:
    """The expression as it stands."""
    match node:
        case "element", text:
            return f"({text})" if text[0] == "-" or "/" in text else text
        case "delta", one, other:
            return f"delta({one}, {other})"
        case ("add" | "sub" | "mul") as kind, one, other:
            return f"({plain(one)} {SIGNS[kind]} {plain(other)})"
        case "div", one, other:
            return f"({plain(one)}/(1 + {plain(other)}**2))"
        case "square", one:
            return f"(({plain(one)})**2)"
        case "root", one:
            return f"sqrt(a + ({plain(one)})**2)"
        case "call", "log", one:
            return f"log(1 + ({plain(one)})**2)"
        case "call", name, one:
            return f"{name}({plain(one)})"
        case "max", one, other:
            return f"max({plain(one)}, {plain(other)})"
        case "case", left, right, then, otherwise:
            return f"where({plain(left)} > {plain(right)} + c/7, {plain(then)}, {plain(otherwise)})"
        case ("sum" | "mean" | "prod") as kind, index, body:
            # The index is in reach of n even where the body does not read it.
            return f"{kind}({plain(body)} + x[{index}] - x[{index}], {index})"
    raise AssertionError(node)


class Writer:
    """Writes a tree in another way: with identities that hold, and, if `slips`, once with one that does not."""

    def __init__(self, random: Random, slips: bool = False) -> None:
        self.random, self.slips = random, slips
        self.names = 0
        self.left = random.randint(0, 3)  # places that may slip are passed over until this many were met

    def __call__(self, node: Tree) -> str:
        if self.slips:
            self.left -= 1
            if self.left < 0 and (wrong := self._wrong(node)) is not None:
                self.slips = False
                return wrong
        if self.random.random() < 0.25:
            return self._as_it_stands(node)
        return self._otherwise(node)

    def _as_it_stands(self, node: Tree) -> str:
        return plain((*node,)) if node[0] in ("element", "delta") or not self.slips else self._otherwise(node)

    def _otherwise(self, node: Tree) -> str:
        pick: Callable[..., str] = lambda *forms: self.random.choice(forms)()  # noqa: E731
        match node:
            case ("element", _):
                return plain(node) if self.random.random() < 0.8 else f"(({plain(node)} + {plain(node)})/2)"
            case "delta", one, other:
                return pick(lambda: f"delta({other}, {one})", lambda: f"where({one} == {other}, 1, 0)")
            case "add", one, other:
                return pick(lambda: f"({self(other)} + {self(one)})", lambda: f"({self(one)} - -1*({self(other)}))")
            case "sub", one, other:
                return pick(lambda: f"(-({self(other)}) + {self(one)})", lambda: f"(-({self(other)} - {self(one)}))")
            case "mul", ("add" | "sub" as kind, one, other), factor:
                sign = "+" if kind == "add" else "-"
                return pick(lambda: f"({self(one)}*{self(factor)} {sign} {self(other)}*{self(factor)})",
                            lambda: f"({self(factor)}*({self(one)} {sign} {self(other)}))")  # fmt: skip
            case "mul", one, other:
                return pick(lambda: f"({self(other)}*{self(one)})", lambda: f"(-1*{self(one)}*-1*{self(other)})")
            case "div", one, other:
                return pick(lambda: f"({self(one)}*(({self(other)})**2 + 1)**(-1))",
                            lambda: f"((2*{self(one)})/(2 + 2*({self(other)})**2))")  # fmt: skip
            case "square", one:
                return pick(lambda: f"({self(one)}*{self(one)})", lambda: f"((-({self(one)}))**2)",
                            lambda: f"(abs({self(one)})**2)")  # fmt: skip
            case "root", one:
                return pick(lambda: f"((({self(one)})**2 + a)**(1/2))",
                            lambda: f"((({self(one)})**2 + a)/sqrt(a + ({self(one)})**2))")  # fmt: skip
            case "max", one, other:
                return pick(lambda: f"max({self(other)}, {self(one)})",
                            lambda: f"(-min(-({self(one)}), -({self(other)})))",
                            lambda: f"({self(one)} + relu({self(other)} - {self(one)}))")  # fmt: skip
            case "case", left, right, then, otherwise:
                parts = lambda: (self(left), self(right), self(then), self(otherwise))  # noqa: E731
                return pick(lambda: "where({0} <= {1} + c/7, {3}, {2})".format(*parts()),
                            lambda: "where({1} + c/7 < {0}, {2}, {3})".format(*parts()),
                            lambda: "where(not ({0} > {1} + c/7), {3}, {2})".format(*parts()))  # fmt: skip
            case "call", name, one:
                return self._call(name, one)
            case ("sum" | "mean") as kind, index, body:
                return self._reduced(kind, index, body)
            case "prod", index, body:
                return f"prod({self(body)} + y[{index}] - y[{index}], {index})"
        raise AssertionError(node)

    def _call(self, name: str, one: Tree) -> str:
        forms = {
            "exp": ("(1/exp(-({0})))", "(exp(({0})/2)**2)", "(exp({0} + 1)/exp(1))"),
            "sigmoid": (
                "(1/(1 + exp(-({0}))))",
                "(1 - sigmoid(-({0})))",
                "(exp({0})/(1 + exp({0})))",
                "((1 + tanh(({0})/2))/2)",
            ),
            "tanh": (
                "(2*sigmoid(2*({0})) - 1)",
                "(-tanh(-({0})))",
                "((exp({0}) - exp(-({0})))/(exp({0}) + exp(-({0}))))",
            ),
            "relu": ("max(0, {0})", "where({0} > 0, {0}, 0)", "((abs({0}) + {0})/2)", "(-min(0, -({0})))"),
            "abs": ("max({0}, -({0}))", "abs(-({0}))", "(relu({0}) + relu(-({0})))", "where({0} < 0, -({0}), {0})"),
            "softplus": ("log(1 + exp({0}))", "({0} + softplus(-({0})))", "(-log(sigmoid(-({0}))))"),
            "sin": ("(-sin(-({0})))", "sin({0})"),
            "cos": ("cos(-({0}))", "cos({0})"),
            "log": ("log(({0})**2 + 1)", "(log(2 + 2*({0})**2) - log(2))", "(-log(1/(1 + ({0})**2)))"),
        }[name]
        return self.random.choice(forms).format(self(one))

    def _reduced(self, kind: str, index: str, body: Tree) -> str:
        scale = "/n" if kind == "mean" else ""
        match body:
            case ("add" | "sub") as how, one, other if self.random.random() < 0.6:
                sign = "+" if how == "add" else "-"
                return f"({self._reduced(kind, index, one)} {sign} {self._reduced(kind, index, other)})"
            case "mul", one, other if not is_over(one, index) and self.random.random() < 0.6:
                return f"({self(one)}*{self._reduced(kind, index, other)})"
            case "mul", ("delta", one, other), rest if other == index and self.random.random() < 0.6:
                return f"({self(_moved(rest, other, one))}{scale})"
        name = index
        if self.random.random() < 0.4:
            self.names += 1
            name = f"h{self.names}"
        return f"(sum({self(_moved(body, index, name))} + y[{name}] - y[{name}], {name}){scale})"

    def _wrong(self, node: Tree) -> str | None:
        """A form that is not equal, as slips go; None where this node has none."""
        write = Writer(self.random)
        write.names = self.names + 50  # none that is bound around it
        match node:
            case "add", one, other:
                return f"({write(one)} - {write(other)})"
            case "sub", one, other:
                return f"({write(other)} - {write(one)})"
            case "mul", one, other:
                return self.random.choice(
                    (f"({write(one)}*{write(other)}*(1 + b/1000000))", f"({write(one)} + {write(other)})")
                )
            case "div", one, other:
                return (
                    f"({write(one)} + {write(one)}/{write(other)}**2)"
                    if other[0] == "element" and other[1] in "anb12"
                    else f"({write(one)}/(1 + abs({write(other)})))"
                )
            case "square", one:
                return self.random.choice((f"abs({write(one)})", f"-({write(one)})**2", f"({write(one)})**3"))
            case "root", one:
                return self.random.choice((f"(sqrt(a) + abs({write(one)}))", f"sqrt(({write(one)})**2)"))
            case "max", one, other:
                return self.random.choice(
                    (f"min({write(one)}, {write(other)})", f"relu({write(one)} - {write(other)})")
                )
            case "case", left, right, then, otherwise:
                return f"where({write(left)} > {write(right)} + c/6, {write(then)}, {write(otherwise)})"
            case "call", name, one:
                other = {"exp": "(1 + {})", "sigmoid": "tanh({})", "tanh": "sigmoid({})", "relu": "({})", "abs": "({})",
                         "softplus": "relu({})", "sin": "cos({})", "cos": "-cos({})",
                         "log": "log({}**2 + 2)"}[name]  # fmt: skip
                return other.format(f"({write(one)})")
            case "mean", index, body:
                return f"(sum({write(body)} + x[{index}] - x[{index}], {index})/(n + 1))"
            case "sum", index, body:
                shift = f"x[{index}]"
                return self.random.choice((
                    f"(n*{write(('mean', index, body))} + 1/n - 1)",
                    f"sum({write(body)} + {shift}, {index})",
                    f"mean({write(body)} + {shift} - {shift}, {index})",
                ))  # fmt: skip
        return None


def _moved(node: Tree, old: str, new: str) -> Tree:
    """With another name for a free index, which occurs in subscripts and deltas only."""
    if node[0] == "element":
        name, bracket, subscripts = node[1].partition("[")
        return "element", name + bracket + subscripts.replace(old, new)
    if node[0] == "delta":
        return ("delta", *(new if part == old else part for part in node[1:]))
    return tuple(_moved(part, old, new) if isinstance(part, tuple) else part for part in node)


# ---------------------------------------------------------------------------------- formulas


def _depth(random: Random) -> int:
    return random.choice((1, 2, 2, 2, 3))


def _by(random: Random, text: str) -> str:
    """What a derivative is taken by: an input that the text reads, x where it reads none of these."""
    found = [
        by for by in ("x[e]", "y[e]", "z[e]", "p[e]", "q[e]", "u[e]", "b", "c", "a") if re.search(rf"\b{by[0]}\b", text)
    ]
    return random.choice(found or ["x[e]"])


def _slipped(text: str, write: "Writer") -> str:
    """With a slip of a millionth, where no other was made."""
    return f"({text})*(1 + b/1000000)" if write.slips else text


def forms(random: Random, slips: bool = False) -> Asked:
    node = tree(random, "i", _depth(random))
    write = Writer(random, slips)
    other = _slipped(write(node), write)
    return Asked("slip" if slips else "forms", {}, f"{plain(node)} + x[i] - x[i] == {other} + x[i] - x[i]", not slips)


def gradients(random: Random, slips: bool = False) -> Asked:
    define, other = _losses(random, slips)
    by = _by(random, " ".join(define.values()))
    anchor = f"{by} - {by}"
    return Asked("slip in a gradient" if slips else "gradients", {**define, **other},
                 f"D(L, {by}) + {anchor} == D(M, {by}) + {anchor}", not slips)  # fmt: skip


def _losses(random: Random, slips: bool) -> tuple[dict[str, str], dict[str, str]]:
    """A loss through one or two definitions, and the same written otherwise."""
    inner, outer = tree(random, random.choice(("i", "i", "i", "ir")), random.choice((1, 1, 2))), tree(random, "i", 1)
    index = "[i, r]" if is_over(inner, "r") else "[i]"
    sums = "i, r" if index == "[i, r]" else "i"
    write = Writer(random, slips)
    one = {f"v{index}": f"{plain(inner)} + x[i] - x[i]", "L": f"sum(v{index}*{plain(outer)}, {sums})"}
    two = {f"w{index}": f"{write(inner)} + x[i] - x[i]"}
    two["M"] = f"sum(w{index}*({_slipped(write(outer), write)}), {sums})"
    return one, two


def derived(random: Random) -> Asked:
    define, _ = _losses(random, False)
    by = _by(random, " ".join(define.values()))
    return Asked("derived", define, f"D(L, {by}) == D(L, {by})", True, derived=True)


def second(random: Random) -> Asked:
    node = tree(random, "i", random.choice((1, 2)))
    write = Writer(random)
    define = {"L": f"sum({plain(node)} + x[i] - x[i], i)", "M": f"sum({write(node)} + x[i] - x[i], i)"}
    one, other = random.choice((("x[e]", "x[f]"), ("x[e]", "y[f]"), ("x[e]", "c"), ("y[e]", "a"), ("z[e]", "x[f]")))
    anchor = "".join(f" + {part} - {part}" for part in (one, other))
    if random.random() < 0.3:
        return Asked("second", define, f"D(L, {one}, {other}){anchor} == D(L, {other}, {one}){anchor}", True, True)
    return Asked("second", define, f"D(L, {one}, {other}){anchor} == D(M, {other}, {one}){anchor}", True)


def recurrence(random: Random) -> Asked:
    keep, new, outer = tree(random, "t", 1), tree(random, "t", 1), random.choice(("m[t]", "m[t]**2", "u[t]*m[t]"))
    if has_binder(keep) or has_binder(new):
        keep, new = ("element", "b"), _leaf(random, "t")
    write = Writer(random)
    form = random.choice(("{1}*{2} + {0}", "{0} + tanh({1})*{2}", "{2}*(b + {1}) + {0}"))
    define = {"m[0]": "c", "m[t]": form.format(plain(new), plain(keep), "m[t-1]") + " + u[t] - u[t]",
              "L": f"sum({outer}, t)", "w[0]": "c",
              "w[t]": form.format(write(new), f"({write(keep)})", "w[t-1]") + " + u[t] - u[t]",
              "M": f"sum({outer.replace('m[', 'w[')}, t)"}  # fmt: skip
    by = random.choice(("u[e]", "u[e]", "c", "b"))
    if random.random() < 0.3:
        return Asked("recurrence", define, "m[t] + u[t] - u[t] == w[t] + u[t] - u[t]", True)
    return Asked("recurrence", define, f"D(L, {by}) + {by} - {by} == D(M, {by}) + {by} - {by}", True)


_MADE: dict[str, Callable[[Random], Asked]] = {
    "forms": forms,
    "gradients": gradients,
    "derived": derived,
    "second": second,
    "recurrence": recurrence,
    "slip": lambda random: forms(random, True),
    "slip in a gradient": lambda random: gradients(random, True),
}
