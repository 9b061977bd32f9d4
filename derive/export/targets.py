"""What a formula's functions compute: the values that are differentiated, and by which inputs."""

from dataclasses import dataclass, field

from derive import domains
from derive.binding import opened, replace, total, walk
from derive.expression import (
    Derivative,
    Element,
    Index,
    Multiply,
    Node,
    Reduce,
    Tensor,
    element,
    multiply,
)
from derive.formula import Claim, Definition, Formula, mentioned


@dataclass
class Target:
    """A value, and what it is differentiated by.

    value, labels: the value as an array over the labels.  objective: the scalar whose derivatives the backward pass
    computes: the sum of value times incoming gradient.  incoming: the tensor of that gradient.  by: the inputs.
    possible: the real inputs that it depends on.  forms: for each input what proved claims may say of it, as right
    sides under the tensor's own labels.
    """

    name: str
    value: Node
    labels: tuple[Index, ...]
    objective: Node
    incoming: Tensor
    by: tuple[Tensor, ...] = ()
    possible: tuple[Tensor, ...] = ()
    forms: dict[Tensor, list[tuple[Claim, Node]]] = field(default_factory=dict)


def formal(tensor: Tensor) -> tuple[Index, ...]:
    """The labels under which the derivatives by a tensor stand."""
    return tuple(Index(f"${place}", over) for place, over in enumerate(tensor.axes))


def targets(formula: Formula) -> list[Target]:
    """The values that claims differentiate and that no other such value is made of; else what nothing reads."""
    upstream = _upstream(formula)
    claimed: dict[Tensor, Node] = {}
    for claim in formula.claims:
        match claim.left:
            case Derivative(Element(tensor) as body, (_,)) if formula.definition(tensor) is not None:
                claimed.setdefault(tensor, body)
    last = [t for t in claimed if not any(t in upstream[other] for other in claimed if other is not t)]
    if not last:
        read = {t for d in formula.definitions for t in upstream[d.tensor]}
        last = [d.tensor for d in formula.definitions if d.tensor not in read]
    order = [d.tensor for d in formula.definitions]
    found: list[Target] = []
    for tensor in sorted(last, key=order.index):
        target = _target(formula, tensor, claimed.get(tensor), upstream)
        if target.name not in [other.name for other in found]:
            found.append(target)
    return found


def _upstream(formula: Formula) -> dict[Tensor, frozenset[Tensor]]:
    """For each definition, the tensors that it depends on, itself left out."""
    found: dict[Tensor, frozenset[Tensor]] = {}
    for definition in formula.definitions:
        own = frozenset[Tensor]()
        for body in (definition.body, *(base for _, base in definition.bases)):
            for tensor in mentioned(body):
                own |= {tensor} | found.get(tensor, frozenset())
        found[definition.tensor] = own - {definition.tensor}
    return found


def _target(
    formula: Formula, tensor: Tensor, claimed: Node | None, upstream: dict[Tensor, frozenset[Tensor]]
) -> Target:
    definition = formula.definition(tensor)
    assert definition is not None
    pulled = _pulled_back(formula, definition, upstream)
    if pulled is not None:
        incoming, made = pulled
        labels = made.indices
        target = Target(made.tensor.name, element(made.tensor, *labels), labels, element(tensor), incoming)
        sources = {tensor: None, made.tensor: labels}
    else:
        value, labels = _whole(definition, claimed)
        taken = {t.name for t in formula.tensors()}
        name = next(n for n in ("g", "G", "g_out", *(f"g_{k}" for k in range(99))) if n not in taken)
        incoming = Tensor(name, tuple(i.axis for i in labels), "real")
        objective = total(multiply(element(incoming, *labels), value), *labels)
        target = Target(tensor.name, value, labels, objective, incoming)
        sources = {tensor: labels}
    _claims(formula, target, sources, pulled is not None)
    reads = frozenset().union(*(upstream[t] | {t} for t in mentioned(target.value)))
    target.possible = tuple(
        t for t in formula.inputs if t in reads and t is not target.incoming and not domains.TABLE[t.domain].integer
    )
    target.by = tuple(t for t in target.possible if t in target.forms) or target.possible
    return target


def _whole(definition: Definition, claimed: Node | None) -> tuple[Node, tuple[Index, ...]]:
    """The tensor as a whole, or the part that claims differentiate where they all speak of one part (a last step)."""
    labels = tuple(Index(str(i.name), over) for i, over in zip(definition.indices, definition.tensor.axes, strict=True))
    return element(definition.tensor, *labels), labels


def _pulled_back(
    formula: Formula, definition: Definition, upstream: dict[Tensor, frozenset[Tensor]]
) -> tuple[Tensor, Definition] | None:
    """For L = sum(g[i]*y[i], i), where g is an input that nothing else reads: g and the definition of y."""
    match definition.body:
        case Reduce("sum") as node:
            body, indices = opened(node)
        case Multiply() as body:
            indices = ()
        case _:
            return None
    if not isinstance(body, Multiply) or len(body.factors) != 2:
        return None
    for incoming, made in (body.factors, body.factors[::-1]):
        match incoming, made:
            case Element(g, of_g), Element(y, of_y) if (
                g in formula.inputs
                and of_g == of_y
                and set(of_g) == set(indices)
                and len(of_g) == len(indices)
                and tuple(i.axis for i in indices if isinstance(i, Index)) is not None
                and g.axes == y.axes
                and g.domain == "real"
            ):
                found = formula.definition(y)
                if found is not None and not found.bases and g not in upstream[y]:
                    return g, found
    return None


def _claims(formula: Formula, target: Target, sources: dict[Tensor, tuple[Index, ...] | None], is_pulled: bool) -> None:
    """The right sides that claims give for the derivatives of the target, multiplied by the incoming gradient."""
    for claim in formula.claims:
        match claim.left:
            case Derivative(Element(tensor, places), (Element(by, subscripts),)) if (
                claim.operator == "==" and tensor in sources and by in formula.inputs and claim.expected == "holds"
            ):
                labels = sources[tensor]
                plain = all(isinstance(s, Index) for s in subscripts) and len(set(subscripts)) == len(subscripts)
                if not plain or tuple(s.axis for s in subscripts if isinstance(s, Index)) != by.axes:
                    continue
                target.forms.setdefault(by, [])
                if any(isinstance(part, Derivative) for part in walk(claim.right)):
                    continue
                named = dict(zip(subscripts, formal(by), strict=True))
                right = claim.right
                if labels is not None:
                    own = tuple(Index(f"%{k}", i.axis) for k, i in enumerate(labels))
                    free = [p for p in places if isinstance(p, Index)]
                    if len(free) != len(places) or len({*free, *subscripts}) != len(free) + len(subscripts):
                        continue
                    if tuple(i.axis for i in free) != tuple(i.axis for i in own):
                        continue
                    right = replace(right, {**named, **dict(zip(free, own, strict=True))})
                    right = total(multiply(element(target.incoming, *own), right), *own)
                else:
                    right = replace(right, named)
                target.forms[by].append((claim, right))
