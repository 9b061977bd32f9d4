"""Elementwise statements: numbers are folded, signs gathered, and factors of few axes multiplied first."""

from collections.abc import Sequence
from fractions import Fraction

from derive.export.program import Graph, Ref
from derive.expression import Index

_COMMUTES = {"add", "mul", "maximum", "minimum", "==", "!=", "and", "or"}


class Arithmetic:
    """Makes elementwise statements in a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def number(self, value: Fraction | int) -> Ref:
        return self.graph.make("number", (), (), detail=Fraction(value))

    def map(self, function: str, *refs: Ref) -> Ref:
        """An elementwise function of values, broadcast against one another; numbers are folded."""
        folded = self._folded(function, refs)
        if folded is not None:
            return folded
        if function in _COMMUTES and len(refs) == 2:
            turned = (refs[1], refs[0])
            if self.graph.known("map", turned, labels_of(turned), detail=function):
                refs = turned
        return self.graph.make("map", refs, labels_of(refs), detail=function)

    def _folded(self, function: str, refs: Sequence[Ref]) -> Ref | None:
        values = [ref.value.number for ref in refs]
        match function, values:
            case "add", [Fraction() as a, Fraction() as b]:
                return self.number(a + b)
            case "sub", [Fraction() as a, Fraction() as b]:
                return self.number(a - b)
            case "mul", [Fraction() as a, Fraction() as b]:
                return self.number(a * b)
            case "div", [Fraction() as a, Fraction() as b] if b:
                return self.number(a / b)
            case "neg", [Fraction() as a]:
                return self.number(-a)
            case ("mul", [Fraction(numerator=1, denominator=1), _]):
                return refs[1]
            case ("mul" | "div", [_, Fraction(numerator=1, denominator=1)]):
                return refs[0]
            case "mul", [Fraction(numerator=-1, denominator=1), _]:
                return self.map("neg", refs[1])
            case "add", [Fraction(numerator=0), _]:
                return refs[1]
            case ("add" | "sub", [_, Fraction(numerator=0)]):
                return refs[0]
            case "neg", [_] if refs[0].value.op == "map" and refs[0].value.detail == "neg":
                (operand, axes) = refs[0].value.operands[0]
                return Ref(operand, tuple(refs[0].labels[k] for k in axes))
        return None

    @staticmethod
    def unsigned(ref: Ref, negative: bool) -> tuple[Ref, bool]:
        """A value without the minus sign that it was made with, and whether it is negative."""
        if ref.value.op == "map" and ref.value.detail == "neg":
            operand, axes = ref.value.operands[0]
            return Ref(operand, tuple(ref.labels[k] for k in axes)), not negative
        return ref, negative

    def added(self, refs: list[tuple[Ref, bool]]) -> Ref:
        """Positive terms first, and those of few axes together, so that they are added before they are spread.

        refs: terms without their signs, and whether they are negative.
        """
        tiers: dict[frozenset[Index], list[tuple[Ref, bool]]] = {}
        for ref, negative in refs:
            tiers.setdefault(frozenset(ref.labels), []).append((ref, negative))
        if len(tiers) > 1 and len(refs) > 2:
            refs = [self._joined(group) for group in tiers.values()]
        whole, negative = self._joined(refs)
        return self.map("neg", whole) if negative else whole

    def _joined(self, refs: list[tuple[Ref, bool]]) -> tuple[Ref, bool]:
        ordered = sorted(refs, key=lambda part: part[1])
        whole, negative = ordered[0]
        for ref, other in ordered[1:]:
            whole = self.map("add" if other is negative else "sub", whole, ref)
        return whole, negative

    def product(self, coefficient: Fraction, above: list[Ref], below: list[Ref]) -> Ref:
        """Factors of few axes are multiplied first; a division over few axes becomes a factor of the others."""
        above = _with_densities(self, above)
        negative = coefficient < 0
        coefficient = abs(coefficient)
        for factors in (above, below):
            for k, ref in enumerate(factors):
                factors[k], negative = self.unsigned(ref, negative)
        if coefficient.numerator != 1:
            above = [self.number(coefficient.numerator), *above]
        if coefficient.denominator != 1:
            below = [self.number(coefficient.denominator), *below]
        tiers = sorted(dict.fromkeys(frozenset(ref.labels) for ref in (*above, *below)), key=len)
        whole: Ref | None = None
        under: Ref | None = None
        for tier in tiers:
            tops = [ref for ref in above if frozenset(ref.labels) == tier]
            bottoms = [ref for ref in below if frozenset(ref.labels) == tier]
            if whole is not None and under is not None:
                whole, under = self.map("div", whole, under), None
            elif under is not None and tops and not (tier is tiers[-1] and under.value.is_static):
                whole, under = self.map("div", self.number(1), under), None
            own: Ref | None = None
            for ref in tops:
                own = ref if own is None else self.map("mul", own, ref)
            # What has few axes comes behind what has many, so that it is not spread over them first.
            whole = own if whole is None else whole if own is None else self._scaled(own, whole)
            for ref in bottoms:
                under = ref if under is None else self.map("mul", under, ref)
        if whole is None:
            whole = self.number(1)
        if under is not None:
            whole = self.map("div", whole, under)
        return self.map("neg", whole) if negative else whole

    def _scaled(self, many: Ref, few: Ref) -> Ref:
        return self.map("mul", few, many) if few.value.number is not None else self.map("mul", many, few)


def labels_of(refs: Sequence[Ref]) -> tuple[Index, ...]:
    """The labels of an elementwise result: those of the operand with most axes come last, in its order."""
    longest = max((ref.labels for ref in refs), key=len, default=())
    others = dict.fromkeys(label for ref in refs for label in ref.labels if label not in longest)
    return (*others, *longest)


def _with_densities(lower: Arithmetic, refs: list[Ref]) -> list[Ref]:
    """sigmoid(x)*sigmoid(-x) as one function, which needs one exponential and no case."""
    for ref in refs:
        inner = _argument(ref, "sigmoid")
        if inner is None:
            continue
        for other in refs:
            turned = _argument(other, "sigmoid")
            if turned is not None and _argument(turned, "neg") == inner:
                rest = [part for part in refs if part is not ref and part is not other]
                return _with_densities(lower, [lower.map("logistic_density", inner), *rest])
    return refs


def _argument(ref: Ref, function: str) -> Ref | None:
    """What an elementwise function is applied to; None if the value is something else."""
    if ref.value.op != "map" or ref.value.detail != function:
        return None
    inner, axes = ref.value.operands[0]
    return Ref(inner, tuple(ref.labels[k] for k in axes))
