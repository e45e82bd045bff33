"""ContentBased: what an item says of itself beside what the user liked says of itself."""

import dataclasses

import keras
from keras import ops

from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError
from kerasrec.layers import (
    ContentEncoder,
    EmbeddingTower,
    HistoryProfile,
    PopularWhenEmpty,
)
from kerasrec.models import ItemInputs, ItemTower, Retriever, item_code, item_table, user_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class ContentBased(Retriever):
    """Items by their features alone, a user by the features of what they took.

        [v_i, b_i]  = encode(features of i)                      no id anywhere
        u           = sum over j in the history of v_j / sqrt(1 + n) [+ profile of the user]
        score(u, i) = <u, v_i> + b_i

    A new item is worth as much as an old one; b_i says how much everybody likes such an item.
    Training leaves half of each history out and asks for all of it. An empty history is answered
    with what is popular; with `use_profile` from what is known of the user.

    Args:
        schema: `Schema` of the data; it needs an item feature.
        dim: Length of the vectors.
        encoder: "code" (the principal components of all features, found before training),
            "autoencoder" (the same by a denoising autoencoder), "conv1d", "bag_of_words" or
            "vectors", see `ContentEncoder`.
        code_dim: Length of the code.
        kernel_sizes: Widths of the convolutions of "conv1d", in words.
        use_profile: Add a vector made of the user's features.
        dropout: Share of a history left out in training.

    Raises:
        InputError: for data without a feature that the encoder, or the profile, reads.

    References:
        Pazzani, Billsus, Content-based recommendation systems, 2007; Volkovs et al., DropoutNet,
        NeurIPS 2017.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = ContentBased(train.schema(), dim=8, code_dim=16)
    >>> model.adapt(train)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories", "cold_items"})
    steps = "set"

    def __init__(
        self,
        schema,
        dim=64,
        encoder="code",
        code_dim=512,
        kernel_sizes=(3,),
        use_profile=False,
        dropout=0.5,
        name=None,
    ):
        user_features = [dataclasses.asdict(feature) for feature in schema.user_features]
        if use_profile and not user_features:
            raise InputError("use_profile reads features of the users, and this data has none")

        # === Layers ===
        code = item_code(schema, encoder, code_dim)
        catalog = item_table(schema, code_dim if code else 0)
        encode = ContentEncoder(catalog.features, dim + 1, encoder, kernel_sizes, name="content")
        liked = HistoryProfile(dropout, name="history_profile")
        fallback = PopularWhenEmpty(name="popular_when_empty")

        # === Item ===
        item = ItemInputs(catalog.inputs(encode.read))
        candidate = encode(item.features)
        content = keras.Model(item.features, candidate[:, :dim], name="content_model")

        # === Query ===
        history = query_input("history")
        past = ItemTower(catalog, content, name="history_content")(history)
        query = liked(past, ops.greater(history, UNKNOWN))
        query = ops.concatenate([query, ops.ones_like(query[:, :1])], axis=-1)
        inputs, people = {"history": history}, None
        if use_profile:
            people = user_table(schema)
            tower = EmbeddingTower(2, dim, user_features, use_id=False, name="user_profile")
            inputs["user"] = query_input("user")
            profile = tower(inputs["user"], people(inputs["user"]))
            query = query + ops.pad(profile, [[0, 0], [0, 1]])
        else:
            query = fallback.query(query, history)
            candidate = fallback.candidate(candidate, item.count)

        super().__init__(
            schema=schema,
            inputs=inputs,
            query=query,
            item_encoder=item.encoder(candidate),
            catalog=catalog,
            user_catalog=people,
            candidates="all",
            code=code,
            name=name,
        )
        self.content_model = content
        self.content_encoder = encode
        self.content_columns = slice(0, dim + 1)
        self.bias_columns = 1 if use_profile else 2

    def content_directions(self, queries, rows):
        """What an item's content vector is multiplied with in its score: `(n, k, dim + 1)`."""
        directions = queries[:, None, self.content_columns]
        return directions * ops.ones_like(rows, directions.dtype)[..., None]
