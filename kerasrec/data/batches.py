"""Interactions as a `tf.data.Dataset` of integer batches."""

import threading

import numpy as np

from kerasrec.errors import InputError

INPUTS = ("user", "item", "history")


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
    seed=0,
    shuffle=True,
    first_epoch=0,
):
    """A dataset of `(x, y, sample_weight)` batches for `model.fit`; rows only.

    The whole table is shuffled every epoch, by one permutation that depends on `(seed, epoch)`
    alone, so a run that starts with `first_epoch=n` sees what the n-th epoch (from 0) of an
    uninterrupted run saw. An epoch is over when its last batch has been made: taking only a few
    batches and starting again gives the same batches again. (A distribution strategy prepares
    some batches ahead; with fewer than about ten batches an epoch it may skip an order, unless
    `dataset.epochs.begin(epoch)` is called before each epoch, as `kerasrec fit` does.)

    With `B` the batch size and `L` the history length:

    * pairs (no `"history"` among the inputs): `x = {"user": (B,), "item": (B,)}`, `y = (B,)`.
    * `steps="all"`: windows of each user's items in time order. A user with items
      `s_0 .. s_m` gives the transitions `s_t -> s_{t+1}`, each in exactly one window. Windows
      are cut from the end, so only a user's first window can be shorter than `L`.
      `x = {"history": (B, L), "item": (B, L), ["user": (B,)]}`, `y = (B, L)`.
    * `steps="last"`: one example for each interaction with something before it.
      `x = {"history": (B, L), "item": (B,), ["user": (B,)]}`, `y = (B,)`.

    Histories hold the latest items, padded with 0 on the right. `y` is the value of the target
    interaction. The last batch of an epoch is filled up with padding, examples of zeros only: every
    batch has `B` examples, which replicas can share evenly and a TPU compiles once.

    `sample_weight` has the shape of `y`: 0 at padding, elsewhere `size of y / number of real
    targets in the batch`, which is 1 for pairs and `steps="last"` but in the last batch. The plain
    mean over a batch is so the mean over its real targets, on one device and on several. Keras
    metrics heed it as `weighted_metrics`, not as `metrics`.

    Args:
        data: `Interactions`; its row order is time order.
        inputs: names of `x`: `"item"` and any of `"user"`, `"history"`.
        steps: `"all"` or `"last"`; used when there is a history.
        batch_size: `B`, over all replicas together; their number must divide it. Halved as long
            as half of it holds all examples.
        history_length: `L`.
        seed: of the shuffling.
        shuffle: False gives table order (for windows: users in row order).
        first_epoch: the epoch to start with.

    Returns:
        A `tf.data.Dataset`, int32 rows and float32 values, its shapes static
        and its cardinality known.

    Raises:
        InputError: an unknown input or `steps`, a size below 1, or nothing to train on.
    """
    import tensorflow as tf

    inputs = tuple(inputs)
    _check(inputs, steps, batch_size, history_length, first_epoch)
    with tf.device("CPU:0"):  # the columns stay in host memory whatever the model runs on
        if "history" not in inputs:
            count, gather = _pairs(tf, data, inputs)
        elif steps == "all":
            count, gather = _windows(tf, data, inputs, history_length)
        else:
            count, gather = _last_steps(tf, data, inputs, history_length)
        return _epochs(tf, count, gather, batch_size, Epochs(first_epoch), seed, shuffle)


def permutation(seed, epoch, count):
    """The order of `count` examples in an epoch: a permutation from `(seed, epoch)`."""
    return np.random.default_rng((seed, epoch)).permutation(_index(count))


def _check(inputs, steps, batch_size, history_length, first_epoch):
    unknown = [name for name in inputs if name not in INPUTS]
    if unknown or "item" not in inputs:
        raise InputError(
            f"inputs={inputs!r}: expected 'item' and any of 'user', 'history'. "
            "Features need not be named: a model looks them up by user and item row."
        )
    if inputs == ("item",):
        raise InputError("inputs=('item',): expected 'user' or 'history' beside it.")
    if steps not in ("all", "last"):
        raise InputError(f"steps={steps!r}: expected 'all' or 'last'.")
    for name, value, least in (
        ("batch_size", batch_size, 1),
        ("history_length", history_length, 1),
        ("first_epoch", first_epoch, 0),
    ):
        if int(value) != value or value < least:
            raise InputError(f"{name}={value!r}: expected a whole number of at least {least}.")


def _index(largest):
    """0 .. largest-1 in the smallest type that TensorFlow gathers with."""
    return np.arange(largest, dtype=np.int32 if largest < 2**31 else np.int64)


# Each of the following gives the number of examples and a function from their numbers to
# (x, y, which targets are real). The number after the last example is one of padding.


