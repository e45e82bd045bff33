"""How many requests are inside at the same time, and how much their bodies hold together."""

import asyncio

from kerasrec.serving.refusal import Refusal

# A body over the limit is read on for a while: closing at once would lose the answer on its way.
DRAINED = 8


class Gate:
    """ASGI middleware: reads each body whole, within bounds, before anything works on it.

    * 413 for a body over the limit of one, 503 where too many requests or bytes wait already,
      408 for one that does not arrive in time.
    * Trailing work is none of its business: what is inside has its own timeout.

    Args:
        app: What answers.
        limits: A `Limits`.
        refuse: Makes the answer of a `Refusal`, an ASGI app.
    """

    def __init__(self, app, limits, refuse):
        self._app, self._limits, self._refuse = app, limits, refuse
        self._requests = self._bytes = 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._requests >= self._limits.waiting:
            busy = _busy(f"{self._requests} requests wait already")
            await self._refuse(busy)(scope, receive, send)
            return
        self._requests += 1
        taken = []
        try:
            try:
                reading = self._read(scope, receive, taken)
                body = await asyncio.wait_for(reading, self._limits.timeout)
            except asyncio.TimeoutError:
                late = f"The request did not arrive within {self._limits.timeout:.3g} s."
                body = Refusal("DEADLINE_EXCEEDED", late, 408)
            app = self._refuse(body) if isinstance(body, Refusal) else self._app
            await app(scope, _Once(body, receive), send)
        finally:
            self._requests -= 1
            self._bytes -= sum(taken)

    async def _read(self, scope, receive, taken):
        """The body, or why it is refused."""
        length = dict(scope["headers"]).get(b"content-length", b"")
        said = int(length) if length.isdigit() else 0
        parts, read, refusal = [], 0, self._refusal(said, said)
        if not refusal:
            # At once, so that of a crowd the first are let in, and not everybody half-way.
            self._take(said, taken)
        while True:
            message = await receive()
            part = message.get("body", b"")
            read += len(part)
            more = max(0, read - sum(taken))
            refusal = refusal or self._refusal(read, more)
            if not refusal:
                self._take(more, taken)
                parts.append(part)
            if not message.get("more_body") or read > DRAINED * self._limits.body:
                return refusal or b"".join(parts)

    def _take(self, size, taken):
        taken.append(size)
        self._bytes += size

    def _refusal(self, size, more):
        if size > self._limits.body:
            most = f"{self._limits.body / (1 << 20):.3g} MiB"
            return Refusal(
                "INVALID_ARGUMENT", f"The body is larger than {most}: split the request.", 413
            )
        if self._bytes + more > self._limits.waiting_bytes:
            return _busy(f"{self._bytes >> 20} MiB of requests wait already")
        return None


class _Once:
    """What an app receives: the body that was read, and then what comes from the client."""

    def __init__(self, body, receive):
        self._body, self._receive = body if isinstance(body, bytes) else b"", receive

    async def __call__(self):
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _busy(why):
    return Refusal("UNAVAILABLE", f"{why}: ask again in a moment.")
