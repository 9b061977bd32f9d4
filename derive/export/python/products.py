"""Sums of products as matrix products and einsum, and reductions along axes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from derive.export.program import Value
from derive.export.python.dialect import ATOM, PRODUCT, SWAPPED, UNARY, Text

if TYPE_CHECKING:
    from derive.export.python.expressions import Expressions


def of_contract(printer: "Expressions", value: Value) -> Text:
    if len(value.operands) == 1:
        ((operand, axes),) = value.operands
        gone = [k for k, at in enumerate(axes) if at >= value.rank]
        kept = [at for at in axes if at < value.rank]
        text = _folded(printer, printer.dialect.folds["sum"], operand, gone)
        order = sorted(range(len(kept)), key=lambda k: kept[k])
        return (text if order == list(range(len(kept))) else printer.turned(text, order)), ATOM
    return _product(printer, value) or _einsum(printer, value)


def _product(printer: "Expressions", value: Value) -> Text | None:
    """One axis gone and no batch: a product of matrices or vectors."""
    (a, of_a), (b, of_b) = value.operands
    gone = range(value.rank, len(value.extents))
    if len(gone) != 1 or set(of_a) & set(of_b) != set(gone) or len(of_a) > 2 or len(of_b) > 2:
        return None
    inner = gone[0]
    left = printer.held(a, ATOM if len(of_a) == 2 and of_a[0] == inner else UNARY)
    right = printer.held(b, ATOM if len(of_b) == 2 and of_b[1] == inner else UNARY)
    if len(of_a) == 2 and of_a[0] == inner:
        left = printer.written(SWAPPED, left)
    if len(of_b) == 2 and of_b[1] == inner:
        right = printer.written(SWAPPED, right)
    outer = [at for at in (*of_a, *of_b) if at != inner]
    if outer != sorted(outer):  # the result is asked for the other way round
        left, right = right, left
        if len(of_a) == 2 and len(of_b) == 2:
            left = _turned_back(printer, b, of_b, inner, first=True)
            right = _turned_back(printer, a, of_a, inner, first=False)
        else:
            return None
    return f"{left} @ {right}", PRODUCT


def _turned_back(printer: "Expressions", value: Value, axes: Sequence[int], inner: int, first: bool) -> str:
    is_turned = (axes[1] != inner) if first else (axes[0] != inner)
    text = printer.held(value, ATOM if is_turned else UNARY)
    return printer.written(SWAPPED, text) if is_turned else text


def _summed(printer: "Expressions", value: Value) -> Text | None:
    """Two arrays, one of which has all axes, multiplied and summed; None where the result is asked for turned."""
    (a, of_a), (b, of_b) = value.operands
    (large, axes), (small, others) = ((a, of_a), (b, of_b)) if len(of_a) >= len(of_b) else ((b, of_b), (a, of_a))
    kept = [at for at in axes if at < value.rank]
    if kept != sorted(kept):
        return None
    left = printer.held(large, PRODUCT)
    right = printer.aligned((small, tuple(axes.index(at) for at in others)), len(axes), PRODUCT - 1)
    gone = [k for k, at in enumerate(axes) if at >= value.rank]
    text = f"({left} * {right})"
    places = f"({', '.join(map(str, gone))})" if len(gone) > 1 else str(gone[0])
    return printer.dialect.folds["sum"].format(text, "" if len(gone) == len(axes) else places), ATOM


def _einsum(printer: "Expressions", value: Value) -> Text:
    letters = "abcdefghijklmnopqrstuvwxyz"
    (a, of_a), (b, of_b) = value.operands
    spelled = ["".join(letters[at] for at in axes) for axes in (of_a, of_b, range(value.rank))]
    text = f"{spelled[0]},{spelled[1]}->{spelled[2]}"
    # A product of matrices in disguise is worth planning, a sum along the axes of two alike is not.
    is_product = not set(of_a) >= set(of_b) and not set(of_b) >= set(of_a)
    if printer.dialect.sums_products and not is_product:
        plain = _summed(printer, value)
        if plain is not None:
            return plain
    template = printer.dialect.planned if is_product else printer.dialect.einsum
    return printer.written(template, text, f"{printer.text(a)[0]}, {printer.text(b)[0]}"), ATOM


def of_fold(printer: "Expressions", value: Value) -> Text:
    ((operand, axes),) = value.operands
    gone = [k for k, at in enumerate(axes) if at >= value.rank]
    return _folded(printer, printer.dialect.folds[value.detail], operand, gone), ATOM


def _folded(printer: "Expressions", template: str, operand: Value, gone: Sequence[int]) -> str:
    text = printer.held(operand, ATOM)
    if len(gone) > 1 and "prod" in template:  # PyTorch multiplies along one axis at a time
        for axis in reversed(gone):
            text = template.format(text, axis)
        return text
    axes = f"({', '.join(map(str, gone))})" if len(gone) > 1 else str(gone[0])
    return template.format(text, "" if len(gone) == operand.rank else axes)
