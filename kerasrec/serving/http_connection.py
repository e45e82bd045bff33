"""One HTTP connection: a deadline for whatever is its turn, and refusals in JSON."""

import http
import json

from uvicorn.protocols.http.h11_impl import H11Protocol

NOT_HTTP = "This is no HTTP request, or its head is larger than 16 KiB."
# After a refusal the rest is read for so long: closing at once would lose the answer on its way.
LINGER = 2.0


class HttpConnection(H11Protocol):
    """uvicorn's, where nobody can hold a connection by doing nothing, or nearly nothing.

    * The head of a request must be there `limits.headers` seconds after the connection was opened,
      or after the first byte that follows an answer, however its bytes are spread: else 408.
    * Between requests uvicorn closes it after `timeout_keep_alive`.
    * An answer must be taken within `limits.timeout` seconds.
    * Bodies have their deadline in the `Gate`.

    Args:
        connections: The `Connections` it is one of.
        limits: A `Limits`.
        uvicorn: What uvicorn gives to a protocol.
    """

    def __init__(self, connections, limits, **uvicorn):
        super().__init__(**uvicorn)
        self._connections, self._limits = connections, limits
        self._timer = None
        self._begun = self._refused = False

    def connection_made(self, transport):
        super().connection_made(transport)
        self._expect_within(self._limits.headers)
        self._connections.opened(self, self.client and self.client[0])

    def connection_lost(self, exc):
        self._connections.lost(self)
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data):
        if self._refused:
            return
        if not self._begun and not self._asked():
            self._begun = True
            if self.cycle:
                self._expect_within(self._limits.headers)
        super().data_received(data)

    def handle_events(self):
        super().handle_events()
        if self._asked() and not self._refused:
            self._connections.asked(self)
            if not self.flow.write_paused:
                self._expect_nothing()

    def on_response_complete(self):
        self._begun = False
        self._connections.answered(self)
        self._expect_within(self._limits.timeout)
        super().on_response_complete()

    def pause_writing(self):
        super().pause_writing()
        self._expect_within(self._limits.timeout)

    def resume_writing(self):
        super().resume_writing()
        if self._asked():
            self._expect_nothing()

    def send_400_response(self, msg):
        if self._asked():
            # Its body breaks off: there will be no second answer, by the app.
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

    def give_way(self):
        """Closes it at once, for another one."""
        self.transport.abort()

    def _asked(self):
        return self.cycle is not None and not self.cycle.response_complete

    def _expect_within(self, seconds):
        self._expect_nothing()
        self._timer = self.loop.call_later(seconds, self._late)

    def _expect_nothing(self):
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _late(self):
        if self._begun and not self._refused and not self.transport.get_write_buffer_size():
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
        self._expect_within(LINGER)
