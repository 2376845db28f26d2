"""The Thumb encodings of ARMv7E-M, integer side: bit pictures -> timing class, operand roles, memory operand, branch.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A5.2, A5.3 and A7.7. A should-be-zero bit that is one makes an
encoding undefined here. Not modelled: coprocessor instructions other than the FPU's (absent on this chip), UDF.

A picture's letters are fields (bit_pictures.FIELD_NAMES; e is d and n at once, f is d and m). Operands: a field's name, with
its role or kind after a colon: e early, ? early if shifted, a address, x multiplicand, + accumulator, w data of a store, l loaded; F flags
(Fs where s is set, Fi outside IT blocks), G the GE bits, V FPSCR; Sd a single, Dd a double, Sd* as many as imm says.
"""

from __future__ import annotations

from simulator.bit_pictures import Row, row

NARROW = (
    row("MOV_reg_T2", "0000000000 mmm ddd", "addsub", "m", "d Fi"),
    row("LSL_imm_T1", "00000 zzzzz mmm ddd", "shift", "m", "d Fi", rules="shift_only", fixed={"shift_type": 0}),
    row("LSR_imm_T1", "00001 zzzzz mmm ddd", "shift", "m", "d Fi", rules="shift_only", fixed={"shift_type": 1}),
    row("ASR_imm_T1", "00010 zzzzz mmm ddd", "shift", "m", "d Fi", rules="shift_only", fixed={"shift_type": 2}),
    row("ADD_reg_T1", "0001100 mmm nnn ddd", "addsub", "n m", "d Fi"),
    row("SUB_reg_T1", "0001101 mmm nnn ddd", "addsub", "n m", "d Fi"),
    row("ADD_imm_T1", "0001110 iii nnn ddd", "addsub", "n", "d Fi"),
    row("SUB_imm_T1", "0001111 iii nnn ddd", "addsub", "n", "d Fi"),
    row("MOV_imm_T1", "00100 ddd iiiiiiii", "addsub", "", "d Fi"),
    row("CMP_imm_T1", "00101 nnn iiiiiiii", "alu", "n", "F"),
    row("ADD_imm_T2", "00110 eee iiiiiiii", "addsub", "n", "d Fi"),
    row("SUB_imm_T2", "00111 eee iiiiiiii", "addsub", "n", "d Fi"),
    row("AND_reg_T1", "0100000000 mmm eee", "alu", "n m", "d Fi"),
    row("EOR_reg_T1", "0100000001 mmm eee", "alu", "n m", "d Fi"),
    row("LSL_reg_T1", "0100000010 mmm eee", "shift", "n m", "d Fi"),
    row("LSR_reg_T1", "0100000011 mmm eee", "shift", "n m", "d Fi"),
    row("ASR_reg_T1", "0100000100 mmm eee", "shift", "n m", "d Fi"),
    row("ADC_reg_T1", "0100000101 mmm eee", "alu", "n m F", "d Fi"),
    row("SBC_reg_T1", "0100000110 mmm eee", "alu", "n m F", "d Fi"),
    row("ROR_reg_T1", "0100000111 mmm eee", "shift", "n m", "d Fi"),
    row("TST_reg_T1", "0100001000 mmm nnn", "alu", "n m", "F"),
    row("RSB_imm_T1", "0100001001 nnn ddd", "alu", "n", "d Fi", fixed={"imm": 0}),
    row("CMP_reg_T1", "0100001010 mmm nnn", "alu", "n m", "F"),
    row("CMN_reg_T1", "0100001011 mmm nnn", "alu", "n m", "F"),
    row("ORR_reg_T1", "0100001100 mmm eee", "alu", "n m", "d Fi"),
    row("MUL_T1", "0100001101 nnn fff", "mul", "n:x m:x", "d Fi"),
    row("BIC_reg_T1", "0100001110 mmm eee", "alu", "n m", "d Fi"),
    row("MVN_reg_T1", "0100001111 mmm ddd", "alu", "m", "d Fi"),
    row("ADD_reg_T2", "01000100 e mmmm eee", "addsub", "n m", "d", branch="if_pc"),
    row("CMP_reg_T2", "01000101 n mmmm nnn", "alu", "n m", "F"),
    row("MOV_reg_T1", "01000110 d mmmm ddd", "addsub", "m", "d", branch="if_pc"),
    row("BX_T1", "010001110 mmmm 000", "branch", "m", "", branch="register"),
    row("BLX_reg_T1", "010001111 mmmm 000", "branch", "m", "lr", branch="call"),
    row("LDR_lit_T1", "01001 ttt iiiiiiii", "load", "", "t:l", memory="load 4 literal", rules="x4"),
    row("STR_reg_T1", "0101000 mmm nnn ttt", "store", "n:a m:a t:w", memory="store 4 index"),
    row("STRH_reg_T1", "0101001 mmm nnn ttt", "store_narrow", "n:a m:a t:w", memory="store 2 index"),
    row("STRB_reg_T1", "0101010 mmm nnn ttt", "store_narrow", "n:a m:a t:w", memory="store 1 index"),
    row("LDRSB_reg_T1", "0101011 mmm nnn ttt", "load_narrow", "n:a m:a", "t:l", memory="load 1s index"),
    row("LDR_reg_T1", "0101100 mmm nnn ttt", "load", "n:a m:a", "t:l", memory="load 4 index"),
    row("LDRH_reg_T1", "0101101 mmm nnn ttt", "load_narrow", "n:a m:a", "t:l", memory="load 2 index"),
    row("LDRB_reg_T1", "0101110 mmm nnn ttt", "load_narrow", "n:a m:a", "t:l", memory="load 1 index"),
    row("LDRSH_reg_T1", "0101111 mmm nnn ttt", "load_narrow", "n:a m:a", "t:l", memory="load 2s index"),
    row("STR_imm_T1", "01100 iiiii nnn ttt", "store", "n:a t:w", memory="store 4 offset", rules="x4"),
    row("LDR_imm_T1", "01101 iiiii nnn ttt", "load", "n:a", "t:l", memory="load 4 offset", rules="x4"),
    row("STRB_imm_T1", "01110 iiiii nnn ttt", "store_narrow", "n:a t:w", memory="store 1 offset"),
    row("LDRB_imm_T1", "01111 iiiii nnn ttt", "load_narrow", "n:a", "t:l", memory="load 1 offset"),
    row("STRH_imm_T1", "10000 iiiii nnn ttt", "store_narrow", "n:a t:w", memory="store 2 offset", rules="x2"),
    row("LDRH_imm_T1", "10001 iiiii nnn ttt", "load_narrow", "n:a", "t:l", memory="load 2 offset", rules="x2"),
    row("STR_imm_T2", "10010 ttt iiiiiiii", "store", "n:a t:w", memory="store 4 offset", rules="x4", fixed={"n": 13}),
    row("LDR_imm_T2", "10011 ttt iiiiiiii", "load", "n:a", "t:l", memory="load 4 offset", rules="x4", fixed={"n": 13}),
    row("ADR_T1", "10100 ddd iiiiiiii", "addsub", "", "d", rules="x4"),
    row("ADD_SP_imm_T1", "10101 ddd iiiiiiii", "addsub", "n", "d", rules="x4", fixed={"n": 13}),
    row("ADD_SP_imm_T2", "101100000 iiiiiii", "addsub", "n", "d", rules="x4", fixed={"n": 13, "d": 13}),
    row("SUB_SP_imm_T1", "101100001 iiiiiii", "addsub", "n", "d", rules="x4", fixed={"n": 13, "d": 13}),
    row("CBZ_T1", "10110 0 i1 iiiii nnn", "branch", "n", rules="x2", branch="forward"),
    row("CBNZ_T1", "10111 0 i1 iiiii nnn", "branch", "n", rules="x2", branch="forward"),
    row("SXTH_T1", "1011001000 mmm ddd", "extend", "m:e", "d"),
    row("SXTB_T1", "1011001001 mmm ddd", "extend", "m:e", "d"),
    row("UXTH_T1", "1011001010 mmm ddd", "extend", "m:e", "d"),
    row("UXTB_T1", "1011001011 mmm ddd", "extend", "m:e", "d"),
    row("PUSH_T1", "1011010 rrrrrrrrr", "store_multiple", "sp:a list:w", memory="store 4 push", rules="with_lr"),
    row(
        "POP_T1",
        "1011110 rrrrrrrrr",
        "load_multiple",
        "sp:a",
        "list:l",
        memory="load 4 pop",
        rules="with_pc",
        branch="if_pc",
    ),
    row("CPS_T1", "10110110011 o 00 gg", "system"),
    row("REV_T1", "1011101000 mmm ddd", "reverse", "m:e", "d"),
    row("REV16_T1", "1011101001 mmm ddd", "reverse", "m:e", "d"),
    row("REVSH_T1", "1011101011 mmm ddd", "reverse", "m:e", "d"),
    row("BKPT_T1", "10111110 iiiiiiii", "system"),
    row("NOP_T1", "1011111100000000", "nop"),
    row("YIELD_T1", "1011111100010000", "nop"),
    row("WFE_T1", "1011111100100000", "system"),
    row("WFI_T1", "1011111100110000", "system"),
    row("SEV_T1", "1011111101000000", "nop"),
    row("HINT_T1", "10111111 iiii 0000", "nop", unless="i=00..; i=0100"),
    row("IT_T1", "10111111 oooo gggg", "it", unless="g=0000"),
    row("STM_T1", "11000 nnn rrrrrrrr", "store_multiple", "n:a list:w", memory="store 4 up!"),
    row("LDM_T1", "11001 nnn rrrrrrrr", "load_multiple", "n:a", "list:l", memory="load 4 up?"),
    row("B_T1", "1101 cccc iiiiiiii", "branch", "F", rules="near", branch="conditional", unless="c=111."),
    row("SVC_T1", "11011111 iiiiiiii", "system"),
    row("B_T2", "11100 iiiiiiiiiii", "branch", rules="middle", branch="jump"),
)

