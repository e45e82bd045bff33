"""Turns errors inside a training graph into `InputError`s."""

import contextlib
import re

import keras

from kerasrec.errors import InputError, failed_check
from kerasrec.tables import rows

LOWER_LEARNING_RATE = (
    "lower the learning rate, give the optimizer clipnorm: 1.0, or look for extreme values in the "
    "data (values, number and vector features)"
)


@contextlib.contextmanager
def as_input_error():
    """Re-raises a known error of the training graph as an `InputError`; others pass unchanged."""
    try:
        yield
    except Exception as error:
        message = failed_check(error) or _failed_lookup(error)
        if message is None:
            raise
        if message.startswith("step"):
            message += f": {LOWER_LEARNING_RATE}"
        elif "expected ids" in message:
            message += ": use the ids of the data that the model was adapted to"
        raise InputError(message) from error


def with_checked_ids(x, schema):
    """The inputs `x` of `fit`, with a check that raises an error for an id outside its table.

    Args:
        x: Dict of arrays, or a `tf.data.Dataset` of tuples whose first entry is such a dict.
            Anything else is returned unchanged.
        schema: `Schema` with the numbers of users and items.
    """
    if keras.backend.backend() != "tensorflow":  # nothing there could stop
        return x
    sizes = {"user": schema.num_users, "item": schema.num_items, "history": schema.num_items}

    def check(inputs):
        return {
            name: rows.check_ids(value, sizes[name], f"input {name}") if name in sizes else value
            for name, value in inputs.items()
        }

    if hasattr(x, "element_spec"):
        return x.map(lambda inputs, *rest: (check(inputs), *rest)).prefetch(4)
    return check(x) if isinstance(x, dict) else x


def _failed_lookup(error):
    """A message for TensorFlow's error of a lookup outside `EmbeddingTable`, or None."""
    found = re.search(r"indices\S* = (-?\d+) is not in \[0, (\d+)\)", str(error))
    node = re.search(r"node \S*?(\w+?)(?:_\d+)?/(?:Resource)?Gather", str(error))
    if not found:
        return None
    name = f"table {node[1]}" if node else "a lookup"
    return f"{name}: expected ids from 0 (padding) to {int(found[2]) - 1}, received {found[1]}"
