"""Interactions as a dataset of integer batches."""

import contextlib
import importlib.util
import threading

import numpy as np

from kerasrec.data import examples, host_arrays
from kerasrec.data.buckets import Buckets, halves
from kerasrec.data.query_spec import EXAMPLE_AGE, ITEM, QUERY_INPUTS, step_context
from kerasrec.errors import InputError

STEPS = ("all", "last", "set", "item_set")


class Epochs:
    """The number of the epoch that is next, kept outside the dataset's graph.

    An epoch counts as used when its last batch has been made, not when an iterator is created:
    Keras creates iterators it throws away (one an epoch, and one more to build a distributed
    model), and those must not change the order of what follows. Under a strategy such an iterator
    may make a whole short epoch ahead: who trains there says by `begin` which epoch it is.
    """

    def __init__(self, first):
        self.next = first
        self._told = False
        self._lock = threading.Lock()

    def begin(self, epoch):
        """The epoch of all iterators from now on, until the next call."""
        with self._lock:
            self.next, self._told = epoch, True

    def count(self):
        """From the next epoch on they are counted again, as before `begin`."""
        with self._lock:
            self._told = False

    def current(self):
        return np.int64(self.next)

    def finish(self, epoch):
        with self._lock:
            if not self._told:
                self.next = max(self.next, int(epoch) + 1)
        return np.int64(0)


def batches(
    data,
    inputs=("user", "item"),
    *,
    steps="all",
    batch_size=1024,
    history_length=50,
    horizon=1,
    seed=0,
    shuffle=True,
    first_epoch=0,
    buckets=True,
):
    """A dataset of `(x, y, sample_weight)` batches for `model.fit`; rows only.

    The whole table is shuffled every epoch, by one permutation that depends on `(seed, epoch)`
    alone, so a run that starts with `first_epoch=n` sees what the n-th epoch (from 0) of an
    uninterrupted run saw. An epoch is over when its last batch has been made: taking only a few
    batches and starting again gives the same batches again. (A distribution strategy prepares
    some batches ahead; with fewer than about ten batches an epoch it may skip an order, unless
    `dataset.epochs.begin(epoch)` is called before each epoch, as `kerasrec fit` does.)

    With `B` the batch size and `L` the history length:

    * pairs (no `"history"` among the inputs, `steps` no set): `x = {"user": (B,), "item": (B,)}`,
      `y = (B,)`.
    * `steps="all"`: windows of each user's items in time order. A user with items
      `s_0 .. s_m` gives the transitions `s_t -> s_{t+1}`, each in exactly one window. Windows
      are cut from the end, so only a user's first window can be shorter than `L`.
      `x = {"history": (B, L), "item": (B, L), ["user": (B,)]}`, `y = (B, L)`. With `horizon=n`
      above 1 the next n items are the targets at every position: `item` and `y` are `(B, L, n)`.
    * `steps="last"`: one example for each interaction with something before it.
      `x = {"history": (B, L), "item": (B,), ["user": (B,)]}`, `y = (B,)`.
    * `steps="set"`: one example for each user: all items at once, what is read and what is to be
      found. `x = {"item": (B, L), ["history": (B, L) the same], ["user": (B,)]}`, `y = (B, L)`.
    * `steps="item_set"`: one example for each item: all its users.
      `x = {"item": (B,), "user": (B, L)}`, `y = (B, L)`.

    Features of the request, such as `"hour"`, are those of the interaction that is to be predicted,
    `(B, ...)`: for pairs and `steps="last"`. `"example_age"` is how long before the last of all
    interactions that one was, as a share of the time that `data` spans, of the shape of `y`: not
    for sets.

    Per-step inputs beside a history, such as `"behavior"` and `"time_gap"`, have its shape;
    `kerasrec.data.query_spec` has the dtype and meaning of each.

    Histories and sets hold what is latest, padded with 0 on the right. `y` is the value of the
    target interaction. The last batch of an epoch is filled up with padding, examples of zeros
    only: the examples of every batch are a multiple of `B`, which replicas can share evenly.

    With `buckets` and `shuffle`, histories of about one length share a batch, and the batch is as
    wide as they need: `L`, half of it, a quarter ..., see `Buckets`. Windows of half the width are
    `2 B` a batch: every batch has as many places, and every target the same weight. Without,
    every batch has the same shape, which a TPU compiles once. `dataset.real_share` says which
    share of the history's places is not padding.

    `sample_weight` has the shape of `y`: 0 at padding, elsewhere `size of y / number of real
    targets in the batch`, which is 1 for pairs and `steps="last"` but in the last batch. The plain
    mean over a batch is so the mean over its real targets, on one device and on several. For sets
    as well: a user with twice the items has twice the weight, as in a sum of log-likelihoods. Keras
    metrics heed it as `weighted_metrics`, not as `metrics`.

    Args:
        data: `Interactions`; its row order is time order.
        inputs: names of `x`: `"item"` and any of `"user"`, `"history"`, and with a history
            `"behavior"` and `"time_gap"`; features of the request that the data has, and
            `"example_age"`.
        steps: `"all"` or `"last"`, used when there is a history; `"set"` or `"item_set"`.
        batch_size: `B`, over all replicas together; their number must divide it. Halved as long
            as half of it holds all examples.
        history_length: `L`.
        horizon: Targets at each position of a window.
        seed: of the shuffling.
        shuffle: False gives table order (for windows: users in row order).
        first_epoch: the epoch to start with.
        buckets: False gives every batch the full width.

    Returns:
        A `tf.data.Dataset`, int32 rows and float32 values, its cardinality known, and its shapes
        static unless there are buckets. Where TensorFlow is not installed, a Keras `PyDataset` of
        the same batches in the same order, as NumPy arrays.

    Raises:
        InputError: an unknown input or `steps`, a size below 1, or nothing to train on.
    """
    inputs = tuple(inputs)
    check_arguments(data, inputs, steps, batch_size, history_length, horizon, first_epoch)
    widths = bucket_widths(inputs, steps, history_length, buckets and shuffle)

    def make(arrays):
        lengths, gather = examples.examples_of(arrays, data, inputs, steps, history_length, horizon)

        def batch(chosen, width):
            x, y, real = gather(chosen, width)
            return x, y, weights(arrays, real)

        return lengths, batch

    return gathered(make, widths, batch_size, steps == "all", seed, shuffle, first_epoch)


