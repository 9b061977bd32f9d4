"""Signs and words that the language does not have, each with what to write in its place."""

import re

HINTS = {
    "^": "a power is written x**2",
    "=": "an equation is written left == right",
    ":": "a colon has no place inside an expression",
    ":=": "nothing is assigned inside an expression",
    "->": "an arrow has no place in an expression",
    ".": "attributes, methods and dots have no place here",
    "#": "a comment has no place inside an expression",
    '"': "strings are not part of the language",
    "'": "strings are not part of the language; a derivative is written D(f, x)",
    "{": "group with ( )",
    "}": "group with ( )",
    "!": "a factorial is written prod(i, (i, 1, n)), an inequality !=",
    "&": "write and",
    "|": "write or; an absolute value is abs(x), a norm sqrt(sum(x[i]**2, i))",
    "~": "write not",
    "@": "a matrix product is written sum(A[i, j]*B[j, k], j)",
    "\\": r"LaTeX is not read here; \frac{a}{b} is a/b, x_i is x[i], \sum_i e is sum(e, i)",
    ";": "one expression at a time",
    "\t": "write spaces, not tabs",
}
FOLLOWED = {
    **dict.fromkeys(("^T", ".T", ".t", ".mT"), "a transposed matrix is written A[j, i]"),
    **dict.fromkeys((".sum", ".mean", ".prod", ".max", ".min"), "a sum over an index is written sum(x[i], i)"),
}
WORDS = {
    "lambda": "lambda is a word of Python; write lam",
    "if": "cases are written where(condition, a, b)",
    "else": "cases are written where(condition, a, b)",
    "for": "a sum over an index is written sum(e, i)",
    "in": "a sum over an index is written sum(e, i)",
    "is": "equality is written ==",
    "True": "there are no truth values; write a condition such as x > 0",
    "False": "there are no truth values; write a condition such as x > 0",
}

LOOKALIKES = {
    **dict(zip("аеорсухіјѕАВЕКМНОРСТХ", "aeopcyxijsABEKMHOPCTX", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True)),
    "−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "∗": "*", "≤": "<=", "≥": ">=", "≠": "!=",
    "√": "sqrt( )", "Σ": "sum(e, i)", "∑": "sum(e, i)", "∏": "prod(e, i)", "∂": "D(f, x)", "π": "pi", "²": "**2",
    "³": "**3", "’": "D(f, x)", "\xa0": "a space",
    "α": "alpha", "β": "beta", "γ": "gamma", "ε": "epsilon", "θ": "theta", "λ": "lam", "μ": "mu", "σ": "sigma",
    "τ": "tau", "φ": "phi", "ψ": "psi", "ω": "omega", "η": "eta", "κ": "kappa", "ρ": "rho", "ξ": "xi", "ζ": "zeta",
    "ν": "nu", "χ": "chi", "δ": "delta(i, j)",
}  # fmt: skip


def advice(value: str, position: int, word: str) -> str:
    """What to write for a sign that the language does not have, as far as what follows tells what was meant."""
    following = re.match(r"\s*\w*", value[position + len(word) :])
    more = FOLLOWED.get(word + following.group().strip()) if following else None
    return "; ".join(hint for hint in (HINTS.get(word), more) if hint)


def lookalike(character: str) -> str:
    """ "; write x" for a character that looks like what the language has, "" for any other."""
    other = LOOKALIKES.get(character)
    if other is None and 0xFF01 <= ord(character) <= 0xFF5E:
        other = chr(ord(character) - 0xFEE0)
    return f"; write {other}" if other else ""
