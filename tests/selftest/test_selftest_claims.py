"""Every self-test program, on the simulator: each claim that it prints holds, or is listed here with the reason."""

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
# By program: a gap's claims, and the reason.
KNOWN: dict[str, list[tuple[tuple[str, ...], str]]] = {}


def _known(name: str) -> set[str]:
    return {claim for claims, _ in KNOWN.get(name, []) for claim in claims}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_claim_holds(outcome, name):
    run = outcome(name)
    failed = {claim: result for claim, result in run.claims.items() if not result.startswith("PASS")}
    assert set(failed) <= _known(name), f"{failed}\n{run.text}"
    assert run.stop.reason == "exit", run.stop.detail
    assert run.stop.exit_code == bool(failed)
    assert run.text.endswith(f"{len(failed)} failed\n")
    assert len(run.claims) == PROGRAMS[name]


@pytest.mark.parametrize("name", PROGRAMS)
def test_causes_sum_to_the_cycles_and_nothing_unmodelled_is_touched(outcome, name):
    run = outcome(name)
    assert sum(run.causes.values()) == run.stop.cycles == run.cycle
    assert run.unmodelled == []


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        pytest.param(name, claims, id=f"{name}: {claims[0]}", marks=pytest.mark.xfail(strict=True, reason=reason))
        for name, gaps in KNOWN.items()
        for claims, reason in gaps
    ],
)
def test_a_known_gap_is_closed(outcome, name, claims):
    results = outcome(name).claims
    assert [claim for claim in claims if not results[claim].startswith("PASS")] == []


@pytest.mark.parametrize("name", ["svc_pendsv", "it_load", "self_modifying", "fp"])
def test_without_counting_cycles_the_claims_are_the_same(outcome, name):
    assert outcome(name, "functional").claims == outcome(name).claims
