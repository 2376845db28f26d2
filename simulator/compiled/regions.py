"""Which hot blocks share a function: those of a loop, so that it runs without leaving the function.

Reference: Tarjan, "Depth-first search and linear graph algorithms", 1972. Cycles do not depend on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

MOST_BLOCKS, MOST_INSTRUCTIONS = 24, 240  # of a function, whose compilation would take too long


def regions(
    ways: Mapping[int, Sequence[int]], lengths: Mapping[int, int], counts: Mapping[int, float]
) -> list[list[int]]:
    """Each block with the others of its loop; a loop that is too large without its rarest blocks, which are parted in turn.

    ways: the blocks that may follow each; lengths: in instructions; counts: how often each has been executed.
    """
    found: list[list[int]] = []
    pending: list[Collection[int]] = [ways]
    while pending:
        for loop in components(ways, pending.pop()):
            if len(loop) == 1 or (
                len(loop) <= MOST_BLOCKS and sum(lengths[number] for number in loop) <= MOST_INSTRUCTIONS
            ):
                found.append(sorted(loop))
                continue
            by_count = sorted(loop, key=lambda number: (-counts[number], number))
            half = len(loop) // 2
            pending += [by_count[:half], by_count[half:]]
    return sorted(found)


def components(ways: Mapping[int, Sequence[int]], among: Collection[int]) -> list[list[int]]:
    """The strongly connected components of a part of the graph."""
    members = set(among)
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in sorted(members):
        if root in order:
            continue
        walk = [(root, iter([w for w in ways[root] if w in members]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while walk:
            node, rest = walk[-1]
            following = next(rest, None)
            if following is None:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[node])
                if low[node] == order[node]:
                    found.append(_popped(stack, on_stack, node))
            elif following not in order:
                order[following] = low[following] = len(order)
                stack.append(following)
                on_stack.add(following)
                walk.append((following, iter([w for w in ways[following] if w in members])))
            elif following in on_stack:
                low[node] = min(low[node], order[following])
    return found


def _popped(stack: list[int], on_stack: set[int], last: int) -> list[int]:
    component = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        component.append(node)
        if node == last:
            return component
