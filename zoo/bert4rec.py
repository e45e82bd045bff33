"""BERT4Rec: bidirectional self-attention, trained to predict masked items."""

import keras
from keras import ops

from kerasrec.data.query_spec import QUERY_INPUTS
from kerasrec.layers import (
    MaskedItems,
    PopularWhenEmpty,
    TransformerUserEncoder,
)
from kerasrec.layers.candidates import MASKED
from kerasrec.models import Retriever, SequenceItems
from kerasrec.register import register


@register
class BERT4Rec(Retriever):
    """Predicts masked items of a history; every masked position attends to all others.

        x_t      = sqrt(dim) (V_st [+ B_bt] [+ G_gt]) + P_t, or [mask] + P_t at a masked position
        h        = Transformer(x_1, ..., x_n)
        loss     = - mean over masked t of log softmax over i of <h_t, V_i> at the item masked there
        score(i) = <h_(n+1) [+ P z_u], V_i>, of a mask appended to the history

    over the items s of the history. Vectors of the behavior (b) and of the time since the previous
    step (g) are added if the data has them, except at masked positions, and of the features z of
    the user with `features`, see `SequenceModel`. Training masks a share
    `mask_prob` of the positions. In one row of ten it masks only the last position, as in serving
    and in the validation loss. Only masked positions have a loss, but Keras takes the mean over all
    real positions. So the loss is about `mask_prob` times the one above; Adam is invariant to this.

    Args:
        schema: `Schema` of the data; the last `history_length` items are read.
        dim: Length of the vectors.
        num_blocks: Blocks of attention and feed-forward network.
        num_heads: Number of attention heads, a divisor of `dim`.
        hidden_factor: Width of the feed-forward network's hidden layer, in units of `dim`.
        dropout: On the inputs, the attention weights and the outputs of each sublayer.
        mask_prob: Share of masked positions; at least one position of each history is masked.
        features: Read the features of items beside their ids, so that items without interactions
            are recommended too, and those of users, which answer somebody without a history.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to the sampled kinds; for the softmax loss only.

    Reference:
        Sun et al., BERT4Rec: sequential recommendation with bidirectional encoder representations
        from Transformer, CIKM 2019; Petrov, Macdonald, A systematic review and replicability study
        of BERT4Rec, RecSys 2022.

    Example:

    >>> from kerasrec.data import batches, load
    >>> from kerasrec.losses import Softmax
    >>> train = load("synthetic", users=50, items=100)
    >>> model = BERT4Rec(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> model.compile("adam", Softmax())
    >>> _ = model.fit(batches(train, model.train_inputs, batch_size=16), verbose=0)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories"})

    def __init__(
        self,
        schema,
        dim=64,
        num_blocks=2,
        num_heads=2,
        hidden_factor=4,
        dropout=0.2,
        mask_prob=0.2,
        features=False,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        # === Layers ===
        items = SequenceItems(schema, dim, dropout, features)
        # The kernel of this layer is the mask vector.
        mask = keras.layers.Dense(dim, use_bias=False, name="mask")
        encoder = TransformerUserEncoder(
            num_blocks, num_heads, hidden_factor, "gelu", dropout, schema.history_length + 1,
            causal=False, name="user_encoder",
        )  # fmt: skip
        user = items.user
        fallback = PopularWhenEmpty(items.alone, name="popular_when_empty")

        def states(sequence, masked, all_steps):
            """States of item rows `sequence`, which are 0 at masked positions and at padding."""
            vectors = history.embed(sequence)
            if history.context:
                vectors = history.add_context(vectors, **mask_context(masked))
            vectors = vectors * dim**0.5 + mask(ops.cast(masked, "float32")[..., None])
            real = ops.logical_or(ops.not_equal(sequence, 0), masked)
            return encoder(vectors, real, all_steps=all_steps)

        def mask_context(masked):
            """Context of the history and of one more position, missing at masked positions."""
            missing = {name: QUERY_INPUTS[name].missing for name in history.context}
            longer = {
                name: ops.pad(value, [[0, 0], [0, 1]], constant_values=missing[name])
                for name, value in history.context.items()
            }
            return {name: ops.where(masked, missing[name], x) for name, x in longer.items()}

        # === Item ===
        vector = fallback.candidate(items.vectors, items.item.count)

        # === Query ===
        history = items.history()
        column = ops.zeros_like(history.rows[:, :1])
        longer = ops.concatenate([history.rows, column], axis=1)
        positions = ops.cumsum(ops.ones_like(longer), axis=1)
        end = ops.max(ops.where(ops.not_equal(longer, 0), positions, 0), axis=1, keepdims=True)
        query = states(longer, ops.equal(positions, end + 1), all_steps=False)
        inputs, profile = history.inputs, None
        if user:
            inputs, profile = {**inputs, **user.inputs}, user.vector(dim)
            query = query + profile

        # === Training: the first item of a window is never masked, the others are `target` ===
        target = keras.Input((None,), dtype="int32", name="item")
        picked = MaskedItems(mask_prob, name="masked_items")(target)
        masked = ops.max(picked, axis=-1) > 0
        visible = ops.concatenate([history.rows[:, :1], ops.where(masked, 0, target)], axis=1)
        is_masked = ops.concatenate([column > 0, masked], axis=1)
        all_states = states(visible, is_masked, all_steps=True)[:, 1:]
        # Only the masked positions are scored; `picked` maps positions to them and back.
        queries = ops.matmul(ops.transpose(picked, (0, 2, 1)), all_states)
        if user:
            queries = queries + profile[:, None]
        queries = fallback.query(queries, visible, profile)
        positives = ops.max(ops.cast(picked, "int32") * target[..., None], axis=1)

        def training(candidates):
            logits = ops.matmul(picked, candidates(queries, positives))
            negatives = ops.where(masked[..., None], logits[..., 1:], MASKED)
            logits = ops.concatenate([logits[..., :1], negatives], axis=-1)
            return {**inputs, "item": target}, logits

        super().__init__(
            schema=schema,
            inputs=inputs,
            query=fallback.query(query, history.rows, profile),
            item_encoder=items.item.encoder(vector),
            catalog=items.catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            training=training,
            user=user,
            code=items.code,
            name=name,
        )
        if items.code is not None:
            self.capabilities |= {"cold_items"}
