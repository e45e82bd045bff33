"""An HTTP connection with a deadline for each phase of a request, and errors in JSON."""

import http
import json

from uvicorn.protocols.http.h11_impl import H11Protocol

NOT_HTTP = "This is not an HTTP request, or its head is larger than 16 KiB."
# Seconds for which input is read after a refusal: closing the connection at once would drop the
# answer before the client reads it.
LINGER = 2.0


class HttpConnection(H11Protocol):
    """uvicorn's HTTP protocol with deadlines, so that idle or slow clients are disconnected.

    * The head of a request must arrive within `limits.headers` seconds, from the opening of the
      connection or from the first byte after an answer: else 408.
    * Between requests uvicorn closes the connection after `timeout_keep_alive`.
    * The client must read an answer within `limits.timeout` seconds.
    * `RequestLimiter` has the deadline for bodies.

    Args:
        connections: The `Connections` to register with.
        limits: A `Limits`.
        uvicorn: Keyword arguments from uvicorn.
    """

    def __init__(self, connections, limits, **uvicorn):
        super().__init__(**uvicorn)
        self._connections, self._limits = connections, limits
        self._timer = None
        self._head_started = self._refused = False

    def connection_made(self, transport):
        super().connection_made(transport)
        self._start_timer(self._limits.headers)
        self._connections.add(self, self.client and self.client[0])

    def connection_lost(self, exc):
        self._connections.remove(self)
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data):
        if self._refused:
            return
        if not self._head_started and not self._in_request():
            self._head_started = True
            if self.cycle:
                self._start_timer(self._limits.headers)
        super().data_received(data)

    def handle_events(self):
        super().handle_events()
        if self._in_request() and not self._refused:
            self._connections.mark_busy(self)
            if not self.flow.write_paused:
                self._stop_timer()

    def on_response_complete(self):
        self._head_started = False
        self._connections.mark_idle(self)
        self._start_timer(self._limits.timeout)
        super().on_response_complete()

    def pause_writing(self):
        super().pause_writing()
        self._start_timer(self._limits.timeout)

    def resume_writing(self):
        super().resume_writing()
        if self._in_request():
            self._stop_timer()

    def send_400_response(self, msg):
        if self._in_request():
            # The body is malformed. End the cycle, so that the app sends no second answer.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        self._refuse(400, NOT_HTTP)

    def shutdown(self):
        if self._refused:
            self.transport.close()
        elif not self.transport.is_closing():
            super().shutdown()

    def close(self):
        """Closes the connection at once."""
        self.transport.abort()

    def _in_request(self):
        return self.cycle is not None and not self.cycle.response_complete

    def _start_timer(self, seconds):
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._on_timeout)

    def _stop_timer(self):
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _on_timeout(self):
        if self._head_started and not self._refused and not self.transport.get_write_buffer_size():
            seconds = self._limits.headers
            self._refuse(408, f"The head of a request did not arrive within {seconds:.3g} s.")
        else:
            self.transport.abort()

    def _refuse(self, status, message):
        self._refused = True
        self._unset_keepalive_if_required()
        body = json.dumps({"error": message}, indent=4)
        self.transport.write(
            f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}".encode()
        )
        self.transport.write_eof()
        self.flow.resume_reading()
        self._start_timer(LINGER)
