"""How much of what a model is asked it was trained on."""

import numpy as np

from kerasrec.models.trained_on import pair_hashes


def leakage(model, split, part):
    """What a model was trained on of a part, and a note where that is not known.

    Returns:
        `(found, notes)`: `found` as of `leaked_pairs`.
    """
    record = model.trained_on
    if not record.complete:
        name = type(model).__name__
        note = f"It is not recorded what {name} was trained on: it may have seen the {part} part."
        return leaked_pairs(record, split, part), (note,)
    return leaked_pairs(record, split, part), ()


def leaked_pairs(record, split, part):
    """The pairs of a part that a training saw, and that the split's own train part does not hold.

    Args:
        record: `TrainedOn`.
        split: `Split`.
        part: "validation" or "test".

    Returns:
        None if there is none, else `{"pairs", "of", "share"}`: how many, of how many different
        pairs, and their ratio. Where the record is a sample the number is an estimate.
    """
    asked = getattr(split, part)
    user, item = _distinct(asked.user, asked.item, len(split.train.items))
    users, items = split.train.users.vocabulary, split.train.items.vocabulary
    hashes = pair_hashes(users.lookup(user), items.lookup(item))
    sampled = hashes <= record.below
    found = sampled & record.holds(hashes)
    found &= ~_is_in(user, item, split.train, found)
    if not found.any():
        return None
    share = float(found.sum() / sampled.sum())
    return {"pairs": round(share * len(user)), "of": len(user), "share": share}


def leakage_words(found, part):
    """What `leaked_pairs` found, behind "was"."""
    return (
        f"trained on {found['pairs']:,} of the {found['of']:,} pairs of the {part} part "
        f"({found['share']:.0%}): what is measured there is remembered, not predicted"
    )


def _distinct(user, item, num_items):
    codes = np.unique(user.astype(np.int64) * num_items + item)
    return codes // num_items, codes % num_items


def _is_in(user, item, train, asked):
    """Whether train holds each pair; False, without a look, for those that are not `asked`."""
    num_items = len(train.items)
    wanted = np.zeros(len(train.users), bool)
    wanted[user[asked]] = True
    near = wanted[train.user]
    codes = train.user[near].astype(np.int64) * num_items + train.item[near]
    return asked & np.isin(user * num_items + item, codes)
