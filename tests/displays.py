"""What `derive show` has to show of every entry of the catalog, worked out once for all tests."""

from functools import cache

from derive.catalog import read, shipped
from derive.show import result


@cache
def displays():
    """Every entry with its display."""
    return [(entry, result(entry)) for entry in read(shipped()).formulas.values()]
