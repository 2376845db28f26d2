"""The differences that are known, each with its reason and its source."""

from __future__ import annotations

from benchmarks.conformance.outcome import Explained

EXPLAINED: tuple[Explained, ...] = ()
