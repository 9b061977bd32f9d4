"""A question in a line: an expression and what it is differentiated by, or a claim; inputs declared or inferred."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from derive.binding import walk
from derive.catalog import scope_of
from derive.errors import CatalogError, Place, UnsupportedError, nearest
from derive.expression import Derivative, Element, Index, Node, Tensor, element
from derive.formula import Claim, Definition, Formula
from derive.language.entry import read_claim
from derive.language.inference import Line, inferred
from derive.language.notation import expression
from derive.language.program import left_side, read_definitions, read_input
from derive.language.scope import Scope
from derive.language.source import NAME as NAMES
from derive.language.source import Text, written
from derive.printing.text import text

NAME = "question"
LETTERS = "kijlpqrsuvabcdefgh"


@dataclass(frozen=True)
class Question:
    """formula: the inputs, the definitions, and the claims that were asked.  assumed: the inputs that were inferred.

    wanted: the derivative that was asked for, None where claims were.  given, defined: the declarations and
    definitions, as they were given.
    """

    formula: Formula
    assumed: tuple[str, ...] = ()
    wanted: Derivative | None = None
    given: tuple[tuple[str, str], ...] = ()
    defined: tuple[tuple[str, str], ...] = ()

    def claiming(self, form: Node) -> "Question":
        """The question whether the derivative is that form, as a claim that reads back from its own text."""
        assert self.wanted is not None
        taken = [*(tensor.name for tensor in self.formula.tensors()), *(size.name for size in self.formula.sizes)]
        line = f"{text(self.wanted, taken)} == {text(form, taken)}"
        claim = Claim(self.wanted, "==", form, line, self.formula.place)
        claim_text = f"{self.formula.text}\n{line}"
        return replace(self, formula=replace(self.formula, claims=(claim,), text=claim_text))


def derivative(
    body: str, by: Sequence[str], inputs: Iterable[tuple[str, str]] = (), define: Iterable[tuple[str, str]] = ()
) -> Question:
    """The derivative of `body` by each of `by` in turn: derivative("sum(x[i]**2, i)", ["x[k]"]).

    inputs, define: pairs of what stands left and right of the colon. An index may be bound in `body` and free in
    `by`. An array without subscripts in `by` gets letters of its own. Raises CatalogError at the place of a mistake.
    """
    target, directions = written(body, "expression").part(0, len(body)), [_direction(one) for one in by]
    inputs, define = list(inputs), list(define)
    asked = _Asked(inputs, define, [Line(target), *map(Line, directions)], together=True)
    node = expression(target, asked.scope)
    _check_met(directions, [body, *(line for pair in define for line in pair)], asked)
    for direction in directions:
        free = {str(leaf.name): leaf for leaf in node.free if isinstance(leaf, Index)}
        node = _by(node, direction, asked.scope, free)
    if not isinstance(node, Derivative):
        raise target.error("by what? name an input or an element of one, such as x[k]")
    return asked.question((), text(node), node)


def claims(
    lines: Iterable[str], inputs: Iterable[tuple[str, str]] = (), define: Iterable[tuple[str, str]] = ()
) -> Question:
    """The question whether each line holds: claims(["D(sum(x[i]**2, i), x[k]) == 2*x[k]"])."""
    texts = [written(line, "claim") for line in lines]
    stripped = [line.part(0, len(line.value)) for line in texts]
    asked = _Asked(inputs, define, [Line(line, is_claim=True) for line in stripped])
    found = tuple(read_claim(line, asked.scope) for line in stripped)
    return asked.question(found, "")  # so that each is tried at the same points whatever is claimed beside it


def read_expression(formula: Formula, line: str) -> Node:
    """An expression about a formula."""
    return expression(written(line, "expression"), scope_of(formula))


def derivative_of(formula: Formula, target: str | Node, by: Sequence[str]) -> Derivative:
    """The derivative of an expression about a formula, `target`, by each of `by`."""
    scope = scope_of(formula)
    node = expression(written(target, "expression"), scope) if isinstance(target, str) else target
    for one in by:
        free = {str(leaf.name): leaf for leaf in node.free if isinstance(leaf, Index)}
        node = _by(node, _direction(one), scope, free)
    assert isinstance(node, Derivative)
    return node


def program(question: Question) -> tuple[Formula, str, str]:
    """The formula of a derivative with the expression as its last definition, the name of that, and that of the input.

    Raises UnsupportedError where the derivative is by a definition, of which code knows no gradient.
    """
    wanted = question.wanted
    assert wanted is not None
    by = wanted.by[0].tensor
    if by.domain == "defined":
        raise UnsupportedError(f"{by.name} is defined; gradients are by inputs")
    taken = {tensor.name for tensor in question.formula.tensors()} | {size.name for size in question.formula.sizes}
    name = next(name for name in ("y", "L", "value", *(f"y_{count}" for count in range(99))) if name not in taken)
    indices = tuple(sorted((i for i in wanted.body.free if isinstance(i, Index)), key=lambda i: str(i.name)))
    tensor = Tensor(name, tuple(index.axis for index in indices), "defined")
    made = Definition(tensor, indices, wanted.body, f"{name}: {text(wanted.body)}", question.formula.place)
    return replace(question.formula, definitions=(*question.formula.definitions, made), claims=()), name, by.name


def pair(line: str, what: str) -> tuple[str, str]:
    """`name: text` in two, at the first colon outside brackets. what: the name of such a line in messages."""
    depth = 0
    for place, character in enumerate(line):
        depth += (character in "[(") - (character in ")]")
        if character == ":" and depth == 0:
            return line[:place], line[place + 1 :]
    example = "x: real[n]" if what == "input" else "p[i]: exp(x[i])"
    raise written(line, what).error(f"this is written as {example}, with a colon")


# --------------------------------------------------------------------------------------- the parts


class _Asked:
    """What stands around the question: inputs as declared, those inferred from the lines, definitions."""

    def __init__(
        self, inputs: Iterable[tuple[str, str]], define: Iterable[tuple[str, str]], lines: Sequence[Line],
        together: bool = False,
    ) -> None:  # fmt: skip
        self.scope = Scope()
        given = [(_part(name, "input"), _part(declared, "input")) for name, declared in inputs]
        defined = [(_part(left, "define"), _part(body, "define")) for left, body in define]
        tensors = [read_input(name, declared, self.scope) for name, declared in given]
        whole = [Line(body, left_side(left)) for left, body in defined] + list(lines)
        found = inferred(whole, self.scope, len(lines) if together else 1)
        self.inferred = frozenset(found)
        self.assumed = tuple(f"{name}: {declared}" for name, declared in found.items())
        tensors += [read_input(written(n, "assumed"), written(d, "assumed"), self.scope) for n, d in found.items()]
        self.definitions = read_definitions(defined, self.scope)
        self.tensors = tuple(tensors)
        self.given = tuple((name.value, declared.value) for name, declared in given)
        self.defined = tuple((left.value, body.value) for left, body in defined)

    def question(self, asked: tuple[Claim, ...], line: str, wanted: Derivative | None = None) -> Question:
        place = written(line, "question").at(0)
        told = repr((self.given, self.defined, self.assumed))
        formula = Formula(NAME, "", "", self.tensors, self.definitions, asked, (), tuple(self.scope.sizes.values()), "",
                          place, text=f"{told}\n{line}")  # fmt: skip
        return Question(formula, self.assumed, wanted, self.given, self.defined)


def _part(line: str, what: str) -> Text:
    return written(line, what).part(0, len(line))


def _direction(line: str) -> Text:
    return written(line, "by").part(0, len(line))


def _check_met(directions: Sequence[Text], lines: Sequence[str], asked: "_Asked") -> None:
    """What nobody declared and no line reads is a slip of the pen, and no input of which nothing depends."""
    words = {word for line in lines for word in NAMES.findall(line)}
    for direction in directions:
        name = NAMES.match(direction.value)
        if name and name[0] in asked.inferred and name[0] not in words:
            known = [tensor for tensor in asked.scope.tensors if tensor != name[0]]
            raise direction.error(
                f"{name[0]} is not declared{nearest(name[0], known)}", 0,
                f"the expression does not read it; its inputs are {', '.join(known)}",
            )  # fmt: skip


def _by(body: Node, direction: Text, scope: Scope, free: Mapping[str, Index]) -> Derivative:
    """The derivative of body by what the text names; D's own rules refuse what it cannot be taken by."""
    tensor = scope.tensors.get(direction.value)
    if tensor is not None and tensor.axes:
        direction = written(text(_any_element(tensor, body, scope)), "by")
    # Read inside a D, whose rules then apply; the body there is the element itself, and is dropped.
    shifted = Text(f"D({direction.value}, {direction.value})", _moved(direction))
    read = expression(shifted, scope, free)
    assert isinstance(read, Derivative)
    if isinstance(body, Derivative):
        return Derivative(body.body, (*body.by, *read.by))
    if not any(isinstance(part, Tensor) for part in walk(body)):
        raise CatalogError("nothing to differentiate: the expression reads no input")
    return Derivative(body, read.by)


def _moved(line: Text) -> Callable[[int], Place]:
    """The places of `D(e, e)`, as those of e."""
    length = len(line.value)

    def at(offset: int) -> Place:
        inside = offset - 2 if offset < length + 2 else offset - length - 4
        return line.at(min(max(inside, 0), max(length - 1, 0)))

    return at


def _any_element(tensor: Tensor, body: Node, scope: Scope) -> Element:
    """An element of the tensor under letters that stand for nothing else."""
    taken = {str(leaf.name) for leaf in body.free} | scope.tensors.keys() | scope.sizes.keys() | scope.indices
    letters = (letter for letter in LETTERS if letter not in taken)
    return element(tensor, *(Index(letter, over) for letter, over in zip(letters, tensor.axes, strict=False)))
