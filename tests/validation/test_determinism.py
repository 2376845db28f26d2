"""One digest of all cycles, however a run is sliced, hashed or cached."""

from __future__ import annotations

import shutil

import pytest

from benchmarks.validation.determinism import PROGRAM, WAYS, digest_of
from firmware import programs

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]


@pytest.fixture(scope="module")
def elf():
    programs.build([f"{PROGRAM}-gcc12-O2"])
    return programs.elf(PROGRAM)


@pytest.fixture(scope="module")
def usual(elf):
    return digest_of(elf, WAYS[0])


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, id=way.name, marks=[pytest.mark.slow] if way.cold else []) for way in WAYS[1:]],
)
def test_the_digest_is_the_same_with(way, elf, usual):
    assert digest_of(elf, way) == usual
