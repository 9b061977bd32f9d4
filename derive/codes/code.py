"""What a code is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """name: such as D301.  meaning: in a line.  text: what to know and what to do about it.

    right, wrong: a line as it should be and as it is complained of, both to stand in the entry `ENTRY`.
    patterns: regular expressions, one of which matches from its start a message or reason that has this code.
    """

    name: str
    meaning: str
    text: str
    right: str = ""
    wrong: str = ""
    patterns: tuple[str, ...] = ()


ENTRY = """\
ridge:
  title: Ridge regression
  group: mine
  inputs: {X: "real[m, n]", y: "real[m]", w: "real[n]", lam: positive}
  define:
    z[i]: sum(X[i, j]*w[j], j)
    L: sum((z[i] - y[i])**2, i)/2 + lam*sum(w[j]**2, j)/2
  claims:
    - D(L, w[k]) == sum(X[i, k]*(z[i] - y[i]), i) + lam*w[k]
  printed:
    - latex: 'X^T (Xw - y) + \\lambda w'
      says: D(L, w[k]) == sum(X[i, k]*(z[i] - y[i]), i) + lam*w[k]
      from: lecture notes
      holds: yes
  examples:
    - given: {X: [[1, 2]], y: [3], w: [1, 1], lam: 1}
      then: {L: 1}
  source: Hoerl and Kennard 1970
"""
