"""The 32-bit register, parallel, multiply and divide encodings of ARMv7E-M: bit pictures -> timing class, operand roles.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A5.3.12 to A5.3.17. The notation is that of encodings.py.
Not modelled: nothing.
"""

from __future__ import annotations

from simulator.bit_pictures import Row, row

SHIFTS = tuple(
    row(f"{name}_reg_T2", f"111110100 {opcode} s nnnn 1111 dddd 0000 mmmm", "shift", "n m", "d Fs")
    for name, opcode in (("LSL", "00"), ("LSR", "01"), ("ASR", "10"), ("ROR", "11"))
)


def _extends() -> tuple[Row, ...]:
    rows: list[Row] = []
    for kind, opcode, form in (("H", "00", "T2"), ("B16", "01", "T1"), ("B", "10", "T2")):
        for sign, bit in (("S", "0"), ("U", "1")):
            rows += [
                row(
                    f"{sign}XT{kind}_{form}",
                    f"111110100 {opcode} {bit} 1111 1111 dddd 10 RR mmmm",
                    "extend",
                    "m:e",
                    "d",
                    rules="rotation",
                ),
                row(
                    f"{sign}XTA{kind}_T1",
                    f"111110100 {opcode} {bit} nnnn 1111 dddd 10 RR mmmm",
                    "extend_add",
                    "n m:e",
                    "d",
                    rules="rotation",
                ),
            ]
    return tuple(rows)


def _parallel() -> tuple[Row, ...]:
    rows: list[Row] = []
    for operation, opcode in (
        ("ADD16", "001"),
        ("ASX", "010"),
        ("SAX", "110"),
        ("SUB16", "101"),
        ("ADD8", "000"),
        ("SUB8", "100"),
    ):
        for prefix, bits in (("S", "000"), ("Q", "001"), ("SH", "010"), ("U", "100"), ("UQ", "101"), ("UH", "110")):
            writes = "d G" if prefix in ("S", "U") else "d"
            rows.append(
                row(f"{prefix}{operation}_T1", f"111110101 {opcode} nnnn 1111 dddd 0 {bits} mmmm", "dsp", "n m", writes)
            )
    return tuple(rows)


MISCELLANEOUS = (
    row("QADD_T1", "111110101000 nnnn 1111 dddd 1000 mmmm", "dsp", "n m", "d"),
    row("QDADD_T1", "111110101000 nnnn 1111 dddd 1001 mmmm", "dsp", "n m", "d"),
    row("QSUB_T1", "111110101000 nnnn 1111 dddd 1010 mmmm", "dsp", "n m", "d"),
    row("QDSUB_T1", "111110101000 nnnn 1111 dddd 1011 mmmm", "dsp", "n m", "d"),
    row("REV_T2", "111110101001 nnnn 1111 dddd 1000 mmmm", "reverse", "m:e", "d"),
    row("REV16_T2", "111110101001 nnnn 1111 dddd 1001 mmmm", "reverse", "m:e", "d"),
    row("RBIT_T1", "111110101001 nnnn 1111 dddd 1010 mmmm", "reverse", "m:e", "d"),
    row("REVSH_T2", "111110101001 nnnn 1111 dddd 1011 mmmm", "reverse", "m:e", "d"),
    row("SEL_T1", "111110101010 nnnn 1111 dddd 1000 mmmm", "dsp", "n m G", "d"),
    row("CLZ_T1", "111110101011 nnnn 1111 dddd 1000 mmmm", "dsp", "m", "d"),
)


def _multiplies() -> tuple[Row, ...]:
    """Each accumulating form, and the form without an accumulator that a = 15 makes of it."""
    rows: list[Row] = []
    for with_a, without_a, opcode, bits in (
        ("MLA", "MUL", "000", "0000"),
        ("SMLAxy", "SMULxy", "001", "00 H L"),
        ("SMLAD", "SMUAD", "010", "000 x"),
        ("SMLAWy", "SMULWy", "011", "000 L"),
        ("SMLSD", "SMUSD", "100", "000 x"),
        ("SMMLA", "SMMUL", "101", "000 O"),
    ):
        form = "T2" if without_a == "MUL" else "T1"
        rows += [
            row(f"{without_a}_{form}", f"111110110 {opcode} nnnn 1111 dddd {bits} mmmm", "mul", "n:x m:x", "d"),
            row(f"{with_a}_T1", f"111110110 {opcode} nnnn aaaa dddd {bits} mmmm", "mul", "n:x m:x a:+", "d"),
        ]
    return tuple(rows)


MULTIPLIES = (
    *_multiplies(),
    row("MLS_T1", "111110110000 nnnn aaaa dddd 0001 mmmm", "mul", "n:x m:x a:+", "d"),
    row("SMMLS_T1", "111110110110 nnnn aaaa dddd 000 O mmmm", "mul", "n:x m:x a:+", "d"),
    row("USAD8_T1", "111110110111 nnnn 1111 dddd 0000 mmmm", "dsp", "n m", "d"),
    row("USADA8_T1", "111110110111 nnnn aaaa dddd 0000 mmmm", "dsp", "n m a", "d"),
    row("SMULL_T1", "111110111000 nnnn llll hhhh 0000 mmmm", "mul_long", "n:x m:x", "dlo dhi"),
    row("SDIV_T1", "111110111001 nnnn 1111 dddd 1111 mmmm", "div", "n m", "d"),
    row("UMULL_T1", "111110111010 nnnn llll hhhh 0000 mmmm", "mul_long", "n:x m:x", "dlo dhi"),
    row("UDIV_T1", "111110111011 nnnn 1111 dddd 1111 mmmm", "div", "n m", "d"),
    row("SMLAL_T1", "111110111100 nnnn llll hhhh 0000 mmmm", "mul_long", "n:x m:x dlo:+ dhi:+", "dlo dhi"),
    row("SMLALxy_T1", "111110111100 nnnn llll hhhh 10 H L mmmm", "mul_long", "n:x m:x dlo:+ dhi:+", "dlo dhi"),
    row("SMLALD_T1", "111110111100 nnnn llll hhhh 110 x mmmm", "mul_long", "n:x m:x dlo:+ dhi:+", "dlo dhi"),
    row("SMLSLD_T1", "111110111101 nnnn llll hhhh 110 x mmmm", "mul_long", "n:x m:x dlo:+ dhi:+", "dlo dhi"),
    row("UMLAL_T1", "111110111110 nnnn llll hhhh 0000 mmmm", "mul_long", "n:x m:x dlo:+ dhi:+", "dlo dhi"),
    row("UMAAL_T1", "111110111110 nnnn llll hhhh 0110 mmmm", "mul_long", "n:x m:x dlo:+ dhi:+", "dlo dhi"),
)

REGISTER = (*SHIFTS, *_extends(), *_parallel(), *MISCELLANEOUS)

DSP_OVERLAPS = frozenset(
    {
        ("SXTH_T2", "SXTAH_T1"),
        ("UXTH_T2", "UXTAH_T1"),
        ("SXTB16_T1", "SXTAB16_T1"),
        ("UXTB16_T1", "UXTAB16_T1"),
        ("SXTB_T2", "SXTAB_T1"),
        ("UXTB_T2", "UXTAB_T1"),
        ("MUL_T2", "MLA_T1"),
        ("SMULxy_T1", "SMLAxy_T1"),
        ("SMUAD_T1", "SMLAD_T1"),
        ("SMULWy_T1", "SMLAWy_T1"),
        ("SMUSD_T1", "SMLSD_T1"),
        ("SMMUL_T1", "SMMLA_T1"),
        ("USAD8_T1", "USADA8_T1"),
    }
)
