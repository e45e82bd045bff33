"""Ranking metrics on the validation part after every epoch."""

import keras

from kerasrec.evaluation import evaluate


class RankingValidation(keras.callbacks.Callback):
    """Ranks the whole catalogue for the validation part and adds the metrics to the epoch's logs.

    Later callbacks find them there as `val_ndcg@10` and so on.

    Args:
        split: `Split` with a validation part.
        ks: Cut-offs; see `evaluate`.
    """

    def __init__(self, split, ks=None):
        super().__init__()
        self.split = split
        self.ks = ks

    def on_epoch_end(self, epoch, logs=None):
        evaluation = evaluate(
            self.model, self.split, part="validation", ks=self.ks, baselines=(), bootstrap=0
        )
        for name, value in evaluation.rows[0]["metrics"].items():
            logs[f"val_{name}"] = value["mean"]
