"""One entry of a catalog on its way to a formula."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from derive.errors import CatalogError
from derive.formula import Case, Claim, Definition, Example, Formula, Reference
from derive.language import document
from derive.language.algorithms import is_case, read_case, read_name
from derive.language.document import Listing, Part, Scalar
from derive.language.examples import read_example
from derive.language.notation import claim_sides
from derive.language.program import read_definitions, read_input
from derive.language.references import read_reference
from derive.language.scope import Scope
from derive.language.source import Text, check_name

_T = TypeVar("_T")


def read_claim(text: Text, scope: Scope, **more: Any) -> Claim:
    """A claim, with what is known of it beside its text."""
    left, operator, right = claim_sides(text, scope)
    return Claim(left, operator, right, " ".join(text.value.split()), text.at(0), **more)


class Entry:
    """One entry on its way to a formula; what is wrong with it goes to `errors`."""

    def __init__(self, name: Scalar, part: Part, text: str, errors: list[CatalogError]) -> None:
        self.name, self.part, self.text, self.errors = name, part, text, errors
        self.scope = Scope()

    def formula(self) -> Formula | None:
        from derive.language import schema  # not at the top: a listing of names has no use for it

        try:
            check_name(self.name.text, self.name.value)
            schema.conform_fields(self.part, schema.Entry, self.name, self.name)
            inputs = tuple(read_input(key.text, formula_text(value, self.text), self.scope)
                           for key, value in pairs(self.part, "inputs"))  # fmt: skip
            for alias in items(self.part, "aliases"):
                if isinstance(alias, Scalar):
                    check_name(alias.text, alias.value)
            algorithm = read_name(self.part.get("algorithm") if isinstance(self.part, document.Mapping) else None)
            definitions = read_definitions(
                [(key.text, formula_text(value, self.text)) for key, value in pairs(self.part, "define")], self.scope
            )
        except CatalogError as problem:
            self.errors.append(problem)
            return None
        claims = self.attempts("claims", self.claim) + self.attempts("printed", self.printed)
        worked = self.attempts("examples", lambda item: self.example(item, definitions, algorithm))
        references = self.attempts("reference", lambda item: self.reference(item, algorithm))
        if not (claims or worked or algorithm or self.errors):
            ways = "claims, printed, examples or an algorithm"
            self.errors.append(self.name.error(f"{self.name.value} says nothing: give it {ways}"))
        if self.errors:
            return None
        return Formula(
            name=self.name.value, title=text_of(self.part, "title"), group=text_of(self.part, "group"), inputs=inputs,
            definitions=definitions, claims=tuple(claims), algorithm=algorithm,
            examples=tuple(item for item in worked if isinstance(item, Example)),
            cases=tuple(item for item in worked if isinstance(item, Case)),
            sizes=tuple(self.scope.sizes.values()), source=text_of(self.part, "source"), place=self.name.text.at(0),
            note=text_of(self.part, "note"), text=self.text, references=tuple(references),
            aliases=tuple(item.value for item in items(self.part, "aliases") if isinstance(item, Scalar)),
        )  # fmt: skip

    def attempts(self, name: str, job: Callable[[Part], _T]) -> list[_T]:
        """A job done on each item of a field; an item that fails loses no other."""
        done = []
        for item in items(self.part, name):
            try:
                done.append(job(item))
            except CatalogError as problem:
                self.errors.append(problem)
        return done

    def claim(self, item: Part) -> Claim:
        return read_claim(formula_text(item, self.text), self.scope)

    def example(self, item: Part, definitions: tuple[Definition, ...], algorithm: str) -> Example | Case:
        if is_case(item, algorithm):
            return read_case(item, algorithm, **expectation(item))
        found = read_example(item, self.scope, definitions, lambda part: formula_text(part, self.text))
        return replace(found, **expectation(item))

    def reference(self, item: Part, algorithm: str) -> Reference:
        return read_reference(item, self.scope, algorithm, lambda part: formula_text(part, self.text))

    def printed(self, item: Part) -> Claim:
        assert isinstance(item, document.Mapping)
        says = item.get("says")
        assert says is not None
        return read_claim(formula_text(says, self.text), self.scope, origin="printed", latex=text_of(item, "latex"),
                          **expectation(item))  # fmt: skip


def expectation(item: Part) -> dict[str, Any]:
    """Where a source prints something, and what the engine must find of it."""
    holds = item.get("holds") if isinstance(item, document.Mapping) else None
    if isinstance(holds, Scalar) and not re.fullmatch("yes|no|only if .+", holds.value, re.DOTALL):
        raise holds.error("holds is yes, no or a text `only if …`")
    word = " ".join(holds.value.split()) if isinstance(holds, Scalar) else "yes"
    return {
        "source": text_of(item, "from"),
        "expected": "holds" if word == "yes" else "fails",
        "condition": word if word.startswith("only if") else "",
    }


def formula_text(part: Part, chunk: str) -> Text:
    """The text of a field that holds a formula; a bare list is a literal array as it was written."""
    if isinstance(part, Listing):
        return part.raw
    assert isinstance(part, Scalar)
    cut = re.match(r"[ \t]+#[^\n]*", chunk[part.stop :]) if part.is_plain else None
    if cut:
        raise part.error("YAML cuts this text off at #", "quote the text, or move the comment to a line of its own")
    return part.text


def pairs(part: Part, name: str) -> tuple[tuple[Scalar, Part], ...]:
    found = part.get(name) if isinstance(part, document.Mapping) else None
    return found.pairs if isinstance(found, document.Mapping) else ()


def items(part: Part, name: str) -> tuple[Part, ...]:
    found = part.get(name) if isinstance(part, document.Mapping) else None
    return found.items if isinstance(found, Listing) else ()


def text_of(part: Part, name: str) -> str:
    found = part.get(name) if isinstance(part, document.Mapping) else None
    return found.value if isinstance(found, Scalar) else ""
