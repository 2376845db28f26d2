"""The two ports of a DMA controller, each of which one stream has at a time, by priority.

Reference: RM0385 8.3.4 (arbiter), 8.3.5 to 8.3.8. Not modelled: that the ports arbitrate within a FIFO's worth of memory to memory where no
other stream wants them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from peripherals.kit.clock import Clock, Event
from peripherals.stm32f7.dma_stream import MEMORY, PERIPHERAL, Stream


@dataclass
class Grant:
    """A port that a stream has: for so many bytes, from when on other masters leave it the slave, and its end."""

    stream: int
    size: int
    moves: int
    event: Event
    copies: int = 0  # words, where memory to memory has both ports
    left: int = 0  # cycles to its end, where the controller has no clock


class Ports:
    """`priority` is a stream's, the highest first; `move` carries a burst out and deals with what follows; `look` is called for each
    stream that is enabled, when the ports are given."""

    def __init__(
        self,
        clock: Clock,
        streams: Sequence[Stream],
        *,
        priority: Callable[[int], int],
        move: Callable[[int, Callable[[], None]], None],
        look: Callable[[int], None],
        stopped: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._streams = streams
        self._priority, self._carry_out, self._look, self._stopped = priority, move, look, stopped
        self._grants: dict[str, Grant | None] = dict.fromkeys((PERIPHERAL, MEMORY))
        self._moving = (
            False  # a burst's end is being dealt with: what it does to a peripheral may raise the next request
        )
        self._stopping: set[int] = set()
        self._crowded: set[int] = set()  # streams whose peripheral hands over many, where others are at work
        self._rooms: dict[int, int] = {}  # by stream, what was promised last
        self._owed: set[int] = set()  # streams to which more than one may come at once
        self._clocked = True

    # Streams come and go

    def stop(self, n: int) -> None:
        """`stopped` is called when the bursts under way are over, at once where there are none."""
        if any(grant is not None and grant.stream == n for grant in self._grants.values()):
            self._stopping.add(n)
        else:
            self._stopped(n)

    def release(self, n: int) -> None:
        """The stream is off: what it has under way moves nothing."""
        for streams in (self._stopping, self._crowded, self._owed):
            streams.discard(n)
        for port, grant in self._grants.items():
            if grant is not None and grant.stream == n:
                grant.event.cancel()
                self._grants[port] = None

    def run(self, *, clocked: bool) -> None:
        """Whether the controller has its clock; without it bursts under way wait, and nobody gets a port."""
        if clocked == self._clocked:
            return
        self._clocked = clocked
        under_way = {id(grant): (port, grant) for port, grant in reversed(self._grants.items()) if grant is not None}
        now = self._clock.now
        for port, grant in under_way.values():
            if clocked:
                end = now + grant.left
                grant.moves += end - grant.event.cycle
                grant.event = self._clock.at(end, partial(self._done, port))
            else:
                grant.left = grant.event.cycle - now
                grant.event.cancel()
        self.serve()

    def granted(self, n: int) -> bool:
        """Whether it has the memory's port, and the memory."""
        grant = self._grants[MEMORY]
        return grant is not None and grant.stream == n and grant.moves <= self._clock.now

    def room(self, n: int, period: int, spare: int) -> int:
        """Beats, one each so many cycles, that a stream would take at once: one where anybody else is at work.

        `spare` are those that may wait besides what the FIFO holds."""
        stream = self._streams[n]
        if not stream.enabled:
            return 0
        if not self._clocked:
            return 1
        crowd = self._others(n) or any(grant is not None and grant.stream != n for grant in self._grants.values())
        self._rooms[n] = 1 if crowd else max(1, min(stream.bulk, stream.calm(period, spare)))
        if self._rooms[n] > 1:
            self._owed.add(n)
        return self._rooms[n]

    def hurry(self, n: int) -> None:
        """What a peripheral hands over late, where nobody looks, is taken now that somebody does."""
        grant = self._grants[PERIPHERAL]
        if grant is not None and grant.stream == n and self._streams[n].takes and self._clocked:
            grant.event.cancel()
            self._done(PERIPHERAL)

    # Arbitration

    def _waiting(self, port: str) -> list[int]:
        return [n for n, stream in self._at_work() if stream.wants(port)]

    def _at_work(self) -> list[tuple[int, Stream]]:
        return [(n, stream) for n, stream in enumerate(self._streams) if stream.enabled and n not in self._stopping]

    def _others(self, n: int) -> bool:
        others = [stream for other, stream in self._at_work() if other != n]
        return any(stream.wants(port) for stream in others for port in self._grants)

    def serve(self) -> None:
        """Give each port that is free to the stream with the highest priority that wants it; ties by number."""
        if self._moving or not self._clocked:
            return
        self._look_for_crowds()
        for port in self._grants:
            waiting = self._waiting(port)
            if self._grants[port] is None and waiting:
                self._grant(port, min(waiting, key=lambda n: (-self._priority(n), n)))
        self._cut_copy()
        for n, stream in enumerate(self._streams):
            if stream.enabled:
                self._look(n)

    def _look_for_crowds(self) -> None:
        """Who was promised room has what it has by now taken in, before others have their turn."""
        for n, stream in enumerate(self._streams):
            if not stream.enabled or not stream.takes:
                continue
            crowd = self._others(n)
            if crowd and n not in self._crowded:
                self._crowded.add(n)
                stream.settle()
            elif not crowd:
                self._crowded.discard(n)

    def _grant(self, port: str, n: int) -> None:
        stream, now = self._streams[n], self._clock.now
        free = all(grant is None for grant in self._grants.values())
        copied = stream.copy() if port == PERIPHERAL and free and not self._others(n) else 0
        size, words = stream.size(port), stream.chunk if copied else 0
        moves = now + stream.wait(port)
        event = self._clock.at(moves + (copied or stream.cost(port, size)), partial(self._done, port))
        grant = self._grants[port] = Grant(n, size, moves, event, words)
        if copied:
            self._grants[MEMORY] = grant

    def _cut_copy(self) -> None:
        """A copy by the chunk is one of many bursts: between two of them others have their turn."""
        grant = self._grants[MEMORY]
        if grant is None or not grant.copies or not self._others(grant.stream):
            return
        now = self._clock.now
        cycles, words = self._streams[grant.stream].cut_copy(now - grant.moves)
        if words < grant.copies:
            grant.event.cancel()
            grant.copies = words
            grant.event = self._clock.at(max(now, grant.moves + cycles), partial(self._done, PERIPHERAL))

    # Bursts

    def _done(self, port: str) -> None:
        """The burst is over; its port stays taken meanwhile."""
        grant = self._grants[port]
        assert grant is not None
        n = grant.stream
        self._moving = True
        self._carry_out(n, partial(self._move, self._streams[n], port, grant))
        self._moving = False
        for held in self._grants:
            if self._grants[held] is grant:
                self._grants[held] = None
        if n in self._stopping:
            self._stopping.discard(n)
            self.stop(n)
        self.serve()

    def _move(self, stream: Stream, port: str, grant: Grant) -> None:
        """Raises BusError."""
        if grant.copies:
            stream.finish_copy(grant.copies)
            return
        if port == PERIPHERAL and self._grants[MEMORY] is None and self._gathers(grant.stream, stream):
            return
        stream.step(port, grant.size)

    def _gathers(self, n: int, stream: Stream) -> bool:
        """All that a peripheral has is taken where it was promised so; by the beat otherwise. Raises BusError."""
        raised = [request for request in stream.requests if request.level]
        many = n in self._owed and len(raised) == 1 and raised[0].ready() > 1 and stream.gather(raised[0])
        if self._rooms.get(n, 1) == 1:
            self._owed.discard(n)
        return many
