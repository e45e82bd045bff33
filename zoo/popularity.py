"""Popularity: the same ranking for all users, by the number of interactions."""

import keras
import numpy as np
from keras import ops

from kerasrec.models import Retriever, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class Popularity(Retriever):
    """Ranks items by their number of train interactions: the baseline of every comparison.

        score(u, i) = count(i)

    Nothing is trained: `adapt` counts, and the count is the item vector, of length 1.

    Args:
        schema: `Schema` of the data.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = Popularity(train.schema())
    >>> model.adapt(train)
    >>> len(model.recommend(users=[train.users.vocabulary.ids[0]], k=3))
    3
    """

    capabilities = frozenset({"users", "histories"})
    predicts_values = False
    counted = True
    trained = False
    bias_columns = 1
    unknown_user = "with what is popular"

    def __init__(self, schema, name=None):
        # === Layers ===
        catalog = item_table(schema)

        # === Wiring ===
        user = query_input("user")
        query = ops.ones_like(user[:, None], dtype="float32")
        count = keras.Input((), dtype="float32", name="count")
        super().__init__(
            schema=schema,
            inputs={"user": user},
            query=query,
            item_encoder=keras.Model({"count": count}, count[:, None]),
            catalog=catalog,
            candidates="pair",
            name=name,
        )

    def contributions(self, inputs, history, items):
        """Zeros: the score does not depend on the history."""
        return np.zeros((len(items), len(history)))
