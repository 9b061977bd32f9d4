"""The whole book: everything that the sources print is found in the catalog under its own name."""

import re
from pathlib import Path

import pytest

from derive.catalog import read, shipped
from derive.formula import Formula

CATALOG = read(shipped())
ROWS = Path(__file__).with_name("rows.txt").read_text(encoding="utf-8").split()
NAMED = {name: f for f in CATALOG.formulas.values() for name in (f.name, *f.aliases)}
LONGEST = 60
WIDEST = 120


def test_the_catalog_reads_without_an_error():
    assert [str(error) for error in CATALOG.errors] == []


def test_the_rows_are_two_hundred_and_seventy_two():
    assert len(ROWS) == len(set(ROWS)) == 272


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_sources_is_a_name_or_an_alias(row: str):
    assert row in NAMED


def test_no_name_or_alias_stands_twice():
    names = [name for f in CATALOG.formulas.values() for name in (f.name, *f.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("formula", CATALOG.formulas.values(), ids=lambda f: f.name)
def test_every_printed_claim_says_where_it_is_printed(formula: Formula):
    for claim in formula.claims:
        if claim.origin == "printed":
            assert claim.latex
            assert re.search(r"seed 00\d", claim.source), claim.text


def test_the_file_is_pleasant_to_read():
    lines = shipped().read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > WIDEST] == []
    starts = [n for n, line in enumerate(lines) if re.match(r"[a-z_0-9]+:$", line, re.IGNORECASE)]
    lengths = {
        lines[start]: sum(1 for line in lines[start:end] if line.strip() and not line.startswith("#"))
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
        if lines[start] != "groups:"
    }
    assert {name: n for name, n in lengths.items() if n >= LONGEST} == {}
