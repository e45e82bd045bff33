"""What the items that a user took have in common: a portrait in words."""

import warnings

import numpy as np
import pandas as pd

from kerasrec.data.request_times import request_times
from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.id_list import id_list, id_lists, unknown_note
from kerasrec.models.profiles.item_values import item_values
from kerasrec.whole_number import whole_number

DAY, HOUR = 86400, 3600
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
THURSDAY = 3  # 1970-01-01
# No feature has such a name: these have spaces.
OF_DAY, OF_WEEK = "hour of the day", "day of the week"
COLUMNS = ("feature", "value", "weight", "items")


def user_profile(model, user=None, history=None, values=None, timestamps=None, k=10):
    """Computes the answer of `Recommender.profile`, with its arguments."""
    k = whole_number(k, "k", 1)
    rows, weights, seconds = _taken(model, user, history, values, timestamps)
    parts = [_shares(each, rows, weights) for each in item_values(model)]
    if seconds is not None:
        parts += _times(seconds, weights)
    if not parts:
        raise InputError(
            f"{type(model).__name__} knows no features of its items and no times: a profile needs "
            "item_frame and item_features, a time column, or a model that keeps the features in "
            "its checkpoint, such as TwoTower"
        )
    found = [_best(*part, k) for part in parts]
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]


def _taken(model, user, history, values, timestamps):
    """Rows, weights that sum to 1, and times or None, of the items that were taken."""
    if (user is None) == (history is None):
        raise InputError("give a user or a history: one of them")
    if history is None:
        if values is not None or timestamps is not None:
            raise InputError("values and timestamps belong to a history: give both with it")
        if np.ndim(user):
            raise InputError(f"user must be one id: got {user!r:.80}")
        (row,) = model.users.vocabulary.rows(np.array([user], dtype=object))
        if row < FIRST:
            raise InputError(
                f"the model does not know the user {user!r}: give a user of the train part, or a "
                "history"
            )
        past = model.histories.take([row])
        rows, seconds = past.items, past.timestamp
        whose = f"of the user {user!r}"
    else:
        history = id_list(history, "history")
        rows = model.items.vocabulary.rows(np.array(history, dtype=object))
        unknown = [item for item, row in zip(history, rows, strict=True) if row == UNKNOWN]
        if unknown:
            warnings.warn(unknown_note("history item", unknown, "left out"), stacklevel=4)
        seconds = (
            None
            if timestamps is None
            else request_times(id_lists([timestamps], "timestamps", "times"))[1]
        )
        whose = "given"
    weights = np.ones(len(rows)) if values is None else _weights(values, len(rows))
    if seconds is not None and len(seconds) != len(rows):
        raise InputError(f"timestamps: expected {len(rows)}, one an item, got {len(seconds)}")
    known = rows >= FIRST
    if not weights[known].any():
        raise InputError(f"the history {whose} has no item that the model knows: nothing to show")
    rows, weights = rows[known], weights[known]
    return rows, weights / weights.sum(), None if seconds is None else seconds[known]


def _weights(values, count):
    try:
        weights = np.asarray(values, dtype="float64")
    except (TypeError, ValueError):
        raise InputError(f"values: expected numbers, one an item, got {values!r:.80}") from None
    if weights.shape != (count,):
        raise InputError(f"values: expected {count}, one an item, got the shape {weights.shape}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise InputError(f"values: expected finite weights of 0 or more, got {list(values)!r:.80}")
    # Their sum may overflow, and only shares of it are used.
    return weights / (weights.max(initial=0.0) or 1.0)


def _shares(values, rows, weights):
    """Name, labels, weights and counts of the values of a feature among the items taken."""
    taken = values.table[rows]
    shares, counts = taken.T @ weights, np.asarray((taken > 0).sum(axis=0)).ravel()
    if values.kind == "text":
        usual = np.asarray(values.table.sum(axis=0)).ravel() / (values.table.shape[0] - FIRST)
        taken_once = shares > 0
        shares[taken_once] *= np.log(shares[taken_once] / usual[taken_once])
    return values.feature, values.labels, shares, counts


def _times(seconds, weights):
    known = seconds > 0
    for name, place, labels in (
        (OF_DAY, seconds // HOUR % 24, [f"{hour:02}:00" for hour in range(24)]),
        (OF_WEEK, (seconds // DAY + THURSDAY) % 7, DAYS),
    ):
        shares = np.bincount(place[known], weights[known], len(labels))
        counts = np.bincount(place[known], minlength=len(labels))
        yield name, np.array(labels, dtype=object), shares, counts


def _best(feature, labels, weights, counts, k):
    best = np.argsort(-weights, kind="stable")[:k]
    best = best[weights[best] > 0]
    columns = {"value": labels[best], "weight": weights[best], "items": counts[best]}
    return pd.DataFrame({"feature": [feature] * len(best), **columns})
