"""Errors of predicted values on the validation part after an epoch."""

import dataclasses

import keras

from kerasrec.evaluation.draw_users import draw_users
from kerasrec.evaluation.ratings import evaluate_predicted_values


class RatingValidation(keras.callbacks.Callback):
    """Compares predicted with observed values of the validation part.

    The epoch's logs get `val_rmse` and `val_mae`, or `val_auc`, `val_log_loss` and
    `val_accuracy` for labels; nothing where the model predicts no values, see
    `predicts_values_of`.

    Args:
        split: `Split` with a validation part.
        loss: `train.loss` of the config.
        users: `ValidationUsers`, behind a `RankingValidation` that chooses their number: only
            values of the same users are compared. None for all.
    """

    def __init__(self, split, loss, users=None):
        super().__init__()
        self.split = split
        self.loss = loss
        self.users = users

    def on_epoch_end(self, epoch, logs=None):
        evaluation = evaluate_predicted_values(
            self.model, self._split(), "validation", self.loss, bootstrap=0
        )
        if evaluation is not None:
            for name, value in evaluation.rows[0]["metrics"].items():
                logs[f"val_{name}"] = value["mean"]

    def _split(self):
        if self.users is None or self.users.sample is None:
            return self.split
        drawn, _ = draw_users(self.split, "validation", self.users.sample, self.users.seed)
        validation = self.split.validation.of_users(drawn)
        return dataclasses.replace(self.split, validation=validation)
