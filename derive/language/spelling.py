"""How what other notations write is spelled in this language: offered in messages, never read in silence."""

import ast
import re
import unicodedata
from collections.abc import Callable

from derive.errors import CatalogError
from derive.language.scope import BINDERS, CALLABLE
from derive.language.signs import LOOKALIKES
from derive.language.source import LENGTH, NAME, WIDTH, parsed, written

# What people call functions that the language writes out, or has under another name. "" where it has nothing.
_WRITTEN = {
    "softmax": "exp(x[i])/sum(exp(x[j]), j)",
    "log_softmax logsoftmax LogSoftmax": "x[i] - log(sum(exp(x[j]), j))",
    "logsumexp log_sum_exp lse LSE": "log(sum(exp(x[j]), j))",
    "norm l2norm l2_norm": "sqrt(sum(x[i]**2, i))",
    "dot inner vdot": "sum(x[i]*y[i], i)",
    "matmul mm bmm": "sum(A[i, j]*B[j, k], j)",
    "einsum tensordot": "sum(A[i, j]*x[j], j)",
    "outer": "x[i]*y[j]",
    "trace tr Tr": "sum(A[i, i], i)",
    "transpose": "A[j, i]",
    "diag": "A[i, i]",
    "var variance Var": "mean((x[i] - mean(x[j], j))**2, i)",
    "std": "sqrt(mean((x[i] - mean(x[j], j))**2, i))",
    "average avg": "mean(x[i], i)",
    "product": "prod(x[i], i)",
    "factorial": "prod(i, (i, 1, n))",
    "ln": "log(x)",
    "log2": "log(x)/log(2)",
    "log10": "log(x)/log(10)",
    "exp2": "2**x",
    "pow power": "x**p",
    "square": "x**2",
    "rsqrt": "1/sqrt(x)",
    "reciprocal inv": "1/x",
    "fabs absolute": "abs(x)",
    "sgn": "sign(x)",
    "ceil": "-floor(-x)",
    "maximum fmax": "max(x, y)",
    "minimum fmin": "min(x, y)",
    "clip clamp": "max(a, min(x, b))",
    "sigma logistic expit": "sigmoid(x)",
    "logsigmoid log_sigmoid": "-softplus(-x)",
    "logit": "log(x/(1 - x))",
    "ReLU": "relu(x)",
    "leaky_relu": "where(x > 0, x, a*x)",
    "elu": "where(x > 0, x, a*(exp(x) - 1))",
    "gelu GELU": "x*(1 + erf(x/sqrt(2)))/2",
    "silu swish SiLU": "x*sigmoid(x)",
    "erfc": "1 - erf(x)",
    "tan": "sin(x)/cos(x)",
    "I indicator step heaviside": "where(x > 0, 1, 0)",
    "mse MSE mse_loss": "mean((x[i] - y[i])**2, i)",
    "cross_entropy CE": "-sum(y[i]*log(p[i]), i)",
    "kl KL kl_div": "sum(p[i]*log(p[i]/q[i]), i)",
    "grad gradient diff derivative jacobian": "D(f, x[k])",
    "hessian": "D(f, x[k], x[l])",
    "E expectation": "expect(e, z, Normal(0, 1))",
    "argmax argmin": "",
}
ELSEWHERE = {name: here for names, here in _WRITTEN.items() for name in names.split()}

Step = Callable[[str], str]
_OPERAND = r"(?:-\s*)?(?:[A-Za-z]\w*(?:\[[^\[\]]*\])?|[0-9.]+)"
_MODULES = re.compile(
    r"\b(?:np|numpy|jnp|jax\.numpy|torch|tf|math|F|nn\.functional|torch\.nn\.functional|K)\.(?=[a-z])"
)
_ACCENTS = {"\u0302": "_hat", "\u0304": "_bar", "\u0305": "_bar", "\u0303": "_tilde", "\u0307": "_dot"}
# What a sign is replaced by; a sum and its like need to be told over what.
_SIGNS = {sign: here for sign, here in LOOKALIKES.items() if "(" not in here} | {"\xa0": " ", "½": "1/2"}
# What ends the argument of a function without brackets.
_CLOSING = ("+", "-", ",", "=", "==", "!=", "<", ">", "<=", ">=")
_TRANSPOSED = re.compile(r"\*\*\s*T$")
_TOKENS = re.compile(r"[A-Za-z_]\w*|[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\*\*|//|[<>=!]=|\S")


def respelled(value: str, is_claim: bool = False) -> str | None:
    """A refused text as the language would have it, or None where no replacement of signs makes it an expression."""
    if len(value) > LENGTH:
        return None
    made = value
    for step in (*STEPS, _equation if is_claim else _value_alone):
        made = step(made)
    made = " ".join(made.split())
    return made if made != value and len(made) <= WIDTH and _is_readable(made) else None


def _is_readable(value: str) -> bool:
    """Whether a text is an expression whose calls are all of what there is to call, with what they take."""
    try:
        found = parsed(written(value))
    except CatalogError:
        return False
    calls = [part for part in ast.walk(found) if isinstance(part, ast.Call)]
    conditions = sum(isinstance(part, ast.Compare) for part in ast.walk(found))
    cases = sum(isinstance(call.func, ast.Name) and call.func.id == "where" for call in calls)
    return conditions <= cases + isinstance(found, ast.Compare) and all(
        isinstance(call.func, ast.Name) and call.func.id in CALLABLE and not call.keywords
        and (call.func.id not in BINDERS or len(call.args) > 1)
        for call in calls
    )  # fmt: skip


# --------------------------------------------------------------------------------------- the steps


def _without_modules(value: str) -> str:
    return _MODULES.sub("", value)


