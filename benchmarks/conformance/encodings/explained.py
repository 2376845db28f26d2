"""Where the witnesses disagree with our decoder, and why; and the names of the spaces that Armv7E-M with FPv5-SP leaves undefined."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.conformance.outcome import Explained

_OWN_WAY = "Armv7-M calls the word unpredictable; each disassembler has its own way with it"
_HINTS = "an unallocated memory hint of A5.3.8 and A5.3.9, which executes as NOP"
_TRANSLATED = "writes LDRT and its kin where bits 11 to 8 of a literal's offset are 1110"

# name, reason, (word, size) -> whether it is there; the first that holds names the space
SPACES: tuple[tuple[str, str, Callable[[int, int], bool]], ...] = (
    ("BX and BLX with should-be-zero bits", "BXNS and BLXNS are Armv8-M's", lambda w, s: s == 2 and w >> 8 == 0x47),
    (
        "16 bits of A-profile",
        "SETEND, SETPAN, HLT, and CPS of the A bit",
        lambda w, s: s == 2 and (w >> 8 in (0xB6, 0xBA)),
    ),
    ("other 16 bits", "none", lambda w, s: s == 2),
    ("Advanced SIMD", "this core has none, nor MVE", lambda w, s: w >> 24 in (0xEF, 0xFF) or w >> 20 & 0xFF1 == 0xF90),
    (
        "absent coprocessors",
        "NOCP here; the witnesses know FPA, half precision, MVE, CDE, BF16 and the general forms",
        lambda w, s: w >> 26 & 0x3B == 0x3B and w >> 8 & 0xE != 0xA,
    ),
    (
        "FPU",
        "double-precision arithmetic, D16 to D31, FLDMX and FSTMX, and what other FPUs have in coprocessors 10 and 11",
        lambda w, s: w >> 26 & 0x3B == 0x3B,
    ),
    ("load and store multiple", "SP or PC in a list, SRS and RFE", lambda w, s: w >> 24 in (0xE8, 0xE9) and not w >> 22 & 1),
    (
        "load and store exclusive",
        "LDREXD, acquire and release, TT, and should-be-one fields that are not",
        lambda w, s: w >> 24 in (0xE8, 0xE9),
    ),
    ("shifted register", "bit 15 should be zero; the rest are unallocated or MVE's", lambda w, s: w >> 25 == 0x75),
    ("branches and control", "BLX, HVC, SMC, low-overhead loops, banked and should-be-zero forms of MSR and MRS",
     lambda w, s: w >> 27 == 0x1E and bool(w >> 15 & 1)),
    ("immediate and bit field", "bits that should be zero", lambda w, s: w >> 27 == 0x1E),
    ("single load and store", "PC as base or data, PLDW, and unallocated forms", lambda w, s: w >> 25 == 0x7C),
    ("register and multiply", "bits that should be zero, CRC32, and Armv8.1-M's forms", lambda w, s: True),
)  # fmt: skip

_WITHOUT_MARK = "leaves out the ! of an address with writeback whose offset is 0"

EXPLAINED = (
    *(
        Explained(f"{who} knows {name}", reason)
        for who in ("capstone", "objdump")
        for name, reason, _ in SPACES
        if reason != "none" and (who, name) != ("objdump", "shifted register")
    ),
    Explained("capstone unpredictable*", _OWN_WAY),
    Explained("objdump unpredictable*", _OWN_WAY),
    Explained("capstone mnemonic DSB_T1", "knows DFB of Armv8-R"),
    Explained("objdump mnemonic DSB_T1", "knows SSBB, PSSBB and DFB of Armv8"),
    Explained("capstone mnemonic HINT_T2", "knows hints of Armv8"),
    Explained("objdump mnemonic HINT_T*", "knows hints of Armv8"),
    Explained("objdump mnemonic MOV_reg_T1", "writes NOP for MOV R8, R8"),
    Explained("capstone mnemonic MEMHINT_*", _HINTS),
    Explained("capstone rejects MEMHINT*", _HINTS),
    Explained("objdump mnemonic MEMHINT*", _HINTS),
    Explained("objdump operands LDRD_imm_T1", _WITHOUT_MARK),
    Explained("objdump operands STRD_imm_T1", _WITHOUT_MARK),
    Explained("objdump mnemonic LDRB_lit_T1", _TRANSLATED),
    Explained("objdump mnemonic LDRH_lit_T1", _TRANSLATED),
    Explained("objdump mnemonic LDRSB_lit_T1", _TRANSLATED),
    Explained("objdump mnemonic LDRSH_lit_T1", _TRANSLATED),
    Explained("objdump mnemonic LDR_lit_T2", _TRANSLATED),
)  # fmt: skip


def space_of(word: int, size: int) -> str:
    """The space of an undefined word."""
    return next(name for name, _, holds in SPACES if holds(word, size))
