"""The inputs that lines read and nobody declared, with axes told by their subscripts as in einsum."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from derive.language.indices import is_binder, subscripts_of
from derive.language.program import Left
from derive.language.scope import Scope
from derive.language.source import NAME, Text, tree
from derive.printing.text import axis_text

# Letters that people mean as the length of an axis: alone in an expression they might be that or an input.
LENGTHS = frozenset("nmdNMDKT")
_SIZES = ("m", "n", "d", "h", "r", "s", "N", "M", "K")

Key = tuple[object, ...]  # a position of a tensor, (name, place), or an index: (the line or the call, its name)


@dataclass(frozen=True)
class Line:
    """A text that is read as an expression, or as a claim; of a definition with its left side."""

    text: Text
    left: Left | None = None
    is_claim: bool = False


@dataclass
class _Name:
    """An array that is not declared: where it was met first, and with how many subscripts."""

    text: Text
    offset: int
    subscripts: int


@dataclass
class Inference:
    """Collects names and which axes are one; `free` is the key of a line's own indices."""

    scope: Scope
    defined: dict[str, int]
    names: dict[str, _Name] = field(default_factory=dict)
    bare: dict[str, tuple[Text, int]] = field(default_factory=dict)
    indices: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    above: dict[Key, Key] = field(default_factory=dict)
    known: dict[Key, str] = field(default_factory=dict)
    unclear: set[Key] = field(default_factory=set)
    positive: set[str] = field(default_factory=set)
    below_one: set[str] = field(default_factory=set)

    # ---------------------------------------------------------------------------- classes of axes

    def root(self, key: Key) -> Key:
        while key in self.above:
            key = self.above[key]
        return key

    def join(self, one: Key, other: Key) -> None:
        one, other = self.root(one), self.root(other)
        if one != other:
            self.above[other] = one
            if other in self.known:
                self.known.setdefault(one, self.known[other])
            if other in self.unclear:
                self.unclear.add(one)

    # ------------------------------------------------------------------------------------- lines

    def read(self, line: Line, free: object) -> None:
        parsed = tree(line.text, line.is_claim)
        self.written |= {part.id for part in ast.walk(parsed) if isinstance(part, ast.Name)}
        if line.left is not None:
            self._read_left(line.left, parsed, free)
        self._visit(line.text, parsed, {}, free, False)

    def _read_left(self, left: Left, parsed: ast.AST, free: object) -> None:
        for place, (name, given) in enumerate(zip(left.subscripts, left.axes, strict=True)):
            here = (left.name, place)
            if NAME.fullmatch(name.value):
                self.indices.add(name.value)
                self.written.add(name.value)
                self.join(here, (free, name.value))
                if given is not None:
                    self.known.setdefault(self.root(here), given.value)
            else:  # the first step of a recurrence, whose axis its other lines do not tell alone
                self.unclear.add(self.root(here))
        place = 0
        while isinstance(parsed, ast.List) and parsed.elts and not left.subscripts:
            self.known[self.root((left.name, place))] = str(len(parsed.elts))
            parsed, place = parsed.elts[0], place + 1

    def _visit(self, text: Text, part: ast.AST, around: dict[str, Key], free: object, inside_case: bool) -> None:
        def visit(other: ast.AST, more: dict[str, Key] | None = None) -> None:
            self._visit(text, other, around | (more or {}), free, inside_case)

        match part:
            case ast.Name():
                if part.id not in around and not self._is_known(part.id):
                    self.bare.setdefault(part.id, (text, part.col_offset))
            case ast.Subscript(value=ast.Name()):
                self._subscript(text, part, around, free)
                for place in subscripts_of(part):
                    if not isinstance(place, ast.Name):
                        visit(place)
            case ast.Call(func=ast.Name(id="where"), args=args):
                for argument in args:
                    self._visit(text, argument, around, free, True)
            case ast.Call(func=ast.Name(id="expect"), args=[body, ast.Name(id=name), *rest]):
                visit(body, {name: ("variable", name)})
                for argument in rest:
                    visit(argument)
            case ast.Call(func=ast.Name(), args=[body, *bound]) if is_binder(part, lambda n: not self._is_known(n)):
                inside: dict[str, Key] = {}
                for one in bound:
                    index, bounds = _bounded(one)
                    if index:
                        inside[index] = key = (part, index)
                        self.indices.add(index)
                        self.unclear |= {key} if bounds else set()
                    self.written |= {n.id for bound in bounds for n in ast.walk(bound) if isinstance(n, ast.Name)}
                visit(body, inside)
            case ast.Call(func=ast.Name(id="delta"), args=args):
                self.indices |= {argument.id for argument in args if isinstance(argument, ast.Name)}
                for argument in args:
                    visit(argument)
            case ast.Call(func=ast.Name(id=function), args=args):
                if not inside_case:
                    self._note_domain(function, args)
                for argument in args:
                    visit(argument)
            case _:
                if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow) and not inside_case:
                    self._note_power(part)
                for child in ast.iter_child_nodes(part):
                    visit(child)

    def _subscript(self, text: Text, part: ast.Subscript, around: dict[str, Key], free: object) -> None:
        assert isinstance(part.value, ast.Name)
        name, places = part.value.id, subscripts_of(part)
        for place, subscript in enumerate(places):
            here = (name, place)
            if isinstance(subscript, ast.Name) and not self._is_known(subscript.id):
                key = around.get(subscript.id, (free, subscript.id))
                self.indices.add(subscript.id)
                self.join(here, key)
                self.names.setdefault(name, _Name(text, part.col_offset, len(places)))
            else:
                self.root(here)
        if self._is_known(name):
            return
        seen = self.names.setdefault(name, _Name(text, part.col_offset, len(places)))
        if seen.subscripts != len(places):
            raise text.error(
                f"{name} has {len(places)} subscripts here and {seen.subscripts} elsewhere", part.col_offset
            )

    def _is_known(self, name: str) -> bool:
        return name in self.defined or bool(self.scope.kind(name))

    # ------------------------------------------------------------------------------------ domains

    def _note_domain(self, function: str, args: Sequence[ast.expr]) -> None:
        """Outside a case, the logarithm or the root of a bare input has a value only where that is positive."""
        if function not in ("log", "sqrt") or len(args) != 1:
            return
        self.positive |= _bare(args[0])
        match args[0]:
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=right) if function == "log":
                self.below_one |= _bare(right)

    def _note_power(self, part: ast.BinOp) -> None:
        """A bare input to a power that is no integer has a value only where it is positive (0 is a null set)."""
        exponent = part.right
        while isinstance(exponent, ast.UnaryOp):
            exponent = exponent.operand
        is_whole = isinstance(exponent, ast.Constant) and isinstance(exponent.value, int)
        if not is_whole and not (isinstance(exponent, ast.Name) and exponent.id in self.indices):
            self.positive |= _bare(part.left)

    # ------------------------------------------------------------------------------------- result

    def found(self) -> dict[str, str]:
        """Each undeclared input with its declaration, in the order of the lines."""
        arrays = {name: seen for name, seen in self.names.items() if not self._is_known(name)}
        scalars = {name: place for name, place in self.bare.items() if name not in self.indices and name not in arrays}
        keys = dict.fromkeys(self.root((name, p)) for name, seen in arrays.items() for p in range(seen.subscripts))
        for name, seen in arrays.items():
            for place in range(seen.subscripts):
                self._check_clear(name, seen, self.root((name, place)))
        lengths = self._lengths([key for key in keys if key not in self.known])
        for name, (text, offset) in scalars.items():
            if name == "e" and name in self.positive:
                raise text.error(
                    "e is not declared: is it an input, or the base of the exponential?", offset,
                    "the exponential is written exp(x); an input is declared with --input 'e: positive'",
                )  # fmt: skip
            if name in LENGTHS and (arrays or self.scope.sizes):
                raise text.error(
                    f"{name} is not declared: is it the length of an axis, or a number?", offset,
                    f"say so with --input 'x: real[{name}]' for what has that length, or --input '{name}: real'",
                )  # fmt: skip
        declared = {}
        for name in (*sorted(arrays), *sorted(scalars)):
            domain = "positive" if name in self.positive else "real"
            domain = "unit" if name in self.positive & self.below_one else domain
            axes = [lengths[self.root((name, p))] for p in range(arrays[name].subscripts)] if name in arrays else []
            declared[name] = domain + (f"[{', '.join(axes)}]" if axes else "")
        return declared

    def _check_clear(self, name: str, seen: _Name, key: Key) -> None:
        is_told = key in self.known or any(self.root(k) == key for k in list(self.above) if k[0] not in self.names)
        if key in self.unclear or not is_told:
            axes = ", ".join("n" for _ in range(seen.subscripts))
            raise seen.text.error(
                f"nothing says how long {name} is", seen.offset,
                f"declare it, for example with --input '{name}: real[{axes}]'",
            )  # fmt: skip

    def _lengths(self, new: Sequence[Key]) -> dict[Key, str]:
        taken = self.written | self.scope.sizes.keys() | self.scope.tensors.keys() | set(self.defined)
        pool = [name for name in (_SIZES if len(new) > 1 else ("n", *_SIZES)) if name not in taken]
        pool += [f"n{count}" for count in range(1, len(new) + len(taken) + 1) if f"n{count}" not in taken]
        return dict(self.known) | dict(zip(new, pool, strict=False))


