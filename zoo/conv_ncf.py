"""ConvNCF: convolutions over the outer product of a user vector and an item vector."""

import math

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers import EmbeddingTower, HalvingConvolution
from kerasrec.models import ItemInputs, JointModel, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register

INTERACTIONS = ("outer", "stack")


@register
class ConvNCF(JointModel):
    """A convolutional network over all products of a user factor and an item factor.

        outer: E_0 = p_u q_i^T        dim x dim, one channel
               E_n = relu(conv 2 x 2 of stride 2 (E_{n-1}))
        stack: E_0 = [p_u, q_i]       dim, two channels
               E_n = relu(conv1d(E_{n-1}))
        score(u, i) = <w, E_last> [+ <M p_u, q_i>, with `bilinear`] [+ mu, with candidates "pair"]

    M starts as the identity, so the score starts near the dot product. The published model gets the
    same from vectors pretrained by matrix factorization. With "outer" each convolution halves the
    image, and log2(dim) of them leave one pixel. This is the slowest model of the zoo: with the
    defaults a pair takes 1.4 million multiplications, with half the `dim` a quarter. With "stack"
    and `kernel_size` 1 the same small MLP reads each factor. Without `bilinear` the score is
    <w, E_last> [+ mu] alone.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors; a power of two for "outer".
        interaction: "outer" or "stack".
        filters: Channels of each convolution.
        kernel_size: Width of the convolutions of "stack", in factors.
        bilinear: Add <M p_u, q_i>.
        candidates: "sampled", "sampled_by_popularity", "in_batch", "all" or "pair".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to the logits. A softmax needs it; BPR and cross-entropy
            as published have none.
        l2: Penalty on the vectors in the batch.

    Reference:
        He et al., Outer product-based neural collaborative filtering, IJCAI 2018.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = ConvNCF(train.schema(), dim=8, filters=(4, 4, 4))
    >>> model.adapt(train)
    >>> model.recommend(users=[train.users.vocabulary.ids[0]], k=2)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=64,
        interaction="outer",
        filters=(32, 32, 32, 32, 32, 32),
        kernel_size=1,
        bilinear=True,
        candidates="sampled",
        num_negatives=4,
        log_q=False,
        l2=0.0,
        name=None,
    ):
        _check(dim, interaction, filters, kernel_size)

        # === Layers ===
        users = EmbeddingTower(schema.num_users, dim, l2=l2, rows_of="users", name="user_tower")
        items = EmbeddingTower(schema.num_items, dim, l2=l2, rows_of="items", name="item_tower_ids")
        if interaction == "outer":
            convolutions = [HalvingConvolution(width) for width in filters]
        else:
            convolutions = [
                keras.layers.Conv1D(width, kernel_size, padding="same", activation="relu")
                for width in filters
            ]
        # Without ratings no bias: a constant does not change the ranking.
        last = keras.layers.Dense(1, use_bias=candidates == "pair", name="last")
        straight = keras.layers.Dense(
            dim, use_bias=False, kernel_initializer="identity", name="straight"
        )

        # === Sides ===
        user = query_input("user")
        item = ItemInputs()
        query, candidate = users(user), items(item.known)

        # === Pairs ===
        p = keras.Input((dim,), dtype=query.dtype, name="query")
        q = keras.Input((dim,), dtype=candidate.dtype, name="candidate")
        if interaction == "outer":
            image = p[:, :, None, None] * q[:, None, :, None]
        else:
            image = ops.stack([p, q], axis=-1)
        for convolution in convolutions:
            image = convolution(image)
        score = last(keras.layers.Flatten()(image))
        if bilinear:
            score = score + ops.sum(straight(p) * q, axis=-1, keepdims=True)

        super().__init__(
            head=keras.Model({"query": p, "candidate": q}, score, name="head"),
            schema=schema,
            inputs={"user": user},
            query=query,
            item_encoder=item.encoder(candidate),
            catalog=item_table(schema),
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )


def _check(dim, interaction, filters, kernel_size):
    if interaction not in INTERACTIONS:
        raise InputError(
            f"interaction must be one of {', '.join(INTERACTIONS)}: got {interaction!r}"
        )
    if not len(filters) or min(filters) < 1:
        raise InputError(f"filters: expected a width from 1 for each convolution, got {filters!r}")
    if interaction == "stack" and kernel_size < 1:
        raise InputError(f"kernel_size: expected a whole number from 1, got {kernel_size}")
    if interaction == "outer" and (dim < 1 or dim & (dim - 1)):
        raise InputError(
            f"dim={dim}: expected a power of two, such as 64, since each convolution halves the "
            "outer product"
        )
    if interaction == "outer" and 2 ** len(filters) > dim:
        raise InputError(
            f"dim={dim} can be halved {int(math.log2(dim))} times, and filters={filters!r} has "
            f"{len(filters)} convolutions: use fewer filters, or dim={2 ** len(filters)}"
        )
