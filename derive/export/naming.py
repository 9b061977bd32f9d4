"""Names and texts in generated code: identifiers that collide with nothing, texts that cannot leave their string."""

import builtins
import keyword
import re
from collections.abc import Iterable

from derive.selection import visible

# Keywords (those of C23 and of GNU too), macros, and functions that the code calls or that a compiler warns of.
_C_WORDS = frozenset(
    ["auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
     "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
     "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
     "_Bool", "_Complex", "_Imaginary", "main", "malloc", "free", "exp", "expm1", "log", "log1p", "sqrt", "pow",
     "tanh", "sinh", "cosh", "sin", "cos", "erf", "erfc", "fabs", "floor", "fmax", "fmin", "abs", "y0", "y1",
     "yn", "j0", "j1", "jn", "gamma", "lgamma", "tgamma", "index", "signal", "round", "trunc", "isnan", "isinf",
     "NULL", "size_t", "M_PI", "alignas", "alignof", "asm", "bool", "constexpr", "false", "nullptr",
     "static_assert", "thread_local", "true", "typeof", "typeof_unqual", "EOF", "HUGE_VAL", "INFINITY", "NAN",
     "linux", "stderr", "stdin", "stdout", "unix"]
)  # fmt: skip
_PYTHON_WORDS = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins)) | {"self", "cls"}


class Names:
    """Identifiers of one scope: each is asked for under the name that it would like to have."""

    def __init__(self, taken: Iterable[str], language: str = "python") -> None:
        self.taken = set(taken) | (_C_WORDS if language == "c" else _PYTHON_WORDS)

    def new(self, wanted: str) -> str:
        """The wanted name as an identifier, with a number behind it where it is taken."""
        name = identifier(wanted)
        if name in self.taken:
            name = next(f"{name}_{k}" for k in range(1, len(self.taken) + 2) if f"{name}_{k}" not in self.taken)
        self.taken.add(name)
        return name


def identifier(text: str) -> str:
    """Text as an identifier of ASCII letters, digits and underscores.

    >>> identifier("D(L, x)")
    'd_x'
    """
    adjoint = re.fullmatch(r"d?D?[^()]*\(.*, *([^,()]+)\)", text)
    if adjoint:
        text = "d_" + adjoint[1]
    word = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_") or "t"
    return f"_{word}" if word[0].isdigit() else word


def quoted(text: str) -> str:
    r"""Text for the inside of a triple-quoted string: no quote, backslash or control character of it is read as code.

    >>> print(quoted('a\"\"\"b\\'))
    a\"\"\"b\\
    """
    lines = [visible(line) for line in text.split("\n")]
    return "\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)


def commented(text: str) -> str:
    """Text for the inside of a C comment: it cannot end the comment, nor go on to the next line by a backslash."""
    lines = [
        visible(line).replace("*/", "* /").replace("/*", "/ *").replace("??/", "? ?/") for line in text.split("\n")
    ]
    return "\n".join(line + " ." if line.endswith("\\") else line for line in lines)
