"""The chip's own debug units, set up by a probe or by firmware: halts, DebugMonitor, vector catch, counters, stimulus ports."""

from __future__ import annotations

import struct

from simulator.__main__ import main
from simulator.board import Board
from simulator.firmware import load
from simulator.machine import Machine
from simulator.probe import C_DEBUGEN, C_HALT, C_STEP, DCRDR, DCRSR, DEMCR, DHCSR, KEY, S_HALT, S_REGRDY, Probe
from tests.simulator.programs import CODE, leave, program
from tests.simulator.small_firmware import FLASH, STACK, elf
from tests.timing.assembler import assemble, needs_assembler

pytestmark = needs_assembler

DFSR, HFSR, LAR_KEY = 0xE000_ED30, 0xE000_ED2C, 0xC5AC_CE55
HALTED, BKPT, DWTTRAP, VCATCH = 1, 2, 4, 8
TRCENA, MON_EN, MON_STEP = 1 << 24, 1 << 16, 1 << 18
FP_CTRL, FP_COMP0, FP_LAR = 0xE000_2000, 0xE000_2008, 0xE000_2FB0
DWT_CTRL, DWT_COMP0, DWT_LAR = 0xE000_1000, 0xE000_1020, 0xE000_1FB0
WORD = 0x2000_0100


def store(value, address):
    return f"movw r0, #{value & 0xFFFF}; movt r0, #{value >> 16}; movw r1, #{address & 0xFFFF}; movt r1, #{address >> 16}; str r0, [r1];"


def machine_of(tmp_path, text, handler="b .", **symbols):
    """A machine with the program, and one handler for every exception."""
    path = tmp_path / "debug.elf"
    code = assemble(text)
    path.write_bytes(program(code + leave(0), handler=assemble(handler), variables={"word": WORD}, **symbols))
    return Machine(load(path))


COUNT = "movs r2, #0; adds r2, #1; adds r2, #1; adds r2, #1; adds r2, #1; nop;"


def test_a_probe_halts_steps_and_moves_registers(tmp_path):
    machine = machine_of(tmp_path, COUNT)
    probe = Probe(machine)
    probe.write(DHCSR, KEY | C_DEBUGEN | C_HALT)
    assert machine.run().reason == "halted"
    assert probe.read(DFSR) == HALTED
    for count in (0, 1):
        probe.write(DHCSR, KEY | C_DEBUGEN | C_STEP)
        probe.write(DCRSR, 2)
        assert probe.read(DCRDR) == count
    assert probe.read(DHCSR) & (S_HALT | S_REGRDY) == S_HALT | S_REGRDY
    probe.write(DCRDR, 40)
    probe.write(DCRSR, 1 << 16 | 2)
    probe.write(DHCSR, KEY | C_DEBUGEN)
    assert machine.run().exit_code == 0
    assert machine.instructions > 5


def test_firmware_cannot_enable_halting_debug(tmp_path):
    machine = machine_of(tmp_path, store(KEY | C_DEBUGEN | C_HALT, DHCSR))
    assert machine.run().exit_code == 0
    assert Probe(machine).read(DHCSR) & (S_HALT | C_DEBUGEN) == 0


def test_a_probes_breakpoint_and_bkpt_halt(tmp_path):
    machine = machine_of(tmp_path, COUNT + "bkpt 7;")
    probe = Probe(machine)
    probe.write(DHCSR, KEY | C_DEBUGEN)
    probe.write(FP_CTRL, 3)
    probe.write(FP_COMP0, CODE + 4 | 1)
    stop = machine.run()
    assert (stop.reason, stop.pc, machine.register("r2")) == ("breakpoint", CODE + 4, 1)
    assert probe.read(DFSR) == BKPT
    assert machine.run().reason == "halted"
    probe.write(DHCSR, KEY | C_DEBUGEN)
    stop = machine.run()
    assert (stop.reason, stop.pc) == ("breakpoint", CODE + 12)
    assert probe.read(DHCSR) & S_HALT


