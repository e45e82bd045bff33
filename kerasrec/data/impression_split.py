"""Train, validation and test parts of impressions, and how they are made."""

import dataclasses

import numpy as np

from kerasrec.data.impressions import Impressions
from kerasrec.errors import InputError


@dataclasses.dataclass(frozen=True, eq=False)
class ImpressionSplit:
    """Three disjoint parts with the same catalogs, the protocol that made them, and notes.

    Features of requests are encoded as learned from the train part.
    """

    train: Impressions
    validation: Impressions
    test: Impressions
    protocol: str
    notes: tuple[str, ...] = ()


def by_time(data, validation=0.1, test=0.1):
    """The latest share of the rows is test, the share before it validation.

    Rows of one time stay together, in the later part, so shares are approximate. Nothing leaks.
    """
    if data.timestamp is None:
        raise InputError(
            f"the time split needs timestamps and {data.name!r} has none: map a column to "
            "timestamp, or choose request, user, random or given"
        )
    part = np.zeros(len(data), np.int8)
    for share, number in ((validation + test, 1), (test, 2)):
        cut = min(round(len(data) * (1 - share)), len(data) - 1)
        if share:
            part[data.timestamp >= data.timestamp[cut]] = number
    if not validation:
        part[part == 1] = 0
    return _split(data, part, "time", validation, test)


def by_request(data, validation=0.1, test=0.1, seed=0):
    """Random shares of the requests, each with all its rows.

    Leaks the future: a request of the test may be earlier than one of train.
    """
    return _by_key(data, data.requests(), "request", validation, test, seed)


def by_user(data, validation=0.1, test=0.1, seed=0):
    """Random shares of the users, each with all its rows: how new users are served.

    Leaks the future of the items.
    """
    return _by_key(data, data.user, "user", validation, test, seed)


def random_ratio(data, validation=0.1, test=0.1, seed=0):
    """Random shares of the rows, for comparison with papers that evaluate this way.

    Leaks the future, and what else was clicked in the same request.
    """
    return _by_key(data, np.arange(len(data)), "random", validation, test, seed)


def given(data):
    """As the column `fold` says: 0 is train, 1 validation, 2 test."""
    if data.fold is None:
        raise InputError(
            f"the given split needs a fold of each row and {data.name!r} has none: map a column to "
            "fold, with 0 for train, 1 for validation and 2 for test"
        )
    wrong = np.flatnonzero((data.fold < 0) | (data.fold > 2))
    if len(wrong):
        raise InputError(
            f"the given split: expected folds 0 (train), 1 (validation) and 2 (test), got "
            f"{data.fold[wrong[0]]}"
        )
    return _split(data, data.fold, "given", float((data.fold == 1).any()), 1.0)


def no_split(data):
    """Everything is train: for a final training, which is not measured."""
    notes = ("Everything was trained on: nothing is left to measure on.",)
    return ImpressionSplit(data, data.select(slice(0)), data.select(slice(0)), "none", notes)


IMPRESSION_PROTOCOLS = {
    "time": by_time,
    "request": by_request,
    "user": by_user,
    "random": random_ratio,
    "given": given,
    "none": no_split,
}


def _by_key(data, keys, protocol, validation, test, seed):
    if keys.min() < 0 or keys.max() > 2 * len(keys):
        keys = np.unique(keys, return_inverse=True)[1]
    used = np.zeros(int(keys.max()) + 1, bool)
    used[keys] = True
    count = int(used.sum())
    if count < 3:
        raise InputError(
            f"the {protocol} split: {data.name!r} has {count} of them, too few for three parts"
        )
    rank = np.random.default_rng(seed).permutation(count)
    part = np.zeros(count, np.int8)
    part[rank < round(count * (validation + test))] = 1
    part[rank < round(count * test)] = 2
    if not validation:
        part[part == 1] = 0
    of_key = np.zeros(len(used), np.int8)
    of_key[used] = part
    return _split(data, of_key[keys], protocol, validation, test)


def _split(data, part, protocol, validation, test):
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share < 1 and protocol != "given":
            raise InputError(f"{name} must be a share from 0 up to, but not, 1: got {share}")
    if validation + test >= 1 and protocol != "given":
        raise InputError(f"validation {validation} and test {test} leave nothing to train on")
    train = np.flatnonzero(part == 0)
    if len(train):
        data = data.with_context_of(train)
    parts = [train, np.flatnonzero(part == 1), np.flatnonzero(part == 2)]
    parts = [data.select(rows) for rows in parts]
    shares = {"train": 1.0, "validation": validation, "test": test}
    for (name, share), one in zip(shares.items(), parts, strict=True):
        if share and not len(one):
            if protocol == "given":
                fold = list(shares).index(name)
                raise InputError(
                    f"the given split leaves no {name} rows: set the fold of some to {fold}"
                )
            raise InputError(
                f"the {protocol} split leaves no {name} rows of {len(data):,}: choose other shares"
            )
    notes = []
    if protocol == "time":
        boundary = [one for one in parts[1:] if len(one)]
        strangers = [~np.isin(one.user, parts[0].user) for one in boundary]
        if strangers and (late := int(np.concatenate(strangers).sum())):
            notes.append(f"{late:,} rows of validation and test are of users who are not in train.")
    return ImpressionSplit(*parts, protocol, tuple(notes))
