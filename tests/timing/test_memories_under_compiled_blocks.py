"""External memories, flash by ITCM and other bus masters cost the same to the cycle whether blocks are compiled or not."""

from __future__ import annotations

import pytest
from small_timed import ARTEN, AXI, ITCM, PRFTEN, SDRAM, ltdc, machine_of, needs_compiler, wait_states
from test_branch_targets import ring
from test_contention import ARGB8888, OTHER_BANK, START, dma2d_fill, dma_copy, walk
from test_flash_accelerator import looped, rows
from test_sdram_and_qspi import LOOPS, program

from simulator.settings import Settings
from simulator.timing.kernels.state import State
from simulator.until import UntilSymbol

pytestmark = [pytest.mark.jit, needs_compiler]
PROGRAMS = {
    **{loop.name: (program(loop), AXI, Settings()) for loop in LOOPS},
    "display": (START + ltdc(SDRAM, ARGB8888, 4) + walk(OTHER_BANK, 3000), AXI, Settings()),
    "DMA": (START + dma_copy(0x2001_0000, 0x2002_0000) + walk(0x2003_0000, 800), AXI, Settings()),
    "DMA2D": (START + dma2d_fill(SDRAM) + walk(SDRAM, 3000), AXI, Settings()),
    "ART": (wait_states(7, ARTEN) + "begin:" + looped(300, rows(70)) + "end: b end\n", ITCM, Settings()),
    "prefetch": (wait_states(7, ARTEN, PRFTEN) + "begin:" + looped(300, rows(20)) + "end: b end\n", ITCM, Settings()),
    "branch targets": (ring(40, 300), AXI, Settings(btac=16)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_run_ends_the_same(tmp_path, name):
    code, base, settings = PROGRAMS[name]
    states = []
    for often in (20, 1 << 40):
        machine = machine_of(tmp_path, code, base, settings)
        hot = machine.core.hot
        assert hot is not None
        hot.often, hot.worth, hot.period = often, often, 0
        machine.run(UntilSymbol("end"), max_cycles=3_000_000)
        if often == 20 and not settings.btac:
            assert hot.compiled > 0
        engine = machine.engine
        arrays = engine.dcache.tags, engine.icache.tags, engine.slaves.fills, engine.slaves.art
        causes = machine.causes()
        states.append(
            (machine.cycle, machine.instructions, causes, int(engine.state[State.RANDOM]), *map(bytes, arrays))
        )
    assert states[0] == states[1]