def test_a_watchpoint_halts_a_probed_core_behind_the_store(tmp_path):
    machine = machine_of(tmp_path, store(5, WORD) + "movs r7, #1;")
    probe = Probe(machine)
    probe.write(DHCSR, KEY | C_DEBUGEN)
    probe.write(DEMCR, TRCENA)
    for register, value in ((0, WORD), (4, 2), (8, 6)):
        probe.write(DWT_COMP0 + register, value)
    stop = machine.run()
    assert (stop.reason, machine.register("r7")) == ("watchpoint", 0)
    assert int.from_bytes(machine.read(WORD, 4), "little") == 5
    assert probe.read(DFSR) == DWTTRAP
    assert probe.read(DWT_COMP0 + 8) >> 24 == 1


MONITOR = (
    store(0, FP_CTRL)
    + "mrs r6, ipsr; ldr r7, [sp, #24]; movs r0, #2; movw r1, #0x2000; movt r1, #0xE000; str r0, [r1]; bx lr"
)


def test_without_a_probe_a_breakpoint_takes_the_debug_monitor(tmp_path):
    set_up = store(TRCENA | MON_EN, DEMCR) + store(LAR_KEY, FP_LAR) + store(3, FP_CTRL)
    place = CODE + len(assemble(set_up + store(0, FP_COMP0) + "isb;")) + 4
    machine = machine_of(tmp_path, set_up + store(place | 1, FP_COMP0) + "isb;" + COUNT, MONITOR)
    assert machine.run().exit_code == 0
    assert (machine.register("r6"), machine.register("r7"), machine.register("r2")) == (12, place, 4)
    assert machine.soc.system_control.dfsr == BKPT


def test_a_monitors_watchpoint_is_taken_behind_the_store(tmp_path):
    set_up = store(TRCENA | MON_EN, DEMCR) + store(LAR_KEY, DWT_LAR)
    set_up += store(WORD, DWT_COMP0) + store(2, DWT_COMP0 + 4) + store(6, DWT_COMP0 + 8) + "isb;"
    machine = machine_of(tmp_path, set_up + store(9, WORD) + COUNT, "mrs r6, ipsr; ldr r7, [sp, #24]; bx lr")
    assert machine.run().exit_code == 0
    assert machine.register("r6") == 12
    assert machine.register("r7") == CODE + len(assemble(set_up + store(9, WORD)))
    assert machine.soc.system_control.dfsr == DWTTRAP


def test_a_bkpt_that_the_monitor_may_not_take_is_a_hard_fault(tmp_path):
    text = store(MON_EN, DEMCR) + "cpsid i; bkpt 1; nop"
    machine = machine_of(tmp_path, text, "mrs r6, ipsr; ldr r0, [sp, #24]; adds r0, #2; str r0, [sp, #24]; bx lr")
    assert machine.run().exit_code == 0
    assert machine.register("r6") == 3
    assert machine.soc.system_control.hfsr == 1 << 31


def test_the_monitor_steps_one_instruction_at_a_time(tmp_path):
    """The handler counts itself, and clears MON_STEP behind four."""
    handler = """
        movw r0, #0x0100; movt r0, #0x2000; ldr r1, [r0]; adds r1, #1; str r1, [r0]
        cmp r1, #4; bne out
        movw r0, #0xEDFC; movt r0, #0xE000; movs r1, #0; movt r1, #1; str r1, [r0]
        out: bx lr
    """
    text = store(0, WORD) + store(MON_EN | MON_STEP, DEMCR) + "isb;" + COUNT
    machine = machine_of(tmp_path, text, handler)
    assert machine.run().exit_code == 0
    assert int.from_bytes(machine.read(WORD, 4), "little") == 4
    assert machine.exceptions.taken == 4
    assert machine.register("r2") == 4


def test_vector_catch_halts_on_the_handlers_first_instruction(tmp_path):
    machine = machine_of(tmp_path, ".short 0xDE00", "nop; b .")
    probe = Probe(machine)
    probe.write(DHCSR, KEY | C_DEBUGEN)
    probe.write(DEMCR, 1 << 10)
    stop = machine.run()
    assert (stop.reason, stop.symbol) == ("breakpoint", "fault_handler")
    assert probe.read(DFSR) == VCATCH


def test_a_reset_is_caught_before_the_first_instruction(tmp_path):
    machine = machine_of(tmp_path, store(0x05FA_0004, 0xE000_ED0C) + "b .")
    probe = Probe(machine)
    probe.write(DHCSR, KEY | C_DEBUGEN)
    probe.write(DEMCR, 1)
    stop = machine.run(max_cycles=10_000)
    assert (stop.reason, stop.pc) == ("halted", CODE)
    assert probe.read(DFSR) == VCATCH


