"""Features that are lists of users, such as friends."""

import numpy as np
import pandas as pd

from kerasrec.data.vocabulary import FIRST, Vocabulary

# The largest table of lists without an explicit length: 1 GiB.
MOST_PLACES = 2**28


class UserLists:
    """Lists of user ids as rows, each user once and in the order of the list.

    >>> users = Vocabulary(["ann", "bob", "cem"])
    >>> lists = pd.Series([["bob", "ann", "bob", "cem"], [], ["nobody", "ann"]])
    >>> named = UserLists(lists, users, own=users.rows(["ann", "bob", "cem"]))
    >>> named.table(length=2).tolist()
    [[3, 4], [0, 0], [2, 0]]
    >>> named.ignored(length=1)
    {'unknown user': 1, 'oneself': 1, 'repeated': 1, 'beyond length': 1}

    Args:
        lists: A list of external ids for each position.
        vocabulary: Of all users.
        own: Row of the user that each list belongs to; None if there is none.
    """

    def __init__(self, lists: pd.Series, vocabulary: Vocabulary, own: np.ndarray | None = None):
        position = np.repeat(np.arange(len(lists)), [len(ids) for ids in lists])
        ids = np.empty(len(position), dtype=object)
        ids[:] = [one for ids in lists for one in ids]
        row = vocabulary.rows(ids)
        unknown = row < FIRST
        oneself = ~unknown & (row == own[position]) if own is not None else np.zeros_like(unknown)
        again = pd.DataFrame({"position": position, "row": row}).duplicated().to_numpy()
        repeated = again & ~(unknown | oneself)
        kept = ~(unknown | oneself | repeated)
        self._size = len(lists), len(vocabulary)
        self._position, self._row = position[kept], row[kept]
        self._place = np.arange(kept.sum()) - np.searchsorted(self._position, self._position)
        left_out = {"unknown user": unknown, "oneself": oneself, "repeated": repeated}
        self._left_out = {reason: int(ids.sum()) for reason, ids in left_out.items() if ids.any()}

    @property
    def most(self) -> int:
        """Length of the longest list."""
        return int(self._place.max(initial=-1)) + 1

    def problem(self) -> tuple[int, str] | None:
        """Position of the longest list, if a table as wide would be too large, and advice."""
        places = self.most * self._size[1]
        if places <= MOST_PLACES:
            return None
        return int(self._position[self._place.argmax()]), (
            f"{self.most:,} users are named here, and a table with as many places in each of "
            f"{self._size[1]:,} rows would take {places / 2**28:.1f} GiB: set a length, such as "
            "`length: 100`, to keep the first ones"
        )

    def table(self, length: int) -> np.ndarray:
        """int32 (lists, length): the rows of the first ones, 0 on the right."""
        out, kept = np.zeros((self._size[0], length), dtype=np.int32), self._place < length
        out[self._position[kept], self._place[kept]] = self._row[kept]
        return out

    def ignored(self, length: int) -> dict[str, int]:
        """How many ids `table(length)` leaves out, by reason."""
        beyond = int((self._place >= length).sum())
        return self._left_out | ({"beyond length": beyond} if beyond else {})
