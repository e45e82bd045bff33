"""Fills in the inputs of a signature as columns with the same number of rows."""

import math

from kerasrec.client.context import context_columns, context_inputs, user_columns
from kerasrec.errors import InputError

LISTS = {
    "history": "", "behavior": "", "timestamp": 0, "value": math.nan, "exclude": "", "allow": "",
    "pin": "", "boost": "", "boost_factor": 0.0, "item_weight": math.nan,
    "recent": "", "recent_behavior": "", "recent_timestamp": 0,
}  # fmt: skip


def columns(signature, rows, given, context=None, single=True, user_features=None):
    """Returns every input of `signature` as a list with one entry for each row.

    All inputs are sent, also those that are not given: TF Serving's REST requires all of them
    (util/json_tensor.cc), and its batching requires equal first dimensions (batching_session.cc).
    Every list begins with padding, since a batching server pads lists with their first value
    (batching_util.cc).

    Args:
        signature: `Signature`.
        rows: Number of rows.
        given: Dict of input to a list with one value for each row; other inputs get defaults.
        context, single: Features of the request, see `context_columns`.
        user_features: Features of the users, in the same form.

    Raises:
        InputError: for an input that the signature does not have, and as `context_columns`.

    >>> from kerasrec.client.metadata import Signature, Tensor
    >>> lists = Tensor("string", (None, None))
    >>> signature = Signature({"history": lists, "exclude": lists}, {})
    >>> columns(signature, 2, {"history": [["a", "b"], ["c"]]})
    {'history': [['', 'a', 'b'], ['', '', 'c']], 'exclude': [[''], ['']]}
    """
    of_users = user_columns(signature, rows, user_features, single)
    features = {**context_inputs(signature), **of_users}
    for name in given:
        if name not in signature.inputs:
            known = sorted(signature.inputs.keys() - features.keys())
            raise InputError(f"the model takes no {name}: it reads {', '.join(known)}")
    otherwise = {"user": "", "repeats": ""}
    # What is not said of the steps of a history is as long as it.
    past = given.get("history", [[]] * rows)
    filled = context_columns(signature, rows, context, single) | of_users
    for name in signature.inputs:
        if name in LISTS:
            parallel = name in ("behavior", "timestamp", "value", "item_weight")
            nothing = [[LISTS[name]] * len(each) if parallel else [] for each in past]
            filled[name] = _rectangle(given.get(name, nothing), LISTS[name])
        elif name not in features:
            filled[name] = given.get(name, [otherwise.get(name)] * rows)
    return filled


def _rectangle(lists, padding):
    longest = max(map(len, lists))
    return [[padding] * (1 + longest - len(each)) + list(each) for each in lists]
