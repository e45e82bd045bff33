"""ContentBased: items and users are both represented by features of items."""

import keras
from keras import ops

from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError
from kerasrec.layers import (
    ContentEncoder,
    HistoryProfile,
    PopularWhenEmpty,
)
from kerasrec.models import ItemInputs, ItemTower, Retriever, UserInputs, item_code, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class ContentBased(Retriever):
    """Encodes an item from its features only, and a user from the features of the history.

        [v_i, b_i]  = encode(features of i)                      without ids
        u           = sum over j in the history of v_j / sqrt(1 + n) [+ profile of the user]
        score(u, i) = <u, v_i> + b_i

    So a new item is scored like an old one; b_i is a bias computed from the features. Training
    drops half of each history and predicts all of it. An empty history gets the popular items; with
    `user_features` it is scored by the user's features.

    Args:
        schema: `Schema` of the data; it needs an item feature.
        dim: Length of the vectors.
        encoder: "code" (the principal components of all features, found before training),
            "autoencoder" (the code of a denoising autoencoder), "conv1d" (convolutions over texts),
            "conv2d" (over pictures), "bag_of_words" or "vectors", see `ContentEncoder`.
        code_dim: Length of the code.
        kernel_sizes: Widths of the convolutions of "conv1d", in words.
        user_features: Add a vector computed from the user's features.
        dropout: Share of a history dropped in training.
        statistics: Let the items have the mean, deviation and confidence of their train ratings as
            a feature, see `item_statistics`; not for the codes.

    Raises:
        InputError: if the data has no feature that the encoder, or the profile, reads.

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
        user_features=False,
        dropout=0.5,
        statistics=False,
        name=None,
    ):
        user = UserInputs(schema) if user_features else None

        # === Layers ===
        code = item_code(schema, encoder, code_dim)
        if code and statistics:
            raise InputError(
                f"statistics: encoder={encoder!r} reads the code of the features alone: leave it "
                'out, or take encoder="bag_of_words"'
            )
        catalog = item_table(schema, code_dim if code else 0, statistics)
        encode = ContentEncoder(catalog.features, dim + 1, encoder, kernel_sizes, name="content")
        profile_of = HistoryProfile(dropout, name="history_profile")
        fallback = PopularWhenEmpty(name="popular_when_empty")

        # === Item ===
        item = ItemInputs(catalog.inputs(encode.read))
        candidate = encode(item.features)
        content = keras.Model(item.features, candidate[:, :dim], name="content_model")

        # === Query ===
        history = query_input("history")
        past = ItemTower(catalog, content, name="history_content")(history)
        query = profile_of(past, ops.greater(history, UNKNOWN))
        query = ops.concatenate([query, ops.ones_like(query[:, :1])], axis=-1)
        inputs = {"history": history}
        if user:
            inputs |= user.inputs
            query = query + ops.pad(user.vector(dim), [[0, 0], [0, 1]])
        else:
            query = fallback.query(query, history)
            candidate = fallback.candidate(candidate, item.count)

        super().__init__(
            schema=schema,
            inputs=inputs,
            query=query,
            item_encoder=item.encoder(candidate),
            catalog=catalog,
            user=user,
            candidates="all",
            code=code,
            name=name,
        )
        self.content_model = content
        self.content_encoder = encode
        self.content_columns = slice(0, dim + 1)
        self.bias_columns = 1 if user_features else 2

    def content_directions(self, queries, rows):
        """Factors of the content vectors in the scores of `rows` `(n, k)`: `(n, k, dim + 1)`."""
        directions = queries[:, None, self.content_columns]
        return directions * ops.ones_like(rows, directions.dtype)[..., None]
