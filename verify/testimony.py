"""What a witness says of a claim, and the settings that every witness gets."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from derive.verdict import WITNESSES

Saying = Literal["equal", "differs", "agrees", "cannot tell", "not run"]


@dataclass(frozen=True)
class Settings:
    """seed: `--seed`, mixed with the formula's own text.  draws: planned points of the exact witness.

    at: a counterexample that another witness found; the witness then speaks of this one point, if it can.
    steps: whether every step of a proof is compared in exact arithmetic.
    printed_only: what sources print is judged, and of the rest only what speaks of the same left sides.
    is_shown: whether somebody will read the counterexamples, so that they are made small.
    """

    seed: int = 0
    draws: int = 6
    digits: int = 60
    witnesses: tuple[str, ...] = WITNESSES
    at: "Counterexample | None" = None
    printed_only: bool = False
    is_shown: bool = True
    steps: bool = True


@dataclass(frozen=True)
class Counterexample:
    """A point at which the two sides differ, certified.

    sizes, indices: by name.  values: exact rationals, nested tuples, by input name.  derived, claimed:
    decimal text of the left and right side there (or "undefined").  difference: decimal text, with every
    digit shown certain.
    """

    sizes: dict[str, int]
    indices: dict[str, int]
    values: dict[str, Any]  # nested tuples of Fraction
    derived: str
    claimed: str
    difference: str
    certified: bool = True


@dataclass(frozen=True)
class Testimony:
    """says: "equal" is the algebra's alone; "differs" carries a counterexample where the witness can
    give one; "cannot tell" and "not run" carry the reason.  facts: what the report shows beside
    (points, digits, sizes, max_error, allowed), JSON values only.
    """

    witness: str
    says: Saying
    reason: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    counterexample: Counterexample | None = None

    @property
    def is_as_recorded(self) -> bool:
        """Of a reference: whether it found what the entry says of it, or nothing could be tried."""
        return self.says in ("agrees", "not run") or bool(self.facts.get("recorded"))


Rationals = Fraction | tuple["Rationals", ...]
