"""Which encodings simulator/dsp.py gives a meaning, and where in them its operands are.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A7.7; simulator/encodings*.py. Not modelled: see dsp.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.bit_pictures import Row
from simulator.decode import Instruction, ordered_rows
from simulator.dsp import Lanes, Operation, Prefix


@dataclass(frozen=True)
class Meaning:
    """An operation of dsp.py and the encoding fields that are its x and y (empty where it has none)."""

    operation: int
    x: str = ""
    y: str = ""
    x_offset: int = 0  # what is added to the field as encoded


def _meanings() -> dict[str, Meaning]:
    found = {f"{p.name}{k.name}_T1": Meaning(6 * k + p) for k in Lanes for p in Prefix}
    for sign in "SU":
        for kind, form in (("B", "T2"), ("H", "T2"), ("B16", "T1")):
            extend = Meaning(Operation[f"{sign}XTA{kind}"], y="rotation")
            found |= {f"{sign}XT{kind}_{form}": extend, f"{sign}XTA{kind}_T1": extend}
            if kind != "B16":
                found[f"{sign}XT{kind}_T1"] = extend
    for name in ("QADD", "QDADD", "QSUB", "QDSUB", "SEL", "USADA8", "MLA", "MLS", "SMLAL", "UMLAL", "UMAAL"):
        found[f"{name}_T1"] = Meaning(Operation[name])
    return found | {
        "SSAT_T1": Meaning(Operation.SSAT, "sat", "shift_amount", 1),
        "USAT_T1": Meaning(Operation.USAT, "sat", "shift_amount"),
        "SSAT16_T1": Meaning(Operation.SSAT16, "sat", "", 1),
        "USAT16_T1": Meaning(Operation.USAT16, "sat"),
        "PKHBT_T1": Meaning(Operation.PKHBT, "", "shift_amount"),
        "PKHTB_T1": Meaning(Operation.PKHTB, "", "shift_amount"),
        "USAD8_T1": Meaning(Operation.USADA8),
        "MUL_T1": Meaning(Operation.MLA),
        "MUL_T2": Meaning(Operation.MLA),
        "SMULL_T1": Meaning(Operation.SMLAL),
        "UMULL_T1": Meaning(Operation.UMLAL),
        "SMLAxy_T1": Meaning(Operation.SMLAXY, "n_high", "m_high"),
        "SMULxy_T1": Meaning(Operation.SMLAXY, "n_high", "m_high"),
        "SMLAWy_T1": Meaning(Operation.SMLAWY, "", "m_high"),
        "SMULWy_T1": Meaning(Operation.SMLAWY, "", "m_high"),
        "SMLAD_T1": Meaning(Operation.SMLAD, "swap"),
        "SMUAD_T1": Meaning(Operation.SMLAD, "swap"),
        "SMLSD_T1": Meaning(Operation.SMLSD, "swap"),
        "SMUSD_T1": Meaning(Operation.SMLSD, "swap"),
        "SMMLA_T1": Meaning(Operation.SMMLA, "round"),
        "SMMUL_T1": Meaning(Operation.SMMLA, "round"),
        "SMMLS_T1": Meaning(Operation.SMMLS, "round"),
        "SMLALxy_T1": Meaning(Operation.SMLALXY, "n_high", "m_high"),
        "SMLALD_T1": Meaning(Operation.SMLALD, "swap"),
        "SMLSLD_T1": Meaning(Operation.SMLSLD, "swap"),
    }


MEANINGS = _meanings()
ROWS: tuple[Row, ...] = tuple(row for row in ordered_rows() if row.name in MEANINGS)


@dataclass(frozen=True)
class Use:
    """An instruction as dsp.execute takes it: registers by number, -1 where it has none (its value is then 0).

    low and high are read only where accumulates is set; destinations are one register or (low, high).
    """

    operation: int
    n: int
    m: int
    a: int
    low: int
    high: int
    x: int
    y: int
    accumulates: bool
    destinations: tuple[int, ...]


def operation_of(instruction: Instruction) -> Use | None:
    """What dsp.execute needs to execute the instruction; None where dsp.py gives it no meaning."""
    meaning = MEANINGS.get(instruction.name)
    if meaning is None:
        return None
    fields = instruction.fields
    y = fields.get(meaning.y, 0)
    if meaning.y == "rotation":
        y //= 8
    elif meaning.operation in (Operation.SSAT, Operation.USAT):
        y |= 32 if fields["shift_type"] == 2 else 0
    low, high = fields.get("dlo", -1), fields.get("dhi", -1)
    return Use(
        int(meaning.operation),
        fields.get("n", -1),
        fields.get("m", -1),
        fields.get("a", -1),
        low,
        high,
        fields.get(meaning.x, 0),
        y & 31 if meaning.operation == Operation.PKHTB else y,
        low >= 0 and (low, "accumulator") in instruction.sources,
        (low, high) if low >= 0 else (fields["d"],),
    )
