"""Impressions from interactions: items that were not taken are drawn."""

import numpy as np

from kerasrec.data.given_context import GivenContext
from kerasrec.data.impressions import Impressions
from kerasrec.data.impressions_report import ImpressionsReport
from kerasrec.data.interactions import Interactions
from kerasrec.data.past import Past
from kerasrec.data.schema import Task
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

# Draws for a row before the items that are left are listed.
ROUNDS = 20


def drawn_impressions(interactions: Interactions, negatives: int = 4, seed: int = 0) -> Impressions:
    """Each interaction as a request: the item that was taken, and some that were not.

    The interaction is a click. `negatives` distinct items, drawn uniformly among those that the
    user had not taken up to then, are rows of the same request without one. An item that is taken
    later may be drawn: at the time of the request it was not taken, and what comes later must not
    decide what is trained on. The history of a row is what the user did before; without times it is
    what comes before in the table. The features of a request are those of its interaction.

    `negative_rate` is the share of the items not taken that was drawn, over all requests. So a
    predicted probability is that of a request which offers the whole catalog: of the one item that
    is taken now, it is this one. The mean over the catalog is about one in the number of items. It
    is no rate of clicks on what is shown, since nobody knows what was shown.

    >>> import pandas as pd
    >>> events = pd.DataFrame({"user": list("uuv"), "item": list("abc")})
    >>> data = drawn_impressions(Interactions.from_frame(events), negatives=1)
    >>> data.request.tolist(), data.labels["click"].tolist(), data.negative_rate
    ([0, 0, 1, 1, 2, 2], [1.0, 0.0, 1.0, 0.0, 1.0, 0.0], 0.6)

    Args:
        interactions: what was taken, in time order.
        negatives: items drawn for each interaction.
        seed: of the draws.

    Returns:
        `Impressions` with the label "click", in the order of the interactions: the item that was
        taken first, then those that were drawn.

    Raises:
        InputError: where a user has fewer items left than are to be drawn.
    """
    negatives = whole_number(negatives, "negatives", 1, None)
    size, num_items = len(interactions), len(interactions.items)
    rows = np.arange(size)
    keys = interactions.user.astype(np.int64) * num_items + interactions.item
    taken, first = np.unique(keys, return_index=True)
    left = num_items - FIRST - _taken_until(interactions.user, rows, first)
    if size and left.min() < negatives:
        row = int(np.argmin(left))
        user = interactions.users.vocabulary.lookup(interactions.user[row : row + 1])[0]
        raise InputError(
            f"negatives={negatives}: user {user!r} has taken all but {left[row]} of the "
            f"{num_items - FIRST} items: set a smaller number"
        )
    drawn = _draw(interactions, negatives, taken, first, np.random.default_rng(seed))
    request = np.repeat(rows, 1 + negatives)
    user = interactions.user[request]
    past = Past.of_events(interactions, rows).select(request)
    label = np.zeros((size, 1 + negatives), np.float32)
    label[:, 0] = 1
    times, context = interactions.timestamp, interactions.context.columns
    fold = interactions.fold
    report = ImpressionsReport(
        rows_read=size,
        impressions=len(request),
        requests=size,
        users=len(np.unique(user)),
        items=len(np.unique(drawn)),
        labels={"click": 1 / (1 + negatives)},
        notes=[
            *(interactions.report.lines() if interactions.report else ()),
            f"{negatives} items not taken were drawn for each interaction.",
        ],
    )
    return Impressions(
        user=user,
        item=drawn.reshape(-1),
        labels={"click": label.reshape(-1)},
        tasks=(Task("click"),),
        users=interactions.users,
        items=interactions.items,
        context={name: one[request] for name, one in context.items()},
        encoders=dict(interactions.context.encoders),
        given=(GivenContext.of_events(interactions.context, request),) if context else (),
        request=request,
        timestamp=None if times is None else times[request],
        fold=None if fold is None else fold[request],
        negative_rate=float(negatives * size / left.sum()) if size else 1.0,
        past=past,
        report=report,
        name=interactions.name,
    )


def _taken_until(user, rows, first):
    """int64 (n,): the distinct items that each row's user has taken, that of the row included."""
    new = np.zeros(len(rows), np.int64)
    new[first] = 1
    order = np.argsort(user, kind="stable")
    total = np.cumsum(new[order])
    starts = np.concatenate([[0], np.flatnonzero(np.diff(user[order])) + 1])
    before = np.concatenate([[0], total])[starts]
    lengths = np.diff(np.append(starts, len(rows)))
    found = np.empty(len(rows), np.int64)
    found[order] = total - np.repeat(before, lengths)
    return found


def _draw(interactions, negatives, taken, first, random):
    """int32 (n, 1 + negatives): the item of each row, and items not taken until then."""
    num_items = len(interactions.items)
    found = np.zeros((len(interactions), 1 + negatives), np.int32)
    found[:, 0] = interactions.item
    open_ = np.arange(len(found))
    for _ in range(ROUNDS):
        if not len(open_):
            return found
        some = found[open_]
        missing = some == 0
        some[missing] = random.integers(FIRST, num_items, missing.sum())
        keys = interactions.user[open_, None].astype(np.int64) * num_items + some
        place = np.minimum(np.searchsorted(taken, keys), len(taken) - 1)
        wrong = (taken[place] == keys) & (first[place] <= open_[:, None])
        # Of equal draws the first stays.
        order = np.argsort(some, axis=1, kind="stable")
        in_order = np.take_along_axis(some, order, axis=1)
        again = np.zeros_like(wrong)
        np.put_along_axis(again, order[:, 1:], in_order[:, 1:] == in_order[:, :-1], axis=1)
        wrong |= again
        wrong[:, 0] = False
        some[wrong] = 0
        found[open_] = some
        open_ = open_[wrong.any(axis=1)]
    for row in open_:
        # This user has taken nearly everything.
        key = int(interactions.user[row]) * num_items
        of_user = slice(*np.searchsorted(taken, [key, key + num_items]))
        gone = taken[of_user][first[of_user] <= row] - key
        others = np.setdiff1d(np.arange(FIRST, num_items), gone)
        found[row, 1:] = random.permutation(others)[:negatives]
    return found
