"""Compiles and fits one model, with everything that belongs to an epoch."""

import contextlib

import keras

from kerasrec.config.cutoffs import RATING_METRICS
from kerasrec.config.factories import loss_by_name, optimizer_class
from kerasrec.data.batches import batches
from kerasrec.errors import InputError, failed_check
from kerasrec.models import FiniteLoss
from kerasrec.training.callbacks.best_checkpoint import BestCheckpoint
from kerasrec.training.callbacks.linear_decay import LinearDecay
from kerasrec.training.callbacks.progress_bar import ProgressBar
from kerasrec.training.callbacks.ranking_validation import RankingValidation
from kerasrec.training.callbacks.rating_validation import RatingValidation
from kerasrec.training.callbacks.training_state import TrainingState
from kerasrec.training.check_training import check_training

# Of `steps_per_execution: auto`: what Python costs a step is small then, an answer to Ctrl-C near.
STEPS = 16


def fit(
    model, split, train, folder, ks=None, resume=False, progress=True, callbacks=(), began=None
):
    """Fits an adapted model and keeps its best epoch as a checkpoint.

    A model without trainable weights (it counts, or solves) is done when it is adapted: it is only
    saved.

    Args:
        model: An adapted `Recommender`, not compiled.
        split: `Split`; its train part is trained on, its validation part chooses the epoch. Where
            that is empty, all epochs are run and the last is kept.
        train: `TrainNode` of a config.
        folder: `RunFolder` for the checkpoint, the state and the history; None to write nothing.
        ks: Cut-offs of the validation metrics; see `evaluate`. A resumed training keeps its own.
        resume: Go on from the folder's state, if it has one.
        progress: Show a bar on stderr.
        callbacks: Keras callbacks to come behind those of this function, whose logs they see.
        began: As of `TrainingState`.

    Returns:
        The logs of all epochs, a list of dicts.

    Raises:
        InputError: for what `check_training` refuses, a loss or a gradient that becomes NaN, a
            checkpoint that cannot be written. The epochs before are left as they were.
    """
    if not model.trainable_weights:
        if folder:
            model.save(folder.checkpoint, overwrite=True)
        return []
    check_training(model, split, train)
    model.compile(
        optimizer=make_optimizer(train.optimizer),
        loss=loss_by_name(train.loss, model.schema.num_items, train.gbce_t),
        steps_per_execution=steps_per_execution(train),
    )
    # Before an earlier state brings back the rate that it had come to.
    decay = [LinearDecay(model.optimizer, train.epochs)] if train.decay == "linear" else []
    state = TrainingState(folder and folder.state, folder and folder.history, began)
    if resume:
        state.restore(model)
    done = len(state.history)
    # Every epoch is measured alike, whatever the test is to show.
    ks = _cutoffs(state.history) or ks
    validated = len(split.validation) > 0
    monitor = f"val_{train.monitor}" if validated else None
    best = BestCheckpoint(
        folder and folder.checkpoint,
        monitor,
        train.patience,
        state.history,
        smaller_is_better=train.monitor in RATING_METRICS,
    )
    if done >= train.epochs or (done and best.is_over(done - 1)):
        return state.history
    dataset = batches(
        split.train,
        inputs=model.train_inputs,
        steps=model.steps,
        batch_size=train.batch_size,
        history_length=model.schema.history_length,
        horizon=model.horizon,
        seed=train.seed,
        first_epoch=done,
        buckets=train.strategy != "tpu",
    )
    validations = []
    if validated:
        validations = [RankingValidation(split, ks), RatingValidation(split, train.loss)]
    finite = FiniteLoss()
    order = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: dataset.epochs.begin(epoch)
    )
    callbacks = [order, finite, *decay, *validations, best, state, *callbacks]
    with contextlib.ExitStack() as stack:
        if progress:
            steps = int(dataset.cardinality())
            bar = stack.enter_context(ProgressBar(train.epochs, steps, monitor, done))
            callbacks.append(bar)
        try:
            model.fit(
                dataset,
                epochs=train.epochs,
                initial_epoch=done,
                callbacks=callbacks,
                shuffle=False,
                verbose=0,
            )
        except InputError as error:
            if finite.stopped:
                raise InputError(f"{error}; {_kept(finite.epoch)}") from error
            if failed_check(error.__cause__) is None:
                raise
            # A check in the graph knows the step alone, counted from the first epoch on.
            raise InputError(
                f"{error}; it was epoch {finite.epoch + 1}, {_kept(finite.epoch)}"
            ) from error
    return state.history


def _kept(epoch):
    """What is left of a training that stopped in an epoch (from 0), in words."""
    if epoch:
        return "the best checkpoint before is kept"
    return "no epoch was finished, so there is no checkpoint"


def _cutoffs(history):
    """The cut-offs of the validation metrics in the logs of earlier epochs."""
    names = [name for name in (history[0] if history else ()) if "recall@" in name]
    return [int(name.rpartition("@")[2]) for name in names]


def steps_per_execution(train):
    """How many steps of a `TrainNode` one call of the training function takes.

    An epoch need not be a multiple: Keras ends its last call with the data.
    """
    if train.steps_per_execution != "auto":
        return train.steps_per_execution
    return 1 if train.strategy in ("mirrored", "tpu") else STEPS


def make_optimizer(node):
    """An optimizer from its name, or from its `OptimizerNode`."""
    if isinstance(node, str):
        return optimizer_class(node)()
    return optimizer_class(node.class_)(**node.arguments)
