"""Code that `derive.export` wrote, as functions of this process: the one place where a text is made to run.

What runs is our own printer's text, never a user's. It is looked over all the same before it does: the white list
holds what that printer writes (arithmetic, calls of NumPy, loops over steps) and nothing that reaches further.
"""

import ast
from collections.abc import Callable
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import CodeType, ModuleType
from typing import Any

from derive.errors import CatalogError, UnsupportedError
from derive.export import Options, source
from derive.formula import Formula

LIBRARIES = {"numpy": {"numpy", "math"}}
BUILTINS = {"ValueError", "max", "min", "range"}
FUNCTIONS = """
    T abs all any arange array asarray astype broadcast_to copy copysign cos cosh cumsum einsum empty equal erf exp
    expand_dims expm1 flip float32 float64 floor full less log log1p logaddexp matmul max maximum mean min minimum
    moveaxis multiply ndim negative ones outer pi power prod ravel reciprocal reshape shape sign sin sinh size sqrt
    square squeeze stack subtract sum swapaxes take tanh transpose where zeros zeros_like
"""
ALLOWED = (
    ast.Module, ast.Expr, ast.Constant, ast.Import, ast.alias, ast.FunctionDef, ast.arguments, ast.arg, ast.Return,
    ast.Assign, ast.AugAssign, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.Call,
    ast.keyword, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.If, ast.For, ast.Raise, ast.JoinedStr,
    ast.FormattedValue, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip


class UnexpectedCode(Exception):
    """A generated text holds what our printer does not write: the engine has a defect, and the text is not run."""


class Compiled:
    """A value of a formula, and its gradients, as functions.

    Call it with the inputs, in order or by name: the value. `gradient` takes the incoming gradient first.
    source: the text.  forward, backward: the functions in it, as `derive export` writes them; backward is None
    where nothing can be differentiated.
    """

    def __init__(self, name: str, text: str, target: str, of: str) -> None:
        self.name, self.source, self.target = name, text, target
        module = vars(run(text, target, name))
        self.forward: Callable[..., Any] = module[f"forward{of}"]
        self.backward: Callable[..., Any] | None = module.get(f"backward{of}")
        self.__doc__ = self.forward.__doc__

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        value = self.forward(*arguments, **named)
        return value if self.backward is None else value[0]

    def gradient(self, g: Any, *arguments: Any, **named: Any) -> Any:
        """The derivatives of sum(g*value) by the inputs, in the order that the docstring of `backward` lists."""
        if self.backward is None:
            raise UnsupportedError(f"{self.name} has nothing to differentiate by")
        return self.backward(self.forward(*arguments, **named)[1], g)

    def __repr__(self) -> str:
        return f"<{self.target} code of {self.name}>"


def compiled(formula: Formula, target: str = "numpy", of: str = "") -> Compiled:
    """The functions of a formula, or of one value of it.

    Raises CatalogError for an unknown target or value, UnsupportedError where a part of the formula has no code.
    """
    if target not in LIBRARIES:
        raise CatalogError(f"functions are made for {', '.join(LIBRARIES)}; `derive export` writes the others as files")
    text = source(formula, Options(target=target, of=(of,) if of else ()))
    values = [name.removeprefix("forward") for name in _functions(text) if name.startswith("forward")]
    if len(values) != 1:
        names = [value.removeprefix("_") for value in values]
        raise CatalogError(f"{formula.name} has the values {', '.join(names)}; name one, as in of={names[0]!r}")
    return Compiled(formula.name, text, target, values[0])


def _functions(text: str) -> list[str]:
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def run(text: str, target: str, name: str) -> ModuleType:
    """The module that a generated text makes, after it was looked over."""
    look_over(text, LIBRARIES[target])
    loader = _Text(text, name)
    module = module_from_spec(ModuleSpec(f"derive.generated.{name}", loader))
    loader.exec_module(module)
    return module


def look_over(text: str, libraries: set[str]) -> None:
    """Raise UnexpectedCode for anything but arithmetic on arrays."""
    tree = ast.parse(text)
    allowed = {*FUNCTIONS.split()}
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if not isinstance(node, ALLOWED):
            raise UnexpectedCode(f"{type(node).__name__} in line {getattr(node, 'lineno', '?')}")
        match node:
            case ast.Import(names=names) if {alias.name for alias in names} <= libraries:
                continue
            case ast.Import():
                raise UnexpectedCode(f"an import in line {node.lineno}")
            case ast.Name(id=word) | ast.arg(arg=word) | ast.FunctionDef(name=word) if word.startswith("__"):
                raise UnexpectedCode(f"{word} in line {node.lineno}")
            case ast.Attribute(attr=word) if word not in allowed:
                raise UnexpectedCode(f".{word} in line {node.lineno}")
            case ast.Call(func=ast.Name(id=word)) if word not in own | BUILTINS:
                raise UnexpectedCode(f"{word}( in line {node.lineno}")
            case ast.Call(func=ast.Name() | ast.Attribute()):
                continue
            case ast.Call():
                raise UnexpectedCode(f"a call in line {node.lineno}")


class _Text(InspectLoader):
    """Loads a module from a text that is held here."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    def get_source(self, fullname: str) -> str:
        return self.text

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.text, f"<derive export {self.name}>")

    def is_package(self, fullname: str) -> bool:
        return False
