"""Metrics of a ranker on the validation part after an epoch."""

import keras

from kerasrec.evaluation.impressions import evaluate_ranker


class RankerValidation(keras.callbacks.Callback):
    """Measures a ranker on the validation part.

    The metrics are added to the epoch's logs, as `val_click.auc` and so on; those of the first task
    also without its name, `val_auc`.

    Args:
        split: `ImpressionSplit` with a validation part.
    """

    def __init__(self, split):
        super().__init__()
        self.split = split

    def on_epoch_end(self, epoch, logs=None):
        found = evaluate_ranker(self.model, self.split, "validation", bootstrap=0, groups=False)
        first = found.tasks[0]
        for name, value in found.rows[0]["metrics"].items():
            if value is not None:
                logs[f"val_{name}"] = value["mean"]
                if name.startswith(f"{first}."):
                    logs[f"val_{name.removeprefix(f'{first}.')}"] = value["mean"]
