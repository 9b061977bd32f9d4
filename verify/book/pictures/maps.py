"""Maps: the Jacobian of a vector by a vector, and what a mask does to an image."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from derive.binding import walk
from derive.errors import UndefinedError
from derive.expression import Add, Delta, Derivative, Element, Index, Multiply, Node, Number, Reduce, Tensor, element
from derive.formula import Definition, Findings, Formula, mentioned
from verify.book.drawing import Drawing
from verify.book.pictures.functions import FAILURES, functions
from verify.book.pictures.style import INK, drawing, picture
from verify.floats.arrays import Arrays, Reads
from verify.floats.labelled import arranged

SIDE = 8
SPREAD = (0.3, 1.9, -1.1, 0.8, -0.4, 2.4, -1.7, 1.2)  # a made point: nothing sorted, nothing equal


def jacobian(formula: Formula, known: Findings | None = None) -> Iterator[Drawing]:
    """The Jacobian of the first claim that gives a full one of a vector by a vector, at a made point."""
    for claim in formula.claims:
        match claim.left:
            case Derivative(Element(of, (Index() as row,)), (Element(by, (Index() as column,)),)) if (
                row is not column and by in formula.inputs and by.domain == "real" and row.axis is column.axis
                and not isinstance(claim.right, Delta) and not _is_diagonal(claim.right)
            ):  # fmt: skip
                pass
            case _:
                continue
        try:
            code = functions(formula, of.name, by.name, known)
            if code.arguments != (by.name,):
                continue
            value, saved = code.forward(np.array(SPREAD))
            rows = np.array([code.backward(saved, unit) for unit in np.eye(SIDE)])
        except FAILURES:
            continue
        if value.shape != (SIDE,) or rows.shape != (SIDE, SIDE):
            continue
        with drawing(size=(4.6, 3.6)) as (figure, axes):
            most = float(np.abs(rows).max())
            shown = axes.imshow(rows, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
            axes.grid(False)
            axes.set_xlabel(f"k, the element of {by.name}")
            axes.set_ylabel(f"i, the element of {of.name}")
            bar = figure.colorbar(shown, ax=axes, shrink=0.9)
            bar.set_label(f"derivative of {of.name}[i] by {by.name}[k]", color=INK)
            bar.outline.set_visible(False)
            yield picture(
                figure, f"jacobian {formula.name}",
                f"The Jacobian of {of.name} by {by.name} at {by.name} = ({', '.join(map(str, SPREAD))}): blue below 0, "
                "white at 0, red above.",
                f"A map of {SIDE} by {SIDE} derivatives, from {rows.min():.3g} to {rows.max():.3g}; those on the "
                f"diagonal lie between {rows.diagonal().min():.3g} and {rows.diagonal().max():.3g}.",
            )  # fmt: skip
        return


def _is_diagonal(form: Any) -> bool:
    return isinstance(form, Multiply) and any(isinstance(factor, Delta) for factor in form.factors)


def masks(formula: Formula) -> Iterator[Drawing]:
    """A made image, and what each mask that a formula defines and lays on something makes of it."""
    laid = [definition for definition in formula.definitions if _is_laid(formula, definition.tensor)]
    found = [(definition.name, mask) for definition in laid
             if (mask := _constant(formula, definition)) is not None][:3]  # fmt: skip
    if not found:
        return
    image = made_image()
    panels = [("the image", image), *((name, correlated(image, mask)) for name, mask in found)]
    with drawing(1, len(panels), size=(1.9 * len(panels) + 0.3, 2.2)) as (figure, axes):
        for (name, panel), place in zip(panels, axes, strict=True):
            most = float(np.abs(panel).max()) or 1.0
            place.imshow(panel, cmap="gray", vmin=0 if panel is image else -most, vmax=most, interpolation="nearest")
            place.set_title(name)
            place.set_axis_off()
        told = "; ".join(f"{name} = {_rows(mask)}" for name, mask in found)
        yield picture(
            figure, f"masks {formula.name}",
            f"A made image of 48 by 48, and its correlation with each mask: {told}. Grey is 0, white the largest.",
            f"Four shapes on a ground, then what {len(found)} masks make of them; "
            + "; ".join(f"{name} from {panel.min():.3g} to {panel.max():.3g}" for name, panel in panels[1:]) + ".",
        )  # fmt: skip


def _is_laid(formula: Formula, mask: Tensor) -> bool:
    """Whether a product has an element of the mask, and one of another tensor at the same place or moved from there."""
    bodies = [definition.body for definition in formula.definitions]
    bodies += [side for claim in formula.claims for side in (claim.left, claim.right)]
    return any(isinstance(part, Multiply) and _lays(part, mask) for body in bodies for part in walk(body))


def _lays(product: Multiply, mask: Tensor) -> bool:
    read = [part for part in product.factors if isinstance(part, Element) and len(part.subscripts) == 2]
    own = [part.subscripts for part in read if part.tensor is mask]
    others = [part.subscripts for part in read if part.tensor is not mask]
    return any(all(map(_is_from, there, here)) for here in own for there in others)


def _is_from(there: Node, here: Node) -> bool:
    return there is here or (isinstance(there, Add) and here in there.terms)


def _constant(formula: Formula, definition: Definition) -> Any:
    """The numbers of a definition that is a small square array of fixed size and reads no input; else None."""
    tensor = definition.tensor
    sides = [over.size for over in tensor.axes]
    if len(sides) != 2 or definition.bases or not all(isinstance(s, Number) and 2 <= s.numerator <= 7 for s in sides):
        return None
    own = {d.tensor: d for d in formula.definitions}
    waiting, seen = [tensor], set[Any]()
    while waiting:
        part = waiting.pop()
        if part not in own:
            return None
        seen.add(part)
        waiting += [other for other in mentioned(own[part].body) if other not in seen]
    if any(isinstance(index, Reduce) for index in definition.indices):
        return None
    try:
        indices = [Index(letter, over) for letter, over in zip("ij", tensor.axes, strict=True)]
        found = Arrays(formula, {}, {}, np.float64, {}, Reads(formula)).value(element(tensor, *indices))
        mask = np.asarray(arranged(found, tuple(indices)), dtype=float)
    except (*FAILURES, UndefinedError):
        return None
    return mask if mask.ndim == 2 and np.isfinite(mask).all() and mask.any() else None


def made_image() -> Any:
    """48 by 48 numbers from 0 to 1: a ramp, a disc, a square and a stroke."""
    rows, columns = np.mgrid[0:48, 0:48]
    image = 0.15 + 0.25 * columns / 47
    image[(rows - 15) ** 2 + (columns - 15) ** 2 < 81] = 0.95
    image[28:42, 27:41] = 0.7
    image[(np.abs(rows + columns - 52) < 2) & (columns > 26) & (rows > 4)] = 1.0
    return image


def correlated(image: Any, mask: Any) -> Any:
    """The sum of the mask times the image under it, wherever the mask fits."""
    return np.einsum("pqij,ij->pq", np.lib.stride_tricks.sliding_window_view(image, mask.shape), mask)


def _rows(mask: Sequence[Sequence[float]]) -> str:
    return "(" + " / ".join(" ".join(f"{value:g}".replace("-", "−") for value in row) for row in mask) + ")"
