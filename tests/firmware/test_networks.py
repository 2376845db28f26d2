"""The networks: the published graph's structure, our weights' quantisation, and the trained ResNet8."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

flatbuffers = pytest.importorskip("flatbuffers", reason="the extra `firmware` is not installed")
tflite = pytest.importorskip("tflite", reason="the extra `firmware` is not installed")
pytest.importorskip("tflite_micro", reason="the extra `firmware` is not installed")

from benchmarks.witness import expected_outputs  # noqa: E402
from firmware.networks import calibrate, integer, published, writer  # noqa: E402
from firmware.networks.graph import Quantisation  # noqa: E402

PUBLISHED_SHA256 = "f7fd30c6934d2d1cd847011b0b619a7cac85c4999e279a47b5227f017a2adead"
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "models"
FOLDER = Path(os.environ.get("M7SIM_REFERENCE_MODELS", SHARED))
REFERENCE = FOLDER / "image_recognition_cifar10_int8.tflite"
OPTION_FIELDS = {
    "Conv2DOptions": "Padding StrideW StrideH DilationWFactor DilationHFactor FusedActivationFunction",
    "Pool2DOptions": "Padding StrideW StrideH FilterWidth FilterHeight FusedActivationFunction",
    "StridedSliceOptions": "BeginMask EndMask EllipsisMask NewAxisMask ShrinkAxisMask",
    "AddOptions": "FusedActivationFunction PotScaleInt16",
    "MulOptions": "FusedActivationFunction",
    "PadOptions": "",
}


def option_name(kind: int) -> str:
    names: dict[int, str] = {
        value: name for name, value in vars(tflite.BuiltinOptions).items() if isinstance(value, int)
    }
    return names[kind]


class File:
    """What a .tflite file says, read by the `tflite` package."""

    def __init__(self, data: bytes) -> None:
        self.model = tflite.Model.GetRootAs(data, 0)
        self.graph = self.model.Subgraphs(0)
        self.tensors = [self.graph.Tensors(index) for index in range(self.graph.TensorsLength())]
        self.operators = [self.graph.Operators(index) for index in range(self.graph.OperatorsLength())]

    def codes(self) -> list[tuple[int, int]]:
        codes = [self.model.OperatorCodes(index) for index in range(self.model.OperatorCodesLength())]
        return [(code.DeprecatedBuiltinCode(), code.Version()) for code in codes]

    def operator(self, operator: Any) -> tuple[object, ...]:
        name, values = option_name(operator.BuiltinOptionsType()), []
        if name != "NONE":
            table, options = operator.BuiltinOptions(), getattr(tflite, name)()
            options.Init(table.Bytes, table.Pos)
            values = [getattr(options, field)() for field in OPTION_FIELDS[name].split()]
        inputs, outputs = operator.InputsAsNumpy().tolist(), operator.OutputsAsNumpy().tolist()
        return operator.OpcodeIndex(), inputs, outputs, name, values

    def bytes_of(self, tensor: Any) -> bytes | None:
        buffer = self.model.Buffers(tensor.Buffer())
        return buffer.DataAsNumpy().tobytes() if buffer.DataLength() else None

    def offset(self, tensor: Any) -> int | None:
        """Where a constant's bytes start in the file."""
        buffer = self.model.Buffers(tensor.Buffer())
        return buffer._tab.Vector(buffer._tab.Offset(4)) if buffer.DataLength() else None

    def tensor(self, tensor: Any) -> tuple[object, ...]:
        quantisation = tensor.Quantization()
        layout = [getattr(quantisation, f"{name}Length")() for name in ("Scale", "ZeroPoint", "Min", "Max")]
        shape, data = tensor.ShapeAsNumpy().tolist(), self.bytes_of(tensor)
        size = None if data is None else len(data)
        return shape, tensor.Type(), tensor.Buffer(), size, layout, quantisation.QuantizedDimension()

    def sharing(self) -> list[int]:
        """For each activation, the first one with the same scale and zero point."""
        pairs = [
            (quantisation.Scale(0), quantisation.ZeroPoint(0))
            for tensor in self.tensors
            if self.bytes_of(tensor) is None
            for quantisation in [tensor.Quantization()]
        ]
        # A ReLU6 whose input reaches 6 has the one scale 6 / 255 wherever it stands, which says nothing of the graph.
        return [pairs.index(pair) if pair[1] != -128 else index for index, pair in enumerate(pairs)]


