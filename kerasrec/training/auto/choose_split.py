"""How `kerasrec auto` splits a table."""

import numpy as np

from kerasrec.data.splits import PROTOCOLS
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError

# Users with the three interactions that next-item needs, as a share of all.
ENOUGH = 0.5
# Neighbouring rows of a user whose items ascend, as a share; half of them do by chance.
SORTED = 0.98
# Interactions that a validation part of given folds needs.
VALIDATION = 20_000


def choose_split(data):
    """The split of a table, and why.

    | the table has | split |
    |---|---|
    | folds | the last fold is test |
    | times, or rows in an order of their own, and 3 rows of every other user | next item |
    | times, and fewer rows a user | by time |
    | no times, and rows sorted by user and item | random |

    Where a split leaves a part empty, the next one is taken: next item, by time, random.

    Args:
        data: `Interactions`.

    Returns:
        `(node, split, why)`: the `split` of a run config as plain values, the `Split`, a sentence.

    Raises:
        InputError: where no split leaves something in each part.
    """
    problems = []
    for node, why in _wanted(data):
        arguments = dict(node)
        try:
            split = PROTOCOLS[arguments.pop("protocol")](data, **arguments)
        except InputError as error:
            problems.append(str(error))
            continue
        return node, split, why
    raise InputError(
        f"{len(data):,} interactions are too few for a train, a validation and a test part: "
        + " ".join(problems)
    )


def _wanted(data):
    """Yields pairs of a `split` and why, the best first."""
    if data.fold is not None:
        fold = int(data.fold.max())
        share = round(min(max(VALIDATION / len(data), 0.02), 0.1), 3)
        node = {"protocol": "fold", "fold": fold, "validation": share}
        yield node, f"by the given folds: fold {fold} is test"
    next_item = {"protocol": "next-item"}
    counts = data.user_counts()
    enough = (counts >= 3).sum() >= ENOUGH * (counts > 0).sum()
    if data.timestamp is None:
        if is_sorted_by_item(data):
            yield (
                {"protocol": "random"},
                "at random: there are no times, and each user's rows are sorted by item, which is "
                "no order in time",
            )
        yield (
            next_item,
            "next item: each user's last row is test, the one before validation; there are no "
            "times, so the order of the rows counts",
        )
    elif enough:
        yield next_item, "next item: each user's last one is test, the one before validation"
        yield {"protocol": "time"}, "by time: the latest tenth is test"
    else:
        yield (
            {"protocol": "time"},
            "by time: the latest tenth is test, for most users have fewer than 3 rows",
        )
        yield next_item, "next item: each user's last one is test, the one before validation"
    yield {"protocol": "random"}, "at random: other splits leave a part empty"


def is_sorted_by_item(data):
    """Whether the rows of each user are sorted by the id of the item, as a number or as a text."""
    ids = np.asarray(data.items.vocabulary.ids)
    orders = [np.argsort(ids)]
    if all(str(one).isdecimal() for one in ids):
        orders.append(np.argsort([int(one) for one in ids], kind="stable"))
    by_user = np.argsort(data.user, kind="stable")
    user, item = data.user[by_user], data.item[by_user]
    same = user[1:] == user[:-1]
    if not same.any():
        return False
    for order in orders:
        place = np.zeros(len(data.items), "int64")
        place[order + FIRST] = np.arange(len(order))
        ascends = (np.diff(place[item]) > 0)[same].mean()
        if ascends > SORTED or ascends < 1 - SORTED:
            return True
    return False
