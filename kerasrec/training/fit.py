"""Compiles and fits one model, with everything that belongs to an epoch."""

import contextlib

import keras

from kerasrec.config.cutoffs import smaller_is_better
from kerasrec.config.factories import loss_by_name, optimizer_class
from kerasrec.data.batches import batches
from kerasrec.errors import InputError, failed_check
from kerasrec.models import FiniteLoss
from kerasrec.models.checkpoints.checkpoint import load_weights
from kerasrec.out_of_core import StoredInteractions, stream
from kerasrec.training.callbacks.best_checkpoint import BestCheckpoint
from kerasrec.training.callbacks.every_nth_epoch import EveryNthEpoch
from kerasrec.training.callbacks.linear_decay import LinearDecay
from kerasrec.training.callbacks.progress_bar import ProgressBar
from kerasrec.training.callbacks.ranking_validation import RankingValidation
from kerasrec.training.callbacks.rating_validation import RatingValidation
from kerasrec.training.callbacks.start_slots import start_slots
from kerasrec.training.callbacks.training_state import TrainingState
from kerasrec.training.callbacks.validation_users import ValidationUsers
from kerasrec.training.check_training import check_training
from kerasrec.training.penalize import penalize

# For `steps_per_execution: auto`: Python's share of a step is small, and Ctrl-C is answered soon.
STEPS = 16


def fit(
    model,
    split,
    train,
    folder,
    ks=None,
    resume=False,
    progress=True,
    callbacks=(),
    start=None,
    validation_users=None,
    slots=None,
):
    """Fits an adapted model; afterwards it has the weights of its best epoch.

    Each validated epoch that is better than all before it is saved as a checkpoint, from which the
    weights are read in the end. A model without trainable weights (it counts, or solves) is done
    when it is adapted, and nothing is written.

    Args:
        model: An adapted `Recommender`, not compiled.
        split: `Split`; its train part is trained on, its validation part chooses the epoch. Where
            that is empty, all epochs are run and the last is kept.
        train: `TrainNode` of a config.
        folder: `RunFolder` for the checkpoint, the state and the history; None to write nothing,
            and to leave the model with the weights of the last epoch.
        ks: Cut-offs of the validation metrics; see `evaluate`. A resumed training keeps its own.
        resume: Continue from the folder's state, if it has one.
        progress: Show a bar on stderr.
        callbacks: More Keras callbacks; the logs of an epoch that they get have its validation
            metrics, and what they add is in the history.
        start: As for `TrainingState`.
        validation_users: `ValidationUsers`, which afterwards has the number that validations
            ranked for; None for one of `train` that says nothing.
        slots: State file of the run whose weights the model has, see `start_slots`; None for a
            new optimizer.

    Returns:
        The logs of all epochs, a list of dicts.

    Raises:
        InputError: for what `check_training` refuses, a loss or a gradient that becomes NaN, a
            checkpoint that cannot be written. Earlier epochs stay saved.
    """
    if not (model.trained and model.trainable_weights):
        return []
    check_training(model, split, train)
    penalize(model, train.l1, train.l2)
    model.compile(
        optimizer=make_optimizer(train.optimizer),
        loss=loss_by_name(train.loss, model.schema.num_items, train.gbce_t),
        steps_per_execution=steps_per_execution(train),
    )
    if slots:
        start_slots(model, slots)
    # Before `restore`, for it takes the rate of the first epoch.
    decay = [LinearDecay(model.optimizer, train.epochs)] if train.decay == "linear" else []
    users = validation_users or ValidationUsers(split, train)
    state = TrainingState(folder and folder.state, folder and folder.history, start, users)
    if resume:
        state.restore(model)
    done = len(state.history)
    # All epochs are measured alike, even if a resumed run tests with other cut-offs.
    ks = _logged_cutoffs(state.history) or ks
    validated = len(split.validation) > 0
    monitor = f"val_{train.monitor}" if validated else None
    best = BestCheckpoint(
        folder and folder.checkpoint,
        monitor,
        train.patience,
        state.history,
        smaller_is_better=smaller_is_better(train.monitor or ""),
    )
    if done < train.epochs and not best.is_over():
        validations = []
        if validated:
            ranking = RankingValidation(split, ks, users)
            rating = RatingValidation(split, train.loss, users)
            validations = [users, EveryNthEpoch(train.validate_every, [ranking, rating])]
        # The validation first, for its metrics are in the logs of all others; the state last, for
        # an epoch whose callbacks are not done is trained again.
        callbacks = [*decay, *validations, best, *callbacks, state]
        dataset = _batches(model, split, train, done)
        train_epochs(model, dataset, train, callbacks, done, monitor, progress)
    if folder:
        load_weights(model, folder.checkpoint)
    return state.history


def _batches(model, split, train, done):
    make = stream if isinstance(split.train, StoredInteractions) else batches
    return make(
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


def train_epochs(model, dataset, train, callbacks, done, monitor, progress):
    """Calls Keras's `fit` for the epochs from `done` on."""
    finite = FiniteLoss()
    order = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: dataset.epochs.begin(epoch)
    )
    callbacks = [order, finite, *callbacks]
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
                raise InputError(f"{error}; {_what_is_saved(finite.epoch)}") from error
            if failed_check(error.__cause__) is None:
                raise
            # A check inside the graph only knows the step, counted from the first epoch on.
            raise InputError(
                f"{error}; it was epoch {finite.epoch + 1}, {_what_is_saved(finite.epoch)}"
            ) from error


def _what_is_saved(epoch):
    """What a training that stopped in an epoch (from 0) has saved, for a message."""
    if epoch:
        return "the best checkpoint before is kept"
    return "no epoch was finished, so there is no checkpoint"


def _logged_cutoffs(history):
    """The cut-offs of the validation metrics in the logs of earlier epochs."""
    names = dict.fromkeys(name for logs in history for name in logs if "recall@" in name)
    return [int(name.rpartition("@")[2]) for name in names]


def steps_per_execution(train):
    """The number of steps that one call of Keras's training function runs.

    An epoch need not be a multiple of it: the last call is shorter.
    """
    if train.steps_per_execution != "auto":
        return train.steps_per_execution
    return 1 if train.strategy in ("mirrored", "tpu") else STEPS


def make_optimizer(node):
    """An optimizer from the `optimizer` of a `TrainNode`: a name or an `OptimizerNode`."""
    if isinstance(node, str):
        return optimizer_class(node)()
    return optimizer_class(node.class_)(**node.arguments)
