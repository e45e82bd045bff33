"""Errors of predicted values on the validation part after an epoch."""

import keras

from kerasrec.evaluation.ratings import evaluate_predicted_values


class RatingValidation(keras.callbacks.Callback):
    """Compares predicted with observed values of the whole validation part.

    The epoch's logs get `val_rmse` and `val_mae`, or `val_auc` and `val_log_loss` for labels;
    nothing where the model predicts no values, see `predicts_values_of`.

    Args:
        split: `Split` with a validation part.
        loss: `train.loss` of the config.
    """

    def __init__(self, split, loss):
        super().__init__()
        self.split = split
        self.loss = loss

    def on_epoch_end(self, epoch, logs=None):
        evaluation = evaluate_predicted_values(
            self.model, self.split, "validation", self.loss, bootstrap=0
        )
        if evaluation is not None:
            for name, value in evaluation.rows[0]["metrics"].items():
                logs[f"val_{name}"] = value["mean"]
