"""The generator: keeps a few connections busy with a plan, in a process of its own.

It reads one command a line from standard input and prints one answer a line, so that the harness can look at the
server's clock just before and just after the stretch that is measured:

    {"do": "prepare", "plan": …, "seconds": 1.0}   connect and warm up    → {"ready": true}
    {"do": "run", "seconds": 2.0, "count": 20000}  measure and hang up    → {"exchanges": …, "p50": …}
    anything wrong                                                        → {"error": "…"}

A connection sends its next request when the last one was answered, and every answer is looked at.
"""

import asyncio
import gc
import json
import sys
from time import perf_counter
from typing import Any, cast

import msgspec
import uvloop

from bench.plan import Plan, Step

_LENGTH = b"content-length: "
_VALUE_ENDS = (b"&", b'"', b"\r", b"\n")


class WrongAnswer(Exception):
    """An answer without the status or the content that its step demands."""


class _Written:
    """A step as bytes, ready to be sent."""

    __slots__ = ("after", "before", "contains", "fill", "head", "message", "statuses", "take_after")

    def __init__(self, step: Step) -> None:
        self.head = step.head.encode()
        self.before = step.before.encode()
        self.after = step.after.encode()
        self.fill = step.fill
        self.statuses = frozenset(str(status).encode() for status in step.statuses)
        self.contains = step.contains.encode()
        self.take_after = step.take_after.encode()
        self.message = self._assemble(b"")

    def filled(self, value: bytes) -> bytes:
        """The message to send when the step before took `value` from its answer."""
        return self._assemble(value) if self.fill else self.message

    def _assemble(self, value: bytes) -> bytes:
        if not self.before and not self.fill:
            return self.head + b"\r\n\r\n"
        body = self.before + value + self.after
        return self.head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class _Stretch:
    """The time that the connections share: when it ends, and what they saw in it."""

    def __init__(self, seconds: float, count: int) -> None:
        self.deadline = perf_counter() + seconds
        self.left = count
        self.latencies: list[float] = []


class _Lane(asyncio.Protocol):
    """One connection and the exchanges it repeats."""

    def __init__(self, exchanges: list[list[_Written]], loop: asyncio.AbstractEventLoop) -> None:
        self._exchanges = exchanges
        self._loop = loop
        self._next_exchange = 0
        self._buffer = b""
        self._stretch = _Stretch(0, 0)
        self._done: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of no class of asyncio's

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(WrongAnswer("the server closed the connection"))

    def start(self, stretch: _Stretch) -> asyncio.Future[None]:
        """Begin to send; the future is done when the stretch is over and the last answer has come."""
        self._stretch = stretch
        self._done = self._loop.create_future()
        self._begin_exchange(perf_counter())
        return self._done

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not _is_whole(data):
            self._buffer = data
            return
        self._buffer = b""
        step = self._steps[self._at]
        if data[9:12] not in step.statuses or step.contains not in data:
            self._done.set_exception(WrongAnswer(f"{step.message[:80]!r} was answered with {data[:800]!r}"))
            return
        self._at += 1
        if self._at < len(self._steps):
            self._transport.write(self._steps[self._at].filled(_taken(data, step.take_after)))
        else:
            self._end_exchange()

    def _begin_exchange(self, now: float) -> None:
        self._steps = self._exchanges[self._next_exchange]
        self._next_exchange = (self._next_exchange + 1) % len(self._exchanges)
        self._at = 0
        self._began = now
        self._transport.write(self._steps[0].message)

    def _end_exchange(self) -> None:
        now = perf_counter()
        stretch = self._stretch
        stretch.latencies.append(now - self._began)
        stretch.left -= 1
        if now < stretch.deadline and stretch.left > 0:
            self._begin_exchange(now)
        else:
            self._done.set_result(None)


class _Generator:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lanes: list[_Lane] = []

    async def prepare(self, plan: Plan, seconds: float) -> dict[str, Any]:
        """Connect each lane and send for a while what nobody measures."""
        for exchanges in plan.lanes:
            written = [[_Written(step) for step in exchange] for exchange in exchanges]
            lane = _Lane(written, self._loop)
            await self._loop.create_connection(lambda lane=lane: lane, "127.0.0.1", plan.port)  # type: ignore[misc]
            self._lanes.append(lane)
        await self._drive(_Stretch(seconds, sys.maxsize))
        return {"ready": True}

    async def run(self, seconds: float, count: int) -> dict[str, Any]:
        """Send until the time is over or `count` exchanges are begun, wait for the last answers, hang up."""
        stretch = _Stretch(seconds, count)
        began = perf_counter()
        try:
            await self._drive(stretch)
        finally:
            elapsed = perf_counter() - began
            self.hang_up()
        ordered = sorted(stretch.latencies)
        last = len(ordered) - 1
        return {
            "exchanges": len(ordered),
            "elapsed": elapsed,
            "p50": ordered[last // 2],
            "p99": ordered[min(last, round(last * 0.99))],
        }

    def hang_up(self) -> None:
        """Close all connections."""
        for lane in self._lanes:
            lane.close()
        self._lanes.clear()

    async def _drive(self, stretch: _Stretch) -> None:
        await asyncio.gather(*(lane.start(stretch) for lane in self._lanes))


def _is_whole(data: bytes) -> bool:
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = data[:end].lower()
    at = head.find(_LENGTH)
    if at >= 0:
        at += len(_LENGTH)
        stop = head.find(b"\r", at)
        return len(data) >= end + 4 + int(head[at : stop if stop >= 0 else end])
    if b"transfer-encoding: chunked" in head:
        return data.endswith(b"0\r\n\r\n")
    return True  # an answer without a body


def _taken(data: bytes, mark: bytes) -> bytes:
    if not mark:
        return b""
    start = data.index(mark) + len(mark)
    ends = [end for end in (data.find(stop, start) for stop in _VALUE_ENDS) if end >= 0]
    return data[start : min(ends, default=len(data))]


def main() -> None:
    """Obey the lines of standard input until it ends."""
    gc.disable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        generator = _Generator(runner.get_loop())
        for line in sys.stdin:
            command = json.loads(line)
            try:
                if command["do"] == "prepare":
                    plan = msgspec.convert(command["plan"], Plan)
                    answer = runner.run(generator.prepare(plan, command["seconds"]))
                else:
                    answer = runner.run(generator.run(command["seconds"], command["count"]))
            except (OSError, WrongAnswer) as problem:
                generator.hang_up()
                answer = {"error": str(problem)}
            print(json.dumps(answer), flush=True)
            gc.collect()


if __name__ == "__main__":
    main()