@pytest.fixture(scope="module")
def data() -> bytes:
    return published.build()


@pytest.fixture(scope="module")
def model(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("networks") / "published.tflite"
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def ours(data: bytes) -> File:
    return File(data)


@pytest.fixture(scope="module")
def theirs() -> File:
    return File(REFERENCE.read_bytes())


def noise(count: int) -> Any:
    words = calibrate.Draw(7).uniform("test", count * 3072, -128, 128)
    return words.astype(np.int8).reshape(count, 32, 32, 3)


def test_the_published_network_is_the_same_bytes_on_every_host(data: bytes) -> None:
    assert hashlib.sha256(data).hexdigest() == PUBLISHED_SHA256
    assert hashlib.sha256(published.build()).hexdigest() == PUBLISHED_SHA256


def test_the_published_network_has_the_published_size_operators_and_macs(data: bytes) -> None:
    graph = published.structure()
    counts = {kind: sum(one.kind == kind for one in graph.operators) for kind in writer.VERSIONS}
    assert len(data) == 288_720
    assert graph.multiply_accumulates() == 21_544_960
    assert sum(counts.values()) == 71
    assert counts == {
        "CONV_2D": 20,
        "ADD": 18,
        "MUL": 10,
        "PAD": 10,
        "STRIDED_SLICE": 9,
        "AVERAGE_POOL_2D": 3,
        "RESHAPE": 1,
    }


@pytest.mark.skipif(
    not REFERENCE.is_file(), reason="the reference network is not here (M7SIM_REFERENCE_MODELS names its folder)"
)
class TestReference:
    """Against the original file, where it is at hand: equal in all but names and numbers."""

    def test_operators_options_and_versions_are_equal(self, ours: File, theirs: File) -> None:
        assert ours.codes() == theirs.codes()
        assert [ours.operator(one) for one in ours.operators] == [theirs.operator(one) for one in theirs.operators]
        for end in ("Inputs", "Outputs"):
            assert getattr(ours.graph, f"{end}AsNumpy")().tolist() == getattr(theirs.graph, f"{end}AsNumpy")().tolist()

    def test_shapes_types_buffers_and_quantisation_layout_are_equal(self, ours: File, theirs: File) -> None:
        assert ours.model.BuffersLength() == theirs.model.BuffersLength()
        assert [ours.tensor(one) for one in ours.tensors] == [theirs.tensor(one) for one in theirs.tensors]

    def test_activations_share_their_scales_alike(self, ours: File, theirs: File) -> None:
        assert ours.sharing() == theirs.sharing()

    def test_shapes_and_bounds_among_the_constants_are_equal(self, ours: File, theirs: File) -> None:
        for one, other in zip(ours.tensors, theirs.tensors, strict=True):
            if one.Type() == tflite.TensorType.INT32 and not one.Quantization().ScaleLength():
                assert ours.bytes_of(one) == theirs.bytes_of(other)

    def test_every_constant_lies_at_the_same_offset_of_the_file(self, ours: File, theirs: File) -> None:
        assert [ours.offset(one) for one in ours.tensors] == [theirs.offset(one) for one in theirs.tensors]

    def test_the_weights_are_not_the_original_ones(self, ours: File, theirs: File) -> None:
        equal = total = 0
        for one, other in zip(ours.tensors, theirs.tensors, strict=True):
            mine, original = ours.bytes_of(one), theirs.bytes_of(other)
            if one.ShapeLength() == 4 and mine is not None and original is not None:
                equal += int((np.frombuffer(mine, np.int8) == np.frombuffer(original, np.int8)).sum())
                total += len(mine)
        assert total == 217_840
        assert equal / total < 0.02

    def test_the_arena_of_the_host_interpreter_is_equal(self, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
        from tflite_micro import runtime

        sizes = []
        for file in (data, REFERENCE.read_bytes()):
            runtime.Interpreter.from_bytes(file).print_allocations()
            output = "".join(capfd.readouterr())
            sizes.append([line for line in output.splitlines() if "Arena allocation" in line])
        assert sizes[0] == sizes[1]
        assert len(sizes[0]) == 3


def test_our_integer_kernels_equal_the_host_interpreter(model: Path) -> None:
    graph = published.structure()
    calibrate.calibrate(graph, published.SEED)
    images = noise(3)
    outputs = integer.run(graph, images)[graph.output]
    assert (outputs == expected_outputs(model, images, cache=None)).all()


def test_activations_use_their_range_and_hardly_saturate() -> None:
    graph = published.structure()
    calibrate.calibrate(graph, published.SEED)
    values = integer.run(graph, calibrate.pictures(calibrate.Draw(11)))
    for operator in graph.operators:
        activation = values[operator.output]
        rectified = graph.tensors[operator.output].quantisation.zero_point[0] == -128
        assert (activation == 127).mean() < 0.03, operator.output
        assert rectified or (activation == -128).mean() < 0.03, operator.output
        if operator.output not in ("head.pooled", "output"):
            assert int(activation.max()) - int(activation.min()) > 128, operator.output


def test_outputs_vary_by_picture(model: Path) -> None:
    outputs = expected_outputs(model, calibrate.pictures(calibrate.Draw(11)), cache=None).astype(int)
    assert len({tuple(one) for one in outputs.tolist()}) == len(outputs)
    assert len(set(outputs.argmax(axis=1).tolist())) >= 3
    assert outputs.std(axis=0).min() > 2


def test_a_multiplier_is_a_q31_significand_and_a_power_of_two() -> None:
    assert integer.multiplier(1.0) == (1 << 30, 1)
    assert integer.multiplier(0.25) == (1 << 30, -1)
    assert integer.multiplier(1.0 - 2.0**-40) == (1 << 30, 1)
    assert integer.multiplier(2.0**-40) == (0, 0)


def test_requantisation_rounds_halves_up_in_the_multiply_and_away_from_zero_in_the_shift() -> None:
    values = np.array([1, -1, 3, -3, 5, -5, 100], dtype=np.int64)
    assert integer.scaled(values, [0.5]).tolist() == [1, 0, 2, -1, 3, -2, 50]
    assert integer.scaled(2 * values, [0.25]).tolist() == [1, -1, 2, -2, 3, -3, 50]


def test_same_padding_puts_the_odd_one_behind() -> None:
    assert integer.same_padding(32, 3, 1) == (32, 1, 1)
    assert integer.same_padding(32, 3, 2) == (16, 0, 1)
    assert integer.same_padding(8, 8, 8) == (1, 0, 0)


def test_the_affine_range_holds_zero_exactly() -> None:
    quantisation = calibrate.affine(0.5, 2.0)
    assert quantisation.minimum == (0.0,)
    assert quantisation.zero_point == (-128,)
    assert calibrate.affine(-128.0, 127.0) == Quantisation((1.0,), (0,), (-128.0,), (127.0,))


def test_splitmix64_gives_the_published_first_words() -> None:
    assert [int(word) for word in calibrate.splitmix64(1234567, 3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_the_witness_remembers_by_content_and_checks_the_type(model: Path, tmp_path: Path) -> None:
    images = noise(2)
    first = expected_outputs(model, images, cache=tmp_path)
    again = expected_outputs(model, images, cache=tmp_path)
    assert (first == again).all() and first.shape == (2, 10)
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(TypeError, match="int8, not uint8"):
        expected_outputs(model, images.view(np.uint8), cache=tmp_path)


def test_the_demo_photographs_get_their_labels_from_resnet8() -> None:
    build = Path(__file__).resolve().parents[2] / "build"
    described, network = build / "images" / "images.json", build / "networks" / "resnet8.tflite"
    if not (described.exists() and network.exists()):
        pytest.skip("python -m firmware.networks.make has not been run")
    facts = json.loads(described.read_text())
    inputs = np.frombuffer((build / "images" / "resnet8-inputs.bin").read_bytes(), np.int8).reshape(-1, 3072)
    labels = [facts["labels"][one] for one in expected_outputs(network, inputs, cache=None).argmax(axis=1)]
    truths = [(one["name"], one["truth"], label) for one, label in zip(facts["images"], labels, strict=True)]
    assert {name: label for name, _, label in truths if name in facts["demo"]} == {name: name for name in facts["demo"]}
    known = [truth == label for _, truth, label in truths if truth is not None]
    assert (sum(known), len(known)) == (25, 30)
