"""The sampler: what each element of its policy buys, as wrong twins that pass the exact witness without it.

python benchmarks/sampling.py [--quick] [--seeds N]  judges the wrong twins of tests/wrong_twins.yaml and a fixed
sample of mechanical ones by the exact witness alone, first under the whole policy and then with one element off at a
time, and prints a Markdown table. A twin survives where at some seed it is not refuted: it agrees, or it cannot be
told (a branch that is never reached). --quick takes every fourth twin.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import yaml

from derive import domains
from derive.catalog import read, shipped
from derive.expression import Size, Tensor
from derive.formula import Claim, Formula
from verify import corners, elements, exact, sampling, session
from verify.arithmetic import comparison
from verify.slips.mutation import mutants
from verify.testimony import Settings

TWINS = Path(__file__).parent.parent / "tests" / "wrong_twins.yaml"
MECHANICAL, QUICK = 1200, 4
SHOWN = 4
GRADIENTS = ("g", "G")  # what the catalog calls the gradient that comes in
DEFAULTS = {"epsilon": Fraction(1, 100_000), "gamma": Fraction(1), "beta": Fraction(0), "p": Fraction(2)}


@dataclass(frozen=True, eq=False)
class Twin:
    formula: Formula
    claim: Claim
    slip: str


def written_twins() -> list[Twin]:
    """The twins that were written by hand."""
    listed = yaml.load(TWINS.read_text(encoding="utf-8"), yaml.BaseLoader)
    entries = yaml.load(shipped().read_text(encoding="utf-8"), yaml.BaseLoader)
    slips = {(twin["formula"], twin["claim"]): twin["slip"] for twin in listed}
    names = dict.fromkeys(twin["formula"] for twin in listed)
    bare = {
        name: {k: v for k, v in entries[name].items() if k not in ("printed", "examples", "reference")}
        for name in names
    }
    wrong = {name: {**bare[name], "claims": [claim for own, claim in slips if own == name]} for name in names}
    formulas = [read(yaml.safe_dump({n: e}, sort_keys=False, width=10_000)).formulas[n] for n, e in wrong.items()]
    return [Twin(f, claim, slips[f.name, claim.text]) for f in formulas for claim in f.claims]


def mechanical_twins(most: int) -> list[Twin]:
    """A fixed sample of the twins that systematic edits make."""
    catalog = read(shipped())
    claims = [(f, c) for f in catalog.formulas.values() for c in f.claims if c.expected == "holds"]
    chosen = Random(0).sample(claims, min(most, len(claims)))
    found = [(f, Random(c.text).choice(made)) for f, c in chosen if c.operator == "==" and (made := mutants(f, c))]
    order = {name: place for place, name in enumerate(catalog.formulas)}
    return [Twin(f, m.claim, m.edit) for f, m in sorted(found, key=lambda pair: order[pair[0].name])]


# ---------------------------------------------------------------------------- elements switched off

Off = dict[tuple[Any, str], Any]  # what stands in for what
_array, _draws, _sizes_of, _magnitude = elements.array, sampling.draws, sampling.sizes_of, elements._magnitude


def same_everywhere(formula: Formula, number: int) -> dict[Size, int]:
    """All sizes 3, or the next number that fits."""
    return next(s for n in range(3, 9) if sampling.fits(formula, s := dict.fromkeys(formula.sizes, n)))


def values_that_are(change: Callable[[Tensor, Any], Any]) -> Off:
    """Every array drawn as usual and then changed; None leaves it."""

    def values(tensor: Tensor, *more: Any) -> Any:
        array = _array(tensor, *more)
        new = change(tensor, array)
        if new is not None:
            array[...] = new
        return array

    return {(elements, "array"): values}


def default_of(tensor: Tensor, array: Any) -> Fraction | None:
    """The usual value of a hyperparameter: of a lone number, or of the scale and shift of a normalization."""
    domain = domains.TABLE[tensor.domain]
    if domain.integer or domain.relation or (tensor.axes and tensor.name not in ("gamma", "beta")):
        return None
    if domain.high == 1:
        return Fraction(9, 10)
    default = DEFAULTS.get(tensor.name, Fraction(1))
    return default if default or domain.name == "real" else Fraction(1)


def small_epsilon(tensor: Tensor, array: Any) -> Fraction | None:
    return DEFAULTS["epsilon"] if tensor.name == "epsilon" else None


def ones_for_gradients(tensor: Tensor, array: Any) -> Fraction | None:
    return Fraction(1) if tensor.name in GRADIENTS and tensor.domain == "real" else None


def hot_for_shares(tensor: Tensor, array: Any) -> Any:
    """All in the last place."""
    if tensor.domain == "simplex":
        array[...] = Fraction(0)
        array[..., -1] = Fraction(1)


def special(stratum: str, stream: elements.Stream) -> Fraction:
    return Fraction((1, 1, 1, 2)[stream.below(4)])


_element = comparison._element


def to_six_digits(operator: str, left: Any, right: Any) -> str:
    found = _element(operator, left, right)
    is_near = found == "differs" and abs(left - right) < (abs(left) + abs(right)) / 10**6
    return "same" if is_near and operator == "==" else found


@dataclass(frozen=True)
class Element:
    """without: what is done in its place.  off: how.  stays: why, should nothing survive."""

    name: str
    without: str
    off: Off
    stays: str = ""


UNCOVERED: Off = {(exact.Record, "missing"): lambda *given, **more: []}
NOT_STRADDLED: Off = {(exact, "_near_boundaries"): lambda *given: ()}
ELEMENTS = (
    Element("unequal sizes", "all sizes 3", {(sampling, "sizes_of"): same_everywhere}),
    Element("sizes in turn", "those of the first draw", {(sampling, "sizes_of"): lambda f, number: _sizes_of(f, 0)}),
    Element("size 1", "no draw with it", {(sampling, "has_room_for_one"): lambda formula: False},
            "what is undefined at n = 1 alone, such as (n - 1)/(n - 1), is found nowhere else"),
    Element("mixed signs", "reals above 0", {(elements, "_is_positive"): lambda stratum, stream: True}),
    Element("no special values", "1 and 2, with signs", {(elements, "_magnitude"): special}),
    Element("several scales", "generic ones", {
        (sampling, "PLANNED"): ("generic",) * 6, (sampling, "stratum_of"): lambda number: "generic"}),
    Element("drawn hyperparameters", "their defaults", values_that_are(default_of)),
    Element("epsilon of order 1", "1e-5", values_that_are(small_epsilon),
            "the floats judge the same points, and see no epsilon of 1e-5"),
    Element("generic incoming gradients", "all 1", values_that_are(ones_for_gradients)),
    Element("generic shares", "one-hot", values_that_are(hot_for_shares) | {(exact, "is_inside"): lambda *given: True}),
    Element("branch coverage", "six draws will do", UNCOVERED, "a branch that no draw took would pass as agreement"),
    Element("straddling", "none", NOT_STRADDLED),
    Element("branches and straddling", "neither", UNCOVERED | NOT_STRADDLED),
    Element("six draws", "one", {
        (session, "draws"): lambda formula, seed: islice(_draws(formula, seed), 1), (corners, "AGAIN"): 0}),
    Element("whole numbers again", "six draws for them too", {(corners, "AGAIN"): 0},
            "a sum that lacks a place which six one-hot draws leave cold, and every second wrong floor, would pass"),
    Element("corners", "none", {(session, name): lambda *given: iter(()) for name in ("sided", "level", "turning")}),
    Element("every digit", "six of them", {(comparison, "_element"): to_six_digits}),
)  # fmt: skip


# ------------------------------------------------------------------------------------- judging


def sayings(twins: Sequence[Twin], off: Off, seed: int, draws: int = 6) -> Iterator[str]:
    """What the exact witness says of each twin, with some parts of the sampler replaced."""
    session._latest.clear()
    with ExitStack() as stack:
        for (place, name), other in off.items():
            stack.enter_context(patch.object(place, name, other))
        for twin in twins:
            yield exact.testify(twin.formula, twin.claim, Settings(seed=seed, draws=draws, is_shown=False)).says
    session._latest.clear()


def survivors(twins: Sequence[Twin], element: Element, seeds: int) -> dict[Twin, str]:
    """The twins that are not refuted at some seed, with what is said of them; "agrees" where that is ever said."""
    found: dict[Twin, str] = {}
    draws = 1 if element.name == "six draws" else 6
    for seed in range(seeds):
        for twin, says in zip(twins, sayings(twins, element.off, seed, draws), strict=True):
            if says != "differs" and found.get(twin) != "agrees":
                found[twin] = says
    return found


def main() -> None:
    parser = ArgumentParser(description="What each element of the sampler buys.")
    parser.add_argument("--quick", action="store_true", help="every fourth twin")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    step = QUICK if options.quick else 1
    started = time.process_time()
    twins = [*written_twins()[::step], *mechanical_twins(MECHANICAL // step)]
    alive = survivors(twins, Element("whole", "", {}), options.seeds)
    killed = [twin for twin in twins if twin not in alive]
    print(f"{len(twins)} twins, seeds: {options.seeds}. The whole policy refutes {len(killed)}, always; the others, ")
    print(f"{len(alive)} that are true as they are or cannot be told, are left out.\n")
    print("| element | without it | survive | of these agree | which |\n|---|---|---|---|---|")
    for element in ELEMENTS:
        found = survivors(killed, element, options.seeds)
        agree = sum(says == "agrees" for says in found.values())
        names = dict.fromkeys(f"{t.formula.name}: {t.slip}" for t in sorted(found, key=lambda t: found[t] != "agrees"))
        more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
        which = "; ".join([*list(names)[:SHOWN], *more]) or element.stays
        print(f"| {element.name} | {element.without} | {len(found)} | {agree} | {which} |", flush=True)
    print(f"\n{time.process_time() - started:.0f} s of one core.")


if __name__ == "__main__":
    main()
