"""What a network's outputs must be, byte for byte: today's TensorFlow Lite Micro on this computer, from PyPI."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tflite_micro import runtime

CACHE = Path(__file__).resolve().parent.parent / "build" / "witness"


def expected_outputs(model: Path, inputs: NDArray[Any], cache: Path | None = CACHE) -> NDArray[Any]:
    """[N, outputs] in the network's own type, for N inputs of any shape in its own type; remembered by content."""
    data = model.read_bytes()
    if cache is None:
        return infer(data, inputs)
    key = hashlib.sha256(data + inputs.tobytes() + f"{inputs.dtype} {version('tflite-micro')}".encode()).hexdigest()
    path = cache / f"{model.stem}-{key[:32]}.npy"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        whole = path.with_name(f"{path.stem}.{id(data)}.part.npy")
        np.save(whole, infer(data, inputs))
        whole.replace(path)
    outputs: NDArray[Any] = np.load(path)
    return outputs


def infer(model: bytes, inputs: NDArray[Any]) -> NDArray[Any]:
    interpreter = runtime.Interpreter.from_bytes(model)
    expected = interpreter.get_input_details(0)
    if inputs.dtype != expected["dtype"]:
        raise TypeError(f"the network takes {np.dtype(expected['dtype'])}, not {inputs.dtype}")
    outputs = []
    for one in inputs.reshape(len(inputs), *expected["shape"]):
        interpreter.set_input(one, 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0).reshape(-1).copy())
    return np.stack(outputs)
