"""What decoding says of operands, roles, timing, memory and branches, against examples worked out by hand."""

from __future__ import annotations

import pytest
from encoding_samples import as_bytes

from simulator.decode import APSR, FPSCR, GE, S0, Branch, Instruction, ItState, Memory, advance_it, decode, decode_block

ADDRESS = 0x0800_0002


def one(word: int, it: int = 0) -> Instruction:
    found = decode(as_bytes(word, 4 if word > 0xFFFF else 2), ADDRESS, ItState(it))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("word", "timing", "sources", "destinations"),
    [
        (0x1888, "addsub", [(1, "late"), (2, "late")], [(0, "result"), (APSR, "flags")]),  # adds r0, r1, r2
        (0xEB01_0042, "shifted", [(1, "late"), (2, "early")], [(0, "result")]),  # add.w r0, r1, r2, lsl #1
        (0xEB01_0002, "addsub", [(1, "late"), (2, "late")], [(0, "result")]),  # add.w r0, r1, r2
        (0xF101_0101, "addsub", [(1, "late")], [(1, "result")]),  # add.w r1, r1, #1
        (0xF101_3101, "alu", [(1, "late")], [(1, "result")]),  # add.w r1, r1, #0x01010101
        (0xF501_7180, "shifted", [(1, "late")], [(1, "result")]),  # add.w r1, r1, #256
        (0xEB41_0002, "alu", [(1, "late"), (APSR, "flags"), (2, "late")], [(0, "result")]),  # adc.w r0, r1, r2
        (0xEA4F_0032, "shift", [(2, "late"), (APSR, "flags")], [(0, "result")]),  # rrx r0, r2
        (
            0xF361_2007,
            "bitfield",
            [(0, "late"), (1, "early")],
            [(0, "result")],
        ),  # bfi r0, r1, #8, #... (msb 7: see fields)
        (0xEAC1_0022, "pack", [(1, "early"), (2, "early")], [(0, "result")]),  # pkhtb r0, r1, r2, asr #32
        (0xEAC1_0002, "pack", [(1, "late"), (2, "early")], [(0, "result")]),  # pkhbt r0, r1, r2
        (0xFA21_F082, "extend_add", [(1, "late"), (2, "early")], [(0, "result")]),  # sxtab16 r0, r1, r2
        (0xF321_0007, "dsp", [(1, "late")], [(0, "result")]),  # ssat16 r0, #8, r1
        (0xF301_0047, "dsp", [(1, "early")], [(0, "result")]),  # ssat r0, #8, r1, lsl #1
        (0xFA91_F002, "dsp", [(1, "late"), (2, "late")], [(0, "result"), (GE, "flags")]),  # sadd16 r0, r1, r2
        (0xFAA1_F082, "dsp", [(1, "late"), (2, "late"), (GE, "flags")], [(0, "result")]),  # sel r0, r1, r2
        (0xFB21_3002, "mul", [(1, "multiplicand"), (2, "multiplicand"), (3, "accumulator")], [(0, "result")]),  # smlad
        (
            0xFBC1_0302,  # smlal r0, r3, r1, r2
            "mul_long",
            [(1, "multiplicand"), (2, "multiplicand"), (0, "accumulator"), (3, "accumulator")],
            [(0, "result"), (3, "result")],
        ),
        (0xF2C0_0001, "movt", [(0, "late")], [(0, "result")]),  # movt r0, #1
        (
            0xEEA1_0A02,
            "fp_fma",
            [(S0 + 2, "fp"), (S0 + 4, "fp"), (S0, "fp_accumulator")],
            [(S0, "result")],
        ),  # vfma s0, s2, s4
        (0xEEF4_0A41, "fp_compare", [(S0 + 1, "fp"), (S0 + 2, "fp")], [(FPSCR, "flags")]),  # vcmp s1, s2
        (0xEEF1_FA10, "fp_system", [(FPSCR, "flags")], [(APSR, "flags")]),  # vmrs apsr_nzcv, fpscr
        (
            0xEC41_0B12,
            "fp_from_core",
            [(0, "late"), (1, "late")],
            [(S0 + 4, "result"), (S0 + 5, "result")],
        ),  # vmov d2, r0, r1
        (
            0xE8E1_2302,
            "store_multiple",
            [(1, "address"), (2, "data"), (3, "data")],
            [(1, "base")],
        ),  # strd r2, r3, [r1], #8
        (0xE842_3100, "store", [(2, "address"), (3, "data")], [(1, "result")]),  # strex r1, r3, [r2]
    ],
)
def test_roles_follow_the_pipeline_s_early_and_late_operands(
    word: int, timing: str, sources: list[tuple[int, str]], destinations: list[tuple[int, str]]
) -> None:
    found = one(word)
    assert (found.timing, list(found.sources), list(found.destinations)) == (timing, sources, destinations)


