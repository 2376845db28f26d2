"""The graph of Arm's published image recognition demo (71 operators, 21,544,960 MACs), with weights of our own.

Reference: the network of ARM-software/ML-examples, tflm-cmsisnn-mbed-image-recognition; only its structure is used.
Not the original: every weight, bias, scale and zero point is seeded and calibrated here, so its labels mean nothing.

A pruned pre-activation residual net. A block takes the first `taken` channels of the stream, scales and shifts them
(the folded batch normalisation), convolves twice, and adds the result, padded with zero channels, to the stream.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware.networks.calibrate import calibrate
from firmware.networks.graph import NO_ACTIVATION, RELU6, Graph, Operator, Quantisation, Tensor
from firmware.networks.writer import write

SEED = 3
LABELS = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
INPUT = Quantisation((float(np.float32(0.01917703)),), (-1,), (-2.4290657,), (2.4610772,))
NAME_LENGTH, OUTPUT_LENGTH = 159, 684


@dataclass(frozen=True)
class Block:
    width: int
    taken: int
    first: int
    second: int
    stride: int = 1


#              width taken first second
BLOCKS = (
    Block(16, 8, 8, 16),
    Block(16, 8, 8, 8),
    Block(16, 8, 8, 8),
    Block(96, 8, 16, 32, stride=2),
    Block(96, 16, 16, 32),
    Block(96, 16, 16, 16),
    Block(256, 16, 64, 96, stride=2),
    Block(256, 32, 64, 96),
    Block(256, 32, 32, 160),
)

# The order of the constants in the file, and so in flash.
CONSTANTS = """
    pad.96 pad.8 pad.64 pad.80 pad.160
    1.first.bias 7.first.bias
    8.shift 8.scale 8.first.bias 9.shift 9.scale 9.first.bias head.scale
    2.shift 2.scale 2.first.bias 3.shift 3.scale 3.first.bias 1.shift
    4.shift 4.scale 4.first.bias 5.shift 5.scale 5.first.bias 1.scale
    6.shift 6.scale 6.first.bias 7.shift 7.scale
    stem.weights
    1.first.weights 1.second.weights 2.first.weights 2.second.weights 3.first.weights 3.second.weights
    4.first.weights 4.second.weights 5.first.weights 5.second.weights 6.first.weights 6.second.weights
    7.first.weights 7.second.weights 8.first.weights 8.second.weights 9.first.weights 9.second.weights
    head.weights
    stem.bias 1.second.bias 2.second.bias 3.second.bias take.8 4.second.bias 5.second.bias 6.second.bias take.16
    7.second.bias 8.second.bias take.0 take.32 take.1 9.second.bias head.bias shape
