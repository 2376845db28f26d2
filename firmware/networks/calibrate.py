"""Seeded weights, and the quantisation that lets them use the range of their integers.

Every draw is an integer of splitmix64 and every sum is exact, so that a seed gives the same bytes on every host.
Each convolution is normalised to its target spread per channel, as batch normalisation would; each activation's
range is what it takes over sixteen drawn pictures, less one value in a thousand at either end. Operators run as
integers on quantised inputs, as on the chip.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from firmware.networks.graph import RELU6, Array, Graph, Operator, Quantisation, Tensor
from firmware.networks.integer import accumulate, execute

PICTURES = 16
OUTLIERS = 1000  # one value in so many may saturate, at either end
OFFSET = 0.25  # largest mean of a normalised channel, in its standard deviations


def splitmix64(seed: int, count: int) -> Array:
    """Vigna's generator: `count` words of 64 bits."""
    state = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Array = state ^ (state >> np.uint64(31))
    return mixed


class Draw:
    """Numbers by seed and name: a tensor's do not depend on which others were drawn before."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def words(self, name: str, count: int) -> Array:
        start = self.seed
        for byte in name.encode():
            start = int(splitmix64(start ^ byte, 1)[0])
        return splitmix64(start, count)

    def bell(self, name: str, count: int) -> Array:
        """Integers of mean 0, nearly normal: eight bytes summed."""
        octets = self.words(name, count).view(np.uint8).reshape(count, 8).astype(np.int64)
        sums: Array = octets.sum(axis=1)
        return sums - 1020

    def uniform(self, name: str, count: int, low: int, high: int) -> Array:
        return (self.words(name, count) >> np.uint64(32)).astype(np.int64) * (high - low) // (1 << 32) + low


def rounded_ratio(values: Array, top: int, largest: Array) -> Array:
    """values * top / largest, rounded half away from zero, in integers."""
    magnitude: Array = (2 * np.abs(values) * top + largest) // (2 * largest)
    return np.where(values < 0, -magnitude, magnitude)


def noise(draw: Draw, name: str, cell: int, channels: int, reach: int) -> Array:
    """Cells of one value each, within +-reach: [N, 32, 32, channels]."""
    size = 32 // cell
    values = draw.uniform(f"{name}.{cell}", PICTURES * size * size * channels, -reach, reach + 1)
    return values.reshape(PICTURES, size, size, channels).repeat(cell, axis=1).repeat(cell, axis=2)


def blurred(values: Array) -> Array:
    """Sums of 3 x 3 neighbours, the picture being a torus, over 9."""
    for axis in (1, 2):
        values = np.roll(values, 1, axis) + values + np.roll(values, -1, axis)
    return values // 9


def pictures(draw: Draw) -> Array:
    """Drawn pictures [N, 32, 32, 3], int8, with the spread, grain and pale colours of photographs."""
    out = np.zeros((PICTURES, 32, 32, 3), dtype=np.int64)
    for cell, reach in ((32, 60), (16, 60), (8, 90), (4, 70), (2, 25)):
        out = out + noise(draw, "light", cell, 1, reach) + noise(draw, "colour", cell, 3, reach // 3)
        if cell > 2:
            out = blurred(out)
    return np.clip(out, -128, 127).astype(np.int8)


def single(number: float) -> float:
    return float(np.float32(number))


def nearest(number: float) -> int:
    return math.floor(number + 0.5)


def affine(low: float, high: float) -> Quantisation:
    """The int8 quantisation of a range, which is widened to hold zero."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = single((high - low) / 255)
    zero = min(max(nearest(-128 - low / scale), -128), 127)
    return Quantisation((scale,), (zero,), (single(low),), (single(high),))


