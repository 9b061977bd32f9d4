"""Worked numbers of a source: the values given, and the printed digits of what follows from them."""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from derive.domains import TABLE as DOMAINS
from derive.domains import Domain
from derive.errors import nearest
from derive.expression import Axis, Index, Node, Size, Tensor, element
from derive.formula import Definition, Example, mentioned
from derive.language.document import Listing, Mapping, Part, Scalar
from derive.language.elements import counted
from derive.language.notation import expression
from derive.language.scope import Scope
from derive.language.source import Text, exact
from derive.printing.text import axis_text
from derive.ranges import polynomial

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_QUOTIENT = re.compile(r"[+-]?[0-9]+/[0-9]*[1-9][0-9]*")
_LARGEST = 10_000
_LETTERS = ("i", "j", "k", "l", "p", "q", "r", "s", "u", "v")


def read_example(part: Part, scope: Scope, definitions: Iterable[Definition], clean: Callable[[Part], Text]) -> Example:
    """An example of a formula whose names are in scope. clean: gives the text of a key or refuses it."""
    assert isinstance(part, Mapping)
    given, then = part.get("given"), part.get("then")
    assert isinstance(given, Mapping)
    assert isinstance(then, Mapping)
    if not then.pairs:  # it would agree with everything
        raise then.error("then is empty")
    sizes: dict[str, int] = {}
    values: dict[str, Any] = {}
    arrays: list[tuple[Tensor, Any, Scalar]] = []
    for key, value in given.pairs:
        tensor = scope.tensors.get(key.value)
        if key.value in scope.sizes:
            _check_size(key, value)
            sizes[key.value] = int(value.value) if isinstance(value, Scalar) else 0
        elif tensor is None or tensor.domain == "defined":
            known = [*(name for name, t in scope.tensors.items() if t.domain != "defined"), *scope.sizes]
            raise key.error(f"{key.value} is no input{nearest(key.value, known)}")
        else:
            values[key.value] = _numbers(value, DOMAINS[tensor.domain])
            arrays.append((tensor, values[key.value], key))
    for tensor, array, key in arrays:
        _measure(tensor.axes, array, key, sizes)
    for tensor, array, key in arrays:
        _check_shape(tensor.axes, array, key, sizes)
    follows: dict[str, tuple[Node, Any]] = {}
    indices: dict[str, tuple[Index, ...]] = {}
    for key, value in then.pairs:
        node, order = _followed(clean(key), scope)
        missing = _needed(node, definitions) - set(values)
        if missing:
            raise key.error(f"{key.value} needs a value of {', '.join(sorted(missing))}")
        digits = _numbers(value, None)
        _check_shape(tuple(index.axis for index in order), digits, key, sizes)
        follows[key.value], indices[key.value] = (node, digits), order
    text = f"given: {given.raw.value} then: {then.raw.value}"
    return Example(values, follows, text, part.raw.at(0), sizes, indices)


def _followed(text: Text, scope: Scope) -> tuple[Node, tuple[Index, ...]]:
    """What is computed, and the indices that its values are nested by: those of the text, as they appear in it."""
    tensor = scope.tensors.get(text.value)
    if tensor is not None:
        letters = (letter for letter in _LETTERS if not scope.kind(letter))
        order = tuple(Index(letter, over) for letter, over in zip(letters, tensor.axes, strict=False))
        return element(tensor, *order), order
    node = expression(text, scope)
    free = [leaf for leaf in node.free if isinstance(leaf, Index)]
    where = {leaf: found.start() for leaf in free if (found := re.search(rf"\b{leaf.name}\b", text.value))}
    return node, tuple(sorted(free, key=lambda leaf: where.get(leaf, 0)))


def _needed(node: Node, definitions: Iterable[Definition]) -> set[str]:
    """The inputs that an expression reads, through the definitions."""
    bodies = {d.tensor: [d.body, *(body for _, body in d.bases)] for d in definitions}
    seen: set[Tensor] = set()
    waiting = list(mentioned(node))
    while waiting:
        tensor = waiting.pop()
        if tensor not in seen:
            seen.add(tensor)
            waiting += [read for body in bodies.get(tensor, ()) for read in mentioned(body)]
    return {tensor.name for tensor in seen - set(bodies)}


