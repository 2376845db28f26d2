"""The 32-bit loads, stores and preloads of ARMv7E-M: bit pictures -> timing class, operand roles, memory operand.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A5.3.5 to A5.3.10. The notation is that of encodings.py.
Not modelled: that LDRT and STRT access memory as unprivileged.
"""

from __future__ import annotations

from simulator.bit_pictures import Row, row

MULTIPLE = (
    row(
        "PUSH_T2",
        "111010010010 1101 rrrrrrrrrrrrrrrr",
        "store_multiple",
        "n:a list:w",
        memory="store 4 down!",
        unless="r=1...............; r=..1.............",
        fixed={"n": 13},
    ),
    row(
        "STM_T2",
        "1110100010 w 0 nnnn rrrrrrrrrrrrrrrr",
        "store_multiple",
        "n:a list:w",
        memory="store 4 up",
        unless="r=1...............; r=..1.............",
    ),
    row(
        "STMDB_T1",
        "1110100100 w 0 nnnn rrrrrrrrrrrrrrrr",
        "store_multiple",
        "n:a list:w",
        memory="store 4 down",
        unless="r=1...............; r=..1.............",
    ),
    row(
        "POP_T2",
        "111010001011 1101 rrrrrrrrrrrrrrrr",
        "load_multiple",
        "n:a",
        "list:l",
        memory="load 4 up!",
        branch="if_pc",
        unless="r=..1.............",
        fixed={"n": 13},
    ),
    row(
        "LDM_T2",
        "1110100010 w 1 nnnn rrrrrrrrrrrrrrrr",
        "load_multiple",
        "n:a",
        "list:l",
        memory="load 4 up",
        branch="if_pc",
        unless="r=..1.............",
    ),
    row(
        "LDMDB_T1",
        "1110100100 w 1 nnnn rrrrrrrrrrrrrrrr",
        "load_multiple",
        "n:a",
        "list:l",
        memory="load 4 down",
        branch="if_pc",
        unless="r=..1.............",
    ),
)

DUAL_AND_EXCLUSIVE = (
    row(
        "STREX_T1",
        "111010000100 nnnn tttt dddd iiiiiiii",
        "store",
        "n:a t:w",
        "d",
        memory="store 4 offset exclusive",
        rules="x4",
    ),
    row(
        "LDREX_T1",
        "111010000101 nnnn tttt 1111 iiiiiiii",
        "load",
        "n:a",
        "t:l",
        memory="load 4 offset exclusive",
        rules="x4",
    ),
    row(
        "STREXB_T1",
        "111010001100 nnnn tttt 1111 0100 dddd",
        "store_narrow",
        "n:a t:w",
        "d",
        memory="store 1 offset exclusive",
    ),
    row(
        "STREXH_T1",
        "111010001100 nnnn tttt 1111 0101 dddd",
        "store_narrow",
        "n:a t:w",
        "d",
        memory="store 2 offset exclusive",
    ),
    row(
        "LDREXB_T1",
        "111010001101 nnnn tttt 1111 0100 1111",
        "load_narrow",
        "n:a",
        "t:l",
        memory="load 1 offset exclusive",
    ),
    row(
        "LDREXH_T1",
        "111010001101 nnnn tttt 1111 0101 1111",
        "load_narrow",
        "n:a",
        "t:l",
        memory="load 2 offset exclusive",
    ),
    row(
        "STRD_imm_T1",
        "1110100 p u 1 w 0 nnnn tttt vvvv iiiiiiii",
        "store_multiple",
        "n:a t:w t2:w",
        memory="store 4x2 puw",
        rules="x4",
        unless="p=0 w=0",
    ),
    row(
        "LDRD_imm_T1",
        "1110100 p u 1 w 1 nnnn tttt vvvv iiiiiiii",
        "load_multiple",
        "n:a",
        "t:l t2:l",
        memory="load 4x2 puw",
        rules="x4",
        unless="p=0 w=0",
    ),
    row(
        "PUSH_T3",
        "1111100001001101 tttt 1101 00000100",
        "store",
        "n:a t:w",
        memory="store 4 puw",
        fixed={"n": 13, "p": 1, "u": 0, "w": 1, "imm": 4},
    ),
    row(
        "POP_T3",
        "1111100001011101 tttt 1011 00000100",
        "load",
        "n:a",
        "t:l",
        memory="load 4 puw",
        branch="if_pc",
        fixed={"n": 13, "p": 0, "u": 1, "w": 1, "imm": 4},
    ),
)


