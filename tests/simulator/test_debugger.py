"""Breakpoints, watchpoints and steps stop where they should and leave the run as it would have been without them."""

from __future__ import annotations

import pytest

from simulator.board import Board
from simulator.debugger import DebuggerError
from simulator.decode import decode_block
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.until import UntilSymbol
from tests.simulator.programs import CODE, leave, program
from tests.timing.assembler import assemble, needs_assembler

pytestmark = needs_assembler

WORD, BYTE, TABLE = 0x2000_0100, 0x2000_0200, 0x2000_0300
# A function of loads, stores, IT blocks, multiplies and a call, run forty times.
LOOP = """
    movs r4, #40; movw r5, #0x0100; movt r5, #0x2000; movs r6, #0
turn:
    ldr r0, [r5]; adds r0, r0, r4; str r0, [r5]
    ands r1, r0, #3; cmp r1, #2
    ittee lo; addlo r6, r6, #1; strlo r6, [r5, #8]; strhs r1, [r5, #12]; subhs r6, r6, #0
    add r7, r5, #0x100; strb r0, [r7, r1]; ldrb r2, [r7, r1]
    mul r3, r0, r2; bl leaf
    subs r4, r4, #1; bne turn
    b done
leaf: push {r4, lr}; add r0, r0, r3; umull r2, r3, r0, r1; pop {r4, pc}
done: nop
"""
TIMINGS = pytest.mark.parametrize("timing", ["cycles", "functional"])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("debugger") / "loop.elf"
    code = assemble(LOOP)
    leaf = CODE + code.index(assemble("push {r4, lr}"))
    file.write_bytes(program(code + leave(0), functions={"leaf": leaf}, variables={"word": WORD}))
    return file


def machine_of(path, timing="cycles"):
    return Machine(load(path), settings=Settings(timing=timing))


def outcome(machine):
    return (
        machine.cycle, machine.instructions, machine.causes(), machine.engine.sums.block_cycles().sum(),
        machine.read(0x2000_0000, 0x1000), [machine.register(f"r{n}") for n in range(13)], machine.exceptions.taken,
    )  # fmt: skip


def undisturbed(path, timing="cycles"):
    machine = machine_of(path, timing)
    assert machine.run().exit_code == 0
    return outcome(machine)


def addresses():
    return [i.address for i in decode_block(assemble(LOOP), CODE)]


@TIMINGS
def test_a_breakpoint_at_every_instruction_changes_no_cycle(path, timing):
    machine = machine_of(path, timing)
    for address in addresses():
        machine.debugger.breakpoint(address)
    seen = []
    while (stop := machine.run()).reason == "breakpoint":
        assert stop.pc == machine.pc == machine.register("pc")
        assert sum(machine.causes().values()) == machine.cycle
        assert min(machine.causes().values()) >= 0
        seen.append((machine.instructions, machine.cycle))
    assert stop.exit_code == 0
    assert [count for count, _ in seen] == list(range(len(seen)))
    assert [cycle for _, cycle in seen] == sorted(cycle for _, cycle in seen)
    assert outcome(machine) == undisturbed(path, timing)


@TIMINGS
def test_single_steps_execute_one_instruction_each_and_change_no_cycle(path, timing):
    machine = machine_of(path, timing)
    steps = 0
    while (stop := machine.debugger.step()).reason == "step":
        steps += 1
        assert machine.instructions == steps
    assert stop.exit_code == 0
    assert outcome(machine) == undisturbed(path, timing)


@TIMINGS
def test_a_breakpoint_added_in_the_middle_of_a_run_stops_and_one_removed_does_not(path, timing):
    machine = machine_of(path, timing)
    machine.debugger.breakpoint("leaf")
    assert machine.run().symbol == "leaf"
    second = machine.debugger.breakpoint(machine.pc + 2)
    assert machine.run().pc == second.address
    second.remove()
    assert machine.run().pc == second.address - 2
    for point in list(machine.debugger.breakpoints):
        point.remove()
    assert machine.run().exit_code == 0
    assert outcome(machine) == undisturbed(path, timing)


