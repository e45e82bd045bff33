"""How many pairs of an evaluated part a model was trained on."""

import numpy as np

from kerasrec.distinct import distinct, is_in
from kerasrec.models.trained_on import pair_hashes


def leaked_pairs(record, split, part):
    """Counts the pairs of a part that were trained on but are not in the split's train part.

    Args:
        record: `TrainedOn`.
        split: `Split`.
        part: "validation" or "test".

    Returns:
        None if there are none, else `{"pairs", "of", "share"}`: their number, the number of
        different pairs of the part, and the ratio. It is an estimate where the record is a sample.
    """
    evaluated = getattr(split, part)
    user, item = _distinct(evaluated.user, evaluated.item, len(split.train.items))
    users, items = split.train.users.vocabulary, split.train.items.vocabulary
    hashes = pair_hashes(users.lookup(user), items.lookup(item))
    sampled = hashes <= record.below
    leaked = sampled & record.holds(hashes)
    leaked &= ~_is_in(user, item, split.train, leaked)
    if not leaked.any():
        return None
    share = float(leaked.sum() / sampled.sum())
    return {"pairs": round(share * len(user)), "of": len(user), "share": share}


def leakage_words(leaked, part):
    """The result of `leaked_pairs` as the end of a sentence "<model> was ..."."""
    return (
        f"trained on {leaked['pairs']:,} of the {leaked['of']:,} pairs of the {part} part "
        f"({leaked['share']:.0%}): metrics there measure memory, not prediction"
    )


def _distinct(user, item, num_items):
    """The different pairs, as two arrays."""
    codes = distinct(user.astype(np.int64) * num_items + item)
    return codes // num_items, codes % num_items


def _is_in(user, item, train, mask):
    """Whether train holds each pair; False, without a search, where `mask` is False."""
    num_items = len(train.items)
    wanted = np.zeros(len(train.users), bool)
    wanted[user[mask]] = True
    rows = wanted[train.user]
    codes = train.user[rows].astype(np.int64) * num_items + train.item[rows]
    return mask & is_in(user * num_items + item, np.sort(codes))
