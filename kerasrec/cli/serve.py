"""`kerasrec serve DIR`."""

import contextlib
import dataclasses
import signal
import threading

from kerasrec.cli.answer_options import add_answer_options, answering
from kerasrec.cli.event_options import add_event_options, open_event_log
from kerasrec.cli.heavy import quiet_start
from kerasrec.errors import InputError

NAME = "serve"
HELP = "serve an export on this machine, with a page and TF Serving's REST and gRPC"
CHECK_SECONDS = 1.0  # between two checks of the server's threads
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_arguments(parser):
    parser.add_argument(
        "directory", metavar="DIR", help="a model's folder of versions, or one version"
    )
    parser.add_argument("--port", type=int, default=8501, help="of REST and the page")
    parser.add_argument(
        "--grpc-port", type=int, help="of gRPC, such as 8500 (default: no gRPC, without TensorFlow)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: here only)")
    parser.add_argument("--name", help="the model's name (default: that of its folder)")
    parser.add_argument(
        "--trust", action="store_true",
        help="serve a SavedModel that is not an export of kerasrec, or has operations of its own: "
        "it can do whatever TensorFlow can, such as write files",
    )  # fmt: skip
    parser.add_argument(
        "--max-body", type=float, default=8, metavar="MIB", help="of a request (default: 8 MiB)"
    )
    add_answer_options(parser)
    add_event_options(parser)


def run(arguments, output):
    from kerasrec.savedmodel.c_loader import load_library

    try:
        from kerasrec.serving.limits import Limits
        from kerasrec.serving.server import Server

        with quiet_start():
            load_library()
            if arguments.grpc_port is not None:
                import kerasrec.serving.grpc_server  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            f'{error.name} is not installed: run `pip install "kerasrec[serving]"`'
        ) from error
    if not 0 < arguments.max_body <= 1024:
        raise InputError(f"--max-body must be above 0 and at most 1024: got {arguments.max_body}")
    limits = dataclasses.replace(Limits(), body=int(arguments.max_body * (1 << 20)))
    limits = dataclasses.replace(limits, waiting_bytes=max(limits.waiting_bytes, 2 * limits.body))
    if arguments.host not in LOOPBACK:
        output.note(
            f"kerasrec serve: {arguments.host} can be reached from other machines, and there is no "
            "authentication: every machine that reaches it can send requests."
        )
    stopped = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        with contextlib.ExitStack() as stack:
            if log := open_event_log(arguments, output.note):
                stack.enter_context(log)
            answers = answering(arguments, log)
            server = Server(
                arguments.directory, arguments.name, arguments.host, arguments.port,
                arguments.grpc_port, answers, limits, output.note, arguments.trust, log,
            )  # fmt: skip
            stack.enter_context(server)
            _print_addresses(server, arguments, output)
            while not stopped.wait(CHECK_SECONDS):
                if ended := server.ended():
                    raise RuntimeError(f"the thread {ended[0]} of the server has ended")
            output.note("stopping: requests in flight are answered first")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _print_addresses(server, arguments, output):
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    name = server.models.name
    url = f"http://{host}:{server.port}"
    lines = [f"{url}/  the page", f"{url}/v1/models/{name}:predict  REST"]
    if server.grpc_port is not None:
        lines.append(f"{host}:{server.grpc_port}  gRPC")
    if arguments.events is not None:
        lines += [f"{url}/v1/events  events", f"{url}/v1/items  new and hidden items"]
    for line in lines:
        output.say(line)
    output.result({"model": name, "url": url, "port": server.port, "grpc_port": server.grpc_port})
