"""The program of a formula: its inputs, then its definitions in order, recurrences and literal arrays among them."""

import ast
import re
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from derive.domains import TABLE as DOMAINS
from derive.errors import nearest
from derive.expression import Axis, Index, Node, Number, Table, Tensor, axis, number
from derive.formula import Definition
from derive.language.indices import Indices, Slot
from derive.language.notation import Reader, axis_of
from derive.language.scope import Scope
from derive.language.source import NAME, Text, check_name, tree
from derive.printing.text import axis_text
from derive.ranges import LARGEST, constant, is_nonnegative, polynomial

_DECLARED = re.compile(r"([A-Za-z]+)\s*(?:\[(.*)\])?\s*", re.DOTALL)
_LEFT = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\s*(?:\[(.*)\])?\s*", re.DOTALL)
_LETTERS = ("i", "j", "k", "l", "p", "q", "r", "s", "u", "v")


def read_input(name: Text, declared: Text, scope: Scope) -> Tensor:
    """Enter `name: domain[axes]`."""
    check_name(name, name.value)
    found = _DECLARED.fullmatch(declared.value)
    if found is None:
        raise declared.error("an input is declared as domain[axes], for example real[n] or spd[n, n]")
    domain = DOMAINS.get(found[1])
    if domain is None:
        raise declared.error(
            f"unknown domain {found[1]}{nearest(found[1], DOMAINS)}", 0, f"known: {', '.join(DOMAINS)}",
            "a number is real, a vector real[n], a matrix real[m, n]",
        )  # fmt: skip
    axes = tuple(_axis(part, scope, 1 if domain.relation else 0) for part in _parts(declared, found))
    if len(axes) < domain.axes:
        raise declared.error(f"{domain.name} needs {domain.axes} {'axis' if domain.axes == 1 else 'axes'} or more")
    if domain.relation in ("symmetric", "spd") and axes[-1] is not axes[-2]:
        raise declared.error(
            f"no point: {domain.name} has two equal axes at the end, "
            f"not {axis_text(axes[-2])} and {axis_text(axes[-1])}"
        )  # fmt: skip
    tensor = Tensor(name.value, axes, domain.name)
    scope.declare(tensor, name, declared.value)
    return tensor


def _axis(text: Text, scope: Scope, least: int = 0) -> Axis:
    """An axis that is shown to have at least that many places, and more than none for some sizes."""
    over = axis_of(text, scope)
    length = polynomial(over.size)
    if not length or not is_nonnegative(length - constant(least)):
        fewer = "may be empty" if least else "is empty or of negative length"
        raise text.error(f"no point: the axis {text.value} {fewer}, if not for every size")
    if sum(map(abs, length.values())) > LARGEST:
        raise text.error(f"the axis {text.value} has more than {LARGEST} places at the least")
    return over


def _parts(text: Text, found: re.Match[str]) -> list[Text]:
    """The texts between the brackets, split at the commas outside any other bracket."""
    if found[2] is None:
        return []
    parts, start, depth = [], found.start(2), 0
    for position in range(found.start(2), found.end(2) + 1):
        character = text.value[position] if position < found.end(2) else ","
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append(text.part(start, position))
            start = position + 1
    return parts


class Left(msgspec.Struct, frozen=True):
    """The left side of a definition: its name, and each subscript with the axis given after a colon."""

    text: Text
    name: str
    subscripts: tuple[Text, ...]
    axes: tuple[Text | None, ...]

    @property
    def base(self) -> list[int]:
        """The positions that hold a number."""
        return [p for p, part in enumerate(self.subscripts) if re.fullmatch(r"-?[0-9]+", part.value)]


def left_side(text: Text) -> Left:
    found = _LEFT.fullmatch(text.value)
    if found is None:
        raise text.error("the left side of a definition is name or name[i, j]")
    check_name(text, found[1])
    names, axes = [], []
    for part in _parts(text, found):
        before, colon, _ = part.value.partition(":")
        name = part.part(0, len(before))
        if not (NAME.fullmatch(name.value) or (re.fullmatch(r"-?[0-9]{1,9}", name.value) and not colon)):
            raise part.error("a subscript on the left is an index, i or i:n, or the number of a first step")
        names.append(name)
        axes.append(part.part(len(before) + 1, len(part.value)) if colon else None)
    for name in names:
        if NAME.fullmatch(name.value) and [other.value for other in names].count(name.value) > 1:
            raise name.error(f"index {name.value} stands twice on the left")
    return Left(text, found[1], tuple(names), tuple(axes))