_IMM12 = "i 0 {} s nnnn 0 iii dddd iiiiiiii"
_IMM12_NO_D = "i 0 {} 1 nnnn 0 iii 1111 iiiiiiii"
_IMM12_NO_N = "i 0 {} s 1111 0 iii dddd iiiiiiii"
_SHIFTED = "{} s nnnn 0 zzz dddd zz yy mmmm"
_SHIFTED_NO_D = "{} 1 nnnn 0 zzz 1111 zz yy mmmm"
_SHIFTED_NO_N = "{} s 1111 0 zzz dddd zz yy mmmm"


def _processing() -> tuple[Row, ...]:
    """A5.3.1 and A5.3.11: each operation with a modified immediate and with a shifted register."""
    rows: list[Row] = []
    for name, opcode, timing, reads, imm_form, reg_form in (
        ("AND", "0000", "alu", "n", "T1", "T2"),
        ("BIC", "0001", "alu", "n", "T1", "T2"),
        ("ORR", "0010", "alu", "n", "T1", "T2"),
        ("ORN", "0011", "alu", "n", "T1", "T1"),
        ("EOR", "0100", "alu", "n", "T1", "T2"),
        ("ADD", "1000", "addsub", "n", "T3", "T3"),
        ("ADC", "1010", "alu", "n F", "T1", "T2"),
        ("SBC", "1011", "alu", "n F", "T1", "T2"),
        ("SUB", "1101", "addsub", "n", "T3", "T2"),
        ("RSB", "1110", "alu", "n", "T2", "T1"),
    ):
        imm, reg = "11110" + _IMM12.format(opcode), "1110101" + _SHIFTED.format(opcode)
        rows.append(row(f"{name}_imm_{imm_form}", imm, timing, reads, "d Fs", rules="expand"))
        rows.append(row(f"{name}_reg_{reg_form}", reg, timing, f"{reads} m:?", "d Fs", rules="shift"))
    for name, opcode, imm_form, reg_form in (
        ("TST", "0000", "T1", "T2"),
        ("TEQ", "0100", "T1", "T1"),
        ("CMN", "1000", "T1", "T2"),
        ("CMP", "1101", "T2", "T3"),
    ):
        imm, reg = "11110" + _IMM12_NO_D.format(opcode), "1110101" + _SHIFTED_NO_D.format(opcode)
        rows.append(row(f"{name}_imm_{imm_form}", imm, "alu", "n", "F", rules="expand"))
        rows.append(row(f"{name}_reg_{reg_form}", reg, "alu", "n m:?", "F", rules="shift"))
    return tuple(rows)


