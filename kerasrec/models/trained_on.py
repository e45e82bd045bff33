"""What a model was trained on, so that it is not tested on the same."""

import hashlib
import json
import pathlib

import numpy as np
import pandas as pd

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.files.saved_arrays import read_arrays
from kerasrec.files.saved_json import read_json

# Hashes that a record holds at most, 128 MiB; of more pairs it holds a sample.
MOST = 2**24
ALL = np.uint64(2**64 - 1)


class TrainedOn:
    """Hashes of the (user id, item id) pairs of all trainings that made a model's weights.

    The hash of a pair has 64 bits of the external ids, so it is the same whatever the rows are. Of
    more than `MOST` pairs those with the smallest hashes are kept: the same sample in every record,
    so that a share of pairs is still a share. Pairs are hashed when somebody asks.

    >>> from kerasrec.data import Interactions
    >>> import pandas as pd
    >>> data = Interactions.from_frame(pd.DataFrame({"user": list("uuv"), "item": list("aba")}))
    >>> record = TrainedOn.of(data.histories(), data.users.vocabulary, data.items.vocabulary)
    >>> record.holds(pair_hashes(["u", "v", "v"], ["b", "a", "b"])).tolist()
    [True, True, False]

    Args:
        hashes: uint64, sorted and distinct.
        below: Pairs with a larger hash are not recorded.
        cuts: How the data of each training was split, the first training first: dicts.
        complete: False where it is not known what a training was made on.
        pending: `(histories, users, items)` whose pairs are still to be hashed, or None.
        learned: Whether weights have learned from these pairs; False until a model is fitted.

    What a model is given by `set_weights` or `load_weights`, and batches of other data than it was
    adapted to, are not seen.
    """

    def __init__(self, hashes=(), below=ALL, cuts=(), complete=True, pending=None, learned=True):
        self.learned = learned
        self._record = np.asarray(hashes, np.uint64), np.uint64(below)
        self.cuts = list(cuts)
        self.complete = complete
        self._pending = pending

    @classmethod
    def of(cls, histories, users, items):
        """The record of a training on `Histories` by user row, with both `Vocabulary`s.

        Without any item, as of a `Scan`, it is not known what the training was made on.
        """
        if not len(histories.items):
            return cls(complete=False, learned=False)
        return cls(pending=(histories, users, items), learned=False)

    @property
    def hashes(self):
        """uint64, sorted and distinct."""
        return self._found()[0]

    @property
    def below(self):
        """The largest hash that is recorded."""
        return self._found()[1]

    def after(self, earlier):
        """The record of weights that were started from those of an `earlier` record."""
        both, below = np.concatenate([earlier.hashes, self.hashes]), min(earlier.below, self.below)
        cuts, complete = [*earlier.cuts, *self.cuts], earlier.complete and self.complete
        return TrainedOn(*_bounded(both, below), cuts, complete)

    def holds(self, hashes):
        """Whether each of some pairs was trained on; see `pair_hashes`."""
        own, hashes = self.hashes, np.asarray(hashes, np.uint64)
        if not len(own):
            return np.zeros(len(hashes), bool)
        place = np.minimum(np.searchsorted(own, hashes), len(own) - 1)
        return own[place] == hashes

    def save(self, directory):
        """Writes `trained_on.npz`, and for people `trained_on.json`."""
        directory = pathlib.Path(directory)
        np.savez(directory / "trained_on.npz", hashes=self.hashes, below=self.below)
        about = {"pairs": len(self.hashes), "complete": self.complete, "splits": self.cuts}
        text = json.dumps(about, indent=2) + "\n"
        (directory / "trained_on.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, directory):
        """What `save` wrote.

        Raises:
            InputError: for a damaged file.
        """
        path = pathlib.Path(directory) / "trained_on.npz"
        about = read_json(path.with_suffix(".json"))
        expected = {"pairs": int, "complete": bool, "splits": list}
        if not isinstance(about, dict) or {k: type(v) for k, v in about.items()} != expected:
            raise InputError(f"{path.with_suffix('.json')} is damaged: expected {list(expected)}")
        if not all(isinstance(cut, dict) for cut in about["splits"]):
            raise InputError(f"{path.with_suffix('.json')} is damaged: a split is no object")
        found = read_arrays(path, {"hashes": (np.uint64, 1), "below": (np.uint64, 0)})
        hashes, below = found["hashes"], found["below"]
        if len(hashes) > MOST or len(hashes) != about["pairs"]:
            raise InputError(
                f"{path} is damaged: it has {len(hashes):,} hashes, expected the "
                f"{about['pairs']:,} of trained_on.json, at most {MOST:,}"
            )
        # A search in what is not sorted finds nothing, and says that nothing was seen.
        if (hashes[1:] <= hashes[:-1]).any() or (len(hashes) and hashes[-1] > below):
            raise InputError(f"{path} is damaged: its hashes do not rise, or one is above `below`")
        return cls(hashes, below, about["splits"], about["complete"])

    def _found(self):
        if self._pending is not None:
            (histories, users, items), self._pending = self._pending, None
            user, item = _mixed(_id_hashes(users.ids)), _id_hashes(items.ids)
            kept, below = self._record
            for start in range(0, len(histories.items), MOST):
                rows = np.arange(start, min(start + MOST, len(histories.items)))
                keys = np.searchsorted(histories.indptr, rows, side="right") - 1
                found = _mixed(user[keys - FIRST] + item[histories.items[rows] - FIRST])
                kept, below = _bounded(np.concatenate([kept, found[found <= below]]), below)
            self._record = kept, below
        return self._record


def pair_hashes(users, items):
    """uint64 `(n,)` of n pairs of external ids."""
    return _mixed(_mixed(_id_hashes(users)) + _id_hashes(items))


def _id_hashes(ids):
    codes, different = pd.factorize(np.asarray(ids, dtype=object))
    texts = (str(one).encode("utf-8", "surrogatepass") for one in different)
    digests = b"".join(hashlib.blake2b(text, digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, "<u8").astype(np.uint64)[codes]


def _mixed(x):
    """The finalizer of SplitMix64: every bit of the input changes half of those of the output."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _bounded(hashes, below):
    hashes = np.unique(hashes[hashes <= below])
    if len(hashes) <= MOST:
        return hashes, below
    return hashes[:MOST].copy(), hashes[MOST - 1]
