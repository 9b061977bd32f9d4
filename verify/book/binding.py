"""From a report to the leaves of a book: which formula stands on which page, with what is known of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from derive.derivation.account import Opening
from derive.formula import Claim, Findings, Formula
from verify.report import Entry

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True)
class Leaf:
    """A formula of the book with what is known of it, and the file of its page."""

    page: str
    formula: Formula
    entry: Entry

    @property
    def proved(self) -> list[int]:
        """The numbers of the claims that are proved, among the entry's own."""
        return [number for number, claim in enumerate(self.entry.claims) if claim.verdict == "proved"]

    @property
    def findings(self) -> Findings:
        """What the check found of the formula's claims."""
        facts = {claim.where: tuple(rules) if isinstance(rules := claim.witnesses.algebra.rules, list) else ()
                 for claim in self.entry.claims if claim.verdict == "proved"}  # fmt: skip
        return {claim: facts.get(str(claim.place)) for claim in self.formula.claims}

    @property
    def openings(self) -> dict[Claim, Opening]:
        """What the proofs of the formula's claims read, those that say so."""
        told = {claim.where: more for claim in self.entry.claims
                if claim.verdict == "proved" and isinstance(more := claim.witnesses.algebra.more, dict)}  # fmt: skip
        known = {claim: told.get(str(claim.place), {}) for claim in self.formula.claims}
        return {claim: Opening(tuple(more["read"]), bool(more.get("chained")))
                for claim, more in known.items() if isinstance(more.get("read"), list)}  # fmt: skip


def bound(formulas: Mapping[str, Formula], entries: Iterable[Entry]) -> list[Leaf]:
    """The leaves of a book. formulas: by the place of their entry."""
    listed = [(entry, formulas[entry.where]) for entry in entries if entry.where in formulas]
    pages = pages_of(formula for _, formula in listed)
    return [Leaf(page, formula, entry) for page, (entry, formula) in zip(pages, listed, strict=True)]


def pages_of(formulas: Iterable[Formula]) -> list[str]:
    """The file of each formula's page: no two alike, even where letters have no case."""
    taken: set[str] = set()
    found = []
    for formula in formulas:
        stem = formula.name if NAME.fullmatch(formula.name) else "formula"
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        found.append(f"{name}.html")
    return found
