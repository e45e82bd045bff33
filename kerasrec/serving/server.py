"""A local server: REST, the page and optional gRPC for the newest version of a model."""

import concurrent.futures
import contextlib
import functools
import pathlib
import socket
import threading

import uvicorn

from kerasrec.errors import InputError
from kerasrec.savedmodel.versions import is_version
from kerasrec.serving.answering import Answering
from kerasrec.serving.connections import Connections
from kerasrec.serving.http_connection import HttpConnection
from kerasrec.serving.limits import Limits
from kerasrec.serving.live import Live
from kerasrec.serving.models import Models
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.rest import rest_app
from kerasrec.serving.shared_models import SharedModels

GRACE = 30  # seconds that requests in progress have when the server is stopped
# asyncio accepts ACCEPTED connections at a time before it can close any. The others wait in the
# kernel's queue of length QUEUE.
ACCEPTED, QUEUE = 8, 1024


class Server:
    """Serves an export over the REST and gRPC interfaces of TF Serving, in threads.

    Args:
        folder: Folder of a model with numbered versions, or of one version.
        name: The model's name; None for the name of its folder.
        host: Host to listen on.
        port: Port of REST and the page; 0 for a free one.
        grpc_port: Port of gRPC, 0 for a free one; None for no gRPC, which would import TensorFlow.
        answering: An `Answering`: batching, exploration, several versions; None for none of them.
        limits: A `Limits`; None for the defaults.
        say: Function that is called with a line about every change.
        trust: Also serve a SavedModel that is not an export, see `savedmodel.check_export`.
        events: An `EventLog` of what is shown and done, which stays open; None for no events.

    Attributes:
        models: The `Models` that are served.
        port, grpc_port: The ports in use.

    Raises:
        InputError: if the folder holds no version that loads, or a port is taken.

    Example:

        with Server("saved_models/hybrid", port=0) as server:
            requests.get(f"http://127.0.0.1:{server.port}/v1/models/hybrid")
    """

    def __init__(
        self, folder, name=None, host="127.0.0.1", port=8501, grpc_port=None, answering=None,
        limits=None, say=print, trust=False, events=None,
    ):  # fmt: skip
        self._limits, self._events = limits or Limits(), events
        base, only = _versions_folder(folder)
        self._answering = answering = answering or Answering()
        options = {"limits": self._limits, "batching": answering.batching}
        options |= {"say": say, "trust": trust}
        if answering.shares is not None and only is not None:
            raise InputError(f"--versions needs the folder of all versions, {base}: got {folder}")
        if answering.shares is None:
            self.models = Models(base, name, only, **options)
        else:
            self.models = SharedModels(base, answering.shares, name, salt=answering.salt, **options)
        self._stack, self._stopped = contextlib.ExitStack(), threading.Event()
        self._threads = []
        try:
            self._start(host, port, grpc_port)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def ended(self):
        """Returns the names of threads that ended unexpectedly."""
        return [thread.name for thread in self._threads if not thread.is_alive()]

    def stop(self):
        """Refuses new requests, answers those in progress, and frees all resources."""
        self._stopped.set()
        self._stack.close()

    def _start(self, host, port, grpc_port):
        self._stack.callback(self.models.close)
        self.models.poll()
        if not self.models.names():
            raise InputError(_no_version_message(self.models))
        pool = concurrent.futures.ThreadPoolExecutor(self._limits.threads, "rest")
        self._stack.callback(pool.shutdown)
        listening = _listen(host, port)
        self.port = listening.getsockname()[1]
        live = None
        if self._events:
            live = Live(self.models, self._events, self._answering.new_items)
            self._stack.callback(live.close)
            self._threads.append(live.items.thread)
        app = rest_app(
            self.models, pool, self._limits, host, self._events, self._answering.explorer, live
        )
        http = _Http(_config(app, self._limits))
        thread = threading.Thread(target=http.run, args=([listening],), name="http")
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(setattr, http, "should_exit", True)
        self._threads.append(thread)
        while not http.ready.wait(0.1):
            if self.ended():
                raise RuntimeError("the HTTP server ended before it was ready")
        self.grpc_port = None
        if grpc_port is not None:
            from kerasrec.serving.grpc_server import start_grpc

            grpc, self.grpc_port = start_grpc(self.models, self._limits, host, grpc_port, live)
            self._stack.callback(lambda: grpc.stop(GRACE).wait())
        polling = threading.Thread(target=self._keep_polling, name="versions")
        polling.start()
        self._threads += [polling, self._events.thread] if self._events else [polling]
        self._stack.callback(polling.join)
        self._stack.callback(self._stopped.set)

    def _keep_polling(self):
        reported = set()
        while not self._stopped.wait(self._limits.poll):
            try:
                self.models.poll()
            except Exception as error:  # the next poll may succeed
                line = f"{self.models.name}: the folder could not be checked: {error!r}"
                if line not in reported:
                    reported.add(line)
                    self.models.report(line)


class _Http(uvicorn.Server):
    """A uvicorn server with an event `ready`, set once it listens."""

    def __init__(self, config):
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        for listening in sockets:
            listening.listen(QUEUE)
        self.ready.set()


def _config(app, limits):
    return uvicorn.Config(
        app,
        http=functools.partial(HttpConnection, Connections(limits), limits),
        backlog=ACCEPTED,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )


def _versions_folder(folder):
    """The folder of a model, and the only version to serve or None."""
    folder = pathlib.Path(folder).resolve()
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give the folder of a model or of a version")
    if not (folder / "saved_model.pb").exists():
        return folder, None
    if not is_version(folder.name):
        raise InputError(
            f"{folder} is a SavedModel whose name is not a version number: expected a name such as "
            f"{folder / '1'}"
        )
    return folder.parent, int(folder.name)


def _no_version_message(models):
    if isinstance(models, SharedModels):
        missing = ", ".join(map(str, models.missing()))
        return f"{models.folder}: version {missing} of --versions is not there or does not load"
    try:
        tried = models.versions(models.name)
    except Refusal:
        return (
            f"{models.folder} holds no version: expected folders named by numbers, such as "
            f"{models.folder / '1'}, which `kerasrec export` writes"
        )
    errors = "; ".join(f"version {version.number}: {version.error}" for version in tried)
    return f"{models.folder}: no version can be loaded. {errors}"


def _listen(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only if the socket names its protocol. Without it the body of an
    # answer waits until the client acknowledges the header.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(QUEUE)
    except OSError as error:
        listening.close()
        raise InputError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listening
