"""Requests that mean this machine by one of its own names."""

import re

from kerasrec.serving.refusal import invalid

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOST = re.compile(rb"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]*)?", re.IGNORECASE)


class LocalHost:
    """ASGI middleware: refuses requests for any other host than this machine.

    So a web page elsewhere cannot ask through a browser here under a name of its own.

    Args:
        app: What answers.
        refuse: Makes the answer of a `Refusal`, an ASGI app.
    """

    def __init__(self, app, refuse):
        self._app, self._refuse = app, refuse

    async def __call__(self, scope, receive, send):
        app = self._app
        if scope["type"] == "http":
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
                names = ", ".join(LOOPBACK)
                app = self._refuse(invalid(f"Invalid host header: the hosts here are {names}."))
        await app(scope, receive, send)
