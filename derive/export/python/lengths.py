"""Sizes from the shapes of arguments: each axis whose length names one size that is not known yet tells it."""

from collections.abc import Callable, Mapping, Sequence

from derive.export.integers import Integers
from derive.expression import ONE, ZERO, Axis, Node, Size, Tensor
from derive.ranges import polynomial

Told = tuple[Size, Tensor, int, Node, Node]
"""(size, tensor, axis, c, r): the length of that axis is c*size + r."""
Taken = Callable[[str, Sequence[Axis], Mapping[Size, str], str], str]


class Lengths:
    """How the sizes of a formula follow from the shapes of its inputs.

    parameters: the sizes that no shape tells, which become arguments.
    """

    def __init__(self, inputs: Sequence[Tensor], sizes: Sequence[Size]) -> None:
        self.inputs = inputs
        self.parameters: list[Size] = []
        self.solved: list[Told] = []
        known: set[Size] = set()
        axes = [(tensor, k) for tensor in inputs for k in range(len(tensor.axes))]
        left = list(axes)
        while True:
            told = self._first_told(left, known)
            if told is not None:
                self.solved.append(told)
                known.add(told[0])
                left.remove(told[1:3])
                continue
            unknown = [size for size in sizes if size not in known]
            if not unknown:
                break
            self.parameters.append(unknown[0])
            known.add(unknown[0])

    def _first_told(self, axes: Sequence[tuple[Tensor, int]], known: set[Size]) -> Told | None:
        for tensor, k in axes:
            found = self._tells(tensor, k, known)
            if found is not None:
                size, slope, rest = found
                return size, tensor, k, slope, rest
        return None

    @staticmethod
    def _tells(tensor: Tensor, k: int, known: set[Size]) -> tuple[Size, Node, Node] | None:
        """(size, c, r) where the length is c*size + r, and c and r are known."""
        form = polynomial(tensor.axes[k].size)
        if form is None:
            return None
        open_ = [s for s in form.symbols() if isinstance(s, Size) and s not in known]
        if len(open_) != 1:
            return None
        parts = form.split(open_[0])
        if parts is None:
            return None
        return open_[0], parts[0].node(), parts[1].node()

    def lines(
        self, arguments: Mapping[Tensor, str], sizes: Mapping[Size, str], taken: Taken, shape: str, like: str
    ) -> list[str]:
        """Statements that bind the sizes, and that take every argument, of the shape that it must have.

        taken: the statement for one argument, its axes and the names of the sizes.
        """
        integers = Integers(sizes, {}, ())
        lines: list[str] = []
        plain = {(t, k): size for size, t, k, slope, rest in self.solved if slope is ONE and rest is ZERO}
        done: set[Tensor] = set()
        for size, tensor, k, slope, rest in self.solved:
            own = [plain.get((tensor, j)) for j in range(len(tensor.axes))]
            if all(s is not None for s in own):  # every axis tells a size: one line for all
                if tensor not in done:
                    names = ", ".join(sizes[s] for s in own if s is not None)
                    lines.append(f"{names}{',' if len(own) == 1 else ''} = {shape.format(arguments[tensor])}")
                done.add(tensor)
                continue
            text = f"{shape.format(arguments[tensor])}[{k}]"
            if rest is not ZERO:
                text = f"{text} - {integers.held(rest)}"
            if slope is not ONE:
                text = (
                    f"({text}) // {integers.held(slope)}" if rest is not ZERO else f"{text} // {integers.held(slope)}"
                )
            lines.append(f"{sizes[size]} = {text}")
        return [*lines, *(taken(arguments[tensor], tensor.axes, sizes, like) for tensor in self.inputs)]
