import numpy as np

from kerasrec.distinct import distinct


class Truth:
    """The distinct (query, item) pairs of a part, for the lookup of whole lists at once.

    A pair is encoded as `query * num_items + item`; a lookup is a binary search in the sorted
    codes.

    Attributes:
        query, item: int64 (pairs,), sorted by query, then item.
        num_relevant: int64 (queries,), the number of pairs of each query.

    Args:
        truth: Histories, one list of item rows for each query; repeated items count once.
        num_items: rows of the item table.
    """

    def __init__(self, truth, num_items):
        self._stride = num_items
        self._keys = distinct(
            self._encoded(np.repeat(np.arange(len(truth)), truth.lengths), truth.items)
        )
        self.query, self.item = np.divmod(self._keys, num_items)
        self.num_relevant = np.bincount(self.query, minlength=len(truth))

    def find(self, query, item):
        """Index of each pair, -1 where it is not a truth; int64 of the shape both broadcast to."""
        keys = self._encoded(query, item)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[place] == keys, place, -1)

    def _encoded(self, query, item):
        return np.asarray(query, dtype="int64") * self._stride + item

    def __len__(self):
        return len(self._keys)
