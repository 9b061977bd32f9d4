"""The catalog: entries of a YAML file read as formulas, each on its own, with every error at its place."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec

from derive.errors import CatalogError, Place
from derive.expression import Number
from derive.formula import Formula
from derive.language import document
from derive.language.document import Chunk, Part, Scalar
from derive.language.entry import Entry, items, read_claim, text_of
from derive.language.program import read_definitions, read_input
from derive.language.scope import Scope
from derive.language.source import written
from derive.printing.text import axis_text

GROUPS = "groups"  # the key under which a catalog introduces its groups, which no formula can have as its name


class Catalog(msgspec.Struct):
    """What a file holds: formulas by name, introductions of groups, and what is wrong with the other entries."""

    formulas: dict[str, Formula] = {}
    groups: dict[str, str] = {}
    errors: list[CatalogError] = []


class Listed(msgspec.Struct, frozen=True):
    """A line of `derive list`: an entry whose expressions were not read.

    chunk: the text that holds it.  is_alone: nothing else stands there.
    """

    name: str
    title: str
    group: str
    aliases: tuple[str, ...]
    line: int
    chunk: Chunk
    is_alone: bool = True


def shipped() -> Path:
    """The catalog that comes with the engine: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "catalog.yaml"
    return inside if inside.exists() else package.parent / "catalog.yaml"


def read(source: Path | str, file: str = "", only: Collection[str] | None = None) -> Catalog:
    """Read a catalog from a path or from its text.

    file: the name shown in messages (default: the path).  only: names of the entries to read (default: all).
    The groups are read always. A bad entry is an error in `errors` and loses no other.
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
        if only is None or may_hold(chunk, (*only, GROUPS)):
            _read(catalog, chunk, only if only is None else (*only, GROUPS), taken)
    if empty:
        catalog.errors.append(without_entries(file))
    return catalog


def read_chunk(chunk: Chunk, only: Collection[str] | None = None, catalog: Catalog | None = None) -> Catalog:
    """What one piece of a file holds, added to a catalog; that a name is taken in another piece is not seen.

    only: the keys to read, with `groups` for the introductions (default: all).
    """
    catalog = catalog or Catalog()
    _read(catalog, chunk, only, {})
    return catalog


def may_hold(chunk: Chunk, names: Collection[str]) -> bool:
    """Whether a chunk holds one of these entries, as far as a glance tells."""
    return not _key(chunk) or _key(chunk) in names


def without_entries(file: str) -> CatalogError:
    return CatalogError(f"{file}: no entries; a catalog is a mapping from names to formulas")


def taken_before(word: str, line: int, place: Place) -> CatalogError:
    """A name or an alias that an entry above has already, which stands in this line."""
    return CatalogError(f"{word} is a name already, of the entry in line {line}", place)


def _read(catalog: Catalog, chunk: Chunk, only: Collection[str] | None, taken: dict[str, int]) -> None:
    try:
        pairs = document.composed(chunk).pairs
    except CatalogError as problem:
        catalog.errors.append(problem)
        return
    for name, part in pairs:
        if only is not None and name.value not in only:
            continue
        if name.value == GROUPS:
            _introduce(catalog, name, part)
        else:
            _enter(catalog, name, part, chunk, taken)


def _enter(catalog: Catalog, name: Scalar, part: Part, chunk: Chunk, taken: dict[str, int]) -> None:
    errors: list[CatalogError] = []
    formula = Entry(name, part, chunk.text, errors).formula()
    if formula is not None:
        for word in (formula.name, *formula.aliases):
            if word.casefold() in taken:
                errors.append(taken_before(word, taken[word.casefold()], name.text.at(0)))
        if not errors:
            taken.update((word.casefold(), formula.place.line) for word in (formula.name, *formula.aliases))
            catalog.formulas[formula.name] = formula
    catalog.errors += errors


def _introduce(catalog: Catalog, name: Scalar, part: Part) -> None:
    from derive.language import schema  # not at the top: a listing of names has no use for it

    try:
        schema.conform(part, dict[str, str], name)
        if catalog.groups:
            raise name.error(f"{GROUPS} stands here twice")
    except CatalogError as problem:
        catalog.errors.append(problem)
        return
    assert isinstance(part, document.Mapping)
    catalog.groups.update((key.value, " ".join(text_of(part, key.value).split())) for key, _ in part.pairs)


def formula(text: str) -> Formula:
    """The one entry that a YAML text holds; CatalogError if it is not read."""
    catalog = read(text)
    if catalog.errors:
        raise catalog.errors[0]
    (only,) = catalog.formulas.values()
    return only


def read_anew(formula: Formula) -> Formula:
    """The formula with the names of bound indices that its own text has, and so all that is then made of it.

    Entries that hold the same expression share it, and it goes by the names that were read last, whosever they are.
    """
    chunk = Chunk(formula.place.file, formula.place.line, formula.text)
    again = read_chunk(chunk, {formula.name}).formulas.get(formula.name)
    return again if again is not None and again == formula else formula


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


_KEY = re.compile(r"""(['"]?)([A-Za-z0-9_]+)\1\s*:(?:\s|$)""")


def _key(chunk: Chunk) -> str:
    """The name of the entry that a chunk holds, "" if a glance does not tell."""
    found = _KEY.match(chunk.text)
    return found[2] if found else ""


def names(source: Path | str, file: str = "") -> list[Listed]:
    """The entries of a catalog, without reading an expression; what is no entry is left to `read` to complain of."""
    return listing(source, file)[0]


def listing(source: Path | str, file: str = "") -> tuple[list[Listed], list[Chunk]]:
    """The entries of a catalog, and the chunks that hold none, as far as can be told: introductions and mistakes."""
    listed, rest = [], []
    for chunk in document.chunks(document.decoded(source, file or "catalog"), file):
        is_introduction = _key(chunk) == GROUPS
        at_a_glance = None if is_introduction else _glance(chunk)
        found = [at_a_glance] if at_a_glance else [] if is_introduction else _listed(chunk)
        listed += found
        rest += [] if found else [chunk]
    return listed, rest


_FIELD = re.compile(
    r"^( +)(title|group|aliases):[ ]+(?:(['\"])([^'\"\\\n]*)\3|([^'\"|>&*!%@`#\n][^#\n]*?)) *$", re.MULTILINE
)
_INDENT = re.compile(r"\n( +)\S")


def _glance(chunk: Chunk) -> Listed | None:
    """An entry whose fields stand line by line in plain sight, which is every entry but the odd one."""
    indent = _INDENT.search(chunk.text)
    fields = {found[2]: found[4] or found[5] or "" for found in _FIELD.finditer(chunk.text)
              if indent and found[1] == indent[1]}  # fmt: skip
    title, group = fields.get("title"), fields.get("group")
    if not (_key(chunk) and title and group) or ("aliases:" in chunk.text and "aliases" not in fields):
        return None
    aliases = re.fullmatch(r"\[([A-Za-z0-9_, ]*)\]", fields.get("aliases", "[]"))
    if aliases is None:
        return None
    return Listed(_key(chunk), title, group, tuple(re.findall(r"\w+", aliases[1])), chunk.line, chunk)


def _listed(chunk: Chunk) -> list[Listed]:
    try:
        pairs = document.composed(chunk).pairs
    except CatalogError:
        return []
    return [
        Listed(name.value, text_of(part, "title"), text_of(part, "group"),
               tuple(item.value for item in items(part, "aliases") if isinstance(item, Scalar)), name.text.at(0).line,
               chunk, is_alone=len(pairs) == 1)
        for name, part in pairs
        if name.value != GROUPS
    ]  # fmt: skip
