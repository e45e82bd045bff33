"""Split protocols, and what each of them leaks."""

import dataclasses

import numpy as np

from kerasrec.data.histories import Histories
from kerasrec.data.interactions import Interactions
from kerasrec.data.sample_negatives import sample_negatives
from kerasrec.data.split import Split
from kerasrec.errors import InputError


def next_item(data: Interactions, unseen: str = "keep", validation: bool = True) -> Split:
    """Each user's last interaction is test, the last but one validation, the rest train.

    Without `validation` the last but one is train as well: for a final training with settings and
    a number of epochs chosen on validation.

    Users with fewer than three interactions stay in train. "Last" is by timestamp, or by order.

    Leaks the future of other users: one user's train part may be later than another's test item, so
    trends and new items are known too early. Within a user nothing leaks.
    """
    order = np.argsort(data.user, kind="stable")
    ends = np.cumsum(data.user_counts())
    from_end = np.empty(len(data), dtype=np.int64)
    from_end[order] = ends[data.user[order]] - 1 - np.arange(len(data))
    short = data.user_counts()[data.user] < 3
    notes = []
    if short.any():
        notes.append(
            "Users with fewer than 3 interactions, in train only: "
            f"{len(np.unique(data.user[short])):,}."
        )
    part = np.where(short, 0, np.choose(np.minimum(from_end, 2), [2, int(validation), 0]))
    return _split(data, part, "next-item", unseen, notes, validation=float(validation))


def by_time(
    data: Interactions, validation: float = 0.1, test: float = 0.1, unseen: str = "keep"
) -> Split:
    """The latest share of all interactions is test, the share before it validation.

    Interactions of one time stay together, in the later part, so shares are approximate.

    No interactions leak; features of users and items may still have a later date. Many users and
    items first appear after train: see `unseen`.
    """
    _check_shares(validation, test)
    if data.timestamp is None:
        raise InputError(
            f"by_time needs timestamps and {data.name!r} has none: map a column to 'timestamp', or "
            "use next_item (each user's order) or random_ratio."
        )
    part = np.zeros(len(data), dtype=np.int64)
    for share, number in ((validation + test, 1), (test, 2)):
        cut = min(round(len(data) * (1 - share)), len(data) - 1)
        if share:
            part[data.timestamp >= data.timestamp[cut]] = number
    if not validation:
        part[part == 1] = 0
    return _split(data, part, "time", unseen, [], validation, test)


def random_ratio(
    data: Interactions,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    unseen: str = "keep",
) -> Split:
    """Random shares of all interactions; every user keeps at least one in train.

    Leaks the future, also the user's own: test interactions may be earlier than train interactions
    of the same user. For comparison with papers that evaluate this way.
    """
    _check_shares(validation, test)
    rank = np.random.default_rng(seed).permutation(len(data))
    part = np.zeros(len(data), dtype=np.int64)
    part[rank < round(len(data) * (validation + test))] = 1
    part[rank < round(len(data) * test)] = 2
    part, notes = _keep_one(data, part)
    return _split(data, part, "random", unseen, notes, validation, test)


def k_fold(
    data: Interactions,
    folds: int = 5,
    fold: int = 0,
    validation: float = 0.1,
    seed: int = 0,
    unseen: str = "keep",
) -> Split:
    """Random folds of equal size: one is test, of the others a random share is validation.

    The same seed gives the same folds, so `fold` = 0, 1, ... tests every interaction once (except
    where a user would have no train interaction). Leaks the future, as `random_ratio` does.
    """
    if folds < 2 or not 0 <= fold < folds:
        raise InputError(
            f"k_fold: fold must lie in [0, folds), folds be 2 or more; got {fold} of {folds}."
        )
    part = 2 * (np.random.default_rng(seed).permutation(len(data)) % folds == fold)
    return _folded(data, part, "k-fold", validation, seed, unseen)


def by_fold(
    data: Interactions,
    fold: int = 0,
    validation: float = 0.1,
    seed: int = 0,
    unseen: str = "keep",
) -> Split:
    """A given split: the interactions of this `fold` are test, all others train.

    A random share of the others is validation. Test has exactly the given rows. Leaks what the
    given folds leak; random folds leak the future.
    """
    if data.fold is None:
        raise InputError(f"by_fold: {data.name!r} has no folds: map a column to 'fold'.")
    if not (data.fold == fold).any():
        folds = ", ".join(map(str, np.unique(data.fold)[:20]))
        raise InputError(f"by_fold: no interaction is in fold {fold}; there are {folds}.")
    return _folded(data, 2 * (data.fold == fold), "fold", validation, seed, unseen)


