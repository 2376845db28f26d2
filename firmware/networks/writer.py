"""Writes a graph as a .tflite file, laid out as TensorFlow's converter of 2020 does: constants first, tables behind.

Reference: tensorflow/lite/schema/schema.fbs, version 3. A flatbuffer is built from its end to its start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flatbuffers
import numpy as np
import tflite

from firmware.networks.graph import Graph, Operator, Quantisation, Tensor

VERSIONS = {"CONV_2D": 3, "STRIDED_SLICE": 2, "MUL": 2, "ADD": 2, "PAD": 2, "AVERAGE_POOL_2D": 2, "RESHAPE": 1}
OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "MUL": "MulOptions",
    "ADD": "AddOptions",
    "PAD": "PadOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
}
DESCRIPTION = "MLIR Converted."
RUNTIME = b"1.6.0".ljust(16, b"\0")


def offsets(builder: Any, start: Callable[[Any, int], int], items: Sequence[int]) -> int:
    start(builder, len(items))
    for item in reversed(items):
        builder.PrependUOffsetTRelative(item)
    return int(builder.EndVector())


def vector(builder: Any, values: Sequence[float], dtype: str) -> int:
    return int(builder.CreateNumpyVector(np.array(values, dtype=dtype)))


def operator_code(builder: Any, kind: str) -> int:
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddVersion(builder, VERSIONS[kind])
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, getattr(tflite.BuiltinOperator, kind))
    return int(tflite.OperatorCodeEnd(builder))


def quantisation_table(builder: Any, quantisation: Quantisation) -> int:
    fields = (
        ("ZeroPoint", quantisation.zero_point, "<i8"),
        ("Scale", quantisation.scale, "<f4"),
        ("Max", quantisation.maximum, "<f4"),
        ("Min", quantisation.minimum, "<f4"),
    )
    vectors = [(name, vector(builder, values, dtype)) for name, values, dtype in fields if values]
    tflite.QuantizationParametersStart(builder)
    for name, offset in vectors:
        getattr(tflite, f"QuantizationParametersAdd{name}")(builder, offset)
    return int(tflite.QuantizationParametersEnd(builder))


def tensor_table(builder: Any, tensor: Tensor, name: str, buffer: int) -> int:
    shape = vector(builder, tensor.shape, "<i4")
    label = builder.CreateString(name)
    quantisation = quantisation_table(builder, tensor.quantisation)
    tflite.TensorStart(builder)
    tflite.TensorAddQuantization(builder, quantisation)
    tflite.TensorAddName(builder, label)
    tflite.TensorAddBuffer(builder, buffer)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, getattr(tflite.TensorType, tensor.type))
    return int(tflite.TensorEnd(builder))


def options_table(builder: Any, operator: Operator) -> tuple[int, int]:
    """The option table's type in the schema's union, and its offset; 0 where the operator has none."""
    name = OPTIONS.get(operator.kind)
    if name is None:
        return 0, 0
    getattr(tflite, f"{name}Start")(builder)
    for key, value in operator.options.items():
        getattr(tflite, f"{name}Add{key}")(builder, value)
    return getattr(tflite.BuiltinOptions, name), getattr(tflite, f"{name}End")(builder)


def operator_table(builder: Any, operator: Operator, code: int, index: dict[str, int]) -> int:
    inputs = vector(builder, [index[name] for name in operator.inputs], "<i4")
    outputs = vector(builder, [index[operator.output]], "<i4")
    kind, options = options_table(builder, operator)
    tflite.OperatorStart(builder)
    if options:
        tflite.OperatorAddBuiltinOptions(builder, options)
    tflite.OperatorAddOutputs(builder, outputs)
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOpcodeIndex(builder, code)
    tflite.OperatorAddBuiltinOptionsType(builder, kind)
    return int(tflite.OperatorEnd(builder))


def buffer_table(builder: Any, data: bytes | None) -> int:
    """A constant's bytes start on a multiple of 16 in the file; the converter aligns for the buffers without any too."""
    offset = None
    builder.Prep(16, 0)
    if data is not None:
        builder.StartVector(1, len(data), 16)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        offset = builder.EndVector()
    tflite.BufferStart(builder)
    if offset is not None:
        tflite.BufferAddData(builder, offset)
    return int(tflite.BufferEnd(builder))


def subgraph_table(builder: Any, graph: Graph, names: Sequence[str], kinds: Sequence[str]) -> int:
    index = {name: position for position, name in enumerate(graph.tensors)}
    tensors = [
        tensor_table(builder, tensor, name, position)
        for position, (tensor, name) in enumerate(zip(graph.tensors.values(), names, strict=True), 1)
    ]
    tensor_list = offsets(builder, tflite.SubGraphStartTensorsVector, tensors)
    inputs = vector(builder, [index[graph.input]], "<i4")
    outputs = vector(builder, [index[graph.output]], "<i4")
    operators = [operator_table(builder, operator, kinds.index(operator.kind), index) for operator in graph.operators]
    operator_list = offsets(builder, tflite.SubGraphStartOperatorsVector, operators)
    label = builder.CreateString("main")
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddName(builder, label)
    tflite.SubGraphAddOperators(builder, operator_list)
    tflite.SubGraphAddOutputs(builder, outputs)
    tflite.SubGraphAddInputs(builder, inputs)
    tflite.SubGraphAddTensors(builder, tensor_list)
    return int(tflite.SubGraphEnd(builder))


def metadata_table(builder: Any, buffer: int) -> int:
    name = builder.CreateString("min_runtime_version")
    tflite.MetadataStart(builder)
    tflite.MetadataAddBuffer(builder, buffer)
    tflite.MetadataAddName(builder, name)
    return int(tflite.MetadataEnd(builder))


def write(graph: Graph, names: Sequence[str]) -> bytes:
    """The file's bytes; `names` are the tensors' names in it."""
    builder = flatbuffers.Builder(1 << 20)
    kinds = list(dict.fromkeys(operator.kind for operator in graph.operators))
    codes = offsets(builder, tflite.ModelStartOperatorCodesVector, [operator_code(builder, kind) for kind in kinds])
    subgraphs = offsets(builder, tflite.ModelStartSubgraphsVector, [subgraph_table(builder, graph, names, kinds)])
    description = builder.CreateString(DESCRIPTION)
    constants = [None if tensor.data is None else tensor.data.tobytes() for tensor in graph.tensors.values()]
    buffers = [buffer_table(builder, data) for data in (None, *constants, RUNTIME)]
    buffer_list = offsets(builder, tflite.ModelStartBuffersVector, buffers)
    metadata = offsets(builder, tflite.ModelStartMetadataVector, [metadata_table(builder, len(buffers) - 1)])
    tflite.ModelStart(builder)
    for field, offset in (
        ("Metadata", metadata),
        ("Buffers", buffer_list),
        ("Description", description),
        ("Subgraphs", subgraphs),
        ("OperatorCodes", codes),
    ):
        getattr(tflite, f"ModelAdd{field}")(builder, offset)
    tflite.ModelAddVersion(builder, 3)
    builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
