"""Compiles and fits one ranker, with everything that belongs to an epoch."""

from kerasrec.config.cutoffs import smaller_is_better
from kerasrec.config.factories import LOSSES_OF_KIND, ranker_loss
from kerasrec.data import RequestLists, impression_batches
from kerasrec.errors import InputError
from kerasrec.evaluation.impressions import evaluate_ranker
from kerasrec.evaluation.impressions.mean_rates import MeanRates
from kerasrec.losses import InRequests, UncertaintyWeighted
from kerasrec.losses.within_request import WithinRequest
from kerasrec.models.checkpoints.checkpoint import load_weights
from kerasrec.out_of_core import StoredImpressions, stream_impressions
from kerasrec.training.callbacks.best_checkpoint import BestCheckpoint
from kerasrec.training.callbacks.every_nth_epoch import EveryNthEpoch
from kerasrec.training.callbacks.linear_decay import LinearDecay
from kerasrec.training.callbacks.ranker_validation import RankerValidation
from kerasrec.training.callbacks.training_state import TrainingState
from kerasrec.training.fit import make_optimizer, steps_per_execution, train_epochs
from kerasrec.training.penalize import penalize


def fit_ranker(
    ranker,
    split,
    train,
    folder=None,
    resume=False,
    progress=True,
    callbacks=(),
    start=None,
    lists=None,
    checkpoint=None,
):
    """Fits an adapted ranker; afterwards it has the weights of its best epoch.

    Args:
        ranker: An adapted `Ranker`, not compiled.
        split: `ImpressionSplit`.
        train, folder, resume, progress, callbacks, start: As for `fit`.
        lists: What `lists_for` returns.
        checkpoint: Folder for the best epoch; None for that of the run folder.

    Returns:
        The logs of all epochs, a list of dicts.

    Raises:
        InputError: for a loss of a label that the data does not have, or that does not fit its
            kind, a monitored metric that the validation part does not define, a loss or a gradient
            that becomes NaN, or a checkpoint that cannot be written.
    """
    if len(split.validation):
        _check_monitor(split, train.monitor)
    penalize(ranker, train.l1, train.l2)
    ranker.compile(
        optimizer=make_optimizer(train.optimizer),
        loss=losses(ranker, train.loss, lists),
        loss_weights=_loss_weights(ranker.tasks, train.loss_weights),
        steps_per_execution=steps_per_execution(train),
    )
    decay = [LinearDecay(ranker.optimizer, train.epochs)] if train.decay == "linear" else []
    state = TrainingState(folder and folder.state, folder and folder.history, start)
    if resume:
        state.restore(ranker)
    done = len(state.history)
    validated = len(split.validation) > 0
    monitor = f"val_{train.monitor}" if validated else None
    checkpoint = checkpoint or (folder and folder.checkpoint)
    best = BestCheckpoint(
        checkpoint,
        monitor,
        train.patience,
        state.history,
        smaller_is_better=smaller_is_better(train.monitor or ""),
    )
    if done < train.epochs and not best.is_over():
        validation = []
        if validated:
            validation = [EveryNthEpoch(train.validate_every, [RankerValidation(split)])]
        how = {
            "inputs": ranker.train_inputs,
            "batch_size": train.batch_size,
            "history_length": ranker.schema.history_length,
            "seed": train.seed,
            "first_epoch": done,
            "buckets": train.strategy != "tpu",
        }
        if isinstance(split.train, StoredImpressions):
            dataset = stream_impressions(split.train, **how)
        else:
            dataset = impression_batches(split.train, **how, lists=lists)
        callbacks = [*decay, *validation, best, *callbacks, state]
        train_epochs(ranker, dataset, train, callbacks, done, monitor, progress)
    if folder:
        load_weights(ranker, checkpoint)
    return state.history


def lists_for(ranker, data, given):
    """The `RequestLists` that losses within a request need; None where no task has one.

    Args:
        ranker: A `Ranker`.
        data: `Impressions`, the train part.
        given: As for `losses`.

    Raises:
        InputError: where the data has no requests, or none with two values of a label.
    """
    found = _by_task(ranker, given)
    within = [name for name, loss in found.items() if isinstance(loss, WithinRequest)]
    if not within:
        return None
    if isinstance(data, StoredImpressions):
        raise InputError(
            f"train.loss: the loss of {' and '.join(within)} compares the items of a request, for "
            "which the impressions are read into memory: set data.out_of_core to never, or choose "
            "another loss, such as bce"
        )
    return RequestLists.of(data, within, keep_all=len(within) < len(found))


def losses(ranker, given, lists=None):
    """The loss of each task by name.

    Args:
        ranker: A `Ranker`.
        given: Names by task, or one name for all; tasks that are not named have that of their kind.
        lists: What `lists_for` returns.
    """
    found = {}
    for name, loss in _by_task(ranker, given).items():
        within = isinstance(loss, WithinRequest)
        loss = UncertaintyWeighted(loss) if ranker.learns_weights else loss
        found[name] = InRequests(loss, lists.rows.shape[1]) if within else loss
    return found


def order_notes(ranker, train):
    """Sentences on tasks whose loss compares items: what they predict is no probability."""
    if train.calibrate != "none":
        return []
    found = _by_task(ranker, train.loss)
    within = [task.name for task in ranker.tasks if isinstance(found[task.name], WithinRequest)]
    return [
        f"The loss of {name} compares the items of a request: what the model predicts orders them, "
        "and is no probability. Set train.calibrate for one."
        for name in within
    ]


def _by_task(ranker, given):
    kinds = {task.name: task.kind for task in ranker.tasks}
    names = {name: LOSSES_OF_KIND[kind][0] for name, kind in kinds.items()}
    given = dict.fromkeys(names, given) if isinstance(given, str) else given
    _check_names("loss", given, names)
    return {name: ranker_loss(loss, kinds[name]) for name, loss in (names | given).items()}


def _check_monitor(split, monitor):
    # Whether a metric is defined depends on the labels alone, so that of a baseline tells.
    found = evaluate_ranker(
        MeanRates().adapt(split.train), split, "validation", bootstrap=0, groups=False
    )
    metrics = found.rows[0]["metrics"]
    if metrics.get(monitor, metrics.get(f"{found.tasks[0]}.{monitor}")) is None:
        raise InputError(
            f"train.monitor {monitor} is not defined on the validation part: "
            f"{' '.join(found.notes) or 'it is not measured there'} Choose another monitor or split"
        )


def _loss_weights(tasks, given):
    if given is None:
        return None
    _check_names("loss_weights", given, [task.name for task in tasks])
    return {task.name: given.get(task.name, 1.0) for task in tasks}


def _check_names(key, given, known):
    for name in given:
        if name not in known:
            raise InputError(f"train.{key}: there is no label {name!r}: {', '.join(known)}")
