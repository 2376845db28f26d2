"""DATA: words of the exceptions' logs that are not the manual's, and why. An unused row fails the whole run."""

from benchmarks.conformance.outcome import Explained

EXPLAINED: tuple[Explained, ...] = ()
