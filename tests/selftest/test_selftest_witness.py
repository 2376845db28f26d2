"""The self-tests' claims on QEMU's Cortex-M7: what they claim is not ours alone."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from firmware import programs

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("qemu-system-arm") is None, reason="there is no qemu-system-arm"),
]

PROGRAMS = ["svc_pendsv", "faults", "it_load", "self_modifying", "itcm_code", "fp"]

# What QEMU 7.2 does otherwise.
DISAGREES = {
    "faults": {
        "divide: nothing behind it executed": "a register set in the same translation block is not yet written back",
        "divide_unsigned: nothing behind it executed": "as divide",
    }
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_qemu_agrees_with_every_claim(name, claims_of):
    program = f"selftest-{name}"
    programs.build([f"{program}-gcc12-O2"])
    command = ["qemu-system-arm", "-M", "mps2-an500", "-nographic", "-semihosting-config", "enable=on,target=native"]
    elf = programs.elf(program, platform="mps2_an500")
    text = subprocess.run(
        [*command, "-kernel", elf], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    ).stdout
    claims = claims_of(text)
    assert len(claims) > 4
    assert {claim for claim, result in claims.items() if not result.startswith("PASS")} == set(DISAGREES.get(name, {}))
