"""Finding the CPU state in this process's memory changes nothing that is not the engine's; what is written to it is what Unicorn writes."""

import itertools
import subprocess
import sys

import pytest

from simulator import native
from simulator.core_registers import REGISTERS
from simulator.firmware import load
from simulator.machine import Machine
from tests.simulator.programs import USART1, leave, program, store
from tests.simulator.programs import load as load_word
from tests.simulator.small_firmware import elf

NEIGHBOURS = """
import numpy as np, unicorn
from simulator import cpu_state, native

holes, neighbours = [], []
for _ in range(200):
    holes.append(bytearray(40960))
    neighbours += [np.full(64, cpu_state.ASPEN, np.uint32) for _ in range(16)]
holes.clear()
uc = native.open_engine()
neighbours += [np.full(64, cpu_state.ASPEN, np.uint32) for _ in range(8000)]
emulate = unicorn.Uc.emu_start
runs = 0

def watched(self, *arguments):
    global runs
    runs += 1
    assert all((words == cpu_state.ASPEN).all() for words in neighbours), "a neighbour's word was changed"
    return emulate(self, *arguments)

unicorn.Uc.emu_start = watched
state = cpu_state.find_cpu_state(uc)
near = sum(state.registers <= words.ctypes.data < state.registers + cpu_state.STATE_BYTES for words in neighbours)
print(runs, near)
"""


def test_words_that_look_like_fpccr_on_the_heap_stay_as_they_are():
    done = subprocess.run([sys.executable, "-c", NEIGHBOURS], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    runs, near = map(int, done.stdout.split())
    assert runs >= 2
    assert near > 10


MODES = [(ipsr, control) for ipsr in (0, 3, 15) for control in range(8)]
NUMBERS = {name: REGISTERS[name] for name in ("ipsr", "control", "sp", "msp", "psp", "lr", "xpsr")}


@pytest.fixture
def core(tmp_path):
    path = tmp_path / "any.elf"
    path.write_bytes(elf())
    return Machine(load(path)).core


def enter_by_unicorn(core, ipsr, control):
    """Through handler and thread mode, since Unicorn ignores CONTROL.SPSEL in handler mode and all of it without privilege."""
    for name, value in (("ipsr", 3), ("control", 0), ("ipsr", 0), ("control", control), ("ipsr", ipsr)):
        core.set(name, value)


def seen(core):
    return {name: native.Registers(core.uc).read(number) for name, number in NUMBERS.items()}


def test_a_mode_is_entered_as_by_unicorns_own_writes(core):
    for before, after in itertools.product(MODES, MODES):
        outcomes = []
        for enter in (enter_by_unicorn, lambda core, *mode: core.registers.enter_mode(*mode)):
            enter_by_unicorn(core, 0, 0)
            core.set("msp", 0x2000_4560)
            core.set("psp", 0x2000_0A50)
            enter_by_unicorn(core, *before)
            enter(core, *after)
            stacks = core.registers.stack(process=False), core.registers.stack(process=True)
            outcomes.append((seen(core), stacks, core.registers.control, core.get("ipsr")))
        assert outcomes[0] == outcomes[1], (before, after)
        registers, stacks, control, ipsr = outcomes[1]
        assert stacks == (0x2000_4560, 0x2000_0A50)
        assert (control, ipsr) == (registers["control"], registers["ipsr"]) == (after[1], after[0])


@pytest.mark.parametrize("process", [False, True])
def test_a_stack_pointer_is_written_whatever_the_privilege(core, process):
    for mode in MODES:
        core.registers.enter_mode(*mode)
        core.registers.set_stack(0x2000_1233, process=process)
        enter_by_unicorn(core, 0, 0)
        assert native.Registers(core.uc).read(NUMBERS["psp" if process else "msp"]) == 0x2000_1230


@pytest.mark.parametrize(("bus", "code"), [("read_bus", load_word(USART1)), ("write_bus", store(0, USART1))])
def test_an_error_in_a_peripheral_ends_the_run(bus, code, tmp_path, capfd):
    def broken(*access):
        raise ZeroDivisionError

    path = tmp_path / "access.elf"
    path.write_bytes(program(code + leave(0)))
    machine = Machine(load(path))
    setattr(machine.core, bus, broken)
    with pytest.raises(ZeroDivisionError):
        machine.run()
    assert not capfd.readouterr().err
