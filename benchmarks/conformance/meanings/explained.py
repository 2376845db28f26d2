"""The differences that are known, each with its reason and its source."""

from __future__ import annotations

from benchmarks.conformance.outcome import Explained

EXPLAINED = (
    Explained(
        "core:SMLAD_T1:APSR 08000000:*",
        "Unicorn sets Q where the sum of the two products, both 2**30, overflows although the accumulator takes it back into "
        "range. DDI 0403E, A7.7, SMLAD: Q is by the whole sum. QEMU's commit 5288145d7163 (5.2) mended it; Unicorn's QEMU is "
        "5.0.1. A cure here costs a hook on each SMLAD: docs/not-modelled.md",
    ),
)