PROCESSING = (
    *_processing(),
    row("MOV_imm_T2", "11110" + _IMM12_NO_N.format("0010"), "addsub", "", "d Fs", rules="expand"),
    row("MVN_imm_T1", "11110" + _IMM12_NO_N.format("0011"), "alu", "", "d Fs", rules="expand"),
    row("MVN_reg_T2", "1110101" + _SHIFTED_NO_N.format("0011"), "alu", "m:?", "d Fs", rules="shift"),
    row("MOV_reg_T3", "11101010010 s 1111 0000 dddd 0000 mmmm", "addsub", "m", "d Fs"),
    row(
        "RRX_T1",
        "11101010010 s 1111 0000 dddd 0011 mmmm",
        "shift",
        "m F",
        "d Fs",
        fixed={"shift_type": 4, "shift_amount": 1},
    ),
    row(
        "LSL_imm_T2",
        "11101010010 s 1111 0 zzz dddd zz 00 mmmm",
        "shift",
        "m",
        "d Fs",
        rules="shift_only",
        fixed={"shift_type": 0},
    ),
    row(
        "LSR_imm_T2",
        "11101010010 s 1111 0 zzz dddd zz 01 mmmm",
        "shift",
        "m",
        "d Fs",
        rules="shift_only",
        fixed={"shift_type": 1},
    ),
    row(
        "ASR_imm_T2",
        "11101010010 s 1111 0 zzz dddd zz 10 mmmm",
        "shift",
        "m",
        "d Fs",
        rules="shift_only",
        fixed={"shift_type": 2},
    ),
    row(
        "ROR_imm_T1",
        "11101010010 s 1111 0 zzz dddd zz 11 mmmm",
        "shift",
        "m",
        "d Fs",
        rules="shift_only",
        fixed={"shift_type": 3},
    ),
    row(
        "PKHBT_T1",
        "111010101100 nnnn 0 zzz dddd zz 00 mmmm",
        "pack",
        "n m:e",
        "d",
        rules="shift_field",
        fixed={"shift_type": 0},
    ),
    row(
        "PKHTB_T1",
        "111010101100 nnnn 0 zzz dddd zz 10 mmmm",
        "pack",
        "n:e m:e",
        "d",
        rules="shift_field",
        fixed={"shift_type": 2},
    ),
    row("ADR_T2", "11110 i 10101 0 1111 0 iii dddd iiiiiiii", "addsub", "", "d", rules="backwards"),
    row("ADR_T3", "11110 i 10000 0 1111 0 iii dddd iiiiiiii", "addsub", "", "d"),
    row("ADD_imm_T4", "11110 i 10000 0 nnnn 0 iii dddd iiiiiiii", "addsub", "n", "d"),
    row("SUB_imm_T4", "11110 i 10101 0 nnnn 0 iii dddd iiiiiiii", "addsub", "n", "d"),
    row("MOV_imm_T3", "11110 i 10010 0 jjjj 0 iii dddd iiiiiiii", "movw", "", "d"),
    row("MOVT_T1", "11110 i 10110 0 jjjj 0 iii dddd iiiiiiii", "movt", "d", "d"),
    row("SSAT16_T1", "111100110010 nnnn 0000 dddd 00 00 qqqq", "dsp", "n", "d", rules="sat_signed"),
    row("USAT16_T1", "111100111010 nnnn 0000 dddd 00 00 qqqq", "dsp", "n", "d"),
    row(
        "SSAT_T1",
        "1111001100 y 0 nnnn 0 zzz dddd zz 0 qqqqq",
        "dsp",
        "n:?",
        "d",
        rules="sat_shift sat_signed",
        unless="y=1 z=00000",
    ),
    row(
        "USAT_T1",
        "1111001110 y 0 nnnn 0 zzz dddd zz 0 qqqqq",
        "dsp",
        "n:?",
        "d",
        rules="sat_shift",
        unless="y=1 z=00000",
    ),
    row("SBFX_T1", "111100110100 nnnn 0 kkk dddd kk 0 bbbbb", "bitfield", "n:e", "d", rules="width"),
    row("UBFX_T1", "111100111100 nnnn 0 kkk dddd kk 0 bbbbb", "bitfield", "n:e", "d", rules="width"),
    row("BFC_T1", "111100110110 1111 0 kkk dddd kk 0 bbbbb", "bitfield", "d", "d", rules="msb"),
    row("BFI_T1", "111100110110 nnnn 0 kkk dddd kk 0 bbbbb", "bitfield", "d n:e", "d", rules="msb"),
)

