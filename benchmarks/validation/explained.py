"""Facts of the microbenchmarks that the model does not hold, each with its reason; one that comes true must leave the list."""

from __future__ import annotations

from benchmarks.conformance.outcome import Explained

ECC = (
    "the read-modify-write of a part of a word takes 4 cycles on the STM32H743, whose memories have ECC, and 3 on the STM32F767, "
    "which like this chip has none (`sixteen_strb`); with `drain_narrow` = 4 the model gives the H743's figure"
)
STRIDE = (
    "the same; with `drain_narrow` = 4 the model gives 40, 2 cycles a byte: the 0.4 more follow from no queue of up to nine entries "
    "before two banks"
)
FLASH = "the F767's flash read by fetches that no cache holds at 8 MHz: which lines the fetch unit asks for ahead of a branch is not known"

EXPLAINED: tuple[Explained, ...] = (
    Explained("strb_in_one_bank", ECC),
    Explained("strh_in_one_bank", ECC),
    Explained("strb_in_alternating_banks", ECC),
    Explained("strh_unit_stride", ECC),
    Explained("unaligned_stores_every_cycle", ECC),
    Explained("strb_unit_stride", STRIDE),
    Explained(
        "load_by_another_register_of_the_word_stored",
        "the scoreboard knows a word by the registers and the displacement that address it; two registers of one value are two words",
    ),
    Explained(
        "strb_and_three_nops",
        "a byte every 2 cycles cannot be stored in 2.25 where one holds its bank for 3; which access width the 9 was of is not told (C)",
    ),
    *(Explained(f"no_btac_uncached_{nops}_nops_on", FLASH) for nops in range(1, 12)),
    Explained("sixteen_str_no_btac_uncached", FLASH),
    Explained("sixteen_unaligned_ldr_no_btac_uncached", FLASH),
)
