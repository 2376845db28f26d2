"""The verifier on a bare engine: it sees every DSP instruction that runs, agrees, and tells when a meaning is broken."""

from __future__ import annotations

import ctypes
import mmap
import random
from collections import Counter

import pytest
from encoding_samples import as_bytes
from unicorn import arm_const as arm

from simulator import cpu_state, native
from simulator.bit_pictures import Row
from simulator.decode import decode, decode_block
from simulator.dsp import Lanes, Operation, Prefix
from simulator.dsp_hook import Column, Slot
from simulator.dsp_operations import ROWS, operation_of
from simulator.verify import Verifier

pytestmark = pytest.mark.jit

BASE, SIZE = 0x0800_0000, 0x1_0000
REGISTERS = range(8)
MSR_FLAGS_FROM_R8 = 0xF388_8C00
UADD16_R0_R1_R2 = 0xFA91_F042
QADD_R0_R1_R2 = 0xFA82_F081
SMLAD_R0_R1_R2_R3 = 0xFB21_3002
SMLAL_R4_R5_R1_R2 = 0xFBC1_4502


class Engine:
    def __init__(self) -> None:
        self.uc = native.open_engine()
        self.cpu = cpu_state.find_cpu_state(self.uc)
        self.buffer = mmap.mmap(-1, SIZE)
        self.host = ctypes.addressof(ctypes.c_char.from_buffer(self.buffer))
        self.uc.mem_map_ptr(BASE, SIZE, 7, self.host)
        self.verify({BASE: (SIZE, self.host)})

    def verify(self, memories: dict[int, tuple[int, int]]) -> None:
        """A fresh verifier, registers that are zero, and nothing translated yet."""
        self.verifier = Verifier(self.uc, self.cpu.registers, self.cpu.qf, self.cpu.ge, memories)
        self.uc.ctl_flush_tb()
        self.uc.reg_write(arm.UC_ARM_REG_XPSR_NZCVQG, 1 << 24)
        self.set(**{f"r{n}": 0 for n in range(13)})

    def run(self, words: list[int], address: int = BASE) -> int:
        """Run the words (halfwords where they fit) once; returns the address after them."""
        code = b"".join(as_bytes(word, 4 if word > 0xFFFF else 2) for word in words)
        self.buffer[address - BASE : address - BASE + len(code)] = code
        self.uc.ctl_remove_cache(address, address + len(code))
        self.uc.emu_start(address | 1, address + len(code))
        return address + len(code)

    def set(self, **values: int) -> None:
        for name, value in values.items():
            self.uc.reg_write(arm.UC_ARM_REG_R0 + int(name[1:]), value)

    def break_meaning(self, mnemonic: str, operation: int) -> None:
        for line in self.verifier.rows:
            if ROWS[line[Column.NAME]].mnemonic == mnemonic:
                line[Column.OPERATION] = operation


@pytest.fixture(scope="module")
def bare() -> Engine:
    return Engine()


@pytest.fixture
def engine(bare: Engine) -> Engine:
    bare.verifier.close()
    bare.verify({BASE: (SIZE, bare.host)})
    return bare


def filled(row: Row, rng: random.Random) -> int:
    """The row with operands in R0 to R7."""
    while True:
        mask, value = rng.choice(row.cubes)
        word = value | rng.getrandbits(8 * row.size) & ~mask & (1 << 8 * row.size) - 1
        found = decode(as_bytes(word, row.size), BASE)
        if found is None or found.name != row.name:
            continue
        numbers = [found.fields[f] for f in ("d", "n", "m", "a", "dlo", "dhi") if f in found.fields]
        if max(numbers) < 8 and ("dlo" not in found.fields or found.fields["dlo"] != found.fields["dhi"]):
            return word


def test_every_form_is_compared_as_often_as_it_runs_and_agrees(engine: Engine) -> None:
    rng = random.Random(11)
    words, wanted = [], Counter[str]()
    for row in rng.choices(ROWS, k=1500) + list(ROWS):
        words.append(filled(row, rng))
        wanted[row.mnemonic] += 1
        if rng.random() < 0.2:
            words.append(MSR_FLAGS_FROM_R8)
    for _ in range(30):
        engine.set(**{f"r{n}": rng.getrandbits(32) for n in REGISTERS}, r8=rng.getrandbits(4) << 16)
        engine.verifier.settle(engine.run(words))
    assert engine.verifier.differences == ()
    assert engine.verifier.counts == {name: 30 * count for name, count in sorted(wanted.items())}
    assert engine.verifier.skipped == {}


