"""RNNRecommender: a recurrent network reads what the user did and says what comes next."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers import (
    EmbeddingTower,
    KnownItems,
    LSTMUserEncoder,
    PopularWhenEmpty,
    StepContext,
)
from kerasrec.models import Retriever, context_inputs, context_sizes, item_table
from kerasrec.register import register

CELLS = ("rnn", "gru", "lstm", "bilstm")
# So that a user never seen is one that training knew as well.
UNKNOWN_USERS = 0.1


@register
class RNNRecommender(Retriever):
    """The state of a recurrent network against the item vectors it reads.

        x_t      = V_st [+ B_bt] [+ G_gt]
        h_t      = LN(LSTM(x_1, ..., x_t) + x_t) [+ P_u]
        score(i) = <h_t, V_i>

    over the items s of the history, with what was done (b) and the time since the step before (g)
    where the data says it. Every position of a history is trained at once; the two-way LSTM,
    which sees what comes after a position, learns the last one of each history. An empty history
    is answered with what is popular.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors and of the state.
        cell: "lstm", "gru", "rnn" (Elman), or "bilstm", the LSTM in both directions.
        dropout: Of the vectors read, and of the states, in training.
        use_user: Add a vector of the user's own. Users never seen have the unknown one's.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Correct "in_batch" and the sampled kinds for how often an item is drawn.

    References:
        Hidasi et al., Session-based recommendations with recurrent neural networks, ICLR 2016;
        Hidasi, Karatzoglou, Recurrent neural networks with top-k gains for session-based
        recommendations, CIKM 2018 (tied vectors, many negatives).

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = RNNRecommender(train.schema(), dim=8, cell="gru")
    >>> model.adapt(train)
    >>> first, second = train.items.vocabulary.ids[:2]
    >>> model.recommend(histories=[[first, second]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories"})

    def __init__(
        self,
        schema,
        dim=64,
        cell="lstm",
        dropout=0.2,
        use_user=False,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        if cell not in CELLS:
            raise InputError(f"cell must be one of {', '.join(CELLS)}: got {cell!r}")
        two_way = cell == "bilstm"

        # === Layers ===
        catalog = item_table(schema)
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        fallback = PopularWhenEmpty(name="popular_when_empty")

        # === Query ===
        history = keras.Input((None,), dtype="int32", name="history")
        inputs, context = {"history": history}, context_inputs(schema)
        past, _ = KnownItems(name="known_items")(history, catalog(history)["count"])
        vectors, real = items(past), ops.not_equal(history, 0)
        # Made after the item table, whose seed is drawn first.
        encoder = LSTMUserEncoder(
            dim,
            "lstm" if two_way else cell,
            bidirectional=two_way,
            dropout=dropout,
            residual=True,
            name="user_encoder",
        )
        add_context = StepContext(**context_sizes(schema), dropout=0.1, name="step_context")
        vectors = add_context(vectors, **context)
        state = encoder(vectors, real)
        steps = state if two_way else encoder(vectors, real, all_steps=True)
        if use_user:
            users = EmbeddingTower(
                schema.num_users, dim, id_dropout=UNKNOWN_USERS, rows_of="users", name="users"
            )
            inputs["user"] = keras.Input((), dtype="int32", name="user")
            own = users(inputs["user"])
            state, steps = state + own, steps + (own if two_way else own[:, None])

        # === Item ===
        item = keras.Input((), dtype="int32", name="item")
        count = keras.Input((), dtype="float32", name="count")
        known, _ = KnownItems(name="known_item")(item, count)
        vector = fallback.candidate(items(known), count)

        super().__init__(
            schema=schema,
            query_inputs={**inputs, **context},
            query=fallback.query(state, history),
            training_query=fallback.query(steps, history),
            item_encoder=keras.Model({"item": item, "count": count}, vector),
            catalog=catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
        # What a batch must carry, and of which shape, depends on the data and the cell.
        self.query_inputs = (*inputs, *context)
        self.bias_columns = 1
        self.train_inputs = (*self.query_inputs, "item")
        self.steps = "last" if two_way else "all"
        self.dim = dim
        self.cell = cell
        self.dropout = dropout
        self.use_user = use_user
