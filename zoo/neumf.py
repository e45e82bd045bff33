"""NeuMF: a dot product and a multilayer perceptron of the same two ids, mixed by the last layer."""

import dataclasses

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers import EmbeddingTower
from kerasrec.models import ItemInputs, Ranker, item_table, user_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register

PARTS = ("gmf", "mlp", "both")


@register
class NeuMF(Ranker):
    """Neural matrix factorization: GMF and an MLP, each with id vectors of its own.

        gmf(u, i)   = p_u * q_i                                  elementwise
        mlp(u, i)   = relu(W_n ... relu(W_1 [x_u; y_i] + b_1) ... + b_n)
        score(u, i) = <h, [gmf; mlp]> [+ mu, with candidates "pair"]

    W_1 [x; y] is A x + B y: A x belongs to the user's vector and B y + b_1 to the item's, so that
    a pair costs the layers from the second on. With `features` x and y are read off the ids and
    the features of both sides, and an item without any interaction is ranked by its own.

    Args:
        schema: `Schema` of the data.
        parts: "gmf", "mlp" or "both".
        dim: Length of the id vectors, in either part.
        mlp: Widths of the layers of the MLP.
        features: The MLP reads the features of users and items as well.
        candidates: "sampled", "sampled_by_popularity", "in_batch", "all" or "pair".
        num_negatives: Sampled items for each observed one.
        log_q: Correct the logits for how often an item is drawn, as a softmax wants it;
            cross-entropy as published does not.
        l2: Penalty on the id vectors in the batch.
        id_dropout: Share of the items shown by their features alone in training.

    Reference:
        He et al., Neural collaborative filtering, WWW 2017.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = NeuMF(train.schema(), dim=8, mlp=(16, 8))
    >>> model.adapt(train)
    >>> model.recommend(users=[train.users.vocabulary.ids[0]], k=2)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        parts="both",
        dim=32,
        mlp=(64, 32, 16),
        features=False,
        candidates="sampled",
        num_negatives=4,
        log_q=False,
        l2=0.0,
        id_dropout=0.0,
        name=None,
    ):
        _check(schema, parts, mlp, features)
        gmf, perceptron = parts != "mlp", parts != "gmf"

        # === Layers ===
        side = [schema.user_features, schema.item_features] if features else [(), ()]
        sizes = {"user": schema.num_users, "item": schema.num_items}
        factors = {
            key: EmbeddingTower(size, dim, l2=l2, rows_of=f"{key}s", name=f"{key}_factors")
            for key, size in sizes.items()
        }
        towers = {
            key: EmbeddingTower(
                size,
                dim,
                [dataclasses.asdict(one) for one in own],
                l2=l2,
                rows_of=f"{key}s",
                name=f"{key}_tower",
            )
            for (key, size), own in zip(sizes.items(), side, strict=True)
        }
        first = {
            key: keras.layers.Dense(mlp[0], use_bias=key == "item", name=f"{key}_first")
            for key in sizes
            if perceptron
        }
        rest = [
            keras.layers.Dense(width, "relu", name=f"mlp_{n}") for n, width in enumerate(mlp[1:], 2)
        ]
        # Of ratings the mean. To others a constant is nothing: it would raise all items alike.
        mix = keras.layers.Dense(1, use_bias=candidates == "pair", name="mix")

        # === Sides ===
        def vector(key, rows, own):
            parts = [factors[key](rows)] if gmf else []
            parts += [first[key](towers[key](rows, own))] if perceptron else []
            return ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]

        user = query_input("user")
        catalog = item_table(schema)
        item = ItemInputs(catalog.inputs([feature.name for feature in side[1]]), id_dropout)
        user_catalog = user_table(schema) if side[0] else None
        query = vector("user", user, user_catalog(user) if user_catalog else None)
        candidate = vector("item", item.known, item.features or None)

        # === Pairs ===
        one = keras.Input(query.shape[1:], dtype=query.dtype, name="query")
        other = keras.Input(candidate.shape[1:], dtype=candidate.dtype, name="candidate")
        width = dim if gmf else 0
        read = [one[:, :width] * other[:, :width]] if gmf else []
        if perceptron:
            hidden = ops.relu(one[:, width:] + other[:, width:])
            for dense in rest:
                hidden = dense(hidden)
            read.append(hidden)
        score = mix(ops.concatenate(read, axis=-1) if len(read) > 1 else read[0])

        super().__init__(
            head=keras.Model({"query": one, "candidate": other}, score, name="head"),
            schema=schema,
            inputs={"user": user},
            query=query,
            item_encoder=item.encoder(candidate),
            catalog=catalog,
            user_catalog=user_catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
        if features:
            self.capabilities = frozenset({"users", "cold_items"})


def _check(schema, parts, mlp, features):
    if parts not in PARTS:
        raise InputError(f"parts must be one of {', '.join(PARTS)}: got {parts!r}")
    if parts != "gmf" and not len(mlp):
        raise InputError(f"mlp={mlp!r} has no layer: give widths, or parts='gmf'")
    if features and parts == "gmf":
        raise InputError("features are read by the MLP, and parts='gmf' has none: parts='both'")
    if features and not (schema.user_features or schema.item_features):
        raise InputError("features=True, and this data has none: leave it out")