@pytest.mark.parametrize(
    ("word", "memory"),
    [
        (0x4801, Memory("load", 4, 1, -1, -1, 0, 0x0800_0008, 0, False, False)),  # ldr r0, [pc, #4] at 2 mod 4
        (0x9802, Memory("load", 4, 1, 13, -1, 0, 8, 0, False, False)),  # ldr r0, [sp, #8]
        (0x5E88, Memory("load", 2, 1, 1, 2, 0, 0, 0, True, False)),  # ldrsh r0, [r1, r2]
        (0xB510, Memory("store", 4, 2, 13, -1, 0, -8, -8, False, False)),  # push {r4, lr}
        (0xBD10, Memory("load", 4, 2, 13, -1, 0, 0, 8, False, False)),  # pop {r4, pc}
        (0xC90C, Memory("load", 4, 2, 1, -1, 0, 0, 8, False, False)),  # ldm r1!, {r2, r3}
        (0xC906, Memory("load", 4, 2, 1, -1, 0, 0, 0, False, False)),  # ldm r1, {r1, r2}
        (0xE921_000C, Memory("store", 4, 2, 1, -1, 0, -8, -8, False, False)),  # stmdb r1!, {r2, r3}
        (0xE911_000C, Memory("load", 4, 2, 1, -1, 0, -8, 0, False, False)),  # ldmdb r1, {r2, r3}
        (0xE891_000C, Memory("load", 4, 2, 1, -1, 0, 0, 0, False, False)),  # ldm.w r1, {r2, r3}
        (0xF811_0B01, Memory("load", 1, 1, 1, -1, 0, 0, 1, False, False)),  # ldrb r0, [r1], #1
        (0xF911_0D01, Memory("load", 1, 1, 1, -1, 0, -1, -1, True, False)),  # ldrsb r0, [r1, #-1]!
        (0xF851_0032, Memory("load", 4, 1, 1, 2, 3, 0, 0, False, False)),  # ldr r0, [r1, r2, lsl #3]
        (0xE8E1_2302, Memory("store", 4, 2, 1, -1, 0, 0, 8, False, False)),  # strd r2, r3, [r1], #8
        (0xE95F_2302, Memory("load", 4, 2, -1, -1, 0, 0x07FF_FFFC, 0, False, False)),  # ldrd r2, r3, [pc, #-8]
        (0xE8D1_F012, Memory("load", 2, 1, 1, 2, 1, 0, 0, False, False)),  # tbh [r1, r2, lsl #1]
        (0xE8DF_F002, Memory("load", 1, 1, -1, 2, 0, 0x0800_0006, 0, False, False)),  # tbb [pc, r2]
        (0xED91_0B02, Memory("load", 4, 2, 1, -1, 0, 8, 0, False, False)),  # vldr d0, [r1, #8]
        (0xED9F_0A01, Memory("load", 4, 1, -1, -1, 0, 0x0800_0008, 0, False, False)),  # vldr s0, [pc, #4]
        (0xED2D_8B04, Memory("store", 4, 4, 13, -1, 0, -16, -16, False, False)),  # vpush {d8, d9}
        (0xECBD_8A03, Memory("load", 4, 3, 13, -1, 0, 0, 12, False, False)),  # vpop {s16, s17, s18}
        (0xEC91_0A02, Memory("load", 4, 2, 1, -1, 0, 0, 0, False, False)),  # vldmia r1, {s0, s1}
        (0xE851_0F02, Memory("load", 4, 1, 1, -1, 0, 8, 0, False, True)),  # ldrex r0, [r1, #8]
        (0xF891_F004, Memory("preload", 1, 1, 1, -1, 0, 4, 0, False, False)),  # pld [r1, #4]
        (0xF811_FC04, Memory("preload", 1, 1, 1, -1, 0, -4, 0, False, False)),  # pld [r1, #-4]
    ],
)
def test_a_memory_operand_says_the_first_address_and_what_the_base_gains(word: int, memory: Memory) -> None:
    assert one(word).memory == memory