def _numbers(part: Part, domain: Domain | None) -> Any:
    """Nested lists of exact numbers: decimals that keep their printed digits, and quotients in what is given."""
    if isinstance(part, Listing):
        if not part.items:
            raise part.error("an empty list of numbers")
        rows = [_numbers(item, domain) for item in part.items]
        if any(_shape(row) != _shape(rows[0]) for row in rows):
            raise part.error("the rows of an array have the same length")
        return rows
    if not isinstance(part, Scalar):
        raise part.error("a number or a list of numbers is expected")
    word = part.value.strip()
    if domain is not None and _QUOTIENT.fullmatch(word) and len(word) < 100:
        value: Decimal | Fraction = Fraction(word)
    elif _NUMBER.fullmatch(word):
        exact(part.text, word.lstrip("+-"), 0)
        value = Decimal(word)
    else:
        raise part.error(f"{word[:40]} is not a number")
    if domain is not None and not _is_inside(value, domain):
        raise part.error(f"{word} is outside the domain {domain.name}: {domain.meaning}")
    return value


def _is_inside(value: Decimal | Fraction, domain: Domain) -> bool:
    exactly = Fraction(value)
    bounds = (domain.low, -1), (domain.high, 1)
    if any(end is not None and ((exactly - end) * side > 0 or (exactly == end and not domain.closed))
           for end, side in bounds):  # fmt: skip
        return False
    if domain.values and exactly not in domain.values:
        return False
    return not (domain.nonzero and exactly == 0) and not (domain.integer and exactly.denominator != 1)


def _shape(array: Any) -> tuple[int, ...]:
    return (len(array), *_shape(array[0])) if isinstance(array, list) else ()


def _check_size(key: Scalar, value: Part) -> None:
    if not isinstance(value, Scalar) or not re.fullmatch("[1-9][0-9]{0,4}", value.value):
        raise value.error(f"{key.value} is a size: a whole number from 1 to {_LARGEST}")


def _places(axes: tuple[Axis, ...], array: Any, key: Scalar) -> Iterator[tuple[Axis, int]]:
    shape = _shape(array)
    if len(shape) != len(axes):
        shown = ", ".join(map(axis_text, axes))
        raise key.error(f"{key.value} has {counted(len(axes), 'axis', 'axes')}" + (f" [{shown}]" if shown else "")
                        + f", its values are nested {len(shape)} deep")  # fmt: skip
    return zip(axes, shape, strict=True)


def _measure(axes: tuple[Axis, ...], array: Any, key: Scalar, sizes: dict[str, int]) -> None:
    """Note the sizes that an array shows: those of axes that are a size and nothing else."""
    for over, count in _places(axes, array, key):
        if isinstance(over.size, Size):
            sizes.setdefault(over.size.name, count)


def _check_shape(axes: tuple[Axis, ...], array: Any, key: Scalar, sizes: dict[str, int]) -> None:
    for over, count in _places(axes, array, key):
        length = _length(over, sizes, key)
        if length != count:
            at = ", ".join(f"{name} = {value}" for name, value in sizes.items())
            raise key.error(f"{key.value} has {count} values over the axis {axis_text(over)}, which has {length}"
                            + (f" ({at})" if at else ""))  # fmt: skip


def _length(over: Axis, sizes: dict[str, int], key: Scalar) -> int:
    total = 0
    for monomial, coefficient in (polynomial(over.size) or {}).items():
        for symbol in monomial:
            if not isinstance(symbol, Size) or symbol.name not in sizes:
                name = getattr(symbol, "name", "?")
                raise key.error(f"nothing says how large {name} is", f"give it beside the inputs: {name}: 3")
            coefficient *= sizes[symbol.name]
        total += coefficient
    return total
