"""A point at which exported code is tried, and the exact results there."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from derive.expression import Size


class Known(Protocol):
    """A point, and the exact results there, rounded to floats (see `derive.cli.known`)."""

    @property
    def inputs(self) -> Sequence[Any]: ...
    @property
    def sizes(self) -> Mapping[Size, int]: ...
    @property
    def incoming(self) -> Any: ...
    @property
    def value(self) -> Any: ...
    @property
    def gradients(self) -> Sequence[Any]: ...
