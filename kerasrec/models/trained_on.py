"""The record of the pairs that a model was trained on, to find them in a test part."""

import hashlib
import json
import pathlib

import numpy as np
import pandas as pd

from kerasrec.data.vocabulary import FIRST
from kerasrec.distinct import distinct, is_in
from kerasrec.errors import InputError
from kerasrec.files.saved_arrays import read_arrays
from kerasrec.files.saved_json import read_json

# Hashes in a record (128 MiB); of more pairs it holds a sample.
MAX_HASHES = 2**24
PIECE = 2**22  # pairs that are hashed at a time
MAX_HASH = np.uint64(2**64 - 1)


class TrainedOn:
    """Hashes of the (user id, item id) pairs of all trainings that made a model's weights.

    The 64-bit hash of a pair is made from the external ids, so it does not depend on the rows. Of
    more than `MAX_HASHES` pairs, those with the smallest hashes are kept. All records keep the same
    sample, so shares of pairs stay comparable. Pairs are hashed only when the hashes are read.

    >>> from kerasrec.data import Interactions
    >>> import pandas as pd
    >>> data = Interactions.from_frame(pd.DataFrame({"user": list("uuv"), "item": list("aba")}))
    >>> record = TrainedOn.of(data.histories(), data.users.vocabulary, data.items.vocabulary)
    >>> record.holds(pair_hashes(["u", "v", "v"], ["b", "a", "b"])).tolist()
    [True, True, False]

    Args:
        hashes: uint64, sorted and distinct.
        below: The largest recorded hash; pairs with a larger one are not recorded.
        splits: One dict for each training, the first one first: how its data was split.
        pending: `(pairs, number, users, items)` of pairs that are not hashed yet, or None: a
            function from a range of numbers to user rows and item rows, how many there are, and
            the vocabularies.
        learned: Whether weights have learned from these pairs; False until a model is fitted.

    Not recorded: weights set by `set_weights` or `load_weights`, and batches of other data than the
    model was adapted to.
    """

    def __init__(self, hashes=(), below=MAX_HASH, splits=(), pending=None, learned=True):
        self.learned = learned
        self._record = np.asarray(hashes, np.uint64), np.uint64(below)
        self.splits = list(splits)
        self._pending = pending

    @classmethod
    def of(cls, histories, users, items):
        """The record of a training on the `Histories` and `Vocabulary`s of users and items."""

        def pairs(start, stop):
            owner = np.searchsorted(histories.indptr, np.arange(start, stop), side="right") - 1
            return owner, histories.items[start:stop]

        return cls(pending=(pairs, len(histories.items), users, items), learned=False)

    @classmethod
    def of_rows(cls, user, item, users, items):
        """The record of a training on rows `(n,)` of users and items; unknown ones are left out."""

        def pairs(start, stop):
            rows = user[start:stop], item[start:stop]
            known = (rows[0] >= FIRST) & (rows[1] >= FIRST)
            return rows[0][known], rows[1][known]

        return cls(pending=(pairs, len(user), users, items), learned=False)

    @property
    def hashes(self):
        """uint64, sorted and distinct."""
        return self._hash_pending()[0]

    @property
    def below(self):
        """The largest recorded hash."""
        return self._hash_pending()[1]

    def after(self, earlier):
        """The merged record of a training that started from weights with an `earlier` record."""
        hashes = np.concatenate([earlier.hashes, self.hashes])
        below = min(earlier.below, self.below)
        splits = [*earlier.splits, *self.splits]
        return TrainedOn(*_smallest(hashes, below), splits)

    def holds(self, hashes):
        """Bool array: whether each pair was trained on, given the hashes of `pair_hashes`."""
        return is_in(np.asarray(hashes, np.uint64), self.hashes)

    def save(self, directory):
        """Writes the hashes to `trained_on.npz` and the rest, readable, to `trained_on.json`."""
        directory = pathlib.Path(directory)
        np.savez(directory / "trained_on.npz", hashes=self.hashes, below=self.below)
        summary = {"pairs": len(self.hashes), "splits": self.splits}
        text = json.dumps(summary, indent=2) + "\n"
        (directory / "trained_on.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, directory):
        """Reads the files of `save`.

        Raises:
            InputError: if a file is damaged.
        """
        path = pathlib.Path(directory) / "trained_on.npz"
        summary = read_json(path.with_suffix(".json"))
        expected = {"pairs": int, "splits": list}
        if not isinstance(summary, dict) or any(
            type(summary.get(key)) is not kind for key, kind in expected.items()
        ):
            raise InputError(f"{path.with_suffix('.json')} is damaged: expected {list(expected)}")
        if not all(isinstance(split, dict) for split in summary["splits"]):
            raise InputError(f"{path.with_suffix('.json')} is damaged: a split must be an object")
        arrays = read_arrays(path, {"hashes": (np.uint64, 1), "below": (np.uint64, 0)})
        hashes, below = arrays["hashes"], arrays["below"]
        if len(hashes) > MAX_HASHES or len(hashes) != summary["pairs"]:
            raise InputError(
                f"{path} is damaged: it has {len(hashes):,} hashes, expected the "
                f"{summary['pairs']:,} of trained_on.json, at most {MAX_HASHES:,}"
            )
        # A binary search in unsorted hashes would miss pairs.
        if (hashes[1:] <= hashes[:-1]).any() or (len(hashes) and hashes[-1] > below):
            raise InputError(f"{path} is damaged: expected sorted hashes up to `below`")
        return cls(hashes, below, summary["splits"])

    def _hash_pending(self):
        """(hashes, below), after the pending pairs have been hashed."""
        if self._pending is not None:
            (pairs, number, users, items), self._pending = self._pending, None
            user, item = _mix(_id_hashes(users.ids)), _id_hashes(items.ids)
            hashes, below = self._record
            for start in range(0, number, PIECE):
                owner, taken = pairs(start, min(start + PIECE, number))
                new = _mix(user[owner - FIRST] + item[taken - FIRST])
                hashes, below = _smallest(np.concatenate([hashes, new[new <= below]]), below)
            self._record = hashes, below
        return self._record


def pair_hashes(users, items):
    """Hashes `(n,)` uint64 of n pairs of external user and item ids."""
    return _mix(_mix(_id_hashes(users)) + _id_hashes(items))


def _id_hashes(ids):
    codes, distinct = pd.factorize(np.asarray(ids, dtype=object))
    texts = (str(one).encode("utf-8", "surrogatepass") for one in distinct)
    digests = b"".join(hashlib.blake2b(text, digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, "<u8").astype(np.uint64)[codes]


def _mix(x):
    """The finalizer of SplitMix64: each input bit changes about half of the output bits."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _smallest(hashes, below):
    """The distinct hashes up to `below`, at most `MAX_HASHES` of them, and the new `below`."""
    hashes = distinct(hashes[hashes <= below])
    if len(hashes) <= MAX_HASHES:
        return hashes, below
    return hashes[:MAX_HASHES].copy(), hashes[MAX_HASHES - 1]
