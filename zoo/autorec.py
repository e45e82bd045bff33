"""AutoRec: an autoencoder of the ratings of an item or of a user."""

import keras
import numpy as np
from keras import ops

from kerasrec.layers import EmbeddingTable, PairCandidates, SparseDense, StoredHistories
from kerasrec.models import Retriever, item_table
from kerasrec.models.predict import predict
from kerasrec.models.query_input import query_input
from kerasrec.register import register

# The mean of an item (user) is damped by this number of ratings at the global mean.
DAMPING = 5.0


@register
class AutoRec(Retriever):
    """I-AutoRec and U-AutoRec: an autoencoder of all ratings of an item (or of a user).

        h_i         = sigmoid(V (r_i - m_i) + c)       over the observed ratings of i
        score(u, i) = <w_u, h_i> + b_u + m_i
        loss        = mean over observed (r - score)^2 + l2 (|V|^2 + |W|^2)

    `m_i` is the mean rating of the item, damped by `DAMPING` ratings at the global mean. One
    training example is one item (for U-AutoRec one user) with all its ratings, which are stored in
    the model. An item without ratings has h = sigmoid(c) and m = the global mean. A user without
    ratings has w = b = 0 and gets the means of the items. A score is one dot product, [w_u, b_u, 1]
    with [h_i, 1, m_i]. The model is for ratings: `candidates` is "pair", the loss is MSE.

    Args:
        schema: `Schema` of the data; the last `history_length` ratings of an item (user) are read
            and trained on.
        dim: Length of h.
        item_based: True for I-AutoRec. False for U-AutoRec: users are encoded, items have w and b.
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

    unknown_user = "with the means of the items"
    # The last two columns of an item vector: [1, m_i], or [b_i, 1] in U-AutoRec.
    bias_columns = 2

    def __init__(self, schema, dim=500, item_based=True, dropout=0.0, l2=0.0, name=None):
        sizes = (schema.num_items, schema.num_users)
        # Rows of the encoded side (items of I-AutoRec) and of the side with w and b.
        num_encoded, num_decoded = sizes if item_based else sizes[::-1]
        encoded_rows, decoded_rows = ("items", "users") if item_based else ("users", "items")

        # === Layers ===
        stored = StoredHistories(num_encoded, schema.history_length, name="ratings")
        fixed = {"stddev": 0.0, "trainable": False, "dtype": "float32"}
        means = EmbeddingTable(num_encoded, 1, rows_of=encoded_rows, **fixed, name="means")
        encoder = SparseDense(
            num_decoded, dim, "sigmoid", dropout, rows_of=decoded_rows, name="encoder"
        )
        # Starts at zeros, so that rows without ratings add nothing to the mean.
        weights = EmbeddingTable(num_decoded, dim, stddev=0.0, rows_of=decoded_rows, name="decoder")
        bias = EmbeddingTable(num_decoded, 1, stddev=0.0, rows_of=decoded_rows, name="bias")

        # === Wiring ===
        user = query_input("user")
        item = keras.Input((), dtype="int32", name="item")
        to_encode, to_decode = (item, user) if item_based else (user, item)
        hidden = encoder(*stored(to_encode))
        one = ops.ones_like(hidden[:, :1])
        encoded = ops.concatenate([hidden, one, means(to_encode)], axis=-1)
        row = weights(to_decode)
        decoded = ops.concatenate([row, bias(to_decode), ops.ones_like(row[:, :1])], axis=-1)
        # The users who rated an item, or the items that a user rated.
        observed = keras.Input((None,), dtype="int32", name="user" if item_based else "item")
        decoder = keras.Model(to_decode, decoded, name="decode")
        logits = PairCandidates(num_decoded, name="observed")(encoded, observed, item_model=decoder)
        super().__init__(
            schema=schema,
            inputs={"user": user},
            query=decoded if item_based else encoded,
            item_encoder=keras.Model({"item": item}, encoded if item_based else decoded),
            catalog=item_table(schema),
            candidates="pair",
            training=({to_encode.name: to_encode, observed.name: observed}, logits),
            name=name,
        )
        for table in (encoder.table, weights):
            table.embeddings.regularizer = keras.regularizers.L2(l2) if l2 else None
        self.steps = "item_set" if item_based else "set"
        self.ratings, self.means = stored, means

    @property
    def order_read(self):
        # Only the last `history_length` ratings are kept.
        return True

    def adapt(self, train):
        super().adapt(train)
        rows = train.item, train.user
        encoded, decoded = rows if self.item_based else rows[::-1]
        value = train.value.astype("float64")
        size = self.means.num_rows
        mean = value.mean()
        total = np.bincount(encoded, value - mean, minlength=size)
        means = mean + total / (np.bincount(encoded, minlength=size) + DAMPING)
        self.means.embeddings.assign(means[:, None].astype("float32"))
        self.ratings.assign(encoded, decoded, value - means[encoded])

    @property
    def candidate_weights(self):
        # Ratings and means are data: a model that starts from a checkpoint keeps its own.
        return [*super().candidate_weights, *self.ratings.weights, *self.means.weights]

    def encode_queries(self, inputs):
        rows, inverse = np.unique(inputs["user"], return_inverse=True)
        return super().encode_queries({"user": rows})[inverse]

    def score_pairs(self, inputs, items):
        rows, inverse = np.unique(np.asarray(items, "int32"), return_inverse=True)
        vectors = predict(self.item_model, {"item": rows})[inverse]
        return ops.convert_to_numpy(self.scorer.score_pairs(self.encode_queries(inputs), vectors))
