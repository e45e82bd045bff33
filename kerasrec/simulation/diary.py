"""What the people of one shop have read, and how they found it."""

import numpy as np
import pandas as pd


class Diary:
    """The readings of a shop, in the order of time.

    Args:
        world: `World`.

    Attributes:
        read: Bool `(people, books)`.
        histories: For each person the ids of the books read, the latest last.
    """

    def __init__(self, world):
        self._world = world
        self.read = np.zeros((world.people, len(world.ids)), bool)
        self.histories = [[] for _ in range(world.people)]
        self._parts = []

    def copy(self):
        """A diary that goes on from this one."""
        made = Diary(self._world)
        made.read = self.read.copy()
        made.histories = [list(one) for one in self.histories]
        made._parts = list(self._parts)
        return made

    def add(self, people, books, seconds, searched):
        """Adds readings.

        Args:
            people, books: Numbers, `(n,)`.
            seconds: Unix seconds, in ascending order and not before those that are there.
            searched: Bool, found without a recommendation.
        """
        self.read[people, books] = True
        for person, book in zip(people, self._world.ids[books], strict=True):
            self.histories[person].append(book)
        frame = {"user": self._world.user_ids[people], "item": self._world.ids[books]}
        self._parts.append(pd.DataFrame({**frame, "timestamp": seconds, "searched": searched}))

    def frame(self):
        """DataFrame with `user`, `item`, `timestamp` and `searched`, a row a reading."""
        self._parts = [pd.concat(self._parts, ignore_index=True)]
        return self._parts[0]
