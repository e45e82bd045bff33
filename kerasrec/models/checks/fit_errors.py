"""What stops a training, told in words for the one who started it."""

import contextlib
import re

from kerasrec.errors import InputError, failed_check
from kerasrec.tables import rows

LOWER_THE_RATE = (
    "lower the learning rate, give the optimizer clipnorm: 1.0, or look for extreme values in the "
    "data (values, number and vector features)"
)


@contextlib.contextmanager
def told():
    """What stopped a graph leaves this context as an `InputError`, if we know what it means."""
    try:
        yield
    except Exception as error:
        message = failed_check(error) or _failed_lookup(error)
        if message is None:
            raise
        if message.startswith("step"):
            message += f": {LOWER_THE_RATE}"
        elif "expected ids" in message:
            message += ": ids come from the vocabularies of the data the model was adapted to"
        raise InputError(message) from error


def checked(x, schema):
    """The inputs of `fit`, in which an id outside of its table is an error.

    Args:
        x: Dict of arrays, or a `tf.data.Dataset` of tuples with such a dict in front; anything
            else is left as it is.
        schema: `Schema` that says how many users and items there are.
    """
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
    """TensorFlow's own error of a lookup that is not an `EmbeddingTable`'s, in our words."""
    found = re.search(r"indices\S* = (-?\d+) is not in \[0, (\d+)\)", str(error))
    node = re.search(r"node \S*?(\w+?)(?:_\d+)?/(?:Resource)?Gather", str(error))
    if not found:
        return None
    name = f"table {node[1]}" if node else "a lookup"
    return f"{name}: expected ids from 0 (padding) to {int(found[2]) - 1}, received {found[1]}"