CONTROL = (
    row(
        "B_T3",
        "11110 S cccc iiiiii 10 J 0 K iiiiiiiiiii",
        "branch",
        "F",
        rules="far20",
        branch="conditional",
        unless="c=111.",
    ),
    row("B_T4", "11110 S iiiiiiiiii 10 J 1 K iiiiiiiiiii", "branch", rules="far24", branch="jump"),
    row("BL_T1", "11110 S iiiiiiiiii 11 J 1 K iiiiiiiiiii", "branch", "", "lr", rules="far24", branch="call"),
    row("MSR_flags_T1", "111100111000 nnnn 1000 10 00 000000 ii", "system", "n", "F"),
    row("MSR_GE_T1", "111100111000 nnnn 1000 01 00 000000 ii", "system", "n", "G"),
    row("MSR_flags_GE_T1", "111100111000 nnnn 1000 11 00 000000 ii", "system", "n", "F G"),
    row("MSR_T1", "111100111000 nnnn 1000 gg 00 iiiiiiii", "system", "n", unless="i=000000.."),
    row("MRS_T1", "111100111110 1111 1000 dddd iiiiiiii", "system", "F", "d"),
    row("NOP_T2", "111100111010 1111 1000 0000 00000000", "nop"),
    row("YIELD_T2", "111100111010 1111 1000 0000 00000001", "nop"),
    row("WFE_T2", "111100111010 1111 1000 0000 00000010", "system"),
    row("WFI_T2", "111100111010 1111 1000 0000 00000011", "system"),
    row("SEV_T2", "111100111010 1111 1000 0000 00000100", "nop"),
    row("DBG_T1", "111100111010 1111 1000 0000 1111 oooo", "nop"),
    row("HINT_T2", "111100111010 1111 1000 0000 iiiiiiii", "nop", unless="i=000000..; i=00000100; i=1111...."),
    row("CLREX_T1", "111100111011 1111 1000 1111 0010 1111", "system"),
    row("DSB_T1", "111100111011 1111 1000 1111 0100 oooo", "barrier"),
    row("DMB_T1", "111100111011 1111 1000 1111 0101 oooo", "barrier"),
    row("ISB_T1", "111100111011 1111 1000 1111 0110 oooo", "barrier"),
    row(
        "TBB_T1",
        "111010001101 nnnn 11110000 0000 mmmm",
        "branch_table",
        "n:a m:a",
        memory="load 1 index",
        branch="table",
    ),
    row(
        "TBH_T1",
        "111010001101 nnnn 11110000 0001 mmmm",
        "branch_table",
        "n:a m:a",
        memory="load 2 index",
        branch="table",
        fixed={"shift_amount": 1},
    ),
)

