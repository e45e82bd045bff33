"""NeuMF: generalized matrix factorization and an MLP, combined by the last layer."""

import dataclasses

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers import EmbeddingTower
from kerasrec.models import ItemInputs, JointModel, UserInputs, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register

PARTS = ("gmf", "mlp", "both")


@register
class NeuMF(JointModel):
    """Neural matrix factorization: GMF and an MLP, each with its own id vectors.

        gmf(u, i)   = p_u * q_i                                  elementwise
        mlp(u, i)   = f(W_n ... f(W_1 [x_u; y_i] + b_1) ... + b_n),   f the activation
        score(u, i) = <h, [gmf; mlp]> [+ mu, with candidates "pair"]

    So `parts="mlp"` with ratings ("pair") is the usual network of two vectors, with its last bias:
    z_1 = f(W_1 [x; y] + b_1), z_2 = f(W_2 z_1 + b_2), r = <h, z_2> + mu. `train.l2` of a config, or
    `penalize`, adds the L2 penalty on its weights W.

    W_1 [x; y] is A x + B y. A x is computed in the user vector and B y + b_1 in the item vector, so
    each pair only needs the layers from the second on. With `features`, x and y are computed from
    ids and features, and an item without interactions is scored by its features.

    Args:
        schema: `Schema` of the data.
        parts: "gmf", "mlp" or "both".
        dim: Length of the id vectors of each part.
        mlp: Widths of the layers of the MLP.
        activation: Name of an activation of Keras, f of the MLP.
        features: Let the MLP read the features of users and items too.
        candidates: "sampled", "sampled_by_popularity", "in_batch", "all" or "pair".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to the logits. A softmax needs it; cross-entropy as
            published has none.
        l2: Penalty on the id vectors of the batch.
        id_dropout: Share of items whose id is replaced by the unknown row in training.

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
        activation="relu",
        features=False,
        candidates="sampled",
        num_negatives=4,
        log_q=False,
        l2=0.0,
        id_dropout=0.0,
        name=None,
    ):
        _check(schema, parts, mlp, features)
        has_gmf, has_mlp = parts != "mlp", parts != "gmf"

        # === Layers ===
        catalog = item_table(schema)
        user_features, item_features = [], []
        if features:
            user_features = [dataclasses.asdict(feature) for feature in schema.user_features]
            item_features = [one for one in catalog.features if one["name"] != "count"]
        side_features = {"user": user_features, "item": item_features}
        sizes = {"user": schema.num_users, "item": schema.num_items}
        factors = {
            key: EmbeddingTower(size, dim, l2=l2, rows_of=f"{key}s", name=f"{key}_factors")
            for key, size in sizes.items()
        }
        towers = {
            key: EmbeddingTower(
                size,
                dim,
                side_features[key],
                l2=l2,
                rows_of=f"{key}s",
                name=f"{key}_tower",
            )
            for key, size in sizes.items()
        }
        first = {
            key: keras.layers.Dense(mlp[0], use_bias=key == "item", name=f"{key}_first")
            for key in sizes
            if has_mlp
        }
        rest = [
            keras.layers.Dense(width, activation, name=f"mlp_{n}")
            for n, width in enumerate(mlp[1:], 2)
        ]
        # Without ratings no bias: a constant does not change the ranking.
        mix = keras.layers.Dense(1, use_bias=candidates == "pair", name="mix")

        # === Sides ===
        def vector(key, rows, features):
            vectors = [factors[key](rows)] if has_gmf else []
            vectors += [first[key](towers[key](rows, features))] if has_mlp else []
            return ops.concatenate(vectors, axis=-1) if len(vectors) > 1 else vectors[0]

        user = UserInputs(schema) if user_features else None
        row = user.inputs["user"] if user else query_input("user")
        item = ItemInputs(catalog.inputs([one["name"] for one in item_features]), id_dropout)
        query = vector("user", row, user.values if user else None)
        candidate = vector("item", item.known, item.features or None)

        # === Pairs ===
        q = keras.Input(query.shape[1:], dtype=query.dtype, name="query")
        c = keras.Input(candidate.shape[1:], dtype=candidate.dtype, name="candidate")
        width = dim if has_gmf else 0
        outputs = [q[:, :width] * c[:, :width]] if has_gmf else []
        if has_mlp:
            hidden = keras.layers.Activation(activation)(q[:, width:] + c[:, width:])
            for dense in rest:
                hidden = dense(hidden)
            outputs.append(hidden)
        score = mix(ops.concatenate(outputs, axis=-1) if len(outputs) > 1 else outputs[0])

        super().__init__(
            head=keras.Model({"query": q, "candidate": c}, score, name="head"),
            schema=schema,
            inputs={"user": row},
            query=query,
            item_encoder=item.encoder(candidate),
            catalog=catalog,
            user=user,
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
        raise InputError(f"mlp={mlp!r} has no layer: give at least one width, or parts='gmf'")
    if features and parts == "gmf":
        raise InputError("features are read by the MLP, and parts='gmf' has none: use parts='both'")
    if features and not (schema.user_features or schema.item_features):
        raise InputError("features=True, and this data has none: leave it out")
