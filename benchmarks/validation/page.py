"""docs/accuracy.md."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.validation.part import Answer

HEAD = """\
# What the cycles rest on

Written by `python -m simulator validate --write`, but for the sections at the end that name another command.

Pipeline: classes, pairing and latencies are rows with sources in `simulator/timing/cortex_m7.py`; the block-wise automaton equals the plain
instruction-by-instruction `simulator/timing/reference.py` exactly on random code (`tests/timing`). Memories: `simulator/timing/memories.py`.
Addresses of data accesses are worked out from the register file before a block runs; `python -m benchmarks.addresses ELF` compares each with a
memory hook's, over a whole run. What is not modelled: [not-modelled.md](not-modelled.md).
"""


GIVEN_UP = ("How far to trust a total",)  # sections that the parts have replaced


def page(answers: Sequence[tuple[str, Answer]], before: str, titles: Sequence[str]) -> str:
    """The page, as Markdown: a section a part; of the page before, the sections of parts that did not run, and all others.

    titles: the headings of all parts, in their order.
    """
    kept = sections(before)
    made = {title: f"\n{answer.missing or answer.markdown}" for title, answer in answers}
    ordered = [(title, made.get(title, kept.get(title, ""))) for title in titles]
    others = [(title, text) for title, text in kept.items() if title not in titles and title not in GIVEN_UP]
    parts = [HEAD, *(f"## {title}\n{text}" for title, text in (*ordered, *others) if text.strip())]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def sections(page: str) -> dict[str, str]:
    """The text of a page by its second-level headings."""
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
