"""YouTubeCandidates: an MLP over the mean of what was watched, and the features of the user."""

import dataclasses

from keras import ops

from kerasrec.layers import DenseStack, EmbeddingTower, PopularWhenEmpty
from kerasrec.layers.last_step import last_real_step
from kerasrec.models import HistoryInputs, ItemInputs, Retriever, item_table, user_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class YouTubeCandidates(Retriever):
    """Finds candidates by an MLP over the mean of the history: the first stage of YouTube.

        x_t      = V_st [+ B_bt] [+ G_gt]
        h_t      = W MLP([mean(x_1, ..., x_t); z]) + c
        score(i) = <h_n, V_i>

    over the items s of the history. Vectors of the behavior (b) and of the time since the previous
    step (g) are added if the data has them, and the vector z of all user features, see
    `EmbeddingTower`. History and candidates share the table V. Every step is trained to predict the
    item after it. An empty history gets the popular items, also where z is known.

    The paper also reads the age of the example, search queries, place and device. A query of a
    retriever has no input for them, see `kerasrec.data.query_spec`.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors.
        mlp: Widths of the layers of the MLP, before the last one of width `dim`.
        dropout: Rate on the output of each of these layers.
        context_dropout: Share of the histories without behaviors, and without times, in training.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to "in_batch" and the sampled kinds; for the softmax loss.

    Reference:
        Covington, Adams and Sargin, Deep neural networks for YouTube recommendations, RecSys 2016.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = YouTubeCandidates(train.schema(), dim=8, mlp=(16,))
    >>> model.adapt(train)
    >>> first, second = train.items.vocabulary.ids[:2]
    >>> model.recommend(histories=[[first, second]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories"})
    # Also with user features in the query.
    unknown_user = "with what is popular"

    def __init__(
        self,
        schema,
        dim=64,
        mlp=(256, 128),
        dropout=0.0,
        context_dropout=0.1,
        candidates="sampled_by_popularity",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        user_features = [dataclasses.asdict(feature) for feature in schema.user_features]

        # === Layers ===
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        catalog = item_table(schema)
        history = HistoryInputs(schema, items, catalog, context_dropout)
        stack = DenseStack(mlp, dropout=dropout, name="mlp")
        last_layer = DenseStack((dim,), "linear", name="query")
        fallback = PopularWhenEmpty(name="popular_when_empty")

        # === Wiring ===
        # Sums over a long history are not exact in half precision.
        real = ops.cast(history.mask, "float32")[..., None]
        sums = ops.cumsum(ops.cast(history.vectors, "float32") * real, axis=1)
        means = sums / ops.maximum(ops.cumsum(real, axis=1), 1.0)
        mean = last_real_step(means, history.mask)
        inputs, user_catalog = dict(history.inputs), None
        if user_features:
            user_catalog = user_table(schema)
            tower = EmbeddingTower(2, dim, user_features, use_id=False, name="user_profile")
            inputs["user"] = query_input("user")
            profile = tower(inputs["user"], user_catalog(inputs["user"]))
            mean = ops.concatenate([mean, profile], axis=-1)
            profiles = ops.zeros_like(means[..., :1]) + profile[:, None]
            means = ops.concatenate([means, profiles], axis=-1)

        item = ItemInputs()
        super().__init__(
            schema=schema,
            inputs=inputs,
            query=fallback.query(last_layer(stack(mean)), history.rows),
            training_query=fallback.query(last_layer(stack(means)), history.rows),
            item_encoder=item.encoder(fallback.candidate(items(item.known), item.count)),
            catalog=catalog,
            user_catalog=user_catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
