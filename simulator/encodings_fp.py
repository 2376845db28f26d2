"""The FPv5 single-precision encodings, and the moves, loads and stores of double registers.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A6.4 to A6.7. The notation is that of encodings.py.
Not modelled: double-precision arithmetic, which this chip's FPU lacks, FLDMX and FSTMX.
"""

from __future__ import annotations

from simulator.bit_pictures import Row, row


def _arithmetic() -> tuple[Row, ...]:
    rows: list[Row] = []
    for name, opcode, bit, timing, reads in (
        ("VMLA", "0 D 00", "0", "fp_mac", "Sn Sm Sd:+"),
        ("VMLS", "0 D 00", "1", "fp_mac", "Sn Sm Sd:+"),
        ("VNMLS", "0 D 01", "0", "fp_mac", "Sn Sm Sd:+"),
        ("VNMLA", "0 D 01", "1", "fp_mac", "Sn Sm Sd:+"),
        ("VMUL", "0 D 10", "0", "fp_mul", "Sn Sm"),
        ("VNMUL", "0 D 10", "1", "fp_mul", "Sn Sm"),
        ("VADD", "0 D 11", "0", "fp_add", "Sn Sm"),
        ("VSUB", "0 D 11", "1", "fp_add", "Sn Sm"),
        ("VDIV", "1 D 00", "0", "fp_div", "Sn Sm"),
        ("VFNMS", "1 D 01", "0", "fp_fma", "Sn Sm Sd:+"),
        ("VFNMA", "1 D 01", "1", "fp_fma", "Sn Sm Sd:+"),
        ("VFMA", "1 D 10", "0", "fp_fma", "Sn Sm Sd:+"),
        ("VFMS", "1 D 10", "1", "fp_fma", "Sn Sm Sd:+"),
    ):
        rows.append(row(f"{name}_T1", f"11101110 {opcode} nnnn dddd 1010 N {bit} M 0 mmmm", timing, reads, "Sd"))
    return tuple(rows)


