"""The catalog: entries of a YAML file read as formulas, each on its own, with every error at its place."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from derive import document
from derive.document import Chunk, Listing, Part, Scalar
from derive.errors import CatalogError
from derive.examples import read_example
from derive.expression import Number
from derive.formula import Claim, Definition, Example, Formula
from derive.notation import claim_sides
from derive.program import read_definitions, read_input
from derive.scope import Scope
from derive.source import Text, check_name, written
from derive.text import axis_text

_T = TypeVar("_T")


@dataclass
class Catalog:
    """What a file holds: formulas by name, and what is wrong with the entries that are none."""

    formulas: dict[str, Formula] = field(default_factory=dict)
    errors: list[CatalogError] = field(default_factory=list)


@dataclass(frozen=True)
class Listed:
    """A line of `derive list`: an entry whose expressions were not read."""

    name: str
    title: str
    group: str
    aliases: tuple[str, ...]
    line: int


def shipped() -> Path:
    """The catalog that comes with the engine: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "catalog.yaml"
    return inside if inside.exists() else package.parent / "catalog.yaml"


def read(source: Path | str, file: str = "", only: Collection[str] | None = None) -> Catalog:
    """Read a catalog from a path or from its text.

    file: the name shown in messages (default: the path).  only: names of the entries to read (default: all).
    A bad entry is an error in `errors` and loses no other.
    """
    file = file or (str(source) if isinstance(source, Path) else "catalog")
    catalog = Catalog()
    try:
        text = document.decoded(source, file)
    except CatalogError as problem:
        catalog.errors.append(problem)
        return catalog
    taken: dict[str, int] = {}
    empty = True
    for chunk in document.chunks(text, file):
        empty = False
        if only is not None and _key(chunk) not in only:
            continue
        try:
            pairs = document.composed(chunk).pairs
        except CatalogError as problem:
            catalog.errors.append(problem)
            continue
        for name, part in pairs:
            _enter(catalog, name, part, chunk, taken)
    if empty:
        catalog.errors.append(CatalogError(f"{file}: no entries; a catalog is a mapping from names to formulas"))
    return catalog


def _enter(catalog: Catalog, name: Scalar, part: Part, chunk: Chunk, taken: dict[str, int]) -> None:
    errors: list[CatalogError] = []
    formula = _Entry(name, part, chunk.text, errors).formula()
    if formula is not None:
        for word in (formula.name, *formula.aliases):
            if word.casefold() in taken:
                errors.append(name.error(f"{word} is a name already, of the entry in line {taken[word.casefold()]}"))
        if not errors:
            taken.update((word.casefold(), formula.place.line) for word in (formula.name, *formula.aliases))
            catalog.formulas[formula.name] = formula
    catalog.errors += errors


def formula(text: str) -> Formula:
    """The one entry that a YAML text holds; CatalogError if it is not read."""
    catalog = read(text)
    if catalog.errors:
        raise catalog.errors[0]
    (only,) = catalog.formulas.values()
    return only


def quick(claims: str | Iterable[str], define: Mapping[str, str] | None = None, **inputs: str) -> Formula:
    """A formula in one line: quick("D(sum(x[i]**2, i), x[k]) == 2*x[k]", x="real[n]")."""
    texts = [claims] if isinstance(claims, str) else list(claims)
    scope = Scope()
    tensors = tuple(read_input(written(name, "input"), written(text, "input"), scope) for name, text in inputs.items())
    definitions = read_definitions(
        [(written(left, "define"), written(body, "define")) for left, body in (define or {}).items()], scope
    )
    read_claims = tuple(read_claim(written(text, "claim"), scope) for text in texts)
    return Formula("quick", "", "", tensors, definitions, read_claims, (), tuple(scope.sizes.values()), "",
                   read_claims[0].place, text=repr((texts, define, inputs)))  # fmt: skip


def read_claim(text: Text, scope: Scope, **more: Any) -> Claim:
    """A claim, with what is known of it beside its text."""
    left, operator, right = claim_sides(text, scope)
    return Claim(left, operator, right, " ".join(text.value.split()), text.at(0), **more)


def scope_of(formula: Formula) -> Scope:
    """The names of a formula, to read more text about it: the command line's expressions, a test's."""
    scope = Scope(sizes={size.name: size for size in formula.sizes})
    for tensor in formula.tensors():
        scope.tensors[tensor.name] = tensor
        shown = f"[{', '.join(map(axis_text, tensor.axes))}]" if tensor.axes else ""
        scope.declared[tensor.name] = tensor.domain.replace("defined", "") + shown or "a scalar"
        for over in tensor.axes:
            scope.settled(over)
    for definition in formula.definitions:
        for subscripts, _ in definition.bases[:1]:
            position = next(p for p, place in enumerate(subscripts) if isinstance(place, Number))
            scope.steps[definition.name, position] = definition.indices[position].axis
    return scope


_KEY = re.compile(r"([A-Za-z0-9_]+)\s*:")


