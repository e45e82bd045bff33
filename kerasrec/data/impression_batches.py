"""Batches of impressions for `model.fit`, and the inputs of rows in order."""

import numpy as np

from kerasrec.data import examples
from kerasrec.data.batches import bucket_widths, gathered
from kerasrec.data.query_spec import ITEM, query_spec
from kerasrec.errors import InputError

# Inputs that are known in training alone; an export has their defaults as constants.
TRAIN_INPUTS = ("position", "fold")
# Parts of the train rows: a rate of labels that a row reads is that of the other parts.
FOLDS = 5


def folds(data, rows=slice(None)):
    """The fold of each row of a train part, or of a slice of it, int32 from 1 to `FOLDS`.

    The rows of a request share one: where one item of it is clicked, the labels of the others say
    that this one was not.
    """
    requests = data.request
    if requests is None:
        return 1 + np.arange(*rows.indices(len(data))).astype(np.int32) % FOLDS
    return 1 + (requests[rows] % FOLDS).astype(np.int32)


def impression_batches(
    data,
    *,
    inputs,
    batch_size=1024,
    history_length=50,
    seed=0,
    shuffle=True,
    first_epoch=0,
    buckets=True,
    lists=None,
):
    """`(x, y, sample_weight)` of every impression, once an epoch, in an order of its own.

    `x` has the inputs by name, `y` the labels by name `(batch,)` float32, NaN where one is missing.
    `sample_weight` `(batch,)` is the weight of the row, 0 at padding, which fills the last batch.
    A history holds the last `history_length` events of the user that are earlier than the row.

    With `lists` a batch is of whole requests, each padded to the width of the lists, in one axis:
    `(requests * width,)`, as `InRequests` reads them. A label at padding is NaN.

    Args:
        data: `Impressions`.
        inputs: Names of `x`: "item", and those of `query_spec(data.schema())`, "position" and
            "fold".
        batch_size, history_length, seed, shuffle, first_epoch, buckets: As for `batches`.
        lists: `RequestLists` of the data; a batch has as many as make up `batch_size` rows.

    Raises:
        InputError: an unknown input, or one that the data does not have.
    """
    inputs = tuple(inputs)
    widths = bucket_widths(inputs, "last", history_length, buckets and shuffle)

    if lists is not None:
        batch_size = max(1, batch_size // lists.rows.shape[1])

    def make(arrays):
        return examples_of(arrays, data, inputs, history_length, folds(data), lists)

    return gathered(make, widths, batch_size, False, seed, shuffle, first_epoch)


def examples_of(arrays, data, inputs, history_length, fold, lists=None):
    """The history length of each example, and a function from numbers and a width to a batch.

    An example is a row, or with `lists` a request; the number after the last one is padding. The
    other arguments are those of `rows`.
    """
    lengths, gather = rows(arrays, data, inputs, history_length, fold)
    weight = np.ones(len(data), "float32") if data.weight is None else data.weight
    missing = 0 if lists is None else np.nan
    labels = {
        name: arrays.constant(np.append(one, np.float32(missing)))
        for name, one in data.labels.items()
    }
    weight = arrays.constant(np.append(weight, 0).astype("float32"))
    if lists is not None:
        lengths = np.append(lengths, 1)[lists.rows].max(axis=1)
        padding = np.full_like(lists.rows[:1], len(data))
        members = arrays.constant(np.concatenate([lists.rows, padding]))
    count = len(lengths)

    def batch(chosen, width):
        # The mean over a batch is that over its real rows, as in every other batch.
        real = arrays.cast(chosen < count, "float32")
        share = arrays.cast(arrays.size(real), "float32") / arrays.reduce_sum(real)
        if lists is not None:
            chosen = arrays.reshape(arrays.gather(members, chosen), (-1,))
        x = gather(chosen, width)
        y = {name: arrays.gather(one, chosen) for name, one in labels.items()}
        return x, y, arrays.gather(weight, chosen) * share

    return lengths, batch


def rows(arrays, data, inputs, length, fold=None):
    """The history lengths of all rows, and a function from row numbers and a width to inputs.

    `arrays` is TensorFlow, or `host_arrays`. The number after the last row is padding.

    Raises:
        InputError: an input that the data does not have.
    """
    check_inputs(data, inputs)
    columns = {"user": data.user, ITEM: data.item, **data.context}
    columns |= {"position": data.position, "fold": fold}
    columns = {name: columns[name] for name in inputs if columns.get(name) is not None}
    columns = {
        name: arrays.constant(np.concatenate([one, np.zeros_like(one[:1])]))
        for name, one in columns.items()
    }
    steps = {n: e for n, e in query_spec(data.schema()).items() if e.per_step and n in inputs}
    lengths, past = np.ones(len(data), np.int32), None
    if steps:
        histories = data.past.histories
        lengths = np.minimum(data.past.stop - data.past.first, length)
        kind = examples.index(len(histories.items) + length).dtype
        start = arrays.constant(np.append(data.past.stop - lengths, 0).astype(kind))
        real = arrays.constant(np.append(lengths, 0).astype(kind))
        past = {name: arrays.constant(_flat(histories, each)) for name, each in steps.items()}

    def gather(chosen, width):
        x = {name: arrays.gather(one, chosen) for name, one in columns.items()}
        if past:
            places = arrays.range(width, dtype=start.dtype)
            mask = places < arrays.gather(real, chosen)[:, None]
            at = arrays.where(mask, arrays.gather(start, chosen)[:, None] + places, 0)
            for name, column in past.items():
                x[name] = arrays.where(mask, arrays.gather(column, at), 0)
        return x

    return np.maximum(lengths, 1), gather


def check_inputs(data, inputs):
    """InputError for an input that impressions cannot give."""
    if "position" in inputs and data.position is None:
        raise InputError(
            f"inputs: 'position' needs the position of each row and {data.name!r} has none: map a "
            "column to position, or build the model without position=true"
        )
    if "history" in inputs and data.past is None:
        raise InputError(
            "inputs: 'history' needs what users did before each row: read the impressions with "
            "past=interactions, or in a config give data.path beside data.impressions."
        )
    known = [ITEM, *query_spec(data.schema()), *TRAIN_INPUTS]
    for name in inputs:
        if name not in known:
            raise InputError(f"inputs={inputs!r}: {name!r} is none of {', '.join(known)}.")


def _flat(histories, each):
    """A per-step input at all steps of all histories."""
    column = histories.items if each.source == "history" else getattr(histories, each.source)
    values = each.values(column, histories.indptr[:-1], len(histories.items))
    return values if len(values) else np.zeros(1, values.dtype)  # padding reads a place