ARITHMETIC = (
    *_arithmetic(),
    row("VMOV_imm_T1", "11101110 1 D 11 iiii dddd 1010 0000 iiii", "fp_move", "", "Sd"),
    row("VMOV_reg_T1", "11101110 1 D 11 0000 dddd 1010 01 M 0 mmmm", "fp_move", "Sm", "Sd"),
    row("VABS_T1", "11101110 1 D 11 0000 dddd 1010 11 M 0 mmmm", "fp_move", "Sm", "Sd"),
    row("VNEG_T1", "11101110 1 D 11 0001 dddd 1010 01 M 0 mmmm", "fp_move", "Sm", "Sd"),
    row("VSQRT_T1", "11101110 1 D 11 0001 dddd 1010 11 M 0 mmmm", "fp_sqrt", "Sm", "Sd"),
    row("VCVTB_half_to_single_T1", "11101110 1 D 11 0010 dddd 1010 01 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVTT_half_to_single_T1", "11101110 1 D 11 0010 dddd 1010 11 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVTB_single_to_half_T1", "11101110 1 D 11 0011 dddd 1010 01 M 0 mmmm", "fp_convert", "Sm Sd", "Sd"),
    row("VCVTT_single_to_half_T1", "11101110 1 D 11 0011 dddd 1010 11 M 0 mmmm", "fp_convert", "Sm Sd", "Sd"),
    row("VCMP_T1", "11101110 1 D 11 0100 dddd 1010 01 M 0 mmmm", "fp_compare", "Sd Sm", "V"),
    row("VCMPE_T1", "11101110 1 D 11 0100 dddd 1010 11 M 0 mmmm", "fp_compare", "Sd Sm", "V"),
    row("VCMP_zero_T2", "11101110 1 D 11 0101 dddd 1010 0100 0000", "fp_compare", "Sd", "V"),
    row("VCMPE_zero_T2", "11101110 1 D 11 0101 dddd 1010 1100 0000", "fp_compare", "Sd", "V"),
    row("VRINTR_T1", "11101110 1 D 11 0110 dddd 1010 01 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VRINTZ_T1", "11101110 1 D 11 0110 dddd 1010 11 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VRINTX_T1", "11101110 1 D 11 0111 dddd 1010 01 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVT_from_int_T1", "11101110 1 D 11 1000 dddd 1010 o1 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVT_to_int_T1", "11101110 1 D 11 110 o dddd 1010 11 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVTR_to_int_T1", "11101110 1 D 11 110 o dddd 1010 01 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row(
        "VCVT_from_fixed_T1", "11101110 1 D 11 101 U dddd 1010 X 1 i 0 jjjj", "fp_convert", "Sd", "Sd", rules="fraction"
    ),
    row("VCVT_to_fixed_T1", "11101110 1 D 11 111 U dddd 1010 X 1 i 0 jjjj", "fp_convert", "Sd", "Sd", rules="fraction"),
    row("VSEL_T1", "11111110 0 D oo nnnn dddd 1010 N 0 M 0 mmmm", "fp_move", "Sn Sm F", "Sd"),
    row("VMAXNM_T1", "11111110 1 D 00 nnnn dddd 1010 N 0 M 0 mmmm", "fp_compare", "Sn Sm", "Sd"),
    row("VMINNM_T1", "11111110 1 D 00 nnnn dddd 1010 N 1 M 0 mmmm", "fp_compare", "Sn Sm", "Sd"),
    row("VRINTA_T1", "11111110 1 D 11 1000 dddd 1010 01 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VRINTN_T1", "11111110 1 D 11 1001 dddd 1010 01 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VRINTP_T1", "11111110 1 D 11 1010 dddd 1010 01 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VRINTM_T1", "11111110 1 D 11 1011 dddd 1010 01 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVTA_T1", "11111110 1 D 11 1100 dddd 1010 o1 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVTN_T1", "11111110 1 D 11 1101 dddd 1010 o1 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVTP_T1", "11111110 1 D 11 1110 dddd 1010 o1 M 0 mmmm", "fp_convert", "Sm", "Sd"),
    row("VCVTM_T1", "11111110 1 D 11 1111 dddd 1010 o1 M 0 mmmm", "fp_convert", "Sm", "Sd"),
)

TRANSFER = (
    row("VMOV_to_single_T1", "111011100000 nnnn tttt 1010 N 001 0000", "fp_from_core", "t", "Sn"),
    row("VMOV_from_single_T1", "111011100001 nnnn tttt 1010 N 001 0000", "fp_to_core", "Sn", "t"),
    row("VMOV_to_scalar_T1", "1110111000 N 0 nnnn tttt 1011 0 001 0000", "fp_from_core", "t", "Sn"),
    row("VMOV_from_scalar_T1", "1110111000 N 1 nnnn tttt 1011 0 001 0000", "fp_to_core", "Sn", "t"),
    row("VMOV_to_two_singles_T1", "111011000100 vvvv tttt 1010 00 M 1 mmmm", "fp_from_core", "t t2", "SSm"),
    row("VMOV_from_two_singles_T1", "111011000101 vvvv tttt 1010 00 M 1 mmmm", "fp_to_core", "SSm", "t t2"),
    row("VMOV_to_double_T1", "111011000100 vvvv tttt 1011 0001 mmmm", "fp_from_core", "t t2", "Dm"),
    row("VMOV_from_double_T1", "111011000101 vvvv tttt 1011 0001 mmmm", "fp_to_core", "Dm", "t t2"),
    row("VMSR_T1", "1110111011100001 tttt 1010 0001 0000", "fp_system", "t", "V"),
    row("VMRS_flags_T1", "1110111011110001 1111 1010 0001 0000", "fp_system", "V", "F"),
    row("VMRS_T1", "1110111011110001 tttt 1010 0001 0000", "fp_system", "V", "t"),
)

_ODD = "i=.......1"