OVERLAPS = frozenset(
    {
        # (more specific, more general): the manual's SEE
        ("MOV_reg_T2", "LSL_imm_T1"),
        ("MOV_reg_T3", "LSL_imm_T2"),
        ("RRX_T1", "ROR_imm_T1"),
        ("MOV_reg_T3", "ORR_reg_T2"),
        ("RRX_T1", "ORR_reg_T2"),
        ("LSL_imm_T2", "ORR_reg_T2"),
        ("LSR_imm_T2", "ORR_reg_T2"),
        ("ASR_imm_T2", "ORR_reg_T2"),
        ("ROR_imm_T1", "ORR_reg_T2"),
        ("MOV_imm_T2", "ORR_imm_T1"),
        ("MVN_imm_T1", "ORN_imm_T1"),
        ("MVN_reg_T2", "ORN_reg_T1"),
        ("ADR_T2", "SUB_imm_T4"),
        ("ADR_T3", "ADD_imm_T4"),
        ("BFC_T1", "BFI_T1"),
        ("TST_imm_T1", "AND_imm_T1"),
        ("TST_reg_T2", "AND_reg_T2"),
        ("TEQ_imm_T1", "EOR_imm_T1"),
        ("TEQ_reg_T1", "EOR_reg_T2"),
        ("CMN_imm_T1", "ADD_imm_T3"),
        ("CMN_reg_T2", "ADD_reg_T3"),
        ("CMP_imm_T2", "SUB_imm_T3"),
        ("CMP_reg_T3", "SUB_reg_T2"),
    }
)
