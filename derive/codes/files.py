"""The codes of a file, its YAML and the fields of an entry, when a catalog is read."""

from derive.codes.code import Code

FALLBACK = Code(
    "D100",
    "cannot be read",
    "The file is not there or may not be read, or the text cannot be read for the reason that the message gives.",
    patterns=(r".*: a pipe, to which nobody",),
)

CODES = (
    FALLBACK,
    Code(
        "D101",
        "the characters of the file",
        "A catalog is UTF-8 of a moderate length, without characters that do not show (control characters, marks that "
        "turn the direction of writing): what is read must be what is seen. In double quotes a backslash starts an "
        "escape; LaTeX stands in single quotes.",
        "latex: 'X^T (Xw - y) + \\lambda w'",
        'latex: "\\beta^T (Xw - y)"',
        (r"not UTF-8", r"longer than .* (bytes|characters)", r".* does not show; remove it", r".* in a text$"),
    ),
    Code(
        "D102",
        "not YAML",
        "The YAML parser stopped here. Most often a text with [ ] { } , : # or a leading * & ! % @ ` lacks its quotes.",
        'inputs: {X: "real[m, n]", y: "real[m]", w: "real[n]", lam: positive}',
        "inputs: {X: real[m, n], y: real[m], w: real[n], lam: positive}",
        (r"not YAML: ",),
    ),
    Code(
        "D103",
        "a part of YAML that catalogs do without",
        "Anchors, aliases, tags, merges, directives and a second document are refused: a catalog is one plain mapping "
        "of texts. A formula that starts with * & or ! is quoted.",
        "group: mine",
        "group: &g mine",
        (r"(aliases|anchors|tags|merges) are refused", r".* refused: a catalog is one", r"one document, without"),
    ),
    Code(
        "D104",
        "something stands twice",
        "A key stands twice in a mapping, or two entries have the same name or alias (small and capital letters are "
        "the same there).",
        "group: mine",
        "title: Ridge once more",
        (r".* stands here twice", r".* is a name already"),
    ),
    Code(
        "D105",
        "not of the shape that is expected",
        "A field has a mapping where a list belongs, a list where a text belongs, or the like. `derive schema catalog` "
        "prints the whole shape; an editor that knows the schema shows it while you type.",
        "title: Ridge regression",
        "title: [Ridge, regression]",
        (r".* is a mapping, `", r".* is a list, `", r".* has fields, `", r"a text is expected in", r"a key is a text",
         r"a text or a list of texts", r"an entry is expected here"),
    ),
    Code(
        "D106",
        "an unknown field",
        "An entry has the fields title, group, source, inputs, define, claims, printed, examples, algorithm, note and "
        "aliases. What is not read would be lost without a word, so it is refused.",
        "group: mine",
        "gruop: mine",
        (r"unknown field ",),
    ),
    Code(
        "D107",
        "a field is missing or empty",
        "An entry needs a title, a group and a source; what a source prints needs `says`, an example `given` and "
        "`then`.",
        "source: Hoerl and Kennard 1970",
        "note: no source",
        (r".* lacks ", r".* is empty$"),
    ),
    Code(
        "D108",
        "nothing is said",
        "A catalog without entries, or an entry without claims, printed claims, examples or an algorithm.",
        patterns=(r".* says nothing: give it", r".*: no entries; a catalog is"),
    ),
    Code(
        "D109",
        "YAML cuts the text off at #",
        "A text without quotes ends at ` #`: the rest is a comment, and half a formula would be read. Quote the text, "
        "or move the comment to a line of its own.",
        "z[i]: sum(X[i, j]*w[j], j)",
        "z[i]: sum(X[i, j]*w[j], j) # the prediction",
        (r"YAML cuts this text off",),
    ),
    Code(
        "D110",
        "what `holds` can say",
        "`holds` says what the engine must find of a printed claim or a worked number: yes, no, or `only if "
        "...` with the "
        "condition.",
        "holds: yes",
        "holds: sometimes",
        (r"holds is yes, no or",),
    ),
    Code(
        "D120",
        "a setting",
        "`[tool.derive]` in pyproject.toml has the long options of commands as its keys, without their dashes, "
        "`[tool.derive.COMMAND]` those of one command; `catalogs` lists files. What the command line says goes first.",
        patterns=(r"\[tool\.derive", r"setting \S+: ", r"catalogs is a list of files", r"no file is called",
                  r".*pyproject\.toml: not TOML"),
    ),
)  # fmt: skip
