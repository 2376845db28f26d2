"""CMSIS-DSP's functions put out the same bits on the board, under QEMU, and on the plain C path on the host."""

from __future__ import annotations

import pytest

from benchmarks.conformance import cmsis_dsp, ends
from benchmarks.conformance.cmsis_dsp import run_one
from firmware.conformance.cmsis_dsp import build as builder
from firmware.conformance.cmsis_dsp import sources
from firmware.conformance.cmsis_dsp.build import VARIANTS
from firmware.pip import FetchError

DSP, PLAIN = VARIANTS[0], VARIANTS[3]


@pytest.fixture(scope="module")
def available() -> None:
    if ends.version() is None:
        pytest.skip("there is no qemu-system-arm (make tools-qemu)")
    try:
        sources.folder()
        builder.fetch()
    except FetchError as error:
        pytest.skip(str(error))


@pytest.mark.jit
@pytest.mark.parametrize(
    ("program", "variant", "witnesses"),
    [("fir-q15", DSP, ["QEMU"]), ("basic-q7", DSP, ["QEMU"]), ("complex-f32", PLAIN, ["QEMU", "host"])],
)
def test_a_family_puts_out_what_its_witnesses_do(available, program, variant, witnesses) -> None:
    cmsis_dsp.prepare([(program, variant)])
    results = run_one((program, variant))
    assert [result.witness for result in results] == witnesses
    assert all(result.lines > 10 for result in results)
    assert [difference for result in results for difference in result.differences] == []


@pytest.mark.jit
def test_the_dsp_path_is_the_one_with_packed_multiplications(available) -> None:
    cmsis_dsp.prepare([("fir-q15", DSP), ("fir-q15", PLAIN)])
    dsp, plain = (ends.on_simulator(cmsis_dsp.path("fir-q15", variant)) for variant in (DSP, PLAIN))
    assert dsp.cycles < plain.cycles


def test_a_line_that_differs_is_named_by_program_witness_function_and_case() -> None:
    ours = ends.End("exit 0", b"arm_add_q7 1 00\narm_add_q7 2 00\n")
    found = cmsis_dsp._compare("basic-q7", DSP, "QEMU", ours, b"arm_add_q7 1 00\narm_add_q7 2 01\n")
    assert [d.case for d in found.differences] == ["basic-q7 gcc12-O2 QEMU arm_add_q7 2"]
    assert found.lines == 2


def test_lines_that_are_missing_are_a_difference() -> None:
    found = cmsis_dsp._compare("basic-q7", DSP, "QEMU", ends.End("exit 0", b"a 1 00\n"), b"a 1 00\na 2 00\n")
    assert [d.case for d in found.differences] == ["basic-q7 gcc12-O2 QEMU"]


def test_a_function_that_no_program_calls_is_a_difference(available) -> None:
    assert len(sources.functions()) > 300
    everything = frozenset(sources.functions() - cmsis_dsp.HELPERS)
    whole = cmsis_dsp.Compared("all", DSP.name, "QEMU", 1, (), everything)
    assert cmsis_dsp.never_called([whole]) == []
    less = cmsis_dsp.Compared("all", DSP.name, "QEMU", 1, (), everything - {"arm_fir_q15"})
    assert [difference.case for difference in cmsis_dsp.never_called([less])] == ["arm_fir_q15"]
