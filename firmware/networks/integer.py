"""TFLite's int8 reference kernels in exact integers, to calibrate with.

Sums are of integers below 2**53, so that float64 matrix products are exact and the same on every host.
Reference: tensorflow/lite/kernels/internal/reference/integer_ops and common.h (two roundings).
"""

from __future__ import annotations

import math

import numpy as np

from firmware.networks.graph import RELU, RELU6, Array, Graph, Operator, Quantisation


def multiplier(real: float) -> tuple[int, int]:
    """`real` as a Q31 significand and a power of two (QuantizeMultiplier)."""
    significand, shift = math.frexp(real)
    fixed = math.floor(significand * (1 << 31) + 0.5)
    if fixed == 1 << 31:
        fixed, shift = fixed // 2, shift + 1
    return (0, 0) if shift < -31 else (fixed, shift)


def requantise(values: Array, fixed: Array, shift: Array) -> Array:
    """MultiplyByQuantizedMultiplier: a rounded doubling high multiply, then a rounded shift to the right."""
    product = (values << np.maximum(shift, 0)) * fixed
    product += np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.where(product >= 0, product >> 31, -(-product >> 31))
    right = np.maximum(-shift, 0)
    mask = (np.int64(1) << right) - 1
    rounded: Array = (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))
    return rounded


def scaled(values: Array, reals: list[float]) -> Array:
    pairs = np.array([multiplier(real) for real in reals], dtype=np.int64)
    return requantise(values, pairs[:, 0], pairs[:, 1])


def clamped(values: Array, activation: int, quantisation: Quantisation) -> Array:
    scale, zero = quantisation.scale[0], quantisation.zero_point[0]
    low = zero if activation in (RELU, RELU6) else -128
    high = zero + math.floor(6.0 / scale + 0.5) if activation == RELU6 else 127
    return np.clip(values, max(low, -128), min(high, 127)).astype(np.int8)


def same_padding(size: int, window: int, stride: int) -> tuple[int, int, int]:
    """Output size, and padding before and after."""
    out = -(-size // stride)
    total = max((out - 1) * stride + window - size, 0)
    return out, total // 2, total - total // 2


def windows(values: Array, window: tuple[int, int], stride: tuple[int, int], fill: int) -> Array:
    """[N, H, W, C] to [N, out H, out W, window H, window W, C], SAME padding filled with `fill`."""
    _, height, width, _ = values.shape
    _, top, bottom = same_padding(height, window[0], stride[0])
    _, left, right = same_padding(width, window[1], stride[1])
    padded = np.pad(values, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(padded, window, axis=(1, 2))[:, :: stride[0], :: stride[1]]
    return view.transpose(0, 1, 2, 4, 5, 3)


def accumulate(values: Array, zero: int, weights: Array, stride: tuple[int, int]) -> Array:
    """A convolution's sums before the bias, int64 [N, H, W, out channels]."""
    patches = windows(values.astype(np.float64) - zero, weights.shape[1:3], stride, 0)
    flat = patches.reshape(-1, int(np.prod(weights.shape[1:])))
    sums = flat @ weights.reshape(weights.shape[0], -1).T.astype(np.float64)
    return sums.astype(np.int64).reshape(*patches.shape[:3], -1)


def convolve(sums: Array, reals: list[float], activation: int, output: Quantisation) -> Array:
    return clamped(scaled(sums, reals) + output.zero_point[0], activation, output)


def multiply(
    first: Array, one: Quantisation, second: Array, two: Quantisation, activation: int, output: Quantisation
) -> Array:
    product = (first.astype(np.int64) - one.zero_point[0]) * (second.astype(np.int64) - two.zero_point[0])
    real = one.scale[0] * two.scale[0] / output.scale[0]
    return clamped(scaled(product, [real]) + output.zero_point[0], activation, output)


def add(
    first: Array, one: Quantisation, second: Array, two: Quantisation, activation: int, output: Quantisation
) -> Array:
    twice = 2 * max(one.scale[0], two.scale[0])
    left = scaled((first.astype(np.int64) - one.zero_point[0]) << 20, [one.scale[0] / twice])
    right = scaled((second.astype(np.int64) - two.zero_point[0]) << 20, [two.scale[0] / twice])
    total = scaled(left + right, [twice / ((1 << 20) * output.scale[0])])
    return clamped(total + output.zero_point[0], activation, output)


def average(values: Array, window: tuple[int, int], stride: tuple[int, int]) -> Array:
    total = windows(values.astype(np.int64), window, stride, 0).sum(axis=(3, 4))
    count = windows(np.ones_like(values, dtype=np.int64), window, stride, 0).sum(axis=(3, 4))
    rounded: Array = (np.abs(total) + count // 2) // count
    signed: Array = np.where(total > 0, rounded, -rounded)
    return signed.astype(np.int8)


def execute(graph: Graph, operator: Operator, values: dict[str, Array]) -> Array:
    """One operator whose tensors are all quantised; `values` has the int8 activations, batched along axis 0."""
    tensors, options = graph.tensors, operator.options
    first = values[operator.inputs[0]]
    one, output = tensors[operator.inputs[0]].quantisation, tensors[operator.output].quantisation
    activation = options.get("FusedActivationFunction", 0)
    stride = (options.get("StrideH", 1), options.get("StrideW", 1))
    match operator.kind:
        case "CONV_2D":
            weights, bias = (tensors[name] for name in operator.inputs[1:])
            assert weights.data is not None and bias.data is not None
            reals = [one.scale[0] * scale / output.scale[0] for scale in weights.quantisation.scale]
            sums = accumulate(first, one.zero_point[0], weights.data, stride) + bias.data.astype(np.int64)
            return convolve(sums, reals, activation, output)
        case "ADD" | "MUL":
            other = tensors[operator.inputs[1]]
            second = other.data if other.data is not None else values[other.name]
            kernel = add if operator.kind == "ADD" else multiply
            return kernel(first, one, second, other.quantisation, activation, output)
        case "PAD":
            padding = tensors[operator.inputs[1]].data
            assert padding is not None
            return np.pad(first, padding.tolist(), constant_values=one.zero_point[0])
        case "STRIDED_SLICE":
            return first[..., : tensors[operator.output].shape[-1]]
        case "AVERAGE_POOL_2D":
            return average(first, (options["FilterHeight"], options["FilterWidth"]), stride)
        case "RESHAPE":
            return first.reshape(first.shape[0], *tensors[operator.output].shape[1:])
    raise ValueError(f"no integer kernel for {operator.kind}")


def run(graph: Graph, images: Array) -> dict[str, Array]:
    """All activations by tensor name, for int8 images [N, H, W, C]."""
    values = {graph.input: images}
    for operator in graph.operators:
        values[operator.output] = execute(graph, operator, values)
    return values
