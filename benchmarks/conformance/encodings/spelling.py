"""A disassembler's spelling -> that of assembly.py: registers by number, numbers in decimal, one of two spellings."""

from __future__ import annotations

import re
import struct

MASK = 0xFFFF_FFFF
REGISTERS = {"sb": "r9", "sl": "r10", "fp": "r11", "ip": "r12", "sp": "r13", "lr": "r14", "pc": "r15"}
SYNONYMS = {"addw": "add", "subw": "sub", "movw": "mov", "ldmia": "ldm", "stmia": "stm", "vldmia": "vldm", "vstmia": "vstm",
            "bcs": "bhs", "bcc": "blo", "fldmiax": "vldm", "ldmfd": "ldm", "stmea": "stm"}  # fmt: skip
SHIFTS = ("lsl", "lsr", "asr", "ror")
IN_PLACE = (
    "add",
    "sub",
    "and",
    "orr",
    "eor",
    "bic",
    "adc",
    "sbc",
    "lsl",
    "lsr",
    "asr",
    "ror",
    "mul",
    "mvn",
)  # of two operands
NUMBER = re.compile(r"(?<![a-z0-9_.:])([-+]?)(0x[0-9a-f]+|[0-9]+)(?![0-9a-z.])")
BRANCHES = re.compile(r"^(b|bl|cbn?z|b(eq|ne|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le))$")
FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+(e[-+]?[0-9]+)?")


def normal(mnemonic: str, operands: str, address: int) -> str:
    """One line of a disassembly at an address."""
    name = _mnemonic(mnemonic.lower())
    text = operands.lower().replace("#", "")
    text = re.sub(r"\b(sb|sl|fp|ip|sp|lr|pc)\b", lambda m: REGISTERS[m[1]], text)
    text = re.sub(r"\b(lsl|lsr|asr|ror) +", r"\1", text).replace(" ", "")
    text = re.sub(r"(lsl|lsr|asr|ror)(0x[0-9a-f]+)", lambda m: m[1] + str(int(m[2], 16)), text)
    text = re.sub(r"\{[^}]*\}", lambda m: _list(m[0]), text)
    if name == "vmov" and FLOAT.search(text):
        text = FLOAT.sub(lambda m: _immediate(float(m[0])), text)
    else:
        text = NUMBER.sub(lambda m: str((-1 if m[1] == "-" else 1) * int(m[2], 0) & MASK), text)
    text = re.sub(r",0\]", "]", text)
    if BRANCHES.match(name) and text and not text.split(",")[-1].startswith("r"):
        *before, target = text.split(",")
        text = ",".join([*before, str(int(target) - address & MASK)])
    return _synonym(name, text).strip()


def _mnemonic(name: str) -> str:
    whole = name.removesuffix(".w").removesuffix(".n")
    stem, _, types = whole.partition(".")
    if stem.startswith("vcvt"):
        return f"{stem}.{types}"
    return SYNONYMS.get(stem, stem)


def _list(text: str) -> str:
    registers: list[str] = []
    for piece in text.strip("{}").split(","):
        first, _, last = piece.partition("-")
        if last[1:].isdigit():
            registers += [f"{first[0]}{n}" for n in range(int(first[1:]), int(last[1:]) + 1)]
        else:
            registers.append(first)
    return "{" + ",".join(registers) + "}"


def _immediate(value: float) -> str:
    """VFPExpandImm() backwards."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    return f"imm8:{(bits >> 31) << 7 | (bits >> 29 & 1) << 6 | bits >> 19 & 63}"


def _synonym(name: str, text: str) -> str:
    o = _split(text)
    s = name[-1] == "s" and name[:-1] in (*IN_PLACE, "mov", "rsb", "neg", "orn")
    stem = name[:-1] if s else name
    if stem == "neg":
        stem, o = "rsb", [*o, "0"]
    if stem == "mov" and len(o) == 3:
        stem, o = ("rrx", o[:2]) if o[2] == "rrx" else (o[2][:3], [*o[:2], o[2][3:]])
    elif stem == "mov" and len(o) == 2 and o[1] == "rrx":
        o = o[:1]
    if stem in IN_PLACE and stem != "mvn" and len(o) == 2:
        o = [*o, o[0]] if stem == "mul" else [o[0], *o]
    if stem in ("add", "sub") and len(o) == 3 and o[1] == "r15" and o[2].isdigit() and not s:
        stem, o = "adr", [o[0], o[2] if stem == "add" else str(-int(o[2]) & MASK)]
    if stem == "add" and len(o) == 3 and o[1] == "r13" and o[2] == o[0] and o[0] != "r13":
        o = [o[0], o[0], "r13"]
    stem, o = _stack(stem, o)
    if stem == "vmov" and len(o) == 2 and o[1].isdigit():
        o[1] = f"imm8:{o[1]}"
    if stem.startswith("it"):
        o = [{"cs": "hs", "cc": "lo"}.get(p, p) for p in o]
    if stem in ("msr", "mrs"):
        o = [p for p in o if re.fullmatch(r"r[0-9]+", p)]
    if stem in ("vmrs", "vmsr"):
        o = [p for p in o if re.fullmatch(r"r[0-9]+", p)]
    if stem == "nop" and o:
        stem, o = "hint", [o[0].strip("{}")]
    if stem in ("dsb", "dmb", "isb"):
        o = []
    if stem.startswith("vcmp") and len(o) == 2 and o[1] in ("0", "0.0"):
        o[1] = "0"
    return f"{stem}{'s' * s} {','.join(o)}"


def _stack(stem: str, o: list[str]) -> tuple[str, list[str]]:
    """PUSH and POP, which some write as what they are."""
    if len(o) == 2 and o[0] == "r13!":
        stem = {"stmdb": "push", "ldm": "pop", "vstmdb": "vpush", "vldm": "vpop"}.get(stem, stem)
        return stem, o[1:] if stem in ("push", "pop", "vpush", "vpop") else o
    if stem == "str" and o[1:] == ["[r13,4294967292]!"]:
        return "push", ["{" + o[0] + "}"]
    if stem == "ldr" and o[1:] == ["[r13]", "4"]:
        return "pop", ["{" + o[0] + "}"]
    return stem, o


def _split(text: str) -> list[str]:
    """At commas outside brackets."""
    return [piece for piece in re.split(r",(?![^\[{]*[\]}])", text) if piece]