def cold_items(
    data: Interactions,
    validation: float = 0.1,
    test: float = 0.2,
    seed: int = 0,
    unseen: str = "keep",
    among: str = "all",
    given: bool = False,
) -> Split:
    """Random shares of the items, with all their interactions: train never sees a test item.

    With `given` the data names the parts: items of fold 1 are validation, of fold 2 test. With
    `among="cold"` only the items of the evaluated part are ranked, as in papers on cold start, and
    only train is known; otherwise all items are ranked. `unseen="drop"` drops users without train
    interactions, and no cold items.

    Leaks the future of the warm items; an item's features must not be drawn from its interactions.
    """
    _check_shares(validation, test)
    if among not in ("all", "cold"):
        raise InputError(f'cold_items: among must be "all" or "cold", got {among!r}.')
    part = np.zeros(len(data.items), dtype=np.int64)
    if given:
        part = _part_of_items(data)
    else:
        rows = np.flatnonzero(data.item_counts())
        rows = np.random.default_rng(seed).permutation(rows)
        count = [max(1, round(len(rows) * share)) if share else 0 for share in (validation, test)]
        part[rows[: count[1]]] = 2
        part[rows[count[1] : sum(count)]] = 1
    split = _split(data, part[data.item], "cold-items", unseen, [], validation, test, cold=True)
    if among == "all":
        return split
    ranked = {
        name: np.unique(getattr(split, name).item).astype("int32")
        for name in ("validation", "test")
    }
    sizes = " and ".join(f"{len(rows):,}" for rows in ranked.values())
    note = f"Ranked among the cold items of the part only: {sizes} in validation and test."
    return dataclasses.replace(split, ranked=ranked, notes=(*split.notes, note))


def sampled(
    data: Interactions,
    negatives: int = 99,
    validation: bool = True,
    seed: int = 0,
    unseen: str = "keep",
) -> Split:
    """Each user's test item is ranked among sampled items only, not among the whole catalogue.

    Only to reproduce papers that evaluate this way. Such metrics are far higher and may rank models
    differently (Krichene and Rendle, KDD 2020); they are named `sampled_...`. Test is the
    interactions of fold 1, or each user's last one without folds. Validation is the last one of the
    rest, or a random one if the data has folds and no times. Without `validation` the rest is
    train. The sampled items are those published with the data (`Interactions.negatives`), or drawn
    uniformly from items without interaction of the user. Leaks the future of other users, as
    `next_item` does.
    """
    if negatives < 1:
        raise InputError(f"sampled: negatives must be at least 1, got {negatives}.")
    rng = np.random.default_rng(seed)
    part, order = np.zeros(len(data), dtype=np.int64), np.arange(len(data))
    if data.fold is not None:
        part[data.fold == 1] = 2
        order = order if data.timestamp is not None else rng.permutation(len(data))
    else:
        part[_last_of_each(data, order)] = 2
    if validation:
        part[_last_of_each(data, order[part[order] == 0])] = 1
    split = _split(data, part, "sampled", unseen, [], validation=float(validation))
    published = data.negatives
    drawn = {
        "validation": sample_negatives(data, negatives, rng),
        "test": published or sample_negatives(data, negatives, rng),
    }
    candidates = {}
    for name, items in drawn.items():
        targets = getattr(split, name)
        users = np.repeat(np.arange(len(data.users)), items.lengths)
        candidates[name] = Histories.from_pairs(
            np.concatenate([users, targets.user]),
            np.concatenate([items.items, targets.item]),
            len(data.users),
        )
    note = f"Ranked among {'published' if published else 'drawn'} items only: sampled metrics."
    return dataclasses.replace(split, candidates=candidates, notes=(*split.notes, note))


def no_split(data: Interactions) -> Split:
    """All interactions are train, for a last training with settings that were chosen before.

    Nothing is left to choose an epoch by or to test on.
    """
    nothing = data.select(slice(0, 0))
    note = "Nothing was measured: all interactions are in train, none are held out."
    return Split(data.select(slice(None)), nothing, nothing, protocol="none", notes=(note,))