def _pairs(tf, data, inputs):
    # One table, so that an example is one read from memory instead of one for each column.
    table = np.zeros((len(data) + 1, len(inputs) + 1), np.int32)
    for place, name in enumerate(inputs):
        table[:-1, place] = getattr(data, name)
    table[:-1, -1] = np.ascontiguousarray(data.value, np.float32).view(np.int32)
    table = tf.constant(table)

    def gather(order):
        *x, value = tf.unstack(tf.gather(table, order), axis=1)
        y = tf.bitcast(value, tf.float32)
        return dict(zip(inputs, x, strict=True)), y, order < len(data)

    return len(data), gather


def _by_user(data):
    """Users with their items and values in time order: flat columns, each user's first position."""
    order = np.argsort(data.user, kind="stable")
    user, first, length = np.unique(data.user[order], return_index=True, return_counts=True)
    return user, first, length, data.item[order], data.value[order]


def _windows(tf, data, inputs, length):
    user, first, items_of, items, values = _by_user(data)
    transitions = items_of - 1
    windows_of = -(-transitions // length)
    owner = np.repeat(np.arange(len(user)), windows_of)
    # How many windows of the same user come after this one: windows are cut from the end.
    later = np.repeat(np.cumsum(windows_of), windows_of) - 1 - np.arange(len(owner))
    stop = transitions[owner] - later * length
    start = np.maximum(stop - length, 0)
    kind = _index(len(items) + length).dtype
    start_at = tf.constant(_with_padding(first[owner] + start, kind))
    real = tf.constant(_with_padding(stop - start, kind))
    users = tf.constant(_with_padding(user[owner], np.int32))
    items, values = tf.constant(items), tf.constant(values)
    steps = tf.range(length, dtype=start_at.dtype)

    def gather(order):
        count = tf.gather(real, order)[:, None]
        mask = steps < count
        # Past a window's end any position will do: the mask hides what is read there.
        at = tf.where(mask, tf.gather(start_at, order)[:, None] + steps, 0)
        target = tf.minimum(at + 1, len(items) - 1)
        x = {
            "history": tf.where(mask, tf.gather(items, at), 0),
            "item": tf.where(mask, tf.gather(items, target), 0),
        }
        if "user" in inputs:
            x["user"] = tf.gather(users, order)
        return x, tf.where(mask, tf.gather(values, target), 0.0), mask

    return len(owner), gather


def _last_steps(tf, data, inputs, length):
    user, first, items_of, items, values = _by_user(data)
    offset = _index(len(items)) - np.repeat(first, items_of)
    kind = _index(len(items) + length).dtype
    target = np.flatnonzero(offset)
    examples = len(target)
    real = tf.constant(_with_padding(np.minimum(offset[target], length), kind))
    # Padding has its target behind the last interaction.
    target = tf.constant(np.append(target, len(items)).astype(kind))
    users = np.repeat(user, items_of) if "user" in inputs else []
    users = tf.constant(_with_padding(users, np.int32))
    items = tf.constant(_with_padding(items, np.int32))
    values = tf.constant(_with_padding(values, np.float32))
    steps = tf.range(length, dtype=target.dtype)

    def gather(order):
        at = tf.gather(target, order)
        count = tf.gather(real, order)
        mask = steps < count[:, None]
        past = tf.where(mask, (at - count)[:, None] + steps, 0)
        x = {"history": tf.where(mask, tf.gather(items, past), 0), "item": tf.gather(items, at)}
        if "user" in inputs:
            x["user"] = tf.gather(users, at)
        return x, tf.gather(values, at), count > 0

    return examples, gather


def _with_padding(column, dtype):
    return np.append(column, 0).astype(dtype)


def _epochs(tf, count, gather, batch_size, epochs, seed, shuffle):
    if not count:
        raise InputError(
            "Nothing to train on: pairs need one interaction, histories a user with two."
        )
    # Little data is no reason to train on padding; halves can still be shared evenly.
    while batch_size % 2 == 0 and batch_size // 2 >= count:
        batch_size //= 2
    steps = -(-count // batch_size)
    kind = _index(count + 1).dtype
    padding = np.full(steps * batch_size - count, count, kind)

    def start():
        epoch = epochs.current()
        order = permutation(seed, int(epoch), count) if shuffle else _index(count)
        order = np.concatenate([order, padding], dtype=kind)
        return epoch, order.reshape(steps, batch_size)

    def one_epoch(_):
        epoch, order = tf.numpy_function(start, [], (tf.int64, kind))
        order.set_shape((steps, batch_size))

        def batch(step):
            x, y, real = gather(order[step])
            return x, y, weights(tf, real)

        return ending(tf, steps, batch, epochs, epoch)

    return finished(tf, tf.data.Dataset.range(1).flat_map(one_epoch), steps, epochs)


def weights(tf, real):
    """Weights of the targets of a batch whose mean is 1, and 0 where they are not real."""
    real = tf.cast(real, "float32")
    return real * (tf.cast(tf.size(real), "float32") / tf.reduce_sum(real))


def ending(tf, steps, batch, epochs, epoch):
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
