"""How many requests are inside at the same time, and how much their bodies hold together."""

import asyncio
import time

from kerasrec.serving.refusal import Refusal

# A body over the limit is read on for a while: closing at once would lose the answer on its way.
DRAINED = 8
DIGITS = 20
# A body that comes slower than this, after a first second, makes room where there is none left.
SLOW, FIRST = 256 << 10, 1.0  # bytes a second, seconds


class Gate:
    """ASGI middleware: reads each body whole, within bounds, before anything works on it.

    * 413 for a body over the limit of one, 503 where too many requests or bytes wait already,
      408 for one that does not arrive in time.
    * Where bytes are short, slow bodies are given up first: room that is announced and not used
      keeps nobody out.
    * Trailing work is none of its business: what is inside has its own timeout.

    Args:
        app: What answers.
        limits: A `Limits`.
        refuse: Makes the answer of a `Refusal`, an ASGI app.
    """

    def __init__(self, app, limits, refuse):
        self._app, self._limits, self._refuse = app, limits, refuse
        self._requests = self._bytes = 0
        self._reading = []

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived = _Arrived(scope, self._crowd())
        try:
            if not arrived.refusal:
                await self._read(arrived, receive)
            # A body that is only half there has no place yet, or a few slow ones would have all.
            refusal = arrived.refusal or self._crowd()
            if refusal:
                await self._refuse(refusal)(scope, receive, send)
            elif arrived.whole:
                await self._answer(scope, _Once(b"".join(arrived.parts), receive), send)
        finally:
            self._bytes -= arrived.taken

    async def _answer(self, scope, receive, send):
        self._requests += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._requests -= 1

    async def _read(self, arrived, receive):
        self._take(arrived, arrived.said)
        self._reading.append(arrived)
        try:
            await asyncio.wait_for(self._read_all(arrived, receive), self._limits.timeout)
        except asyncio.TimeoutError:
            late = f"The request did not arrive within {self._limits.timeout:.3g} s."
            arrived.refusal = arrived.refusal or Refusal("DEADLINE_EXCEEDED", late, 408)
        finally:
            self._reading.remove(arrived)

    async def _read_all(self, arrived, receive):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            part = message.get("body", b"")
            arrived.read += len(part)
            self._take(arrived, arrived.read)
            if not arrived.refusal:
                arrived.parts.append(part)
            if not message.get("more_body") or arrived.read > DRAINED * self._limits.body:
                arrived.whole = True
                return

    def _take(self, arrived, size):
        """Room for that many bytes, or a refusal."""
        more = max(0, size - arrived.taken)
        if self._bytes + more > self._limits.waiting_bytes:
            self._give_up_slow_ones(arrived)
        arrived.refusal = arrived.refusal or self._refusal(size, more)
        if not arrived.refusal:
            arrived.taken += more
            self._bytes += more

    def _give_up_slow_ones(self, but):
        for one in self._reading:
            if one is not but and one.taken and one.is_slow():
                one.refusal = _busy("The body came slowly, and others needed its room")
                self._bytes -= one.taken
                one.taken, one.parts = 0, []

    def _crowd(self):
        if self._requests < self._limits.waiting:
            return None
        return _busy(f"{self._requests} requests wait already")

    def _refusal(self, size, more):
        if size > self._limits.body:
            most = f"{self._limits.body / (1 << 20):.3g} MiB"
            return Refusal(
                "INVALID_ARGUMENT", f"The body is larger than {most}: split the request.", 413
            )
        if self._bytes + more > self._limits.waiting_bytes:
            return _busy(f"{self._bytes >> 20} MiB of requests wait already")
        return None


class _Arrived:
    """What has come of a body, what room was taken for it, and why it is refused, if it is."""

    def __init__(self, scope, refusal):
        length = dict(scope["headers"]).get(b"content-length", b"")
        # More digits are refused by what reads the protocol, which knows that they are no size.
        # The room is taken at once, so that of a crowd the first are let in, and not all half-way.
        self.said = int(length[:DIGITS]) if length.isdigit() else 0
        self.refusal, self.taken, self.parts, self.whole = refusal, 0, [], False
        self.read, self._start = 0, time.monotonic()

    def is_slow(self):
        late = time.monotonic() - self._start - FIRST
        return late > 0 and self.read < SLOW * late


class _Once:
    """What an app receives: the body that was read, and then what comes from the client."""

    def __init__(self, body, receive):
        self._body, self._receive = body, receive

    async def __call__(self):
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _busy(why):
    return Refusal("UNAVAILABLE", f"{why}: ask again in a moment.")
