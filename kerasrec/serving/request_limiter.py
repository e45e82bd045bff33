"""Limits the number of concurrent HTTP requests, the size of their bodies and their duration."""

import asyncio
import time

from kerasrec.serving.refusal import Refusal

# A body above the limit is read up to this multiple of it: closing the connection at once would
# drop the answer before the client reads it.
DRAIN_FACTOR = 8
MAX_DIGITS = 20
# A body slower than this, after a grace period, is dropped if memory is short.
MIN_RATE, GRACE = 256 << 10, 1.0  # bytes per second, seconds


class RequestLimiter:
    """ASGI middleware that reads each body completely, within limits, before the app runs.

    * 413 for a body that is too large, 503 if too many requests or bytes are in progress, 408 for a
      body that does not arrive in time.
    * If memory is short, slow bodies are dropped first, so that a client cannot reserve memory by
      announcing a body that it does not send.
    * The timeout here is for reading the body. The app has its own timeout.

    Args:
        app: The ASGI app that answers.
        limits: A `Limits`.
        refuse: Function from a `Refusal` to an ASGI app that answers with it.
    """

    def __init__(self, app, limits, refuse):
        self._app, self._limits, self._refuse = app, limits, refuse
        self._requests = self._bytes = 0
        self._reading = []

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, self._refusal_if_busy())
        try:
            if not body.refusal:
                await self._read(body, receive)
            # Requests count from here on, so that a few slow bodies cannot use up all places.
            refusal = body.refusal or self._refusal_if_busy()
            if refusal:
                await self._refuse(refusal)(scope, receive, send)
            elif body.complete:
                await self._answer(scope, _BufferedReceive(b"".join(body.parts), receive), send)
        finally:
            self._bytes -= body.reserved

    async def _answer(self, scope, receive, send):
        self._requests += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._requests -= 1

    async def _read(self, body, receive):
        self._reserve(body, body.announced)
        self._reading.append(body)
        try:
            await asyncio.wait_for(self._read_all(body, receive), self._limits.timeout)
        except asyncio.TimeoutError:
            message = f"The request did not arrive within {self._limits.timeout:.3g} s."
            body.refusal = body.refusal or Refusal("DEADLINE_EXCEEDED", message, 408)
        finally:
            self._reading.remove(body)

    async def _read_all(self, body, receive):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            part = message.get("body", b"")
            body.read += len(part)
            self._reserve(body, body.read)
            if not body.refusal:
                body.parts.append(part)
            if not message.get("more_body") or body.read > DRAIN_FACTOR * self._limits.body:
                body.complete = True
                return

    def _reserve(self, body, size):
        """Reserves memory for `size` bytes of a body in total, or sets its refusal."""
        more = max(0, size - body.reserved)
        if self._bytes + more > self._limits.waiting_bytes:
            self._drop_slow_bodies(body)
        body.refusal = body.refusal or self._refusal_of_size(size, more)
        if not body.refusal:
            body.reserved += more
            self._bytes += more

    def _drop_slow_bodies(self, current):
        for body in self._reading:
            if body is not current and body.reserved and body.is_slow():
                body.refusal = _busy("The body arrived too slowly, and other requests wait")
                self._bytes -= body.reserved
                body.reserved, body.parts = 0, []

    def _refusal_if_busy(self):
        if self._requests < self._limits.waiting:
            return None
        return _busy(f"{self._requests} requests wait already")

    def _refusal_of_size(self, size, more):
        if size > self._limits.body:
            most = f"{self._limits.body / (1 << 20):.3g} MiB"
            return Refusal(
                "INVALID_ARGUMENT", f"The body is larger than {most}: split the request.", 413
            )
        if self._bytes + more > self._limits.waiting_bytes:
            return _busy(f"{self._bytes >> 20} MiB of requests wait already")
        return None


class _Body:
    """A body that is being read: its parts, the memory reserved for it, and its refusal or None."""

    def __init__(self, scope, refusal):
        length = dict(scope["headers"]).get(b"content-length", b"")
        # The HTTP parser refuses a length of more digits. The announced size is reserved at once,
        # so that of many large bodies the first ones succeed, instead of all failing half-way.
        self.announced = int(length[:MAX_DIGITS]) if length.isdigit() else 0
        self.refusal, self.reserved, self.parts, self.complete = refusal, 0, [], False
        self.read, self._start = 0, time.monotonic()

    def is_slow(self):
        seconds = time.monotonic() - self._start - GRACE
        return seconds > 0 and self.read < MIN_RATE * seconds


class _BufferedReceive:
    """ASGI `receive` that returns the buffered body first, and then the client's messages."""

    def __init__(self, body, receive):
        self._body, self._receive = body, receive

    async def __call__(self):
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _busy(why):
    return Refusal("UNAVAILABLE", f"{why}: try again in a moment.")
