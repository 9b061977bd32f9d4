"""The codes of `derive lint`: what can be read and is still likely to be a slip, or hard on readers."""

from derive.codes.code import Code

CODES = (
    Code(
        "D501",
        "an input that nothing reads",
        "No definition, claim or example reads it: a leftover, or a term that was forgotten.",
        'inputs: {X: "real[m, n]", y: "real[m]", w: "real[n]", lam: positive}',
        'inputs: {X: "real[m, n]", y: "real[m]", w: "real[n]", b: real, lam: positive}',
    ),
    Code(
        "D502",
        "a definition that nothing reads",
        "Neither a claim nor an example nor another definition reads it, so nothing is known of it.",
        "z[i]: sum(X[i, j]*w[j], j)",
        "r[i]: y[i]**2\n    z[i]: sum(X[i, j]*w[j], j)",
    ),
    Code(
        "D503",
        "a claim stands twice",
        "Two claims of an entry are the same up to the names of indices; one of them may have been meant otherwise.",
        "- D(L, w[k]) == sum(X[i, k]*(z[i] - y[i]), i) + lam*w[k]",
        "- D(L, lam) == sum(w[j]**2, j)/2\n    - D(L, lam) == sum(w[p]**2, p)/2",
    ),
    Code(
        "D504",
        "both sides are the same",
        "The two sides of the claim are one expression as they stand: true, and empty.",
        "- D(L, w[k]) == sum(X[i, k]*(z[i] - y[i]), i) + lam*w[k]",
        "- D(L, w[k]) == D(L, w[k])",
    ),
    Code(
        "D505",
        "a derivative by what is not read",
        "What is differentiated does not depend on this input or definition, so the derivative is 0, and the "
        "claim says "
        "something else: a wrong letter, most often.",
        "- D(L, w[k]) == sum(X[i, k]*(z[i] - y[i]), i) + lam*w[k]",
        "- D(z[i], y[p]) == delta(i, p)",
    ),
    Code(
        "D506",
        "nothing says where this is from",
        "What is printed is printed somewhere: give the source in `from`; and the source of an entry says more "
        "than todo.",
        "from: lecture notes",
        "",
    ),
    Code(
        "D507",
        "what is printed is not quoted",
        "Beside its reading in `says`, a printed claim has the source's own LaTeX under `latex`, so that the "
        "reading can be "
        "compared.",
        "- latex: 'X^T (Xw - y) + \\lambda w'\n      says:",
        "- says:",
    ),
    Code(
        "D508",
        "a letter runs over two sizes",
        "The same letter is the index of axes of different sizes in one entry. It is read correctly, and "
        "misread easily.",
        "- D(L, w[k]) == sum(X[i, k]*(z[i] - y[i]), i) + lam*w[k]",
        "- D(L, w[i]) == sum(X[k, i]*(z[k] - y[k]), k) + lam*w[i]",
    ),
    Code(
        "D509",
        "a group that the catalog does not introduce",
        "The catalog introduces its groups under `groups`, and this is none of them: a slip, or an introduction is "
        "missing.",
        "group: mine",
        "group: mime",
    ),
    Code("D510", "a group without entries", "It is introduced under `groups`, and no entry is in it."),
    Code(
        "D511",
        "the title",
        "A title is one line of at most 120 characters without a full stop, and starts with a capital letter.",
        "title: Ridge regression",
        "title: ridge regression.",
    ),
    Code(
        "D512",
        "the name of an entry",
        "Names of entries are words in small letters, joined by _: they are typed in commands.",
        "ridge:",
        "Ridge:",
    ),
    Code(
        "D513",
        "an alias that is no other name",
        "The alias is the entry's own name, or stands twice.",
        "group: mine",
        "group: mine\n  aliases: [ridge]",
    ),
    Code("D514", "two entries with one title", "Readers of a list tell entries apart by their titles."),
)