def gathered(make, widths, batch_size, evenly, seed, shuffle, first_epoch):
    """Batches of examples that are gathered by their number.

    Args:
        make: From `arrays` (TensorFlow, or `host_arrays`) to the real places of each example and a
            function from the numbers of a batch's examples and its width to `(x, y,
            sample_weight)`. The number after the last example is padding.
        widths, evenly: See `Buckets`.
        batch_size, seed, shuffle, first_epoch: See `batches`.
    """
    tf = installed_tensorflow()
    # The columns stay in host memory whatever the model runs on.
    with tf.device("CPU:0") if tf else contextlib.nullcontext():
        lengths, batch = make(tf or host_arrays)
        plan = Buckets(lengths, widths, _fitting(batch_size, len(lengths)), evenly=evenly)

        def order(epoch):
            count = len(lengths)
            numbers = permutation(seed, epoch, count) if shuffle else examples.index(count)
            return plan.plan(numbers, np.random.default_rng((seed, epoch, 1)))

        epochs = Epochs(first_epoch)
        if tf:
            return _in_graph(tf, plan, order, batch, examples.index(len(lengths) + 1).dtype, epochs)
        from kerasrec.data.py_batches import PyBatches

        return PyBatches(order, batch, plan.steps, epochs, plan.real_share)


def installed_tensorflow():
    """TensorFlow, None where it is not installed."""
    if importlib.util.find_spec("tensorflow") is None:
        return None
    import tensorflow as tf

    return tf


def permutation(seed, epoch, count):
    """The order of `count` examples in an epoch: a permutation from `(seed, epoch)`."""
    return np.random.default_rng((seed, epoch)).permutation(examples.index(count))


def bucket_widths(inputs, steps, history_length, buckets):
    """The widths of batches, descending."""
    # Sets stay as they are: the fewer targets a batch had, the more each would weigh.
    cut = buckets and "history" in inputs and steps in ("all", "last")
    return halves(history_length) if cut else (history_length,)


