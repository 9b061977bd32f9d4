"""The computation graph of a formula: its definitions as arrows forward, their adjoints as arrows back."""

from collections.abc import Iterator, Mapping
from html import escape

from derive.expression import Derivative, Element, Tensor
from derive.formula import Definition, Formula
from derive.printing.glyphs import COMBINING, glyph
from derive.printing.layout import Symbol, inside
from derive.printing.letters import letter
from verify.book.drawing import Drawing

WIDE, HIGH, GAP, ROW = 76, 34, 64, 86
LEAST, MOST = 3, 14


def drawn(formula: Formula) -> Iterator[Drawing]:
    """The graph, where a formula has enough definitions to make one, and derivatives that flow back through it."""
    definitions = {d.tensor: d for d in formula.definitions}
    targets = [c.left.body for c in formula.claims if isinstance(c.left, Derivative)]
    scalars = (t.tensor for t in targets if isinstance(t, Element) and not t.tensor.axes)
    target = next((tensor for tensor in scalars if tensor in definitions), None)
    if target is None:
        return
    edges = _edges(definitions, target)
    nodes = {node for edge in edges for node in edge}
    if not sum(node in definitions for node in nodes) >= LEAST or len(nodes) > MOST:
        return
    places = _placed(formula, edges)
    wanted = {c.left.by[0].tensor for c in formula.claims if isinstance(c.left, Derivative) and len(c.left.by) == 1}
    source = _source(places, edges, definitions, target)
    names = ", ".join(tensor.name for tensor in places if tensor not in definitions)
    order = ", ".join(d.name for d in formula.definitions if d.tensor in nodes)
    told = ", ".join(sorted(tensor.name for tensor in wanted if tensor in nodes))
    yield Drawing(
        source,
        f"How {target.name} is computed (full arrows), and how its derivative flows back (dashed): an adjoint is the "
        "sum over the dashed arrows that come in.",
        f"A graph from the inputs {names} through {order}. Derivatives of {target.name} by {told} are claimed.",
    )  # fmt: skip


def _edges(definitions: Mapping[Tensor, Definition], target: Tensor) -> list[tuple[Tensor, Tensor]]:
    """What the target is made of, as pairs: read, and who reads it."""
    found: dict[tuple[Tensor, Tensor], None] = {}
    waiting, seen = [target], {target}
    while waiting:
        user = waiting.pop()
        definition = definitions.get(user)
        if definition is None:
            continue
        bodies = [definition.body, *(body for _, body in definition.bases)]
        read = {part for body in bodies for part in body.mentions if isinstance(part, Tensor) and part is not user}
        for tensor in sorted(read, key=lambda t: t.name):
            found[tensor, user] = None
            if tensor not in seen:
                seen.add(tensor)
                waiting.append(tensor)
    return list(found)


def _placed(formula: Formula, edges: list[tuple[Tensor, Tensor]]) -> dict[Tensor, tuple[float, float]]:
    """A place for each node: a column for each generation, inputs beside their first reader, few crossings."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_edges_from(edges)
    depth = {node: level for level, nodes in enumerate(nx.topological_generations(graph)) for node in nodes}
    for node in formula.inputs:
        if node in graph:
            depth[node] = min(depth[user] for user in graph.successors(node)) - 1
    order = {node: place for place, node in enumerate(formula.tensors())}
    columns: dict[int, list[Tensor]] = {}
    for node in sorted(graph, key=lambda n: (depth[n], order[n])):
        columns.setdefault(depth[node], []).append(node)
    height = {node: float(row) for nodes in columns.values() for row, node in enumerate(nodes)}
    for sweep in range(6):
        for level in sorted(columns, reverse=bool(sweep % 2)):
            around = graph.successors if sweep % 2 else graph.predecessors
            nodes = columns[level]
            nodes.sort(key=lambda n: (_mean([height[m] for m in around(n)], height[n]), order[n]))
            height.update({node: row - (len(nodes) - 1) / 2 for row, node in enumerate(nodes)})
    top = min(height.values())
    return {node: (depth[node] * (WIDE + GAP) + WIDE / 2 + 6, (height[node] - top) * ROW + HIGH / 2 + 22)
            for node in sorted(graph, key=lambda n: order[n])}  # fmt: skip


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _source(
    places: Mapping[Tensor, tuple[float, float]], edges: list[tuple[Tensor, Tensor]],
    definitions: Mapping[Tensor, Definition], target: Tensor,
) -> str:  # fmt: skip
    width = max(x for x, _ in places.values()) + WIDE / 2 + 6
    height = max(y for _, y in places.values()) + HIGH / 2 + 34
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" class="graph">']
    for one, other in edges:
        (x, y), (u, v) = places[one], places[other]
        parts += [_arrow(x + WIDE / 2, y - 5, u - WIDE / 2, v - 5, "forward"),
                  _arrow(u - WIDE / 2, v + 7, x + WIDE / 2, y + 7, "back")]  # fmt: skip
    for tensor, (x, y) in places.items():
        kind = "target" if tensor is target else "made" if tensor in definitions else "input"
        parts.append(
            f'<rect class="{kind}" x="{x - WIDE / 2:g}" y="{y - HIGH / 2:g}" width="{WIDE}" height="{HIGH}" rx="5"/>'
        )
        parts.append(f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle">{escape(shown(tensor))}</text>')
        if tensor is not target:
            below = f"∂{_letter(target.name)}/∂{shown(tensor)}"
            parts.append(
                f'<text class="adjoint" x="{x:g}" y="{y + HIGH / 2 + 15:g}" text-anchor="middle">{escape(below)}</text>'
            )
    return "".join([*parts, "</svg>"])


def _arrow(x: float, y: float, u: float, v: float, kind: str) -> str:
    """A curve that leaves and arrives level, with its head."""
    sign = 1 if u > x else -1
    bend = abs(u - x) * 0.45
    path = f"M{x:g} {y:g}C{x + sign * bend:.4g} {y:g} {u - sign * bend:.4g} {v:g} {u - sign * 5:g} {v:g}"
    head = f"M{u:g} {v:g}l{-sign * 8} -3.5v7z"
    return f'<path class="{kind}" d="{path}"/><path class="{kind} head" d="{head}"/>'


def shown(tensor: Tensor) -> str:
    """A tensor's name with an index for each axis, in the characters of a line."""
    letters = "ijkl"[: len(tensor.axes)]
    return _letter(tensor.name) + (f"[{', '.join(letters)}]" if letters else "")


def _letter(name: str) -> str:
    symbols = [part for part in inside(letter(name)) if isinstance(part, Symbol)]
    return "_".join(glyph(part) + COMBINING.get(part.accent, "") for part in symbols) or name