def inferred(lines: Sequence[Line], scope: Scope, together: int = 1) -> dict[str, str]:
    """The inputs that the lines read and that are not declared, as `domain[axes]` by name.

    together: how many of the last lines share their free indices, as an expression and what it is differentiated by.
    An axis is told by the indices that subscript it; where that is not enough, CatalogError says what to declare.
    Every input is real, but positive where a logarithm, a root or a power has a value nowhere else, and between 0
    and 1 where log(x) and log(1 - x) both occur.
    """
    defined = {line.left.name: len(line.left.subscripts) for line in lines if line.left is not None}
    found = Inference(scope, defined)
    for tensor in scope.tensors.values():
        for place, over in enumerate(tensor.axes):
            found.known[tensor.name, place] = axis_text(over)
    for at, line in enumerate(lines):
        found.read(line, "last" if at >= len(lines) - together else at)
    return found.found()


def _bounded(part: ast.AST) -> tuple[str, list[ast.expr]]:
    """The index that an argument of a sum names, with its bounds; "" where it names none."""
    match part:
        case ast.Name(id=name):
            return name, []
        case ast.Tuple(elts=[ast.Name(id=name), *bounds]):
            return name, bounds
    return "", []


def _bare(part: ast.AST) -> set[str]:
    """The name of an input that stands alone, or of which an element does."""
    match part:
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return {name}
    return set()
