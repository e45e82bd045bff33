"""Compiles and fits one ranker, with everything that belongs to an epoch."""

from kerasrec.config.cutoffs import smaller_is_better
from kerasrec.config.factories import LOSS_OF_KIND, ranker_loss
from kerasrec.data import impression_batches
from kerasrec.errors import InputError
from kerasrec.losses import UncertaintyWeighted
from kerasrec.models.checkpoints.checkpoint import load_weights
from kerasrec.training.callbacks.best_checkpoint import BestCheckpoint
from kerasrec.training.callbacks.every_nth_epoch import EveryNthEpoch
from kerasrec.training.callbacks.linear_decay import LinearDecay
from kerasrec.training.callbacks.ranker_validation import RankerValidation
from kerasrec.training.callbacks.training_state import TrainingState
from kerasrec.training.fit import make_optimizer, steps_per_execution, train_epochs


def fit_ranker(
    model, split, train, folder=None, resume=False, progress=True, callbacks=(), start=None
):
    """Fits an adapted ranker; afterwards it has the weights of its best epoch.

    Args:
        model: An adapted `Ranker`, not compiled.
        split: `ImpressionSplit`.
        train, folder, resume, progress, callbacks, start: As for `fit`.

    Returns:
        The logs of all epochs, a list of dicts.

    Raises:
        InputError: for a loss of a label that the data does not have, a loss or a gradient that
            becomes NaN, or a checkpoint that cannot be written.
    """
    model.compile(
        optimizer=make_optimizer(train.optimizer),
        loss=losses(model, train.loss),
        loss_weights=_loss_weights(model.tasks, train.loss_weights),
        steps_per_execution=steps_per_execution(train),
    )
    decay = [LinearDecay(model.optimizer, train.epochs)] if train.decay == "linear" else []
    state = TrainingState(folder and folder.state, folder and folder.history, start)
    if resume:
        state.restore(model)
    done = len(state.history)
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
        validation = []
        if validated:
            validation = [EveryNthEpoch(train.validate_every, [RankerValidation(split)])]
        dataset = impression_batches(
            split.train,
            inputs=model.train_inputs,
            batch_size=train.batch_size,
            history_length=model.schema.history_length,
            seed=train.seed,
            first_epoch=done,
            buckets=train.strategy != "tpu",
        )
        callbacks = [*decay, *validation, best, *callbacks, state]
        train_epochs(model, dataset, train, callbacks, done, monitor, progress)
    if folder:
        load_weights(model, folder.checkpoint)
    return state.history


def losses(model, given):
    """The loss of each task by name.

    Args:
        model: A `Ranker`.
        given: Names by task, or one name for all; tasks that are not named have that of their kind.
    """
    names = {task.name: LOSS_OF_KIND[task.kind] for task in model.tasks}
    given = dict.fromkeys(names, given) if isinstance(given, str) else given
    _check_names("loss", given, names)
    found = {name: ranker_loss(loss) for name, loss in (names | given).items()}
    if model.learns_weights:
        return {name: UncertaintyWeighted(loss) for name, loss in found.items()}
    return found


def _loss_weights(tasks, given):
    if given is None:
        return None
    _check_names("loss_weights", given, [task.name for task in tasks])
    return {task.name: given.get(task.name, 1.0) for task in tasks}


def _check_names(key, given, known):
    for name in given:
        if name not in known:
            raise InputError(f"train.{key}: there is no label {name!r}: {', '.join(known)}")