@TIMINGS
def test_until_an_address_stops_in_the_middle_of_a_block(path, timing):
    machine = machine_of(path, timing)
    within = addresses()[10]
    stop = machine.run(until=UntilSymbol(within))
    assert (stop.reason, stop.pc, stop.instructions) == ("symbol", within, 10)


@TIMINGS
def test_a_write_watchpoint_stops_behind_each_write_to_its_bytes_and_no_other(path, timing):
    machine = machine_of(path, timing)
    point = machine.debugger.watchpoint("word")
    values = []
    while machine.run().reason == "watchpoint":
        access = machine.debugger.access
        assert (access.kind, access.address, access.size) == ("write", WORD, 4)
        assert int.from_bytes(machine.read(WORD, 4), "little") == access.value
        assert machine.pc == access.pc + 2
        values.append(access.value)
    assert values == [sum(range(40 - k, 41)) for k in range(40)]
    assert point.hits == 40
    assert outcome(machine) == undisturbed(path, timing)


@TIMINGS
def test_addresses_that_are_known_only_where_their_instruction_runs_are_watched_too(path, timing):
    machine = machine_of(path, timing)
    seen = {"read": 0, "write": 0}

    def count(access):
        assert access.address == BYTE + 1
        seen[access.kind] += 1

    machine.debugger.watchpoint(BYTE + 1, 1, "access", action=count)
    assert machine.run().exit_code == 0
    totals = [sum(range(40 - k, 41)) for k in range(40)]
    hits = sum(total & 3 == 1 for total in totals)
    assert seen == {"read": hits, "write": hits}
    assert outcome(machine) == undisturbed(path, timing)


@TIMINGS
def test_a_store_that_its_it_block_skips_is_no_write(path, timing):
    machine = machine_of(path, timing)
    point = machine.debugger.watchpoint(WORD + 8, 4, action=lambda access: None)
    machine.run()
    assert point.hits == sum((sum(range(40 - k, 41)) & 3) < 2 for k in range(40))


def test_a_watchpoint_on_a_value_stops_at_that_value(path):
    machine = machine_of(path)
    machine.debugger.watchpoint(WORD, 4, "write", value=40 + 39 + 38)
    assert machine.run().reason == "watchpoint"
    assert machine.register("r0") == 40 + 39 + 38
    assert machine.run().exit_code == 0


def test_functions_are_called_and_stop_the_run_only_where_they_say_so(path):
    with Board("stm32f746g-disco", path) as board:
        calls = []
        board.on.exec("leaf", lambda access: calls.append(board.cpu.r4))
        board.on.write("word", lambda access: access.value > 100)
        board.on.read("word", lambda access: calls.append(None))
        stop = board.run()
        assert stop.reason == "watchpoint"
        assert [c for c in calls if c is not None] == [40, 39]
        assert calls.count(None) == 3
        assert board.step(2).reason == "step"
        board.breakpoint("leaf")
        assert board.run().symbol == "leaf"


def test_registers_are_read_and_written_whatever_the_mode(path):
    machine = machine_of(path)
    machine.debugger.step(3)
    held = machine.debugger.registers()
    assert held["pc"] == addresses()[3]
    assert held["msp"] == held["sp"]
    machine.debugger.set_register("control", 1)
    for name, value in (("psp", 0x2000_1000), ("basepri", 0x40), ("primask", 1), ("s31", 7), ("r8", 0xFFFF_FFFF)):
        machine.debugger.set_register(name, value)
        assert machine.debugger.register(name) == value
    machine.debugger.set_register("xpsr", 0xF000_0000)
    assert machine.debugger.register("xpsr") >> 28 == 0xF
    with pytest.raises(DebuggerError, match="no register 'r99'"):
        machine.debugger.register("r99")


def test_mistakes_are_told_in_a_sentence(path):
    machine = machine_of(path)
    with pytest.raises(DebuggerError, match="no symbol 'lea'; there is leaf"):
        machine.debugger.breakpoint("lea")
    with pytest.raises(DebuggerError, match="kind is read, write, access"):
        machine.debugger.watchpoint(WORD, kind="both")
    with pytest.raises(DebuggerError, match="cannot be made"):
        machine.debugger.step(0)
    with pytest.raises(DebuggerError, match="nothing answers"):
        machine.debugger.read(0x6FFF_0000, 4)
