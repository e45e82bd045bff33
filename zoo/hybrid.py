"""Hybrid: what the user did (LSTM) and what the item says (Conv1D), in one visible blend."""

import dataclasses

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers import (
    Conv1DItemEncoder,
    EmbeddingTower,
    HybridHead,
    KnownItems,
    LSTMUserEncoder,
    PopularWhenEmpty,
)
from kerasrec.models import Retriever, item_table
from kerasrec.register import register


@register
class Hybrid(Retriever):
    """An LSTM over the history, a CNN over the item's text, and alpha between the two.

        U        = LSTM(V_h1, ..., V_hn)
        score(i) = alpha_i <U, V_i> + (1 - alpha_i) <C_i, W U + b> + b_i
        C_i      = Conv1D(text of i) [+ encoded categories, numbers and vectors of i]

    With alpha "gated" the blend depends on how often the item was seen in training, and an item
    never seen is scored by its content alone. Every position of a history is trained. The score
    is one dot product of [U, W U + b, 1] and [alpha V, (1 - alpha) C, b_i]. An empty history is
    answered with what is popular.

    Args:
        schema: `Schema` of the data; it needs an item feature of kind "text".
        dim: Length of the behaviour vectors and of the LSTM's state.
        content_dim: Length of the content vectors.
        kernel_sizes: Widths of the convolutions, in tokens.
        cell: "lstm", "gru" or "rnn".
        alpha: "gated", "learned", or a number between 0 and 1.
        dropout: Between the layers of both encoders, in training.
        id_dropout: Share of items shown to the loss by their content alone, in training.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of "sampled".
        log_q: Correct the sampled kinds for how often an item is drawn: for "softmax", and for no
            other loss.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = Hybrid(train.schema(), dim=8, content_dim=8)
    >>> model.adapt(train)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories", "cold_items"})
    train_inputs = ("history", "item")
    query_inputs = ("history",)

    def __init__(
        self,
        schema,
        dim=64,
        content_dim=64,
        kernel_sizes=(3,),
        cell="lstm",
        alpha="gated",
        dropout=0.2,
        id_dropout=0.0,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        texts = [feature for feature in schema.item_features if feature.kind == "text"]
        others = [
            dataclasses.asdict(feature)
            for feature in schema.item_features
            if feature.kind != "text"
        ]
        if not texts:
            raise InputError(
                "Hybrid reads the text of the items, and this data has none: declare an item "
                'feature of kind "text", or use MatrixFactorization'
            )

        # === Layers ===
        ids = EmbeddingTower(schema.num_items, dim, name="item_ids")
        bias = EmbeddingTower(schema.num_items, 1, name="item_bias")
        encoders = [
            Conv1DItemEncoder(
                text.size, content_dim, content_dim, content_dim, kernel_sizes, dropout,
                name=f"{text.name}_encoder",
            )
            for text in texts
        ]  # fmt: skip
        encoder = LSTMUserEncoder(dim, cell, dropout=dropout, name="user_encoder")
        head = HybridHead(dim, content_dim, alpha, name="hybrid_head")
        fallback = PopularWhenEmpty(name="popular_when_empty")
        catalog = item_table(schema)

        # === Item ===
        item = keras.Input((), dtype="int32", name="item")
        count = keras.Input((), dtype="float32", name="count")
        features = {
            feature.name: keras.Input(feature.shape, dtype=feature.dtype, name=feature.name)
            for feature in schema.item_features
        }
        known, seen = KnownItems(id_dropout, name="item_dropout")(item, count)
        content = sum(
            encode(features[text.name]) for encode, text in zip(encoders, texts, strict=True)
        )
        if others:
            side = EmbeddingTower(
                schema.num_items, content_dim, others, use_id=False, name="content_tower"
            )
            content = content + side(known, features)
        blended = head.candidate(ids(known), content, seen)
        item_vector = fallback.candidate(ops.concatenate([blended, bias(known)], axis=-1), count)

        # === Query ===
        history = keras.Input((None,), dtype="int32", name="history")
        past, _ = KnownItems(name="known_items")(history, catalog(history)["count"])
        past, real = ids(past), ops.not_equal(history, 0)

        def query(state):
            vector = ops.concatenate([head.query(state), ops.ones_like(state[..., :1])], axis=-1)
            return fallback.query(vector, history)

        super().__init__(
            schema=schema,
            query_inputs={"history": history},
            query=query(encoder(past, real)),
            training_query=query(encoder(past, real, all_steps=True)),
            item_encoder=keras.Model({"item": item, "count": count, **features}, item_vector),
            catalog=catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
        self.dim = dim
        self.content_dim = content_dim
        self.kernel_sizes = kernel_sizes
        self.cell = cell
        self.alpha = alpha
        self.dropout = dropout
        self.id_dropout = id_dropout
