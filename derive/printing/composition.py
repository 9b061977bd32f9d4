"""From index expressions to layouts: quotients as fractions, bound indices without capture, brackets where needed."""

from collections.abc import Callable
from fractions import Fraction as Rational
from typing import Any

from derive.expression import (
    ZERO,
    Add,
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
    Variable,
    Where,
    add,
    number,
    power,
)
from derive.printing.joining import (
    ATOM,
    LOOSE,
    PRODUCT,
    SCRIPTED,
    SUM,
    UNIT,
    Piece,
    is_counted,
    is_large,
    linear,
    negative,
    numerals,
    product,
    split,
)
from derive.printing.layout import (
    AND,
    APPLY,
    BODY,
    COMMA,
    DISTRIBUTED,
    EXPECTED,
    FIRST,
    MINUS,
    NORMAL,
    NOT,
    ONE,
    PARTIAL,
    PLUS,
    RELATIONS,
    SLASH,
    THIN,
    Big,
    Box,
    Cases,
    Digits,
    Fenced,
    Fraction,
    Matrix,
    Phrase,
    Relation,
    Root,
    Scripts,
    Symbol,
    Word,
    joined,
    row,
)
from derive.printing.naming import Naming
from derive.printing.notation import notation


class Composer(Naming):
    """Lays out expressions that stand together, so that a name means the same in all of them.

    among: all of them.  letters: the names to prefer for a bound index over an axis.
    """

    def box(self, node: Node) -> Box:
        """The layout of an expression."""
        with self.line(node):
            return self.piece(node).box

    def relation(self, left: Node, operator: str, right: Node) -> Relation:
        """The layout of a line of a display; operator: == != < <= > >=."""
        with self.line(left, right):
            return Relation(self.piece(left).held(SUM), RELATIONS[operator], self.piece(right).box)

    def piece(self, node: Node) -> Piece:
        return RULES[type(node)](self, node)

    # ------------------------------------------------------------------------ sums and products

    def of_sum(self, node: Add) -> Piece:
        items: list[Box] = []
        for term in node.terms:
            part = self.piece(term)
            if part.unsigned is not None:
                items += [MINUS, part.unsigned] if items else [part.box]
            else:
                items += [PLUS, part.held(PRODUCT)] if items else [part.held(PRODUCT)]
        return Piece(row(*items), SUM)

    def of_product(self, node: Node) -> Piece:
        coefficient, above, below = split(node)
        over = [self._big(part) if isinstance(part, Reduce) else self.piece(part) for part in above]
        under = [self.piece(part) for part in below]
        top, bottom = numerals(abs(coefficient))
        under[:0] = bottom
        beside: list[Piece] = []
        if under:
            plain = all(isinstance(part, (Size, Element, Constant)) for part in below)
            aside = [
                (plain and piece.closed is not None) or isinstance(part, Derivative)
                for part, piece in zip(above, over, strict=True)
            ]
            beside = [piece for piece, is_aside in zip(over, aside, strict=True) if is_aside]
            over = [piece for piece, is_aside in zip(over, aside, strict=True) if not is_aside]
        over = [*top, *over] or [UNIT]
        if self.is_small and len(under) == 1 and under[0].grip == ATOM:
            over = [Piece(row(product(over), SLASH, under[0].box), PRODUCT)]
        elif under:
            over = [Piece(Fraction(product(over), product(under)), PRODUCT)]
        whole = [*over, *beside]
        if coefficient < 0:
            return negative(product(whole) if len(whole) > 1 else whole[0].held(PRODUCT))
        return whole[0] if len(whole) == 1 else Piece(product(whole), PRODUCT)

    def of_power(self, node: Power) -> Piece:
        base, exponent = node.base, node.exponent
        if isinstance(exponent, Number) and exponent.numerator < 0:
            return self.of_product(node)
        if exponent is number(Rational(1, 2)):
            return Piece(Root(self.piece(base).box), ATOM)
        script = self.script(exponent)
        if isinstance(base, Call) and isinstance(exponent, Number) and exponent.denominator == 1:
            head = self._notation(base.function)
            if isinstance(head, Word):
                argument = Fenced(self.piece(base.argument).box)
                return Piece(row(Scripts(head, above=script), APPLY, argument), SCRIPTED)
        return Piece(Scripts(self.piece(base).held(ATOM), above=script), SCRIPTED)

    def script(self, exponent: Node) -> Box:
        """An exponent, a small quotient written on one line: x to the 1/p."""
        coefficient, above, below = split(exponent)
        top, bottom = numerals(abs(coefficient))
        over = [*top, *map(self.piece, above)] or [UNIT]
        under = [*bottom, *map(self.piece, below)]
        if len(over) == len(under) == 1 and over[0].grip >= SCRIPTED and under[0].grip == ATOM:
            quotient = row(over[0].box, SLASH, under[0].box)
            return negative(quotient).box if coefficient < 0 else quotient
        return self.piece(exponent).box

    # ------------------------------------------------------------------------------- functions

    def of_call(self, node: Call) -> Piece:
        return self.applied(node.function, self.piece(node.argument))

    def applied(self, function: str, argument: Piece) -> Piece:
        """A function of an argument that is laid out already."""
        head = self._notation(function)
        match head:
            case str():
                return Piece(Fenced(argument.box, head), ATOM)
            case Symbol("e"):
                if not is_large(argument.box):
                    return Piece(Scripts(head, above=argument.box), SCRIPTED)
                head = Word(function)
            case Symbol():
                return Piece(row(head, APPLY, Fenced(argument.box)), ATOM)
        closed = row(head, APPLY, Fenced(argument.box))
        if function == "exp" or argument.grip < ATOM:
            return Piece(closed, SCRIPTED)
        return Piece(row(head, APPLY, argument.box), PRODUCT, closed)

    def _notation(self, function: str) -> Word | Symbol | str:
        """How a function is written; by its name where its symbol is that of an input."""
        head = notation(function)
        symbol = Symbol(head.text, is_upright=True) if isinstance(head, Word) else head
        return Word(function) if symbol in self.taken else head

    def of_extremum(self, node: Extremum) -> Piece:
        arguments = joined([self.piece(argument).box for argument in node.arguments], COMMA)
        return Piece(row(Word(node.kind), APPLY, Fenced(arguments)), SCRIPTED)

    def of_delta(self, node: Delta) -> Piece:
        if self.delta_is_taken:
            equal = row(self.piece(node.left).box, RELATIONS["=="], self.piece(node.right).box)
            return Piece(Scripts(ONE, equal), ATOM)
        return Piece(Scripts(Symbol("delta"), self.subscripts((node.left, node.right))), ATOM)

    def of_compare(self, node: Compare) -> Piece:
        left, right = self.piece(node.left).held(SUM), self.piece(node.right).held(SUM)
        return Piece(row(left, RELATIONS[node.operator], right), LOOSE)

    def of_logic(self, node: Logic) -> Piece:
        if node.operator == "not":
            return Piece(row(NOT, self.piece(node.conditions[0]).held(SUM)), LOOSE)
        items, before = list[Box](), None
        for condition in node.conditions:
            if isinstance(before, Compare) and isinstance(condition, Compare) and before.right is condition.left:
                items += [RELATIONS[condition.operator], self.piece(condition.right).held(SUM)]
            else:
                grip = LOOSE if isinstance(condition, Compare) else SUM
                items += [Phrase(node.operator)] if items else []
                items.append(self.piece(condition).held(grip))
            before = condition
        return Piece(row(*items), LOOSE)

    def of_where(self, node: Node) -> Piece:
        rows = list[tuple[Box, Box]]()
        while isinstance(node, Where):
            rows.append((self.piece(node.then).box, row(Phrase("if"), self.piece(node.condition).box)))
            node = node.otherwise
        rows.append((self.piece(node).box, Phrase("otherwise")))
        return Piece(Cases(tuple(rows)), LOOSE)

    def of_table(self, node: Table) -> Piece:
        return Piece(Scripts(self.matrix(node.entries), self.subscripts(node.subscripts)), SCRIPTED)

    def matrix(self, entries: Any) -> Box:
        """A literal array: a list is a column, a list of lists a matrix, deeper ones nest."""
        if not isinstance(entries, tuple):
            return self.piece(entries).box
        return Matrix(tuple(tuple(map(self.matrix, part if isinstance(part, tuple) else (part,))) for part in entries))

    # ------------------------------------------------------------------- binders and derivatives

    def of_reduce(self, node: Reduce) -> Piece:
        return self.of_product(node) if node.kind == "mean" else self._big(node)

    def _big(self, node: Reduce) -> Piece:
        """The operator over its indices, and the body. A mean is written as the sum: `split` has its sizes."""
        kind = "sum" if node.kind == "mean" else node.kind
        with self.naming(node.bound, node.hint or ()) as names:
            limits = [self._limits(index, node.body) for index in node.bound]
            if any(limits):
                signs = [
                    Big(kind, row(name, FIRST, ends[0]), ends[1]) if ends else Big(kind, name)
                    for name, ends in zip(names, limits, strict=True)
                ]
            else:
                signs = [Big(kind, joined(names, AND))]
            body = self.piece(node.body).held(PRODUCT if kind in ("sum", "prod") else SCRIPTED)
            whole = joined([*signs, body], BODY)
        return Piece(whole, PRODUCT, Fenced(whole))

    def _limits(self, index: Index, body: Node) -> tuple[Box, Box] | None:
        """First and last value, where they matter: a plain axis is not counted through."""
        start, size = index.axis.start, index.axis.size
        if start is ZERO and isinstance(size, (Size, Number)) and not is_counted(body, index):
            return None
        return self.piece(start).box, self.piece(linear(add(start, size, -1))).box

    def of_expectation(self, node: Expect) -> Piece:
        law = joined([self.piece(node.mean).box, self.piece(power(node.deviation, 2)).box], COMMA)
        with self.naming(node.bound, node.hint or ()) as (name,):
            inside = self.piece(node.body).box
        below = row(name, DISTRIBUTED, NORMAL, Fenced(law))
        return Piece(row(Scripts(EXPECTED, below), Fenced(inside, "[]")), SCRIPTED)

    def of_derivative(self, node: Derivative) -> Piece:
        times = {by: node.by.count(by) for by in node.by}
        sign = Scripts(PARTIAL, above=Digits(str(len(node.by)))) if len(node.by) > 1 else PARTIAL
        under = joined(
            [
                row(PARTIAL, Scripts(self.piece(by).held(ATOM), above=Digits(str(n))) if n > 1 else self.piece(by).box)
                for by, n in times.items()
            ],
            THIN,
        )
        if isinstance(node.body, Element):
            return Piece(Fraction(row(sign, self.piece(node.body).box), under), PRODUCT)
        whole = row(Fraction(sign, under), BODY, self.piece(node.body).held(SCRIPTED))
        return Piece(whole, PRODUCT, Fenced(whole))


RULES: dict[type[Node], Callable[[Composer, Any], Piece]] = {
    Number: Composer.of_product,
    Constant: Composer.of_constant,
    Size: Composer.of_size,
    Index: Composer.of_leaf,
    Variable: Composer.of_leaf,
    Element: Composer.of_element,
    Add: Composer.of_sum,
    Multiply: Composer.of_product,
    Power: Composer.of_power,
    Call: Composer.of_call,
    Extremum: Composer.of_extremum,
    Compare: Composer.of_compare,
    Logic: Composer.of_logic,
    Where: Composer.of_where,
    Delta: Composer.of_delta,
    Table: Composer.of_table,
    Derivative: Composer.of_derivative,
    Reduce: Composer.of_reduce,
    Expect: Composer.of_expectation,
}
