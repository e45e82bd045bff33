"""What a model is asked with: its query inputs, in rows it has."""

import numpy as np

from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError


def check_model(model, interactions):
    """InputError unless the model's rows mean the same users and items as the data's.

    Data with a grown vocabulary passes: its first rows are the model's, the others are unknown to
    it. A weight that is NaN or infinite is refused as well.
    """
    if model.items is None:
        raise InputError(f"{type(model).__name__} knows no data yet: call model.adapt(split.train)")
    for kind, catalog in (("users", model.users), ("items", model.items)):
        known = catalog.vocabulary
        given = getattr(interactions, kind).vocabulary
        if known != given and not np.array_equal(known.ids, given.ids[: len(known.ids)]):
            raise InputError(
                f"{type(model).__name__} was adapted to other {kind} ({len(known.ids)}) than the "
                f"data to evaluate on has ({len(given.ids)}); read that data with the model's "
                "catalogs as base, or adapt the model to it"
            )
    model.check_finite("evaluate")


def batches_of(order, batch_size):
    """Consecutive parts of `order`, of `batch_size` but for the last."""
    if batch_size < 1:
        raise InputError(f"batch_size must be at least 1, received {batch_size}")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def query_inputs(model, queries, index):
    """dict name -> array of `model.query_inputs` for some of the Queries, by position.

    A user that the model does not know becomes the unknown row, an item that it does not know is
    left out of the history: as `recommend` and the export do. InputError for an input that
    interactions alone do not give.
    """
    past = queries.history.take(index).known(model.schema.num_items)
    inputs = past.inputs(model.query_inputs, model.schema.history_length)
    if "user" in model.query_inputs:
        inputs["user"] = within(queries.users[index], model.schema.num_users, UNKNOWN)
    if missing := set(model.query_inputs) - set(inputs):
        raise InputError(
            f"{type(model).__name__} asks for the query input {missing.pop()!r}; evaluation knows "
            "'user', 'history', 'behavior' and 'time_gap'"
        )
    return inputs


def within(rows, num_rows, otherwise):
    """`rows` as int32 with those from `num_rows` on replaced."""
    return np.where(rows < num_rows, rows, otherwise).astype("int32")
