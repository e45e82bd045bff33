"""AutoRec: an autoencoder of ratings."""

import keras
import numpy as np
from keras import ops

from kerasrec.layers import EmbeddingTable, PairCandidates, SparseDense, StoredHistories
from kerasrec.models import Retriever, item_table
from kerasrec.models.predict import predict
from kerasrec.register import register

# Ratings of the mean of all that stand beside an item's or user's own in its mean.
PRIOR = 5.0


@register
class AutoRec(Retriever):
    """The ratings of an item (or of a user) through a hidden layer and back: I- and U-AutoRec.

        h_i         = sigmoid(V (r_i - m_i) + c)       over the observed ratings of i
        score(u, i) = <w_u, h_i> + b_u + m_i
        loss        = mean over observed (r - score)^2 + l2 (|V|^2 + |W|^2)

    `m_i` is the mean rating of the item, drawn to the mean of all by `PRIOR` ratings. One example
    is one item with all its ratings (for U-AutoRec one user), whose ratings lie inside the model.
    An item without ratings has h = sigmoid(c) and the mean of all; a user without has w = b = 0 and
    is given the items' means. A score is one dot product, [w_u, b_u, 1] with [h_i, 1, m_i]. For
    ratings: `candidates` is "pair", the loss MSE.

    Args:
        schema: `Schema` of the data; its `history_length` is how many ratings of an item (a user)
            are read and trained on, the last ones.
        dim: Length of h.
        item_based: False is U-AutoRec: users are encoded, items have w and b.
        dropout: Share of the ratings hidden from the encoder in training.
        l2: Weight of the squares of V and W; lambda / (2 ratings) of the paper.

    Reference:
        Sedhain, Menon, Sanner, Xie, AutoRec: autoencoders meet collaborative filtering, WWW 2015.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions, batches
    >>> from kerasrec.losses import MeanSquaredError
    >>> rows = [("u", "a", 5), ("u", "b", 1), ("v", "a", 4), ("v", "b", 2), ("w", "a", 5)]
    >>> train = Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "value"]))
    >>> model = AutoRec(train.schema(), dim=4)
    >>> model.adapt(train)
    >>> model.compile("adam", MeanSquaredError())
    >>> data = batches(train, model.train_inputs, steps=model.steps, batch_size=2)
    >>> _ = model.fit(data, verbose=0)
    >>> model.score(users=["w"], items=["b"]).shape
    (1,)
    """

    capabilities = frozenset({"users"})
    train_inputs = ("user", "item")
    query_inputs = ("user",)
    unknown_user = "with the means of the items"

    def __init__(self, schema, dim=500, item_based=True, dropout=0.0, l2=0.0, name=None):
        sizes = (schema.num_items, schema.num_users)
        num_read, num_told = sizes if item_based else sizes[::-1]
        rows_read, rows_told = ("items", "users") if item_based else ("users", "items")

        # === Layers ===
        stored = StoredHistories(num_read, schema.history_length, name="ratings")
        fixed = {"stddev": 0.0, "trainable": False, "dtype": "float32"}
        means = EmbeddingTable(num_read, 1, rows_of=rows_read, **fixed, name="means")
        encoder = SparseDense(num_told, dim, "sigmoid", dropout, rows_of=rows_told, name="encoder")
        # From zeros: where nothing is rated, nothing is learnt, and the other side's mean remains.
        weights = EmbeddingTable(num_told, dim, stddev=0.0, rows_of=rows_told, name="decoder")
        bias = EmbeddingTable(num_told, 1, stddev=0.0, rows_of=rows_told, name="bias")

        # === Wiring ===
        user = keras.Input((), dtype="int32", name="user")
        item = keras.Input((), dtype="int32", name="item")
        read, told = (item, user) if item_based else (user, item)
        hidden = encoder(*stored(read))
        one = ops.ones_like(hidden[:, :1])
        encoded = ops.concatenate([hidden, one, means(read)], axis=-1)
        row = weights(told)
        decoded = ops.concatenate([row, bias(told), ops.ones_like(row[:, :1])], axis=-1)
        many = keras.Input((None,), dtype="int32", name="user" if item_based else "item")
        decoder = keras.Model(told, decoded, name="decode")
        logits = PairCandidates(num_told, name="observed")(encoded, many, item_model=decoder)
        super().__init__(
            schema=schema,
            query_inputs={"user": user},
            query=decoded if item_based else encoded,
            item_encoder=keras.Model({"item": item}, encoded if item_based else decoded),
            catalog=item_table(schema),
            candidates="pair",
            training=({read.name: read, many.name: many}, logits),
            name=name,
        )
        for table in (encoder.table, weights):
            table.embeddings.regularizer = keras.regularizers.L2(l2) if l2 else None
        self.steps = "item_set" if item_based else "set"
        self.dim = dim
        self.item_based = item_based
        self.dropout = dropout
        self.l2 = l2
        self.ratings, self.means = stored, means

    @property
    def order_read(self):
        # Of more ratings than `history_length` the latest are kept.
        return True

    def adapt(self, train):
        super().adapt(train)
        rows = train.item, train.user
        read, told = rows if self.item_based else rows[::-1]
        value = train.value.astype("float64")
        size = self.means.num_rows
        mean = value.mean()
        total = np.bincount(read, value - mean, minlength=size)
        means = mean + total / (np.bincount(read, minlength=size) + PRIOR)
        self.means.embeddings.assign(means[:, None].astype("float32"))
        self.ratings.assign(read, told, value - means[read])

    @property
    def candidate_weights(self):
        # Ratings are the data's, not learnt: a grown model reads those it was adapted to.
        return [*super().candidate_weights, *self.ratings.weights, *self.means.weights]

    def encode_queries(self, inputs):
        rows, places = np.unique(inputs["user"], return_inverse=True)
        return super().encode_queries({"user": rows})[places]

    def score_pairs(self, inputs, items):
        rows, places = np.unique(np.asarray(items, "int32"), return_inverse=True)
        vectors = predict(self.item_model, {"item": rows})[places]
        return ops.convert_to_numpy(self.scorer.score_pairs(self.encode_queries(inputs), vectors))
