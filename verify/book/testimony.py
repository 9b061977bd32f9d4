"""What is known of one claim, in words and figures: what is wrong with it, what each witness said, how it is proved."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from derive.formula import Formula
from verify.book.chapters import Met
from verify.book.html import Content, Markup, join, tag
from verify.book.mathematics import boxed
from verify.report import Judged, Point, Said
from verify.terminal import nested, shortened

OF_A_PROOF = ("read", "chained", "steps")
"""What the algebra tells of a proof, which stands in words of its own."""

TITLES = {"branches": "comparisons that turn"}


def wrong(judged: Judged) -> Markup:
    """What is wrong with a claim, or why nothing is known."""
    rows = [] if judged.reason is None else [("because", judged.reason)]
    found = judged.counterexample
    rows += list(_point(found)) if found else []
    if isinstance(judged.diagnosis, str):
        rows.append(("perhaps", judged.diagnosis))
        rows += [("then it agrees", judged.repaired)] if isinstance(judged.repaired, str) else []
    if isinstance(judged.right, str):
        rows.append(("right", judged.right))
    return _listed(rows, "wrong")


def _point(found: Point) -> Iterator[tuple[str, str]]:
    parts = [f"{name} = {size}" for name, size in found.sizes.items()]
    parts += [f"{name} = {nested(value)}" for name, value in found.values.items()]
    parts += [f"{name} = {index}" for name, index in found.indices.items()]
    if parts:
        yield "where", ", ".join(parts)
    if found.derived:
        yield "it is", shortened(found.derived)
        yield "claimed", shortened(found.claimed)
        yield "apart by", found.difference + (", certified by bounds on every rounding" if found.certified else "")


def witnesses(judged: Judged, formula: Formula, met: Met | None) -> Markup:
    """What each witness said; of a proof, how it went. met: the normal forms in which the two sides met."""
    rows: list[tuple[str, Content]] = []
    for name in judged.witnesses.__struct_fields__:
        said = getattr(judged.witnesses, name)
        if isinstance(said, Said) and said.says != "not run":
            figures = _figures(said)
            rows.append((name, join(said.says, tag("span", figures, class_="note") if figures else "")))
            if name == "algebra" and said.says == "equal":
                rows += _proof(said, formula, met)
    return _listed(rows) if rows else Markup("")


def _listed(rows: Sequence[tuple[str, Content]], kind: str | None = None) -> Markup:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows), class_=kind)


def _proof(said: Said, formula: Formula, met: Met | None) -> Iterator[tuple[str, Content]]:
    """How the two sides were found equal: what was read, by which rules, and what they both are."""
    told = said.more if isinstance(said.more, dict) else {}
    read, steps = told.get("read"), told.get("steps")
    if isinstance(read, list) and formula.definitions:
        kept = [definition.name for definition in formula.definitions if definition.name not in read]
        parts = [f"{', '.join(map(str, read))} read"] if read else []
        parts += [f"{', '.join(kept)} as {'a name' if len(kept) == 1 else 'names'}"] if kept else []
        parts += ["derivatives as links of a chain rule"] if told.get("chained") else []
        yield "definitions", "; ".join(parts)
    if isinstance(steps, dict) and steps:
        yield "steps", f"{sum(steps.values())}: {counted(steps)}"
    if met is not None:
        long = f"{met.parts} names, numbers and signs, too many to stand here"
        yield "normal form", boxed(met.mathml, "normal form") if met.mathml else long


def counted(steps: Mapping[str, int]) -> str:
    """How often each rule was used.

    >>> counted({"chain rule": 2, "derivative": 1})
    'chain rule (2), derivative'
    """
    return ", ".join(f"{rule} ({count})" if count > 1 else rule for rule, count in steps.items())


def _figures(said: Said) -> str:
    facts = [f"{said.points} point{'' if said.points == 1 else 's'}"] if isinstance(said.points, int) else []
    facts += [f"{said.digits} digits"] if isinstance(said.digits, int) else []
    if isinstance(said.sizes, list) and said.sizes and said.sizes[0]:
        facts.append(f"sizes {_sizes(said.sizes)}")
    facts += [f"error {_number(said.max_error)}"] if not _is_unset(said.max_error) else []
    facts += [f"allowed {_number(said.allowed)}"] if not _is_unset(said.allowed) else []
    facts += [f"by {', '.join(said.rules)}"] if isinstance(said.rules, list) else []
    more = said.more if isinstance(said.more, dict) else {}
    facts += [f"{TITLES.get(name, name)}: {_plain(value)}" for name, value in more.items()
              if name not in OF_A_PROOF and (name, value) != ("branches", 0)]  # fmt: skip
    facts += [said.reason] if isinstance(said.reason, str) else []
    return f" ({', '.join(facts)})" if facts else ""


def _is_unset(value: object) -> bool:
    return not isinstance(value, float | str)


def _number(value: object) -> str:
    return f"{value:.1e}" if isinstance(value, float) and value else "0" if value == 0 else str(value)


def _sizes(sizes: Sequence[Mapping[str, int]]) -> str:
    """The sizes that were tried, names once.

    >>> _sizes([{"n": 2, "m": 3}, {"n": 5, "m": 4}])
    '(n, m) = (2, 3), (5, 4)'
    """
    names = list(sizes[0])
    if len(names) == 1:
        return f"{names[0]} = {', '.join(str(one[names[0]]) for one in sizes)}"
    values = (", ".join(str(one.get(name, "")) for name in names) for one in sizes)
    return f"({', '.join(names)}) = {', '.join(f'({row})' for row in values)}"


def _plain(value: Any) -> str:
    match value:
        case dict():
            return "; ".join(f"{key} {_plain(item)}" for key, item in value.items())
        case list():
            return "; ".join(map(_plain, value))
    return str(value)
