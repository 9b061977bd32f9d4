r"""LaTeX of an index expression: sums with \sum, quotients as fractions, bound indices named without capture."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from derive import functions
from derive.binding import walk
from derive.expression import (
    ZERO,
    Add,
    Axis,
    Call,
    Compare,
    Constant,
    Delta,
    Derivative,
    Element,
    Expect,
    Extremum,
    Index,
    Logic,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Table,
    Tensor,
    Variable,
    Where,
    add,
    number,
    power,
)
from derive.printing.layout import (
    ATOM,
    LOOSE,
    PRODUCT,
    SCRIPTED,
    SUM,
    Piece,
    bracketed,
    is_counted,
    is_large,
    linear,
    numerals,
    product,
    split,
)
from derive.printing.letters import alike, is_qualified, letter, subscripted, unused, upright

RELATIONS = {"==": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}


def latex(node: Node) -> str:
    r"""The LaTeX of an expression, for every size.

    >>> from derive.binding import total
    >>> from derive.expression import Index, Size, Tensor, axis, element
    >>> over = axis(Size("n"))
    >>> i, x = Index("i", over), Tensor("x", (over,), "real")
    >>> print(latex(total(element(x, i) ** 2, i) / 2))
    \frac{1}{2} \sum_{i} x_{i}^{2}
    """
    return Printer((node,)).text(node)


class Printer:
    """Prints expressions that stand together, so that a name means the same in all of them.

    among: all of them.  letters: the names to prefer for a bound index over an axis.
    """

    def __init__(self, among: Iterable[Node], letters: Mapping[Axis, Sequence[str]] | None = None) -> None:
        parts = {part for node in among for part in walk(node)}
        arrays = {part.name for part in parts if isinstance(part, Tensor) and part.axes}
        names = {part.name for part in parts if isinstance(part, (Tensor, Size))}
        self.letters = letters or {}
        self.spelled = alike(names, arrays)
        self.delta_is_taken = "delta" in arrays
        self.names = frozenset(map(letter, names))
        self.taken = set(self.names)
        self.called: dict[Node, str] = {}

    def text(self, node: Node) -> str:
        with self._line(node):
            return self.piece(node).text

    def relation(self, left: Node, operator: str, right: Node) -> str:
        """`left &= right`, for a display aligned at its signs."""
        with self._line(left, right):
            return f"{self.piece(left).held(SUM)} &{RELATIONS[operator]} {self.piece(right).text}"

    @contextmanager
    def _line(self, *nodes: Node) -> Iterator[None]:
        """Names that are free in what is printed together are taken; what the engine freed gets a name."""
        free = {leaf for node in nodes for leaf in node.free}
        self.taken |= {letter(leaf.name) for leaf in free if isinstance(leaf.name, str)}
        nameless = sorted((leaf for leaf in free if isinstance(leaf.name, int)), key=lambda leaf: leaf.serial)
        with self._naming(nameless, ()):
            yield
        self.taken = set(self.names)

    @contextmanager
    def _naming(self, leaves: Sequence[Index | Variable], hint: Sequence[str]) -> Iterator[list[str]]:
        chosen: list[str] = []
        for position, leaf in enumerate(leaves):
            usual = self.letters.get(leaf.axis, ()) if isinstance(leaf, Index) else ("z",)
            chosen.append(letter(unused([*hint[position : position + 1], *usual], self.taken)))
            self.taken.add(chosen[-1])
            self.called[leaf] = chosen[-1]
        yield chosen
        self.taken.difference_update(chosen)

    def piece(self, node: Node) -> Piece:
        return RULES[type(node)](self, node)

    # ---------------------------------------------------------------------------------- leaves

    def of_constant(self, node: Constant) -> Piece:
        return Piece(f"\\{node.name}", ATOM)

    def of_size(self, node: Size) -> Piece:
        return Piece(self._named(node.name), ATOM)

    def of_leaf(self, node: Index | Variable) -> Piece:
        return Piece(letter(node.name) if isinstance(node.name, str) else self.called[node], ATOM)

    def of_element(self, node: Element) -> Piece:
        name = node.tensor.name
        if not node.subscripts:
            return Piece(self._named(name), ATOM)
        if name in self.spelled:
            return Piece(f"{upright(name)}_{{{self._subscripts(node.subscripts)}}}", ATOM)
        return Piece(subscripted(name, self._subscripts(node.subscripts)), SCRIPTED if is_qualified(name) else ATOM)

    def _named(self, name: str) -> str:
        return upright(name) if name in self.spelled else letter(name)

    def _subscripts(self, subscripts: Sequence[Node]) -> str:
        texts = [self.piece(part).text for part in subscripts]
        if not all(isinstance(part, Index) for part in subscripts) or any("_" in text for text in texts):
            return ", ".join(texts)
        return ("" if all(len(text) == 1 for text in texts) else " ").join(texts)

    # ------------------------------------------------------------------------ sums and products

    def of_sum(self, node: Add) -> Piece:
        text = ""
        for term in node.terms:
            part = self.piece(term)
            negative = part.grip == SUM and part.text.startswith("-") and not isinstance(term, Add)
            joint = "" if not text else " - " if negative else " + "
            text += joint + (part.text[1 if text else 0 :] if negative else part.held(PRODUCT))
        return Piece(text, SUM)

    def of_product(self, node: Node) -> Piece:
        coefficient, above, below = split(node)
        over = [self._big(part) if isinstance(part, Reduce) else self.piece(part) for part in above]
        under = [self.piece(part) for part in below]
        top, bottom = numerals(abs(coefficient))
        under[:0] = bottom
        beside: list[Piece] = []
        if under:
            plain = all(isinstance(part, (Size, Element, Constant)) for part in below)
            aside = [(plain and bool(p.closed)) or isinstance(n, Derivative) for n, p in zip(above, over, strict=True)]
            beside = [piece for piece, is_aside in zip(over, aside, strict=True) if is_aside]
            over = [piece for piece, is_aside in zip(over, aside, strict=True) if not is_aside]
        over = [*top, *over] or [Piece("1", ATOM)]
        if under:
            over = [Piece(rf"\frac{{{product(over)}}}{{{product(under)}}}", PRODUCT)]
        whole = [*over, *beside]
        if coefficient < 0:
            return Piece("-" + (product(whole) if len(whole) > 1 else whole[0].held(PRODUCT)), SUM)
        return whole[0] if len(whole) == 1 else Piece(product(whole), PRODUCT)

    def of_power(self, node: Power) -> Piece:
        base, exponent = node.base, node.exponent
        if isinstance(exponent, Number) and exponent.numerator < 0:
            return self.of_product(node)
        if exponent is number(Fraction(1, 2)):
            return Piece(rf"\sqrt{{{self.piece(base).text}}}", ATOM)
        script = self._script(exponent)
        if isinstance(base, Call) and isinstance(exponent, Number) and exponent.denominator == 1:
            head, tail = self._template(base.function)
            if not tail:
                return Piece(f"{head}^{{{script}}}{bracketed(self.piece(base.argument).text)}", SCRIPTED)
        return Piece(f"{self.piece(base).held(ATOM)}^{{{script}}}", SCRIPTED)

    def _script(self, exponent: Node) -> str:
        """An exponent, a small quotient written on one line: x^{1/p}."""
        coefficient, above, below = split(exponent)
        top, bottom = numerals(abs(coefficient))
        over = [*top, *map(self.piece, above)] or [Piece("1", ATOM)]
        under = [*bottom, *map(self.piece, below)]
        if len(over) == len(under) == 1 and over[0].grip >= SCRIPTED and under[0].grip == ATOM:
            return f"{'-' if coefficient < 0 else ''}{over[0].text}/{under[0].text}"
        return self.piece(exponent).text

    # ------------------------------------------------------------------------------- functions

    def of_call(self, node: Call) -> Piece:
        argument = self.piece(node.argument)
        head, tail = self._template(node.function)
        if tail and not (tail == "}" and is_large(argument.text)):
            return Piece(head + argument.text + tail, SCRIPTED if tail == "}" else ATOM)
        head = head if not tail else f"\\{node.function}"
        closed = head + bracketed(argument.text)
        if tail or argument.grip < ATOM:
            return Piece(closed, SCRIPTED)
        return Piece(f"{head} {argument.text}", PRODUCT, closed)

    def _template(self, function: str) -> tuple[str, str]:
        """What stands before and behind the argument; spelled out where a name is written like the function."""
        head, _, tail = functions.TABLE[function].latex.format("\0").partition("\0")
        symbol = head.removesuffix(r"\left(").removesuffix("^{")
        if symbol in self.taken:
            return rf"\operatorname{{{function}}}", ""
        return head if tail else head.rstrip(), tail

    def of_extremum(self, node: Extremum) -> Piece:
        return Piece(rf"\{node.kind}{bracketed(', '.join(self.piece(a).text for a in node.arguments))}", SCRIPTED)

    def of_delta(self, node: Delta) -> Piece:
        if self.delta_is_taken:
            return Piece(rf"\mathbf{{1}}_{{{self.piece(node.left).text} = {self.piece(node.right).text}}}", ATOM)
        return Piece(rf"\delta_{{{self._subscripts((node.left, node.right))}}}", ATOM)

    def of_compare(self, node: Compare) -> Piece:
        left, right = self.piece(node.left).held(SUM), self.piece(node.right).held(SUM)
        return Piece(f"{left} {RELATIONS[node.operator]} {right}", LOOSE)

    def of_logic(self, node: Logic) -> Piece:
        if node.operator == "not":
            return Piece(rf"\lnot {self.piece(node.conditions[0]).held(SUM)}", LOOSE)
        text, last = "", None
        for condition in node.conditions:
            if isinstance(last, Compare) and isinstance(condition, Compare) and last.right is condition.left:
                text += f" {RELATIONS[condition.operator]} {self.piece(condition.right).held(SUM)}"
            else:
                grip = LOOSE if isinstance(condition, Compare) else SUM
                text += (rf" \text{{ {node.operator} }} " if text else "") + self.piece(condition).held(grip)
            last = condition
        return Piece(text, LOOSE)

    def of_where(self, node: Node) -> Piece:
        rows = []
        while isinstance(node, Where):
            rows.append(rf"{self.piece(node.then).text} & \text{{if }} {self.piece(node.condition).text}")
            node = node.otherwise
        rows.append(rf"{self.piece(node).text} & \text{{otherwise}}")
        return Piece(r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", LOOSE)

    def of_table(self, node: Table) -> Piece:
        return Piece(f"{self.matrix(node.entries)}_{{{self._subscripts(node.subscripts)}}}", SCRIPTED)

    def matrix(self, entries: Any) -> str:
        """A literal array: a list is a column, a list of lists a matrix, deeper ones nest."""
        if not isinstance(entries, tuple):
            return self.piece(entries).text
        rows = [" & ".join(map(self.matrix, row)) if isinstance(row, tuple) else self.matrix(row) for row in entries]
        return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"

    # ------------------------------------------------------------------- binders and derivatives

    def of_reduce(self, node: Reduce) -> Piece:
        return self.of_product(node) if node.kind == "mean" else self._big(node)

    def _big(self, node: Reduce) -> Piece:
        """The operator over its indices, and the body. A mean is written as the sum: `split` has its sizes."""
        kind = "sum" if node.kind == "mean" else node.kind
        with self._naming(node.bound, node.hint or ()) as names:
            limits = [self._limits(index, node.body) for index in node.bound]
            if any(first for first, _ in limits):
                below = [f"{name}={first}" if first else name for name, (first, _) in zip(names, limits, strict=True)]
                above = [f"^{{{last}}}" if last else "" for _, last in limits]
                signs = [rf"\{kind}_{{{b}}}{a}" for b, a in zip(below, above, strict=True)]
            else:
                signs = [rf"\{kind}_{{{','.join(names)}}}"]
            text = " ".join([*signs, self.piece(node.body).held(PRODUCT if kind in ("sum", "prod") else SCRIPTED)])
        return Piece(text, PRODUCT, bracketed(text))

    def _limits(self, index: Index, body: Node) -> tuple[str, str]:
        """First and last value, where they matter: a plain axis is not counted through."""
        start, size = index.axis.start, index.axis.size
        if start is ZERO and isinstance(size, (Size, Number)) and not is_counted(body, index):
            return "", ""
        return self.piece(start).text, self.piece(linear(add(start, size, -1))).text

    def of_expectation(self, node: Expect) -> Piece:
        law = f"{self.piece(node.mean).text}, {self.piece(power(node.deviation, 2)).text}"
        with self._naming(node.bound, node.hint or ()) as (name,):
            inside = self.piece(node.body).text
        return Piece(rf"\mathbb{{E}}_{{{name} \sim \mathcal{{N}}{bracketed(law)}}}\left[{inside}\right]", SCRIPTED)

    def of_derivative(self, node: Derivative) -> Piece:
        times = {by: node.by.count(by) for by in node.by}
        order = f"^{{{len(node.by)}}}" if len(node.by) > 1 else ""
        under = r" \, ".join(
            rf"\partial {self.piece(by).held(ATOM)}^{{{n}}}" if n > 1 else rf"\partial {self.piece(by).text}"
            for by, n in times.items()
        )
        if isinstance(node.body, Element):
            return Piece(rf"\frac{{\partial{order} {self.piece(node.body).text}}}{{{under}}}", PRODUCT)
        text = rf"\frac{{\partial{order}}}{{{under}}} {self.piece(node.body).held(SCRIPTED)}"
        return Piece(text, PRODUCT, bracketed(text))


RULES: dict[type[Node], Callable[[Printer, Any], Piece]] = {
    Number: Printer.of_product,
    Constant: Printer.of_constant,
    Size: Printer.of_size,
    Index: Printer.of_leaf,
    Variable: Printer.of_leaf,
    Element: Printer.of_element,
    Add: Printer.of_sum,
    Multiply: Printer.of_product,
    Power: Printer.of_power,
    Call: Printer.of_call,
    Extremum: Printer.of_extremum,
    Compare: Printer.of_compare,
    Logic: Printer.of_logic,
    Where: Printer.of_where,
    Delta: Printer.of_delta,
    Table: Printer.of_table,
    Derivative: Printer.of_derivative,
    Reduce: Printer.of_reduce,
    Expect: Printer.of_expectation,
}