def test_the_numbers_of_the_hook_are_those_of_operation_of(engine: Engine) -> None:
    rng = random.Random(12)
    for row in ROWS:
        for _ in range(12):
            engine.verifier._state[Slot.PENDING] = 0
            word = filled(row, rng)
            engine.run([word])
            use = operation_of(decode_block(as_bytes(word, row.size), BASE)[0])
            assert use is not None
            record = engine.verifier._state[Slot.RECORD :]
            assert (record[7], record[8]) == (use.x, use.y), row.name
            assert (
                tuple(engine.verifier._state[Slot.FIRST : Slot.SECOND + 1])[: len(use.destinations)] == use.destinations
            )


@pytest.mark.parametrize(
    ("mnemonic", "wrong", "word", "r2", "different"),
    [
        ("QADD", Operation.QSUB, QADD_R0_R1_R2, 0x0001_7FFF, {"result", "q"}),
        ("UADD16", 6 * Lanes.ADD16 + Prefix.S, UADD16_R0_R1_R2, 0x0001_7FFF, {"ge"}),
        ("SMLAD", Operation.SMLSD, SMLAD_R0_R1_R2_R3, 0x8000_7FFF, {"result"}),
        ("SMLAL", Operation.UMLAL, SMLAL_R4_R5_R1_R2, 0x8000_7FFF, {"high"}),
    ],
)
def test_a_broken_meaning_is_told_with_its_place_and_its_operands(
    engine: Engine, mnemonic: str, wrong: int, word: int, r2: int, different: set[str]
) -> None:
    engine.break_meaning(mnemonic, wrong)
    m = (
        0x7FFF_7FFF if mnemonic == "UADD16" else 0x8000_7FFF
    )  # signed and unsigned GE must differ, signed and unsigned products too
    engine.set(r0=0, r1=0x7FFF_FFFF, r2=m, r3=5, r4=1, r5=2)
    engine.verifier.settle(engine.run([0xBF00, word, 0xBF00]))
    assert engine.verifier.difference_count == 1
    (found,) = engine.verifier.differences
    assert (found.pc, found.mnemonic) == (BASE + 2, mnemonic)
    assert (found.inputs["n"], found.inputs["m"]) == (0x7FFF_FFFF, m) or mnemonic == "QADD"
    assert {name for name in found.expected if found.expected[name] != found.got[name]} == different
    assert mnemonic in str(found)


def test_of_many_differences_all_are_counted_and_ten_are_told(engine: Engine) -> None:
    engine.break_meaning("QADD", Operation.QSUB)
    engine.set(r1=1, r2=2)
    engine.verifier.settle(engine.run([QADD_R0_R1_R2] * 25))
    assert engine.verifier.difference_count == 25
    assert len(engine.verifier.differences) == 10


def test_an_instruction_that_it_skips_is_not_counted(engine: Engine) -> None:
    engine.set(r1=1, r2=2, r3=3)
    # movs r7, #0; ite eq; qaddeq r0, r1, r2; smladne r0, r1, r2, r3
    engine.verifier.settle(engine.run([0x2700, 0xBF0C, QADD_R0_R1_R2, SMLAD_R0_R1_R2_R3]))
    assert engine.verifier.counts == {"QADD": 1}
    assert engine.verifier.differences == ()


def test_registers_that_an_exception_changes_after_the_instruction_are_no_difference(engine: Engine) -> None:
    engine.set(r1=1, r2=2)
    pc = engine.run([QADD_R0_R1_R2])
    engine.verifier.settle(pc)
    engine.set(r0=0xDEAD)
    engine.verifier.settle(engine.run([0xBF00], BASE + 0x100))
    assert (engine.verifier.difference_count, engine.verifier.compared) == (0, 1)


def test_without_settling_they_would_be_one(engine: Engine) -> None:
    engine.set(r1=1, r2=2)
    engine.run([QADD_R0_R1_R2])
    engine.set(r0=0xDEAD)
    engine.run([0xBF00], BASE + 0x100)
    assert engine.verifier.difference_count == 1


def test_an_instruction_on_which_the_core_still_stands_has_not_run(engine: Engine) -> None:
    engine.set(r0=7, r1=1, r2=2)
    engine.run([QADD_R0_R1_R2])
    engine.set(r0=0xDEAD)
    engine.verifier.settle(BASE)
    assert engine.verifier.compared == 0


def test_code_that_changes_is_compared_by_what_it_is_now(engine: Engine) -> None:
    engine.set(r1=1, r2=2, r3=3)
    engine.verifier.settle(engine.run([QADD_R0_R1_R2]))
    engine.verifier.settle(engine.run([SMLAD_R0_R1_R2_R3]))
    assert engine.verifier.counts == {"QADD": 1, "SMLAD": 1}
    assert engine.verifier.differences == ()


def test_code_outside_the_memories_that_are_known_is_counted_as_skipped(engine: Engine) -> None:
    engine.verifier.close()
    engine.verify({})
    engine.run([QADD_R0_R1_R2])
    assert engine.verifier.skipped == {"outside known memory": 1}