S_SLEEP, S_LOCKUP = 1 << 18, 1 << 19


def test_a_probe_sees_sleep_and_ends_it(tmp_path):
    machine = machine_of(tmp_path, "cpsid i; wfi; movs r7, #1;")
    probe = Probe(machine)
    assert machine.run().detail.startswith("sleeps for ever")
    assert probe.read(DHCSR) & (S_SLEEP | S_LOCKUP | S_HALT) == S_SLEEP
    probe.write(DHCSR, KEY | C_DEBUGEN | C_HALT)
    assert probe.read(DHCSR) & (S_SLEEP | S_HALT) == S_HALT
    stop = machine.run()
    assert (stop.reason, stop.pc) == ("halted", CODE + 4)
    probe.write(DHCSR, KEY | C_DEBUGEN)
    assert machine.run().exit_code == 0
    assert machine.register("r7") == 1


def test_a_probe_sees_lockup_which_goes_on_unless_it_moves_the_pc(tmp_path):
    machine = machine_of(tmp_path, ".short 0xDE00; movs r7, #1;", ".short 0xDE01")
    probe = Probe(machine)
    assert machine.run().reason == "lockup"
    assert probe.read(DHCSR) & (S_SLEEP | S_LOCKUP | S_HALT) == S_LOCKUP
    probe.write(DHCSR, KEY | C_DEBUGEN | C_HALT)
    assert machine.run().reason == "halted"
    assert probe.read(DHCSR) & (S_LOCKUP | S_HALT) == S_HALT
    probe.write(DHCSR, KEY | C_DEBUGEN)
    assert machine.run().reason == "lockup"
    probe.write(DHCSR, KEY | C_DEBUGEN | C_HALT)
    probe.write(DCRDR, CODE + 2)
    probe.write(DCRSR, 1 << 16 | 15)
    probe.write(DHCSR, KEY | C_DEBUGEN)
    assert machine.run().exit_code == 0
    assert machine.register("r7") == 1


def test_vectreset_in_debug_state_resets_the_core_and_leaves_the_chip(tmp_path):
    machine = machine_of(tmp_path, "movs r0, #64; msr basepri, r0; movs r7, #1; loop: nop; b loop;")
    probe = Probe(machine)
    clocks, vtor, aircr = 0x4002_3830, 0xE000_ED08, 0xE000_ED0C
    boot = probe.read(vtor)
    machine.run(max_cycles=1000)
    probe.write(clocks, 5)
    probe.write(vtor, 0x2000_0400)
    probe.write(aircr, 0x05FA_0001)
    assert machine.run(max_cycles=2000).reason == "cycles"
    assert (machine.register("r7"), probe.read(vtor)) == (1, 0x2000_0400)
    probe.write(DHCSR, KEY | C_DEBUGEN | C_HALT)
    machine.run()
    probe.write(aircr, 0x05FA_0001)
    stop = machine.run()
    assert (stop.reason, stop.pc) == ("halted", CODE)
    assert (machine.register("basepri"), machine.register("r7"), probe.read(vtor)) == (0, 0, boot)
    assert probe.read(clocks) & 7 == 5
    probe.write(aircr, 0x05FA_0004)
    machine.run()
    assert probe.read(clocks) & 7 == 0


def test_vectclractive_in_debug_state_leaves_no_exception_active(tmp_path):
    machine = machine_of(tmp_path, "svc 0;")
    probe = Probe(machine)
    shcsr, aircr = 0xE000_ED24, 0xE000_ED0C
    machine.run(max_cycles=1000)
    probe.write(aircr, 0x05FA_0002)
    assert probe.read(shcsr) & 0xFFF == 1 << 7
    probe.write(DHCSR, KEY | C_DEBUGEN | C_HALT)
    machine.run()
    probe.write(aircr, 0x05FA_0002)
    assert probe.read(shcsr) & 0xFFF == 0
    assert machine.register("ipsr") == 11