"""


class Builder:
    """Adds operators in order; the tensors of each follow from its inputs."""

    def __init__(self, image: Tensor) -> None:
        self.tensors = {image.name: image}
        self.operators: list[Operator] = []

    def constant(self, name: str, shape: tuple[int, ...], type: str = "INT8", values: list[int] | None = None) -> str:
        data = None if values is None else np.array(values, dtype=np.int32).reshape(shape)
        self.tensors.setdefault(name, Tensor(name, shape, type, data=data))
        return name

    def operator(self, kind: str, inputs: tuple[str, ...], output: str, shape: tuple[int, ...], **options: int) -> str:
        self.tensors[output] = Tensor(output, shape)
        self.operators.append(Operator(kind, inputs, output, options))
        return output

    def convolution(self, source: str, name: str, out: int, size: int, stride: int, activation: int) -> str:
        _, height, width, channels = self.tensors[source].shape
        weights = self.constant(f"{name}.weights", (out, size, size, channels))
        bias = self.constant(f"{name}.bias", (out,), "INT32")
        options = {"StrideH": stride, "StrideW": stride, "FusedActivationFunction": activation}
        shape = (1, height // stride, width // stride, out)
        return self.operator("CONV_2D", (source, weights, bias), name, shape, **options)

    def average(self, source: str, name: str, size: int, stride: int) -> str:
        _, height, width, channels = self.tensors[source].shape
        options = {"FilterHeight": size, "FilterWidth": size, "StrideH": stride, "StrideW": stride}
        shape = (1, height // stride, width // stride, channels)
        return self.operator("AVERAGE_POOL_2D", (source,), name, shape, **options)

    def pad(self, source: str, name: str, width: int) -> str:
        *sizes, channels = self.tensors[source].shape
        extra = width - channels
        if extra == 0:
            return source
        padding = self.constant(f"pad.{extra}", (4, 2), "INT32", [0, 0, 0, 0, 0, 0, 0, extra])
        return self.operator("PAD", (source, padding), name, (*sizes, width))

    def take(self, source: str, name: str, channels: int) -> str:
        *sizes, _ = self.tensors[source].shape
        begin = self.constant("take.0", (4,), "INT32", [0, 0, 0, 0])
        end = self.constant(f"take.{channels}", (4,), "INT32", [0, 0, 0, channels])
        steps = self.constant("take.1", (4,), "INT32", [1, 1, 1, 1])
        masks = {"BeginMask": 0b1111, "EndMask": 0b0111}
        return self.operator("STRIDED_SLICE", (source, begin, end, steps), name, (*sizes, channels), **masks)

    def per_channel(self, kind: str, source: str, constant: str, name: str, activation: int) -> str:
        shape = self.tensors[source].shape
        self.constant(constant, shape[-1:])
        return self.operator(kind, (source, constant), name, shape, FusedActivationFunction=activation)

    def sum(self, stream: str, branch: str, name: str) -> str:
        options = {"FusedActivationFunction": NO_ACTIVATION}
        return self.operator("ADD", (stream, branch), name, self.tensors[stream].shape, **options)

    def block(self, stream: str, name: str, block: Block) -> str:
        shortcut = self.average(stream, f"{name}.pooled", 3, 2) if block.stride == 2 else stream
        branch = self.take(stream, f"{name}.taken", block.taken)
        branch = self.per_channel("MUL", branch, f"{name}.scale", f"{name}.scaled", NO_ACTIVATION)
        branch = self.per_channel("ADD", branch, f"{name}.shift", f"{name}.shifted", RELU6)
        shortcut = self.pad(shortcut, f"{name}.shortcut", block.width)
        branch = self.convolution(branch, f"{name}.first", block.first, 3, block.stride, RELU6)
        branch = self.convolution(branch, f"{name}.second", block.second, 3, 1, NO_ACTIVATION)
        branch = self.pad(branch, f"{name}.branch", block.width)
        return self.sum(shortcut, branch, f"{name}.sum")


def structure() -> Graph:
    """The graph with its small integer constants, and neither weights nor activations' quantisation."""
    builder = Builder(Tensor("input", (1, 32, 32, 3), quantisation=INPUT))
    stream = builder.convolution("input", "stem", 16, 3, 1, NO_ACTIVATION)
    for number, block in enumerate(BLOCKS, 1):
        stream = builder.block(stream, str(number), block)
    stream = builder.per_channel("MUL", stream, "head.scale", "head.scaled", RELU6)
    stream = builder.convolution(stream, "head", 10, 1, 1, NO_ACTIVATION)
    stream = builder.average(stream, "head.pooled", 8, 8)
    shape = builder.constant("shape", (2,), "INT32", [1, 10])
    output = builder.operator("RESHAPE", (stream, shape), "output", (1, 10))
    activations = [operator.output for operator in builder.operators]
    tensors = {name: builder.tensors[name] for name in ("input", *CONSTANTS.split(), *activations)}
    return Graph(tensors, tuple(builder.operators), "input", output)


def file_names(graph: Graph) -> tuple[str, ...]:
    """Tensor names in the file, padded so that it is as long as the original with its long TensorFlow scopes."""
    *names, output = graph.tensors
    return (*(name.ljust(NAME_LENGTH, ".") for name in names), output.ljust(OUTPUT_LENGTH, "."))


def build() -> bytes:
    graph = structure()
    calibrate(graph, SEED)
    return write(graph, file_names(graph))