def _key(chunk: Chunk) -> str:
    found = _KEY.match(chunk.text)
    return found[1] if found else ""


_FIELD = re.compile(r"^ +(title|group|aliases): *(?:(['\"])(.*)\2|(.*?)) *$", re.MULTILINE)


def names(source: Path | str, file: str = "") -> list[Listed]:
    """The entries of a catalog, without reading an expression."""
    text = document.decoded(source, file or str(source)[:80])
    listed = []
    for chunk in document.chunks(text, file):
        fields = {found[1]: found[3] if found[2] else found[4] for found in _FIELD.finditer(chunk.text)}
        aliases = tuple(re.findall(r"[A-Za-z0-9_]+", fields.get("aliases", "")))
        listed.append(Listed(_key(chunk), fields.get("title", ""), fields.get("group", ""), aliases, chunk.line))
    return listed


class _Entry:
    """One entry on its way to a formula; what is wrong with it goes to `errors`."""

    def __init__(self, name: Scalar, part: Part, text: str, errors: list[CatalogError]) -> None:
        self.name, self.part, self.text, self.errors = name, part, text, errors
        self.scope = Scope()

    def formula(self) -> Formula | None:
        from derive.schema import Entry, conform_fields

        try:
            check_name(self.name.text, self.name.value)
            conform_fields(self.part, Entry, self.name, self.name)
            inputs = tuple(read_input(key.text, _formula_text(value, self.text), self.scope)
                           for key, value in _pairs(self.part, "inputs"))  # fmt: skip
            for alias in _items(self.part, "aliases"):
                if isinstance(alias, Scalar):
                    check_name(alias.text, alias.value)
            definitions = read_definitions(
                [(key.text, _formula_text(value, self.text)) for key, value in _pairs(self.part, "define")], self.scope
            )
        except CatalogError as problem:
            self.errors.append(problem)
            return None
        claims = self.attempts("claims", self.claim) + self.attempts("printed", self.printed)
        examples = self.attempts("examples", lambda item: self.example(item, definitions))
        if not (claims or examples or self.errors):
            self.errors.append(self.name.error(f"{self.name.value} says nothing: give it claims, printed or examples"))
        if self.errors:
            return None
        return Formula(
            name=self.name.value, title=_text(self.part, "title"), group=_text(self.part, "group"), inputs=inputs,
            definitions=definitions, claims=tuple(claims), examples=tuple(examples),
            sizes=tuple(self.scope.sizes.values()), source=_text(self.part, "source"), place=self.name.text.at(0),
            note=_text(self.part, "note"), text=self.text,
            aliases=tuple(item.value for item in _items(self.part, "aliases") if isinstance(item, Scalar)),
        )  # fmt: skip

    def attempts(self, name: str, job: Callable[[Part], _T]) -> list[_T]:
        """A job done on each item of a field; an item that fails loses no other."""
        done = []
        for item in _items(self.part, name):
            try:
                done.append(job(item))
            except CatalogError as problem:
                self.errors.append(problem)
        return done

    def claim(self, item: Part) -> Claim:
        return read_claim(_formula_text(item, self.text), self.scope)

    def example(self, item: Part, definitions: tuple[Definition, ...]) -> Example:
        return read_example(item, self.scope, definitions, lambda part: _formula_text(part, self.text))

    def printed(self, item: Part) -> Claim:
        assert isinstance(item, document.Mapping)
        says = item.get("says")
        assert says is not None
        holds, source = item.get("holds"), _text(item, "from")
        if isinstance(holds, Scalar) and not re.fullmatch("yes|no|only if .+", holds.value):
            raise holds.error("holds is yes, no or a text `only if …`")
        word = holds.value if isinstance(holds, Scalar) else "yes"
        if word.startswith("only if"):
            source = f"{source} (holds {word})".strip()
        return read_claim(_formula_text(says, self.text), self.scope, origin="printed", latex=_text(item, "latex"),
                          source=source, expected="holds" if word == "yes" else "fails")  # fmt: skip


def _formula_text(part: Part, chunk: str) -> Text:
    """The text of a field that holds a formula; a bare list is a literal array as it was written."""
    if isinstance(part, Listing):
        return part.raw
    assert isinstance(part, Scalar)
    cut = re.match(r"[ \t]+#[^\n]*", chunk[part.stop :]) if part.is_plain else None
    if cut:
        raise part.error("YAML cuts this text off at #", "quote the text, or move the comment to a line of its own")
    return part.text


def _pairs(part: Part, name: str) -> tuple[tuple[Scalar, Part], ...]:
    found = part.get(name) if isinstance(part, document.Mapping) else None
    return found.pairs if isinstance(found, document.Mapping) else ()


def _items(part: Part, name: str) -> tuple[Part, ...]:
    found = part.get(name) if isinstance(part, document.Mapping) else None
    return found.items if isinstance(found, Listing) else ()


def _text(part: Part, name: str) -> str:
    found = part.get(name) if isinstance(part, document.Mapping) else None
    return found.value if isinstance(found, Scalar) else ""
