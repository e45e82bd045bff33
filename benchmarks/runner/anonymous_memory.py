"""Anonymous memory of a process: what it cannot give back, unlike pages of mapped files."""

import pathlib
import threading

INTERVAL = 0.5  # seconds between two samples


class AnonymousMemory:
    """Samples the anonymous memory of a process and its children, in a `with` block.

    Attributes:
        peak: bytes, the most of all samples; None where there is no /proc.
    """

    def __init__(self, pid):
        self.pid, self.peak = pid, None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _sample(self):
        while True:
            sizes = [
                anonymous for pid, parent, anonymous in processes() if self.pid in (pid, parent)
            ]
            if sizes:
                self.peak = max(self.peak or 0, sum(sizes))
            if self._stop.wait(INTERVAL):
                return


def processes():
    """Yields `(pid, pid of the parent, bytes of anonymous memory)`."""
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except (OSError, ValueError):  # it has ended
            continue
        if "RssAnon" in lines:  # threads of the kernel have none
            pid, parent, anonymous = (int(lines[n].split()[0]) for n in ("Pid", "PPid", "RssAnon"))
            yield pid, parent, anonymous * 1024
