"""Stops a trial that is worse than most trials before it."""

import keras


class PruneTrial(keras.callbacks.Callback):
    """Reports the monitored metric of an epoch to Optuna, and stops when it prunes the trial.

    An epoch that was not validated is not reported.

    Args:
        trial: `optuna.trial.Trial`.
        monitor: Metric of the validation, without `val_`.

    Attributes:
        pruned: Whether the trial was stopped.
    """

    def __init__(self, trial, monitor):
        super().__init__()
        self.trial, self.monitor = trial, monitor
        self.pruned = False

    def on_epoch_end(self, epoch, logs=None):
        if f"val_{self.monitor}" not in logs:
            return
        self.trial.report(logs[f"val_{self.monitor}"], epoch)
        # After the last epoch, or out of patience, the training ends anyway.
        over = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if not over and self.trial.should_prune():
            self.pruned = self.model.stop_training = True
