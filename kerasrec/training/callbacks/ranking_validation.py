"""Ranking metrics on the validation part after an epoch."""

import keras

from kerasrec.evaluation import evaluate


class RankingValidation(keras.callbacks.Callback):
    """Ranks the whole catalogue for users of the validation part.

    The metrics are added to the epoch's logs. Later callbacks find them there as `val_ndcg@10` and
    so on.

    Args:
        split: `Split` with a validation part.
        ks: Cut-offs; see `evaluate`.
        users: `ValidationUsers`, which says how many are ranked for; None for all.
    """

    def __init__(self, split, ks=None, users=None):
        super().__init__()
        self.split = split
        self.ks = ks
        self.users = users

    def on_epoch_end(self, epoch, logs=None):
        if self.users:
            self.users.choose(self._evaluate)
        evaluation = self._evaluate(self.users and self.users.sample)
        for name, value in evaluation.rows[0]["metrics"].items():
            logs[f"val_{name}"] = value["mean"]

    def _evaluate(self, users):
        return evaluate(
            self.model,
            self.split,
            part="validation",
            ks=self.ks,
            baselines=(),
            bootstrap=0,
            seed=self.users.seed if self.users else 0,
            users=users,
        )
