"""References: which operator of a library computes what of a formula, with its arguments in terms of the formula.

An argument is a tensor as it stands, `input: x`, or a definition like any other, `input[s, i]: x[i, s]`, so that axes
are turned, added and left out in index notation. Nothing is code: the operator is one of `derive.language.operators`.
"""

import re
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from decimal import Decimal

import msgspec

from derive.errors import nearest
from derive.expression import Index, Tensor, element
from derive.formula import Definition, Reference
from derive.language.algorithms import TABLE as ALGORITHMS
from derive.language.document import Mapping, Part, Scalar
from derive.language.operators import Operator, operators
from derive.language.program import read_definitions
from derive.language.scope import Scope
from derive.language.source import LENGTH, Text

_ARGUMENT, _RESULT = "argument_", "result_"  # so that x may be an argument of the operator and an input of the formula
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\s*(\[.*\])?\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_LETTERS = ("i", "j", "k", "l", "p", "q", "r", "s", "u", "v")


def read_reference(part: Part, scope: Scope, algorithm: str, clean: Callable[[Part], Text]) -> Reference:
    """A reference of a formula whose names are in scope; CatalogError at the place of what is wrong.

    algorithm: the name of the entry's algorithm, if it has one.  clean: gives the text of a formula or refuses it.
    """
    assert isinstance(part, Mapping)
    call, gives, given, differs = (part.get(name) for name in ("call", "gives", "with", "differs"))
    assert isinstance(call, Scalar)
    operator = _operator(call)
    reading = _Reading(operator, scope, clean)
    pairs = given.pairs if isinstance(given, Mapping) else ()
    reference = Reference(
        operator.name, {}, {}, (), " ".join(part.raw.value.split()), part.raw.at(0),
        " ".join(differs.value.split()) if isinstance(differs, Scalar) else "",
    )  # fmt: skip
    of_algorithm = re.fullmatch(rf"{algorithm}(?:\[([0-9])\])?", gives.value) if isinstance(gives, Scalar) else None
    if algorithm and of_algorithm:
        bound = {key.value: reading.bound(key, value, algorithm) for key, value in pairs}
        reading.check(call, set(bound))
        return replace(reference, given=bound, part=int(of_algorithm[1]) if of_algorithm[1] else None)
    words, arguments = {}, {}
    for key, value in pairs:
        name = reading.name(key)
        if name in words or name in arguments:
            raise key.error(f"{name} is given twice")
        if name in operator.words:
            words[name] = reading.word(name, value)
        else:
            arguments[name] = reading.argument(name, key, value)
    reading.check(call, {*words, *arguments})
    assert gives is not None
    return replace(reference, arguments=arguments, words=words, results=reading.results(gives))


def _operator(call: Scalar) -> Operator:
    """The operator of a name; CatalogError for whatever the table does not have."""
    found = operators().get(call.value.strip())
    if found is None:
        shown = call.value.strip()[:80]
        hint = nearest(shown, operators())
        libraries = dict.fromkeys(operator.library for operator in operators().values())
        raise call.error(
            f"{shown} is no operator that a reference can name{hint}",
            f"only listed operators of {', '.join(libraries)} are ever called",
        )
    return found


class _Reading:
    """The arguments and results of one operator; names in them are those of the formula."""

    def __init__(self, operator: Operator, scope: Scope, clean: Callable[[Part], Text]) -> None:
        self.operator, self.scope, self.clean = operator, scope, clean

    def own_scope(self) -> Scope:
        """The formula's names; what is declared beside them is forgotten again."""
        return Scope(**{name: copy(value) for name, value in msgspec.structs.asdict(self.scope).items()})

    def name(self, key: Scalar) -> str:
        found = _KEY.fullmatch(key.value)
        name = found[1] if found else key.value[:60]
        if name not in self.operator.arguments:
            raise key.error(
                f"{name} is no argument of {self.operator.name}{nearest(name, self.operator.arguments)}",
                f"its arguments: {', '.join(self.operator.arguments)}",
            )
        return name

    def word(self, name: str, value: Part) -> str:
        allowed = self.operator.words[name]
        if not isinstance(value, Scalar) or value.value not in allowed:
            raise value.error(f"{name} of {self.operator.name} is one of {', '.join(allowed)}")
        return value.value

    def argument(self, name: str, key: Scalar, value: Part) -> Definition:
        body = self.clean(value)
        whole = self.scope.tensors.get(body.value) if name == key.value else None
        defined = self.whole(_ARGUMENT + name, whole, body) if whole else self.definition(_ARGUMENT, key.text, body)
        if name in self.operator.plain and len(defined.tensor.axes) > 1:
            raise key.error(f"{name} of {self.operator.name} is a number or a list of numbers")
        return defined

    def definition(self, prefix: str, left: Text, body: Text) -> Definition:
        """`name[i, j]: expression`, the name kept apart from those of the formula."""
        own = self.own_scope()
        apart = Text(prefix + left.value, lambda offset: left.at(max(offset - len(prefix), 0)))
        (found,) = read_definitions([(apart, body)], own)
        new = [size for size in own.sizes if size not in self.scope.sizes]
        if new:
            raise body.error(f"{new[0]} is no size of this formula{nearest(new[0], self.scope.sizes)}")
        return found

    def results(self, gives: Part) -> tuple[Definition, ...]:
        """What the operator gives: names of definitions, or `name[i, j]: expression` line by line."""
        if isinstance(gives, Mapping):
            return tuple(self.definition(_RESULT, key.text, self.clean(value)) for key, value in gives.pairs)
        assert isinstance(gives, Scalar)
        return tuple(self.named(gives, name.strip()) for name in gives.value.split(","))

    def named(self, gives: Scalar, name: str) -> Definition:
        tensor = self.scope.tensors.get(name)
        if tensor is None or tensor.domain != "defined":
            known = [name for name, one in self.scope.tensors.items() if one.domain == "defined"]
            raise gives.error(f"{name[:60]} is no definition of this formula{nearest(name, known)}")
        return self.whole(_RESULT + name, tensor, gives.text)

    def whole(self, name: str, tensor: Tensor, text: Text) -> Definition:
        """A tensor as it stands, under another name."""
        indices = tuple(Index(letter, over) for letter, over in zip(_LETTERS, tensor.axes, strict=False))
        like = Tensor(name, tensor.axes, "defined")
        return Definition(like, indices, element(tensor, *indices), text.value, text.at(0))

    def bound(self, key: Scalar, value: Part, algorithm: str) -> str | Decimal:
        """An argument of the entry's algorithm by its name, or a number."""
        name = self.name(key)
        if not isinstance(value, Scalar) or len(value.value) > LENGTH:
            raise value.error(f"{name} is an argument of {algorithm} or a number")
        if name in self.operator.words:
            return self.word(name, value)
        if _NUMBER.fullmatch(value.value):
            return Decimal(value.value)
        known = ALGORITHMS[algorithm].arguments
        if value.value not in known:
            raise value.error(f"{value.value[:60]} is no argument of {algorithm}{nearest(value.value, known)}",
                              f"its arguments: {', '.join(known)}")  # fmt: skip
        return value.value

    def check(self, call: Scalar, given: set[str]) -> None:
        needed = {*self.operator.arrays, *self.operator.plain} - self.operator.optional
        missing = [name for name in self.operator.arguments if name in needed - given]
        if missing:
            raise call.error(f"{self.operator.name} needs {', '.join(missing)}")
