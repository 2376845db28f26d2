"""Facts of the microbenchmarks that the model does not hold, each with its reason; one that comes true must leave the list."""

from __future__ import annotations

from benchmarks.conformance.outcome import Explained

EXPLAINED: tuple[Explained, ...] = ()
