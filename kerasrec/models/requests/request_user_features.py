"""The features of users that a request brings, from values by name to the inputs of a model."""

from numbers import Integral

import numpy as np
from keras import ops

from kerasrec.data.context_values import check_names, context_values, is_one
from kerasrec.data.feature_values import is_missing, parts_of
from kerasrec.data.query_spec import user_input
from kerasrec.data.request_values import check_values
from kerasrec.errors import InputError


def request_user_features(model, given, users, written=False):
    """Encodes the features of the users of n requests.

    Args:
        model: An adapted `Recommender`.
        given: As of `context_values`; None for none.
        users: Their rows `(n,)`, that of the unknown user where they are not known.
        written: Numbers may be texts, see `check_values`.

    Returns:
        The inputs by name, first axis n. A value that is missing is that of the stored user, which
        is missing as well for an unknown one. Empty if no feature is given: all are looked up.

    Raises:
        InputError: for a feature that the model does not read, another number of values, or a value
            unfit for its kind.
    """
    encoders = user_encoders(model)
    given = context_values(given, len(users), "user_features")
    check_names(given, encoders, type(model).__name__, "user_features", "user")
    if not given:
        return {}
    found, looked_up = {}, model.user_catalog(users)
    for name, stored in looked_up.items():
        stored = ops.convert_to_numpy(stored)
        if name in given:
            values, encoder = given[name], encoders[name]
            check_values(values, encoder.kind, _refuser(name, encoder.kind), written)
            here = np.array([not _is_missing(one, encoder) for one in values], dtype=bool)
            own = encoder.encode(values, place=lambda position: f"request {position}")
            stored = np.where(here.reshape(-1, *[1] * (stored.ndim - 1)), own, stored)
        found[user_input(name)] = stored
    return found


def user_encoders(model):
    """The `FeatureEncoder`s of the features of users that a request may bring, by name."""
    # Those of kind users, such as friends, are rows of other users.
    known = model.profile_inputs.values()
    names = [one["name"] for one in known if one["kind"] != "users"]
    return {name: model.users.encoders[name] for name in names}


def number_of_users(user_features):
    """How many users there are whose features are all that a request says: at least 1."""
    if not hasattr(user_features, "items"):
        return 1
    lists = [x for _, x in user_features.items() if not is_one(x)]
    return len(list(lists[0])) if lists else 1


def _is_missing(value, encoder):
    # As in an export: an empty list, and the time 0, are those of a request without the feature.
    if encoder.kind == "categories":
        return not parts_of(value, encoder.separator)
    return is_missing(value) or (
        encoder.kind == "time" and isinstance(value, Integral) and value == 0
    )


def _refuser(name, kind):
    def refuse(position, problem):
        raise InputError(f"User feature {name!r} ({kind}), request {position}: {problem}.")

    return refuse
