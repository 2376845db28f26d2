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
UNALIGNED = (
    "2 cycles an unaligned load, two at a time in 4, on the STM32F767; two at a time take 5 on the STM32H743 (`two_unaligned_loads`), and two "
    "of one word do not pair here, since their banks are known to be the same before it is known that they are not aligned"
)

EXPLAINED: tuple[Explained, ...] = (
    Explained("strb_in_one_bank", ECC),
    Explained("strh_in_one_bank", ECC),
    Explained("strb_in_alternating_banks", ECC),
    Explained("strh_unit_stride", ECC),
    Explained("unaligned_stores_every_cycle", ECC),
    Explained("strb_unit_stride", STRIDE),
    Explained(
        "strb_and_three_nops",
        "a byte every 2 cycles cannot be stored in 2.25 where one holds its bank for 3; which access width the 9 was of is not told (C)",
    ),
    Explained("sixteen_unaligned_ldr_no_btac_uncached", UNALIGNED),
)
