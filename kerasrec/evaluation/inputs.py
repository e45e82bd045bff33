"""The query inputs of a model for some queries of a split."""

import numpy as np

from kerasrec.data.query_spec import QUERY_INPUTS
from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError


def check_model(model, interactions):
    """InputError unless the model's rows are the same users and items as the data's.

    Data with a grown vocabulary passes: its first rows are the model's, the others are unknown to
    the model. A model with a weight that is NaN or infinite is refused as well.
    """
    if model.items is None:
        raise InputError(f"{type(model).__name__} knows no data yet: call model.adapt(split.train)")
    for kind, catalog in (("users", model.users), ("items", model.items)):
        known = catalog.vocabulary
        in_data = getattr(interactions, kind).vocabulary
        if known != in_data and not np.array_equal(known.ids, in_data.ids[: len(known.ids)]):
            raise InputError(
                f"{type(model).__name__} was adapted to other {kind} ({len(known.ids)}) than the "
                f"data to evaluate on has ({len(in_data.ids)}); read that data with the model's "
                "catalogs as base, or adapt the model to it"
            )
    model.check_finite("evaluate")


def batches_of(order, batch_size):
    """Consecutive parts of `order`; all but the last have `batch_size` entries."""
    check_batch_size(batch_size)
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def check_batch_size(batch_size):
    """InputError unless it is at least 1."""
    if batch_size < 1:
        raise InputError(f"batch_size must be at least 1, received {batch_size}")


def query_inputs(model, queries, index, context=None):
    """dict name -> array of `model.query_inputs`, for the Queries at these positions.

    A position may come many times: its history is read once.

    As in `recommend` and the export, a user that the model does not know becomes the unknown row
    and an item that it does not know is left out of the history. Features of the request are
    encoded by the model's encoders. They are those of a table, so a number may be written as text,
    which a request may not. InputError for an input that cannot be made from interactions.

    Args:
        context: Features of the requests at these positions, as given, by name; None for those of
            the queries.
    """
    once, place = np.unique(index, return_inverse=True)
    past = queries.history.take(once).known(model.schema.num_items)
    inputs = past.inputs(model.query_inputs, model.schema.history_length)
    inputs = {name: values[place] for name, values in inputs.items()}
    if "user" in model.query_inputs:
        inputs["user"] = within(queries.users[index], model.schema.num_users, UNKNOWN)
    if context is None:
        context = {name: values[index] for name, values in queries.context.items()}
    for name, encoder in model.context.items():
        if name in model.query_inputs:
            inputs[name] = encoder.encode(context.get(name, [None] * len(index)))
    if missing := set(model.query_inputs) - set(inputs):
        raise InputError(
            f"{type(model).__name__} needs the query input {missing.pop()!r}; evaluation makes "
            f"{', '.join(map(repr, QUERY_INPUTS))}"
        )
    return inputs


def within(rows, num_rows, otherwise):
    """`rows` as int32, with rows from `num_rows` on replaced by `otherwise`."""
    return np.where(rows < num_rows, rows, otherwise).astype("int32")