def _part_of_items(data: Interactions) -> np.ndarray:
    """The fold of each item's interactions, which must be one of 0, 1 and 2."""
    if data.fold is None:
        raise InputError(f"cold_items: {data.name!r} has no folds: leave out given, or map one.")
    part = np.zeros(len(data.items), dtype=np.int64)
    np.maximum.at(part, data.item, data.fold)
    wrong = (part[data.item] != data.fold) | (data.fold < 0) | (data.fold > 2)
    if wrong.any():
        row = int(wrong.argmax())
        item = data.items.vocabulary.lookup(data.item[row])
        raise InputError(
            "cold_items: expected folds 0 (train), 1 (validation) and 2 (test) that share no item; "
            f"item {str(item)!r} is in fold {data.fold[row]} and in another, or that fold is none "
            "of them."
        )
    return part


def _last_of_each(data: Interactions, rows: np.ndarray) -> np.ndarray:
    """The last row of each user with at least two."""
    rows = rows[::-1]
    users, first = np.unique(data.user[rows], return_index=True)
    counts = np.bincount(data.user[rows], minlength=len(data.users))
    return rows[first[counts[users] > 1]]


def _folded(
    data: Interactions, part: np.ndarray, protocol: str, validation: float, seed: int, unseen: str
) -> Split:
    _check_shares(validation, 0.0)
    notes: list[str] = []
    if protocol == "k-fold":
        part, notes = _keep_one(data, part)
    rest = np.flatnonzero(part == 0)
    rest = np.random.default_rng([seed, 1]).permutation(rest)[: round(len(rest) * validation)]
    part[rest] = 1
    part, more = _keep_one(data, part, of=1)
    return _split(data, part, protocol, unseen, notes + more, validation, 1.0)


def _keep_one(
    data: Interactions, part: np.ndarray, of: int | None = None
) -> tuple[np.ndarray, list[str]]:
    """Move the first interaction of users without a train interaction to train (from part `of`)."""
    bare = np.bincount(data.user[part == 0], minlength=len(data.users)) == 0
    movable = np.flatnonzero(bare[data.user] & ((part == of) if of else (part > 0)))
    first = movable[np.unique(data.user[movable], return_index=True)[1]]
    part = part.copy()
    part[first] = 0
    if not len(first):
        return part, []
    return part, [
        f"Interactions moved back to train so that their users have one there: {len(first):,}."
    ]


def _check_shares(validation: float, test: float) -> None:
    if not (0 <= validation and 0 <= test and validation + test < 1):
        raise InputError(
            "Shares must not be negative and must leave something to train, got "
            f"validation={validation}, test={test}."
        )


def _split(
    data: Interactions,
    part: np.ndarray,
    protocol: str,
    unseen: str,
    notes: list[str],
    validation: float = 1.0,
    test: float = 1.0,
    cold: bool = False,
) -> Split:
    """Parts by number (0 train, 1 validation, 2 test), with unseen interactions kept or dropped.

    An interaction of validation or test is unseen if its user, or (unless the split is for cold
    items) its item, has no train interaction.
    """
    if unseen not in ("keep", "drop"):
        raise InputError(f'unseen must be "keep" or "drop", got {unseen!r}.')
    train = part == 0
    data = data.with_context_of(train)
    user_new = np.bincount(data.user[train], minlength=len(data.users))[data.user] == 0
    item_new = np.bincount(data.item[train], minlength=len(data.items))[data.item] == 0
    if cold:
        item_new[:] = False
    parts = []
    for number, name, share in ((1, "validation", validation), (2, "test", test)):
        mask = part == number
        new = mask & (user_new | item_new)
        if new.any():
            users = len(np.unique(data.user[mask & user_new]))
            items = len(np.unique(data.item[mask & item_new]))
            notes.append(
                f"{name}: {new.sum():,} of {mask.sum():,} interactions have a user or item without "
                f"any in train (users: {users:,}, items: {items:,}); "
                f"{'dropped' if unseen == 'drop' else 'kept'}."
            )
        mask = mask & ~new if unseen == "drop" else mask
        if share and not mask.any():
            raise InputError(
                f"The {protocol} split leaves nothing for {name} of {len(data):,} interactions. "
                + " ".join(notes)
            )
        parts.append(data.select(mask))
    if not train.any():
        raise InputError(f"The {protocol} split leaves nothing to train on.")
    return Split(data.select(train), *parts, protocol=protocol, notes=tuple(notes))


PROTOCOLS = {
    "next-item": next_item,
    "time": by_time,
    "random": random_ratio,
    "k-fold": k_fold,
    "fold": by_fold,
    "cold-items": cold_items,
    "sampled": sampled,
    "none": no_split,
}
