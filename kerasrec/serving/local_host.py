"""Accepts only requests that name this machine in their Host header."""

import re

from kerasrec.serving.refusal import invalid

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOST = re.compile(rb"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]*)?", re.IGNORECASE)


class LocalHost:
    """ASGI middleware: refuses requests whose Host header does not name this machine.

    This prevents DNS rebinding: a foreign web page in a local browser cannot reach the server under
    its own host name.

    Args:
        app: The ASGI app that answers.
        refuse: Function from a `Refusal` to an ASGI app that answers with it.
    """

    def __init__(self, app, refuse):
        self._app, self._refuse = app, refuse

    async def __call__(self, scope, receive, send):
        app = self._app
        if scope["type"] == "http":
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
                names = ", ".join(LOOPBACK)
                app = self._refuse(invalid(f"Invalid host header: expected one of {names}."))
        await app(scope, receive, send)
