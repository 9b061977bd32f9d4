"""The domains that an input can declare: what is true of every element, and what relates them."""

import msgspec


class Domain(msgspec.Struct, frozen=True):
    """What `name[axes]` promises of an input.

    low, high: open bounds of each element (None: unbounded).  nonzero, integer: of each element.
    values: the finite set of values, if there is one.  relation: what ties the elements together
    ("simplex": the last axis sums to 1, "onehot": one 1 along the last axis, "symmetric": the last
    two axes may be swapped, "spd": symmetric and positive definite).  axes: the least number of axes.
    """

    name: str
    meaning: str
    low: int | None = None
    high: int | None = None
    closed: bool = False
    nonzero: bool = False
    integer: bool = False
    values: tuple[int, ...] = ()
    relation: str = ""
    axes: int = 0

    @property
    def positive(self) -> bool:
        return self.low is not None and self.low >= 0 and not self.closed


TABLE = {
    d.name: d
    for d in (
        Domain("real", "any real number"),
        Domain("positive", "> 0", low=0, nonzero=True),
        Domain("nonnegative", ">= 0", low=0, closed=True),
        Domain("nonzero", "any real number but 0", nonzero=True),
        Domain("unit", "strictly between 0 and 1", low=0, high=1, nonzero=True),
        Domain("integer", "any integer", integer=True),
        Domain("natural", "an integer >= 1", low=0, integer=True, nonzero=True),
        Domain("sign", "-1 or 1", nonzero=True, integer=True, values=(-1, 1)),
        Domain("binary", "0 or 1", low=0, closed=True, integer=True, values=(0, 1)),
        Domain("simplex", "> 0, sums to 1 over the last axis", low=0, high=1, nonzero=True, relation="simplex", axes=1),
        Domain("onehot", "one 1 along the last axis, else 0", low=0, closed=True, integer=True, values=(0, 1),
               relation="onehot", axes=1),
        Domain("symmetric", "a symmetric matrix over the last two axes", relation="symmetric", axes=2),
        Domain("spd", "a symmetric positive definite matrix over the last two axes", relation="spd", axes=2),
    )
}  # fmt: skip