def test_the_counters_add_up_to_the_cycles(tmp_path):
    """CYCCNT = instructions + CPI + EXC + SLEEP + LSU - FOLD: Armv7-M ARM C1.8.4, over fewer than 256 of each."""
    body = "movs r2, #3; muls r2, r2; adds r3, r2, #1; adds r4, r2, #2; ldr r5, [r6]; udiv r7, r5, r2;"
    text = store(TRCENA, DEMCR) + store(LAR_KEY, DWT_LAR) + "movw r6, #0x100; movt r6, #0x2000;"
    text += store(0x003E_0001, DWT_CTRL) + "ldr r8, [r1, #4];" + body
    text += "ldr r9, [r1, #4]; ldrb r10, [r1, #8]; ldrb r11, [r1, #20]; ldrb r12, [r1, #24];"
    machine = machine_of(tmp_path, text)
    assert machine.run().exit_code == 0
    cycles = machine.register("r9") - machine.register("r8")
    cpi, lsu, fold = (machine.register(f"r{n}") for n in (10, 11, 12))
    assert 0 < cpi < 256
    assert 0 < fold < 8
    # the counters began at the store to CTRL and were read one after the other, each read costing its bus cycles
    assert abs(1 + 6 + cpi + lsu - fold - cycles) <= 24


def test_stimulus_ports_are_heard_in_python_and_by_the_command_line(tmp_path, capsys):
    text = store(TRCENA, DEMCR) + store(LAR_KEY, 0xE000_0FB0) + store(1, 0xE000_0E80) + store(3, 0xE000_0E00)
    text += "movw r1, #0; movt r1, #0xE000;"
    text += "".join(f"movs r0, #{c}; strb r0, [r1];" for c in b"hi\n!") + store(0x1234, 0xE000_0004)
    path = tmp_path / "itm.elf"
    path.write_bytes(program(assemble(text) + leave(0)))
    with Board("stm32f746g-disco", path) as board:
        board.run()
        assert board.itm == {0: b"hi\n!", 1: b"\x34\x12\0\0"}
    out = tmp_path / "itm.txt"
    assert main(["run", str(path), "--itm", str(out), "-q"]) == 0
    assert out.read_text() == "[0] hi\n[1] 0x00001234\n[0] !\n"
    assert main(["run", str(path), "--itm", str(tmp_path / "no" / "file"), "-q"]) == 64
    assert "--itm" in capsys.readouterr().err


def test_an_exact_interrupt_in_an_it_block_resumes_it(tmp_path):
    """SysTick with odd periods among IT blocks: the sums come out as without interrupts, and some interrupt split a block."""
    handler = "movw r0, #0xE010; movt r0, #0xE000; ldr r1, [r0, #4]; adds r1, #2; cmp r1, #97; it hi; movhi r1, #31; str r1, [r0, #4]; bx lr"
    loop = """
        movs r4, #0; movs r5, #0; movw r6, #2000; movs r3, #0
    turn:
        tst r6, #1
        ittee eq; addeq r4, r4, #1; addeq r4, r4, r6; addne r5, r5, #3; addne r5, r5, r6
        tst r6, #2
        itete ne; addne r4, r4, #5; addeq r5, r5, #7; addne r3, r3, r4; addeq r3, r3, r5
        subs r6, r6, #1; bne turn
    """
    text = store(40, 0xE000_E014) + store(0, 0xE000_E018) + store(7, 0xE000_E010) + loop
    code = assemble(text) + leave(0)
    at = CODE + len(code)
    image = struct.pack("<112I", STACK, CODE | 1, *[at | 1] * 110) + code + assemble(handler)
    path = tmp_path / "it.elf"
    path.write_bytes(elf([(FLASH, FLASH, image, len(image))], symbols=[("main", CODE | 1, len(code), 2)]))
    r3 = r4 = r5 = 0
    for r6 in range(2000, 0, -1):
        r4, r5 = (r4 + 1 + r6, r5) if not r6 & 1 else (r4, r5 + 3 + r6)
        r4, r5 = (r4 + 5, r5) if r6 & 2 else (r4, r5 + 7)
        r3 = r3 + (r4 if r6 & 2 else r5) & 0xFFFF_FFFF
    with Board("stm32f746g-disco", path, exact_interrupts=True) as board:
        stacked = []
        board.on.exec(at, lambda access: stacked.append(board.mem.u32[board.cpu.sp + 28] & 0x0600_FC00))
        assert board.run().exit_code == 0
        assert (board.cpu.r3, board.cpu.r4, board.cpu.r5) == (r3, r4, r5)
        assert len(stacked) > 100
        assert sum(bits != 0 for bits in stacked) > 10
        assert sum(board.machine.causes().values()) == board.cycles
