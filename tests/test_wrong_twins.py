"""Wrong twins of the catalog's claims: each is refuted with a certified counterexample, and none is ever proved."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from derive.catalog import read, shipped
from derive.formula import Claim, Formula
from derive.proof import Algebra
from verify import exact
from verify.testimony import Settings

TWINS = [
    (twin["formula"], twin["slip"], twin["claim"])
    for twin in yaml.load(Path(__file__).with_name("wrong_twins.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
]
SLIPS = (
    "sign", "factor", "dropped term", "swapped index", "n against n-1", "missing epsilon", "wrong axis",
    "exponent off by one", "transposed", "missing chain factor", "wrong function", "relative 1e-6", "wrong threshold",
)  # fmt: skip
each_twin = pytest.mark.parametrize(
    ("formula", "claim"), [(f, c) for f, _, c in TWINS], ids=[f"{f}: {c}" for f, _, c in TWINS]
)


ENTRIES = yaml.load(shipped().read_text(encoding="utf-8"), yaml.BaseLoader)


@cache
def twinned(name: str) -> Formula:
    """The shipped formula with its wrong twins for claims."""
    bare = {field: said for field, said in ENTRIES[name].items() if field not in ("printed", "reference")}
    entry = {**bare, "claims": [claim for formula, _, claim in TWINS if formula == name]}
    catalog = read(yaml.safe_dump({name: entry}, sort_keys=False, width=10_000))
    assert [str(error) for error in catalog.errors] == []
    return catalog.formulas[name]


@cache
def algebra(name: str) -> Algebra:
    return Algebra(twinned(name))


def claim_of(name: str, text: str) -> Claim:
    return next(claim for claim in twinned(name).claims if claim.text == text)


@each_twin
def test_a_wrong_twin_is_refuted_with_a_certified_counterexample(formula: str, claim: str):
    testimony = exact.testify(twinned(formula), claim_of(formula, claim), Settings())
    assert testimony.says == "differs", testimony.reason
    assert testimony.counterexample is not None
    assert testimony.counterexample.certified


@each_twin
def test_a_wrong_twin_is_never_proved(formula: str, claim: str):
    assert not algebra(formula).prove(claim_of(formula, claim)).equal


def test_a_hundred_formulas_of_the_catalog_have_wrong_twins_by_hand():
    assert len({formula for formula, _, _ in TWINS} & set(ENTRIES)) >= 100


def test_no_twin_is_a_claim_of_the_catalog():
    claimed = {(name, claim.text) for name, formula in read(shipped()).formulas.items() for claim in formula.claims}
    assert claimed.isdisjoint((formula, claim) for formula, _, claim in TWINS)


def test_every_kind_of_slip_is_there_more_than_ten_times():
    counts = Counter(slip for _, slip, _ in TWINS)
    assert [slip for slip in SLIPS if counts[slip] <= 10] == []
    assert len({(formula, claim) for formula, _, claim in TWINS}) == len(TWINS) >= 220


@pytest.mark.parametrize(
    "name", ["softmax_ce_gradient", "layer_norm", "scaled_dot_product_attention", "p_pool_gradient", "relu6"]
)
def test_a_counterexample_is_small_enough_to_be_followed_by_hand(name: str):
    # A slip in a gradient shows at sizes of one or two, unless it is about sizes, and at numbers of a few digits.
    for claim in twinned(name).claims:
        found = exact.testify(twinned(name), claim, Settings()).counterexample
        assert found is not None
        assert max(found.sizes.values()) <= 5
        assert all(len(str(part)) <= 6 for value in found.values.values() for part in flattened(value))


def flattened(value: object) -> list[object]:
    return [leaf for part in value for leaf in flattened(part)] if isinstance(value, tuple) else [value]
