"""The codes of verdicts: why a claim is not as the catalog expects."""

from derive.codes.code import Code

PROVED = Code(
    "proved",
    "the two sides are equal",
    "For all sizes and all points of the declared domain, except on branch boundaries and where a side has no value, "
    "by named rules whose steps were compared in exact arithmetic; and every other witness that could tell agrees. "
    "`derive show NAME --proof` shows how.",
)
AGREES = Code(
    "agrees",
    "no proof was found, and no difference",
    "The sides agree to 60 digits at the points tried; `-v` and the JSON report say how many, and at which sizes. A "
    "claim that is wrong only elsewhere would pass, so that this is less than proved, and is counted by itself.",
)
REFUTED = Code(
    "D901",
    "refuted, and expected to hold",
    "There is a point of the declared domain at which the two sides differ by more than the error bounds; it is "
    "printed, in exact numbers. Where a small edit of the claim agrees, it is named after `perhaps`; where none does, "
    "a derivative is told after `right`. If the claim is right, the "
    "definition, a domain or an axis is not what you meant; if a source prints it so, it belongs under `printed` with "
    "`holds: no`.",
)
HOLDS = Code(
    "D902",
    "holds, and expected to fail",
    "The entry says `holds: no` (or `only if ...`), and no point was found at which the two sides differ, or they are "
    "proved equal. Either the source is right after all, or the reading in `says` is not what it prints.",
)
LIBRARY = Code(
    "D903",
    "a library computes something else",
    "The claim is as expected, but an operator that the entry names under `reference` gives other values or gradients "
    "than the definition, or could not be compared; what and where stands in the reason. Either the definition, the "
    "mapping of the arguments or a default of the library is not what you meant, or it is a convention: then `differs` "
    "says which.",
)
CONFLICT = Code(
    "D921",
    "one witness contradicts another",
    "The engine has a defect: of two witnesses that share no code, one is wrong. Nothing is claimed. Please "
    "report it, with "
    "the entry and the seed.",
)
BROKEN = Code(
    "D922",
    "an internal error",
    "The engine stumbled over this claim; the others were judged. Please report it, with the entry and the seed.",
    patterns=(r"internal error",),
)
OTHER = Code(
    "D919",
    "undecided",
    "Nothing is claimed, for the reason that stands there: an operation without a rule, a domain in which no point was "
    "found, enclosures that overlap. It never counts as passed. A smaller formula, a narrower domain or another "
    "form of the "
    "claim often helps.",
)

INTERRUPTED = Code(
    "D923",
    "the run was interrupted",
    "Ctrl-C or a signal ended the run; what is not in the report was not judged. The same command goes on from there.",
)

UNDECIDED = (
    Code(
        "D911",
        "undecided: time",
        "The claim was not judged within its time; its worker was stopped. `--timeout` gives it more.",
        patterns=(r"no verdict within",),
    ),
    Code(
        "D912",
        "undecided: a branch was never reached",
        "A comparison, a maximum or an absolute value went the same way at every point tried, so the other branch is "
        "untried. Widen the domain of the input that decides it, or drop a branch that cannot happen.",
        patterns=(r"branch never reached",),
    ),
    Code(
        "D913",
        "undecided: too few points",
        "At too few of the points drawn could the two sides be compared: a side has no value there, or the enclosures "
        "overlap at the highest precision. Declare the domain on which the formula has values.",
        patterns=(r"only .* points counted", r"a difference was not confirmed", r"the enclosures of both sides",
                  r"the exact witness has no certified"),
    ),
    Code(
        "D914",
        "undecided: too large",
        "The claim is too large or too deep to evaluate within the memory of a worker. Give parts of it names in "
        "`define`.",
        patterns=(r"out of memory", r"the claim is too large", r"the expression is nested too deeply",
                  r"the inputs have too many elements"),
    ),
    Code(
        "D915",
        "undecided: the worker died",
        "The process that judged the claim was ended from outside or by a native library, twice. The others were "
        "judged.",
        patterns=(r"the worker process died",),
    ),
    Code(
        "D916",
        "undecided: the exact witness was not asked",
        "Without the exact witness only a proof decides, and none was found. Leave `--witness` out.",
        patterns=(r"the exact witness was not asked",),
    ),
    OTHER,
)  # fmt: skip

CODES = (REFUTED, HOLDS, LIBRARY, *UNDECIDED, CONFLICT, BROKEN, INTERRUPTED)