MEMORY = (
    row(
        "VLDR_T2", "11101101 u D 01 nnnn dddd 1010 iiiiiiii", "fp_load", "n:a", "Sd:l", memory="load 4 sign", rules="x4"
    ),
    row(
        "VLDR_T1",
        "11101101 u 0 01 nnnn dddd 1011 iiiiiiii",
        "fp_load",
        "n:a",
        "Dd:l",
        memory="load 4x2 sign",
        rules="x4",
    ),
    row(
        "VSTR_T2", "11101101 u D 00 nnnn dddd 1010 iiiiiiii", "fp_store", "n:a Sd:w", memory="store 4 sign", rules="x4"
    ),
    row(
        "VSTR_T1",
        "11101101 u 0 00 nnnn dddd 1011 iiiiiiii",
        "fp_store",
        "n:a Dd:w",
        memory="store 4x2 sign",
        rules="x4",
    ),
    row(
        "VPUSH_T2",
        "11101101 0 D 10 1101 dddd 1010 iiiiiiii",
        "fp_store_multiple",
        "n:a Sd*:w",
        memory="store 4 fp_down!",
        fixed={"n": 13},
    ),
    row(
        "VPUSH_T1",
        "11101101 0 0 10 1101 dddd 1011 iiiiiiii",
        "fp_store_multiple",
        "n:a Dd*:w",
        memory="store 4 fp_down!",
        unless=_ODD,
        fixed={"n": 13},
    ),
    row(
        "VPOP_T2",
        "11101100 1 D 11 1101 dddd 1010 iiiiiiii",
        "fp_load_multiple",
        "n:a",
        "Sd*:l",
        memory="load 4 fp_up!",
        fixed={"n": 13},
    ),
    row(
        "VPOP_T1",
        "11101100 1 0 11 1101 dddd 1011 iiiiiiii",
        "fp_load_multiple",
        "n:a",
        "Dd*:l",
        memory="load 4 fp_up!",
        unless=_ODD,
        fixed={"n": 13},
    ),
    row(
        "VSTM_T2", "11101100 1 D w 0 nnnn dddd 1010 iiiiiiii", "fp_store_multiple", "n:a Sd*:w", memory="store 4 fp_up"
    ),
    row(
        "VSTM_T1",
        "11101100 1 0 w 0 nnnn dddd 1011 iiiiiiii",
        "fp_store_multiple",
        "n:a Dd*:w",
        memory="store 4 fp_up",
        unless=_ODD,
    ),
    row(
        "VSTMDB_T2",
        "11101101 0 D 10 nnnn dddd 1010 iiiiiiii",
        "fp_store_multiple",
        "n:a Sd*:w",
        memory="store 4 fp_down!",
    ),
    row(
        "VSTMDB_T1",
        "11101101 0 0 10 nnnn dddd 1011 iiiiiiii",
        "fp_store_multiple",
        "n:a Dd*:w",
        memory="store 4 fp_down!",
        unless=_ODD,
    ),
    row(
        "VLDM_T2", "11101100 1 D w 1 nnnn dddd 1010 iiiiiiii", "fp_load_multiple", "n:a", "Sd*:l", memory="load 4 fp_up"
    ),
    row(
        "VLDM_T1",
        "11101100 1 0 w 1 nnnn dddd 1011 iiiiiiii",
        "fp_load_multiple",
        "n:a",
        "Dd*:l",
        memory="load 4 fp_up",
        unless=_ODD,
    ),
    row(
        "VLDMDB_T2",
        "11101101 0 D 11 nnnn dddd 1010 iiiiiiii",
        "fp_load_multiple",
        "n:a",
        "Sd*:l",
        memory="load 4 fp_down!",
    ),
    row(
        "VLDMDB_T1",
        "11101101 0 0 11 nnnn dddd 1011 iiiiiiii",
        "fp_load_multiple",
        "n:a",
        "Dd*:l",
        memory="load 4 fp_down!",
        unless=_ODD,
    ),
)

FLOATING_POINT = (*ARITHMETIC, *TRANSFER, *MEMORY)

FP_OVERLAPS = frozenset(
    {
        ("VPUSH_T1", "VSTMDB_T1"),
        ("VPUSH_T2", "VSTMDB_T2"),
        ("VPOP_T1", "VLDM_T1"),
        ("VPOP_T2", "VLDM_T2"),
        ("VMRS_flags_T1", "VMRS_T1"),
    }
)
