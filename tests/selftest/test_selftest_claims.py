"""Every self-test program, on the simulator: each claim that it prints holds."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.jit

# Claims that each program prints.
PROGRAMS = {
    "systick": 12,
    "uart_irq": 8,
    "timer": 15,
    "svc_pendsv": 20,
    "faults": 131,
    "it_load": 15,
    "self_modifying": 5,
    "itcm_code": 9,
    "fp": 45,
    "wfi_sleep": 9,
    "camera": 21,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_claim_holds(outcome, name):
    run = outcome(name)
    failed = {claim: result for claim, result in run.claims.items() if not result.startswith("PASS")}
    assert failed == {}, run.text
    assert (run.stop.reason, run.stop.exit_code) == ("exit", 0), run.stop.detail
    assert run.text.endswith("0 failed\n")
    assert len(run.claims) == PROGRAMS[name]


@pytest.mark.parametrize("name", PROGRAMS)
def test_causes_sum_to_the_cycles_and_nothing_unmodelled_is_touched(outcome, name):
    run = outcome(name)
    assert sum(run.causes.values()) == run.stop.cycles == run.cycle
    assert run.unmodelled == []


@pytest.mark.parametrize("name", ["svc_pendsv", "it_load", "self_modifying", "fp"])
def test_without_counting_cycles_the_claims_are_the_same(outcome, name):
    assert outcome(name, "functional").claims == outcome(name).claims