@pytest.mark.parametrize(
    ("word", "branch"),
    [
        (0xE7FE, Branch("jump", ADDRESS)),  # b .
        (0xD1FD, Branch("conditional", ADDRESS - 2)),  # bne .-2
        (0xB108, Branch("conditional", ADDRESS + 6)),  # cbz r0, .+6
        (0xF000_F801, Branch("call", ADDRESS + 6)),  # bl .+6
        (0xF7FF_FFFE, Branch("call", ADDRESS)),  # bl .
        (0xF43F_AFFE, Branch("conditional", ADDRESS)),  # beq.w .
        (0x4770, Branch("return", None)),  # bx lr
        (0x4718, Branch("indirect", None)),  # bx r3
        (0x4798, Branch("call", None)),  # blx r3
        (0x46F7, Branch("return", None)),  # mov pc, lr
        (0x4687, Branch("indirect", None)),  # mov pc, r0
        (0xBD00, Branch("return", None)),  # pop {pc}
        (0xBC01, None),  # pop {r0}
        (0xF85D_FB04, Branch("return", None)),  # pop.w {pc}
        (0xE8BD_8010, Branch("return", None)),  # pop.w {r4, pc}
        (0xF851_F020, Branch("indirect", None)),  # ldr pc, [r1, r0, lsl #2]
        (0xE8DF_F002, Branch("table", None)),  # tbb [pc, r2]
    ],
)
def test_a_branch_has_its_kind_and_where_it_is_constant_its_target(word: int, branch: Branch | None) -> None:
    assert one(word).branch == branch


def test_in_an_it_block_a_16_bit_add_sets_no_flags_and_keeps_what_it_may_not_write() -> None:
    found = one(0x1888, it=0x08)  # addeq r0, r1, r2
    assert (found.condition, found.in_it) == (0, True)
    assert found.destinations == ((0, "result"),)
    assert set(found.sources) == {(1, "late"), (2, "late"), (APSR, "flags"), (0, "late")}


def test_a_compare_in_an_it_block_sets_the_flags() -> None:
    assert one(0x2800, it=0x18).destinations == ((APSR, "flags"),)


def test_an_it_block_gives_each_instruction_its_condition() -> None:
    code = bytes.fromhex("0cbf012002200320")  # ite eq; movs r0, #1..3
    conditions = [(i.condition, i.in_it) for i in decode_block(code, ADDRESS)]
    assert conditions == [(14, False), (0, True), (1, True), (14, False)]


def test_the_it_state_advances_as_the_manual_s_itadvance() -> None:
    it = advance_it(ItState(), one(0xBF07))  # ittee eq
    seen = []
    while it.bits:
        seen.append(it.bits)
        it = advance_it(it, one(0x46C0))
    assert seen == [0x07, 0x0E, 0x1C, 0x18]


def test_a_block_goes_on_after_an_undefined_instruction_and_a_cut_one() -> None:
    code = bytes.fromhex("00defff7ffffc04640f2")  # udf; an undefined wide one; mov r8, r8; half a movw
    found = decode_block(code, ADDRESS)
    assert [(i.name, i.timing, i.size) for i in found] == [
        ("UNDEFINED", "system", 2),
        ("BL_T1", "branch", 4),
        ("MOV_reg_T1", "addsub", 2),
        ("UNDEFINED", "system", 2),
    ]
    assert [i.address for i in found] == [ADDRESS, ADDRESS + 2, ADDRESS + 6, ADDRESS + 8]


@pytest.mark.parametrize("word", [0xDE00, 0xEE30_0B00, 0xEE00_0000, 0xEF00_0000, 0xF7F0_A000, 0xED80_0900])
def test_what_this_chip_does_not_have_is_undefined(word: int) -> None:
    assert decode(as_bytes(word, 4 if word > 0xFFFF else 2), ADDRESS) is None


@pytest.mark.parametrize(
    ("word", "fields"),
    [
        (0xF04F_30FF, {"imm": 0xFFFF_FFFF, "d": 0}),  # mov.w r0, #-1
        (0xF44F_7080, {"imm": 256, "d": 0}),  # mov.w r0, #256
        (0xF241_2034, {"imm": 0x1234, "d": 0}),  # movw r0, #0x1234
        (0xF361_200F, {"d": 0, "n": 1, "lsb": 8, "width": 8}),  # bfi r0, r1, #8, #8
        (0xF3C1_2007, {"d": 0, "n": 1, "lsb": 8, "width": 8}),  # ubfx r0, r1, #8, #8
        (0xF321_1007, {"sat": 8, "shift_type": 2, "shift_amount": 4}),  # ssat r0, #8, r1, asr #4
        (0xF381_0008, {"sat": 8, "shift_type": 0, "shift_amount": 0}),  # usat r0, #8, r1
        (0xFA4F_F091, {"m": 1, "rotation": 8}),  # sxtb.w r0, r1, ror #8
        (0x0008, {"m": 1, "d": 0}),  # movs r0, r1
        (0x0808, {"shift_type": 1, "shift_amount": 32}),  # lsrs r0, r1, #32
        (0xEEBA_0ACA, {"fraction": 12, "d": 0}),  # vcvt.f32.s32 s0, s0, #12
    ],
)
def test_fields_are_the_manual_s_operands(word: int, fields: dict[str, int]) -> None:
    found = one(word).fields
    assert {name: found[name] for name in fields} == fields
