"""Measures several implementations in turns."""

import contextlib
import dataclasses
import itertools
import pathlib

from benchmarks.runner.report import Row
from benchmarks.runner.worker import PeerError, Worker, python_of


@dataclasses.dataclass(frozen=True, eq=False)
class Peer:
    """An implementation to measure: one row of a table.

    Args:
        name: Name in the table.
        library: "keras", "torch" or "recbole": whose interpreter runs it.
        module: Module in `benchmarks.peers`.
        case: JSON argument of its `setup`.
        group: Peers of one group share their weights in the worker and are in memory together.
        multiple: The number of steps is a multiple of this.
        gigabytes: Estimated peak memory; given by the first peer of a group.
    """

    name: str
    library: str
    module: str
    case: dict
    group: str = ""
    multiple: int = 1
    gigabytes: float = 0.0


class Turns:
    """Measures peers in turns, with workers that are reused until the `with` block ends.

    Args:
        arguments: Namespace with `rounds` and the interpreters of `add_pythons`.
        seconds: Target duration of a turn; a turn has at least one step.
        say: Function that is called with a line of progress.
    """

    def __init__(self, arguments, seconds, say):
        self.arguments = arguments
        self.seconds = seconds
        self.say = say
        self.ids = itertools.count()
        self.workers = {}

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def measure(self, title, peers, scale):
        """Measures peers; returns their rows, and whether all were in memory together.

        Args:
            title: Title for progress lines.
            peers: List of `Peer`. If they do not fit into memory together, the groups are measured
                one after the other, each with all rounds.
            scale: Function from seconds and steps of a turn to the reported value.
        """
        groups = {}
        for peer in peers:
            groups.setdefault(peer.group or peer.name, []).append(peer)
        free = gigabytes_free()
        needed = sum(group[0].gigabytes for group in groups.values())
        together = needed < 0.6 * free
        samples, reasons = {peer.name: [] for peer in peers}, {}
        for part in [peers] if together else groups.values():
            if part[0].gigabytes > 0.9 * free:
                for peer in part:
                    reasons[peer.name] = (
                        f"needs about {peer.gigabytes or part[0].gigabytes:.0f} GB, "
                        f"{free:.0f} GB are free"
                    )
                continue
            self._measure_part(title, part, scale, samples, reasons)
        rows = tuple(
            Row(peer.name, note=reasons[peer.name])
            if peer.name in reasons
            else Row(peer.name, tuple(samples[peer.name]))
            for peer in peers
        )
        return rows, together

    def _measure_part(self, title, peers, scale, samples, reasons):
        numbers, turns = {}, {}
        for peer in peers:
            self.say(f"{title}: {peer.name}")
            numbers[peer.name] = next(self.ids)
            with self._record_error(peer, reasons):
                self._ask(peer, "setup", id=numbers[peer.name], case=peer.case)
                turns[peer.name] = self._steps(peer, numbers[peer.name])
        for _ in range(self.arguments.rounds):
            for peer in peers:
                if peer.name in reasons:
                    continue
                with self._record_error(peer, reasons):
                    steps = turns[peer.name]
                    taken = self._time(peer, numbers[peer.name], steps)
                    samples[peer.name].append(scale(taken, steps))
        # A process does not return all freed memory, so workers that used much are ended.
        if sum(peer.gigabytes for peer in peers) > 1:
            for worker in self.workers.values():
                worker.end()
            return
        for peer in peers:
            with contextlib.suppress(PeerError):
                self._ask(peer, "drop", id=numbers[peer.name])

    def _steps(self, peer, number):
        """Warms up and returns the number of steps of a turn."""
        steps = peer.multiple
        for _ in range(2):  # the first turn compiles
            taken = self._time(peer, number, steps)
        while taken < self.seconds / 8 and steps < 4096:
            steps *= 4
            taken = self._time(peer, number, steps)
        return max(1, round(self.seconds / taken * steps / peer.multiple)) * peer.multiple

    def _time(self, peer, number, steps):
        return self._ask(peer, "time", id=number, steps=steps)["seconds"]

    @contextlib.contextmanager
    def _record_error(self, peer, reasons):
        try:
            yield
        except PeerError as error:
            reasons[peer.name] = str(error)
            self.say(f"  {peer.name}: {error}")

    def _ask(self, peer, do, **request):
        key = peer.library, peer.module
        if key not in self.workers:
            module = f"benchmarks.peers.{peer.module}"
            worker = Worker(python_of(peer.library, self.arguments), module)
            self.workers[key] = self.stack.enter_context(worker)
        return self.workers[key].ask(do, **request)


def gigabytes_free():
    """Available memory in GB; infinity if /proc is missing."""
    path = pathlib.Path("/proc/meminfo")
    if not path.exists():
        return float("inf")
    lines = dict(line.split(":", 1) for line in path.read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) / 1e6
