"""NewModel: TODO what it is, in one line."""

import keras
from keras import ops

from kerasrec.layers import EmbeddingTower
from kerasrec.models import ItemInputs, JointModel, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class NewModel(JointModel):
    """TODO what it does, in one sentence. As written it is a hidden layer over the product.

        score(u, i) = w' relu(W (p_u * q_i) + b)

    TODO replace the formula, here and in the head.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        hidden: Width of the hidden layer.
        candidates: "sampled", "sampled_by_popularity", "in_batch" or "all"; "pair" for ratings.
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Correct "in_batch" and the sampled kinds for how often an item is drawn, for
            "softmax" and for no other loss.

    Reference:
        TODO

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = NewModel(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> model.recommend(users=[train.users.vocabulary.ids[0]], k=2)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=32,
        hidden=64,
        candidates="sampled",
        num_negatives=8,
        log_q=True,
        name=None,
    ):
        # === Layers ===
        users = EmbeddingTower(schema.num_users, dim, rows_of="users", name="user_tower")
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_tower_ids")
        layer = keras.layers.Dense(hidden, "relu", name="hidden")
        # A bias raises all items alike: only a rating needs it.
        last = keras.layers.Dense(1, use_bias=candidates == "pair", name="last")

        # === Pairs ===
        p = keras.Input((dim,), name="query")
        q = keras.Input((dim,), name="candidate")
        score = last(layer(ops.multiply(p, q)))

        # === Sides ===
        user, item = query_input("user"), ItemInputs()
        super().__init__(
            head=keras.Model({"query": p, "candidate": q}, score, name="head"),
            schema=schema,
            inputs={"user": user},
            query=users(user),
            item_encoder=item.encoder(items(item.known)),
            catalog=item_table(schema),
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
