"""Progress on stderr: a bar with the time left on a terminal, else a line now and then."""

import sys
import time

LINE_SECONDS = 30.0


def make_bar(*columns):
    """A `rich` progress bar on stderr with the time left and more columns; hidden in a file."""
    import rich.console
    import rich.progress

    console = rich.console.Console(stderr=True)
    return rich.progress.Progress(
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.TaskProgressColumn(),
        rich.progress.TimeRemainingColumn(),
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class CountBar:
    """Shows how many of a number are done and the time left, on stderr.

    A context manager, so that the terminal is restored; called with `(done, total)`. The first call
    may have `done` above 0: what an earlier process did does not count for the time left.

    Args:
        label: What is done, such as "ranking for test".
        seconds: Between two lines where stderr is no terminal.
        clock: Returns seconds.

    >>> with CountBar("ranking") as bar:
    ...     bar(5, 10)
    """

    def __init__(self, label, seconds=LINE_SECONDS, clock=time.monotonic):
        self.label, self.seconds, self.clock = label, seconds, clock
        self._first = None

    def __enter__(self):
        self._bar = make_bar()
        self._task = self._bar.add_task(self.label, total=None)
        self._bar.start()
        self._last = self.clock()
        return self

    def __exit__(self, *error):
        self._bar.stop()

    def __call__(self, done, total):
        now = self.clock()
        if self._first is None:
            self._first = now, done
            self._bar.reset(self._task, total=total, completed=done)
        self._bar.update(self._task, completed=done, total=total)
        if self._bar.disable and now - self._last >= self.seconds and done < total:
            self._last = now
            print(self._line(now, done, total), file=sys.stderr, flush=True)

    def _line(self, now, done, total):
        began, before = self._first
        line = f"{self.label}: {done:,} of {total:,}"
        if done > before:
            left = (now - began) / (done - before) * (total - done)
            line += f", {_duration(left)} left"
        return line


def _duration(seconds):
    """A duration for people: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
