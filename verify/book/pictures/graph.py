"""The computation graph of a formula: its definitions as arrows forward, their adjoints as arrows back."""

from collections.abc import Iterator, Mapping
from html import escape

from derive.expression import Derivative, Element, Tensor
from derive.formula import Definition, Formula
from derive.printing.glyphs import COMBINING, glyph
from derive.printing.layout import Digits, Scripts, Symbol, inside
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
    names = ", ".join(t.name for t in places if isinstance(t, Tensor) and t not in definitions)
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


Place = tuple[float, float]
Passage = tuple[Tensor, int]
"""Where the edges of a node that span several columns pass, together, through one of them."""


def _placed(formula: Formula, edges: list[tuple[Tensor, Tensor]]) -> dict[Tensor | Passage, Place]:
    """A place for each node and each passage: a column for each generation, inputs before their first reader."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_edges_from(edges)
    depth = {node: level for level, nodes in enumerate(nx.topological_generations(graph)) for node in nodes}
    for node in formula.inputs:
        if node in graph:
            depth[node] = min(depth[user] for user in graph.successors(node)) - 1
    order: dict[Tensor | Passage, int] = {node: place for place, node in enumerate(formula.tensors())}
    for one, other in edges:
        passages = [(one, level) for level in range(depth[one] + 1, depth[other])]
        chain: list[Tensor | Passage] = [one, *passages, other]
        for passage in passages:
            depth[passage] = passage[1]
            order.setdefault(passage, len(order))
        if len(chain) > 2:
            graph.remove_edge(one, other)
            nx.add_path(graph, chain)
    columns: dict[int, list[Tensor | Passage]] = {}
    for node in sorted(graph, key=lambda n: (depth[n], order[n])):
        columns.setdefault(depth[node], []).append(node)
    height = {node: float(row) for nodes in columns.values() for row, node in enumerate(nodes)}
    for sweep in range(8):
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
    places: Mapping[Tensor | Passage, Place], edges: list[tuple[Tensor, Tensor]],
    definitions: Mapping[Tensor, Definition], target: Tensor,
) -> str:  # fmt: skip
    width = max(x for x, _ in places.values()) + WIDE / 2 + 6
    height = max(y for _, y in places.values()) + HIGH / 2 + 34
    rem = width / 16
    size = f"width: {rem:.4g}rem; min-width: {min(34, rem):.4g}rem"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" class="graph" style="{size}">'
    ]
    for one, other in edges:
        (x, y), (u, v) = places[one], places[other]
        passed = (place for node, place in places.items() if isinstance(node, tuple) and node[0] is one)
        through = sorted(place for place in passed if place[0] < u)
        there = [(x + WIDE / 2, y - 5), *((p - WIDE / 2, q - 5) for p, q in through), (u - WIDE / 2, v - 5)]
        back = [(u - WIDE / 2, v + 7), *((p - WIDE / 2, q + 7) for p, q in reversed(through)), (x + WIDE / 2, y + 7)]
        parts += [_arrow(there, "forward"), _arrow(back, "back")]
    for tensor, (x, y) in places.items():
        if isinstance(tensor, tuple):
            continue
        kind = "target" if tensor is target else "made" if tensor in definitions else "input"
        corner = f'x="{x - WIDE / 2:g}" y="{y - HIGH / 2:g}"'
        parts.append(f'<rect class="{kind}" {corner} width="{WIDE}" height="{HIGH}" rx="5"/>')
        parts.append(f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle">{escape(shown(tensor))}</text>')
        if tensor is not target:
            below = escape(f"∂{_letter(target.name)}/∂{shown(tensor)}")
            at = f'x="{x:g}" y="{y + HIGH / 2 + 15:g}"'
            parts.append(f'<text class="adjoint" {at} text-anchor="middle">{below}</text>')
    return "".join([*parts, "</svg>"])


def _arrow(points: list[Place], kind: str) -> str:
    """A curve through points that leaves and arrives level, with its head; straight across the width of a column."""
    sign = 1 if points[-1][0] > points[0][0] else -1
    (x, y), (u, v) = points[0], points[-1]
    path = f"M{x:g} {y:g}"
    for number, (p, q) in enumerate(points[1:], 1):
        is_last = number == len(points) - 1
        near = p if is_last or sign > 0 else p + WIDE
        bend = abs(near - x) * 0.45
        end = near - sign * 5 if is_last else near
        path += f"C{x + sign * bend:.4g} {y:g} {near - sign * bend:.4g} {q:g} {end:g} {q:g}"
        x, y = near, q
        if not is_last:
            x += sign * WIDE
            path += f"H{x:g}"
    head = f"M{u:g} {v:g}l{-sign * 8} -3.5v7z"
    return f'<path class="{kind}" d="{path}"/><path class="{kind} head" d="{head}"/>'


def shown(tensor: Tensor) -> str:
    """A tensor's name with an index for each axis, in the characters of a line."""
    letters = "ijkl"[: len(tensor.axes)]
    return _letter(tensor.name) + (f"[{', '.join(letters)}]" if letters else "")


def _letter(name: str) -> str:
    """A name with its Greek letter and its accent; what stands below it behind a low line."""
    box = letter(name)
    base = box.base if isinstance(box, Scripts) else box
    if not isinstance(base, Symbol):
        return name
    below = [part.name if isinstance(part, Symbol) else part.text for part in inside(box)
             if isinstance(part, Symbol | Digits) and part is not base]  # fmt: skip
    return glyph(base) + COMBINING.get(base.accent, "") + "".join(f"_{text}" for text in below)
