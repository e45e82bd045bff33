"""What the ladder of `kerasrec auto` is chosen by."""

import dataclasses

import numpy as np

from kerasrec.data.vocabulary import FIRST

LONGEST = 200
WORDS = ("text", "category", "categories")


@dataclasses.dataclass(frozen=True)
class TableFacts:
    """Sizes of a train part.

    Attributes:
        users, items: With train interactions.
        num_items: Rows of the items' vocabulary.
        interactions: Of the train part.
        mean_length: Train interactions of a user.
        history_length: Items of a history that models read: what nine of ten users have, from 10
            to 200.
        item_features, user_features: Kinds of the features.
        words: Names of the item features that are words: texts and categories.
    """

    users: int
    items: int
    num_items: int
    interactions: int
    mean_length: float
    history_length: int
    item_features: tuple = ()
    user_features: tuple = ()
    words: tuple = ()

    @classmethod
    def of(cls, train):
        """The facts of the train part `Interactions`."""
        counts = train.user_counts()
        counts = counts[counts > 0]
        long = int(np.ceil(np.percentile(counts, 90) / 10) * 10)
        return cls(
            users=len(counts),
            items=int((train.item_counts() > 0).sum()),
            num_items=len(train.items),
            interactions=len(train),
            mean_length=float(counts.mean()),
            history_length=min(max(long, 10), LONGEST),
            item_features=tuple(feature.kind for feature in train.items.features),
            user_features=tuple(feature.kind for feature in train.users.features),
            words=tuple(one.name for one in train.items.features if one.kind in WORDS),
        )

    @property
    def cutoffs(self):
        """Cut-offs of the metrics: 5, 10 and 20, or of a small catalog the number of items."""
        items = self.num_items - FIRST
        return [5, 10, 20] if items >= 20 else [min(10, items)]

    @property
    def k(self):
        """The cut-off that models are chosen by."""
        return min(10, self.num_items - FIRST)

    @property
    def is_sparse(self):
        """Whether histories are short, so that models forget little and overfit soon."""
        return self.mean_length < 20