def read_definitions(pairs: Iterable[tuple[Text, Text]], scope: Scope) -> tuple[Definition, ...]:
    """Enter the definitions in order; the lines of a recurrence stand together."""
    lines = [(left_side(left), body) for left, body in pairs]
    scope.later |= {left.name for left, _ in lines}
    result = []
    for name, group in groupby(lines, key=lambda line: line[0].name):
        scope.later.discard(name)
        result.append(_Definition(list(group), scope).read())
    return tuple(result)


class _Definition:
    """The lines that define one name: one, or the first steps of a recurrence and its step."""

    def __init__(self, lines: Sequence[tuple[Left, Text]], scope: Scope) -> None:
        self.scope = scope
        self.bases = [line for line in lines if line[0].base]
        steps = [line for line in lines if not line[0].base]
        self.name = lines[0][0].name
        kind = scope.kind(self.name) or ("an index" if self.name in scope.indices else "")
        if kind:
            raise lines[0][0].text.error(f"{self.name} is {kind} already; choose another name")
        if len(steps) > 1:
            raise steps[1][0].text.error(f"{self.name} is defined twice")
        if not steps:
            raise lines[0][0].text.error(
                f"{self.name} has first steps only; a literal array is written [[a, b], [c, d]]"
            )
        self.left, self.body = steps[0]

    def read(self) -> Definition:
        parsed = tree(self.body)
        if isinstance(parsed, ast.List) and not self.left.subscripts:
            return self.array(parsed)
        reads_itself = next((p for p in ast.walk(parsed) if isinstance(p, ast.Name) and p.id == self.name), None)
        if self.bases:
            return self.recurrence(parsed)
        if reads_itself is not None:
            raise self.body.error(
                f"{self.name} reads itself and has no first step", reads_itself.col_offset,
                f"a recurrence has a line such as {self.name}[0]: 0 before its step",
            )  # fmt: skip
        found = self.indices(self.left, self.body, parsed)
        return self.definition(self.axes(self.left, found), found, parsed)

    def indices(self, left: Left, body: Text, parsed: ast.expr) -> Indices:
        """The indices of a body, those of its left side first."""
        found = Indices(body, self.scope, itself=self.name)
        axes = [_axis(given, self.scope) if given else None for given in left.axes]
        for name, over in zip(left.subscripts, axes, strict=True):
            if not NAME.fullmatch(name.value):
                continue
            kind = self.scope.kind(name.value) or ("being defined" if name.value == self.name else "")
            if kind:
                raise name.error(f"{name.value} is {kind}, not an index; choose another name")
            check_name(name, name.value)
            found.free[name.value] = Slot(name.value, 0, over, is_given=over is not None)
        named = len(found.free)
        found.find(parsed)
        extra = list(found.free.values())[named:]
        if extra:
            found.check(extra)
            shown = f"{left.name}[{', '.join([*(s.value for s in left.subscripts), extra[0].name])}]"
            raise body.error(f"index {extra[0].name} is free in the body and not on the left", extra[0].offset,
                             f"write {shown}, or sum over it")  # fmt: skip
        return found

    def axes(self, left: Left, found: Indices) -> tuple[Axis, ...]:
        axes = []
        for name in left.subscripts:
            over = found.free[name.value].axis
            if over is None:
                raise name.error(f"nothing says what index {name.value} runs over; give its axis as {name.value}:n")
            axes.append(over)
        return tuple(axes)

    def declare(self, axes: tuple[Axis, ...]) -> Tensor:
        tensor = Tensor(self.name, axes, "defined")
        shown = f"[{', '.join(map(axis_text, axes))}]" if axes else "a scalar"
        self.scope.declare(tensor, self.left.text, shown)
        return tensor

    def definition(self, axes: tuple[Axis, ...], found: Indices, parsed: ast.expr) -> Definition:
        reader = Reader(self.body, self.scope, found)
        body = reader.node(parsed)
        indices = tuple(Index(name.value, over) for name, over in zip(self.left.subscripts, axes, strict=True))
        self.scope.indices.update(name.value for name in self.left.subscripts)
        return self.made(self.declare(axes), indices, body)

    def made(self, tensor: Tensor, indices: tuple[Index, ...], body: Node,
             bases: tuple[tuple[tuple[Node, ...], Node], ...] = ()) -> Definition:  # fmt: skip
        text = f"{self.left.text.value}: {self.body.value}"
        return Definition(tensor, indices, body, text, self.left.text.at(0), bases)

    def array(self, parsed: ast.List) -> Definition:
        """A literal array, read at indices of its own."""
        found = Indices(self.body, self.scope, itself=self.name)
        found.find(parsed)
        found.check(found.free.values())
        if found.free:
            slot = next(iter(found.free.values()))
            raise self.body.error(f"index {slot.name} is free in a literal array", slot.offset)
        entries, shape = Reader(self.body, self.scope, found).entries(parsed)
        axes = tuple(axis(count) for count in shape)
        tensor = self.declare(axes)
        free = [letter for letter in _LETTERS if not self.scope.kind(letter)]
        indices = tuple(Index(letter, over) for letter, over in zip(free, axes, strict=False))
        if len(indices) < len(axes):
            raise self.body.error("a literal array of too many axes")
        return self.made(tensor, indices, Table(entries, indices))

    def recurrence(self, parsed: ast.expr) -> Definition:
        found = self.indices(self.left, self.body, parsed)
        position = self.position()
        trees = [tree(body) for _, body in self.bases]
        starts = [self.indices(left, body, t) for (left, body), t in zip(self.bases, trees, strict=True)]
        for (left, _), start in zip(self.bases, starts, strict=True):
            self.share(left, start, found)
        axes = self.axes(self.left, found)
        whole = self.whole_axis(axes[position], position)
        bases = []
        for (left, body), start, base in zip(self.bases, starts, trees, strict=True):
            over = dict(zip((s.value for s in left.subscripts), axes, strict=True))
            reader = Reader(body, self.scope, start)
            places = tuple(
                number(int(s.value)) if p == position else Index(s.value, over[s.value])
                for p, s in enumerate(left.subscripts)
            )  # fmt: skip
            bases.append((places, reader.node(base)))
            self.scope.indices.update(s.value for p, s in enumerate(left.subscripts) if p != position)
        tensor = self.declare((*axes[:position], whole, *axes[position + 1 :]))
        self.scope.steps[self.name, position] = axes[position]
        indices = tuple(Index(name.value, over) for name, over in zip(self.left.subscripts, axes, strict=True))
        self.scope.indices.update(name.value for name in self.left.subscripts)
        reader = Reader(self.body, self.scope, found)
        reader.recurrence = (tensor, position, indices[position])
        return self.made(tensor, indices, reader.node(parsed), tuple(bases))

    def position(self) -> int:
        """Where the step stands among the subscripts."""
        first = self.bases[0][0]
        for left, _ in self.bases:
            if len(left.subscripts) != len(self.left.subscripts) or left.base != first.base or len(left.base) != 1:
                raise left.text.error(
                    f"a first step of {self.left.text.value} has one number, in the place of its step"
                )
        return first.base[0]

    def share(self, left: Left, start: Indices, found: Indices) -> None:
        """Give the indices of a first step and of the step, place by place, the axes that either knows."""
        for here, there in zip(left.subscripts, self.left.subscripts, strict=True):
            one, other = start.free.get(here.value), found.free[there.value]
            if one is None:
                continue
            one.axis = one.axis or other.axis
            other.axis = other.axis or one.axis
            if one.axis is not other.axis and one.axis is not None and other.axis is not None:
                raise here.error(f"index {here.value} runs over {axis_text(one.axis)} in the first step "
                                 f"but {there.value} over {axis_text(other.axis)} in the step")  # fmt: skip

    def whole_axis(self, over: Axis, position: int) -> Axis:
        """The axis of the step together with the first steps before it."""
        numbers = sorted(int(left.subscripts[position].value) for left, _ in self.bases)
        text = self.bases[0][0].text
        if not isinstance(over.start, Number):
            raise text.error(f"a recurrence starts at a number, not at {axis_text(over)}")
        begin = over.start.numerator
        if numbers != list(range(begin - len(numbers), begin)):
            raise text.error(
                f"the first steps {', '.join(map(str, numbers))} do not lead up to the step, "
                f"which runs over {axis_text(over)} and starts at {begin}"
            )  # fmt: skip
        return self.scope.settled(axis(over.size + number(len(numbers)), numbers[0]))
