"""docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.validation.part import Answer

HEAD = """\
# What the cycles rest on

Written by `python -m simulator validate --write`.

Pipeline: classes, pairing and latencies are rows with sources in `simulator/timing/cortex_m7.py`; the block-wise automaton equals the plain
instruction-by-instruction `simulator/timing/reference.py` exactly on random code (`tests/timing`). Memories: `simulator/timing/memories.py`.
Addresses of data accesses are worked out from the register file before a block runs; `python -m benchmarks.addresses ELF` compares each with a
memory hook's, over a whole run. What is not modelled: [not-modelled.md](not-modelled.md).
"""


def page(answers: Sequence[tuple[str, Answer]]) -> str:
    """The page, as Markdown: a section a part."""
    parts = [HEAD]
    for title, answer in answers:
        parts.append(f"## {title}\n\n{answer.missing or answer.markdown}")
    return "\n".join(part.rstrip() + "\n" for part in parts)
