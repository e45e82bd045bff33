"""MultVAE: a variational autoencoder of item sets with a multinomial likelihood."""

import keras
from keras import ops

from kerasrec.layers import EmbeddingTable, GaussianLatent, SparseDense
from kerasrec.models import ItemInputs, Retriever, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class MultVAE(Retriever):
    """Mult-VAE^PR and Mult-DAE: encode the user's item set and reconstruct it.

        x        = 1 / sqrt(n) at each of the n items of the history, a share of them dropped
        h        = tanh(W_1 x + b_1)
        mean, lv = W_2 h + b_2,     z = mean + exp(lv / 2) e   (DAE: z = tanh(W_2 h + b_2))
        q        = tanh(W_3 z + b_3)
        score(i) = <q, v_i> + b_i,  p(i) = softmax over all items
        loss     = - sum over the user's items of log p(i) + beta KL(z || N(0, 1))

    with the loss averaged over the items of all users in the batch. One training example is one
    user: its items are both the input and the targets, with one row of logits for all of them. A
    score is one dot product, [q, 1] with [v_i, b_i], for the history of any user. The order of the
    history does not matter.

    Args:
        schema: `Schema` of the data; the last `history_length` items of a user are read.
        dim: Length of z.
        hidden_dim: Length of h, q and the item vectors.
        dropout: Share of the history dropped in training.
        variational: True for Mult-VAE; False for the denoising autoencoder, without e and KL.
        beta: Final weight of KL.
        anneal_steps: Training steps over which the weight of KL grows linearly from 0 to `beta`.

    Reference:
        Liang, Krishnan, Hoffman, Jebara, Variational autoencoders for collaborative filtering,
        WWW 2018.

    Example:

    >>> from kerasrec.data import batches, load
    >>> from kerasrec.losses import Softmax
    >>> train = load("synthetic", users=50, items=100)
    >>> model = MultVAE(train.schema(), dim=8, hidden_dim=16)
    >>> model.adapt(train)
    >>> model.compile("adam", Softmax())
    >>> data = batches(train, model.train_inputs, steps=model.steps, batch_size=16)
    >>> _ = model.fit(data, verbose=0)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    unknown_user = "as an empty history"
    capabilities = frozenset({"users", "histories"})
    steps = "set"
    bias_columns = 1

    def __init__(
        self,
        schema,
        dim=200,
        hidden_dim=600,
        dropout=0.5,
        variational=True,
        beta=0.2,
        anneal_steps=2000,
        name=None,
    ):
        # === Layers ===
        catalog = item_table(schema)
        encoder = SparseDense(
            schema.num_items, hidden_dim, "tanh", dropout, rows_of="items", name="encoder"
        )
        mean = keras.layers.Dense(dim, None if variational else "tanh", name="mean")
        log_variance = keras.layers.Dense(dim, kernel_initializer="zeros", name="log_variance")
        latent = GaussianLatent(beta, anneal_steps, name="latent")
        decoder = keras.layers.Dense(hidden_dim, "tanh", name="decoder")
        items = EmbeddingTable(schema.num_items, hidden_dim, rows_of="items", name="items")
        bias = EmbeddingTable(schema.num_items, 1, stddev=0.0, rows_of="items", name="item_bias")

        # === Query ===
        history = query_input("history")
        known = ops.greater(catalog(history)["count"], 0)
        past = ops.where(known, history, 0)
        count = ops.sum(ops.cast(known, "float32"), axis=-1)
        scale = ops.rsqrt(ops.maximum(count, 1.0))[:, None]
        hidden = encoder(past, scale * ops.ones_like(past, "float32"))
        z = mean(hidden)
        if variational:
            z = latent(z, log_variance(hidden), count)
        state = decoder(z)
        query = ops.concatenate([state, ops.ones_like(state[:, :1])], axis=-1)

        # === Item ===
        item = ItemInputs()
        vector = ops.concatenate([items(item.known), bias(item.known)], axis=-1)

        super().__init__(
            schema=schema,
            inputs={"history": history},
            query=query,
            item_encoder=item.encoder(vector),
            catalog=catalog,
            candidates="all",
            name=name,
        )
