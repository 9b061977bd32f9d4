"""Random well-typed expressions of the language, as text, for the tests that set the witnesses against each other."""

from hypothesis import strategies as st

# What the generated expressions may read: vectors and a matrix over unequal axes, parameters of known sign.
INPUTS = {
    "x": "real[n]",
    "y": "real[n]",
    "W": "real[m, n]",
    "q": "simplex[n]",
    "s": "sign[n]",
    "a": "positive",
    "b": "unit",
    "c": "real",
}


def leaves(indices: str) -> st.SearchStrategy[str]:
    """Elements at the given indices (a string of i, j over n, or r over m), scalars, numbers, sizes."""
    choices = ["a", "b", "c", "n", "1", "2", "3/2", "-1"]
    for index in indices.replace("r", ""):
        choices += [f"x[{index}]", f"x[{index}]", f"y[{index}]", f"q[{index}]", f"s[{index}]"]
        choices += [f"W[r, {index}]"] if "r" in indices else []
    if len(indices.replace("r", "")) > 1:
        choices.append(f"delta({indices[0]}, {indices[1]})")
    return st.sampled_from(choices)


@st.composite
def expressions(draw: st.DrawFn, indices: str = "", depth: int = 3) -> str:
    """An expression that reads at most the given indices; bound ones are k, l and h."""
    if depth == 0:
        return draw(leaves(indices))
    inner = expressions(indices, depth - 1)
    kind = draw(
        st.sampled_from(("add", "subtract", "multiply", "divide", "call", "power", "sum", "sum", "case", "leaf"))
    )
    if kind == "leaf":
        return draw(leaves(indices))
    if kind in ("add", "subtract", "multiply"):
        sign = {"add": "+", "subtract": "-", "multiply": "*"}[kind]
        return f"({draw(inner)} {sign} {draw(inner)})"
    if kind == "divide":
        return f"({draw(inner)}/({draw(inner)}**2 + a))"
    if kind == "call":
        function = draw(st.sampled_from(("exp", "sigmoid", "tanh", "relu", "abs", "softplus", "sin")))
        return f"{function}({draw(inner)})"
    if kind == "power":
        base, exponent = draw(inner), draw(st.sampled_from(("2", "3", "-1", "1/2", "-3/2", "b")))
        return f"(({base})**2 + a)**({exponent})"
    if kind == "case":
        left, right, then, otherwise = (draw(inner) for _ in range(4))
        return f"where({left} > {right} + c/7, {then}, {otherwise})"
    free = [index for index in "klh" if index not in indices]
    if not free:
        return draw(leaves(indices))
    reduction = draw(st.sampled_from(("sum", "sum", "mean")))
    body = draw(expressions(indices + free[0], depth - 1))
    return f"{reduction}({body} + x[{free[0]}] - x[{free[0]}], {free[0]})"
