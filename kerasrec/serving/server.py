"""A server on this machine: REST, the page, gRPC where asked for, and versions that come and go."""

import concurrent.futures
import contextlib
import functools
import pathlib
import socket
import threading

import uvicorn

from kerasrec.errors import InputError
from kerasrec.savedmodel.versions import is_version
from kerasrec.serving.connections import Connections
from kerasrec.serving.http_connection import HttpConnection
from kerasrec.serving.limits import Limits
from kerasrec.serving.models import Models
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.rest import rest_app

GRACE = 30  # seconds that requests in flight have when it is stopped
# asyncio accepts so many at once, before it can close any; the kernel holds the others.
ACCEPTED, HELD = 8, 1024


class Server:
    """Serves an export over TF Serving's REST and gRPC, from threads of this process.

    Args:
        folder: A model's folder of numbered versions, or one version.
        name: The model's name; that of its folder if None.
        host: Where to listen.
        port: Of REST and the page; 0 for a free one.
        grpc_port: Of gRPC, 0 for a free one; None for no gRPC, which imports TensorFlow.
        batching: A `BatchingParameters`; None for no batching.
        limits: A `Limits`.
        poll: Seconds between two looks at the folder.
        say: Is called with a line about every change.
        trust: Also serve what is no export of kerasrec; see `kerasrec.savedmodel.check`.

    Attributes:
        models: The `Models` that are served.
        port, grpc_port: Where it listens.

    Raises:
        InputError: if the folder holds no version that loads, or a port is taken.

    Example:

        with Server("saved_models/hybrid", port=0) as server:
            requests.get(f"http://127.0.0.1:{server.port}/v1/models/hybrid")
    """

    def __init__(
        self, folder, name=None, host="127.0.0.1", port=8501, grpc_port=None, batching=None,
        limits=None, poll=1.0, say=print, trust=False,
    ):  # fmt: skip
        self._limits, self._poll = limits or Limits(), poll
        base, only = _versions_folder(folder)
        self.models = Models(
            base, name, only, limits=self._limits, batching=batching, say=say, trust=trust
        )
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
        """Names of its threads that have ended by themselves; none while all is well."""
        return [thread.name for thread in self._threads if not thread.is_alive()]

    def stop(self):
        """Takes no more requests, answers those in flight, and gives everything back."""
        self._stopped.set()
        self._stack.close()

    def _start(self, host, port, grpc_port):
        self._stack.callback(self.models.close)
        self.models.poll()
        if not self.models.names():
            raise InputError(_nothing_served(self.models))
        pool = concurrent.futures.ThreadPoolExecutor(self._limits.threads, "rest")
        self._stack.callback(pool.shutdown)
        listening = _listen(host, port)
        self.port = listening.getsockname()[1]
        app = rest_app(self.models, pool, self._limits, host)
        http = _Http(_config(app, self._limits))
        thread = threading.Thread(target=http.run, args=([listening],), name="http")
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(setattr, http, "should_exit", True)
        self._threads.append(thread)
        while not http.ready.wait(0.1):
            if self.ended():
                raise RuntimeError("the HTTP server ended before it was there")
        self.grpc_port = None
        if grpc_port is not None:
            from kerasrec.serving.grpc_server import start_grpc

            grpc, self.grpc_port = start_grpc(self.models, self._limits, host, grpc_port)
            self._stack.callback(lambda: grpc.stop(GRACE).wait())
        polling = threading.Thread(target=self._keep_polling, name="versions")
        polling.start()
        self._threads.append(polling)
        self._stack.callback(polling.join)
        self._stack.callback(self._stopped.set)

    def _keep_polling(self):
        said = set()
        while not self._stopped.wait(self._poll):
            try:
                self.models.poll()
            except Exception as error:  # the next look may go well
                line = f"{self.models.name}: the folder was not looked at: {error!r}"
                if line not in said:
                    said.add(line)
                    self.models.tell(line)


class _Http(uvicorn.Server):
    """uvicorn, which says when it is there."""

    def __init__(self, config):
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        for listening in sockets:
            listening.listen(HELD)
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
    """The folder of versions, and the only one of them to serve."""
    folder = pathlib.Path(folder).resolve()
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give that of a model, with its versions in it")
    if not (folder / "saved_model.pb").exists():
        return folder, None
    if not is_version(folder.name):
        raise InputError(
            f"{folder} is a SavedModel, and its name is no version number: expected such as "
            f"{folder / '1'}"
        )
    return folder.parent, int(folder.name)


def _nothing_served(models):
    try:
        tried = models.versions(models.name)
    except Refusal:
        return (
            f"{models.folder} holds no version: expected folders named by numbers, such as "
            f"{models.folder / '1'}, which `kerasrec export` writes"
        )
    said = "; ".join(f"version {version.number}: {version.error}" for version in tried)
    return f"{models.folder}: no version can be loaded. {said}"


def _listen(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Of a socket that names TCP, asyncio sends what it is given at once: an answer does not wait
    # for the acknowledgement of its header.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(HELD)
    except OSError as error:
        listening.close()
        raise InputError(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    return listening