def _stores() -> tuple[Row, ...]:
    rows: list[Row] = []
    for name, size, bits, narrow, forms in (
        ("STRB", 1, "00", "_narrow", ("T2", "T3", "T2")),
        ("STRH", 2, "01", "_narrow", ("T2", "T3", "T2")),
        ("STR", 4, "10", "", ("T3", "T4", "T2")),
    ):
        timing, no_literal = "store" + narrow, "n=1111"
        up, any_, reg = forms
        rows += [
            row(
                f"{name}_imm_{up}",
                f"111110001{bits}0 nnnn tttt iiiiiiiiiiii",
                timing,
                "n:a t:w",
                memory=f"store {size} offset",
                unless=no_literal,
            ),
            row(
                f"{name}_reg_{reg}",
                f"111110000{bits}0 nnnn tttt 000000 zz mmmm",
                timing,
                "n:a m:a t:w",
                memory=f"store {size} index",
                unless=no_literal,
            ),
            row(
                f"{name}T_T1",
                f"111110000{bits}0 nnnn tttt 1110 iiiiiiii",
                timing,
                "n:a t:w",
                memory=f"store {size} offset",
                unless=no_literal,
            ),
            row(
                f"{name}_imm_{any_}",
                f"111110000{bits}0 nnnn tttt 1 p u w iiiiiiii",
                timing,
                "n:a t:w",
                memory=f"store {size} puw",
                unless="n=1111; p=0 w=0; p=1 u=1 w=0",
            ),
        ]
    return tuple(rows)


def _loads() -> tuple[Row, ...]:
    rows: list[Row] = []
    for name, shape, bits, narrow, forms in (
        ("LDRB", "1", "0{}001", "_narrow", ("T2", "T3", "T2", "T1")),
        ("LDRSB", "1s", "1{}001", "_narrow", ("T1", "T2", "T2", "T1")),
        ("LDRH", "2", "0{}011", "_narrow", ("T2", "T3", "T2", "T1")),
        ("LDRSH", "2s", "1{}011", "_narrow", ("T1", "T2", "T2", "T1")),
        ("LDR", "4", "0{}101", "", ("T3", "T4", "T2", "T2")),
    ):
        timing, branch = "load" + narrow, "" if narrow else "if_pc"
        hint = "; t=1111" if narrow else ""
        up, any_, reg, literal = forms
        high, low, either = (f"1111100{bits.format(b)}" for b in "10u")
        rows += [
            row(
                f"{name}_lit_{literal}",
                f"{either} 1111 tttt iiiiiiiiiiii",
                timing,
                "",
                "t:l",
                memory=f"load {shape} literal",
                branch=branch,
                unless=hint,
            ),
            row(
                f"{name}_imm_{up}",
                f"{high} nnnn tttt iiiiiiiiiiii",
                timing,
                "n:a",
                "t:l",
                memory=f"load {shape} offset",
                branch=branch,
                unless="n=1111" + hint,
            ),
            row(
                f"{name}_reg_{reg}",
                f"{low} nnnn tttt 000000 zz mmmm",
                timing,
                "n:a m:a",
                "t:l",
                memory=f"load {shape} index",
                branch=branch,
                unless="n=1111" + hint,
            ),
            row(
                f"{name}T_T1",
                f"{low} nnnn tttt 1110 iiiiiiii",
                timing,
                "n:a",
                "t:l",
                memory=f"load {shape} offset",
                unless="n=1111" + hint,
            ),
            row(
                f"{name}_imm_{any_}",
                f"{low} nnnn tttt 1 p u w iiiiiiii",
                timing,
                "n:a",
                "t:l",
                memory=f"load {shape} puw",
                branch=branch,
                unless="n=1111; p=0 w=0; p=1 u=1 w=0" + hint,
            ),
        ]
    return tuple(rows)


def _preloads() -> tuple[Row, ...]:
    rows: list[Row] = []
    for name, bits in (("PLD", "0{}001"), ("PLI", "1{}001"), ("MEMHINT", "0{}011"), ("MEMHINTS", "1{}011")):
        high, low, either = (f"1111100{bits.format(b)}" for b in "10u")
        hint = name.startswith("MEMHINT")
        timing = "nop" if hint else "preload"
        memory = ("" if hint else f"preload 1 {mode}" for mode in ("literal", "offset", "back", "index"))
        base, index = ("", "") if hint else ("n:a", "n:a m:a")
        rows += [
            row(f"{name}_lit_T1", f"{either} 1111 1111 iiiiiiiiiiii", timing, memory=next(memory)),
            row(f"{name}_imm_T1", f"{high} nnnn 1111 iiiiiiiiiiii", timing, base, memory=next(memory), unless="n=1111"),
            row(f"{name}_imm_T2", f"{low} nnnn 1111 1100 iiiiiiii", timing, base, memory=next(memory), unless="n=1111"),
            row(
                f"{name}_reg_T1", f"{low} nnnn 1111 000000 zz mmmm", timing, index, memory=next(memory), unless="n=1111"
            ),
        ]
    return tuple(rows)


SINGLE = (*_preloads(), *_stores(), *_loads())

MEMORY_OVERLAPS = frozenset(
    {
        ("PUSH_T2", "STMDB_T1"),
        ("POP_T2", "LDM_T2"),
        ("PUSH_T3", "STR_imm_T4"),
        ("POP_T3", "LDR_imm_T4"),
    }
)
