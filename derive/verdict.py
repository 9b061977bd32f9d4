"""What is known of a claim, as Python code asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

Word = Literal["proved", "agrees", "refuted", "undecided", "conflict"]
WITNESSES = ("algebra", "exact", "sympy", "differences")
GRAVITY: tuple[Word, ...] = ("proved", "agrees", "undecided", "refuted", "conflict")


@dataclass(frozen=True)
class Counterexample:
    """A point at which the sides of a claim differ.

    sizes, indices: by name.  values: rationals as text by input, nested like its axes.  derived, claimed: the two
    sides there, as decimal text.  difference: with every digit shown certain, where it is certified.
    """

    sizes: Mapping[str, int]
    indices: Mapping[str, int]
    values: Mapping[str, Any]
    derived: str
    claimed: str
    difference: str
    certified: bool


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim, or on several together: then `parts` has each, and `verdict` is the gravest.

    It is true where it is proved or agrees, so that `assert check(...)` fails for all else.

    claim: the text.  message: what there is to say, over several lines.  reason: why it is undecided.
    witnesses: what each of them says.  counterexample: sizes, values and indices at which the sides differ.
    assumed: inputs that nobody declared.  is_as_expected: whether it is what the catalog expects.
    """

    claim: str
    verdict: Word
    message: str
    reason: str = ""
    witnesses: Mapping[str, str] = field(default_factory=dict)
    counterexample: Counterexample | None = None
    assumed: tuple[str, ...] = ()
    is_as_expected: bool = True
    parts: tuple["Verdict", ...] = ()

    @property
    def is_proved(self) -> bool:
        """Equal for every size and every point of the domain, but for branch boundaries."""
        return self.verdict == "proved"

    @property
    def is_refuted(self) -> bool:
        """There is a point of the domain at which the sides differ."""
        return self.verdict == "refuted"

    @property
    def is_undecided(self) -> bool:
        """Nothing is known; `reason` says why."""
        return self.verdict == "undecided"

    def __bool__(self) -> bool:
        return self.verdict in ("proved", "agrees")

    def __str__(self) -> str:
        return self.message

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.message)}</pre>"


def together(name: str, parts: tuple[Verdict, ...]) -> Verdict:
    """One verdict on all of them: the gravest of those that are not as expected, else of those that should hold."""
    grave = [part for part in parts if not part.is_as_expected] or [part for part in parts if part] or list(parts)
    verdict: Word = max((part.verdict for part in grave), key=GRAVITY.index, default="undecided")
    message = "\n".join(part.message for part in parts) or f"{name} claims nothing"
    return Verdict(name, verdict, message, "" if parts else f"{name} claims nothing", parts=parts,
                   is_as_expected=all(part.is_as_expected for part in parts))  # fmt: skip
