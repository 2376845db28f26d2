"""A network as data: tensors by name, and operators in their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NO_ACTIVATION, RELU, RELU6 = 0, 1, 3


@dataclass(frozen=True)
class Quantisation:
    """real = scale * (integer - zero point), for a tensor or, where there are several scales, for each slice along axis 0."""

    scale: tuple[float, ...] = ()
    zero_point: tuple[int, ...] = ()
    minimum: tuple[float, ...] = ()
    maximum: tuple[float, ...] = ()


@dataclass
class Tensor:
    name: str
    shape: tuple[int, ...]
    type: str = "INT8"
    quantisation: Quantisation = field(default_factory=Quantisation)
    data: Array | None = None


@dataclass(frozen=True)
class Operator:
    """`options` has the names of the schema's option table, such as StrideH; padding is SAME wherever an operator has one."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    options: dict[str, int] = field(default_factory=dict)


@dataclass
class Graph:
    tensors: dict[str, Tensor]
    operators: tuple[Operator, ...]
    input: str
    output: str

    def multiply_accumulates(self) -> int:
        """MACs of one inference, padding counted as if it were data."""
        total = 0
        for operator in self.operators:
            if operator.kind == "CONV_2D":
                _, height, width, _ = self.tensors[operator.output].shape
                total += height * width * int(np.prod(self.tensors[operator.inputs[1]].shape))
        return total
