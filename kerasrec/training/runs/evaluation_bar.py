"""The progress bar of an evaluation."""

from kerasrec.training.callbacks.progress_bar import make_bar


class EvaluationBar:
    """Shows how many users are ranked and the time left, on stderr.

    A context manager, so that the terminal is restored; called with `(done, total)`.

    Args:
        part: Name of the split's part, for the label.
    """

    def __init__(self, part):
        self.part = part

    def __enter__(self):
        self._bar = make_bar()
        self._task = self._bar.add_task(f"ranking for {self.part}", total=None)
        self._bar.start()
        return self

    def __exit__(self, *error):
        self._bar.stop()

    def __call__(self, done, total):
        self._bar.update(self._task, completed=done, total=total)
