"""The features of a request, from values by name to the inputs of a model."""

from kerasrec.data.context_values import absent_notes, check_names, context_values
from kerasrec.data.request_values import check_values
from kerasrec.errors import InputError


def request_context(model, context, size, written=False):
    """Encodes the features of n requests.

    Args:
        model: An adapted `Recommender`.
        context: As of `context_values`.
        size: n.
        written: Numbers may be texts, see `check_values`.

    Returns:
        `(inputs, notes)`: the inputs that the model reads by name, first axis n, and sentences on
        features that were not given, which count as missing.

    Raises:
        InputError: for a feature that the model does not know, another number of values, or a value
            unfit for its kind.
    """
    encoders = {name: one for name, one in model.context.items() if name in model.query_inputs}
    given = context_values(context, size)
    check_names(given, encoders, type(model).__name__)
    inputs = {}
    for name, encoder in encoders.items():
        # Of a category: 9 and 9.0 are the text "9", as in a table.
        values = given.get(name, [None] * size)
        check_values(values, encoder.kind, _refuser(name, encoder.kind), written)
        inputs[name] = encoder.encode(values, place=lambda position: f"request {position}")
    return inputs, absent_notes(given, encoders)


def _refuser(name, kind):
    def refuse(position, problem):
        raise InputError(f"Feature {name!r} ({kind}), request {position}: {problem}.")

    return refuse
