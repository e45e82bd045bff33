"""Training on impressions that need not fit into memory."""

import numpy as np

from kerasrec.data import host_arrays
from kerasrec.data.batches import Epochs, bucket_widths, finished, installed_tensorflow
from kerasrec.data.buckets import Buckets
from kerasrec.data.examples import index
from kerasrec.data.impression_batches import check_inputs, examples_of, folds
from kerasrec.errors import InputError

SHARD_ROWS = 4_000_000


def stream_impressions(
    data,
    *,
    inputs,
    batch_size=1024,
    history_length=50,
    seed=0,
    first_epoch=0,
    buckets=True,
    shard_rows=SHARD_ROWS,
):
    """Batches, as of `impression_batches`, of `StoredImpressions` of any size.

    The rows are cut into shards of `shard_rows` that follow one another in time. An epoch reads the
    shards in an order drawn from `(seed, epoch)`, shuffles within each and gives every row exactly
    once. The last batch of each shard is filled up with padding. A table of one shard gives the
    batches of `impression_batches`, in the same order.

    Memory: the columns of one shard, and some 40 bytes for each of its rows.

    Args:
        data: `StoredImpressions`, such as a train part.
        shard_rows: More is better shuffled and takes more memory.
        inputs, batch_size, history_length, seed, first_epoch, buckets: as of `impression_batches`.
            The batch size is not halved for few rows.

    Returns:
        A `tf.data.Dataset` of `(x, y, sample_weight)`, its cardinality known.

    Raises:
        InputError: as of `impression_batches`, or without TensorFlow.
    """
    tf = installed_tensorflow()
    if tf is None:
        raise InputError(
            "stream_impressions needs TensorFlow's tf.data, and TensorFlow is not installed: "
            "install it, or read the table into memory and use impression_batches."
        )
    inputs = tuple(inputs)
    check_inputs(data, inputs)
    if shard_rows < 1:
        raise InputError(f"shard_rows={shard_rows!r}: expected at least 1.")
    if not len(data):
        raise InputError(f"{data.name!r} has no rows: there is nothing to train on.")
    widths = bucket_widths(inputs, "last", history_length, buckets)
    shards = [slice(a, min(a + shard_rows, len(data))) for a in range(0, len(data), shard_rows)]
    plans = [
        Buckets(_lengths(data.select(rows), inputs, history_length), widths, batch_size, False)
        for rows in shards
    ]
    total = sum(plan.steps for plan in plans)
    epochs = Epochs(first_epoch)

    def examples(rows):
        return examples_of(
            host_arrays, data.select(rows), inputs, history_length, folds(data, rows)
        )

    def batches_of_an_epoch():
        epoch = int(epochs.current())
        left = total
        for number in np.random.default_rng((seed, epoch, 2)).permutation(len(shards)):
            lengths, batch = examples(shards[number])
            # Zeros at the end of a seed do not change it: shard 0 is shuffled as in memory.
            random = np.random.default_rng((seed, epoch, 0, number))
            order = random.permutation(index(len(lengths)))
            random = np.random.default_rng((seed, epoch, 1, number))
            rows, starts, wide = plans[number].plan(order, random)
            for step, width in enumerate(wide):
                found = batch(rows[starts[step] : starts[step + 1]], width)
                left -= 1
                if not left:
                    epochs.finish(epoch)
                yield found

    one = examples(slice(0, 1))[1](index(1), widths[-1])
    signature = tf.nest.map_structure(
        lambda values: tf.TensorSpec((None,) * np.ndim(values), values.dtype), one
    )
    dataset = tf.data.Dataset.from_generator(batches_of_an_epoch, output_signature=signature)
    return finished(tf, dataset, total, epochs)


def _lengths(data, inputs, history_length):
    """The history lengths of rows, as `rows` gives them."""
    if "history" not in inputs:
        return np.ones(len(data), np.int32)
    return np.clip(data.past.stop - data.past.first, 1, history_length)