def extent(values: Array) -> tuple[float, float]:
    """The range of all but the outliers: order statistics, so that no sum is rounded."""
    flat = np.sort(values, axis=None)
    last = len(flat) - 1
    return float(flat[last // OUTLIERS]), float(flat[last - last // OUTLIERS])


def symmetric(name: str, reals: list[float]) -> tuple[Array, Quantisation]:
    """A vector of constants with one scale and zero point 0."""
    scale = single(max(abs(real) for real in reals) / 127)
    data = np.array([nearest(real / scale) for real in reals], dtype=np.int8)
    return data, Quantisation((scale,), (0,), (single(min(reals)),), (single(max(reals)),))


def spread(values: Array) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the last axis's channels, from exact sums."""
    flat = values.reshape(-1, values.shape[-1]).astype(object if np.abs(values).max() > 1 << 24 else np.int64)
    count = flat.shape[0]
    sums, squares = flat.sum(axis=0), (flat * flat).sum(axis=0)
    means = [int(total) / count for total in sums]
    variances = [int(count * square - total * total) / count**2 for total, square in zip(sums, squares, strict=True)]
    return means, [math.sqrt(max(variance, 1.0)) for variance in variances]


class Calibration:
    def __init__(self, graph: Graph, seed: int) -> None:
        self.graph = graph
        self.draw = Draw(seed)
        self.values: dict[str, Array] = {graph.input: pictures(self.draw)}

    def offsets(self, name: str, count: int) -> list[float]:
        return [int(number) / 1000 * OFFSET for number in self.draw.uniform(name, count, -1000, 1001)]

    def weights(self, tensor: Tensor) -> Array:
        """Each output channel's largest weight is 127 or -127."""
        bell = self.draw.bell(tensor.name, int(np.prod(tensor.shape))).reshape(tensor.shape[0], -1)
        bell -= rounded_ratio(bell.sum(axis=1, keepdims=True), 1, np.array([[bell.shape[1]]]))
        largest = np.abs(bell).max(axis=1, keepdims=True)
        return rounded_ratio(bell, 127, largest).astype(np.int8).reshape(tensor.shape)

    def convolution(self, operator: Operator) -> tuple[float, float]:
        """Draws weights, sets scales and biases, and returns the range of the output in reals."""
        tensors = self.graph.tensors
        source, weights, bias = (tensors[name] for name in operator.inputs)
        scale, zero = source.quantisation.scale[0], source.quantisation.zero_point[0]
        weights.data = self.weights(weights)
        stride = (operator.options["StrideH"], operator.options["StrideW"])
        sums = accumulate(self.values[source.name], zero, weights.data, stride)
        means, deviations = spread(sums)
        scales = tuple(single(1 / (deviation * scale)) for deviation in deviations)
        tops = np.abs(weights.data.reshape(len(scales), -1).astype(np.int64)).max(axis=1)
        largest = tuple(single(one * int(top)) for one, top in zip(scales, tops, strict=True))
        zeros = (0,) * len(scales)
        weights.quantisation = Quantisation(scales, zeros, tuple(-value for value in largest), largest)
        bias.quantisation = Quantisation(tuple(single(scale * one) for one in scales), zeros)
        extras = self.offsets(bias.name, len(means))
        centred = [extra * one - mean for mean, extra, one in zip(means, extras, deviations, strict=True)]
        bias.data = np.array([nearest(value) for value in centred], dtype=np.int32)
        return extent((sums + bias.data.astype(np.int64)) * np.array(bias.quantisation.scale))

    def reals(self, name: str) -> Array:
        quantisation = self.graph.tensors[name].quantisation
        data = self.graph.tensors[name].data
        values = self.values[name] if data is None else data
        return (values.astype(np.int64) - quantisation.zero_point[0]) * quantisation.scale[0]

    def per_channel(self, operator: Operator) -> None:
        """A scale that makes each channel's spread 1, or a shift that makes its mean small."""
        source, constant = (self.graph.tensors[name] for name in operator.inputs)
        means, deviations = spread(self.values[source.name].astype(np.int64))
        scale, zero = source.quantisation.scale[0], source.quantisation.zero_point[0]
        if operator.inputs[1].startswith("head"):
            reals = [1.0] * len(means)
        elif operator.kind == "MUL":
            reals = [1 / (deviation * scale) for deviation in deviations]
        else:
            extras = self.offsets(constant.name, len(means))
            reals = [extra - (mean - zero) * scale for mean, extra in zip(means, extras, strict=True)]
        constant.data, constant.quantisation = symmetric(constant.name, reals)

    def elementwise(self, operator: Operator) -> tuple[float, float]:
        if self.graph.tensors[operator.inputs[1]].shape != self.graph.tensors[operator.output].shape:
            self.per_channel(operator)
        one, two = (self.reals(name) for name in operator.inputs)
        result = one + two if operator.kind == "ADD" else one * two
        return extent(result)

    def step(self, operator: Operator) -> None:
        output = self.graph.tensors[operator.output]
        match operator.kind:
            case "CONV_2D":
                low, high = self.convolution(operator)
            case "ADD" | "MUL":
                low, high = self.elementwise(operator)
            case _:
                output.quantisation = replace(self.graph.tensors[operator.inputs[0]].quantisation)
                self.values[output.name] = execute(self.graph, operator, self.values)
                return
        if operator.options["FusedActivationFunction"] == RELU6:
            low, high = 0.0, min(high, 6.0)
        output.quantisation = affine(low, high)
        self.values[output.name] = execute(self.graph, operator, self.values)


def calibrate(graph: Graph, seed: int) -> None:
    """Fills in the graph's constants and every activation's quantisation."""
    calibration = Calibration(graph, seed)
    for operator in graph.operators:
        calibration.step(operator)
