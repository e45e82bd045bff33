"""NextItNet: dilated causal convolutions over the recent past."""

import keras
from keras import ops

from kerasrec.layers import (
    CausalConvUserEncoder,
    EmbeddingTower,
    KnownItems,
    PopularWhenEmpty,
    StepContext,
)
from kerasrec.models import Retriever, context_inputs, context_sizes, item_table
from kerasrec.register import register


@register
class NextItNet(Retriever):
    """The next item from convolutions over the items before it.

        x_t      = v_st [+ B_bt] [+ G_gt]
        h        = blocks of dilated causal convolutions over x_1, ..., x_n
        score(i) = <h_n, v_i>

    over the items s of the history, with what was done (b) and the time since the step before (g)
    where the data says it. The items read and the items ranked share one table. Every position of
    a history is trained, and no step waits for the one before it.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors and of the states.
        dilations: Of the residual blocks, see `CausalConvUserEncoder`: 1 + 3 (kernel_size - 1)
            sum(dilations) items are seen, 127 by default.
        kernel_size: Items that a convolution reads at a time.
        dropout: On the item vectors read, and on the states, in training.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Correct the sampled kinds for how often an item is drawn: for "softmax", and for no
            other loss.

    Reference:
        Yuan et al., A simple convolutional generative network for next item recommendation, WSDM
        2019.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = NextItNet(train.schema(), dim=8)
    >>> model.adapt(train)
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
        dilations=(1, 4, 16),
        kernel_size=3,
        dropout=0.2,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        # === Layers ===
        ids = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        encoder = CausalConvUserEncoder(dilations, kernel_size, dropout, name="user_encoder")
        drop = keras.layers.Dropout(dropout, name="state_dropout")
        fallback = PopularWhenEmpty(name="popular_when_empty")
        catalog = item_table(schema)

        # === Item ===
        item = keras.Input((), dtype="int32", name="item")
        count = keras.Input((), dtype="float32", name="count")
        known, _ = KnownItems(name="known_item")(item, count)
        vector = fallback.candidate(ids(known), count)

        # === Query ===
        history = keras.Input((None,), dtype="int32", name="history")
        context = context_inputs(schema)
        past, _ = KnownItems(name="known_items")(history, catalog(history)["count"])
        past, real = ids(past), ops.not_equal(history, 0)
        if context:
            add_context = StepContext(**context_sizes(schema), dropout=0.1, name="step_context")
            past = add_context(past, **context)

        super().__init__(
            schema=schema,
            query_inputs={"history": history, **context},
            query=fallback.query(drop(encoder(past, real)), history),
            training_query=fallback.query(drop(encoder(past, real, all_steps=True)), history),
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
        self.dilations = dilations
        self.kernel_size = kernel_size
        self.dropout = dropout
