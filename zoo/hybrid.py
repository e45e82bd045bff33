"""Hybrid: an explicit blend of a behavior score (LSTM) and a content score (item features)."""

import keras
from keras import ops

from kerasrec.layers import (
    ContentEncoder,
    EmbeddingTower,
    HybridHead,
    LSTMUserEncoder,
    PopularWhenEmpty,
)
from kerasrec.models import (
    HistoryInputs,
    ItemInputs,
    ItemTower,
    Retriever,
    UserInputs,
    item_code,
    item_table,
)
from kerasrec.models.user_inputs import ALONE
from kerasrec.register import register

# Length of the code of the encoders "code" and "autoencoder".
CODE_DIM = 256


@register
class Hybrid(Retriever):
    """A recurrent network over the history, scored against both ids and features of items.

    Each item has an id vector V, learned from behavior, and a content vector C. The two scores are
    blended:

        x_t      = V_ht [+ B_bt] [+ G_gt]
        U        = LN(LSTM(x_1, ..., x_n) + x_n)
        score(i) = alpha_i <U, V_i> + (1 - alpha_i) <C_i, W U + b> + b_i

    over the items h of the history. Vectors of the behavior (b) and of the time since the previous
    step (g) are added if the data has them. With "gated", alpha depends on the item's number of
    train interactions, and an item without any is scored by its content only. The score is one dot
    product of [U, W U + b, 1] and [alpha V, (1 - alpha) C, b_i]. With `user_features` a vector P z
    of the features z of the user is added to [U, W U + b, 1].

    With alpha None, id and content are joined into one item vector, used in the history and as a
    candidate:

        X_i      = V_i + W [V_i, C_i] + b
        score(i) = <LN(LSTM(x_1, ..., x_n) + x_n), X_i> + b_i

    where x_t has X_ht instead of V_ht. Every position of a history is trained, except with the cell
    "bilstm": its U = LN([forward LSTM; backward LSTM] + x_n) has read all steps, so only the last
    item of each history is trained. An empty history gets the popular items.

    Args:
        schema: `Schema` of the data; it needs an item feature.
        dim: Length of all vectors and of the LSTM's state.
        encoder: Encoder of the content: "conv1d", "conv2d", "bag_of_words", "code", "autoencoder"
            or "vectors", see `ContentEncoder`. With candidates "all", all but "code" and
            "autoencoder" encode the whole catalogue in each step.
        kernel_sizes: Widths of the convolutions, in words.
        cell: "lstm", "gru", "rnn", or "bilstm", an LSTM in both directions.
        alpha: "gated", "learned", a number between 0 and 1, or None.
        dropout: Between the layers of both encoders.
        id_dropout: Share of candidates whose id is replaced by the unknown row in training.
        user_features: Also read the features of users, which answer somebody without a history.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds, with the logQ correction of the
            softmax loss.

    Raises:
        InputError: if the data has no feature that the encoder reads.

    References:
        Burke, Hybrid recommender systems: survey and experiments, 2002; Volkovs et al.,
        DropoutNet: addressing cold start in recommender systems, NeurIPS 2017.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = Hybrid(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories", "cold_items"})
    bias_columns = 2

    def __init__(
        self,
        schema,
        dim=64,
        encoder="conv1d",
        kernel_sizes=(3,),
        cell="lstm",
        alpha="gated",
        dropout=0.2,
        id_dropout=0.0,
        user_features=False,
        candidates="all",
        num_negatives=1024,
        name=None,
    ):
        bidirectional = cell == "bilstm"

        # === Layers ===
        code = item_code(schema, encoder, CODE_DIM)
        catalog = item_table(schema, CODE_DIM if code else 0)
        encode = ContentEncoder(
            catalog.features, dim, encoder, kernel_sizes, dropout, name="content"
        )
        ids = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        bias = EmbeddingTower(schema.num_items, 1, rows_of="items", name="item_bias")
        head = None if alpha is None else HybridHead(dim, dim, alpha, name="hybrid_head")
        join = keras.layers.Dense(dim, name="joined") if alpha is None else None
        user = UserInputs(schema) if user_features else None
        fallback = PopularWhenEmpty(ALONE if user else 0.0, name="popular_when_empty")

        # === Item ===
        item = ItemInputs(catalog.inputs(encode.read), id_dropout)
        id_vector, content = ids(item.known), encode(item.features)
        if join:
            vector = id_vector + join(ops.concatenate([id_vector, content], axis=-1))
        else:
            vector = head.candidate(id_vector, content, item.seen)
        vector_and_bias = ops.concatenate([vector, bias(item.known)], axis=-1)
        candidate = fallback.candidate(vector_and_bias, item.count)

        # === Query ===
        history_items = ids
        if join:  # the joined vectors include the content of items without interactions
            history_items = ItemTower(catalog, item.encoder(vector), name="history_items")
        history = HistoryInputs(schema, history_items, catalog, dropout, known_only=not join)
        encode_history = LSTMUserEncoder(
            dim,
            "lstm" if bidirectional else cell,
            bidirectional=bidirectional,
            dropout=dropout,
            residual=True,
            name="user_encoder",
        )

        inputs, profile = history.inputs, None
        if user:
            inputs = {**inputs, **user.inputs}
            profile = user.vector((dim if join else 2 * dim) + 1)

        def query(state):
            vector = state if join else head.query(state)
            vector = ops.concatenate([vector, ops.ones_like(state[..., :1])], axis=-1)
            if user:
                vector = vector + (profile if len(vector.shape) == 2 else profile[:, None])
            return fallback.query(vector, history.rows, profile)

        states = None
        if bidirectional:
            self.steps = "last"
        else:
            states = query(encode_history(history.vectors, history.mask, all_steps=True))
        super().__init__(
            schema=schema,
            inputs=inputs,
            query=query(encode_history(history.vectors, history.mask)),
            training_query=states,
            item_encoder=item.encoder(candidate),
            catalog=catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            code=code,
            user=user,
            name=name,
        )
        self.hybrid_head = head
        self.content_encoder = encode
        # An item vector is [alpha V, (1 - alpha) C, bias, popularity]; a joined one is not split.
        self.content_columns = slice(dim, 2 * dim) if head else None

    def content_directions(self, queries, rows):
        """Factors of the content vectors in the scores of `rows` `(n, k)`: `(n, k, dim)`."""
        alpha = self.hybrid_head.mixing(self.catalog(rows)["count"])
        scale = ops.broadcast_to(1.0 - alpha, ops.shape(rows))[..., None]
        return scale * queries[:, None, self.content_columns]
