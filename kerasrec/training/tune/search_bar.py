"""The progress bar of one trial of a search."""

import keras
import rich.progress

from kerasrec.progress_bar import make_bar


class SearchBar(keras.callbacks.Callback):
    """Shows trial, epoch and the best value so far, on stderr.

    A context manager, so that the terminal is restored however the trial ends.

    Args:
        trial: Number of the trial, from 1.
        trials: How many trials the search has.
        best: The best score so far, formatted.
    """

    def __init__(self, trial, trials, best):
        super().__init__()
        self.trial, self.trials, self.best = trial, trials, best

    def __enter__(self):
        self._bar = make_bar(rich.progress.TextColumn("{task.fields[best]}", markup=False))
        name = f"trial {self.trial}/{self.trials}"
        self._task = self._bar.add_task(
            name, total=self.trials, completed=self.trial - 1, best=self.best
        )
        self._bar.start()
        return self

    def __exit__(self, *error):
        self._bar.stop()

    def on_epoch_end(self, epoch, logs=None):
        epochs = self.params["epochs"]
        self._bar.update(
            self._task,
            completed=self.trial - 1 + (epoch + 1) / epochs,
            description=f"trial {self.trial}/{self.trials}, epoch {epoch + 1}/{epochs}",
        )
