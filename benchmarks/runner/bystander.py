"""A normal client in its own process: `python -m benchmarks.runner.bystander PORT NAME BODY`.

After a line on stdin it requests one recommendation after the other until the next line. Then it
writes a line of JSON with the seconds of each request and the errors.
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
    """Context manager that runs this process.

    Args:
        port: Port of the server.
        name: Name of the model.
        body: JSON of a valid request.

    Attributes:
        wrong: Errors, a line for each failed request.
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
    def sending(self):
        """Context manager that sends requests; yields a list that gets their seconds at the end."""
        times = []
        self._signal()
        try:
            yield times
        finally:
            self._signal()
            found = json.loads(self._process.stdout.readline())
            times += found["seconds"]
            self.wrong += found["wrong"]

    def _signal(self):
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
                client.ask_or_raise(body)
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
