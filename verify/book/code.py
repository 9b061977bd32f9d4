"""The code of a formula as tabs, one for each library that it is exported to."""

from collections.abc import Sequence

from derive.formula import Formula
from verify.book.chapters import Code
from verify.book.html import Markup, tag

TITLES = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "c": "C"}


def tabs(formula: Formula, code: Sequence[Code]) -> Markup | None:
    """A tab for each library: radio buttons and the style sheet, no script."""
    if not code:
        return None
    parts = []
    for number, one in enumerate(code):
        key = f"code-{one.target}"
        label = TITLES.get(one.target, one.target)
        parts += [tag("input", type="radio", name="code", id=key, checked=number == 0), tag("label", label, for_=key)]
    panels = [
        tag("div", tag("h3", TITLES.get(one.target, one.target)), _source(formula, one), class_="panel") for one in code
    ]
    return tag("div", *parts, *panels, class_="tabs", role="group", aria_label="Code for a library")


def _source(formula: Formula, one: Code) -> Markup:
    if one.refused:
        return tag("p", f"Not exported: {one.refused}", class_="note")
    label = f"{TITLES.get(one.target, one.target)} code of {formula.name}"
    return tag("pre", tag("code", one.text), tabindex=0, role="group", aria_label=label)
