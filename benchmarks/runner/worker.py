"""The client side of a worker process."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

BENCHMARKS = pathlib.Path(__file__).parents[1]
# Seconds. Setting up a table of 10 million rows takes some; a worker that takes minutes hangs.
LIMIT = 300
PEERS = ("torch", "recbole")


class PeerError(Exception):
    """The reason why a peer has no result; it is shown in its row."""


def add_pythons(parser, peers=PEERS):
    """Adds options for the interpreters of peers with their own environments."""
    for peer in peers:
        parser.add_argument(
            f"--{peer}-python",
            metavar="PATH",
            default=os.environ.get(f"KERASREC_BENCH_{peer.upper()}")
            or str(BENCHMARKS / f".venv-{peer}" / "bin" / "python"),
            help=f"Python with benchmarks/requirements-{peer}.txt (default: %(default)s)",
        )


def python_of(library, arguments):
    """Returns the interpreter of a library; the current one for keras."""
    return getattr(arguments, f"{library}_python", None) or sys.executable


class Worker:
    """A process that runs one module of `benchmarks.peers`; it starts at the first request.

    It is in the runner's process group, and is killed at the end of the `with` block.

    Args:
        python: Interpreter.
        module: For example "benchmarks.peers.torch_tables".
        limit: Maximum seconds for a reply.
    """

    def __init__(self, python, module, limit=LIMIT):
        self.python = python
        self.module = module
        self.limit = limit
        self.process = None
        self.log = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def ask(self, do, **request):
        """Sends a request and returns the reply.

        Raises:
            PeerError: if the worker replies with an error, dies or takes too long.
        """
        if self.process is None:
            self._start()
        timer = threading.Timer(self.limit, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            waited = not timer.is_alive()
            timer.cancel()
        if not line:
            raise PeerError(self._died(waited))
        reply = json.loads(line)
        if "error" in reply:
            raise PeerError(reply["error"])
        return reply

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.log.close()
            self.process = None

    def _start(self):
        if not pathlib.Path(self.python).exists():
            raise PeerError(f"not installed: there is no {self.python}")
        self.log = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(
            [self.python, "-m", "benchmarks.runner.worker_main", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=BENCHMARKS.parent,
            text=True,
        )

    def _died(self, waited):
        try:
            status = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.log.seek(0)
        last = [line.strip() for line in self.log if line.strip()][-1:]
        self.end()
        if waited:
            return f"no answer in {self.limit} s"
        if status == -9:
            return "killed by the system: out of memory"
        return f"died with status {status}: {' '.join(last)[:200]}"
