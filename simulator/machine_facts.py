"""A machine as its firmware has programmed it, and which gaps of the model bear on a run.

Reference: docs/accuracy.md. Not here: what each register holds; ask the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.machine import Machine


def programmed(machine: Machine) -> dict[str, object]:
    """Clocks in Hz, flash access, caches, FPU and MPU at the end of the run, and where the firmware's bytes lie."""
    soc = machine.soc
    system, buses = soc.system_control, soc.rcc.buses
    return {
        "clocks_hz": {
            "sysclk": round(soc.rcc.sysclk),
            "hclk": round(buses.hclk),
            "pclk1": round(buses.pclk1),
            "pclk2": round(buses.pclk2),
        },
        "flash": {"wait_states": soc.flash.wait_states, "prefetch": soc.flash.prefetch, "art": soc.flash.art},
        "bus_shares": machine.memory_system.shares(),
        "icache": bool(system.ccr >> 17 & 1),
        "dcache": bool(system.ccr >> 16 & 1),
        "fpu": system.cpacr >> 20 & 15 == 15,
        "mpu": bool(system.mpu.control & 1),
        "vector_table": system.vtor,
        "segments": [
            {"memory": _memory_of(machine, s.run_address), "address": s.run_address, "size": s.memory_size}
            for s in machine.firmware.segments
        ],
    }


def not_modelled(machine: Machine) -> list[str]:
    """One sentence for each gap of the model that this run's set-up touches; uses of registers are counted apart."""
    soc, settings = machine.soc, machine.settings
    sentences = []
    if settings.timing != "cycles":
        sentences.append(
            "cycles are instructions in functional mode: nothing is timed, and memory that is Device may be unaligned"
        )
        sentences.append("the D-cache: no stale access is looked for without cycles")
    else:
        if settings.btac == 0:
            sentences.append(
                "the branch target cache's size, which nobody has measured: it forgets nothing (--set btac=N)"
            )
        if not settings.contention:
            sentences.append("what other bus masters take of the memories: contention is off")
    camera = getattr(soc, "camera", None)
    if camera is not None and camera.frames:
        sentences.append(
            "the camera's lens, exposure and white balance: a picture's light and colours arrive as they are"
        )
    if not settings.exact_interrupts:
        sentences.append("interrupts within a basic block: they are taken at its end (--exact-interrupts)")
    sentences += soc.rcc.wrong_plls()
    sentences += [f"{name} is on, but no pin is set to it: silicon would reach nobody" for name in soc.unheard()]
    return sentences


def _memory_of(machine: Machine, address: int) -> str | None:
    return next((m.name for m in machine.soc.memories if m.base <= address < m.base + m.size), None)
