"""A client in a process of its own: `python -m benchmarks.runner.bystander PORT NAME BODY`.

After each line on stdin it asks one recommendation after the other, until the next one; then it
answers with a line of JSON: the seconds of each request, and what went wrong.
"""

import contextlib
import http.client
import json
import subprocess
import sys
import threading
import time

from benchmarks.runner.clients import RestClient


class Bystander:
    """That process, seen from the one that attacks; a context.

    Args:
        port: Of the server.
        name: Of the model.
        body: JSON of a request that is answered for sure.

    Attributes:
        wrong: What went wrong, a line for each request.
    """

    def __init__(self, port, name, body):
        command = [sys.executable, "-m", "benchmarks.runner.bystander", str(port), name, body]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.wrong = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.communicate()

    @contextlib.contextmanager
    def asking(self):
        """A list that holds the seconds of each request when the block has ended."""
        times = []
        self._say()
        try:
            yield times
        finally:
            self._say()
            found = json.loads(self._process.stdout.readline())
            times += found["seconds"]
            self.wrong += found["wrong"]

    def _say(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()


def main(port, name, body):
    client = RestClient(int(port), name)
    for _ in sys.stdin:
        stopped, seconds, wrong = threading.Event(), [], []
        waiting = threading.Thread(target=_wait, args=(stopped,))
        waiting.start()
        while not stopped.is_set():
            start = time.perf_counter()
            try:
                client.ask_well(body)
            except (OSError, http.client.HTTPException, RuntimeError, ValueError) as error:
                wrong.append(repr(error))
                client.close()
            seconds.append(time.perf_counter() - start)
        waiting.join()
        print(json.dumps({"seconds": seconds, "wrong": wrong}), flush=True)


def _wait(stopped):
    sys.stdin.readline()
    stopped.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
