"""What a formula itself says of the left side of a claim that somebody else makes."""

import dataclasses
from collections.abc import Iterator

from derive.binding import replace
from derive.expression import element
from derive.formula import Claim, Formula, renaming


def known_forms(formula: Formula, claim: Claim) -> Iterator[Claim]:
    """What the formula says of a claim's left side, in the claim's letters: its own claims, then its definition."""
    for own in formula.claims:
        names = renaming(claim.left, own.left)
        if names is not None and own.origin == "claim" and own.operator == claim.operator:
            yield dataclasses.replace(own, left=claim.left, right=replace(own.right, names))
    for definition in formula.definitions:
        names = renaming(claim.left, element(definition.tensor, *definition.indices))
        if names is not None and not definition.bases and claim.operator == "==":
            right = replace(definition.body, names)
            yield Claim(claim.left, "==", right, definition.text, definition.place, "definition")