def check_arguments(data, inputs, steps, batch_size, history_length, horizon, first_epoch):
    """InputError for arguments of `batches` that do not fit each other or the columns of data."""
    known = [name for name, each in QUERY_INPUTS.items() if not each.request_only]
    known += [*data.context.columns, EXAMPLE_AGE]
    if ITEM not in inputs or not {*inputs} <= {ITEM, *known}:
        raise InputError(
            f"inputs={inputs!r}: expected 'item' and any of {', '.join(map(repr, known))}. "
            "Features of users and items need not be named: a model looks them up by row."
        )
    if inputs == ("item",):
        raise InputError("inputs=('item',): expected 'user' or 'history' beside it.")
    in_pairs = "history" not in inputs and "set" not in steps
    for name in inputs:
        if name in data.context.columns and not (in_pairs or steps == "last"):
            raise InputError(
                f"inputs={inputs!r}: {name!r} is a feature of the request of one target, and an "
                f"example of steps={steps!r} has several: read it with steps='last'."
            )
    if EXAMPLE_AGE in inputs and (data.timestamp is None or "set" in steps):
        raise InputError(
            f"inputs={inputs!r}: {EXAMPLE_AGE!r} needs the time of each interaction, map a column "
            "to timestamp; and an example of a set has several"
        )
    for each in step_context(inputs):
        known = getattr(data, each.source) is not None
        if not known or "history" not in inputs or "set" in steps:
            raise InputError(
                f"inputs={inputs!r}: {each.name!r} needs a history in time order, of data with a "
                f"{each.source} column; leave it out."
            )
    if steps not in STEPS:
        raise InputError(f"steps={steps!r}: expected one of {', '.join(STEPS)}.")
    if steps == "item_set" and "history" in inputs:
        raise InputError(
            f"inputs={inputs!r}: steps='item_set' has users for each item and no history; leave it "
            "out, or take steps='set'."
        )
    for name, value, least in (
        ("batch_size", batch_size, 1),
        ("history_length", history_length, 1),
        ("horizon", horizon, 1),
        ("first_epoch", first_epoch, 0),
    ):
        if int(value) != value or value < least:
            raise InputError(f"{name}={value!r}: expected a whole number of at least {least}.")


def _fitting(batch_size, count):
    """Little data is no reason to train on padding; halves can still be shared evenly."""
    if not count:
        raise InputError(
            "Nothing to train on: pairs need one interaction, histories a user with two."
        )
    while batch_size % 2 == 0 and batch_size // 2 >= count:
        batch_size //= 2
    return batch_size


def _in_graph(tf, plan, order, batch, kind, epochs):
    one_shape = plan.batch_shape is not None

    def start():
        epoch = epochs.current()
        numbers, starts, widths = order(int(epoch))
        return epoch, numbers.astype(kind), starts.astype(kind), widths.astype(np.int32)

    def one_epoch(_):
        epoch, numbers, starts, widths = tf.numpy_function(
            start, [], (tf.int64, kind, kind, tf.int32)
        )
        for column in (numbers, starts, widths):
            column.set_shape((None,))

        def at(step):
            chosen, width = numbers[starts[step] : starts[step + 1]], widths[step]
            if one_shape:
                size, width = plan.batch_shape
                chosen = tf.ensure_shape(chosen, (size,))
            return batch(chosen, width)

        return _ending(tf, plan.steps, at, epochs, epoch)

    dataset = tf.data.Dataset.range(1).flat_map(one_epoch)
    dataset = finished(tf, dataset, plan.steps, epochs)
    dataset.real_share = plan.real_share
    return dataset


def weights(arrays, real):
    """Weights of the targets of a batch whose mean is 1, and 0 where they are not real."""
    real = arrays.cast(real, "float32")
    return real * (arrays.cast(arrays.size(real), "float32") / arrays.reduce_sum(real))


def _ending(tf, steps, batch, epochs, epoch):
    """`batch(0)` to `batch(steps - 1)`; the last one tells `epochs` that `epoch` is over."""

    def last_batch(step):
        done = tf.numpy_function(epochs.finish, [epoch], tf.int64)
        with tf.control_dependencies([done]):
            return batch(tf.identity(step))

    inner = tf.data.Dataset.range(steps - 1).map(batch)
    return inner.concatenate(tf.data.Dataset.range(steps - 1, steps).map(last_batch))


def finished(tf, dataset, steps, epochs):
    """`dataset` with its length and `epochs`, its order fixed and some batches made ahead."""
    options = tf.data.Options()
    options.deterministic = True
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    dataset = dataset.with_options(options).prefetch(4)
    dataset.epochs = epochs
    return dataset
