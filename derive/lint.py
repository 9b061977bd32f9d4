"""What a catalog shows before any mathematics: what cannot be read, what is likely to be a slip or hard on readers."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from derive.binding import replace, walk
from derive.catalog import GROUPS, read
from derive.errors import CatalogError, Place, nearest
from derive.expression import Derivative, Node, Number, Size, Tensor
from derive.findings import Finding, of_error
from derive.formula import Claim, Formula, mentioned, renaming
from derive.language import document
from derive.language.document import Part, Scalar
from derive.language.entry import items, pairs, text_of
from derive.printing.text import axis_text

TITLE = 120  # characters at most
OPTIONAL = frozenset({"D508"})  # told only to those who ask for it: good sources do it too
EMPTY = frozenset({"", "?", "-", "todo", "tbd", "fixme", "xxx", "none", "unknown"})  # sources that name nothing

Told = tuple[str, Place, str]  # a code, a place and what is said there


@dataclass
class Subject:
    """An entry that was read, with its text."""

    name: Scalar
    part: Part
    formula: Formula
    roots: set[Tensor] = field(init=False)

    def __post_init__(self) -> None:
        said = [side for claim in self.formula.claims for side in (claim.left, claim.right)]
        said += [node for example in self.formula.examples for node, _ in example.then.values()]
        self.roots = self.reached(said)

    def reached(self, nodes: Iterable[Node]) -> set[Tensor]:
        """The tensors that expressions read, through the definitions."""
        seen: set[Tensor] = set()
        waiting = [tensor for node in nodes for tensor in mentioned(node)]
        while waiting:
            tensor = waiting.pop()
            definition = self.formula.definition(tensor)
            if tensor not in seen and definition:
                bodies = [definition.body, *(body for _, body in definition.bases)]
                waiting += [read for body in bodies for read in mentioned(body)]
            seen.add(tensor)
        return seen

    def place(self, field: str) -> Place:
        """Where the text of a field stands; of the entry if it has none."""
        found = self.part.get(field) if isinstance(self.part, document.Mapping) else None
        return found.text.at(0) if isinstance(found, Scalar) else self.name.text.at(0)


# ------------------------------------------------------------------------------- rules for an entry


def unused_inputs(subject: Subject) -> Iterator[Told]:
    formula = subject.formula
    if formula.algorithm or formula.references:
        return
    bodies = [node for d in formula.definitions for node in (d.body, *(base for _, base in d.bases))]
    sides = [side for claim in formula.claims for side in (claim.left, claim.right)]
    read = {tensor for node in bodies for tensor in mentioned(node)} | subject.roots
    sizes = set(lengths(sides + bodies)) - set(lengths(over for tensor in read for over in tensor.axes))
    for tensor, (key, _) in zip(formula.inputs, pairs(subject.part, "inputs"), strict=True):
        # An input may be there for the sake of its sizes, which are counted.
        if tensor not in read and not sizes & set(lengths(tensor.axes)):
            yield "D501", key.text.at(0), f"nothing reads the input {tensor.name}"


def lengths(nodes: Iterable[Node]) -> Iterator[Size]:
    return (part for node in nodes for part in walk(node) if isinstance(part, Size))


def unused_definitions(subject: Subject) -> Iterator[Told]:
    formula = subject.formula
    if formula.algorithm or formula.references:
        return
    for definition in formula.definitions:
        if definition.tensor not in subject.roots:
            yield "D502", definition.place, f"no claim and no example depends on {definition.name}"


def claims_twice(subject: Subject) -> Iterator[Told]:
    claims = [claim for claim in subject.formula.claims if claim.origin == "claim"]
    for number, claim in enumerate(claims):
        first = next((other for other in claims[:number] if is_same(claim, other)), None)
        if first:
            yield "D503", claim.place, f"this claim stands in line {first.place.line} already"


def is_same(claim: Claim, other: Claim) -> bool:
    """Whether two claims are one up to the names of indices."""
    names = renaming(claim.left, other.left)
    return claim.operator == other.operator and names is not None and replace(other.right, names) is claim.right


def empty_claims(subject: Subject) -> Iterator[Told]:
    for claim in subject.formula.claims:
        if claim.origin == "claim" and claim.left is claim.right and mentioned(claim.left):
            yield "D504", claim.place, "both sides are the same expression"


def derivatives_by_what_is_not_read(subject: Subject) -> Iterator[Told]:
    for claim in subject.formula.claims:
        if claim.expected == "fails" or (isinstance(claim.right, Number) and not claim.right.value):
            continue
        for node in (part for side in (claim.left, claim.right) for part in walk(side)):
            if isinstance(node, Derivative):
                read = subject.reached([node.body])
                for by in node.by:
                    if by.tensor not in read:
                        yield "D505", claim.place, f"what is differentiated does not depend on {by.tensor.name}"


def sources(subject: Subject) -> Iterator[Told]:
    if subject.formula.source.strip().casefold() in EMPTY:
        yield "D506", subject.place("source"), f"{subject.formula.source!r} names no source"
    for item in items(subject.part, "printed"):
        if not isinstance(item, document.Mapping):
            continue
        place = item.raw.at(0)
        if not text_of(item, "from").strip():
            yield "D506", place, "nothing says where this is printed; name the source in `from`"
        if not text_of(item, "latex").strip():
            yield "D507", place, "what is printed is not quoted; give its LaTeX in `latex`"


def letters_over_two_sizes(subject: Subject) -> Iterator[Told]:
    first: dict[str, tuple[Node, Place]] = {}
    lines = [(d.place, d.indices) for d in subject.formula.definitions]
    lines += [(claim.place, claim.indices) for claim in subject.formula.claims]
    for place, indices in lines:
        for index in indices:
            over, where = first.setdefault(str(index.name), (index.axis.size, place))
            if index.axis.size is not over:
                said = f"{index.name} runs over {axis_text(index.axis)} here"
                yield "D508", place, f"{said} and over another size in line {where.line}"


def titles(subject: Subject) -> Iterator[Told]:
    title, place = subject.formula.title, subject.place("title")
    if len(title) > TITLE:
        yield "D511", place, f"a title of {len(title)} characters; {TITLE} is the most"
    if re.search(r"[^.]\.$", title):
        yield "D511", place, "a title has no full stop"
    if re.match(r"[a-z]{2}", title):
        yield "D511", place, "a title starts with a capital letter"


def names(subject: Subject) -> Iterator[Told]:
    name = subject.formula.name
    if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        yield "D512", subject.name.text.at(0), f"{name} has capital letters; names of entries have small ones"
    taken = {name.casefold()}
    for alias in items(subject.part, "aliases"):
        if isinstance(alias, Scalar) and alias.value.casefold() in taken:
            yield "D513", alias.text.at(0), f"{alias.value} is no other name: it is the entry's own, or stands twice"
        elif isinstance(alias, Scalar):
            taken.add(alias.value.casefold())


RULES: tuple[Callable[[Subject], Iterator[Told]], ...] = (
    unused_inputs,
    unused_definitions,
    claims_twice,
    empty_claims,
    derivatives_by_what_is_not_read,
    sources,
    letters_over_two_sizes,
    titles,
    names,
)


# ----------------------------------------------------------------------------- rules for a catalog


def groups(subjects: Iterable[Subject], introduced: dict[str, Place]) -> Iterator[Told]:
    """Groups that are not introduced where others are, and those that nothing is in."""
    there: Counter[str] = Counter()
    for subject in subjects:
        group = subject.formula.group
        there[group] += 1
        if introduced and group not in introduced:
            yield "D509", subject.place("group"), f"{group} is not introduced{nearest(group, introduced)}"
    for group, place in introduced.items():
        if not there[group]:
            yield "D510", place, f"no entry is in the group {group}"


def titles_twice(subjects: Iterable[Subject]) -> Iterator[Told]:
    seen: dict[str, Subject] = {}
    for subject in subjects:
        other = seen.setdefault(subject.formula.title.casefold(), subject)
        if other is not subject:
            yield "D514", subject.place("title"), f"{other.formula.name} has this title as well"


# ------------------------------------------------------------------------------------------ a file


def lint(path: Path, shown: str = "", only: Collection[str] | None = None) -> list[Finding]:
    """The findings of a catalog, by their places, those of `OPTIONAL` among them.

    only: the entries to look at; what is wrong with the others is left.

    Nothing is proved or computed: a catalog without findings may claim what is wrong.
    """
    shown = shown or str(path)
    catalog = read(path, shown, only)
    found = [of_error(error) for error in catalog.errors]
    subjects, introduced = parts(path, shown, catalog.formulas)
    told = [(subject.formula.name, t) for subject in subjects for rule in RULES for t in rule(subject)]
    if only is None:
        told += [("", t) for t in (*groups(subjects, introduced), *titles_twice(subjects))]
    found += [
        Finding(code, "warning", message, place.file, place.line, place.column, name, caret(place))
        for name, (code, place, message) in told
    ]
    return sorted(found, key=lambda finding: (finding.line, finding.column, finding.code))


def parts(path: Path, shown: str, formulas: dict[str, Formula]) -> tuple[list[Subject], dict[str, Place]]:
    """The entries that were read with their texts, and where each group is introduced."""
    subjects: list[Subject] = []
    introduced: dict[str, Place] = {}
    try:
        text = document.decoded(path, shown)
    except CatalogError:
        return [], {}
    for chunk in document.chunks(text, shown):
        try:
            found = document.composed(chunk).pairs
        except CatalogError:
            continue
        for name, part in found:
            formula = formulas.get(name.value)
            if formula is not None and formula.place == name.text.at(0):
                subjects.append(Subject(name, part, formula))
            elif name.value == GROUPS and isinstance(part, document.Mapping):
                introduced |= {key.value: key.text.at(0) for key, _ in part.pairs}
    return subjects, introduced


def caret(place: Place) -> tuple[str, ...]:
    """The line of a place with a caret under it, as an error shows it."""
    return tuple(str(CatalogError("", place)).split("\n")[1:])