def _in_ascii(value: str) -> str:
    """Greek letters by their names, accents and low digits as parts of names, signs as a keyboard has them."""
    value = re.sub(r"[∑Σ](?=\s*\()", "sum", value)
    value = re.sub(r"∏(?=\s*\()", "prod", value)
    value = re.sub(r"√(?=\s*\()", "sqrt", value)
    value = re.sub("[‖∥]₂?", "||", value)
    value = re.sub(rf"√\s*({_OPERAND})", r"sqrt(\1)", value)
    value = re.sub("([\u2080-\u209c\u1d62-\u1d6a]+)", lambda found: _lowered(found[0]), value)
    value = re.sub("([\u2070-\u207f\xb9\xb2\xb3]+)", lambda found: f"**{_plain(found[0])}", value)
    made, was_letter = "", False
    for character in value:
        other = _SIGNS.get(character) or unicodedata.normalize("NFD", character)
        is_letter = len(other) > 1 and other.isalpha() and other.isascii()  # Greek: 2λx is a product
        is_beside = (is_letter and made[-1:].isalnum()) or (was_letter and other.isalpha())
        made += "*" * is_beside + "".join(_ACCENTS.get(part, part) for part in other)
        was_letter = is_letter
    return made


def _lowered(letters: str) -> str:
    plain = _plain(letters)
    return plain if plain.isdigit() else f"[{', '.join(plain)}]"


def _plain(letters: str) -> str:
    return unicodedata.normalize("NFKC", letters).replace("\u2212", "-")


def _norms(value: str) -> str:
    """||x - y|| as a root over an index, |x| as an absolute value."""
    letter = next((letter for letter in "ijklpqrs" if not re.search(rf"\b{letter}\b", value)), "i")

    def norm(found: re.Match[str]) -> str:
        inside = re.sub(r"[A-Za-z]\w*", lambda name: f"{name[0]}[{letter}]", found[1].strip())
        squares = f"sum({inside if inside.count('[') == 1 else f'({inside})'}**2, {letter})"
        return squares if found[2] else f"sqrt({squares})"

    value = re.sub(r"\|\|([\w\s+-]+)\|\|(?:_2)?(\s*(?:\^|\*\*)\s*2\b)?", norm, value)
    return re.sub(r"\|([^|]+)\|", r"abs(\1)", value) if value.count("|") == 2 else value


def _indicators(value: str) -> str:
    """1{x > 0} as the cases that it means."""
    return re.sub(r"(?<![\w.)\]])[1I]\s*[\[({]([^\[\](){}]*(?:\[[^\[\]]*\][^\[\](){}]*)*)[\])}]", _cases, value)


def _cases(found: re.Match[str]) -> str:
    return f"where({found[1]}, 1, 0)" if re.search(r"[<>]|[=!]=", found[1]) else found[0]


def _braces(value: str) -> str:
    """x_{ij} as x[i, j], and other braces as brackets."""
    value = re.sub(r"_\{([a-z](?:\s*,?\s*[a-z])*)\}", lambda f: f"[{', '.join(re.findall('[a-z]', f[1]))}]", value)
    return value.replace("{", "(").replace("}", ")")


def _powers(value: str) -> str:
    value = value.replace("^", "**")
    value = re.sub(r"\be\s*\*\*\s*(?=\()", "exp", value)
    return re.sub(rf"\be\s*\*\*\s*({_OPERAND})", r"exp(\1)", value)


def _subscripts(value: str) -> str:
    """x_i as x[i] where i is a name of its own elsewhere, and A[i][j] as A[i, j]."""
    alone = set(re.findall(r"(?<!\w)[a-z](?![\w(])", value))
    value = re.sub(r"\b([A-Za-z]\w*)_([a-z])\b", lambda f: f"{f[1]}[{f[2]}]" if f[2] in alone else f[0], value)
    return re.sub(r"\]\s*\[", ", ", value)


def _comprehensions(value: str) -> str:
    return re.sub(r"\s+for\s+([a-z])\s+in\s+range\([^()]*\)", r", \1", value)


def _products(value: str) -> str:
    """A * between operands that stand beside each other, and brackets around what follows a function."""
    made, before, end, depth, opened = "", "", 0, 0, -1
    for found in _TOKENS.finditer(value):
        token, space, end = found.group(), value[end : found.start()], found.end()
        depth += (token in ("(", "[")) - (token in (")", "]"))
        if depth < opened or (depth == opened and token in _CLOSING):
            made, opened = made + ")", -1
        is_named = _is_name(token) or token[0].isdigit()
        is_behind = before in (")", "]") or before[:1].isdigit() or _is_name(before)
        if is_named and before in CALLABLE and opened < 0:
            made, opened = made + "(", depth
        elif (is_named and is_behind) or (token == "(" and is_behind and not _is_name(before)):
            if opened >= 0 or _TRANSPOSED.search(made):
                return value  # log x y may be log(x*y) or log(x)*y, and x**T y the transposed x
            made += "*"
        else:
            made += space
        made, before = made + token, token
    return made + (")" if opened >= 0 else "")


def _is_name(token: str) -> bool:
    return bool(NAME.fullmatch(token)) and token not in ("and", "or", "not")


def _equation(value: str) -> str:
    return re.sub(r"(?<![<>=!:])=(?!=)", "==", value)


def _value_alone(value: str) -> str:
    """What stands behind `y =`."""
    return re.sub(r"^\s*[A-Za-z]\w*(?:\[[^\[\]]*\])?\s*=(?!=)", "", value)


STEPS: tuple[Step, ...] = (
    _without_modules, _in_ascii, _norms, _comprehensions, _indicators, _braces, _powers, _subscripts, _products,
)  # fmt: skip
