"""Which tensors an expression depends on, through the definitions of a formula."""

from derive.expression import Node, Tensor
from derive.formula import Formula, mentioned


class Dependence:
    """Called with an expression: the tensors that it reads, those that their definitions read, and so on."""

    def __init__(self, formula: Formula) -> None:
        self._tensors: dict[Node, frozenset[Tensor]] = {}
        for definition in formula.definitions:
            parts = [definition.body, *(body for _, body in definition.bases)]
            read = frozenset((definition.tensor,)).union(*map(mentioned, parts))
            below = (self._tensors.get(tensor, frozenset((tensor,))) for tensor in read)
            self._tensors[definition.tensor] = read.union(*below)

    def __call__(self, node: Node) -> frozenset[Tensor]:
        found = self._tensors.get(node)
        if found is None:
            below = frozenset[Tensor]().union(*map(self, node.children()))
            found = self._tensors[node] = frozenset((node,)) if isinstance(node, Tensor) else below
        return found
