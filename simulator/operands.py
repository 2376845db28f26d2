"""What a row's rules make of its fields: shifted and expanded constants, branch offsets, memory operands, branches.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A5.3.2 (ThumbExpandImm), A7.4.2 (DecodeImmShift) and A7.7.
Not modelled: the carry that an expanded constant or a shift produces.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.bit_pictures import Access

Fields = dict[str, int]
Place = tuple[
    int, int, int, int, int, int, bool
]  # base, index, shift, displacement, count, writeback, is the base written

CONSTANT = -1
SP, LR, PC = 13, 14, 15


def expand(fields: Fields, timing: str) -> str:
    """ThumbExpandImm; a pattern constant keeps to the late ALU, a rotated one is a shifted operand."""
    imm12 = fields["imm"]
    imm8 = imm12 & 0xFF
    if imm12 < 0x100:
        return timing
    if imm12 < 0x400:
        fields["imm"] = imm8 * (0, 0x0001_0001, 0x0100_0100, 0x0101_0101)[imm12 >> 8]
        return "alu"
    value, rotation = imm12 & 0x7F | 0x80, imm12 >> 7
    fields["imm"] = (value >> rotation | value << 32 - rotation) & 0xFFFF_FFFF
    return "shifted"


def shift_field(fields: Fields, timing: str) -> str:
    """DecodeImmShift."""
    kind, amount = fields["shift_type"], fields["shift_amount"]
    if amount == 0 and kind != 0:
        fields["shift_amount"] = 1 if kind == 3 else 32
        if kind == 3:
            fields["shift_type"] = 4
    return timing


def shift(fields: Fields, timing: str) -> str:
    shift_field(fields, timing)
    return "shifted" if fields["shift_amount"] else timing


def saturation_shift(fields: Fields, timing: str) -> str:
    fields["shift_type"] <<= 1
    return shift_field(fields, timing)


def signed_saturation(fields: Fields, timing: str) -> str:
    fields["sat"] += 1
    return timing


def rotation(fields: Fields, timing: str) -> str:
    fields["rotation"] *= 8
    return timing


def width(fields: Fields, timing: str) -> str:
    fields["width"] += 1
    return timing


def msb(fields: Fields, timing: str) -> str:
    fields["width"] += 1 - fields["lsb"]
    return timing


def with_lr(fields: Fields, timing: str) -> str:
    listed = fields["registers"]
    fields["registers"] = listed & 0xFF | listed >> 8 << LR
    return timing


def with_pc(fields: Fields, timing: str) -> str:
    listed = fields["registers"]
    fields["registers"] = listed & 0xFF | listed >> 8 << PC
    return timing


def fraction(fields: Fields, timing: str) -> str:
    fields["fraction"] = (32 if fields["x"] else 16) - fields.pop("imm")
    return timing


def times2(fields: Fields, timing: str) -> str:
    fields["imm"] *= 2
    return timing


def times4(fields: Fields, timing: str) -> str:
    fields["imm"] *= 4
    return timing


def backwards(fields: Fields, timing: str) -> str:
    fields["imm"] = -fields["imm"]
    return timing


def near(fields: Fields, timing: str) -> str:
    fields["imm"] = _signed(fields["imm"], 8) * 2
    return timing


def middle(fields: Fields, timing: str) -> str:
    fields["imm"] = _signed(fields["imm"], 11) * 2
    return timing


def far20(fields: Fields, timing: str) -> str:
    sign, j1, j2 = fields.pop("S"), fields.pop("J1"), fields.pop("J2")
    fields["imm"] = _signed(sign << 19 | j2 << 18 | j1 << 17 | fields["imm"], 20) * 2
    return timing


def far24(fields: Fields, timing: str) -> str:
    sign, j1, j2 = fields.pop("S"), fields.pop("J1"), fields.pop("J2")
    high = sign << 23 | (1 ^ j1 ^ sign) << 22 | (1 ^ j2 ^ sign) << 21
    fields["imm"] = _signed(high | fields["imm"], 24) * 2
    return timing


RULES: dict[str, Callable[[Fields, str], str]] = {
    "expand": expand,
    "shift": shift,
    "shift_only": shift_field,
    "shift_field": shift_field,
    "sat_shift": saturation_shift,
    "sat_signed": signed_saturation,
    "rotation": rotation,
    "width": width,
    "msb": msb,
    "with_lr": with_lr,
    "with_pc": with_pc,
    "fraction": fraction,
    "x2": times2,
    "x4": times4,
    "backwards": backwards,
    "near": near,
    "middle": middle,
    "far20": far20,
    "far24": far24,
}


def _signed(value: int, bits: int) -> int:
    return value - (value >> bits - 1 << bits)


def _offset(fields: Fields, access: Access, pc: int) -> Place:
    displacement = fields.get("imm", 0)
    base = fields["n"]
    if base == PC:
        return CONSTANT, -1, 0, (pc & ~3) + displacement, access.count, 0, False
    return base, -1, 0, displacement, access.count, 0, False


def _back(fields: Fields, access: Access, pc: int) -> Place:
    return fields["n"], -1, 0, -fields["imm"], access.count, 0, False


def _signed_offset(fields: Fields, access: Access, pc: int) -> Place:
    displacement = fields["imm"] if fields["u"] else -fields["imm"]
    if fields["n"] == PC:
        return CONSTANT, -1, 0, (pc & ~3) + displacement, access.count, 0, False
    return fields["n"], -1, 0, displacement, access.count, 0, False


def _literal(fields: Fields, access: Access, pc: int) -> Place:
    displacement = fields["imm"] if fields.get("u", 1) else -fields["imm"]
    return CONSTANT, -1, 0, (pc & ~3) + displacement & 0xFFFF_FFFF, access.count, 0, False


def _index(fields: Fields, access: Access, pc: int) -> Place:
    amount = fields.get("shift_amount", 0)
    if fields["n"] == PC:
        return CONSTANT, fields["m"], amount, pc, access.count, 0, False
    return fields["n"], fields["m"], amount, 0, access.count, 0, False


def _indexed(fields: Fields, access: Access, pc: int) -> Place:
    displacement = fields["imm"] if fields["u"] else -fields["imm"]
    base, moves = fields["n"], fields["w"] == 1
    writeback = displacement if moves else 0
    if not fields["p"]:
        displacement = 0
    if base == PC:
        return CONSTANT, -1, 0, (pc & ~3) + displacement & 0xFFFF_FFFF, access.count, writeback, moves
    return base, -1, 0, displacement, access.count, writeback, moves


def _up(fields: Fields, access: Access, pc: int) -> Place:
    count = fields["registers"].bit_count()
    moves = fields["w"] == 1
    return fields["n"], -1, 0, 0, count, access.size * count if moves else 0, moves


def _up_moving(fields: Fields, access: Access, pc: int) -> Place:
    count = fields["registers"].bit_count()
    return fields["n"], -1, 0, 0, count, access.size * count, True


def _up_unless_loaded(fields: Fields, access: Access, pc: int) -> Place:
    count = fields["registers"].bit_count()
    moves = fields["registers"] >> fields["n"] & 1 == 0
    return fields["n"], -1, 0, 0, count, access.size * count if moves else 0, moves


def _down(fields: Fields, access: Access, pc: int) -> Place:
    count = fields["registers"].bit_count()
    moves = fields["w"] == 1
    return fields["n"], -1, 0, -access.size * count, count, -access.size * count if moves else 0, moves


def _down_moving(fields: Fields, access: Access, pc: int) -> Place:
    count = fields["registers"].bit_count()
    return fields["n"], -1, 0, -access.size * count, count, -access.size * count, True


def _push(fields: Fields, access: Access, pc: int) -> Place:
    fields["n"] = SP
    return _down_moving(fields, access, pc)


def _pop(fields: Fields, access: Access, pc: int) -> Place:
    fields["n"] = SP
    return _up_moving(fields, access, pc)


def _fp_up(fields: Fields, access: Access, pc: int) -> Place:
    count, moves = fields["imm"], fields["w"] == 1
    if fields["n"] == PC:
        return CONSTANT, -1, 0, pc & ~3, count, 4 * count if moves else 0, moves
    return fields["n"], -1, 0, 0, count, 4 * count if moves else 0, moves


def _fp_up_moving(fields: Fields, access: Access, pc: int) -> Place:
    count = fields["imm"]
    return fields["n"], -1, 0, 0, count, 4 * count, True


def _fp_down_moving(fields: Fields, access: Access, pc: int) -> Place:
    count = fields["imm"]
    return fields["n"], -1, 0, -4 * count, count, -4 * count, True


MODES: dict[str, Callable[[Fields, Access, int], Place]] = {
    "offset": _offset,
    "back": _back,
    "sign": _signed_offset,
    "literal": _literal,
    "index": _index,
    "puw": _indexed,
    "up": _up,
    "up!": _up_moving,
    "up?": _up_unless_loaded,
    "down": _down,
    "down!": _down_moving,
    "push": _push,
    "pop": _pop,
    "fp_up": _fp_up,
    "fp_up!": _fp_up_moving,
    "fp_down!": _fp_down_moving,
}


def branch_of(form: str, fields: Fields, address: int) -> tuple[str, int | None] | None:
    """The branch's kind and target, None where a row that may write PC does not."""
    if form == "if_pc":
        return _written_pc(fields)
    if form == "register":
        return ("return" if fields["m"] == LR else "indirect"), None
    if form == "table" or "imm" not in fields:
        return form, None
    return ("conditional" if form == "forward" else form), address + 4 + fields["imm"] & 0xFFFF_FFFF


def _written_pc(fields: Fields) -> tuple[str, int | None] | None:
    if "registers" in fields:
        if not fields["registers"] >> PC & 1:
            return None
        returns = fields["n"] == SP
    elif "t" in fields:
        if fields["t"] != PC:
            return None
        returns = fields.get("n") == SP and fields.get("w") == 1
    else:
        if fields["d"] != PC:
            return None
        returns = fields.get("m") == LR and "n" not in fields
    return ("return" if returns else "indirect"), None
