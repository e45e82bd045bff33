"""SASRec: causal self-attention over the history."""

import keras
from keras import ops

from kerasrec.layers import (
    EmbeddingTower,
    KnownItems,
    PopularWhenEmpty,
    StepContext,
    TransformerUserEncoder,
)
from kerasrec.models import Retriever, context_inputs, context_sizes, item_table
from kerasrec.register import register


@register
class SASRec(Retriever):
    """Every step of a history attends to itself and the steps before it.

        x_t      = V_st [+ B_bt] [+ G_gt]
        h_t      = Transformer(sqrt(dim) x_1 + P_1, ..., sqrt(dim) x_t + P_t) at t
        score(i) = <h_n, V_i>

    over the items s of the history, with what was done (b) and the time since the step before (g)
    where the data says it. The item vectors V are the same on both sides. Every position of a
    history is trained; as published with one negative each, here with a softmax over all items or
    over many sampled ones, which is what makes it as good as BERT4Rec.

    Args:
        schema: `Schema` of the data; its `history_length` is how many items are read, the last
            ones.
        dim: Length of the vectors.
        num_blocks: Blocks of attention and feed-forward network.
        num_heads: Heads of the attention; they divide `dim`.
        hidden_factor: Width of the feed-forward network's hidden layer, in units of `dim`.
        dropout: On the inputs, the attention weights and what each half of a block adds.
        gated: Multiply what attention gathers with a gate of the step that asks.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of "sampled".
        log_q: Correct the sampled kinds for how often an item is drawn: for "softmax", and for no
            other loss.

    Reference:
        Kang, McAuley, Self-attentive sequential recommendation, ICDM 2018; Klenitskiy, Vasilev,
        Turning dross into gold loss: is BERT4Rec really better than SASRec?, RecSys 2023; the gate
        of Zhai et al., Actions speak louder than words, ICML 2024.

    Example:

    >>> from kerasrec.data import batches, load
    >>> from kerasrec.losses import Softmax
    >>> train = load("synthetic", users=50, items=100)
    >>> model = SASRec(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> model.compile("adam", Softmax())
    >>> _ = model.fit(batches(train, model.train_inputs, batch_size=16), verbose=0)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories"})
    bias_columns = 1

    def __init__(
        self,
        schema,
        dim=64,
        num_blocks=2,
        num_heads=1,
        hidden_factor=1,
        dropout=0.2,
        gated=False,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        # === Layers ===
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        encoder = TransformerUserEncoder(
            num_blocks, num_heads, hidden_factor, "relu", dropout, schema.history_length,
            gated=gated, name="user_encoder",
        )  # fmt: skip
        fallback = PopularWhenEmpty(name="popular_when_empty")
        catalog = item_table(schema)

        # === Item ===
        item = keras.Input((), dtype="int32", name="item")
        count = keras.Input((), dtype="float32", name="count")
        known, _ = KnownItems(name="known_candidates")(item, count)
        vector = fallback.candidate(items(known), count)

        # === Query ===
        history = keras.Input((None,), dtype="int32", name="history")
        context = context_inputs(schema)
        past, _ = KnownItems(name="known_items")(history, catalog(history)["count"])
        vectors, real = items(past), ops.not_equal(history, 0)
        if context:
            add_context = StepContext(**context_sizes(schema), dropout=0.1, name="step_context")
            vectors = add_context(vectors, **context)
        vectors = vectors * dim**0.5

        super().__init__(
            schema=schema,
            query_inputs={"history": history, **context},
            query=fallback.query(encoder(vectors, real), history),
            training_query=fallback.query(encoder(vectors, real, all_steps=True), history),
            item_encoder=keras.Model({"item": item, "count": count}, vector),
            catalog=catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
        # What a batch must carry depends on the data.
        self.query_inputs = ("history", *context)
        self.train_inputs = (*self.query_inputs, "item")
        self.dim = dim
        self.num_blocks = num_blocks
        self.num_heads = num_heads
        self.hidden_factor = hidden_factor
        self.dropout = dropout
        self.gated = gated
