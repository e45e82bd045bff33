"""Items of the train part that are held out to choose the weights of sources."""

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError

# Users whose last item is held out.
FITTED_USERS = 5000


def hold_out(train):
    """The last item of up to `FITTED_USERS` users: the rest, their `Histories` there, the items.

    An item that is in the history too is not held out.

    Raises:
        InputError: if there is no such item.
    """
    order = np.argsort(train.user, kind="stable")
    user, item = train.user[order], train.item[order]
    last = np.flatnonzero(np.append(user[1:] != user[:-1], True))
    pair = user.astype("int64") * len(train.items) + item
    distinct, count = np.unique(pair, return_counts=True)
    once = count[np.searchsorted(distinct, pair[last])] == 1
    last = last[once & (train.user_counts()[user[last]] > 1)]
    if not len(last):
        raise InputError(
            "sources: to fit weights, a user with two different items is needed; give weights, "
            "such as {transitions: 1, text: 0.5}"
        )
    last = last[np.linspace(0, len(last) - 1, min(FITTED_USERS, len(last))).astype(int)]
    rest = train.select(np.delete(np.arange(len(train)), order[last]))
    return rest, rest.histories().take(user[last]), item[last]


def recent_items(histories, num_items, last, decay):
    """What a table is multiplied with: CSR `(histories, num_items)`, decay^p for the item p back.

    >>> from kerasrec.data.histories import Histories
    >>> histories = Histories.from_pairs(np.array([0, 0, 0]), np.array([4, 2, 3]), 1)
    >>> recent_items(histories, 5, 2, 0.5).toarray().tolist()
    [[0.0, 0.0, 0.5, 1.0, 0.0]]
    """
    lengths = histories.lengths
    row = np.repeat(np.arange(len(lengths)), lengths)
    back = np.concatenate([np.arange(n)[::-1] for n in lengths]) if len(row) else row
    item = np.concatenate([np.asarray(history) for history in histories]) if len(row) else row
    read = back < (last or np.inf)
    entries = decay ** back[read].astype(float), (row[read], item[read])
    return scipy.sparse.csr_matrix(entries, shape=(len(lengths), num_items))
