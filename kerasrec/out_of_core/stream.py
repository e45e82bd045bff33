"""Training on a prepared folder that need not fit into memory."""

import types

import numpy as np

from kerasrec.data import host_arrays
from kerasrec.data.batches import (
    Epochs,
    bucket_widths,
    check_arguments,
    finished,
    installed_tensorflow,
    weights,
)
from kerasrec.data.buckets import Buckets
from kerasrec.data.event_context import EventContext
from kerasrec.data.examples import examples_of, index
from kerasrec.data.query_spec import EXAMPLE_AGE
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.tables.memory import GIB, free_memory

SHARD_ROWS = 4_000_000
ROW_BYTES = 150  # of a shard, while its batches are made


def stream(
    data,
    inputs=("user", "item"),
    *,
    steps="all",
    batch_size=1024,
    history_length=50,
    horizon=1,
    seed=0,
    first_epoch=0,
    buckets=True,
    shard_rows=SHARD_ROWS,
):
    """Batches, as of `batches`, of a part of a `Prepared` folder of any size.

    The users are cut into shards of neighbours, each with at most `shard_rows` interactions (one
    user with more is a shard). An epoch reads the shards in an order drawn from `(seed, epoch)`,
    shuffles within each and gives every example exactly once; windows, buckets, behaviors and time
    gaps are those of `batches`. The last batch of each shard is filled up with padding. A table of
    one shard gives the batches of `batches`, in the same order.

    Memory: some 150 bytes for each row of a shard; the table does not matter.

    Args:
        data: `StoredInteractions`, such as `prepared.split().train`.
        shard_rows: interactions of a shard. More is better shuffled and takes more memory.
        inputs, steps, batch_size, history_length, horizon, seed, first_epoch, buckets: as of
            `batches`. The batch size is not halved for few examples.

    Returns:
        A `tf.data.Dataset` of `(x, y, sample_weight)`, its cardinality known.

    Raises:
        InputError: as of `batches`; steps="item_set", which has the users of an item in all
            shards; a user with more interactions than memory holds; or no TensorFlow.
    """
    tf = installed_tensorflow()
    if tf is None:
        raise InputError(
            "stream needs TensorFlow's tf.data, and TensorFlow is not installed: install it, or "
            "read the table into memory and use batches."
        )
    inputs = tuple(inputs)
    check_arguments(data, inputs, steps, batch_size, history_length, horizon, first_epoch)
    if EXAMPLE_AGE in inputs:
        raise InputError(
            f"{EXAMPLE_AGE!r} needs the times of all interactions, and a shard has those of some: "
            "read the table into memory (`data.out_of_core: never` of a config) and use batches."
        )
    if steps == "item_set":
        raise InputError(
            "steps='item_set' has all users of an item in one example, and a shard has some users: "
            "read the table into memory (`data.out_of_core: never` of a config) and use batches."
        )
    if shard_rows < 1:
        raise InputError(f"shard_rows={shard_rows!r}: expected at least 1.")
    counts, plans = data.user_counts(), []
    _check_largest(data, counts)
    widths = bucket_widths(inputs, steps, history_length, buckets)
    shape = (inputs, steps, history_length, horizon)
    for users in _shards(counts, shard_rows):
        lengths, gather = _examples(_placeholder(users, counts), shape)
        if len(lengths):
            plans.append((users, Buckets(lengths, widths, batch_size, evenly=steps == "all")))
            x, y, real = gather(index(1), 1)  # for the names and types
    total = sum(plan.steps for _, plan in plans)
    if not total:
        raise InputError(
            "Nothing to train on: pairs need one interaction, histories a user with two."
        )
    epochs = Epochs(first_epoch)

    def batches_of_an_epoch():
        epoch = int(epochs.current())
        left = total
        for number in np.random.default_rng((seed, epoch, 2)).permutation(len(plans)):
            users, plan = plans[number]
            lengths, gather = _examples(data.of_users(users), shape)
            # Zeros at the end of a seed do not change it: shard 0 is shuffled as in memory.
            random = np.random.default_rng((seed, epoch, 0, number))
            order = random.permutation(index(len(lengths)))
            random = np.random.default_rng((seed, epoch, 1, number))
            rows, starts, wide = plan.plan(order, random)
            for step, width in enumerate(wide):
                inputs_of, targets, mask = gather(rows[starts[step] : starts[step + 1]], width)
                left -= 1
                if not left:
                    epochs.finish(epoch)
                yield inputs_of, targets, weights(host_arrays, mask)

    signature = (
        {name: tf.TensorSpec((None,) * np.ndim(one), one.dtype) for name, one in x.items()},
        tf.TensorSpec((None,) * np.ndim(y), tf.float32),
        tf.TensorSpec((None,) * np.ndim(real), tf.float32),
    )
    dataset = tf.data.Dataset.from_generator(batches_of_an_epoch, output_signature=signature)
    return finished(tf, dataset, total, epochs)


def _check_largest(data, counts):
    """InputError, with the calculation, if the interactions of one user do not fit into memory."""
    user = int(np.argmax(counts))
    needed, free = int(counts[user]) * ROW_BYTES, free_memory()
    if needed > free:
        raise InputError(
            f"{data.name}: user {data.users.vocabulary.lookup(user)!r:.80} has {counts[user]:,} "
            f"interactions x {ROW_BYTES} bytes = {needed / GIB:,.1f} GiB, and "
            f"{free / GIB:,.1f} GiB of memory are free: keep the latest of each user by "
            "clean.max_events_per_user."
        )


def _shards(counts, shard_rows):
    """Rows of neighbouring users that have at most so many interactions together."""
    ends, first = np.cumsum(counts), FIRST
    while first < len(counts):
        before = ends[first - 1]
        stop = max(int(np.searchsorted(ends, before + shard_rows, "right")), first + 1)
        yield np.arange(first, stop)
        first = stop


def _placeholder(users, counts):
    """Interactions of these users, of which only the user is true: enough for their lengths."""
    user = np.repeat(users, counts[users]).astype(np.int32)
    empty, values = np.zeros(len(user), np.int32), np.zeros(len(user), np.float32)
    return types.SimpleNamespace(
        user=user, item=empty, value=values, behavior=empty, timestamp=empty.astype(np.int64),
        context=EventContext(),
    )  # fmt: skip


def _examples(data, shape):
    inputs, steps, length, horizon = shape
    return examples_of(host_arrays, data, inputs, steps, length, horizon)
